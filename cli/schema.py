"""`catalog schema`: what is in the database."""

import click

from catalog import about_of

from .shared.options import catalog_of, format_option
from .shared.output import say, show


@click.command()
@click.argument("name", required=False)
@format_option
@click.pass_context
def schema(ctx: click.Context, name: str | None, format_: str | None) -> None:
    """List tables, views and macros, or the columns of one.

    Read-only. Without NAME, every table, view and macro with what it holds, attached catalogs too; with it, the columns
    with their types, units and meaning, as the database itself has them.

    \b
    Example:
      catalog schema
      catalog schema consensus_anomaly
    """
    table = catalog_of(ctx).schema(name)
    show(table, format_)
    if comment := about_of(table).get("comment"):
        say(comment)
