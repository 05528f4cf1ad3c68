"""`catalog query`: SQL."""

import sys
import time
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from catalog import TIMEOUT, CatalogError, parameter

from .shared.options import catalog_of, format_option
from .shared.output import chosen_format, say, show_blocks

ON_TERMINAL = 100
"""Rows of a table that are shown on a terminal, if --limit does not say otherwise."""


@click.command()
@click.argument("sql")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of $NAME in the SQL; a number where it reads like one, else text, as is NAME='5'.  Repeatable.",
)
@format_option
@click.option(
    "--limit", type=click.IntRange(min=0), help="Rows to show, 0 for all.  Default: 100 of a table on a terminal."
)
@click.option(
    "--timeout", type=click.FloatRange(min=0), default=TIMEOUT, show_default=True, help="Seconds, 0 for ever."
)
@click.option("--timing", is_flag=True, help="Say how long it took.")
@click.option("--external", is_flag=True, help="Let the SQL read other files of this machine; it still writes nothing.")
@click.pass_context
def query(
    ctx: click.Context,
    sql: str,
    parameters: tuple[str, ...],
    format_: str | None,
    limit: int | None,
    timeout: float,
    timing: bool,
    external: bool,
) -> None:
    """Answer a SQL question.

    Read-only: one SELECT on a database opened read-only; SQL can reach no other file. SQL is DuckDB's; @FILE reads
    it from a file, - from standard input. With --external it can read Parquet, CSV, JSON and DuckDB files that you can
    read (read_parquet, read_csv, read_json, read_duckdb), nothing from the network; use it for SQL that you trust.

    \b
    Example:
      catalog query "SELECT mangaid, n_flagged FROM consensus_anomaly ORDER BY consensus_rank LIMIT 5"
      catalog query "SELECT * FROM cmd WHERE mangaid = \\$id" --param id=7-17219806
      catalog query @question.sql --format csv
      catalog query --external "SELECT * FROM 'stars.parquet' JOIN star USING (mangaid)"
    """
    if limit is None and chosen_format(format_) == "table" and sys.stdout.isatty():
        limit = ON_TERMINAL
    start = time.monotonic()
    with catalog_of(ctx).stream(_text(sql), _values(parameters), external, timeout or None) as answer:
        blocks = (pa.Table.from_batches([block]) for block in answer.blocks(limit or None))
        show_blocks(blocks, format_)
    if not answer.complete:
        say(f"the first {answer.n_row} rows; for all of them: --limit 0")
    if timing:
        say(f"{answer.n_row} rows in {time.monotonic() - start:.3f} s")


def _values(parameters: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in map(parameter, parameters):
        if name in values:
            raise CatalogError(f"two values for ${name}; give one")
        values[name] = value
    return values


def _text(sql: str) -> str:
    if sql == "-":
        return sys.stdin.read()
    if sql.startswith("@"):
        try:
            return Path(sql[1:]).read_text(encoding="utf-8")
        except OSError as error:
            raise CatalogError(f"{sql[1:]} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise CatalogError(f"{sql[1:]} is not text in UTF-8") from error
    return sql
