"""`catalog ensemble`: removal of an ensemble."""

import click
from catalog.cli.removal import remove_command


@click.group()
def ensemble() -> None:
    """Remove an ensemble.

    Writes; `catalog db status` lists the ensembles.

    \b
    Example:
      catalog ensemble remove paper-small
    """


ensemble.add_command(remove_command("ensemble"))
