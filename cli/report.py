"""`catalog report`: the paper for this database."""

from pathlib import Path

import click

from .shared.options import catalog_of, scored_options
from .shared.output import progress_bar, say


@click.command()
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="HTML file.")
@scored_options
@click.option(
    "--top", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many of the oddest spectra to list."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.pass_context
def report(ctx: click.Context, output: Path, dataset: str | None, ensemble: str | None, top: int, force: bool) -> None:
    """Write the paper's tables and figures for this database into one HTML file.

    Writes the file, complete or not at all; read-only for the database. It opens without a network, on a phone and on
    paper, and has the SQL behind every number. What there is no data for says which command would bring it.

    \b
    Example:
      catalog report -o report.html
      catalog report --ensemble paper-small --dataset large --top 50 -o large.html
    """
    with progress_bar("report") as bar:
        written = catalog_of(ctx).report(output, dataset, ensemble, top, force=force, progress=bar)
    size = f"{written.size / 1e6:.1f} MB" if written.size >= 100_000 else f"{written.size / 1e3:.0f} kB"
    say(f"written to {written.path}: {size} in {written.seconds:.0f} s")
