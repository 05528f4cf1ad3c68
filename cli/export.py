"""`catalog export`: tables for other programs."""

from pathlib import Path

import click

from catalog import FORMATS

from .shared.options import catalog_of
from .shared.output import say


@click.command()
@click.argument("view", required=False)
@click.option("--sql", help="A SELECT, instead of a VIEW.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help=f"File to write: {', '.join(FORMATS)}.")
@click.option("--dataset", help="Only the rows of this dataset, of a view with datasets.")
@click.option("--ensemble", help="Only the rows of this ensemble, of a view with ensembles.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option("--samp", is_flag=True, help="Send it to TOPCAT, Aladin or whoever listens, by SAMP.")
@click.pass_context
def export(
    ctx: click.Context,
    view: str | None,
    sql: str | None,
    output: Path | None,
    dataset: str | None,
    ensemble: str | None,
    force: bool,
    samp: bool,
) -> None:
    """Write a view, a table or an answer to a file for other programs.

    Writes the file, complete or not at all; read-only for the database. VIEW is a view or table as catalog schema lists
    them. Units, UCDs, the meaning of the columns, the SQL and where the rows come from stand in the file, save in CSV,
    which has no room for them.

    \b
    Example:
      catalog export consensus_anomaly --dataset large -o anomalies.vot
      catalog export --sql "SELECT mangaid, ra, dec FROM star" -o stars.parquet
      catalog export cmd --samp
    """
    what = sql or view
    if what is None or (sql and view):
        raise click.UsageError("give a VIEW or --sql")
    if output is None and not samp:
        raise click.UsageError("give a file with -o, or --samp")
    catalog = catalog_of(ctx)
    if output is not None:
        done = catalog.export(what, output, dataset, ensemble, force)
        say(f"{done.path}: {done.n_row} rows, {done.n_column} columns, {done.size / 1e6:.1f} MB")
    if samp:
        say(f"sent to {', '.join(catalog.send(what, dataset, ensemble))}")
