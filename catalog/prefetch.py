"""Work ahead: what comes next is made in a thread while the caller is busy with what came before."""

import threading
from collections.abc import Generator, Iterator
from queue import Full, Queue
from typing import TypeVar

T = TypeVar("T")

WAIT = 0.1
"""Seconds after which a full queue is looked at again, to see whether the caller has gone."""


def prefetch(items: Iterator[T], depth: int = 1) -> Generator[T]:
    """The same items in the same order, made in a thread of its own, at most `depth` of them waiting.

    What `items` raises is raised here, at its place. When the caller stops early, the thread ends and `items` is
    closed before this generator is.

    Notes
    -----
    It pays where making an item leaves Python's lock free: decompressing, reading, array arithmetic.

    Examples
    --------
    >>> list(prefetch(iter([1, 2, 3])))
    [1, 2, 3]
    """
    waiting: Queue[tuple[T] | BaseException | None] = Queue(depth)
    stopped = threading.Event()

    def put(entry: tuple[T] | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                waiting.put(entry, timeout=WAIT)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put((item,)):
                    break
            else:
                put(None)
        except BaseException as error:  # raised again in the caller's thread
            put(error)
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    maker = threading.Thread(target=make, name="prefetch", daemon=True)
    maker.start()
    try:
        while (entry := waiting.get()) is not None:
            if isinstance(entry, BaseException):
                raise entry
            yield entry[0]
    finally:
        stopped.set()
        maker.join()
