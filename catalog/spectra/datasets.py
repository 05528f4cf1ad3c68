"""The dataset that spectra of a file belong to, and its wavelength grid."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from catalog.database import schema
from catalog.database.connection import append, next_id
from catalog.errors import CatalogError
from catalog.surveys.product import MOCK, DatasetOrigin, SurveyProduct


def dataset_of(
    connection: sa.Connection, path: Path, product: SurveyProduct, origin: DatasetOrigin, wavelength: np.ndarray
) -> int:
    """The id of the dataset of a file's spectra, made with its grid if it is new.

    wavelength : (n_pixel,) vacuum Angstrom
    Writes inside the connection's transaction. Raises CatalogError if the file does not belong in the dataset.
    """
    if len(wavelength) != schema.N_PIXEL:
        raise CatalogError(
            f"{path}: its spectra have {len(wavelength)} pixels; a catalog holds spectra of {schema.N_PIXEL}"
        )
    grid_id = grid_of(connection, wavelength)
    found = connection.execute(sa.select(schema.dataset).where(schema.dataset.c.name == origin.name)).first()
    if found is None:
        dataset_id = next_id(connection, schema.dataset.c.dataset_id)
        connection.execute(
            schema.dataset.insert().values(
                dataset_id=dataset_id,
                name=origin.name,
                survey=origin.survey,
                release=origin.release,
                product=product.name,
                lsf_percentile=origin.lsf_percentile,
                grid_id=grid_id,
                n_spectrum=0,
                n_usable=0,
            )
        )
        return dataset_id
    if found.grid_id != grid_id:
        raise CatalogError(
            f"{path} lies on another wavelength grid than dataset {origin.name}; give another --dataset NAME"
        )
    if MOCK in (found.release, origin.release) and found.release != origin.release:
        raise CatalogError(
            f"{path} is of release {origin.release}, dataset {origin.name} of {found.release}; keep mock and "
            "real spectra in databases of their own"
        )
    if (found.product, found.lsf_percentile) != (product.name, origin.lsf_percentile):
        raise CatalogError(
            f"{path} is {product.name} at resolution percentile {origin.lsf_percentile}, dataset "
            f"{origin.name} is {found.product} at {found.lsf_percentile}; give another --dataset NAME"
        )
    return int(found.dataset_id)


def grid_of(connection: sa.Connection, wavelength: np.ndarray) -> int:
    """The id of a wavelength grid, (n_pixel,) vacuum Angstrom, written if it is new.

    Writes inside the connection's transaction.
    """
    grids = connection.execute(sa.select(schema.wavelength_grid.c.grid_id, schema.wavelength_grid.c.wavelength))
    for grid_id, known in grids:
        if np.array_equal(np.asarray(known), wavelength):
            return int(grid_id)
    grid_id = next_id(connection, schema.wavelength_grid.c.grid_id)
    log10 = np.log10(wavelength)
    append(
        connection,
        schema.wavelength_grid,
        pa.table(
            {
                "grid_id": [grid_id],
                "n_pixel": [len(wavelength)],
                "log10_start": [float(log10[0])],
                "log10_step": [float(np.mean(np.diff(log10)))],
                "wavelength": [wavelength],
            }
        ),
    )
    return grid_id
