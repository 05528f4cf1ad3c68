"""Figures: what is asked of the database for each, and how Matplotlib draws it into a file.

Modules that draw take tables and arrays and know no database. Nothing here writes to a database or computes a score.
"""
