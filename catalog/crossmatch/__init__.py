"""Catalogs of other people: their files as tables of the database, and which of their rows are our stars.

How they are matched (`match_by`) and what is attached (`listed`) stay light: those two may not import astropy.
Neither spectra nor models come in here.
"""
