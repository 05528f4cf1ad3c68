"""The widest window is the widest, against a search of all windows; its limits select its pixels."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import MANGAIDS
from files import WAVELENGTH, smooth_flux, write_combspec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from catalog import Catalog
from catalog.database.connection import Database
from catalog.database.listing import unit_of
from catalog.errors import CatalogError
from catalog.spectra.blocks import window
from catalog.spectra.quality import bad_runs
from catalog.spectra.windows import good_stretches, limits_of, widest, widest_windows, window_usable, windows_table

GOOD = st_numpy.arrays(bool, st.tuples(st.integers(1, 7), st.integers(2, 12)))
GRID = 10 ** (3.6 + 1e-4 * np.arange(12))
UNEVEN = np.array([1.0, 2, 3, 10, 11, 12, 13, 40, 41, 42, 100, 101])


def flux_of(good: np.ndarray) -> np.ndarray:
    """Flux with zero, negative and non-finite pixels where they are not good."""
    return np.where(good, 1.0, np.resize([0.0, 0.0, -1.0, np.nan], good.shape)).astype(np.float32)


def search(good: np.ndarray, grid: np.ndarray, wanted: int) -> tuple[float, int] | None:
    """Width and number kept of the widest window, the fullest of equals, by looking at all of them."""
    n_pixel = good.shape[1]
    kept = [
        (round(float(np.log(grid[end]) - np.log(grid[start])), 9), int(good[:, start : end + 1].all(axis=1).sum()))
        for start in range(n_pixel)
        for end in range(start + 1, n_pixel)
    ]
    return max((window for window in kept if window[1] >= wanted), default=None)


@given(GOOD, st.sampled_from([GRID, UNEVEN]), st.data())
def test_the_widest_window_is_found(good: np.ndarray, grid: np.ndarray, data: st.DataObject) -> None:
    grid = grid[: good.shape[1]]
    wanted = data.draw(st.lists(st.integers(1, len(good)), min_size=1, max_size=3))
    first, last = good_stretches(bad_runs(flux_of(good)), len(grid))
    for number, found in zip(wanted, widest(first, last, grid, wanted), strict=True):
        expected = search(good, grid, number)
        if expected is None or found is None:
            assert found is expected
            continue
        begin, end, n_usable = found
        assert (round(float(np.log(grid[end]) - np.log(grid[begin])), 9), n_usable) == expected
        assert good[:, begin : end + 1].all(axis=1).sum() == n_usable


@given(GOOD)
def test_stretches_are_the_good_pixels(good: np.ndarray) -> None:
    first, last = good_stretches(bad_runs(flux_of(good)), good.shape[1])
    padded = np.pad(good, ((0, 0), (1, 1)))
    assert first.tolist() == np.nonzero(padded[:, 1:-1] & ~padded[:, :-2])[1].tolist()
    assert last.tolist() == np.nonzero(padded[:, 1:-1] & ~padded[:, 2:])[1].tolist()


@given(st.integers(0, 4562), st.integers(0, 4562), st.sampled_from([WAVELENGTH, 1 + 1e-7 * np.arange(4563)]))
def test_limits_select_their_pixels(one: int, other: int, grid: np.ndarray) -> None:
    first, last = min(one, other), max(one, other)
    if last > first:
        assert window(grid, limits_of(grid, first, last)).pixels == slice(first, last + 1)


def test_limits_have_few_digits() -> None:
    assert limits_of(WAVELENGTH, 0, 4562) == (3621, 10354)


@pytest.mark.parametrize("n_run", [2, 40])
def test_a_survey_takes_a_second(n_run: int) -> None:
    """24,000 spectra, of two runs each or as noisy as few are."""
    generator = np.random.default_rng(0)
    n = 24_000
    bad = np.sort(generator.integers(1, 4564, (n, n_run)), axis=1).astype(np.int64)
    first = np.hstack([np.zeros((n, 1), np.int64), bad]).ravel()
    last = np.hstack([bad - 2, np.full((n, 1), 4562)]).ravel()
    started = time.perf_counter()
    widest(first[first <= last], last[first <= last], WAVELENGTH, [n // 2, n * 9 // 10, n * 99 // 100])
    assert time.perf_counter() - started < 5


def test_a_dataset(ingested: Path) -> None:
    table = Catalog(ingested).widest_windows("large", [0.5, 0.975, 1.0])
    assert np.ma.getmaskarray(table["at_least"]).tolist() == [True, False, False, False]
    # Spectra 1 and 2 of 40 are broken, in the last nine pixels and in pixel 2000 from 0.
    assert table["n_usable"].tolist() == [38, 38, 39, 40]
    assert table["n_pixel"].tolist() == [4563, 4563, 4554, 2553]
    for lo, hi, n_pixel, n_usable in table.iterrows("window_lo", "window_hi", "n_pixel", "n_usable"):
        row = Catalog(ingested).window_usable("large", (lo, hi))
        assert (row["n_pixel"][0], row["n_usable"][0]) == (n_pixel, n_usable)


def test_what_no_window_keeps_has_no_row(tmp_path: Path) -> None:
    flux = smooth_flux(4)
    flux[0] = 0
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([write_combspec(tmp_path / "lsfpercent60.0.fits", MANGAIDS[:4], flux)])
    assert catalog.widest_windows("small", [0.75, 0.76])["n_usable"].tolist() == [3, 3]


def test_nonsense_is_refused(ingested: Path) -> None:
    catalog = Catalog(ingested)
    for fraction in (0, -1, 1.01, float("nan")):
        with pytest.raises(CatalogError, match="more than 0 and at most 1"):
            catalog.widest_windows("large", [fraction])
    with pytest.raises(CatalogError, match="no dataset huge"):
        catalog.widest_windows("huge", [0.5])
    with pytest.raises(CatalogError, match="holds no spectrum"):
        catalog.window_usable("large", (100, 200))


def test_the_table_has_units_and_no_fraction_for_the_full_range(ingested: Path) -> None:
    rows = windows_table(widest_windows(Database(ingested), "large", [0.975]))
    assert rows.column_names == ["at_least", "window_lo", "window_hi", "n_pixel", "n_usable", "fraction"]
    assert {name: unit_of(rows.field(name)) for name in ("window_lo", "window_hi")} == {
        "window_lo": "Angstrom",
        "window_hi": "Angstrom",
    }
    assert rows["at_least"].to_pylist() == [None, 0.975]
    assert rows["fraction"].to_pylist() == [38 / 40, 39 / 40]
    only_the_full_range = windows_table(widest_windows(Database(ingested), "large", []))
    assert only_the_full_range.schema.types == rows.schema.types


def test_a_window_is_a_row(ingested: Path) -> None:
    (row,) = window_usable(Database(ingested), "large", (3700.0, 10200.0)).to_pylist()
    assert (row["dataset"], row["n_spectrum"], row["n_usable"], row["n_zero_inside"]) == ("large", 40, 39, 1)


@pytest.mark.parametrize("module", ["blocks", "datasets", "windows"])
def test_reading_spectra_loads_nothing_heavy(module: str) -> None:
    """The command line imports these before it knows what is asked."""
    heavy = {"alembic", "astropy", "keras", "matplotlib", "scipy", "sklearn", "sqlalchemy", "tensorflow"}
    program = f"import sys, catalog.spectra.{module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
