"""`catalog neighbors`: the look-alikes of a star, or of all spectra."""

import click

from catalog import ROLES, CatalogError, about_of

from .shared.options import catalog_of, format_option, scored_options
from .shared.output import progress_bar, say, show


@click.command()
@click.argument("mangaid", required=False)
@click.option("--model", help="Member whose latent space is searched.  Default: MODEL1.")
@click.option("-k", type=int, help="How many.  Default: 5, with --all 10.")
@click.option("--role", type=click.Choice(ROLES), help="Only stars with this part in the model's training.")
@click.option("--consensus", is_flag=True, help="By the mean of the ranks in all models.")
@click.option("--all", "of_all", is_flag=True, help="Of every scored spectrum in every model, into table neighbor.")
@scored_options
@format_option
@click.pass_context
def neighbors(
    ctx: click.Context,
    mangaid: str | None,
    model: str | None,
    k: int | None,
    role: str | None,
    consensus: bool,
    of_all: bool,
    dataset: str | None,
    ensemble: str | None,
    format_: str | None,
) -> None:
    """List the look-alikes of a star.

    Read-only, save with --all. They are the nearest spectra of other stars of the same dataset in the latent space of
    one model; neighbor_role says whether that model was trained on the neighbour's star (the paper's Fig. 10).

    --all writes the neighbours of every spectrum, one transaction per model; scoring more spectra removes them again.

    \b
    Example:
      catalog neighbors 7-17219806 --role train
      catalog neighbors 7-17219806 --consensus -k 20
      catalog neighbors --all
    """
    catalog = catalog_of(ctx)
    if of_all == (mangaid is not None):
        raise CatalogError("give the MANGAID of a star, or --all")
    if of_all:
        if model or role or consensus:
            raise CatalogError("--all takes every model and every star; leave --model, --role and --consensus out")
        with progress_bar("neighbors") as progress:
            names = catalog.neighbors_of_all(10 if k is None else k, dataset, ensemble, progress)
        say("ensemble {} on dataset {}: {} rows added to table neighbor".format(*names))
        return
    if consensus and model:
        raise CatalogError("--consensus merges all models; leave --model out")
    table = catalog.neighbors(
        str(mangaid), None if consensus else model or "MODEL1", 5 if k is None else k, dataset, ensemble, role
    )
    say("ensemble {ensemble} on dataset {dataset}".format(**about_of(table)))
    show(table, format_)
