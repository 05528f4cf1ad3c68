"""Data to standard output, in four formats; talk and progress to standard error."""

import csv
import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import numpy as np
from astropy.table import Table
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
    _FORMATS[chosen_format(format_)](table, title)


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


def _show_table(table: Table, title: str | None) -> None:
    # As wide as its content: a terminal wraps a long line, where rich would cut the ids.
    console = Console(width=10_000)
    shown = RichTable(title=title, title_justify="left", box=None, pad_edge=False)
    for name in table.colnames:
        numeric = table[name].dtype.kind in "iuf"
        unit = Text(f"\n{table[name].unit}", "dim") if table[name].unit else Text()
        shown.add_column(Text(name) + unit, justify="right" if numeric else "left")
    for row in _rows(table):
        # As Text, or rich would take a unit in square brackets for markup.
        shown.add_row(*(Text(_short(value)) for value in row))
    console.print(shown)
    if not len(table):
        say("no rows")


def _show_csv(table: Table, _title: str | None) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(table.colnames)
    writer.writerows(
        [json.dumps(value, default=str) if isinstance(value, list | dict) else value for value in row]
        for row in _rows(table)
    )


def _show_json(table: Table, _title: str | None) -> None:
    click.echo(json.dumps([_record(table, row) for row in _rows(table)], indent=1, default=str))


def _show_ndjson(table: Table, _title: str | None) -> None:
    for row in _rows(table):
        click.echo(json.dumps(_record(table, row), default=str))


_FORMATS = {"table": _show_table, "csv": _show_csv, "json": _show_json, "ndjson": _show_ndjson}


def _rows(table: Table) -> Iterator[list[Any]]:
    """Rows of plain Python values, None where masked."""
    return ([_plain(value) for value in row] for row in table.iterrows())


def _plain(value: Any) -> Any:
    if value is np.ma.masked:
        return None
    if isinstance(value, np.float32):
        return float(str(value))  # its own digits, not those of the double nearest to it
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def _record(table: Table, row: list[Any]) -> dict[str, Any]:
    return {name: _for_json(value) for name, value in zip(table.colnames, row, strict=True)}


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
