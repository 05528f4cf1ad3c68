"""A recipe says everything, and survives its way through JSON."""

from typing import Any

import pytest
from any_recipe import ANY_RECIPE
from hypothesis import given

from catalog.autoencoder.recipe import LARGEST_LATENT, Recipe
from catalog.autoencoder.recipes import PAPER, RECIPES
from catalog.database.sizes import N_LATENT
from catalog.errors import CatalogError

PAPER_JSON = (
    '{"balanced":false,"batch_size":32,"bottleneck_activation":"relu","components":0,"epochs":200,"latent":10,'
    '"layers":[2048,512,128,32],"learning_rate":0.001,"name":"paper","noise":0.0,"photometry":[],'
    '"schedule":"constant","seed":0,"split":[2000,770],"window":null}'
)

SHA256 = {
    "paper": "277eef07927fe9ed8fd51853c8ff3ab79627d9055a184e303192b26890a9c7d0",
    "fast": "4e3f2b4454f683281e041352acb7b667642852b95b771c714ec6cb5ca9cd4280",
    "conditional": "a76630ee2c7aa53b37bd5b8065c3a325f16b713906cefd585b7a63e5108cd522",
    "pca": "49d4a15fd8efab7c9f2ed5e9654a669c47f7937a616fe61ba27989dc2dcf3313",
}
"""As they stand in databases and exported ensembles; they must never change."""


def test_the_papers_recipe_is_this_text_with_this_sha256() -> None:
    assert PAPER.to_json() == PAPER_JSON
    assert PAPER.sha256 == SHA256["paper"]
    assert Recipe.from_json(PAPER_JSON) == PAPER


def test_the_recipes_that_come_with_the_catalog_keep_their_sha256() -> None:
    assert {name: recipe.sha256 for name, recipe in RECIPES.items()} == SHA256


def test_a_latent_vector_is_at_most_as_long_as_the_database_has_them() -> None:
    assert LARGEST_LATENT == N_LATENT


@given(ANY_RECIPE)
def test_json_round_trip(recipe: Recipe) -> None:
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert again.sha256 == recipe.sha256


def test_the_default_is_the_papers() -> None:
    recipe = Recipe()
    assert (recipe.layers, recipe.latent) == ((2048, 512, 128, 32), 10)
    assert (recipe.learning_rate, recipe.batch_size, recipe.split) == (0.001, 32, (2000, 770))
    assert recipe.n_train(2770) == 2000


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"window": (9000.0, 4000.0)}, "shorter wavelength first"),
        ({"epochs": 0}, "epochs 0: give at least 1"),
        ({"latent": 0}, "latent 0: give at least 1"),
        ({"latent": 11}, "at most 10 numbers"),
        ({"split": (10, 0)}, "split 10, 0: give at least 1 everywhere"),
        ({"split": (10, 1, 1)}, "give two numbers"),
        ({"learning_rate": 0}, "learning_rate 0: give more than 0"),
        ({"learning_rate": float("nan")}, "learning_rate nan: give more than 0"),
        ({"schedule": "linear"}, "choose one of constant, cosine"),
        ({"noise": float("inf")}, "noise inf: give 0 or more"),
        ({"noise": "loud"}, "noise 'loud': give a number"),
        ({"layers": ()}, "give components = 10"),
        ({"layers": (64, "32")}, "give whole numbers"),
        ({"photometry": ("bp_rp", "b_v")}, "choose of bp_rp, abs_g, each once"),
        ({"photometry": ("bp_rp", "bp_rp")}, "choose of bp_rp, abs_g, each once"),
        ({"photometry": 3}, "choose of bp_rp, abs_g"),
        ({"photometry": ("bp_rp",), "layers": (), "components": 10}, "principal components take none"),
        ({"epochs": 2.5}, "epochs 2.5: give a whole number"),
        ({"epochs": True}, "epochs True: give a whole number"),
        ({"balanced": 1}, "balanced 1: give true or false"),
        ({"window": "3600-9000"}, "give two numbers"),
        ({"name": "a/b"}, "give a word"),
        ({"bottleneck_activation": "tanh"}, "choose one of relu, linear"),
        ({"seed": -1}, "seed -1: give 0 or more"),
    ],
)
def test_a_recipe_that_cannot_be_trained_says_why(values: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Recipe(**values)


def test_a_recipe_of_an_older_catalog_has_the_defaults_for_what_it_does_not_name() -> None:
    assert Recipe.from_json('{"name": "paper", "epochs": 40}') == Recipe(epochs=40)
