"""`catalog ingest`: load FITS files."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .shared.options import catalog_of
from .shared.output import progress_bar, say

if TYPE_CHECKING:
    from catalog import Ingested


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--dataset", help="Name for the dataset of the spectra.  Default: by product, e.g. small, large, visits.")
@click.pass_context
def ingest(ctx: click.Context, paths: tuple[Path, ...], dataset: str | None) -> None:
    """Load FITS files, or all FITS files in folders.

    Writes everything in one transaction, and creates the database if it is absent. Each file is recognised by its
    columns; the order does not matter. A file loaded before is skipped.

    \b
    Example:
      catalog ingest mastarall-v3_1_1-v1_7_7.fits mastar-combspec-*.fits.gz
      catalog ingest mastar/
    """
    with progress_bar("reading") as bar:
        files = catalog_of(ctx).ingest(paths, dataset, bar)
    for file in files:
        say(sentence(file))


def sentence(file: "Ingested") -> str:
    """What became of a file, in one line."""
    if file.skipped:
        return f"{file.path.name}: skipped, {file.skipped}"
    if file.dataset:
        return (
            f"{file.path.name}: {file.product}, {file.n_row} spectra into dataset {file.dataset}, "
            f"{file.n_usable} usable over the full range"
        )
    return f"{file.path.name}: " + ", ".join(f"{product}, {n_row} rows" for product, n_row in file.n_row_of.items())
