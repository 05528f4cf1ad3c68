"""window_usable against the arrays themselves, pixel by pixel."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from files import WAVELENGTH, smooth_flux, write_combspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog import Catalog
from catalog.database.connection import Database
from catalog.database.migration import upgrade
from catalog.errors import CatalogError
from catalog.spectra.blocks import usable_blocks, window
from catalog.spectra.quality import usable_rows
from catalog.surveys.mock.survey import MockSurvey, write_mock

N = 40
COUNTS = ("n_spectrum", "n_usable", "n_empty_end", "n_zero_inside", "n_negative", "n_nonfinite")


def broken_flux() -> np.ndarray:
    """(40, 4563) flux with every fault at either end, inside, alone and together; some spectra are nothing else."""
    generator = np.random.default_rng(5)
    flux = smooth_flux(N)
    for row in range(2, N):
        for _ in range(generator.integers(1, 6)):
            first = generator.choice([0, *generator.integers(0, 4563, 3), 4550])
            length = generator.choice([1, 2, 13, 300])
            flux[row, first : first + length] = generator.choice([0, 0, -1, np.nan, np.inf, -np.inf])
    flux[-3], flux[-2], flux[-1] = 0, np.nan, -1
    flux[5] = np.where(generator.random(4563) < 0.5, -1, 1)  # noise around 0: thousands of runs
    return flux


def expected(flux: np.ndarray, lo: float, hi: float) -> tuple[int, ...]:
    """What the macro says, from the arrays."""
    pixels = window(WAVELENGTH, (lo, hi)).pixels
    inside = flux[:, pixels]
    good = np.isfinite(flux) & (flux > 0)
    between = (np.cumsum(good, axis=1) > 0) & (np.cumsum(good[:, ::-1], axis=1)[:, ::-1] > 0)
    zero, between = inside == 0, between[:, pixels]
    faults = (zero & ~between, zero & between, np.isfinite(inside) & (inside < 0), ~np.isfinite(inside))
    return len(flux), int(usable_rows(inside).sum()), *(int(np.any(fault, axis=1).sum()) for fault in faults)


def answer(database: Path, lo: float, hi: float, dataset: str) -> tuple[int, ...]:
    with duckdb.connect(database, read_only=True) as connection:
        sql = f"SELECT {', '.join(COUNTS)} FROM window_usable(?, ?) WHERE dataset = ?"
        (row,) = connection.execute(sql, [lo, hi, dataset]).fetchall()
        return row


def arrays(database: Path, dataset: str) -> np.ndarray:
    with duckdb.connect(database, read_only=True) as connection:
        sql = """SELECT flux FROM spectrum_array JOIN spectrum USING (spectrum_id) JOIN dataset USING (dataset_id)
                 WHERE dataset.name = ?"""
        return np.stack(connection.execute(sql, [dataset]).fetchnumpy()["flux"])


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    path = write_combspec(folder / "lsfpercent60.0.fits", [f"7-{row}" for row in range(N)], broken_flux())
    Catalog(folder / "c.duckdb").ingest([path])
    return folder / "c.duckdb"


PIXEL = st.integers(0, 4562)
SHIFT = st.sampled_from([-0.1, 0.0, 0.1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60))
@given(PIXEL, PIXEL, SHIFT, SHIFT)
def test_the_counts_are_those_of_the_arrays(broken: Path, one: int, other: int, low: float, high: float) -> None:
    lo, hi = WAVELENGTH[min(one, other)] + low, WAVELENGTH[max(one, other)] + high
    try:
        counts = expected(broken_flux(), lo, hi)
    except CatalogError:
        # Fewer than two pixels: nothing can be trained there, and the macro has no row.
        with duckdb.connect(broken, read_only=True) as connection:
            assert connection.execute("FROM window_usable(?, ?)", [lo, hi]).fetchall() == []
    else:
        assert answer(broken, lo, hi, "small") == counts


def test_it_agrees_with_what_a_model_is_given(broken: Path) -> None:
    for limits in ((3700, 10200), (3600, 10400), (5000, 6000)):
        pixels = window(WAVELENGTH, limits)
        with Database(broken).read() as connection:
            n = sum(len(block.spectrum_id) for block in usable_blocks(connection, 1, pixels, flux_only=True))
        assert answer(broken, *limits, "small")[1] == n


def test_a_mock_survey(tmp_path: Path) -> None:
    write_mock(tmp_path / "mock", MockSurvey(60, visits=True))
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([tmp_path / "mock"])
    for dataset in ("small", "large", "visits"):
        flux = arrays(database, dataset)
        for limits in ((3600, 10400), (3640, 10300), (5000, 8000)):
            assert answer(database, *limits, dataset) == expected(flux, *limits)


def test_real_spectra(real_data: Path, tmp_path: Path) -> None:
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([real_data / "mastar_examples", *(real_data / "real_stars").glob("*60.0*")])
    for dataset in ("small", "visits"):
        flux = arrays(database, dataset)
        for limits in ((3600, 10400), (3910, 8770), (3700, 10200), (5000, 5002)):
            assert answer(database, *limits, dataset) == expected(flux, *limits)


def test_an_upgrade_counts_the_runs_of_old_spectra(
    broken: Path, of_revision: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    """The migration finds in SQL what loading finds in numpy."""
    old = Database(of_revision("0002", tmp_path / "old.duckdb"))
    with duckdb.connect(old.path) as connection:
        connection.execute(f"ATTACH '{broken}' AS new (READ_ONLY)")
        for table in ("star", "dataset", "wavelength_grid", "source_file", "spectrum_array"):
            connection.execute(f"INSERT INTO {table} FROM new.{table}")
        connection.execute("INSERT INTO spectrum SELECT * EXCLUDE (bad_run, healpix_29) FROM new.spectrum")
    assert upgrade(old)[0] == "0002"
    runs = "SELECT spectrum_id, bad_run FROM spectrum ORDER BY spectrum_id"
    with duckdb.connect(old.path) as found, duckdb.connect(broken, read_only=True) as loaded:
        assert found.execute(runs).fetchall() == loaded.execute(runs).fetchall()
        assert found.execute("SELECT count(*) FROM spectrum WHERE len(bad_run) > 1000").fetchone() == (1,)
