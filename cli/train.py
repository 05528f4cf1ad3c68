"""`catalog train`: train an ensemble."""

from dataclasses import replace
from typing import Any

import click

from catalog import ACTIVATIONS, PAPER, RECIPES, find_recipe

from .shared.options import catalog_of
from .shared.output import say
from .shared.training import TrainingTalk


@click.command()
@click.option("--dataset", required=True, help="Dataset to train on; small is the paper's.")
@click.option(
    "--recipe",
    "recipe_name",
    default=PAPER.name,
    show_default=True,
    metavar="NAME|FILE",
    help=f"One of {', '.join(RECIPES)}, or a TOML file; see catalog recipes.",
)
@click.option("--window", nargs=2, type=float, metavar="LO HI", help="Wavelength range in vacuum Å.  Default: all.")
@click.option("--models", default=10, show_default=True, help="Members of the ensemble.")
@click.option("--epochs", type=int, help="Epochs per model, if not the recipe's.")
@click.option("--seed", type=int, help="Seed of the ensemble, if not the recipe's.")
@click.option("--bottleneck", type=click.Choice(ACTIVATIONS), help="Activation of the bottleneck, if not the recipe's.")
@click.option("--name", help="Name of the ensemble.  Default: made from the recipe and the dataset.")
@click.pass_context
def train(
    ctx: click.Context,
    dataset: str,
    recipe_name: str,
    window: tuple[float, float] | None,
    models: int,
    epochs: int | None,
    seed: int | None,
    bottleneck: str | None,
    name: str | None,
) -> None:
    """Train an ensemble of autoencoders, or finish an interrupted one.

    Writes the splits first, then each model when it is finished; its weights go to a folder beside the database, and
    so does, now and then, how far the model under way is. Killed, it goes on from there with the same command, and
    ends with the same weights. On a GPU, up to ten models are trained, and finished, together. More --models later
    extend the ensemble, unless its splits are balanced.

    The recipe is the paper's unless another is named: hours for ten models on two cores, minutes with fast, seconds
    with pca. A spectrum is used if it is finite and positive in every pixel of the window: most MaStar spectra have
    zeros in their first and last pixels, so a window a little narrower than the whole range keeps nearly all of them.

    \b
    Example:
      catalog train --dataset small
      catalog train --dataset small --recipe fast --window 3700 10200
      catalog train --dataset small --recipe mine.toml --models 3 --epochs 40
    """
    given: dict[str, Any] = {"window": window, "epochs": epochs, "seed": seed, "bottleneck_activation": bottleneck}
    recipe = replace(find_recipe(recipe_name), **{key: value for key, value in given.items() if value is not None})
    with TrainingTalk() as talk:
        done = catalog_of(ctx).train(dataset, recipe, models, name, on_plan=talk.plan, on_epoch=talk.epoch)
    for model in done.diverged:
        say(f"{model} diverged and is no part of the ensemble: its loss became NaN; lower learning_rate")
    if done.n_trained == 0:
        say(f"ensemble {done.ensemble} has its {done.n_model} models already, nothing to train")
    else:
        say(f"ensemble {done.ensemble}: {done.n_trained} models trained; next: catalog score --dataset NAME")
