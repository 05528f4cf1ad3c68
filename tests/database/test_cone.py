"""cone() against astropy, at the poles, across right ascension 0, for the smallest and the largest angles."""

import re
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog.database.connection import Database, append
from catalog.database.migration import upgrade
from catalog.database.schema import star

EDGES = [(0, 90), (0, -90), (123, 89.9999), (303, 89.9999), (0, 0), (359.99999, 0), (1e-5, 0), (180, 45), (180, 45.0)]


def positions() -> tuple[np.ndarray, np.ndarray]:
    """3000 all over the sky, at the edges, and around each within 2 arcsec."""
    generator = np.random.default_rng(2)
    ra, dec = generator.uniform(0, 360, 3000), np.degrees(np.arcsin(generator.uniform(-1, 1, 3000)))
    centre = SkyCoord(*np.array(EDGES).T, unit="deg")
    near = [centre.directional_offset_by(generator.uniform(0, 360) * u.deg, r * u.arcsec) for r in (1e-3, 0.5, 1, 2)]
    sky = [SkyCoord(ra, dec, unit="deg"), centre, *near]
    return np.concatenate([s.ra.deg for s in sky]), np.concatenate([s.dec.deg for s in sky])


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = Database(tmp_path_factory.mktemp("cone") / "c.duckdb")
    upgrade(database)
    ra, dec = positions()
    star_id = np.arange(len(ra) + 1)
    rows = {"star_id": star_id, "mangaid": [f"7-{i}" for i in star_id], "ra": [*ra, None], "dec": [*dec, None]}
    with database.write() as connection:
        append(connection, star, pa.table(rows))
    return database.path


def cone(database: Path, *arguments: float) -> dict[int, float]:
    with duckdb.connect(database, read_only=True) as connection:
        sql = "SELECT star_id, separation_arcsec FROM cone(?, ?, ?)"
        return dict(connection.execute(sql, arguments).fetchall())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.floats(0, 360), st.floats(-90, 90), st.floats(1e-3, 180 * 3600))
@example(0, 90, 1.5)
@example(77, -90, 3600)
@example(360, 0, 1.5)
@example(0, 0, 0.75)
@example(303, 89.9999, 2)
def test_it_finds_what_astropy_finds(database: Path, ra: float, dec: float, radius: float) -> None:
    separation = SkyCoord(ra, dec, unit="deg").separation(SkyCoord(*positions(), unit="deg")).arcsec
    found = cone(database, ra, dec, radius)
    # Near the opposite point of the sky the haversine form loses digits, and nobody looks there.
    tolerance = 1e-8 if radius < 170 * 3600 else 0.02
    assert set(np.flatnonzero(separation < radius - tolerance)) <= set(found)
    assert set(found) <= set(np.flatnonzero(separation < radius + tolerance))
    near = {star: value for star, value in found.items() if separation[star] < 170 * 3600}
    assert list(near.values()) == pytest.approx(separation[list(near)], rel=1e-7, abs=1e-8)


def test_a_radius_of_zero_finds_the_star_itself(database: Path) -> None:
    assert len(cone(database, 180, 45, 0)) == 2


def test_a_cone_that_holds_nothing(database: Path) -> None:
    for arguments in ((0, 0, -1), (0, 0, None), (None, 0, 1), (0, 99, 1)):
        assert cone(database, *arguments) == {}


def test_the_arguments_say_their_units(database: Path) -> None:
    with duckdb.connect(database, read_only=True) as connection:
        (comment,) = connection.execute(
            "SELECT comment FROM duckdb_functions() WHERE function_name = 'cone'"
        ).fetchone()
    assert comment.startswith("cone(ra_deg, dec_deg, radius_arcsec): One row per star within radius_arcsec")
    assert "separation_arcsec: Angle on the sky [arcsec]" in comment


def test_only_stars_of_the_right_declinations_are_computed(database: Path) -> None:
    with duckdb.connect(database, read_only=True) as connection:
        plan = connection.execute("EXPLAIN FROM cone(180, 45, 3600)").fetchone()[1]
    scan = re.sub(r"[│\s]", "", plan[plan.index("SEQ_SCAN") :])
    assert "dec>=" in scan
    assert "dec<=" in scan
