"""`catalog neighbors`: the look-alikes of a star."""

import click
from catalog.cli.options import catalog_of, format_option, scored_options
from catalog.cli.output import say, show


@click.command()
@click.argument("mangaid")
@click.option("--model", default="MODEL1", show_default=True, help="Member whose latent space is searched.")
@click.option("-k", default=5, show_default=True, help="How many, at most 10.")
@scored_options
@format_option
@click.pass_context
def neighbors(
    ctx: click.Context,
    mangaid: str,
    model: str,
    k: int,
    dataset: str | None,
    ensemble: str | None,
    format_: str | None,
) -> None:
    """List the look-alikes of a star.

    Read-only. They are the nearest spectra of other stars of the same dataset in the latent space of one model;
    neighbor_role says whether that model was trained on the neighbour's star (the paper's Fig. 10).

    \b
    Example:
      catalog neighbors 7-17219806
    """
    table = catalog_of(ctx).neighbors(mangaid, model, k, dataset, ensemble)
    say("ensemble {ensemble} on dataset {dataset}".format(**table.meta))
    show(table, format_)
