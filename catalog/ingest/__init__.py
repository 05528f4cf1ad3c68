"""Files of a survey into tables of the catalog, in one transaction.

`files` finds and recognises them, `loader` loads one, `rows` one of its tables. What a file looks like is known to
`catalog.surveys` alone.
"""
