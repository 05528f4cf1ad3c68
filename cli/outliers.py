"""`catalog outliers`: the consensus anomalies."""

import click
from catalog.cli.options import catalog_of, format_option, scored_options
from catalog.cli.output import say, show


@click.command()
@scored_options
@click.option("--bp-rp", nargs=2, type=float, metavar="LO HI", help="Range of Gaia BP-RP in mag.")
@click.option("--abs-g", nargs=2, type=float, metavar="LO HI", help="Range of absolute G in mag.")
@click.option("--region", metavar="NAME", help="Region of the colour-magnitude diagram; see: catalog region list.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1_000_000_000), help="Rows at most.")
@format_option
@click.pass_context
def outliers(
    ctx: click.Context,
    dataset: str | None,
    ensemble: str | None,
    bp_rp: tuple[float, float] | None,
    abs_g: tuple[float, float] | None,
    region: str | None,
    limit: int,
    format_: str | None,
) -> None:
    """List the consensus anomalies, the oddest first.

    Read-only. The rank is by how many models flag the spectrum, then by its mean percentile, then by its mean
    log10 error. unseen_rank counts only the models that have not seen the star in training.

    \b
    Example:
      catalog outliers --dataset large
      catalog outliers --bp-rp 4 6 --abs-g -2 2
      catalog outliers --region giants
    """
    table = catalog_of(ctx).outliers(dataset, ensemble, bp_rp, abs_g, limit, region)
    say("ensemble {ensemble} on dataset {dataset}".format(**table.meta))
    if region is not None:
        photometry = "photometry corrected for extinction" if table.meta["corrected"] else "photometry"
        say(f"region {region}; left out for want of Gaia {photometry}: {table.meta['n_without_photometry']} spectra")
    show(table, format_)
