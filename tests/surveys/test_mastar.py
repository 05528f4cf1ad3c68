"""The parameters of visits: which row of the file becomes which rows, and which visit they are of."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from files import write_parameters, write_table, write_visit_parameters, write_visits
from ingested_rows import IDS, one

from catalog import Catalog
from catalog.errors import CatalogError

V1 = "mastar-goodvisits-v3_1_1-v1_7_7-params-v1.fits"
V2 = "mastar-goodvisits-v3_1_1-v1_7_7-params-v2.fits"

VALUES = "teff, logg, fe_h, alpha_fe"
ERRORS = "teff_error, logg_error, fe_h_error, alpha_fe_error"
UPWARDS = "teff_error_up, logg_error_up, fe_h_error_up, alpha_fe_error_up"
DOWNWARDS = "teff_error_down, logg_error_down, fe_h_error_down, alpha_fe_error_down"


def found(catalog: Catalog, columns: str, where: str = "true") -> list[tuple]:
    """Rows of `visit_parameter` with the ids of their stars, in the order of star, night and source."""
    with duckdb.connect(catalog.database.path, read_only=True) as connection:
        return connection.execute(
            f"""SELECT {columns} FROM visit_parameter JOIN star USING (star_id)
                WHERE {where} ORDER BY mangaid, mjd, source"""
        ).fetchall()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "c.duckdb")


def test_a_visit_has_a_row_for_the_median_and_for_each_method(catalog: Catalog, tmp_path: Path) -> None:
    teff = {f"TEFF_{method}": np.array([value]) for value, method in enumerate(("MED", "JI", "DL", "LH", "YC"), 5000)}
    (done,) = catalog.ingest([write_visit_parameters(tmp_path / V2, ["7-1"], **teff)])
    assert (done.product, done.n_row, done.skipped) == ("visit_parameters", 1, None)
    assert found(catalog, "mangaid, plate, ifudesign, mjd, source, teff") == [
        ("7-1", 9000, "12701", 58000, "v2 DL", 5002),
        ("7-1", 9000, "12701", 58000, "v2 JI", 5001),
        ("7-1", 9000, "12701", 58000, "v2 LH", 5003),
        ("7-1", 9000, "12701", 58000, "v2 MED", 5000),
        ("7-1", 9000, "12701", 58000, "v2 YC", 5004),
    ]
    assert set(found(catalog, "logg, fe_h, alpha_fe")) == {(4.5, -0.5, 0.125)}


def test_one_error_or_one_in_each_direction_as_the_method_gives_them(catalog: Catalog, tmp_path: Path) -> None:
    catalog.ingest([write_visit_parameters(tmp_path / V2, IDS)])
    two_sided = "source = 'v2 LH'"
    assert set(found(catalog, ERRORS, f"NOT {two_sided}")) == {(0.25,) * 4}
    assert set(found(catalog, f"{UPWARDS}, {DOWNWARDS}", f"NOT {two_sided}")) == {(None,) * 8}
    assert set(found(catalog, ERRORS, two_sided)) == {(None,) * 4}
    assert set(found(catalog, UPWARDS, two_sided)) == {(0.5,) * 4}
    assert set(found(catalog, DOWNWARDS, two_sided)) == {(0.125,) * 4}


def test_each_error_is_of_its_own_value(catalog: Catalog, tmp_path: Path) -> None:
    names = [f"{quantity}_ERR_{way}_LH" for way in ("UP", "DN") for quantity in ("TEFF", "LOGG", "FEH", "ALPHA")]
    errors = {name: np.array([value]) for value, name in enumerate(names, 1)}
    catalog.ingest([write_visit_parameters(tmp_path / V2, ["7-1"], **errors)])
    assert found(catalog, f"{UPWARDS}, {DOWNWARDS}", "source = 'v2 LH'") == [(1, 2, 3, 4, 5, 6, 7, 8)]


def test_sentinels_become_null(catalog: Catalog, tmp_path: Path) -> None:
    unknown = {name: np.array([-999.0]) for name in ("ALPHA_MED", "ALPHA_MED_ERR", "ALPHA_LH", "ALPHA_ERR_UP_LH")}
    catalog.ingest([write_visit_parameters(tmp_path / V2, ["7-1"], FEH_LH=np.array([np.nan]), **unknown)])
    assert found(catalog, f"{VALUES}, alpha_fe_error", "source = 'v2 MED'") == [(5000, 4.5, -0.5, None, None)]
    expected = [(5000, 4.5, None, None, None, 0.125)]
    assert found(catalog, f"{VALUES}, alpha_fe_error_up, alpha_fe_error_down", "source = 'v2 LH'") == expected


def test_a_method_without_a_good_result_has_no_row(catalog: Catalog, tmp_path: Path) -> None:
    results = {"TEFF_MED": np.array([-999, 5000, 5000]), "VALID_LH": np.array([1, 0, 1])}
    catalog.ingest([write_visit_parameters(tmp_path / V2, ["7-1", "7-1", "7-2"], **results)])
    there = found(catalog, "mjd, source", "source IN ('v2 MED', 'v2 LH')")
    assert there == [(58000, "v2 LH"), (58001, "v2 MED"), (58002, "v2 LH"), (58002, "v2 MED")]


def test_rows_join_their_visits_by_trimmed_ids_whatever_their_order(catalog: Catalog, tmp_path: Path) -> None:
    """The key is star, plate, fibre bundle and night: here each of the four tells two visits apart."""
    mangaid = np.array(["7-1701", "7-17015390", "7-1701", "7-1701", "7-1701"])
    key = {
        "PLATE": np.array([9000, 9000, 9001, 9000, 9000], np.int32),
        "IFUDESIGN": np.array(["1901", "1901", "1901", "12701", "1901"]),
        "MJD": np.array([58000, 58000, 58000, 58000, 58001], np.int32),
    }
    mark = np.arange(5, dtype=np.float32)
    catalog.ingest([write_visits(tmp_path / "mastarall.fits", list(mangaid), EXPTIME=mark, **key)])
    order = np.array([3, 0, 4, 2, 1])
    shuffled = {name: values[order] for name, values in key.items()}
    catalog.ingest([write_visit_parameters(tmp_path / V2, list(mangaid[order]), LOGG_MED=mark[order], **shuffled)])
    joined = """SELECT count(*), count(*) FILTER (exptime = logg), count(DISTINCT exptime)
                FROM visit_parameter JOIN visit USING (star_id, plate, ifudesign, mjd) WHERE source = 'v2 MED'"""
    assert one(catalog.database.path, joined) == (5, 5, 5)
    assert one(catalog.database.path, "SELECT count(*), max(length(mangaid)) FROM star") == (2, 10)


def test_both_versions_stand_side_by_side(catalog: Catalog, tmp_path: Path) -> None:
    for name, teff in ((V1, 4900), (V2, 5000)):
        catalog.ingest([write_visit_parameters(tmp_path / name, ["7-1"], TEFF_MED=np.array([teff]))])
    assert found(catalog, "source, teff", "source LIKE '% MED'") == [("v1 MED", 4900), ("v2 MED", 5000)]
    assert one(catalog.database.path, "SELECT count(*) FROM visit_parameter") == (10,)


def test_a_newer_file_replaces_the_visits_it_names(catalog: Catalog, tmp_path: Path) -> None:
    catalog.ingest([write_visit_parameters(tmp_path / V2, ["7-1", "7-1", "7-2"])])
    (tmp_path / "newer").mkdir()
    catalog.ingest([write_visit_parameters(tmp_path / "newer" / V2, ["7-1"], TEFF_MED=np.array([6000]))])
    assert found(catalog, "mjd, teff", "source = 'v2 MED'") == [(58000, 6000), (58001, 5000), (58002, 5000)]
    assert one(catalog.database.path, "SELECT count(*) FROM visit_parameter") == (15,)


def test_parameters_of_stars_and_of_visits_stay_apart(catalog: Catalog, tmp_path: Path) -> None:
    stars = write_parameters(tmp_path / "mastar-goodstars-params-v2.fits", IDS)
    catalog.ingest([stars, write_visit_parameters(tmp_path / V2, IDS)])
    counts = "SELECT (SELECT count(*) FROM stellar_parameter), (SELECT count(*) FROM visit_parameter)"
    assert one(catalog.database.path, counts) == (6, 20)


def test_columns_that_are_not_there_are_null(catalog: Catalog, tmp_path: Path) -> None:
    columns = {"MANGAID": np.array(["7-1"]), "PLATE": np.array([9000]), "IFUDESIGN": np.array(["12701"])}
    columns |= {"MJD": np.array([58000]), "TEFF_MED": np.array([5000], np.float32)}
    catalog.ingest([write_table(tmp_path / V2, columns)])
    assert found(catalog, f"source, {VALUES}, {ERRORS}") == [("v2 MED", 5000, *[None] * 7)]


def test_a_file_that_does_not_say_which_visit_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    columns = {"MANGAID": np.array(["7-1"]), "PLATE": np.array([9000]), "MJD": np.array([58000])}
    path = write_table(tmp_path / V2, columns | {"TEFF_MED": np.array([5000], np.float32)})
    with pytest.raises(CatalogError, match="to be visit_parameters it lacks column IFUDESIGN"):
        catalog.ingest([path])


def test_a_visit_that_stands_twice_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    path = write_visit_parameters(tmp_path / V2, ["7-1", "7-1"], MJD=np.full(2, 58000))
    with pytest.raises(CatalogError, match="star 7-1 would stand 2 times in visit_parameter"):
        catalog.ingest([path])


def test_a_database_from_before_there_was_a_place_takes_them(
    catalog: Catalog, of_revision: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    """Revision 0003 had visits, but not their parameters."""
    of_revision("0003", catalog.database.path)
    with duckdb.connect(catalog.database.path) as connection:
        connection.execute("INSERT INTO star (star_id, mangaid, source_file_id) VALUES (1, '7-1', 1)")
        connection.execute(
            """INSERT INTO visit (star_id, plate, ifudesign, mjd, exptime, source_file_id)
               VALUES (1, 9000, '12701', 58000, 900, 1)"""
        )
    path = write_visit_parameters(tmp_path / V2, ["7-1"])
    with pytest.raises(CatalogError, match="run: catalog db upgrade"):
        catalog.ingest([path])
    catalog.upgrade()
    catalog.ingest([path])
    joined = "FROM visit_parameter JOIN visit USING (star_id, plate, ifudesign, mjd)"
    assert one(catalog.database.path, f"SELECT count(*), any_value(exptime) {joined}") == (5, 900)
