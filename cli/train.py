"""`catalog train`: train an ensemble."""

import click
from catalog.cli.options import catalog_of
from catalog.cli.output import say
from catalog.cli.training import TrainingTalk

from catalog.autoencoder.recipe import Recipe


@click.command()
@click.option("--dataset", required=True, help="Dataset to train on; small is the paper's.")
@click.option("--window", nargs=2, type=float, metavar="LO HI", help="Wavelength range in vacuum Å.  Default: all.")
@click.option("--models", default=10, show_default=True, help="Members of the ensemble.")
@click.option("--epochs", default=Recipe.epochs, show_default=True, help="Epochs per model.")
@click.option("--seed", default=Recipe.seed, show_default=True, help="Seed of the ensemble.")
@click.option(
    "--bottleneck",
    type=click.Choice(["relu", "linear"]),
    default=Recipe.bottleneck_activation,
    show_default=True,
    help="Activation of the bottleneck.",
)
@click.option("--name", help="Name of the ensemble.  Default: made from the recipe and the dataset.")
@click.pass_context
def train(
    ctx: click.Context,
    dataset: str,
    window: tuple[float, float] | None,
    models: int,
    epochs: int,
    seed: int,
    bottleneck: str,
    name: str | None,
) -> None:
    """Train an ensemble of autoencoders, or finish an interrupted one.

    Writes the splits first, then each model when it is finished; its weights go to a folder beside the database.
    Killed, it goes on where it was with the same command. More --models later extend the ensemble.

    The recipe is the paper's. A spectrum is used if it is finite and positive in every pixel of the window: most
    MaStar spectra have zeros in their first and last pixels, so a window a little narrower than the whole range
    keeps nearly all of them.

    \b
    Example:
      catalog train --dataset small
      catalog train --dataset small --window 3700 10200 --models 3 --epochs 40
    """
    recipe = Recipe(window=window, epochs=epochs, seed=seed, bottleneck_activation=bottleneck)
    with TrainingTalk() as talk:
        done = catalog_of(ctx).train(dataset, recipe, models, name, on_plan=talk.plan, on_epoch=talk.epoch)
    if done.n_trained == 0:
        say(f"ensemble {done.ensemble} has its {done.n_model} models already, nothing to train")
    else:
        say(f"ensemble {done.ensemble}: {done.n_trained} models trained; next: catalog score --dataset NAME")
