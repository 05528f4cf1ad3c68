"""`catalog plot`: figures."""

from pathlib import Path

import click
from catalog.cli.options import catalog_of
from catalog.cli.output import say

OUTPUT = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="png, pdf or svg."
)


@click.group()
def plot() -> None:
    """Draw a figure into a png, pdf or svg file.

    Writes the file; read-only for the database.

    \b
    Example:
      catalog plot losses -o losses.pdf
    """


@plot.command()
@click.option("--ensemble", help="Default: the newest.")
@OUTPUT
@click.pass_context
def losses(ctx: click.Context, ensemble: str | None, output: Path) -> None:
    """Training and validation losses of every model, epoch by epoch (the paper's Fig. 3).

    Writes the file; read-only for the database.

    \b
    Example:
      catalog plot losses --ensemble paper-small -o losses.pdf
    """
    catalog_of(ctx).plot_losses(output, ensemble)
    say(f"drawn in {output}")
