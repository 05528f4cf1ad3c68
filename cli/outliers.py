"""`catalog outliers`: the consensus anomalies."""

import click

from catalog import BY, about_of

from .shared.options import catalog_of, format_option, scored_options
from .shared.output import say, show


@click.command()
@scored_options
@click.option("--bp-rp", nargs=2, type=float, metavar="LO HI", help="Range of Gaia BP-RP in mag.")
@click.option("--abs-g", nargs=2, type=float, metavar="LO HI", help="Range of absolute G in mag.")
@click.option("--region", metavar="NAME", help="Region of the colour-magnitude diagram; see: catalog region list.")
@click.option(
    "--by", default="error", show_default=True, type=click.Choice(list(BY)), help="Score to order by, see above."
)
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
    by: str,
    limit: int,
    format_: str | None,
) -> None:
    """List the consensus anomalies, the oddest first.

    Read-only. The rank is by how many models flag the spectrum, then by its mean percentile, then by its mean
    log10 error (the paper's consensus); consensus_rank_lo and _hi enclose 95 % of the ranks that ensembles drawn from
    the models give. Other scores order by other ranks:

    \b
      unseen     error, of the models that have not seen the star in training
      chi2       error in units of the noise; spectra without ivar are left out
      relative   error over that of the nearest training spectra in latent space
      isolation  distance to other spectra in latent space
      peers      rank among the nearest stars in the colour-magnitude diagram

    \b
    Example:
      catalog outliers --dataset large
      catalog outliers --bp-rp 4 6 --abs-g -2 2
      catalog outliers --region giants --by peers
    """
    table = catalog_of(ctx).outliers(dataset, ensemble, bp_rp, abs_g, limit, region, by)
    order = "" if by == "error" else f", ordered by {BY[by]}"
    about = about_of(table)
    say("ensemble {ensemble} on dataset {dataset}".format(**about) + order)
    if region is not None:
        photometry = "photometry corrected for extinction" if about["corrected"] else "photometry"
        say(f"region {region}; left out for want of Gaia {photometry}: {about['n_without_photometry']} spectra")
    show(table, format_)
