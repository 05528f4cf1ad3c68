"""Work ahead: the same items, the same errors, and no thread left behind."""

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.prefetch import prefetch


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "prefetch"]


@given(
    items=st.lists(st.one_of(st.none(), st.integers(), st.just(ValueError("an item, not an error")))),
    depth=st.integers(1, 4),
)
def test_the_same_items_in_the_same_order(items: list, depth: int) -> None:
    assert list(prefetch(iter(items), depth)) == items
    assert threads() == []


def test_an_error_comes_at_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("the third")

    got = []
    with pytest.raises(OSError, match="the third"):
        got.extend(prefetch(items()))
    made = prefetch(items())
    assert [next(made), next(made)] == [1, 2]
    with pytest.raises(OSError, match="the third"):
        next(made)
    assert threads() == []


def test_a_caller_that_stops_early_leaves_no_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(1_000_000)
        finally:
            closed.set()

    made = prefetch(items(), depth=2)
    assert next(made) == 0
    made.close()
    assert closed.is_set()
    assert threads() == []


def test_it_works_while_the_caller_does() -> None:
    def items() -> Iterator[int]:
        for item in range(5):
            time.sleep(0.05)
            yield item

    start = time.perf_counter()
    for _ in prefetch(items()):
        time.sleep(0.05)
    assert time.perf_counter() - start < 0.42


def test_no_more_are_made_than_may_wait() -> None:
    made = 0

    def items() -> Iterator[int]:
        nonlocal made
        for item in range(100):
            made += 1
            yield item

    waiting = prefetch(items(), depth=2)
    next(waiting)
    time.sleep(0.3)
    assert made <= 4
    waiting.close()
