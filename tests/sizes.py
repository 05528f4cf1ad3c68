"""How much is tried: a part of it in `make test`, all of it in `make test-all`."""

import os

FULL = os.environ.get("CATALOG_TEST_SIZE") == "full"


def examples(n: int) -> int:
    """So many examples of hypothesis or of damage in full, and a quarter of them, but ten at least, otherwise."""
    return n if FULL else max(10, n // 4)
