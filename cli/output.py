"""Data to standard output, in four formats; talk and progress to standard error."""

import csv
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import numpy as np
from astropy.table import Column, MaskedColumn, Table
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as RichTable
from rich.text import Text

EXACT_IN_JSON = 2**53
"""Larger integers, such as Gaia ids, are not exact in every JSON reader and are written as text."""


def say(message: str) -> None:
    """One line of talk on standard error."""
    click.echo(message, err=True)


def show(table: Table, format_: str | None, title: str | None = None) -> None:
    """Write a table to standard output."""
    show_blocks([table], format_, title)


def show_blocks(blocks: Iterable[Table], format_: str | None, title: str | None = None) -> None:
    """Write a table that comes in blocks, at least one, to standard output; only the format table holds all of them."""
    _FORMATS[chosen_format(format_)](blocks, title)


def show_object(value: dict[str, Any]) -> None:
    """Write one JSON object to standard output."""
    click.echo(json.dumps(_for_json(value), indent=1, default=str))


def chosen_format(format_: str | None) -> str:
    """The format asked for, or else a table on a terminal and CSV elsewhere."""
    return format_ or ("table" if sys.stdout.isatty() else "csv")


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar with the time left, on a terminal only; call it with what is done, how far, and the end."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(label, total=None)
        yield lambda what, done, total: progress.update(task, description=what, completed=done, total=total)


def _show_table(blocks: Iterable[Table], title: str | None) -> None:
    table, *others = blocks
    # As wide as its content: a terminal wraps a long line, where rich would cut the ids.
    console = Console(width=10_000)
    shown = RichTable(title=title, title_justify="left", box=None, pad_edge=False)
    for name in table.colnames:
        numeric = table[name].dtype.kind in "iuf"
        unit = Text(f"\n{table[name].unit}", "dim") if table[name].unit else Text()
        shown.add_column(Text(name) + unit, justify="right" if numeric else "left")
    for block in (table, *others):
        for row in _rows(block):
            # As Text, or rich would take a unit in square brackets for markup.
            shown.add_row(*(Text(_short(value)) for value in row))
    console.print(shown)
    if not shown.row_count:
        say("no rows")


def _show_csv(blocks: Iterable[Table], _title: str | None) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for number, table in enumerate(blocks):
        if not number:
            writer.writerow(table.colnames)
        writer.writerows(
            [json.dumps(value, default=str) if isinstance(value, list | dict) else value for value in row]
            for row in _rows(table)
        )


def _show_json(blocks: Iterable[Table], _title: str | None) -> None:
    click.echo("[", nl=False)
    for number, record in enumerate(_records(blocks)):
        text = json.dumps(record, indent=1, default=str).replace("\n", "\n ")
        click.echo(f"{',' if number else ''}\n {text}", nl=False)
    click.echo("\n]")


def _show_ndjson(blocks: Iterable[Table], _title: str | None) -> None:
    for record in _records(blocks):
        click.echo(json.dumps(record, default=str))


_FORMATS = {"table": _show_table, "csv": _show_csv, "json": _show_json, "ndjson": _show_ndjson}


def _rows(table: Table) -> Iterator[list[Any]]:
    """Rows of plain Python values, None where masked."""
    columns = [_plain_column(table[name]) for name in table.colnames]
    return map(list, zip(*columns, strict=True))


def _plain_column(column: Column) -> list[Any]:
    if column.ndim > 1 or column.dtype.kind not in "iubfU":
        return [_plain(value) for value in column]
    # Whole columns at once: a tenth of the time that value by value takes.
    data = np.ma.getdata(column)
    values: list[Any] = data.tolist()
    if data.dtype == np.float32:
        values = list(map(float, data.astype(str)))  # its own digits, as below
    if isinstance(column, MaskedColumn):
        null = np.ma.getmaskarray(column)
        values = [None if is_null else value for value, is_null in zip(values, null.tolist(), strict=True)]
    return values


def _plain(value: Any) -> Any:
    if value is np.ma.masked:
        return None
    if isinstance(value, np.float32):
        return float(str(value))  # its own digits, not those of the double nearest to it
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _records(blocks: Iterable[Table]) -> Iterator[dict[str, Any]]:
    for table in blocks:
        names = table.colnames
        for row in _rows(table):
            yield {name: _for_json(value) for name, value in zip(names, row, strict=True)}


def _for_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _for_json(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT_IN_JSON:
        return str(value)
    return value


def _short(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.5g}" if isinstance(value, float) else str(value)
