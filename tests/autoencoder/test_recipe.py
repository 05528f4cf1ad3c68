"""A recipe says everything, and survives its way through JSON."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.autoencoder.recipe import Recipe
from catalog.errors import CatalogError

RECIPES = st.builds(
    Recipe,
    window=st.none() | st.tuples(st.floats(1, 4000), st.floats(4001, 10400)),
    layers=st.lists(st.integers(1, 4096), min_size=1, max_size=5).map(tuple),
    bottleneck_activation=st.sampled_from(["relu", "linear"]),
    learning_rate=st.floats(1e-6, 1),
    epochs=st.integers(1, 1000),
    seed=st.integers(0, 2**32),
)


@given(RECIPES)
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
        ({"latent": 0}, "latent, split and learning_rate must be positive"),
        ({"bottleneck_activation": "tanh"}, "choose one of relu, linear"),
        ({"seed": -1}, "seed -1: give 0 or more"),
    ],
)
def test_a_recipe_that_cannot_be_trained_says_why(values: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Recipe(**values)
