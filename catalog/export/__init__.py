"""Tables out of the database into files that other programs read, with all that is known of their columns.

A format gets the rows and what is said of them from a `Spool`, and knows nothing of the database. What is computed of
spectra does not belong here.
"""
