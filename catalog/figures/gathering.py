"""What figures show, gathered from the database: a spectrum and what is known of it, errors of models, templates."""

from typing import Any

import numpy as np
from astropy.table import QTable, Table

from catalog.causes.likeness import Match, Template, Templates
from catalog.database.connection import Connection, Database, arrow
from catalog.database.listing import listing_of_scores
from catalog.database.names import find_ensemble, find_models
from catalog.database.records import Scored
from catalog.database.table import to_table
from catalog.errors import CatalogError
from catalog.spectra.spectrum import describe_spectrum, has_ivar, read_arrays

LOG_ERRORS_OF_MODEL = """
SELECT log10(scored.error) AS log10_error
FROM reconstruction_error AS scored
JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
WHERE scored.model_id = $model_id AND spectrum.dataset_id = $dataset_id AND scored.error > 0
ORDER BY scored.spectrum_id
"""

PERCENTILES_OF_MODELS = """
SELECT model, percentile_1, percentile_10, percentile_50, percentile_90, percentile_99
FROM error_percentile
WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id
ORDER BY model_id
"""


def spectrum_behind(database: Database, reconstructions: QTable) -> tuple[QTable, dict[str, Any]]:
    """The whole spectrum that was reconstructed, as `read_arrays` gives it, and its `describe_spectrum`.

    Parameters
    ----------
    database : Database
        Where it is.
    reconstructions : QTable
        As `reconstruct` gives them, with the row of the spectrum and the name of the ensemble in `meta`.
    """
    row = reconstructions.meta
    with database.read() as connection:
        known = describe_spectrum(connection, row, find_ensemble(connection, row["ensemble"]))
        return read_arrays(connection, row), known


def errors_of_models(connection: Connection, scored: Scored) -> tuple[dict[str, np.ndarray], Table]:
    """The errors of every model of an ensemble for a dataset.

    Returns
    -------
    errors : dict of str to ndarray
        log10 error of the spectra, (n_spectrum,), by the name of the model.
    percentiles : Table
        A row per model with its percentiles, and the names of ensemble and dataset in `meta`.
    """
    percentiles = arrow(connection, PERCENTILES_OF_MODELS, scored.ids)
    errors = {}
    for model in find_models(connection, scored.ensemble, percentiles["model"].to_pylist()):
        wanted = {"model_id": model.model_id, "dataset_id": scored.dataset.dataset_id}
        errors[model.name] = arrow(connection, LOG_ERRORS_OF_MODEL, wanted)["log10_error"].to_numpy()
    return errors, to_table(listing_of_scores(percentiles, scored))


def fitted_templates(stored: list[Template], spectrum: QTable) -> list[tuple[Match, np.ndarray]]:
    """Each template fitted to a spectrum, the best first, with its curve, (n_pixel,), NaN where it is not real.

    Raises CatalogError if there is no template to compare with.
    """
    templates = Templates(stored, spectrum["wavelength"].value)
    n_pixel = len(spectrum)
    ivar = spectrum["ivar"].value if has_ivar(spectrum) else np.full(n_pixel, np.nan)
    mask = np.asarray(spectrum["mask"]) if "mask" in spectrum.colnames else np.zeros(n_pixel, int)
    matches = templates.match(spectrum["flux"].value, ivar, mask)
    if not matches:
        raise CatalogError(
            f"no template to compare {spectrum.meta['mangaid']} with; "
            "add some with: catalog templates add FILE --library NAME"
        )
    return [(match, templates.curve(match)) for match in matches]
