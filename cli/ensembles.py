"""`catalog ensembles`: the ensembles of the database."""

import click

from .shared.options import catalog_of, format_option
from .shared.output import show


@click.command()
@format_option
@click.pass_context
def ensembles(ctx: click.Context, format_: str | None) -> None:
    """List the ensembles.

    Read-only. An ensemble without a window works on the full wavelength range; one that was trained in another
    database names the file it was imported from. Everything about one: catalog ensemble show NAME.

    \b
    Example:
      catalog ensembles
      catalog ensembles --format json
    """
    show(catalog_of(ctx).ensembles(), format_)
