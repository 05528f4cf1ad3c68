"""The dataset that spectra of a file belong to, and its wavelength grid."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from catalog.database.connection import Connection, append, insert, next_id
from catalog.database.names import select
from catalog.database.records import Dataset
from catalog.database.sizes import N_PIXEL
from catalog.errors import CatalogError
from catalog.surveys.product import MOCK, DatasetOrigin, SurveyProduct


def dataset_of(
    connection: Connection, path: Path, product: SurveyProduct, origin: DatasetOrigin, wavelength: np.ndarray
) -> int:
    """The id of the dataset of a file's spectra, made with its grid if it is new.

    Writes inside the connection's transaction.

    Parameters
    ----------
    connection : Connection
        Opened for writing.
    path : Path
        The file, for messages.
    product : SurveyProduct
        What kind of file it is.
    origin : DatasetOrigin
        Name and origin of the dataset that its spectra belong to.
    wavelength : ndarray, (n_pixel,) float64
        Vacuum Angstrom.

    Raises
    ------
    CatalogError
        If the file does not belong in the dataset.
    """
    if len(wavelength) != N_PIXEL:
        raise CatalogError(f"{path}: its spectra have {len(wavelength)} pixels; a catalog holds spectra of {N_PIXEL}")
    grid_id = grid_of(connection, wavelength)
    found = select(connection, Dataset, "name = $name", {"name": origin.name})
    if not found:
        dataset_id = next_id(connection, "dataset", "dataset_id")
        row = {
            "dataset_id": dataset_id,
            "name": origin.name,
            "survey": origin.survey,
            "release": origin.release,
            "product": product.name,
            "lsf_percentile": origin.lsf_percentile,
            "grid_id": grid_id,
            "n_spectrum": 0,
            "n_usable": 0,
        }
        insert(connection, "dataset", row)
        return dataset_id
    (existing,) = found
    if existing.grid_id != grid_id:
        raise CatalogError(
            f"{path} lies on another wavelength grid than dataset {origin.name}; give another --dataset NAME"
        )
    if MOCK in (existing.release, origin.release) and existing.release != origin.release:
        raise CatalogError(
            f"{path} is of release {origin.release}, dataset {origin.name} of {existing.release}; keep mock and "
            "real spectra in databases of their own"
        )
    if (existing.product, existing.lsf_percentile) != (product.name, origin.lsf_percentile):
        raise CatalogError(
            f"{path} is {product.name} at resolution percentile {origin.lsf_percentile}, dataset "
            f"{origin.name} is {existing.product} at {existing.lsf_percentile}; give another --dataset NAME"
        )
    return existing.dataset_id


def grid_of(connection: Connection, wavelength: np.ndarray) -> int:
    """The id of a wavelength grid, (n_pixel,) vacuum Angstrom, added if it is new.

    Writes inside the connection's transaction.
    """
    for grid_id, known in connection.execute("SELECT grid_id, wavelength FROM wavelength_grid").fetchall():
        if np.array_equal(np.asarray(known), wavelength):
            return int(grid_id)
    grid_id = next_id(connection, "wavelength_grid", "grid_id")
    log10 = np.log10(wavelength)
    row = {
        "grid_id": [grid_id],
        "n_pixel": [len(wavelength)],
        "log10_start": [float(log10[0])],
        "log10_step": [float(np.mean(np.diff(log10)))],
        "wavelength": [wavelength],
    }
    append(connection, "wavelength_grid", pa.table(row))
    return grid_id
