"""The HEALPix pixel of every spectrum is that of its star's position, now and in databases of earlier revisions."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from astropy import units as u
from astropy_healpix import lonlat_to_healpix
from conftest import MANGAIDS
from files import smooth_flux, write_combspec, write_mastarall
from hypothesis import given
from hypothesis import strategies as st

from catalog import Catalog
from catalog.database.connection import Database
from catalog.database.healpix import healpix_29
from catalog.database.migration import upgrade

RA, DEC = st.floats(0, 360), st.floats(-90, 90)
STARS = MANGAIDS[:4]


def rows(database: Path, column: str) -> list[tuple]:
    with duckdb.connect(database, read_only=True) as connection:
        sql = f"SELECT mangaid, {column} FROM spectrum JOIN star USING (star_id) ORDER BY mangaid"
        return connection.execute(sql).fetchall()


def pixels(database: Path) -> dict[str, int | None]:
    return dict(rows(database, "healpix_29"))


def expected(database: Path) -> dict[str, int]:
    stars, ra, dec = zip(*rows(database, "ra, dec"), strict=True)
    return dict(zip(stars, healpix_29(np.array(ra), np.array(dec)).tolist(), strict=True))


def spectra(folder: Path, **columns: np.ndarray) -> Path:
    return write_combspec(folder / "lsfpercent60.0.fits", STARS, smooth_flux(len(STARS)), **columns)


@given(RA, DEC, st.integers(0, 28))
def test_it_is_nested_in_the_pixels_of_every_coarser_order(ra: float, dec: float, order: int) -> None:
    fine = int(healpix_29(np.array([ra]), np.array([dec]))[0])
    coarse = int(lonlat_to_healpix(ra * u.deg, dec * u.deg, 2**order, order="nested"))
    assert 0 <= fine < 12 * 4**29
    assert fine >> 2 * (29 - order) == coarse


@pytest.mark.parametrize(
    ("ra", "dec", "pixel"),
    [
        # Of cdshealpix 0.9, another implementation.
        (0, 90, 288230376151711743),
        (360, -90, 2305843009213693952),
        (45, 41.8103148957786, 216172782113783808),
        (90, 0, 1657324662872342528),
        (266.41681662499997, -29.00782497222222, 2028740913184682071),
    ],
)
def test_known_pixels(ra: float, dec: float, pixel: int) -> None:
    assert healpix_29(np.array([ra]), np.array([dec])) == [pixel]


def test_every_loaded_spectrum_has_the_pixel_of_its_star(ingested: Path) -> None:
    with duckdb.connect(ingested, read_only=True) as connection:
        found = connection.execute("SELECT ra, dec, healpix_29 FROM spectrum JOIN star USING (star_id)").fetchnumpy()
    assert found["healpix_29"].tolist() == healpix_29(found["ra"], found["dec"]).tolist()


def test_it_follows_the_position(tmp_path: Path) -> None:
    """Nowhere, then where the spectra say, then where the survey's table of stars says."""
    catalog = Catalog(tmp_path / "c.duckdb")
    path = catalog.database.path
    catalog.ingest([spectra(tmp_path)])
    assert pixels(path) == dict.fromkeys(STARS)
    columns = {"RA": np.array([10.0, 20, 30]), "DEC": np.array([-5.0, np.nan, -999])}
    catalog.ingest([write_combspec(tmp_path / "lsfpercent90.0.fits", STARS[:3], smooth_flux(3), **columns)])
    assert [pixel is None for pixel in pixels(path).values()] == [False, True, True, True]
    catalog.ingest([write_mastarall(tmp_path / "mastarall.fits", STARS)])
    assert pixels(path) == expected(path)
    assert len(set(pixels(path).values())) == 4


def test_a_command_that_loads_nothing_writes_nothing(ingested: Path, survey: Path, copy_of: Callable) -> None:
    catalog = Catalog(copy_of(ingested))
    before = catalog.database.path.read_bytes()
    catalog.ingest([survey])
    assert catalog.database.path.read_bytes() == before


def test_an_upgrade_places_old_spectra(of_revision: Callable[[str, Path], Path], tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "new.duckdb")
    catalog.ingest([spectra(tmp_path), write_mastarall(tmp_path / "mastarall.fits", STARS[1:])])
    old = Database(of_revision("0006", tmp_path / "old.duckdb"))
    with duckdb.connect(old.path) as connection:
        connection.execute(f"ATTACH '{catalog.database.path}' AS new (READ_ONLY)")
        for table in ("star", "spectrum"):
            names = ", ".join(row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall())
            connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM new.{table}")
    assert upgrade(old)[0] == "0006"
    assert pixels(old.path) == pixels(catalog.database.path)
    assert pixels(old.path)[STARS[0]] is None
