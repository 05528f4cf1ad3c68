"""Rows of a listing as they are printed."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pyarrow as pa

from catalog import plain_values

NESTED_AT_A_TIME = 128
"""Rows with arrays that are Python values at once: a spectrum takes half a megabyte then."""


def rows_of(block: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Rows of plain Python values, None where NULL; the first are made at once, so that a fault is raised here."""
    nested = any(pa.types.is_nested(field.type) for field in block.schema)
    step = NESTED_AT_A_TIME if nested else max(len(block), 1)
    first, others = _rows(block.slice(0, step)), range(step, len(block), step)
    return chain(first, chain.from_iterable(_rows(block.slice(start, step)) for start in others))


def _rows(block: pa.Table) -> Iterator[tuple[Any, ...]]:
    columns = [plain_values(name, column) for name, column in zip(block.column_names, block.columns, strict=True)]
    return zip(*columns, strict=True)
