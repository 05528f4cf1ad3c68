"""`catalog detach`: an attached catalog goes."""

import click

from .shared.options import catalog_of
from .shared.output import say


@click.command()
@click.argument("name")
@click.pass_context
def detach(ctx: click.Context, name: str) -> None:
    """Take an attached catalog away.

    Writes: its table, its matches and its view go, in one transaction; the file that it came from stays.

    \b
    Example:
      catalog detach li2018
    """
    catalog_of(ctx).detach(name)
    say(f"{name} detached")
