"""Spectra out of the database, in blocks, restricted to a wavelength window."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from catalog.database.connection import Connection, scalar
from catalog.database.records import Ensemble
from catalog.errors import CatalogError
from catalog.spectra.quality import usable_rows

ROWS_PER_BLOCK = 1024
"""Spectra read at a time: 56 MB of arrays on the MaStar grid."""


@dataclass(frozen=True)
class SpectrumBlock:
    """Some spectra of one dataset.

    Attributes
    ----------
    spectrum_id : ndarray, (n,) int64
        Keys of the table `spectrum`.
    flux : ndarray, (n, n_pixel) float32
        1e-17 erg / (s cm2 Angstrom).
    ivar : ndarray, (n, n_pixel) float32
        Inverse square of the uncertainty of flux; NaN where the file had none.
    mask : ndarray, (n, n_pixel) int32
        0 is good; it is 0 also where the file had none.
    photometry : ndarray, (n, k) float32
        The requested columns of the view `cmd`, mag; NaN where unknown.
    """

    spectrum_id: np.ndarray
    flux: np.ndarray
    ivar: np.ndarray
    mask: np.ndarray
    photometry: np.ndarray


@dataclass(frozen=True)
class Window:
    """A range of pixels on a wavelength grid.

    Attributes
    ----------
    pixels : slice
        Selects them on the grid.
    wavelength : ndarray, (n_pixel,) float64
        Vacuum Angstrom, of these pixels only.
    """

    pixels: slice
    wavelength: np.ndarray


WAVELENGTH_OF_DATASET = """
SELECT wavelength_grid.wavelength
FROM dataset
JOIN wavelength_grid ON wavelength_grid.grid_id = dataset.grid_id
WHERE dataset.dataset_id = $dataset_id
"""

# An imported ensemble has a grid of its own; any other has that of its dataset.
WAVELENGTH_OF_ENSEMBLE = """
SELECT wavelength_grid.wavelength
FROM ensemble
LEFT JOIN dataset ON dataset.dataset_id = ensemble.dataset_id
JOIN wavelength_grid ON wavelength_grid.grid_id = coalesce(ensemble.grid_id, dataset.grid_id)
WHERE ensemble.ensemble_id = $ensemble_id
"""

# No ORDER BY: sorting would hold every array; a scan gives them in the order they were loaded.
SPECTRA = """
SELECT spectrum_id, {arrays}
FROM spectrum_array
{photometry}
WHERE spectrum_id IN (SELECT spectrum_id FROM spectrum WHERE dataset_id = $dataset_id AND {condition})
"""

PHOTOMETRY = """
JOIN (
    SELECT spectrum.spectrum_id, {columns}
    FROM spectrum
    JOIN cmd ON cmd.star_id = spectrum.star_id
    WHERE spectrum.dataset_id = $dataset_id
) AS of_star USING (spectrum_id)
"""


def window(wavelength: np.ndarray, limits: tuple[float, float] | None) -> Window:
    """The pixels of a wavelength grid that lie within limits.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,) float64
        The grid, ascending, vacuum Angstrom.
    limits : (float, float), optional
        Vacuum Angstrom, both ends included; None: all pixels.

    Raises
    ------
    CatalogError
        If fewer than two pixels lie within.

    Examples
    --------
    >>> window(np.array([3600.0, 3601.0, 3602.0]), (3600.5, 4000.0)).pixels
    slice(1, 3, None)
    """
    if limits is None:
        return Window(slice(0, len(wavelength)), wavelength)
    first, last = (
        np.searchsorted(wavelength, limits[0], "left"),
        np.searchsorted(wavelength, limits[1], "right"),
    )
    if last - first < 2:
        raise CatalogError(
            f"window {limits[0]:g} to {limits[1]:g} Å holds no spectrum; the grid runs from "
            f"{wavelength[0]:.1f} to {wavelength[-1]:.1f} Å"
        )
    return Window(slice(int(first), int(last)), wavelength[first:last])


def wavelength(connection: Connection, dataset_id: int) -> np.ndarray:
    """Wavelength grid of a dataset, (n_pixel,) float64, vacuum Angstrom."""
    return np.asarray(scalar(connection, WAVELENGTH_OF_DATASET, {"dataset_id": dataset_id}), np.float64)


def trained_wavelength(connection: Connection, ensemble: Ensemble) -> np.ndarray:
    """Wavelength grid that an ensemble was trained on, (n_pixel,) float64, vacuum Angstrom."""
    grid = scalar(connection, WAVELENGTH_OF_ENSEMBLE, {"ensemble_id": ensemble.ensemble_id})
    return np.asarray(grid, np.float64)


def usable_blocks(
    connection: Connection,
    dataset_id: int,
    window: Window,
    *,
    condition: str = "true",
    flux_only: bool = False,
    photometry: tuple[str, ...] = (),
) -> Iterator[SpectrumBlock]:
    """The spectra of a dataset that a model of this window can take, in blocks.

    Parameters
    ----------
    connection : Connection
        Read beside its own transaction: the blocks have what is committed.
    dataset_id : int
        Key of the table `dataset`.
    window : Window
        The pixels that are read; a spectrum is left out if its flux is not finite and positive in all of them.
    condition : str
        SQL on the table `spectrum`, of our own making.
    flux_only : bool
        Leave ivar (then all NaN) and mask (then all 0) unread.
    photometry : tuple of str
        Columns of the view `cmd`.
    """
    # The ends decide for most spectra, so the arrays of those are never read; the pixels between decide for the rest.
    reaches = f"first_good_pixel <= {window.pixels.start + 1} AND last_good_pixel >= {window.pixels.stop}"
    names = ("flux",) if flux_only else ("flux", "ivar", "mask")
    of_star = ", ".join(f"cmd.{name}" for name in photometry)
    statement = SPECTRA.format(
        arrays=", ".join(names + photometry),
        photometry=PHOTOMETRY.format(columns=of_star) if photometry else "",
        condition=f"{reaches} AND {condition}",
    )
    cursor = connection.duplicate()
    cursor.execute("USE catalog")
    for batch in cursor.execute(statement, {"dataset_id": dataset_id}).to_arrow_reader(ROWS_PER_BLOCK):
        columns = {name: batch.column(name) for name in batch.schema.names}
        flux = _matrix(columns["flux"], window.pixels, np.float32(np.nan))
        usable = usable_rows(flux)
        if not usable.any():
            continue
        flux = flux[usable]
        if flux_only:
            ivar, mask = np.full_like(flux, np.nan), np.zeros(flux.shape, np.int32)
        else:
            ivar = _matrix(columns["ivar"], window.pixels, np.float32(np.nan))[usable]
            mask = _matrix(columns["mask"], window.pixels, np.int32(0))[usable]
        known = np.full((len(usable), len(photometry)), np.nan, np.float32)
        for number, name in enumerate(photometry):
            known[:, number] = columns[name].to_numpy(zero_copy_only=False)
        yield SpectrumBlock(columns["spectrum_id"].to_numpy()[usable], flux, ivar, mask, known[usable])


def _matrix(column: pa.FixedSizeListArray, pixels: slice, absent: np.generic) -> np.ndarray:
    """(n, n_pixel) of a window of an array column; a NULL row becomes `absent`."""
    n_pixel = column.type.list_size
    start = column.offset * n_pixel
    # Whole numbers with NULL would become floating point.
    known = column.values.fill_null(absent.item()) if column.values.null_count else column.values
    values = known.to_numpy(zero_copy_only=False)[start : start + len(column) * n_pixel]
    matrix = np.ascontiguousarray(values.reshape(len(column), n_pixel)[:, pixels]).astype(absent.dtype, copy=False)
    if column.null_count:
        matrix = matrix.copy()
        matrix[column.is_null().to_numpy(zero_copy_only=False)] = absent
    return matrix
