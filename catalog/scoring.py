"""A dataset through an ensemble: errors and latent vectors as rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from catalog.ahead import ahead
from catalog.autoencoder.model import Model
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.scoring import Scores, score
from catalog.autoencoder.weights import load_weights
from catalog.database import schema
from catalog.database.connection import Database, append, array_column
from catalog.database.names import find_dataset, find_ensemble
from catalog.errors import CatalogError
from catalog.spectra import Window, trained_wavelength, usable_blocks, wavelength, window
from catalog.standing import stand_scores, stand_the_rest

PATIENCE = 600
"""Seconds to wait for somebody who is reading, before a computed result is given up."""

SAME_GRID = 1e-9
"""Relative difference of wavelengths below which two grids are one."""


@dataclass(frozen=True)
class Scored:
    """What scoring a dataset did.

    n_usable : spectra of the dataset that the ensemble's window can take, of n_spectrum
    n_score : rows added to reconstruction_error, and to latent_vector
    """

    ensemble: str
    dataset: str
    n_model: int
    n_spectrum: int
    n_usable: int
    n_score: int


Progress = Callable[[str, int, int], None]
"""Called with a model's name, spectra read so far, and spectra of the dataset."""


def score_dataset(
    database: Database,
    dataset: str,
    ensemble: str | None = None,
    progress: Progress = lambda model, done, total: None,
) -> Scored:
    """Score the spectra of a dataset that a model has not scored yet, with every trained model of an ensemble.

    ensemble : its name; None: the newest
    Writes one transaction per model, with where its scores stand, and one with the consensus. Raises CatalogError for
    unknown names, an ensemble without trained models, a dataset on another wavelength grid, or weights that are absent
    or changed.
    """
    with database.read() as connection:
        row = find_ensemble(connection, ensemble)
        target = find_dataset(connection, dataset)
        recipe = Recipe.from_json(_json_text(connection, row.ensemble_id))
        pixels = _shared_window(connection, row, target, recipe)
        model = schema.model_version
        models = connection.execute(
            sa.select(model)
            .where(model.c.ensemble_id == row.ensemble_id, model.c.status == "trained")
            .order_by(model.c.member)
        ).all()
    if not models:
        raise CatalogError(f"ensemble {row.name} has no trained model; run its catalog train command again")
    network = Model(recipe, len(pixels.wavelength))
    n_score = n_usable = 0
    weights = ahead(load_weights(database.path, of.weights_file, of.weights_sha256) for of in models)
    for trained, values in zip(models, weights, strict=True):
        network.set_weights(values)
        with database.write(patience=PATIENCE) as connection:
            _require_still_there(connection, trained, target)
            added, n_usable = _score_with(connection, network, trained, target, pixels, progress)
            if added:
                stand_scores(connection, trained.model_id, target.dataset_id)
        n_score += added
    with database.write(patience=PATIENCE) as connection:
        stand_the_rest(connection, only=(row.ensemble_id, target.dataset_id))
    return Scored(row.name, target.name, len(models), target.n_spectrum, n_usable, n_score)


def _require_still_there(connection: sa.Connection, model: sa.Row, dataset: sa.Row) -> None:
    """Raise CatalogError if model or dataset were removed since they were looked up; their ids may be others' now."""
    there = connection.execute(
        sa.select(schema.model_version.c.weights_sha256).where(schema.model_version.c.model_id == model.model_id)
    ).scalar()
    name = connection.execute(
        sa.select(schema.dataset.c.name).where(schema.dataset.c.dataset_id == dataset.dataset_id)
    ).scalar()
    if there != model.weights_sha256 or name != dataset.name:
        raise CatalogError(f"{model.name} or dataset {dataset.name} was removed meanwhile; run the command again")


def _score_with(
    connection: sa.Connection,
    network: Model,
    model: sa.Row,
    dataset: sa.Row,
    pixels: Window,
    progress: Progress,
) -> tuple[int, int]:
    """Rows added, and spectra of the dataset that the model has scored now."""
    scored_already = f"spectrum_id IN (SELECT spectrum_id FROM reconstruction_error WHERE model_id = {model.model_id})"
    before = _count(connection, dataset, scored_already)
    added = 0
    waiting = usable_blocks(
        connection,
        dataset.dataset_id,
        pixels,
        condition=f"NOT {scored_already}",
        photometry=network.recipe.photometry,
    )
    for block in ahead(waiting):
        scores = score(network, block.flux, block.ivar, block.mask, block.photometry)
        _append(connection, model.model_id, block.spectrum_id, scores)
        added += len(block.spectrum_id)
        progress(model.name, before + added, dataset.n_spectrum)
    return added, before + added


def _append(connection: sa.Connection, model_id: int, spectrum_id: np.ndarray, scores: Scores) -> None:
    keys = {"model_id": pa.array(np.full(len(spectrum_id), model_id)), "spectrum_id": pa.array(spectrum_id)}
    chi2 = pa.array(scores.chi2, mask=np.isnan(scores.chi2))
    append(
        connection,
        schema.reconstruction_error,
        pa.table(keys | {"error": pa.array(scores.error), "chi2": chi2}),
    )
    append(connection, schema.latent_vector, pa.table(keys | {"latent": array_column(padded(scores.latent))}))


def padded(latent: np.ndarray) -> np.ndarray:
    """Latent vectors (n, n_latent) as they are stored, (n, 10): a recipe with fewer leaves 0, which moves nothing.

    Read-only.
    """
    stored = np.zeros((len(latent), schema.N_LATENT), np.float32)
    stored[:, : latent.shape[1]] = latent
    return stored


def _count(connection: sa.Connection, dataset: sa.Row, condition: str) -> int:
    statement = f"SELECT count(*) FROM spectrum WHERE dataset_id = $dataset_id AND {condition}"
    return int(connection.exec_driver_sql(statement, {"dataset_id": dataset.dataset_id}).scalar() or 0)


def _json_text(connection: sa.Connection, ensemble_id: int) -> str:
    column = sa.cast(schema.ensemble.c.recipe, sa.String)
    return str(connection.execute(sa.select(column).where(schema.ensemble.c.ensemble_id == ensemble_id)).scalar_one())


def _shared_window(connection: sa.Connection, ensemble: sa.Row, dataset: sa.Row, recipe: Recipe) -> Window:
    trained_on = trained_wavelength(connection, ensemble)
    scored_on = wavelength(connection, dataset.dataset_id)
    if trained_on.shape != scored_on.shape or not np.allclose(trained_on, scored_on, rtol=SAME_GRID, atol=0):
        raise CatalogError(
            f"dataset {dataset.name} lies on another wavelength grid than the spectra ensemble {ensemble.name} "
            "was trained on; train an ensemble on its grid"
        )
    return window(trained_on, recipe.window)
