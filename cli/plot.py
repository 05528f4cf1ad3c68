"""`catalog plot`: figures."""

from pathlib import Path

import click

from catalog import ROLES

from .shared.options import catalog_of, scored_options, visit_options
from .shared.output import say

OUTPUT = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE", help="png, pdf or svg."
)

MODEL = click.option("--model", default="MODEL1", show_default=True, help="Member whose latent space is meant.")


@click.group()
def plot() -> None:
    """Draw a figure into a png, pdf or svg file.

    Writes the file; read-only for the database.

    \b
    Example:
      catalog plot errors -o errors.pdf
      catalog plot reconstruction 7-17219806 -o reconstruction.pdf
    """


@plot.command()
@click.option("--ensemble", help="Default: the newest.")
@OUTPUT
@click.pass_context
def network(ctx: click.Context, ensemble: str | None, output: Path) -> None:
    """Layers of the models and their sizes (Figure 2).

    Writes the file; read-only for the database.

    \b
    Example:
      catalog plot network --ensemble paper-small -o network.pdf
    """
    catalog_of(ctx).plot.network(output, ensemble)
    say(f"drawn in {output}")


@plot.command()
@click.option("--ensemble", help="Default: the newest.")
@OUTPUT
@click.pass_context
def losses(ctx: click.Context, ensemble: str | None, output: Path) -> None:
    """Losses of every model, epoch by epoch (Figure 3).

    Writes the file; read-only for the database.

    \b
    Example:
      catalog plot losses --ensemble paper-small -o losses.pdf
    """
    catalog_of(ctx).plot.losses(output, ensemble)
    say(f"drawn in {output}")


@plot.command()
@click.option("--catalog", "catalogs", multiple=True, metavar="NAME[:COLUMN]", help="Attached catalog.  Repeatable.")
@click.option("--mark", default=3, show_default=True, type=click.IntRange(0), help="How many of the oddest stars.")
@click.option("--observed", is_flag=True, help="Not corrected for extinction.")
@scored_options
@OUTPUT
@click.pass_context
def cmd(
    ctx: click.Context,
    catalogs: tuple[str, ...],
    mark: int,
    observed: bool,
    dataset: str | None,
    ensemble: str | None,
    output: Path,
) -> None:
    """Colour-magnitude diagram (the paper's Figures 1 and 11).

    Writes the file; read-only for the database. Of the survey, or of attached catalogs in it; a column behind the name
    of a catalog tells kinds apart. With --observed, a catalog that has Gaia photometry and a parallax of its own is
    drawn with all its rows, else with those that are stars of the survey.

    \b
    Example:
      catalog plot cmd -o cmd.pdf
      catalog plot cmd --catalog li2018:Type --catalog roulston2021 --observed -o carbon.pdf
    """
    for remark in catalog_of(ctx).plot.cmd(output, catalogs, dataset, ensemble, mark, observed=observed):
        say(remark)
    say(f"drawn in {output}")


@plot.command()
@scored_options
@OUTPUT
@click.pass_context
def errors(ctx: click.Context, dataset: str | None, ensemble: str | None, output: Path) -> None:
    """Distribution of every model's errors (Figure 4).

    Writes the file; read-only for the database. With percentiles 1, 10, 50, 90 and 99; errors
    that flag a spectrum stand out.

    \b
    Example:
      catalog plot errors --dataset large -o errors.pdf
    """
    catalog_of(ctx).plot.errors(output, dataset, ensemble)
    say(f"drawn in {output}")


@plot.command()
@click.argument("mangaid")
@click.option("--models", metavar="MODEL1,MODEL4,…", help="Default: all of the ensemble.")
@scored_options
@visit_options
@OUTPUT
@click.pass_context
def reconstruction(
    ctx: click.Context,
    mangaid: str,
    models: str | None,
    dataset: str | None,
    ensemble: str | None,
    plate: int | None,
    mjd: int | None,
    output: Path,
) -> None:
    """A spectrum and its reconstructions (the paper's Figure 5).

    Writes the file; read-only for the database. So are the paper's Figs. 6, 8, 9 and 12. Each model has a panel of
    its own with the residual above, computed anew from the stored weights. Masked pixels, those that no model takes,
    and the window are marked; what lies beyond the limits of a panel is marked at its edge.

    \b
    Example:
      catalog plot reconstruction 3-33352569 -o reconstruction.pdf
      catalog plot reconstruction 3-33352569 --models MODEL1,MODEL4 -o two.pdf
    """
    names = None if models is None else [name.strip() for name in models.split(",") if name.strip()]
    catalog_of(ctx).plot.reconstruction(output, mangaid, dataset, ensemble, names or None, plate, mjd)
    say(f"drawn in {output}")


@plot.command()
@click.argument("mangaid")
@scored_options
@visit_options
@OUTPUT
@click.pass_context
def cause(
    ctx: click.Context,
    mangaid: str,
    dataset: str | None,
    ensemble: str | None,
    plate: int | None,
    mjd: int | None,
    output: Path,
) -> None:
    """Why a spectrum is anomalous, as `catalog explain` says it.

    Writes the file; read-only for the database. The spectrum and its reconstructions, the residual, the share of the
    error in each named window, and the uncertainty; what holds half of the error is shaded.

    \b
    Example:
      catalog plot cause 3-33352569 -o cause.pdf
    """
    catalog_of(ctx).plot.cause(output, mangaid, dataset, ensemble, plate, mjd)
    say(f"drawn in {output}")


@plot.command()
@click.argument("mangaid")
@click.option("--library", help="Default: all of them.")
@scored_options
@visit_options
@OUTPUT
@click.pass_context
def templates(
    ctx: click.Context,
    mangaid: str,
    library: str | None,
    dataset: str | None,
    ensemble: str | None,
    plate: int | None,
    mjd: int | None,
    output: Path,
) -> None:
    """A spectrum among templates (the paper's Figure 13).

    Writes the file; read-only for the database. Each template of the libraries that `catalog templates` lists is fitted
    with a free scale and reddening.

    \b
    Example:
      catalog plot templates 60-1436778955512349056 --library lancon-mouhcine-2002 -o templates.pdf
    """
    catalog_of(ctx).plot.templates(output, mangaid, library, dataset, ensemble, plate, mjd)
    say(f"drawn in {output}")


@plot.command()
@click.argument("mangaid")
@MODEL
@scored_options
@visit_options
@OUTPUT
@click.pass_context
def uncertainty(
    ctx: click.Context,
    mangaid: str,
    model: str,
    dataset: str | None,
    ensemble: str | None,
    plate: int | None,
    mjd: int | None,
    output: Path,
) -> None:
    """A spectrum and its uncertainty (the paper's Figure 7).

    Writes the file; read-only for the database. Beside the median of its look-alikes; these are
    the ten nearest spectra of other stars in the latent space of one model.

    \b
    Example:
      catalog plot uncertainty 3-33352569 -o uncertainty.pdf
    """
    catalog_of(ctx).plot.uncertainty(output, mangaid, model, dataset, ensemble, plate, mjd)
    say(f"drawn in {output}")


@plot.command()
@click.argument("mangaid")
@MODEL
@click.option("-k", default=5, show_default=True, help="How many, at most 20.")
@click.option(
    "--role",
    type=click.Choice([*ROLES, "any"]),
    default="train",
    show_default=True,
    help="Only stars with this part in the model's training.",
)
@scored_options
@visit_options
@OUTPUT
@click.pass_context
def neighbors(
    ctx: click.Context,
    mangaid: str,
    model: str,
    k: int,
    role: str,
    dataset: str | None,
    ensemble: str | None,
    plate: int | None,
    mjd: int | None,
    output: Path,
) -> None:
    """A spectrum above its look-alikes (the paper's Figure 10).

    Writes the file; read-only for the database. They are the nearest spectra of other stars of the dataset in the
    latent space of one model; by default among stars that it was trained on.

    \b
    Example:
      catalog plot neighbors 7-17219806 -o neighbors.pdf
    """
    part = None if role == "any" else role
    catalog_of(ctx).plot.neighbors(output, mangaid, model, k, dataset, ensemble, plate, mjd, part)
    say(f"drawn in {output}")


@plot.command()
@MODEL
@click.option("--color", default="bp_rp", show_default=True, help="A column of numbers of cmd or consensus_anomaly.")
@click.option("--mark", metavar="MANGAID", multiple=True, help="A star to be named; repeatable.")
@scored_options
@OUTPUT
@click.pass_context
def latent(
    ctx: click.Context,
    model: str,
    color: str,
    mark: tuple[str, ...],
    dataset: str | None,
    ensemble: str | None,
    output: Path,
) -> None:
    """A map of one model's latent space.

    Writes the file; read-only for the database. Its two principal axes, a point per spectrum;
    colours end at the 1st and 99th percentile of the column.

    \b
    Example:
      catalog plot latent --color mean_percentile --mark 7-17219806 -o latent.pdf
    """
    catalog_of(ctx).plot.latent(output, color, mark, model, dataset, ensemble)
    say(f"drawn in {output}")
