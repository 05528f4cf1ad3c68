"""The one error that a user is meant to read."""


class CatalogError(Exception):
    """The input or the arguments are at fault, not the program.

    The message is one line: what is wrong, where (file, row, column, name), and what to do.
    The command line prints it and exits with code 2.
    """
