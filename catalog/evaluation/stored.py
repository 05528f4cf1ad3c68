"""What an evaluation reads: stored scores, the stars they belong to, and the spectra it needs again."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from catalog.autoencoder.recipe import Recipe
from catalog.database.connection import Connection, Database, array_rows, arrow
from catalog.database.names import find_scored, select
from catalog.database.records import Dataset, Ensemble, ModelVersion, Scope, Scored
from catalog.ensembles.registry import recipe_of
from catalog.evaluation.methods import SCORES
from catalog.spectra.blocks import SpectrumBlock, Window, usable_blocks, wavelength, window

SPECTRA_WITH_STARS = """
SELECT spectrum.spectrum_id, spectrum.star_id, cmd.mangaid, cmd.bp_rp, cmd.abs_g
FROM spectrum
JOIN cmd ON cmd.star_id = spectrum.star_id
WHERE spectrum.dataset_id = $dataset_id
ORDER BY spectrum.spectrum_id
"""

# A condition on the table `model_version`.
HAS_SCORED = """
ensemble_id = $ensemble_id AND status = 'trained' AND model_id IN (
    SELECT scored.model_id
    FROM reconstruction_error AS scored
    JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
    WHERE spectrum.dataset_id = $dataset_id
)
ORDER BY member
"""

SCORES_OF_MODEL = """
SELECT
    scored.spectrum_id,
    scored.error,
    scored.chi2,
    ranked.relative_error,
    ranked.isolation,
    star_role.role IS NOT DISTINCT FROM 'train' AS seen
FROM reconstruction_error AS scored
JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
LEFT JOIN score_rank AS ranked
    ON ranked.model_id = scored.model_id AND ranked.spectrum_id = scored.spectrum_id
LEFT JOIN star_role ON star_role.model_id = scored.model_id AND star_role.star_id = spectrum.star_id
WHERE scored.model_id = $model_id AND spectrum.dataset_id = $dataset_id
"""

LATENTS_OF_MODEL = """
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

    Attributes
    ----------
    ensemble, dataset : Ensemble, Dataset
        Which these are.
    recipe : Recipe
        Of the ensemble.
    pixels : Window
        That of the recipe.
    models : list of ModelVersion
        The trained models that have scored.
    spectrum_id : ndarray, (n,) int64
        Ascending, of the spectra with a score.
    star_id, mangaid : ndarray, (n,)
        Number and text.
    bp_rp, abs_g : ndarray, (n,) float64
        mag; NaN where unknown.
    error : ndarray, (n_model, n) float64
        NaN where a model has not scored a spectrum.
    scores : dict of ndarray
        The other scores, by the names in `methods.SCORES`, as `error`; NaN also where a spectrum has none.
    seen : ndarray, (n_model, n) bool
        Whether the model has seen the star in training.
    without_score : frozenset of str
        mangaid of the stars of which the dataset has spectra, but none with a score.
    """

    ensemble: Ensemble
    dataset: Dataset
    recipe: Recipe
    pixels: Window
    models: list[ModelVersion]
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


def read_scores(database: Database, scope: Scope) -> Stored:
    """The scores of an ensemble on a dataset.

    Raises CatalogError for unknown names, and if the ensemble has scored nothing, or several datasets and no name is
    given.
    """
    with database.read() as connection:
        found = find_scored(connection, scope)
        recipe = recipe_of(found.ensemble)
        pixels = window(wavelength(connection, found.dataset.dataset_id), recipe.window)
        stars = arrow(connection, SPECTRA_WITH_STARS, {"dataset_id": found.dataset.dataset_id})
        models = select(connection, ModelVersion, HAS_SCORED, found.ids)
        spectrum_id = stars["spectrum_id"].to_numpy()
        error, others, seen = _scores_of(connection, found, models, spectrum_id)
    scored = ~np.isnan(error).all(axis=0)
    mangaid = np.array(stars["mangaid"].to_pylist(), str)
    return Stored(
        ensemble=found.ensemble,
        dataset=found.dataset,
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


def latents(database: Database, stored: Stored, model: ModelVersion) -> tuple[np.ndarray, np.ndarray]:
    """Indices (k,) of the scored spectra that a model has scored, and their latent vectors (k, n_latent)."""
    parameters = {"model_id": model.model_id, "dataset_id": stored.dataset.dataset_id}
    with database.read() as connection:
        rows = arrow(connection, LATENTS_OF_MODEL, parameters)
    return np.searchsorted(stored.spectrum_id, rows["spectrum_id"].to_numpy()), array_rows(rows["latent"])


def training_split(database: Database, model_id: int) -> np.ndarray:
    """spectrum_id (n,) ascending of the training split of a model."""
    with database.read() as connection:
        return arrow(connection, TRAINING_SPLIT, {"model_id": model_id})["spectrum_id"].to_numpy()


def spectra_of(
    database: Database, dataset_id: int, pixels: Window, spectrum_id: np.ndarray, *, flux_only: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Flux and ivar of some spectra, in the order of their ids; all of them are held at once.

    Parameters
    ----------
    dataset_id : int
        Of the spectra.
    pixels : Window
        What is read of each.
    spectrum_id : ndarray, (n,) int64
        Ascending, of spectra that are usable in the window.
    flux_only : bool
        Leave ivar unread.

    Returns
    -------
    flux, ivar : ndarray, (n, n_pixel) float32
        ivar is empty, (0, n_pixel), if it was left unread.
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
    """The scored spectra of the dataset in blocks, flux only, each with its indices among them."""
    with database.read() as connection:
        for block in usable_blocks(connection, stored.dataset.dataset_id, stored.pixels, flux_only=True):
            scored = np.isin(block.spectrum_id, stored.spectrum_id)
            kept = SpectrumBlock(*(values[scored] for values in vars(block).values()))
            yield np.searchsorted(stored.spectrum_id, kept.spectrum_id), kept


def _scores_of(
    connection: Connection, scored: Scored, models: list[ModelVersion], spectrum_id: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """`error`, `scores` and `seen` of `Stored`, for all spectra of the dataset."""
    error = np.full((len(models), len(spectrum_id)), np.nan)
    others = {name: np.full(error.shape, np.nan) for name in SCORES}
    seen = np.zeros(error.shape, bool)
    for number, model in enumerate(models):
        parameters = {"model_id": model.model_id, "dataset_id": scored.dataset.dataset_id}
        rows = arrow(connection, SCORES_OF_MODEL, parameters)
        column = np.searchsorted(spectrum_id, rows["spectrum_id"].to_numpy())
        error[number, column] = rows["error"].to_numpy()
        for name, values in others.items():
            values[number, column] = _numbers(rows[name.replace(" ", "_")])
        seen[number, column] = rows["seen"].to_numpy()
    return error, others, seen


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return column.fill_null(np.nan).to_numpy().astype(np.float64)
