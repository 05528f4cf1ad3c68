"""What an ensemble's models make of one spectrum (the paper's Figs. 5 to 12)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from astropy import units as u
from astropy.table import QTable

from catalog.autoencoder.model import model_for
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.scoring import LARGEST_LOG_FLUX
from catalog.autoencoder.weights import load_each
from catalog.database.connection import Database, arrow
from catalog.database.meaning import MEANINGS
from catalog.database.names import find_ensemble, find_scored_dataset
from catalog.ensembles.registry import find_models
from catalog.errors import CatalogError
from catalog.provenance import canonical_json
from catalog.spectra.blocks import SpectrumBlock, Window, trained_wavelength, usable_blocks, window
from catalog.spectra.spectrum import find_spectrum

N_ROW = 128
"""Copies of the spectrum that a model is given at once. In single precision a sum depends on how many rows are summed
side by side; from about a hundred on it is what scoring, with its blocks of hundreds, came to."""

SCORED = """
SELECT scored.error, star_role.role
FROM reconstruction_error AS scored
LEFT JOIN star_role ON star_role.model_id = scored.model_id AND star_role.star_id = $star_id
WHERE scored.model_id = $model_id AND scored.spectrum_id = $spectrum_id
"""


@dataclass(frozen=True)
class TrainedModels:
    """What an ensemble's models are made of again: its recipe and window, and the rows of the models."""

    recipe: Recipe
    pixels: Window
    models: list[sa.Row]


def reconstruct(
    database: Database,
    mangaid: str,
    dataset: str | None = None,
    ensemble: str | None = None,
    models: Sequence[str] | None = None,
    plate: int | None = None,
    mjd: int | None = None,
) -> QTable:
    """A scored spectrum and what each model makes of it, in the window of the ensemble.

    dataset : None: the only one that the ensemble scored; ensemble : None: the newest that has scored
    models : their names; None: all
    plate, mjd : the visit, where a star has several spectra in the dataset
    Columns wavelength (vacuum), flux, ivar and mask, and a column per model by its name: max flux F̂, in the unit of
    flux, so that mean(((MODEL1 - flux) / max(flux))²) is its stored error (Eq. 2), to single precision. `meta` is the
    row of the spectrum, with the names of ensemble and models, and per model its stored `error` and `role`, which is
    None where neither star was in its training dataset.
    Read-only. Raises CatalogError for unknown names, a spectrum that the models have not scored or cannot take, and
    weights that are absent or changed.
    """
    with database.read() as connection:
        row = find_ensemble(connection, ensemble, scored=True)
        found = find_scored_dataset(connection, row, dataset)
        spectrum = find_spectrum(connection, mangaid, found, plate, mjd)
        recipe = Recipe.from_json(canonical_json(row.recipe))
        pixels = window(trained_wavelength(connection, row), recipe.window)
        trained = TrainedModels(recipe, pixels, find_models(connection, row, models))
        block = _block(connection, spectrum, trained, row.name)
        scores = {model.name: _score(connection, spectrum, model, row.name) for model in trained.models}
    table = _table(block, pixels)
    maximum = block.flux.max().astype(np.float64)
    for name, reconstruction in _reconstructions(database, trained, block):
        table[name] = maximum * reconstruction * table["flux"].unit
    table.meta = spectrum | {
        "ensemble": row.name,
        "window": recipe.window,
        "models": list(scores),
        "error": {name: error for name, (error, _) in scores.items()},
        "role": {name: role for name, (_, role) in scores.items()},
    }
    return table


def _block(connection: sa.Connection, spectrum: dict, trained: TrainedModels, ensemble: str) -> SpectrumBlock:
    """The one spectrum as scoring reads it."""
    condition = f"spectrum_id = {spectrum['spectrum_id']}"
    for block in usable_blocks(
        connection, spectrum["dataset_id"], trained.pixels, condition=condition, photometry=trained.recipe.photometry
    ):
        return block
    first, last = trained.recipe.window or trained.pixels.wavelength[[0, -1]]
    raise CatalogError(
        f"the spectrum of {spectrum['mangaid']} in {spectrum['dataset']} is not usable in the window of ensemble "
        f"{ensemble}, {first:.0f} to {last:.0f} Å: flux that is 0, negative or not finite; see spectrum.bad_run"
    )


def _score(connection: sa.Connection, spectrum: dict, model: sa.Row, ensemble: str) -> tuple[float, str | None]:
    """Stored error, and the role of the star."""
    wanted = {key: spectrum[key] for key in ("star_id", "spectrum_id")} | {"model_id": model.model_id}
    found = arrow(connection, SCORED, wanted).to_pylist()
    if not found:
        raise CatalogError(
            f"{model.name} has not scored {spectrum['mangaid']}; "
            f"run: catalog score --dataset {spectrum['dataset']} --ensemble {ensemble}"
        )
    return found[0]["error"], found[0]["role"]


def _table(block: SpectrumBlock, pixels: Window) -> QTable:
    columns = {"wavelength": pixels.wavelength, "flux": block.flux[0], "ivar": block.ivar[0], "mask": block.mask[0]}
    return QTable(
        {
            name: values * u.Unit(MEANINGS[name].unit) if MEANINGS[name].unit else values
            for name, values in columns.items()
        }
    )


def _reconstructions(
    database: Database, trained: TrainedModels, block: SpectrumBlock
) -> Iterator[tuple[str, np.ndarray]]:
    """Name of each model, and its F̂, (n_pixel,) float64."""
    network = model_for(trained.recipe, len(trained.pixels.wavelength))
    values = np.repeat(log_flux(block.flux), N_ROW, axis=0)
    photometry = np.repeat(block.photometry, N_ROW, axis=0)
    weights = load_each(database.path, ((model.weights_file, model.weights_sha256) for model in trained.models))
    for model, loaded in zip(trained.models, weights, strict=True):
        network.set_weights(loaded)
        _, reconstruction = network.reconstruct(values, photometry)
        yield model.name, np.exp(np.minimum(reconstruction[0].astype(np.float64), LARGEST_LOG_FLUX))
