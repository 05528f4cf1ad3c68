"""The recipes that come with the catalog, and those that a user writes as TOML files."""

import tomllib
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from catalog.autoencoder.recipe import Recipe
from catalog.errors import CatalogError

PAPER = Recipe()
"""The paper's, to the letter (sections 2.1 and 3)."""

FAST = Recipe(
    name="fast",
    components=20,
    layers=(64, 32),
    latent=4,
    bottleneck_activation="linear",
    learning_rate=0.003,
    schedule="cosine",
    batch_size=64,
    epochs=40,
    balanced=True,
)
"""A small network on principal components, its capacity kept in check: a minute instead of hours for an ensemble.
Longer training finds less: the network learns the oddities of its training split by heart."""

CONDITIONAL = replace(FAST, name="conditional", bottleneck_activation="relu", epochs=100, photometry=("bp_rp", "abs_g"))
"""The decoder is told the colour and brightness of the star: what does not go with them stands out."""

PCA = Recipe(name="pca", components=6, layers=(), latent=6, epochs=1, balanced=True)
"""Six principal components: the instant first look, and the rival of every network."""

RECIPES = {recipe.name: recipe for recipe in (PAPER, FAST, CONDITIONAL, PCA)}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name, or the one in the TOML file of that path.

    In a file, keys are the fields of Recipe; those that are absent have the values of the recipe that `like` names,
    or else the paper's.

    Raises
    ------
    CatalogError
        If there is no such recipe, or the file does not hold one; names the file and the key.
    """
    if name in RECIPES:
        return RECIPES[name]
    path = Path(name)
    if path.suffix != ".toml" and not path.is_file():
        raise CatalogError(f"no recipe {name}; there are {', '.join(RECIPES)}, or give a file: NAME.toml")
    try:
        values = tomllib.loads(path.read_text())
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # not TOML, or not text
        raise CatalogError(f"{path} is not a valid TOML file: {error}") from error
    try:
        return _recipe_of(values, path.stem)
    except CatalogError as error:
        raise CatalogError(f"{path}: {error}") from error


def _recipe_of(values: dict[str, Any], name: str) -> Recipe:
    like = values.pop("like", PAPER.name)
    if str(like) not in RECIPES:
        raise CatalogError(f"like = {like!r}: there are {', '.join(RECIPES)}")
    known = [field.name for field in fields(Recipe)]
    for key in values:
        if key not in known:
            raise CatalogError(f"no key {key} in a recipe; there are like, {', '.join(known)}")
    arrays = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
    return replace(RECIPES[like], **({"name": name} | values | arrays))


def to_toml(recipe: Recipe) -> str:
    """The recipe as a TOML file that `find_recipe` reads.

    Examples
    --------
    >>> print(to_toml(PCA).splitlines()[1])
    components = 6
    """
    lines = [f"{key} = {_toml(value)}" for key, value in asdict(recipe).items() if value is not None]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else repr(value)
