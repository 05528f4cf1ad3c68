"""`catalog query`: SQL."""

import sys
from pathlib import Path

import click
from catalog.cli.options import catalog_of, format_option
from catalog.cli.output import show

from catalog.errors import CatalogError


@click.command()
@click.argument("sql")
@format_option
@click.pass_context
def query(ctx: click.Context, sql: str, format_: str | None) -> None:
    """Answer a SQL question.

    Read-only: one SELECT on a database opened read-only; SQL can reach no other file. SQL is DuckDB's; @FILE reads
    it from a file, - from standard input.

    \b
    Example:
      catalog query "SELECT mangaid, n_flagged FROM consensus_anomaly ORDER BY consensus_rank LIMIT 5"
      catalog query @question.sql --format csv
    """
    show(catalog_of(ctx).query(_text(sql)), format_)


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
