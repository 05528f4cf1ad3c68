"""Which star lies in which region of the colour-magnitude diagram, and what is odd there."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Polygon
from sizes import examples

from catalog import Catalog
from catalog.database.connection import Database, append
from catalog.database.migration import upgrade
from catalog.database.schema import gaia_match, star

Vertices = list[tuple[float, float]]

GRID = np.stack(np.meshgrid(np.arange(-0.5, 6.1, 0.5), np.arange(-0.5, 6.1, 0.5)), axis=-1).reshape(-1, 2)
"""(196, 2) points on and between the integers from 0 to 6: among them all vertices and many points on edges."""

HAIR = np.array((1e-3, 1e-6))
"""Redder first, then fainter: less than any distance of a point of the grid to an edge between its vertices."""

SOMEWHERE = np.random.default_rng(11).uniform(-1, 7, (300, 2)).astype(np.float32)


def with_stars(path: Path, points: np.ndarray) -> Path:
    """A database with a star at each of (n, 2) points of the corrected diagram; uncorrected it is 0.25 mag redder and
    0.5 mag fainter."""
    database = Database(path)
    upgrade(database)
    star_id = np.arange(1, len(points) + 1)
    bp_rp0, abs_g = points.T.astype(np.float32)
    with database.write() as connection:
        rows = {"star_id": star_id, "mangaid": [f"7-{i}" for i in star_id], "source_file_id": np.ones_like(star_id)}
        append(connection, star, pa.table(rows))
        rows = {"star_id": star_id, "gaia_release": ["EDR3"] * len(points), "source_file_id": np.ones_like(star_id)}
        rows |= {"bp_rp0": bp_rp0, "abs_g": abs_g, "bp_rp": bp_rp0 + np.float32(0.25)}
        rows |= {"g_mag": abs_g + np.float32(10.5), "distance_pc": np.full(len(points), 1000, np.float32)}
        append(connection, gaia_match, pa.table(rows))
    return path


def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(path) as connection:
        connection.execute("DELETE FROM cmd_region")
        yield connection


@pytest.fixture(scope="module")
def on_grid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    yield from opened(with_stars(tmp_path_factory.mktemp("grid") / "c.duckdb", GRID))


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    yield from opened(with_stars(tmp_path_factory.mktemp("anywhere") / "c.duckdb", SOMEWHERE))


def inside(connection: duckdb.DuckDBPyConnection, *polygons: Vertices, corrected: bool = True) -> list[set[int]]:
    """Positions of the stars in each polygon; the database stays as it is."""
    connection.execute("BEGIN")
    for number, polygon in enumerate(polygons):
        vertices = [{"bp_rp": float(bp_rp), "abs_g": float(abs_g)} for bp_rp, abs_g in polygon]
        connection.execute(
            "INSERT INTO cmd_region VALUES (?, ?, ?, NULL, TIMESTAMP '2026-01-01', false)",
            [str(number), vertices, corrected],
        )
    found = connection.execute("SELECT region, star_id FROM cmd_region_star").fetchall()
    connection.execute("ROLLBACK")
    assert len(set(found)) == len(found)
    return [{star_id - 1 for region, star_id in found if region == str(number)} for number in range(len(polygons))]


def contained(polygon: Vertices, points: np.ndarray) -> set[int]:
    """The same from matplotlib, whose rule for points on an edge is nobody's business."""
    return set(np.flatnonzero(Polygon([*polygon, polygon[0]], closed=True).contains_points(points)).tolist())


def distance_to_edges(polygon: Vertices, points: np.ndarray) -> np.ndarray:
    """(n,) distance of (n, 2) points to the nearest edge."""
    start = np.array(polygon, float)
    along = np.roll(start, -1, axis=0) - start
    offset = points[:, None, :] - start
    length = np.maximum(np.sum(along**2, axis=1), 1e-30)
    share = np.clip(np.sum(offset * along, axis=2) / length, 0, 1)
    return np.min(np.linalg.norm(offset - share[..., None] * along, axis=2), axis=1)


MAGNITUDE = st.floats(-1, 7, allow_nan=False, width=32)
SLOW = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60))


@SLOW
@given(st.lists(st.tuples(MAGNITUDE, MAGNITUDE), min_size=3, max_size=12))
def test_away_from_edges_it_is_what_matplotlib_says(anywhere: duckdb.DuckDBPyConnection, polygon: Vertices) -> None:
    """Also where edges cross: what they go round twice is outside."""
    clear = set(np.flatnonzero(distance_to_edges(polygon, SOMEWHERE.astype(float)) > 1e-4).tolist())
    (found,) = inside(anywhere, polygon)
    assert found & clear == contained(polygon, SOMEWHERE) & clear


POINT = st.tuples(st.integers(0, 6), st.integers(0, 6))


@SLOW
@given(st.lists(POINT, min_size=3, max_size=8))
def test_on_an_edge_it_counts_as_a_hair_redder_then_a_hair_fainter(
    on_grid: duckdb.DuckDBPyConnection, polygon: Vertices
) -> None:
    (found,) = inside(on_grid, polygon)
    assert found == contained(polygon, GRID + HAIR)


@SLOW
@given(st.lists(POINT, min_size=3, max_size=8), st.randoms(use_true_random=False))
def test_where_the_polygon_begins_and_which_way_it_goes_is_all_the_same(
    anywhere: duckdb.DuckDBPyConnection, polygon: Vertices, random: object
) -> None:
    start = random.randrange(len(polygon))  # type: ignore[attr-defined]
    turned = polygon[start:] + polygon[:start]
    one, other, backwards = inside(anywhere, polygon, turned, polygon[::-1])
    assert one == other == backwards


def test_a_box_has_its_blue_and_its_bright_edge(on_grid: duckdb.DuckDBPyConnection) -> None:
    (found,) = inside(on_grid, [(1, 1), (2, 1), (2, 2), (1, 2)])
    assert {tuple(GRID[index].tolist()) for index in found} == {(1, 1), (1.5, 1), (1, 1.5), (1.5, 1.5)}


@pytest.mark.parametrize("middle", [(3, 3), (2, 4), (5, 1)])
def test_regions_that_share_edges_share_no_star_and_leave_none_out(
    on_grid: duckdb.DuckDBPyConnection, anywhere: duckdb.DuckDBPyConnection, middle: tuple[float, float]
) -> None:
    """A square cut into four triangles, which go round this way and that."""
    corners = [(0, 0), (6, 0), (6, 6), (0, 6)]
    triangles = [[corners[i], corners[(i + 1) % 4], middle][:: 1 if i % 2 else -1] for i in range(4)]
    for connection in (on_grid, anywhere):
        whole, *parts = inside(connection, corners, *triangles)
        assert sum(len(part) for part in parts) == len(whole)
        assert set().union(*parts) == whole


def test_a_decimal_on_an_edge_is_on_it(tmp_path: Path) -> None:
    """0.95 as a star has it is not 0.95 as a double."""
    path = with_stars(tmp_path / "c.duckdb", np.array([(0.95, 1.1), (np.nextafter(np.float32(0.95), 0), 1.1)]))
    for connection in opened(path):
        assert inside(connection, [(0.95, 1), (2, 1), (2, 2), (0.95, 2)]) == [{0}]
        assert inside(connection, [(0, 1), (0.95, 1), (0.95, 2), (0, 2)]) == [{1}]


def test_a_region_takes_the_photometry_it_is_meant_for(on_grid: duckdb.DuckDBPyConnection) -> None:
    polygon = [(1, 1), (4, 1), (4, 4), (1, 4)]
    assert inside(on_grid, polygon)[0] == contained(polygon, GRID + HAIR)
    assert inside(on_grid, polygon, corrected=False)[0] == contained(polygon, GRID + np.array((0.25, 0.5)) + HAIR)


def test_a_star_without_photometry_is_in_no_region_and_counted(tmp_path: Path) -> None:
    path = with_stars(tmp_path / "c.duckdb", np.ones((5, 2)))
    with duckdb.connect(path) as connection:
        connection.execute("UPDATE gaia_match SET bp_rp0 = NULL WHERE star_id = 1")
        connection.execute("UPDATE gaia_match SET abs_g = NULL WHERE star_id = 2")
        connection.execute("UPDATE gaia_match SET distance_pc = NULL WHERE star_id = 3")
        connection.execute("DELETE FROM gaia_match WHERE star_id = 4")
    catalog = Catalog(path)
    everything = [(-9, -9), (9, -9), (9, 9), (-9, 9)]
    catalog.add_region("all", everything, corrected=True)
    catalog.add_region("all as observed", everything)
    catalog.add_region("none", [(-9, -9), (-8, -9), (-8, -8)])
    counted = catalog.query(
        "SELECT region, n_star, n_without_photometry FROM cmd_region_count WHERE region LIKE 'all%' OR region = 'none' "
        "ORDER BY region"
    )
    assert [tuple(row) for row in counted] == [("all", 2, 3), ("all as observed", 3, 2), ("none", 0, 2)]


KNOWN = {
    "Sun": (0.82, 4.67, "main-sequence"),
    "Vega": (0.0, 0.6, "main-sequence"),
    "Barnard's star": (2.83, 11.9, "main-sequence"),
    "Proxima Centauri": (3.80, 13.4, "main-sequence"),
    "Sirius B": (-0.28, 11.4, "white-dwarfs"),
    "van Maanen 2": (0.65, 14.1, "white-dwarfs"),
    "Feige 110": (-0.5, 4.6, "hot-subdwarfs"),
    "a clump star": (1.2, 0.5, "giants red-clump"),
    "Suzuki's TP-AGB star": (4.46, -0.19, "agb giants"),
    "a cataclysmic variable": (0.6, 8.0, ""),
}
"""Colour and magnitude of well-known stars, to 0.1 mag, and the regions they must be in."""


def test_well_known_stars_are_where_they_belong(tmp_path: Path) -> None:
    path = with_stars(tmp_path / "c.duckdb", np.array([place[:2] for place in KNOWN.values()]))
    found = Catalog(path).query("SELECT star_id, region FROM cmd_region_star ORDER BY star_id, region")
    for number, (name, (_, _, regions)) in enumerate(KNOWN.items(), start=1):
        assert " ".join(found["region"][found["star_id"] == number]) == regions, name


def test_the_regions_that_come_with_the_catalog_overlap_only_as_said(tmp_path: Path) -> None:
    """The clump and the AGB are giants; else a star is in one region."""
    colour, magnitude = np.meshgrid(np.arange(-1.03, 6, 0.05), np.arange(-7.03, 18, 0.1))
    path = with_stars(tmp_path / "c.duckdb", np.stack([colour, magnitude], axis=-1).reshape(-1, 2))
    found = Catalog(path).query("""
        SELECT DISTINCT string_agg(region, ' ' ORDER BY region) AS regions FROM cmd_region_star GROUP BY star_id
    """)
    alone = {"main-sequence", "giants", "white-dwarfs", "hot-subdwarfs"}
    assert set(found["regions"]) == alone | {"agb giants", "giants red-clump"}


def test_every_region_that_comes_with_the_catalog_says_what_it_rests_on(tmp_path: Path) -> None:
    catalog = Catalog(with_stars(tmp_path / "c.duckdb", GRID))
    found = catalog.query("SELECT name, corrected, builtin, description, len(polygon) AS n FROM cmd_region")
    assert len(found) == 6
    for row in found:
        assert row["corrected"]
        assert row["builtin"]
        assert "our own reading" in row["description"] or "closed at" in row["description"]
        assert "20" in row["description"]  # the year of a paper
        assert row["n"] >= 3


ERRORS = """
INSERT INTO dataset VALUES
    (1, 'small', 'MaStar', NULL, 'combspec', 60, 1, 300, 300),
    (2, 'large', 'MaStar', NULL, 'combspec', 90, 1, 300, 300);
INSERT INTO spectrum (spectrum_id, dataset_id, star_id, n_zero_flux, n_negative_flux, n_nonfinite_flux, usable,
        source_file_id, source_row)
    SELECT star_id + 1000 * dataset_id, dataset_id, star_id, 0, 0, 0, true, 1, star_id FROM star, dataset;
INSERT INTO ensemble VALUES
    (1, 'one', 1, 9, '{}', 'x', TIMESTAMP '2026-01-01', '0', NULL, NULL),
    (2, 'two', 1, 9, '{}', 'x', TIMESTAMP '2026-01-01', '0', NULL, NULL);
INSERT INTO model_version (model_id, ensemble_id, member, name, seed, n_train, n_validation, status)
    VALUES (1, 1, 1, 'MODEL1', 1, 1, 1, 'trained'), (2, 2, 1, 'MODEL1', 1, 1, 1, 'trained');
INSERT INTO reconstruction_error
    SELECT model_id, spectrum_id, hash(model_id, spectrum_id) / 1e20, NULL FROM model_version, spectrum
    WHERE model_id = 1 OR (dataset_id = 2 AND star_id % 3 = 0);
INSERT INTO latent_vector
    SELECT model_id, spectrum_id, list_transform(range(10), i -> hash(spectrum_id, i) / 1e20)::FLOAT[10]
    FROM reconstruction_error;
"""
"""Ensemble `one` has scored everything, `two` every third spectrum of `large`. Each has one model, so that the
consensus is the order of its errors."""


def test_anomalies_are_ranked_within_region_ensemble_and_dataset(tmp_path: Path) -> None:
    path = with_stars(tmp_path / "c.duckdb", SOMEWHERE)
    catalog = Catalog(path)
    with duckdb.connect(path) as connection:
        connection.execute(ERRORS)
        errors = connection.execute("FROM reconstruction_error").fetchnumpy()
    catalog.upgrade()
    polygons = {
        "kite": [(0.11, 2.3), (3.2, 0.4), (6.3, 2.2), (3.1, 6.7)],
        "corner": [(3.3, 3.1), (6.9, 3.2), (6.8, 6.9)],
    }
    for name, polygon in polygons.items():
        catalog.add_region(name, polygon, corrected=True)
    found = catalog.query("FROM anomaly_by_cmd_region ORDER BY region_rank")
    for name, polygon in polygons.items():
        members = contained(polygon, SOMEWHERE)
        for model, ensemble in ((1, "one"), (2, "two")):
            for dataset_id, dataset in ((1, "small"), (2, "large")):
                index = errors["spectrum_id"] - 1000 * dataset_id - 1
                mine = (errors["model_id"] == model) & np.isin(index, list(members))
                expected = index[mine][np.argsort(-errors["error"][mine])] + 1
                rows = found[
                    (found["region"] == name) & (found["ensemble"] == ensemble) & (found["dataset"] == dataset)
                ]
                assert (len(expected) > 0) == (ensemble == "one" or dataset == "large")
                assert rows["star_id"].tolist() == expected.tolist()
                assert rows["region_rank"].tolist() == list(range(1, len(expected) + 1))
                assert set(rows["n_in_region"].tolist()) <= {len(expected)}


def test_the_consensus_in_a_region_is_the_consensus(tmp_path: Path) -> None:
    path = with_stars(tmp_path / "c.duckdb", SOMEWHERE)
    catalog = Catalog(path)
    with duckdb.connect(path) as connection:
        connection.execute(ERRORS)
        names = ", ".join(row[0] for row in connection.execute("DESCRIBE consensus_anomaly").fetchall())
    catalog.upgrade()
    catalog.add_region("half", [(-9, -9), (3, -9), (3, 9), (-9, 9)], corrected=True)
    part = f"SELECT {names} FROM anomaly_by_cmd_region WHERE region = 'half'"
    assert 0 < len(catalog.query(part)) < len(catalog.query("FROM consensus_anomaly"))
    assert len(catalog.query(f"{part} EXCEPT SELECT {names} FROM consensus_anomaly")) == 0
    place = "SELECT star_id, bp_rp, bp_rp0, abs_g, abs_g_uncorrected"
    assert len(catalog.query(f"{place} FROM anomaly_by_cmd_region EXCEPT {place} FROM cmd")) == 0


def test_a_database_of_revision_0005_has_the_regions_after_an_upgrade(
    of_revision: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    old = Database(of_revision("0005", tmp_path / "old.duckdb"))
    new = with_stars(tmp_path / "new.duckdb", SOMEWHERE)
    with duckdb.connect(old.path) as connection:
        connection.execute(f"ATTACH '{new}' AS new (READ_ONLY)")
        for table in ("star", "gaia_match"):
            connection.execute(f"INSERT INTO {table} FROM new.{table}")
    assert upgrade(old)[0] == "0005"
    for question in (
        "SELECT * EXCLUDE (created_at) FROM cmd_region ORDER BY name",
        "FROM cmd_region_star ORDER BY ALL",
        "FROM cmd_region_count ORDER BY ALL",
        "FROM star ORDER BY ALL",
    ):
        with duckdb.connect(old.path) as found, duckdb.connect(new, read_only=True) as expected:
            rows = expected.execute(question).fetchall()
            assert found.execute(question).fetchall() == rows
            assert rows


def test_sixty_thousand_stars_and_ten_regions_are_quick(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    path = with_stars(tmp_path / "c.duckdb", generator.uniform((-1, -5), (5, 17), (60_000, 2)))
    catalog = Catalog(path)
    for number in range(4):
        angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        catalog.add_region(f"circle {number}", np.stack([2 + np.cos(angle), number + np.sin(angle)], axis=1))
    times = []
    with duckdb.connect(path, read_only=True) as connection:
        for _ in range(3):
            start = time.perf_counter()
            connection.execute("SELECT count(*) FROM cmd_region_star").fetchall()
            times.append(time.perf_counter() - start)
    assert min(times) < 1  # 0.15 to 0.25 s on two busy cores
