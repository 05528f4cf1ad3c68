"""How often and how long to wait for a server."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from catalog.surveys.download.server import ServerError

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server.

    Attributes
    ----------
    timeout : float
        Seconds without a byte after which a connection counts as dead.
    tries : int
        In a row, without getting any further.
    first_wait : float
        Seconds before the second try; doubled before each further one, less a random part.
    longest_wait : float
        Seconds; a server that asks for more is left alone.
    """

    timeout: float = 60.0
    tries: int = 6
    first_wait: float = 1.0
    longest_wait: float = 120.0

    def wait(self, failures: int, least: float = 0.0) -> float:
        """Seconds to wait after so many failures in a row, where the server asks for `least`.

        A random part of up to half keeps many clients of a server that comes back from coming all at once.
        """
        grown = min(self.first_wait * 2 ** (failures - 1), self.longest_wait)
        return max(least, grown * random.uniform(0.5, 1))  # noqa: S311 - no secret depends on it

    def keep_trying(
        self, action: Callable[[], T], furthest: Callable[[], int], on_wait: Callable[[float], None] = lambda wait: None
    ) -> T:
        """What `action` returns, tried again after a ServerError, which the last try raises.

        Parameters
        ----------
        action : callable
            What is tried.
        furthest : callable
            How far the tries have got; one that gets further than all before begins the count anew.
        on_wait : callable
            Called with the seconds before each further try.
        """
        best, failures = furthest(), 0
        while True:
            try:
                return action()
            except ServerError as error:
                if furthest() > best:
                    best, failures = furthest(), 0
                failures += 1
                if failures >= self.tries or error.wait is None or error.wait > self.longest_wait:
                    raise
                wait = self.wait(failures, error.wait)
            on_wait(wait)
            time.sleep(wait)
