"""Reconstructions of spectra by the models of an ensemble (the paper's Figs. 5 to 12)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from astropy import units as u
from astropy.table import QTable

from catalog.autoencoder.model import Model, model_for
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.scoring import LARGEST_LOG_FLUX
from catalog.autoencoder.weights import load_each
from catalog.database.connection import Connection, Database, arrow
from catalog.database.meaning import MEANINGS
from catalog.database.names import find_models, find_scored
from catalog.database.records import Ensemble, ModelVersion, Scope, Visit
from catalog.ensembles.registry import recipe_of
from catalog.errors import CatalogError
from catalog.spectra.blocks import SpectrumBlock, Window, trained_wavelength, usable_blocks, window
from catalog.spectra.spectrum import find_spectrum

N_ROW = 128
"""Copies of the spectrum that a model is given at once. In single precision a sum depends on how many rows are summed
side by side; from about a hundred on it is what scoring, with its blocks of hundreds, came to."""

STORED_ERROR = """
SELECT stored.error, star_role.role
FROM reconstruction_error AS stored
LEFT JOIN star_role ON star_role.model_id = stored.model_id AND star_role.star_id = $star_id
WHERE stored.model_id = $model_id AND stored.spectrum_id = $spectrum_id
"""


def reconstruct(
    database: Database,
    mangaid: str,
    scope: Scope = Scope(),
    models: Sequence[str] | None = None,
    visit: Visit = Visit(),
) -> QTable:
    """A scored spectrum and its reconstruction by each model, in the window of the ensemble.

    Notes
    -----
    Columns wavelength (vacuum), flux, ivar and mask, and a column per model by its name: max flux F̂, in the unit of
    flux, so that mean(((MODEL1 - flux) / max(flux))²) is its stored error (Eq. 2), to single precision. `meta` is the
    row of the spectrum, with the names of ensemble and models, the window, and per model its stored `error` and `role`;
    the role is None where neither star was in its training dataset.
    """
    with database.read() as connection:
        scored = find_scored(connection, scope)
        ensemble = scored.ensemble
        spectrum = find_spectrum(connection, mangaid, scored.dataset, visit)
        recipe = recipe_of(ensemble)
        pixels = window(trained_wavelength(connection, ensemble), recipe.window)
        chosen = find_models(connection, ensemble, models)
        block = _block(connection, spectrum, ensemble, pixels)
        stored = {model.name: _stored_error(connection, spectrum, model, ensemble) for model in chosen}
    table = _table(block, pixels)
    maximum = block.flux.max().astype(np.float64)
    flux, photometry = (np.repeat(values, N_ROW, axis=0) for values in (block.flux, block.photometry))
    for model, reconstructions in log_reconstructions(database, recipe, chosen, flux, photometry):
        normalised = np.exp(np.minimum(reconstructions[0].astype(np.float64), LARGEST_LOG_FLUX))
        table[model.name] = maximum * normalised * table["flux"].unit
    table.meta = spectrum | {
        "ensemble": ensemble.name,
        "window": recipe.window,
        "models": list(stored),
        "error": {name: error for name, (error, _) in stored.items()},
        "role": {name: role for name, (_, role) in stored.items()},
    }
    return table


def log_reconstructions(
    database: Database, recipe: Recipe, models: Sequence[ModelVersion], flux: np.ndarray, photometry: np.ndarray
) -> Iterator[tuple[ModelVersion, np.ndarray]]:
    """Reconstructions of the same spectra by every model in turn.

    Parameters
    ----------
    database : Database
        Beside it lie the weights.
    recipe : Recipe
        Of the models' ensemble.
    models : sequence of ModelVersion
        Trained models of one ensemble.
    flux : ndarray, (n, n_pixel)
        Finite and > 0, in the window of the ensemble, in any unit.
    photometry : ndarray, (n, k)
        The columns of the view `cmd` that the recipe names, mag; NaN where unknown.

    Yields
    ------
    (ModelVersion, ndarray)
        A model and f̂ = ln F̂, (n, n_pixel) float32, F = flux / max flux.

    Raises
    ------
    CatalogError
        At its place, if weights are absent or were changed.
    """
    values = log_flux(flux)
    for model, network in each_network(database, recipe, flux.shape[1], models):
        yield model, network.reconstruct(values, photometry)[1]


def each_network(
    database: Database, recipe: Recipe, n_pixel: int, models: Sequence[ModelVersion]
) -> Iterator[tuple[ModelVersion, Model]]:
    """The models of an ensemble in turn, with their weights, which are read and verified ahead.

    Parameters
    ----------
    database : Database
        Beside it lie the weights.
    recipe : Recipe
        Of the models' ensemble.
    n_pixel : int
        Pixels of the window of the ensemble.
    models : sequence of ModelVersion
        Trained models of one ensemble.

    Yields
    ------
    (ModelVersion, Model)
        A row of `models`, and a model with its weights: the same object every time, which the next step gives other
        weights.

    Raises
    ------
    CatalogError
        At its place, if weights are absent or were changed.
    """
    network = model_for(recipe, n_pixel)
    weights = load_each(database.weights_of(model) for model in models)
    for model, loaded in zip(models, weights, strict=True):
        network.set_weights(loaded)
        yield model, network


def _block(connection: Connection, spectrum: dict[str, Any], ensemble: Ensemble, pixels: Window) -> SpectrumBlock:
    """The one spectrum as scoring reads it."""
    recipe = recipe_of(ensemble)
    condition = f"spectrum_id = {spectrum['spectrum_id']}"
    for block in usable_blocks(
        connection, spectrum["dataset_id"], pixels, condition=condition, photometry=recipe.photometry
    ):
        return block
    first, last = recipe.window or pixels.wavelength[[0, -1]]
    raise CatalogError(
        f"the spectrum of {spectrum['mangaid']} in {spectrum['dataset']} is not usable in the window of ensemble "
        f"{ensemble.name}, {first:.0f} to {last:.0f} Å: flux that is 0, negative or not finite; see spectrum.bad_run"
    )


def _stored_error(
    connection: Connection, spectrum: dict[str, Any], model: ModelVersion, ensemble: Ensemble
) -> tuple[float, str | None]:
    """Stored error, and the role of the star."""
    parameters = {key: spectrum[key] for key in ("star_id", "spectrum_id")} | {"model_id": model.model_id}
    found = arrow(connection, STORED_ERROR, parameters).to_pylist()
    if not found:
        raise CatalogError(
            f"{model.name} has not scored {spectrum['mangaid']}; "
            f"run: catalog score --dataset {spectrum['dataset']} --ensemble {ensemble.name}"
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
