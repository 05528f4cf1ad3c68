"""Recipes have names, or are files."""

from dataclasses import asdict
from pathlib import Path

import pytest
from any_recipe import ANY_RECIPE
from hypothesis import given

from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.recipes import FAST, PAPER, PCA, RECIPES, find_recipe, to_toml
from catalog.errors import CatalogError


def test_the_names_are_those_of_the_recipes() -> None:
    assert {name: recipe.name for name, recipe in RECIPES.items()} == {name: name for name in RECIPES}
    assert find_recipe("paper") == PAPER == Recipe()


def test_what_is_not_the_papers_is_balanced() -> None:
    assert FAST.balanced
    assert PCA.balanced
    assert PCA.layers == ()


@given(ANY_RECIPE)
def test_a_recipe_survives_its_way_through_a_file(tmp_path_factory: pytest.TempPathFactory, recipe: Recipe) -> None:
    path = tmp_path_factory.mktemp("recipe") / "any.toml"
    path.write_text(to_toml(recipe))
    assert find_recipe(str(path)) == recipe


def test_a_file_says_only_what_is_different(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text('like = "fast"\nepochs = 7\nwindow = [3900, 8000]\n')
    assert asdict(find_recipe(str(path))) == asdict(FAST) | {"name": "short", "epochs": 7, "window": (3900.0, 8000.0)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch = 7", "no key epoch in a recipe; there are like, name, window"),
        ("epochs = 0", "epochs 0: give at least 1"),
        ('epochs = "many"', "epochs 'many': give a whole number"),
        ("layers = [64, 0]", "give at least 1 everywhere"),
        ("layers = 64", "layers 64: give whole numbers"),
        ('like = "slow"', "like = 'slow': there are paper, fast, conditional, pca"),
        ("like = [1]", "like = .1.: there are paper"),
        ("epochs =", "is not a valid TOML file"),
        ("[training]\nepochs = 3", "no key training"),
    ],
)
def test_a_file_that_is_no_recipe_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(CatalogError, match=message) as raised:
        find_recipe(str(path))
    assert str(path) in str(raised.value)


def test_what_is_neither_a_name_nor_a_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no recipe papr; there are paper, fast, conditional, pca, or give a file"):
        find_recipe("papr")
    with pytest.raises(CatalogError, match="cannot be read: No such file"):
        find_recipe(str(tmp_path / "absent.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CatalogError, match="is not a valid TOML file"):
        find_recipe(str(tmp_path / "binary.toml"))
