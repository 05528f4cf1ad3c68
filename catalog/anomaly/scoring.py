"""A dataset through an ensemble: errors and latent vectors as rows."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from catalog.anomaly.ranks import rank_pending
from catalog.autoencoder.model import Model
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.scoring import Observed, Scores, score
from catalog.autoencoder.weights import load_each
from catalog.database.connection import Connection, Database, append, array_column, arrow, scalar
from catalog.database.names import TRAINED, find_dataset, find_ensemble, select
from catalog.database.records import Dataset, Ensemble, ModelVersion
from catalog.database.sizes import N_LATENT
from catalog.ensembles.registry import recipe_of
from catalog.errors import CatalogError
from catalog.prefetch import prefetch
from catalog.progress import Progress, silent
from catalog.spectra.blocks import Window, trained_wavelength, usable_blocks, wavelength, window

PATIENCE = 600
"""Seconds to wait for somebody who is reading, before a computed result is given up."""

MODELS_AT_ONCE = 10
"""Whose weights are held together, so that a spectrum is read once for all: 84 MB for each of the paper's."""

BLOCKS_PER_PART = 16
"""Blocks of spectra after which what is done is committed, and others may have the file for a moment."""

MEMORY = "1GB"
"""For DuckDB, which would keep every array it has read; the models need theirs."""

SAME_GRID = 1e-9
"""Relative difference of wavelengths below which two grids are one."""

# A condition on rows of the table `spectrum`.
SCORED_BY_ALL = """spectrum_id IN (
    SELECT spectrum_id FROM reconstruction_error WHERE model_id IN ({models}) GROUP BY ALL HAVING count(*) = {n}
)"""

SCORED_BY_MODEL_NOT_ALL = """
SELECT spectrum_id FROM reconstruction_error WHERE NOT {scored_by_all} AND model_id = $model_id
"""

N_SCORED_BY_ALL = "SELECT count(*) FROM spectrum WHERE dataset_id = $dataset_id AND {scored_by_all}"

STILL_THERE = """
SELECT count(*) = 2
FROM (
    SELECT 1 FROM model_version WHERE model_id = $model_id AND weights_sha256 = $weights_sha256
    UNION ALL
    SELECT 1 FROM dataset WHERE dataset_id = $dataset_id AND name = $dataset
)
"""


@dataclass(frozen=True)
class ScoringResult:
    """What scoring a dataset did.

    Attributes
    ----------
    ensemble, dataset : str
    n_model : int
    n_spectrum : int
        Spectra of the dataset.
    n_usable : int
        Those of them that the ensemble's window can take.
    n_score : int
        Rows added to reconstruction_error, and to latent_vector.
    """

    ensemble: str
    dataset: str
    n_model: int
    n_spectrum: int
    n_usable: int
    n_score: int


def score_dataset(
    database: Database, dataset: str, ensemble: str | None = None, progress: Progress = silent
) -> ScoringResult:
    """Score the spectra of a dataset that a model has not scored yet, with every trained model of an ensemble.

    Notes
    -----
    Writes one transaction for every 16,384 spectra, with what all models say of them, and at last one with the ranks of
    all scores and the consensus; no view shows a score before.
    """
    with database.read() as connection:
        found = find_ensemble(connection, ensemble)
        target = find_dataset(connection, dataset)
        recipe = recipe_of(found)
        pixels = _shared_window(connection, found, target, recipe)
        models = select(connection, ModelVersion, TRAINED, {"ensemble_id": found.ensemble_id})
    if not models:
        raise CatalogError(f"ensemble {found.name} has no trained model; run its catalog train command again")
    network = Model(recipe, len(pixels.wavelength))
    n_score = n_usable = 0
    for start in range(0, len(models), MODELS_AT_ONCE):
        group = models[start : start + MODELS_AT_ONCE]
        added, n_usable = _score_with(database, network, group, target, pixels, progress)
        n_score += added
    with database.write(MEMORY, PATIENCE) as connection:
        rank_pending(connection, only=(found.ensemble_id, target.dataset_id))
    return ScoringResult(found.name, target.name, len(models), target.n_spectrum, n_usable, n_score)


def _score_with(
    database: Database,
    network: Model,
    models: Sequence[ModelVersion],
    dataset: Dataset,
    pixels: Window,
    progress: Progress,
) -> tuple[int, int]:
    """Rows added, and spectra of the dataset that all of these models have scored now."""
    members = _Members(database, models, network)
    n_score, more = 0, True
    while more:
        with database.write(MEMORY, PATIENCE, arrays=True) as connection:
            for model in models:
                _require_still_there(connection, model, dataset)
            added, n_usable, more = _score_part(connection, members, dataset, pixels, progress)
        n_score += added
    return n_score, n_usable


class _Members:
    """Models that score together.

    Iterating gives the model_id of each in turn, with its weights in the network; they are read the first time, the
    next model's while one computes.
    """

    def __init__(self, database: Database, models: Sequence[ModelVersion], network: Model) -> None:
        self.network = network
        self.ids = [model.model_id for model in models]
        self._placed: dict[int, list[Any]] = {}
        weights = load_each(database.weights_of(model) for model in models)
        self._unread = zip(self.ids, weights, strict=True)

    def __iter__(self) -> Iterator[int]:
        for model_id, placed in list(self._placed.items()):
            self.network.set_weights(placed)
            yield model_id
        for model_id, weights in self._unread:
            self._placed[model_id] = self.network.place(weights)
            self.network.set_weights(self._placed[model_id])
            yield model_id


def _require_still_there(connection: Connection, model: ModelVersion, dataset: Dataset) -> None:
    """Raise CatalogError if model or dataset were removed since they were looked up; their ids may be others' now."""
    parameters = {
        "model_id": model.model_id,
        "weights_sha256": model.weights_sha256,
        "dataset_id": dataset.dataset_id,
        "dataset": dataset.name,
    }
    if not scalar(connection, STILL_THERE, parameters):
        raise CatalogError(f"{model.name} or dataset {dataset.name} was removed meanwhile; run the command again")


def _score_part(
    connection: Connection, members: _Members, dataset: Dataset, pixels: Window, progress: Progress
) -> tuple[int, int, bool]:
    """Score some of the spectra that not all members have scored.

    Returns the rows added, the spectra of the dataset that all members have scored now, and whether there may be more.
    """
    complete = SCORED_BY_ALL.format(models=", ".join(map(str, members.ids)), n=len(members.ids))
    scored = _scored_by_some(connection, members.ids, complete)
    counted = N_SCORED_BY_ALL.format(scored_by_all=complete)
    n_done = int(scalar(connection, counted, {"dataset_id": dataset.dataset_id}))
    added = 0
    waiting = usable_blocks(
        connection,
        dataset.dataset_id,
        pixels,
        condition=f"NOT {complete}",
        photometry=members.network.recipe.photometry,
    )
    with closing(prefetch(waiting)) as blocks:
        for number, block in enumerate(blocks, start=1):
            spectra = Observed.of(block.flux, block.ivar, block.mask, block.photometry)
            parts = []
            for model_id in members:
                new = ~np.isin(block.spectrum_id, scored[model_id])
                parts.append((model_id, block.spectrum_id[new], score(members.network, spectra).of(new)))
            added += _append(connection, parts)
            n_done += len(block.spectrum_id)
            progress(dataset.name, n_done, dataset.n_spectrum)
            if number == BLOCKS_PER_PART:
                return added, n_done, True
    return added, n_done, False


def _scored_by_some(connection: Connection, models: list[int], complete: str) -> dict[int, np.ndarray]:
    """By model_id, the spectra that this member has scored and another has not: a few, after an older version."""
    statement = SCORED_BY_MODEL_NOT_ALL.format(scored_by_all=complete)
    return {
        model_id: arrow(connection, statement, {"model_id": model_id})["spectrum_id"].to_numpy() for model_id in models
    }


def _append(connection: Connection, parts: list[tuple[int, np.ndarray, Scores]]) -> int:
    """Add what models (model_id) say of spectra (spectrum_id); returns how many rows."""
    keys = {
        "model_id": pa.array(np.concatenate([np.full(len(ids), model_id) for model_id, ids, _ in parts])),
        "spectrum_id": pa.array(np.concatenate([ids for _, ids, _ in parts])),
    }
    error, chi2, latent = (
        np.concatenate([getattr(scores, name) for *_, scores in parts]) for name in ("error", "chi2", "latent")
    )
    said = {"error": pa.array(error), "chi2": pa.array(chi2, mask=np.isnan(chi2))}
    append(connection, "reconstruction_error", pa.table(keys | said))
    append(connection, "latent_vector", pa.table(keys | {"latent": array_column(padded(latent))}))
    return len(error)


def padded(latent: np.ndarray) -> np.ndarray:
    """Latent vectors (n, n_latent) as they are stored, (n, 10): a recipe with fewer leaves 0, which moves nothing."""
    stored = np.zeros((len(latent), N_LATENT), np.float32)
    stored[:, : latent.shape[1]] = latent
    return stored


def _shared_window(connection: Connection, ensemble: Ensemble, dataset: Dataset, recipe: Recipe) -> Window:
    trained_on = trained_wavelength(connection, ensemble)
    scored_on = wavelength(connection, dataset.dataset_id)
    if trained_on.shape != scored_on.shape or not np.allclose(trained_on, scored_on, rtol=SAME_GRID, atol=0):
        raise CatalogError(
            f"dataset {dataset.name} lies on another wavelength grid than the spectra ensemble {ensemble.name} "
            "was trained on; train an ensemble on its grid"
        )
    return window(trained_on, recipe.window)
