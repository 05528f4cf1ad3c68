"""Which rows are which stars: by Gaia id of the stated release, by MaNGA id; and how many that is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from files import write_combspec, write_gaia
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog
from catalog.errors import CatalogError

IDS = [f"7-{number:08d}" for number in range(6)]
LARGEST = 2**63 - 1


@pytest.fixture(scope="module")
def two_releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six stars: EDR3 ids of the first three and the largest there is, DR2 ids of the third to fifth."""
    folder = tmp_path_factory.mktemp("releases")
    write_combspec(folder / "lsfpercent90.0.fits", IDS, np.ones((6, 4563)))
    edr3 = np.array([101, 102, 103, 0, LARGEST, 0])
    write_gaia(folder / "edr3.fits", IDS, SOURCE_ID=edr3)
    write_gaia(folder / "dr2.fits", IDS, "DR2", SOURCE_ID=np.array([0, 0, 203, 102, 205, 0]))
    Catalog(folder / "c.duckdb").ingest([folder])
    return folder / "c.duckdb"


@pytest.fixture
def catalog(two_releases: Path, copy_of: Callable) -> Catalog:
    return Catalog(copy_of(two_releases))


def matches(catalog: Catalog) -> dict[int, list[int]]:
    found = catalog.query("FROM external_match WHERE catalog_row IS NOT NULL ORDER BY star_id, catalog_row")
    result: dict[int, list[int]] = {}
    for row in found:
        result.setdefault(int(row["star_id"]), []).append(int(row["catalog_row"]))
    return result


def written(folder: Path, ids: object, name: str = "x.ecsv") -> Path:
    Table({"id": ids}).write(folder / name, overwrite=True)
    return folder / name


@pytest.mark.parametrize("release", ["EDR3", "DR3"])
def test_edr3_and_dr3_share_their_ids(catalog: Catalog, tmp_path: Path, release: str) -> None:
    found = catalog.attach(written(tmp_path, [103, 101, 999, 205, LARGEST]), "x", gaia="id", release=release)
    assert matches(catalog) == {1: [2], 3: [1], 5: [5]}
    assert (found.n_matched, found.n_unknown) == (3, 2)
    assert found.remarks == (
        f"1 stars have a Gaia id of another release only, and were not compared with ids of {release}",
    )


def test_dr2_ids_are_compared_with_dr2_ids_only(catalog: Catalog, tmp_path: Path) -> None:
    # 102 is one star's id in EDR3 and another's in DR2.
    found = catalog.attach(written(tmp_path, [102, 101, 205]), "x", gaia="id", release="DR2")
    assert matches(catalog) == {4: [1], 5: [3]}
    assert found.remarks == ("2 stars have a Gaia id of another release only, and were not compared with ids of DR2",)
    row = catalog.attached()[0]
    assert (row["matched_by"], row["matched_columns"], row["id_release"]) == ("gaia", "id", "DR2")


def test_ids_that_are_neighbours_in_a_float_are_told_apart(catalog: Catalog, tmp_path: Path) -> None:
    for name in ("x.ecsv", "x.fits", "x.parquet"):
        catalog.attach(written(tmp_path, [LARGEST - 1, LARGEST - 2], name), "x", gaia="id", release="DR3")
        assert matches(catalog) == {}
        catalog.attach(written(tmp_path, [LARGEST - 1, LARGEST], name), "x", gaia="id", release="DR3")
        assert matches(catalog) == {5: [2]}


@pytest.mark.parametrize(
    ("arguments", "sha256"),
    [
        ({"gaia": "id", "release": "DR3"}, "c5d76bc5b74a859a0dd84590cac4582ed7158bfc620da3675d4fce8dc33e93b6"),
        ({"mangaid": "m"}, "0482970aba9ed5ae1067607d23a6b0813cb225454188e0c27abb8825c318107c"),
        ({"sky": ("ra", "dec"), "radius": 2.0}, "4e3e7e62cc2c2a6e71d27ca6554b02b5bb2e688228069352920a627ca3753669"),
    ],
)
def test_what_an_earlier_version_attached_is_not_matched_anew(
    catalog: Catalog, tmp_path: Path, arguments: dict, sha256: str
) -> None:
    """The numbers are of version 0.1.0: another text for the same question would do the work once more."""
    Table({"id": [101], "m": ["7-1"], "ra": [1.0], "dec": [2.0]}).write(tmp_path / "x.ecsv")
    catalog.attach(tmp_path / "x.ecsv", "x", **arguments)
    assert catalog.query("SELECT asked_sha256 FROM external_catalog")["asked_sha256"][0] == sha256


@settings(max_examples=15, deadline=None)
@given(ids=st.lists(st.integers(-(2**63), 2**63 - 1) | st.sampled_from([101, 102, LARGEST, LARGEST - 1]), min_size=1))
def test_ids_of_any_size_match_exactly(
    two_releases: Path, tmp_path_factory: pytest.TempPathFactory, ids: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("ids")
    (folder / "c.duckdb").write_bytes(two_releases.read_bytes())
    catalog = Catalog(folder / "c.duckdb")
    ids = [*ids, 7]
    (folder / "x.csv").write_text("\n".join(["id", *map(str, ids)]))
    catalog.attach(folder / "x.csv", "x", gaia="id", release="DR3", every=True)
    expected = {
        star: [row for row, listed in enumerate(ids, start=1) if listed == source_id]
        for star, source_id in {1: 101, 2: 102, 3: 103, 5: LARGEST}.items()
    }
    assert matches(catalog) == {star: found for star, found in expected.items() if found}


def test_ids_as_text(catalog: Catalog, tmp_path: Path) -> None:
    ids = ["102 ", "Gaia DR3 103", "Gaia DR2 101", str(LARGEST), str(LARGEST + 1), "", "Gaia EDR3 101", "1e2", "-101"]
    found = catalog.attach(written(tmp_path, ids), "x", gaia="id", release="DR3")
    assert matches(catalog) == {1: [7], 2: [1], 3: [2], 5: [4]}
    assert found.n_row_unusable == 5


def test_unsigned_ids_and_ids_too_large(catalog: Catalog, tmp_path: Path) -> None:
    found = catalog.attach(
        written(tmp_path, np.array([101, 2**63, 0], np.uint64), "x.fits"), "x", gaia="id", release="DR3"
    )
    assert (matches(catalog), found.n_row_unusable) == ({1: [1]}, 2)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (
            np.array([101.0, 102.0]),
            "column id holds decimal numbers, in which Gaia ids lose digits; write it as integers",
        ),
        (np.array([101.0], np.float32), "decimal numbers"),
        (["a", "b"], "column id holds no DR3 id of Gaia in any of its 2 rows; name another column"),
        ([0, -1], "holds no DR3 id of Gaia"),
        ([True, False], "column id holds BOOLEAN, not Gaia ids"),
    ],
)
def test_columns_that_hold_no_ids(catalog: Catalog, tmp_path: Path, ids: object, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        catalog.attach(written(tmp_path, ids), "x", gaia="id", release="DR3")


def test_an_id_that_is_listed_twice(catalog: Catalog, tmp_path: Path) -> None:
    path = written(tmp_path, [102, 101, 101, 5])
    found = catalog.attach(path, "x", gaia="id", release="DR3")
    assert (matches(catalog), found.n_matched, found.n_ambiguous) == ({1: [2], 2: [1]}, 2, 1)
    found = catalog.attach(path, "x", gaia="id", release="DR3", every=True)
    assert (matches(catalog), found.n_matched, found.n_ambiguous) == ({1: [2, 3], 2: [1]}, 2, 1)
    assert catalog.attached()["n_star_unmatched"].tolist() == [2]
    assert catalog.attached()["every_match"].tolist() == [True]


def test_by_mangaid(catalog: Catalog, tmp_path: Path) -> None:
    found = catalog.attach(written(tmp_path, [f" {IDS[4]} ", "7-1", "", IDS[0], IDS[0]]), "x", mangaid="id")
    assert matches(catalog) == {1: [4], 5: [1]}
    assert (found.n_matched, found.n_unknown, found.n_row_unusable, found.n_ambiguous) == (2, 0, 1, 1)


def test_a_column_is_found_by_its_name_in_the_file_or_in_the_table(catalog: Catalog, tmp_path: Path) -> None:
    Table({"ID": [1], "id": [101]}).write(tmp_path / "x.ecsv")
    for name, n_matched in (("id", 1), ("id_1", 1), ("ID", 0)):
        assert catalog.attach(tmp_path / "x.ecsv", "x", gaia=name, release="DR3").n_matched == n_matched
    assert catalog.attach(written(tmp_path, [101], "y.ecsv"), "x", gaia="Id", release="DR3").n_matched == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "say how to match, in one way"),
        ({"gaia": "id", "release": "DR3", "mangaid": "id"}, "say how to match, in one way"),
        ({"gaia": "id"}, "no release of the Gaia ids in id; give --release DR2, EDR3, DR3"),
        ({"gaia": "id", "release": "dr3"}, "dr3 release of the Gaia ids in id"),
        ({"mangaid": "id", "release": "DR3"}, "a release belongs to Gaia ids"),
        ({"mangaid": "id", "radius": 1}, "a radius and an epoch belong to a match on the sky"),
        ({"gaia": "id", "release": "DR3", "epoch": 2000}, "a radius and an epoch belong to a match on the sky"),
        ({"sky": ("a", "b")}, "no radius; give --radius in arcsec, above 0 and up to 3600"),
        ({"sky": ("a", "b"), "radius": 0}, "a radius of 0 arcsec"),
        ({"sky": ("a", "b"), "radius": -1}, "a radius of -1 arcsec"),
        ({"sky": ("a", "b"), "radius": float("nan")}, "a radius of nan arcsec"),
        ({"sky": ("a", "b"), "radius": 1e4}, "a radius of 10000 arcsec"),
        ({"sky": ("a", "b"), "radius": 1, "epoch": 51544}, "epoch 51544; give the year of the positions"),
    ],
)
def test_arguments_that_say_no_way_to_match(catalog: Catalog, tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        catalog.attach(written(tmp_path, [1]), "x", **arguments)
