"""An ensemble as rows: its recipe, its members with their seeds, and which spectra each of them is to see."""

from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa

from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.recipes import RECIPES
from catalog.database.connection import Connection, Database, append, arrow, insert, next_id
from catalog.database.names import find_dataset, select
from catalog.database.records import Ensemble, ModelVersion
from catalog.ensembles.registry import recipe_of
from catalog.ensembles.splits import balanced_splits, random_split
from catalog.errors import CatalogError
from catalog.provenance import canonical_json, utc_now
from catalog.spectra.blocks import usable_blocks, wavelength, window
from catalog.spectra.windows import widest_windows
from catalog.version import code_version

FEWEST_SPECTRA = 10
KEEP = 0.9
"""Fraction of a dataset that the window keeps which is named when there are too few spectra."""

MEMBERS_OF_ENSEMBLE = "ensemble_id = $ensemble_id ORDER BY member"

PLANNED_SPECTRA = """
SELECT training_split.spectrum_id
FROM training_split
JOIN model_version ON model_version.model_id = training_split.model_id
WHERE model_version.ensemble_id = $ensemble_id AND model_version.member = 1
ORDER BY training_split.spectrum_id
"""

STARS_OF_SPECTRA = "SELECT spectrum_id, star_id FROM spectrum ORDER BY spectrum_id"


@dataclass(frozen=True)
class Member:
    """A model still to be trained.

    Attributes
    ----------
    model_id : int
        Key of the table `model_version`.
    number : int
        From 1; it is called MODEL1.
    seed : int
        From which its training draws all that is random, save balanced splits.
    """

    model_id: int
    number: int
    seed: int


@dataclass(frozen=True)
class Plan:
    """An ensemble with its splits chosen.

    Attributes
    ----------
    ensemble_id : int
        Key of the table `ensemble`.
    name : str
        Of the ensemble.
    dataset_id : int
        Key of the table `dataset`.
    recipe : Recipe
        How its models are trained.
    n_model : int
        Models of the ensemble, trained or not.
    n_spectrum : int
        Spectra that each of them splits.
    untrained : list of Member
        The models that are to be trained now.
    """

    ensemble_id: int
    name: str
    dataset_id: int
    recipe: Recipe
    n_model: int
    n_spectrum: int
    untrained: list[Member]


def plan_ensemble(database: Database, dataset: str, recipe: Recipe, n_model: int, name: str | None = None) -> Plan:
    """Find or make the ensemble and its members up to `n_model`, each with its seed and split.

    Writes in one transaction.

    Parameters
    ----------
    database : Database
        The catalog.
    dataset : str
        Name of the dataset to train on.
    recipe : Recipe
        How the models are to be trained.
    n_model : int
        Members that the ensemble is to have at least.
    name : str, optional
        Of the ensemble; None: one made of the names of recipe and dataset.

    Raises
    ------
    CatalogError
        If the dataset is unknown or has too few usable spectra, if the name stands for another recipe or dataset, or
        if a balanced ensemble is to be extended.
    """
    if n_model < 1:
        raise CatalogError(f"{n_model} models: give at least 1")
    name = name or _default_name(recipe, dataset)
    try:
        with database.write() as connection:
            ensemble_id, dataset_id = _find_or_make(connection, dataset, recipe, n_model, name)
            members = members_of(connection, ensemble_id)
            n_spectrum = len(planned_spectra(connection, ensemble_id))
    except _TooFewError as too_few:
        raise CatalogError(_advice(database, dataset, recipe, too_few.n_usable)) from None
    waiting = [
        Member(member.model_id, member.member, member.seed)
        for member in members
        if member.status == "planned" and member.member <= n_model
    ]
    return Plan(ensemble_id, name, dataset_id, recipe, len(members), n_spectrum, waiting)


def members_of(connection: Connection, ensemble_id: int) -> list[ModelVersion]:
    """All models of an ensemble, trained or not, by their number."""
    return select(connection, ModelVersion, MEMBERS_OF_ENSEMBLE, {"ensemble_id": ensemble_id})


def planned_spectra(connection: Connection, ensemble_id: int) -> np.ndarray:
    """Ids, (n,) int64, of the spectra that the members of an ensemble split among themselves, ascending."""
    rows = arrow(connection, PLANNED_SPECTRA, {"ensemble_id": ensemble_id})
    ids: np.ndarray = rows["spectrum_id"].to_numpy()
    return ids


class _TooFewError(Exception):
    """Leaves the transaction, so that the dataset can be looked at again."""

    def __init__(self, n_usable: int) -> None:
        self.n_usable = n_usable


def _find_or_make(connection: Connection, dataset: str, recipe: Recipe, n_model: int, name: str) -> tuple[int, int]:
    """Ids of the ensemble, which now has `n_model` members or more, and of its dataset."""
    dataset_id = find_dataset(connection, dataset).dataset_id
    found = select(connection, Ensemble, "name = $name", {"name": name})
    if found:
        (ensemble,) = found
        if recipe_of(ensemble) != recipe or ensemble.dataset_id != dataset_id:
            raise CatalogError(f"ensemble {name} was made with another recipe, seed or dataset; choose another --name")
        ensemble_id = ensemble.ensemble_id
        spectrum_id = planned_spectra(connection, ensemble_id)
        n_existing = len(members_of(connection, ensemble_id))
    else:
        spectrum_id = _usable(connection, dataset_id, recipe)
        if len(spectrum_id) < FEWEST_SPECTRA:
            raise _TooFewError(len(spectrum_id))
        ensemble_id = _insert_ensemble(connection, name, dataset_id, recipe, len(spectrum_id))
        n_existing = 0
    if n_model > n_existing:
        _plan_members(connection, ensemble_id, n_existing, n_model, recipe, spectrum_id)
    return ensemble_id, dataset_id


def _default_name(recipe: Recipe, dataset: str) -> str:
    changed = recipe != RECIPES.get(recipe.name)
    return f"{recipe.name}-{dataset}" + (f"-{recipe.sha256[:6]}" if changed else "")


def _window_text(recipe: Recipe) -> str:
    return f"from {recipe.window[0]:g} to {recipe.window[1]:g} Å" if recipe.window else "over the full range"


def _usable(connection: Connection, dataset_id: int, recipe: Recipe) -> np.ndarray:
    """Ids of the spectra usable in the recipe's window, ascending."""
    pixels = window(wavelength(connection, dataset_id), recipe.window)
    found = [block.spectrum_id for block in usable_blocks(connection, dataset_id, pixels, flux_only=True)]
    return np.sort(np.concatenate([np.empty(0, np.int64), *found]))


def _advice(database: Database, dataset: str, recipe: Recipe, n_usable: int) -> str:
    """How many spectra there are, and which window would keep more."""
    needed = f"{recipe.components} components and " if recipe.components else ""
    advice = "give a narrower --window LO HI"
    found = widest_windows(database, dataset, [KEEP])
    if len(found) > 1 and found[-1].n_usable > n_usable:
        lo, hi = found[-1].limits
        advice = f"--window {lo:g} {hi:g} keeps {found[-1].n_usable}"
    return (
        f"dataset {dataset} has {n_usable} spectra usable {_window_text(recipe)}, too few for {needed}a split of "
        f"{recipe.split[0]} : {recipe.split[1]}; {advice}"
    )


def _insert_ensemble(connection: Connection, name: str, dataset_id: int, recipe: Recipe, n_spectrum: int) -> int:
    ensemble_id = next_id(connection, "ensemble", "ensemble_id")
    row = {
        "ensemble_id": ensemble_id,
        "name": name,
        "dataset_id": dataset_id,
        "n_spectrum": n_spectrum,
        "recipe": canonical_json(asdict(recipe)),
        "recipe_sha256": recipe.sha256,
        "created_at": utc_now(),
        "code_version": code_version(),
    }
    insert(connection, "ensemble", row)
    return ensemble_id


def _plan_members(
    connection: Connection, ensemble_id: int, first: int, n_model: int, recipe: Recipe, spectrum_id: np.ndarray
) -> None:
    """Members behind the `first` that there are, each with its split of the spectra."""
    star = _stars(connection, spectrum_id)
    if recipe.balanced:
        if first:
            raise CatalogError(
                f"the splits of this ensemble's {first} models are balanced among them, more cannot join; "
                "train all of them under another --name"
            )
        splits = balanced_splits(star, n_model, recipe)
    seeds = [int(np.random.SeedSequence([recipe.seed, number]).generate_state(1)[0]) for number in range(n_model + 1)]
    for number in range(first + 1, n_model + 1):
        in_training = splits[number - 1] if recipe.balanced else random_split(star, recipe, seeds[number])
        if in_training.sum() <= recipe.components:
            raise _TooFewError(len(spectrum_id))
        _insert_member(connection, ensemble_id, number, seeds[number], spectrum_id, in_training)


def _insert_member(
    connection: Connection,
    ensemble_id: int,
    number: int,
    seed: int,
    spectrum_id: np.ndarray,
    in_training: np.ndarray,
) -> None:
    n_train = int(in_training.sum())
    model_id = next_id(connection, "model_version", "model_id")
    row = {
        "model_id": model_id,
        "ensemble_id": ensemble_id,
        "member": number,
        "name": f"MODEL{number}",
        "seed": seed,
        "n_train": n_train,
        "n_validation": len(spectrum_id) - n_train,
        "status": "planned",
    }
    insert(connection, "model_version", row)
    split = {
        "model_id": pa.array(np.full(len(spectrum_id), model_id)),
        "spectrum_id": pa.array(spectrum_id),
        "role": pa.array(np.where(in_training, "train", "validation")),
    }
    append(connection, "training_split", pa.table(split))


def _stars(connection: Connection, spectrum_id: np.ndarray) -> np.ndarray:
    """(n,) star_id of spectra."""
    known = arrow(connection, STARS_OF_SPECTRA)
    row = np.searchsorted(known["spectrum_id"].to_numpy(), spectrum_id)
    star: np.ndarray = known["star_id"].to_numpy()[row]
    return star
