"""`catalog labels`: the labels that stars have."""

import click

from .shared.options import catalog_of, format_option
from .shared.output import show


@click.command()
@click.option("--label", help="Only this label.")
@format_option
@click.pass_context
def labels(ctx: click.Context, label: str | None, format_: str | None) -> None:
    """List the labels of stars, in the order they were given.

    Read-only. The CSV is what `catalog label --from` takes.

    \b
    Example:
      catalog labels
      catalog labels --label carbon --format csv
    """
    show(catalog_of(ctx).labels(label), format_)
