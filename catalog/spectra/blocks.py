"""Spectra out of the database, in blocks, restricted to a wavelength window."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from catalog.database import schema
from catalog.database.connection import raw_connection
from catalog.errors import CatalogError
from catalog.spectra.quality import usable_rows

ROWS_PER_BLOCK = 1024
"""Spectra read at a time: 56 MB of arrays on the MaStar grid."""


@dataclass(frozen=True)
class SpectrumBlock:
    """Some spectra of one dataset.

    spectrum_id : (n,) int64
    flux : (n, n_pixel) float32, 1e-17 erg / (s cm2 Angstrom)
    ivar : (n, n_pixel) float32, inverse square of that; NaN where the file had none
    mask : (n, n_pixel) int32, 0 is good and also where the file had none
    photometry : (n, k) float32, the columns of the view cmd that were asked for; NaN where unknown
    """

    spectrum_id: np.ndarray
    flux: np.ndarray
    ivar: np.ndarray
    mask: np.ndarray
    photometry: np.ndarray


@dataclass(frozen=True)
class Window:
    """A range of pixels on a wavelength grid: `pixels` selects them, `wavelength` is (n_pixel,) vacuum Angstrom."""

    pixels: slice
    wavelength: np.ndarray


def window(wavelength: np.ndarray, limits: tuple[float, float] | None) -> Window:
    """The pixels within limits in Angstrom, both ends included; None: all.

    Read-only. Raises CatalogError if fewer than two pixels lie within.

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


def wavelength(connection: sa.Connection, dataset_id: int) -> np.ndarray:
    """Wavelength grid of a dataset, (n_pixel,) float64, vacuum Angstrom. Read-only."""
    grid = connection.execute(
        sa.select(schema.wavelength_grid.c.wavelength)
        .join(schema.dataset, schema.dataset.c.grid_id == schema.wavelength_grid.c.grid_id)
        .where(schema.dataset.c.dataset_id == dataset_id)
    ).scalar_one()
    return np.asarray(grid, np.float64)


def trained_wavelength(connection: sa.Connection, ensemble: sa.Row) -> np.ndarray:
    """Wavelength grid an ensemble was trained on, (n_pixel,) float64: its own, or that of its dataset. Read-only."""
    if ensemble.grid_id is None:
        return wavelength(connection, ensemble.dataset_id)
    grid = schema.wavelength_grid.c
    return np.asarray(
        connection.execute(sa.select(grid.wavelength).where(grid.grid_id == ensemble.grid_id)).scalar_one(), np.float64
    )


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


def usable_blocks(
    connection: sa.Connection,
    dataset_id: int,
    window: Window,
    *,
    condition: str = "true",
    flux_only: bool = False,
    photometry: tuple[str, ...] = (),
) -> Iterator[SpectrumBlock]:
    """The spectra of a dataset that a model of this window can take, in blocks.

    condition : SQL on the table `spectrum`, of our own making
    flux_only : leave ivar (all NaN) and mask (all 0) unread
    photometry : columns of the view cmd
    Read-only, beside the connection's own transaction: it sees what is committed.
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
    cursor = raw_connection(connection).duplicate()
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
