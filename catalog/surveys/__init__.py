"""Reading survey files: a module per survey, each recognising its products (`recognition`) by their columns.

A wall: nothing of the database may come in here, nor of any room that knows it.
"""
