"""Regions of the colour-magnitude diagram: listed, added, removed, asked for; what is not a polygon is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from catalog import Catalog
from catalog.anomaly.regions import checked_polygon, read_polygon
from catalog.errors import CatalogError

BUILTIN = ["agb", "giants", "hot-subdwarfs", "main-sequence", "red-clump", "white-dwarfs"]
TRIANGLE = [(0.5, 4.0), (2.0, 4.0), (2.0, 6.0)]


@pytest.fixture
def catalog(ingested: Path, copy_of: Callable) -> Catalog:
    """Forty stars with M_G 5 and BP-RP from 0 to 4 as observed, the last without photometry."""
    return Catalog(copy_of(ingested))


def written(folder: Path, text: str) -> Path:
    (folder / "mine.csv").write_text(text)
    return folder / "mine.csv"


def test_six_regions_come_with_the_catalog(catalog: Catalog) -> None:
    found = catalog.regions()
    assert list(found["region"]) == BUILTIN
    assert all(found["builtin"])
    assert dict(zip(found["region"], found["n_star"], strict=True))["main-sequence"] > 0
    assert set(found["n_without_photometry"]) == {1}


def test_a_region_of_a_file(catalog: Catalog, tmp_path: Path) -> None:
    catalog.add_region("mine", written(tmp_path, "bp_rp,abs_g\n0.5,4\n2.0,4\n2.0,6\n"))
    row = catalog.regions()[-1]
    assert (row["region"], row["corrected"], row["builtin"], row["n_vertex"]) == ("mine", False, False, 3)
    assert row["description"] == "from mine.csv"
    (stored,) = catalog.query("SELECT polygon, created_at FROM cmd_region WHERE name = 'mine'")
    assert [(vertex["bp_rp"], vertex["abs_g"]) for vertex in stored["polygon"]] == TRIANGLE


def test_a_region_of_numbers(catalog: Catalog) -> None:
    catalog.add_region("mine", np.array(TRIANGLE), corrected=True, description="by eye")
    row = catalog.regions()[-1]
    assert (row["region"], row["corrected"], row["description"]) == ("mine", True, "by eye")
    catalog.add_region("yours", TRIANGLE)
    assert catalog.regions()["description"].mask.tolist() == [False] * 7 + [True]


def test_what_is_listed_in_sql_can_be_added(catalog: Catalog, tmp_path: Path) -> None:
    vertices = catalog.query("SELECT unnest(polygon, recursive := true) FROM cmd_region WHERE name = 'white-dwarfs'")
    vertices.write(tmp_path / "again.csv", format="ascii.csv")
    catalog.add_region("again", tmp_path / "again.csv", corrected=True)
    same = catalog.query("SELECT count(DISTINCT polygon) AS n FROM cmd_region WHERE name IN ('white-dwarfs', 'again')")
    assert same["n"][0] == 1


def test_a_region_of_ones_own_goes_and_its_name_is_free_again(catalog: Catalog) -> None:
    catalog.add_region("mine", TRIANGLE)
    catalog.remove_region("mine")
    assert list(catalog.regions()["region"]) == BUILTIN
    catalog.add_region("mine", TRIANGLE[::-1])
    assert list(catalog.regions()["region"]) == [*BUILTIN, "mine"]


def test_what_came_with_the_catalog_stays(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="region agb came with the catalog and stays; add yours under another name"):
        catalog.remove_region("agb")
    assert list(catalog.regions()["region"]) == BUILTIN


def test_a_name_that_is_taken_or_none(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="there is a region agb already; give another name"):
        catalog.add_region("agb", TRIANGLE)
    for name in ("", " ", "mine ", "mi\nne"):
        with pytest.raises(CatalogError, match="is not a valid name for a region"):
            catalog.add_region(name, TRIANGLE)
    assert list(catalog.regions()["region"]) == BUILTIN


def test_an_unknown_name_is_answered_with_those_that_exist(catalog: Catalog, scored: Path) -> None:
    for ask in (catalog.remove_region, lambda name: Catalog(scored).outliers(region=name)):
        with pytest.raises(CatalogError, match="no region dwarfs; there are: agb, giants, hot-subdwarfs, main-seq"):
            ask("dwarfs")


def test_a_dataset_that_goes_leaves_the_regions(catalog: Catalog) -> None:
    catalog.add_region("mine", TRIANGLE)
    for name in ("small", "large"):
        catalog.remove("dataset", name)
    assert list(catalog.regions()["region"]) == [*BUILTIN, "mine"]


def test_outliers_of_a_region_are_those_of_the_catalog_in_it(scored: Path, copy_of: Callable) -> None:
    catalog = Catalog(copy_of(scored))
    catalog.add_region("observed", [(0.95, 0), (3, 0), (3, 10), (0.95, 10)])
    catalog.add_region("corrected", [(0.95, 0), (3, 0), (3, 10), (0.95, 10)], corrected=True)
    everything = catalog.outliers(limit=100)
    for name, shift in (("observed", 0), ("corrected", 0.1)):
        found = catalog.outliers(region=name, limit=100)
        colour = np.ma.filled(everything["bp_rp"], -9) - shift
        assert found["mangaid"].tolist() == everything["mangaid"][(colour >= 0.95) & (colour < 3)].tolist()
        assert found.meta["region"] == name
        # The last star; its spectrum is usable and scored.
        assert found.meta["n_without_photometry"] == 1
    ranked = catalog.query("SELECT mangaid FROM anomaly_by_cmd_region WHERE region = 'observed' ORDER BY region_rank")
    assert ranked["mangaid"].tolist() == catalog.outliers(region="observed", limit=100)["mangaid"].tolist()
    both = catalog.outliers(region="observed", bp_rp=(2, 9), limit=100)
    assert 0 < len(both) < len(ranked)
    assert "region" not in everything.meta


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; its first line must name the columns bp_rp, abs_g"),
        ("0.5,4\n2,4\n2,6\n", "has no column bp_rp; its first line must name it once"),
        ("bp_rp,g\n0.5,4\n2,4\n2,6\n", "has no column abs_g"),
        ("bp_rp,abs_g\n", "has 0 different vertices; a polygon has at least 3"),
        ("bp_rp,abs_g\n0.5,4\n2,4\n0.5,4\n", "has 2 different vertices"),
        ("bp_rp,abs_g\n0.5,4\n2,nan\n2,6\n", "mine.csv, line 3: abs_g is nan; give a number in mag, with a point"),
        ("bp_rp,abs_g\n0.5,4\n2,4\n-inf,6\n", "mine.csv, line 4: bp_rp is -inf"),
        ("bp_rp,abs_g\n0.5,4\nred,4\n2,6\n", "mine.csv, line 3: bp_rp is red"),
        ("bp_rp,abs_g\n0.5,4\n,4\n2,6\n", "mine.csv, line 3: bp_rp is blank"),
        ("bp_rp,abs_g\n0.5,4\n1e39,4\n2,6\n", "mine.csv, line 3: bp_rp is 1e39"),
        ("bp_rp,abs_g\n0.5,4\n2\n2,6\n", "mine.csv, line 3: 1 values for 2 columns"),
        ("bp_rp,abs_g\n0,5,4\n2,0,4\n2,0,6\n", "mine.csv, line 2: 3 values for 2 columns"),
        ('bp_rp,abs_g\n"0,5",4\n2,4\n2,6\n', "mine.csv, line 2: bp_rp is 0,5; give a number in mag, with a point"),
        ('bp_rp,abs_g\n"0.5,4\n2,4\n', "mine.csv, line 2: unexpected end of data"),
        (
            "bp_rp,abs_g\n0,0\n2,2\n2,0\n0,2\n",
            "the edges that begin at lines 2 and 4 cross; give the vertices in order",
        ),
        ("bp_rp,abs_g\n0.1,0.1\n0.2,0.2\n0.3,0.3\n", "the vertices lie in one line and enclose nothing"),
    ],
)
def test_a_file_without_a_polygon_is_refused(catalog: Catalog, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CatalogError) as refused:
        catalog.add_region("mine", written(tmp_path, text))
    assert "mine.csv" in str(refused.value)
    assert message in str(refused.value)
    assert list(catalog.regions()["region"]) == BUILTIN


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"absent.csv cannot be read: No such file"):
        read_polygon(tmp_path / "absent.csv")
    (tmp_path / "picture.csv").write_bytes(b"bp_rp,abs_g\n\xff\xfe\n")
    with pytest.raises(CatalogError, match=r"picture.csv is not text in UTF-8"):
        read_polygon(tmp_path / "picture.csv")


@pytest.mark.parametrize(
    "text",
    [
        "bp_rp,abs_g\n0.5,4\n2.0,4\n2.0,6\n0.5,4\n",
        "abs_g, bp_rp\r\n4, 0.5\r\n4, 2.0\r\n\r\n6, 2.0\r\n",
        "\ufeffbp_rp,note,abs_g\n0.5,a,4\n2.0,b,4\n2.0,,6\n",
    ],
    ids=["closed", "columns in another order, blanks, blank lines, Windows", "another column, byte order mark"],
)
def test_files_that_are_read_alike(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8", newline="")
    assert read_polygon(tmp_path / "mine.csv") == TRIANGLE


def test_edges_may_touch() -> None:
    """A frame around a hole is one polygon, with a cut that it goes along twice."""
    frame = [(0, 0), (6, 0), (6, 6), (0, 6), (0, 0), (2, 2), (2, 4), (4, 4), (4, 2), (2, 2)]
    assert checked_polygon(frame, "here") == frame


def test_numbers_that_are_no_polygon() -> None:
    for vertices, message in (
        ([(1, 2, 3)] * 3, "here, row 1: 3 values; a vertex has two, bp_rp and abs_g"),
        ([(0, 0), (1, None), (1, 1)], "here, row 2: abs_g is None"),
        ([], "here has 0 different vertices"),
        ([(0, 0), (2, 2), (2, 0), (0, 2)], "here: the edges that begin at rows 1 and 3 cross"),
    ):
        with pytest.raises(CatalogError, match=message):
            checked_polygon(vertices, "here")  # type: ignore[arg-type]
