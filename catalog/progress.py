"""What long work says of itself while it runs."""

from typing import Protocol


class Progress(Protocol):
    """Called now and then with what is being done, how far it is, and where it ends."""

    def __call__(self, what: str, done: int, total: int, /) -> object:
        """Take note; what is returned is ignored."""


def silent(what: str, done: int, total: int, /) -> None:
    """Says nothing."""
