"""What is in the database, as it says itself."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from catalog import Catalog
from catalog.database.meaning import MEANINGS, RELATIONS, meaning
from catalog.database.relations import split_comment
from catalog.database.views import MACROS, VIEWS
from catalog.errors import CatalogError


@pytest.fixture
def catalog(ingested: Path) -> Catalog:
    return Catalog(ingested)


def test_every_table_view_and_macro_is_there_with_its_comment(catalog: Catalog) -> None:
    found = {row["name"].split("(")[0]: (row["kind"], row["comment"]) for row in catalog.schema()}
    assert {name for name, (kind, _) in found.items() if kind == "view"} == set(VIEWS)
    assert {name for name, (kind, _) in found.items() if kind == "macro"} == set(MACROS)
    assert found["star"] == ("table", RELATIONS["star"])
    assert set(found) == set(RELATIONS)


@pytest.mark.parametrize("name", ["star", "CMD", "spectrum_array"])
def test_the_columns_of_one(catalog: Catalog, name: str) -> None:
    found = catalog.schema(name)
    assert found.meta["comment"] == RELATIONS[name.lower()]
    for row in found:
        expected = meaning(name.lower(), row["column"])
        assert row["comment"] == expected.text
        assert row["unit"] == expected.unit if expected.unit else row["unit"] is not None


def test_the_columns_of_a_macro(catalog: Catalog) -> None:
    assert list(catalog.schema("window_usable")["column"])[:2] == ["dataset", "dataset_id"]
    for macro in MACROS:
        found = catalog.schema(macro)
        assert len(found)
        for row in found:
            assert row["comment"] == meaning(macro, row["column"]).text


def test_what_others_have_added_is_listed_too(ingested: Path, copy_of: Callable) -> None:
    path = copy_of(ingested)
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE SCHEMA other; CREATE TABLE other."my list" (x DOUBLE, "y z" INTEGER)')
        connection.execute("""COMMENT ON TABLE other."my list" IS 'Somebody''s'""")
        connection.execute("COMMENT ON COLUMN other.\"my list\".x IS 'Velocity [km/s]'")
        connection.execute('COMMENT ON COLUMN other."my list"."y z" IS \'Vertices [bp_rp, abs_g]\'')
        connection.execute("CREATE MACRO twice(n) AS TABLE SELECT n * 2 AS doubled")
        connection.execute("CREATE VIEW bare AS SELECT 1 AS one")
    catalog = Catalog(path)
    listed = {row["name"]: row["comment"] for row in catalog.schema()}
    assert listed["other.my list"] == "Somebody's"
    assert {"twice(n)", "bare"} <= set(listed)
    x, y = catalog.schema("other.my list")
    assert (x["unit"], x["comment"], y["comment"]) == ("km/s", "Velocity", "Vertices [bp_rp, abs_g]")
    assert catalog.schema("other.my list")["unit"].mask.tolist() == [False, True]
    assert catalog.schema("twice")["column"].tolist() == ["doubled"]
    assert catalog.schema("bare")["comment"].mask.tolist() == [True]


def test_an_unknown_name_is_answered_with_those_that_exist(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match=r"no table, view or macro stars; there are: .*star, .*cmd, .*window"):
        catalog.schema("stars")


@pytest.mark.parametrize(
    ("comment", "unit"),
    [
        ("Spectral type [MK system]", None),
        ("Flag [0/1]", None),
        ("Name [see note]", None),
        ("Mass [M☉]", "M☉"),
        ("Flux [1e-17 erg / (s cm2 Angstrom)]", "1e-17 erg / (s cm2 Angstrom)"),
        ("Proper motion [mas/yr]", "mas/yr"),
        ("Wavelength [0.1nm]", "0.1nm"),
    ],
)
def test_only_a_unit_in_brackets_is_taken_for_one(comment: str, unit: str | None) -> None:
    assert split_comment(comment)[0] == unit


def test_every_unit_of_ours_is_found_in_its_comment() -> None:
    for known in MEANINGS.values():
        assert split_comment(known.comment) == (known.unit, known.text)
