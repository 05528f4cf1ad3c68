"""What a terminal shows: tables as wide as their content, and a bar over long work."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from catalog import Progress, unit_of

from .rows import rows_of


def show_table(blocks: Iterable[pa.Table], title: str | None) -> int:
    """Write all blocks as one table; returns how many rows it has."""
    first, *others = blocks
    # As wide as its content: a terminal wraps a long line, where rich would cut the ids.
    console = Console(width=10_000, file=sys.stdout)
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for field in first.schema:
        numeric = _is_number(field.type)
        unit = unit_of(field) if numeric else None
        heading = Text(field.name) + (Text(f"\n{unit}", "dim") if unit else Text())
        shown.add_column(heading, justify="right" if numeric else "left")
    for block in (first, *others):
        for row in rows_of(block):
            # As Text, or rich would take a unit in square brackets for markup.
            shown.add_row(*(Text(_short(value)) for value in row))
    console.print(shown)
    return shown.row_count


@contextmanager
def bar(label: str) -> Iterator[Progress]:
    """A bar with the time left on standard error, which goes when the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total)


def _is_number(type_: pa.DataType) -> bool:
    if pa.types.is_fixed_size_list(type_):
        return _is_number(type_.value_type)
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def _short(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(value)
