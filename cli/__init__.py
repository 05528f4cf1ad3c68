"""The command line: a small file per command that parses, calls one method of `Catalog`, and prints.

It takes what it needs from `catalog` itself, never from a module inside it.
"""
