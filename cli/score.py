"""`catalog score`: errors and latent vectors of a dataset."""

import click

from .shared.options import catalog_of
from .shared.output import progress_bar, say


@click.command()
@click.option("--dataset", required=True, help="Dataset to score; large is the paper's.")
@click.option("--ensemble", help="Name of the ensemble.  Default: the newest.")
@click.pass_context
def score(ctx: click.Context, dataset: str, ensemble: str | None) -> None:
    """Compute errors and latent vectors of a dataset.

    Writes only for spectra that a model has not scored yet. Every 16,384 of them are kept as they are done, so that a
    run that is ended goes on there; the views show the new scores when all are there.

    \b
    Example:
      catalog score --dataset large
    """
    with progress_bar("scoring") as bar:
        done = catalog_of(ctx).score(dataset, ensemble, bar)
    say(
        f"ensemble {done.ensemble} on {done.dataset}: {done.n_score} scores added; {done.n_usable} of "
        f"{done.n_spectrum} spectra are usable, each scored by {done.n_model} models"
    )
