"""Data to standard output, in four formats; talk and progress to standard error."""

import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import click
import pyarrow as pa

from catalog import Progress, require_distinct, silent

from .rows import rows_of

EXACT_IN_JSON = 2**53
"""Larger integers, such as Gaia ids, are not exact in every JSON reader and are written as text."""


def say(message: str) -> None:
    """One line of talk on standard error."""
    click.echo(message, err=True)


def show(rows: pa.Table, format_: str | None, title: str | None = None) -> None:
    """Write a listing to standard output."""
    show_blocks([rows], format_, title)


def show_blocks(blocks: Iterable[pa.Table], format_: str | None, title: str | None = None) -> None:
    """Write rows that come in blocks, at least one, to standard output; only the format table holds all of them."""
    chosen = chosen_format(format_)
    if chosen == "table":
        from .terminal import show_table  # rich, which takes as long as the answer of a quick question

        if not show_table(_checked(blocks), title):
            say("no rows")
        return
    {"csv": _show_csv, "json": _show_json, "ndjson": _show_ndjson}[chosen](_checked(blocks))


def show_object(value: dict[str, Any]) -> None:
    """Write one JSON object to standard output."""
    click.echo(json.dumps(_for_json(value), indent=1, default=str))


def chosen_format(format_: str | None) -> str:
    """The format asked for, or else a table on a terminal and CSV elsewhere."""
    return format_ or ("table" if sys.stdout.isatty() else "csv")


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A bar with the time left, on a terminal only; call it with what is done, how far, and the end."""
    if not sys.stderr.isatty():
        yield silent
        return
    from .terminal import bar  # rich, as above

    with bar(label) as progress:
        yield progress


def _checked(blocks: Iterable[pa.Table]) -> Iterator[pa.Table]:
    for number, block in enumerate(blocks):
        if not number:
            require_distinct(block)
        yield block


def _show_csv(blocks: Iterable[pa.Table]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for number, block in enumerate(blocks):
        rows = rows_of(block)
        if not number:
            writer.writerow(block.column_names)
        writer.writerows(
            [json.dumps(value, default=str) if isinstance(value, list | dict) else value for value in row]
            for row in rows
        )


def _show_json(blocks: Iterable[pa.Table]) -> None:
    click.echo("[", nl=False)
    for number, record in enumerate(_records(blocks)):
        text = json.dumps(record, indent=1, default=str).replace("\n", "\n ")
        click.echo(f"{',' if number else ''}\n {text}", nl=False)
    click.echo("\n]")


def _show_ndjson(blocks: Iterable[pa.Table]) -> None:
    for record in _records(blocks):
        click.echo(json.dumps(record, default=str))


def _records(blocks: Iterable[pa.Table]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        for row in rows_of(block):
            yield {name: _for_json(value) for name, value in zip(block.column_names, row, strict=True)}


def _for_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_for_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _for_json(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal) or (isinstance(value, int) and abs(value) > EXACT_IN_JSON):
        return str(value)
    return value
