"""What an evaluation reads: stored scores, the stars they belong to, and the spectra it needs again."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from catalog.autoencoder.recipe import Recipe
from catalog.database.connection import Database, array_rows, arrow
from catalog.database.names import find_ensemble, find_scored_dataset
from catalog.evaluation.methods import SCORES
from catalog.provenance import canonical_json
from catalog.spectra.blocks import SpectrumBlock, Window, usable_blocks, wavelength, window

STARS = """
SELECT spectrum.spectrum_id, spectrum.star_id, cmd.mangaid, cmd.bp_rp, cmd.abs_g
FROM spectrum
JOIN cmd ON cmd.star_id = spectrum.star_id
WHERE spectrum.dataset_id = $dataset_id
ORDER BY spectrum.spectrum_id
"""

MODELS = """
SELECT model.model_id, model.member, model.name, model.weights_file, model.weights_sha256
FROM model_version AS model
WHERE model.ensemble_id = $ensemble_id AND model.status = 'trained' AND model.model_id IN (
    SELECT scored.model_id
    FROM reconstruction_error AS scored
    JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
    WHERE spectrum.dataset_id = $dataset_id
)
ORDER BY model.member
"""

ERRORS = """
SELECT
    scored.spectrum_id,
    scored.error,
    scored.chi2,
    standing.relative_error,
    standing.isolation,
    star_role.role IS NOT DISTINCT FROM 'train' AS seen
FROM reconstruction_error AS scored
JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
LEFT JOIN score_rank AS standing
    ON standing.model_id = scored.model_id AND standing.spectrum_id = scored.spectrum_id
LEFT JOIN star_role ON star_role.model_id = scored.model_id AND star_role.star_id = spectrum.star_id
WHERE scored.model_id = $model_id AND spectrum.dataset_id = $dataset_id
"""

LATENT = """
SELECT latent.spectrum_id, latent.latent
FROM latent_vector AS latent
JOIN spectrum ON spectrum.spectrum_id = latent.spectrum_id
WHERE latent.model_id = $model_id AND spectrum.dataset_id = $dataset_id
ORDER BY latent.spectrum_id
"""

TRAINING_SPLIT = """
SELECT spectrum_id FROM training_split WHERE model_id = $model_id AND role = 'train' ORDER BY spectrum_id
"""


@dataclass(frozen=True)
class Stored:
    """The scores of an ensemble on a dataset.

    models : rows of model_version, the trained models that have scored
    pixels : the window of the ensemble's recipe
    spectrum_id : (n,) int64 ascending, of the spectra with a score
    star_id, mangaid, bp_rp, abs_g : (n,) number, text, mag, mag; NaN where unknown
    error : (n_model, n) float64, NaN where a model has not scored a spectrum
    scores : the other scores, by the names in `methods.SCORES`, as `error`; NaN as well where there is none
    seen : (n_model, n) bool, whether the model has seen the star in training
    without_score : mangaid of the stars of which the dataset has spectra, but none with a score
    """

    ensemble: sa.Row
    dataset: sa.Row
    recipe: Recipe
    pixels: Window
    models: list[dict]
    spectrum_id: np.ndarray
    star_id: np.ndarray
    mangaid: np.ndarray
    bp_rp: np.ndarray
    abs_g: np.ndarray
    error: np.ndarray
    scores: dict[str, np.ndarray]
    seen: np.ndarray
    without_score: frozenset[str]

    @property
    def photometry(self) -> np.ndarray:
        """(n, k) mag, what the recipe's decoder is told of the stars; NaN where unknown."""
        known = {"bp_rp": self.bp_rp, "abs_g": self.abs_g}
        columns = [known[name] for name in self.recipe.photometry]
        return np.column_stack(columns) if columns else np.zeros((len(self.spectrum_id), 0))


def read_scores(database: Database, dataset: str | None, ensemble: str | None) -> Stored:
    """The scores of an ensemble on a dataset; None: the newest that has scored, the only one it has scored.

    Read-only. Raises CatalogError for unknown names and where nothing is scored yet.
    """
    with database.read() as connection:
        row = find_ensemble(connection, ensemble, scored=True)
        found = find_scored_dataset(connection, row, dataset)
        recipe = Recipe.from_json(canonical_json(row.recipe))
        pixels = window(wavelength(connection, found.dataset_id), recipe.window)
        stars = arrow(connection, STARS, {"dataset_id": found.dataset_id})
        known = {"ensemble_id": row.ensemble_id, "dataset_id": found.dataset_id}
        models = arrow(connection, MODELS, known).to_pylist()
        spectrum_id = stars["spectrum_id"].to_numpy()
        error = np.full((len(models), len(spectrum_id)), np.nan)
        others = {name: np.full(error.shape, np.nan) for name in SCORES}
        seen = np.zeros(error.shape, bool)
        for number, model in enumerate(models):
            asked = {"model_id": model["model_id"], "dataset_id": found.dataset_id}
            scores = arrow(connection, ERRORS, asked)
            column = np.searchsorted(spectrum_id, scores["spectrum_id"].to_numpy())
            error[number, column] = scores["error"].to_numpy()
            for name, values in others.items():
                values[number, column] = _numbers(scores[name.replace(" ", "_")])
            seen[number, column] = scores["seen"].to_numpy()
    scored = ~np.isnan(error).all(axis=0)
    mangaid = np.array(stars["mangaid"].to_pylist(), str)
    return Stored(
        ensemble=row,
        dataset=found,
        recipe=recipe,
        pixels=pixels,
        models=models,
        spectrum_id=spectrum_id[scored],
        star_id=stars["star_id"].to_numpy()[scored],
        mangaid=mangaid[scored],
        bp_rp=_numbers(stars["bp_rp"])[scored],
        abs_g=_numbers(stars["abs_g"])[scored],
        error=error[:, scored],
        scores={name: values[:, scored] for name, values in others.items()},
        seen=seen[:, scored],
        without_score=frozenset(mangaid[~scored].tolist()) - frozenset(mangaid[scored].tolist()),
    )


def latents(database: Database, stored: Stored, model: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (k,) of the scored spectra that a model has scored, and their latent vectors (k, n_latent).

    model : number among the stored models
    Read-only.
    """
    asked = {"model_id": stored.models[model]["model_id"], "dataset_id": stored.dataset.dataset_id}
    with database.read() as connection:
        rows = arrow(connection, LATENT, asked)
    return np.searchsorted(stored.spectrum_id, rows["spectrum_id"].to_numpy()), array_rows(rows["latent"])


def training_split(database: Database, model_id: int) -> np.ndarray:
    """spectrum_id (n,) ascending of the training split of a model. Read-only."""
    with database.read() as connection:
        return arrow(connection, TRAINING_SPLIT, {"model_id": model_id})["spectrum_id"].to_numpy()


def spectra_of(
    database: Database, dataset_id: int, pixels: Window, spectrum_id: np.ndarray, *, flux_only: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Flux and ivar of some spectra, (n, n_pixel) float32 each, in the order of their ids.

    spectrum_id : (n,) ascending, of spectra that are usable in the window
    flux_only : leave ivar unread; it is then empty, (0, n_pixel)
    Holds all of them at once. Read-only.
    """
    flux = np.empty((len(spectrum_id), len(pixels.wavelength)), np.float32)
    ivar = np.empty((0 if flux_only else len(flux), flux.shape[1]), np.float32)
    with database.read() as connection:
        condition = f"spectrum_id IN ({', '.join(map(str, spectrum_id.tolist()))})"
        for block in usable_blocks(connection, dataset_id, pixels, condition=condition, flux_only=flux_only):
            row = np.searchsorted(spectrum_id, block.spectrum_id)
            flux[row] = block.flux
            if not flux_only:
                ivar[row] = block.ivar
    return flux, ivar


def scored_blocks(database: Database, stored: Stored) -> Iterator[tuple[np.ndarray, SpectrumBlock]]:
    """The scored spectra of the dataset in blocks, flux only, each with its indices among them. Read-only."""
    with database.read() as connection:
        for block in usable_blocks(connection, stored.dataset.dataset_id, stored.pixels, flux_only=True):
            scored = np.isin(block.spectrum_id, stored.spectrum_id)
            kept = SpectrumBlock(*(values[scored] for values in vars(block).values()))
            yield np.searchsorted(stored.spectrum_id, kept.spectrum_id), kept


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return column.fill_null(np.nan).to_numpy().astype(np.float64)
