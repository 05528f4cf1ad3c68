"""The paper for one database as an HTML file: gathered into a `document`, and that rendered.

The document knows neither the database nor HTML. Nothing here writes to a database, computes a score or draws.
"""
