"""`catalog publish`: the anomalies in a folder for others."""

from pathlib import Path

import click

from .shared.options import catalog_of, scored_options
from .shared.output import say


@click.command()
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The folder, which must be new.")
@scored_options
@click.option("--author", "authors", multiple=True, help="Who publishes this, as to be cited.  Repeatable.")
@click.pass_context
def publish(
    ctx: click.Context, output: Path, dataset: str | None, ensemble: str | None, authors: tuple[str, ...]
) -> None:
    """Write the anomalies to a folder that explains itself, for others.

    Writes the folder, complete or not at all; read-only for the database. In it: the view anomaly as Parquet and
    VOTable, a README with counts, columns and units, the recipe and provenance of the ensemble, the schema as JSON, and
    how to cite it. Others read it as it is, or attach it to a catalog of their own.

    \b
    Example:
      catalog publish -o anomalies-2026 --dataset large --author "A. Stronomer"
      catalog attach anomalies-2026/anomalies.parquet --name theirs --mangaid mangaid
    """
    done = catalog_of(ctx).publish(output, dataset, ensemble, authors)
    say(
        f"{done.folder}: {done.n_row} spectra of dataset {done.dataset} by ensemble {done.ensemble}, "
        f"{done.size / 1e6:.1f} MB; read {done.folder / 'README.md'} before you pass it on"
    )
