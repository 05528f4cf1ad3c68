"""Wavelength windows and how many spectra of a dataset they keep."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.database.connection import Connection, Database, arrow
from catalog.database.listing import listing
from catalog.database.names import find_dataset
from catalog.errors import CatalogError
from catalog.spectra.blocks import wavelength, window

# A spectrum whose pixels nobody has counted is taken to have no good one.
BAD_RUNS = """
SELECT coalesce(spectrum.bad_run, [{'first': 1, 'last': $n_pixel, 'fault': NULL}]) AS bad_run
FROM spectrum
WHERE spectrum.dataset_id = $dataset_id
"""


WINDOW_USABLE = """
SELECT
    found.dataset,
    found.n_pixel,
    found.n_spectrum,
    found.n_usable,
    found.n_empty_end,
    found.n_zero_inside,
    found.n_negative,
    found.n_nonfinite
FROM window_usable($lo, $hi) AS found
WHERE found.dataset = $dataset
"""


@dataclass(frozen=True)
class WidestWindow:
    """A window that keeps at least a fraction of a dataset.

    Attributes
    ----------
    at_least : float, optional
        The fraction that was asked for; None: the full range, whatever it keeps (the paper's rule).
    limits : (float, float)
        Vacuum Angstrom, both ends included, with the fewest digits that select its pixels.
    n_pixel : int
        Pixels in it.
    n_usable : int
        Spectra that are usable in it.
    n_spectrum : int
        Spectra of the dataset.
    """

    at_least: float | None
    limits: tuple[float, float]
    n_pixel: int
    n_usable: int
    n_spectrum: int


def window_usable(database: Database, dataset: str, limits: tuple[float, float]) -> pa.Table:
    """How many spectra of a dataset a window (vacuum Angstrom) keeps, and why the others fall out, in one row."""
    with database.read() as connection:
        # Refuses limits between which there are no two pixels.
        window(wavelength(connection, find_dataset(connection, dataset).dataset_id), limits)
        return arrow(connection, WINDOW_USABLE, {"dataset": dataset, "lo": limits[0], "hi": limits[1]})


def windows_table(found: Sequence[WidestWindow]) -> pa.Table:
    """What `widest_windows` found, a row each, with the fraction that each keeps."""
    columns = {
        "at_least": pa.array([one.at_least for one in found], pa.float64()),
        "window_lo": pa.array([one.limits[0] for one in found], pa.float64()),
        "window_hi": pa.array([one.limits[1] for one in found], pa.float64()),
        "n_pixel": pa.array([one.n_pixel for one in found], pa.int64()),
        "n_usable": pa.array([one.n_usable for one in found], pa.int64()),
        "fraction": pa.array([one.n_usable / one.n_spectrum for one in found], pa.float64()),
    }
    return listing(pa.table(columns), units={"window_lo": "Angstrom", "window_hi": "Angstrom"})


def widest_windows(database: Database, dataset: str, fractions: Sequence[float]) -> list[WidestWindow]:
    """The full range, then for each fraction the widest window, in log wavelength, that keeps at least so many.

    Parameters
    ----------
    database : Database
        The catalog.
    dataset : str
        Name of the dataset.
    fractions : sequence of float
        Of its spectra, more than 0 and at most 1; those that no window keeps are left out.

    Raises
    ------
    CatalogError
        For an unknown dataset, or a fraction outside that range.
    """
    for fraction in fractions:
        if not 0 < fraction <= 1:
            raise CatalogError(f"fraction {fraction:g} of the spectra; give more than 0 and at most 1")
    with database.read() as connection:
        dataset_id = find_dataset(connection, dataset).dataset_id
        grid = wavelength(connection, dataset_id)
        bad_runs = _bad_runs(connection, dataset_id, len(grid))
    first, last = good_stretches(bad_runs, len(grid))
    n = len(bad_runs)
    everywhere = int(np.count_nonzero((first == 0) & (last == len(grid) - 1)))
    windows = [WidestWindow(None, limits_of(grid, 0, len(grid) - 1), len(grid), everywhere, n)]
    # Less a trifle, since 0.07 * 100 is more than 7.
    at_least = [max(1, int(np.ceil(fraction * n - 1e-9))) for fraction in fractions]
    for fraction, found in zip(fractions, widest(first, last, grid, at_least), strict=True):
        if found is not None:
            begin, end, n_usable = found
            windows.append(WidestWindow(fraction, limits_of(grid, begin, end), end - begin + 1, n_usable, n))
    return windows


def good_stretches(bad_runs: pa.ListArray, n_pixel: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last pixel, from 0, of every unbroken stretch of good pixels of the spectra.

    Parameters
    ----------
    bad_runs : ListArray
        Of each spectrum, as `quality.bad_runs` gives them.
    n_pixel : int
        Pixels of each.

    Returns
    -------
    (ndarray, ndarray)
        First and last pixels, (m,) int64 each.
    """
    ends = np.cumsum(pc.list_value_length(bad_runs).to_numpy(zero_copy_only=False)).astype(np.int64)
    begins = np.concatenate([[0], ends[:-1]])
    runs = pc.list_flatten(bad_runs)
    # A stretch begins with the spectrum or behind a run, and ends before the next run or with the spectrum.
    first = np.insert(pc.struct_field(runs, "last").to_numpy().astype(np.int64), begins, 0)
    last = np.insert(pc.struct_field(runs, "first").to_numpy().astype(np.int64) - 2, ends, n_pixel - 1)
    some = first <= last
    return first[some], last[some]


def widest(
    first: np.ndarray, last: np.ndarray, wavelength: np.ndarray, at_least: Sequence[int]
) -> list[tuple[int, int, int] | None]:
    """The widest window, in log wavelength, in which so many spectra are good throughout; of equals the fullest.

    Parameters
    ----------
    first, last : ndarray, (m,) int64
        Stretches of good pixels of all spectra, from 0; those of one spectrum do not touch.
    wavelength : ndarray, (n_pixel,) float64
        The grid.
    at_least : sequence of int
        Numbers of spectra.

    Returns
    -------
    list of (int, int, int) or None
        For each number, the first and last pixel of the window and the spectra that it keeps; None where no two pixels
        keep so many.

    Notes
    -----
    Time grows with the square of the pixels of the grid, and with the stretches only linearly.
    """
    n_pixel = len(wavelength)
    position = np.log(wavelength)
    found: list[tuple[int, int, int] | None] = [None] * len(at_least)
    best = [(0.0, 0)] * len(at_least)
    if not len(first):
        return found
    order = np.argsort(first, kind="stable")
    starts, begins = np.unique(first[order], return_index=True)
    # A window keeps a spectrum if one stretch holds it, so the widest ones begin where a stretch does.
    n_ending = np.zeros(n_pixel, np.int64)
    for start, begun in zip(starts.tolist(), np.split(last[order], begins[1:]), strict=True):
        n_ending += np.bincount(begun, minlength=n_pixel)
        # Spectra good from `start` to each pixel: it falls to the right.
        n_good = np.cumsum(n_ending[start:][::-1])[::-1]
        for index, n_wanted in enumerate(at_least):
            end = start + int(np.searchsorted(-n_good, -n_wanted, "right")) - 1
            if end > start:
                # Rounded, so that windows of as many pixels of a logarithmic grid are equally wide.
                width = (round(float(position[end] - position[start]), 9), int(n_good[end - start]))
                if width > best[index]:
                    best[index], found[index] = width, (start, end, width[1])
    return found


def limits_of(wavelength: np.ndarray, first: int, last: int) -> tuple[float, float]:
    """Limits in Angstrom with the fewest digits that select the pixels from first to last, both from 0.

    Examples
    --------
    >>> limits_of(np.array([3621.596, 3622.43, 3623.264]), 1, 2)
    (3622.0, 3624.0)
    """
    pixels = slice(first, last + 1)

    def selects(limits: tuple[float, float]) -> bool:
        return window(wavelength, limits).pixels == pixels

    lo, hi = float(wavelength[first]), float(wavelength[last])
    for digits in range(10):
        if selects((shorter := float(np.floor(lo * 10**digits)) / 10**digits, hi)):
            lo = shorter
            break
    for digits in range(10):
        if selects((lo, shorter := float(np.ceil(hi * 10**digits)) / 10**digits)):
            hi = shorter
            break
    return lo, hi


def _bad_runs(connection: Connection, dataset_id: int, n_pixel: int) -> pa.ListArray:
    rows = arrow(connection, BAD_RUNS, {"dataset_id": dataset_id, "n_pixel": n_pixel})["bad_run"].combine_chunks()
    return rows.chunk(0) if isinstance(rows, pa.ChunkedArray) else rows
