"""Rows of a listing as they are printed."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from catalog import plain_values


def rows_of(block: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Rows of plain Python values, None where NULL."""
    columns = [plain_values(name, column) for name, column in zip(block.column_names, block.columns, strict=True)]
    return zip(*columns, strict=True)
