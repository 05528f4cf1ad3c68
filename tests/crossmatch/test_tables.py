"""Every format gives the same table: types, units, descriptions, NULLs; another format is refused in one line."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from catalog import Catalog
from catalog.errors import CatalogError

LARGEST = 2**63 - 1
UNKNOWN = (None, None, None, None)


@pytest.fixture(scope="module")
def without_stars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "c.duckdb"
    Catalog(path).upgrade()
    return path


@pytest.fixture
def catalog(without_stars: Path, copy_of: Callable) -> Catalog:
    """A database without a star: enough for the tables of other people."""
    return Catalog(copy_of(without_stars))


@pytest.fixture
def rows() -> Table:
    """Three rows; the second has nothing but its mangaid."""
    blank = [False, True, False]
    table = Table({"mangaid": ["7-00000000", "7-x", "7-00000002"]})
    table["source_id"] = MaskedColumn([LARGEST, 1, 2**53 + 1], mask=blank, dtype=np.int64)
    table["RAdeg"] = MaskedColumn([10.5, 1, 11.25], mask=blank, unit="deg", description="Right ascension (J2000)")
    table["Gmag"] = MaskedColumn(np.array([15.5, 1, 16], np.float32), mask=blank, unit="mag")
    table["Type"] = MaskedColumn(["C-H", "x", "C-R"], mask=blank, description="It's a type")
    return table


def read(catalog: Catalog, path: Path) -> list[tuple]:
    catalog.attach(path, "x", mangaid="mangaid")
    found = catalog.query("FROM external.x ORDER BY catalog_row")
    assert found.colnames[0] == "catalog_row"
    assert found["catalog_row"].tolist() == list(range(1, len(found) + 1))
    return [tuple(None if value is np.ma.masked else value for value in row)[1:] for row in found.iterrows()]


def comments(catalog: Catalog, view: str) -> dict[str, str]:
    found = catalog.query("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ?", [view])
    return {row["column_name"]: row["comment"] for row in found if row["comment"] is not np.ma.masked}


@pytest.mark.parametrize("name", ["x.fits", "x.fits.gz", "X.FIT", "x.ecsv", "x.ecsv.gz", "x.vot", "x.xml", "x.parquet"])
def test_every_format_keeps_values_types_units_and_descriptions(
    catalog: Catalog, rows: Table, tmp_path: Path, name: str
) -> None:
    formats = {"x.vot": "votable", "x.xml": "votable", "x.ecsv.gz": "ascii.ecsv", "X.FIT": "fits"}
    if name == "x.ecsv.gz":
        rows.write(tmp_path / "x.ecsv")
        (tmp_path / name).write_bytes(gzip.compress((tmp_path / "x.ecsv").read_bytes()))
    else:
        rows.write(tmp_path / name, format=formats.get(name))
    assert read(catalog, tmp_path / name) == [
        ("7-00000000", LARGEST, 10.5, 15.5, "C-H"),
        ("7-x", *UNKNOWN),
        ("7-00000002", 2**53 + 1, 11.25, 16.0, "C-R"),
    ]
    types = catalog.query("SELECT data_type FROM duckdb_columns() WHERE table_name = 'x' ORDER BY column_index")
    assert types["data_type"].tolist() == ["BIGINT", "VARCHAR", "BIGINT", "DOUBLE", "FLOAT", "VARCHAR"]
    described = {"catalog_row": "Row of the file, from 1", "RAdeg": "Right ascension (J2000) [deg]", "Gmag": "[mag]"}
    assert comments(catalog, "x") == described | {"Type": "It's a type"}
    assert comments(catalog, "anomaly_x")["x_RAdeg"] == "Right ascension (J2000) [deg]"


def test_what_a_fits_header_says_of_a_column(catalog: Catalog, tmp_path: Path) -> None:
    columns = [fits.Column("mangaid", "5A", array=["7-1"]), fits.Column("a", "E", unit="mag", array=[1])]
    columns += [fits.Column("b", "E", array=[1]), fits.Column("c", "E", array=[1])]
    table = fits.BinTableHDU.from_columns(columns)
    table.header["TCOMM2"] = "as TOPCAT says it"
    table.header.comments["TTYPE3"] = "as VizieR says it"
    table.header.comments["TTYPE4"] = "label for field   4"
    table.writeto(tmp_path / "x.fits")
    read(catalog, tmp_path / "x.fits")
    said = comments(catalog, "x")
    assert (said["a"], said["b"]) == ("as TOPCAT says it [mag]", "as VizieR says it")
    assert "c" not in said


def test_a_csv_file(catalog: Catalog, rows: Table, tmp_path: Path) -> None:
    rows.write(tmp_path / "x.csv", format="ascii.csv")
    assert read(catalog, tmp_path / "x.csv") == [
        ("7-00000000", LARGEST, 10.5, 15.5, "C-H"),
        ("7-x", *UNKNOWN),
        ("7-00000002", 2**53 + 1, 11.25, 16.0, "C-R"),
    ]


@pytest.mark.parametrize(
    ("values", "type_", "read_as"),
    [
        (["1", "-2", " 3 "], "BIGINT", [1, -2, 3]),
        ([str(2**63 - 1), "", "0"], "BIGINT", [2**63 - 1, None, 0]),
        ([str(2**63), "NaN", "null"], "HUGEINT", [2**63, None, None]),
        (["1", "2.5", "-1e-3"], "DOUBLE", [1, 2.5, -1e-3]),
        (["00.5", "nan", "inf"], "DOUBLE", [0.5, None, np.inf]),
        (["007", "1", "2"], "VARCHAR", ["007", "1", "2"]),
        (["0x10", "1", "2"], "VARCHAR", ["0x10", "1", "2"]),
        (["1_000", "1", "2"], "VARCHAR", ["1_000", "1", "2"]),
        (["F", "T", ""], "VARCHAR", ["F", "T", None]),
        (["10:00:30.1", "2020-01-01", " a "], "VARCHAR", ["10:00:30.1", "2020-01-01", "a"]),
        (["", "", ""], "VARCHAR", [None] * 3),
        (["1", "2", str(10**40)], "VARCHAR", ["1", "2", str(10**40)]),
    ],
)
def test_a_column_of_csv_is_whole_numbers_numbers_or_text(
    catalog: Catalog, tmp_path: Path, values: list[str], type_: str, read_as: list
) -> None:
    with (tmp_path / "x.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["mangaid", "v"], *[[f"7-{i}", value] for i, value in enumerate(values)]])
    assert [row[1] for row in read(catalog, tmp_path / "x.csv")] == read_as
    assert catalog.query("SELECT DISTINCT typeof(v) AS t FROM external.x")["t"][0] == type_


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_what_separates_the_columns_of_a_csv_file(catalog: Catalog, tmp_path: Path, separator: str) -> None:
    lines = ["\ufeffmangaid,note,last", '7-1,"a, b; c| d\t""e"" \n f",1', "7-2,,2"]
    lines = [line.replace(",", separator) if i != 1 else line for i, line in enumerate(lines)]
    if separator != ",":
        lines[1] = f'7-1{separator}"a, b; c| d\t""e"" \n f"{separator}1'
    (tmp_path / "x.csv").write_bytes(gzip.compress("\r\n".join(lines).encode()))
    (tmp_path / "x.csv").rename(tmp_path / "x.csv.gz")
    assert read(catalog, tmp_path / "x.csv.gz") == [("7-1", 'a, b; c| d\t"e" \n f', 1), ("7-2", None, 2)]


def test_rows_keep_the_order_of_the_file(catalog: Catalog, tmp_path: Path) -> None:
    n = 700_000
    values = np.random.default_rng(0).permutation(n)
    table = Table({"mangaid": [f"7-{i}" for i in values], "v": values})
    table.write(tmp_path / "x.parquet")
    table.write(tmp_path / "y.csv", format="ascii.fast_csv")
    for name in ("x.parquet", "y.csv"):
        catalog.attach(tmp_path / name, "x", mangaid="mangaid")
        found = catalog.query("SELECT v FROM external.x ORDER BY catalog_row")["v"]
        assert np.array_equal(np.asarray(found), values)


def test_arrays_are_kept(catalog: Catalog, tmp_path: Path) -> None:
    table = Table({"mangaid": ["7-1", "7-2"]})
    table["pair"] = np.array([[1, np.nan], [3, 4]])
    table["names"] = np.array([["a ", "b"], ["c", ""]])
    table["cube"] = np.arange(12, dtype=np.int16).reshape(2, 2, 3)
    table["unsigned"] = np.array([2**64 - 1, 0], np.uint64)
    table["flag"] = [True, False]
    table.write(tmp_path / "x.fits")
    assert read(catalog, tmp_path / "x.fits")
    found = catalog.query(
        "SELECT pair::VARCHAR AS p, names::VARCHAR AS n, cube::VARCHAR AS c, unsigned, flag FROM external.x"
    )
    assert found["p"].tolist() == ["[1.0, NULL]", "[3.0, 4.0]"]
    assert found["n"].tolist() == ["[a, b]", "[c, NULL]"]
    assert found["c"].tolist() == ["[[0, 1, 2], [3, 4, 5]]", "[[6, 7, 8], [9, 10, 11]]"]
    assert found["unsigned"].tolist() == [2**64 - 1, 0]
    assert found["flag"].tolist() == [True, False]


def test_lists_of_different_lengths_are_kept_and_complex_numbers_left_out(catalog: Catalog, tmp_path: Path) -> None:
    lists = np.empty(2, object)
    lists[:] = [np.array([1.5]), np.array([2.0, 3.0])]
    columns = [fits.Column("mangaid", "5A", array=["7-1", "7-2"]), fits.Column("v", "PD()", array=lists)]
    columns += [fits.Column("z", "C", array=np.array([1j, 2], np.complex64))]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "x.fits")
    found = catalog.attach(tmp_path / "x.fits", "x", mangaid="mangaid")
    assert found.remarks == ("column z is left out: a table of DuckDB does not take its values",)
    assert catalog.query("SELECT v::VARCHAR AS v FROM external.x")["v"].tolist() == ["[1.5]", "[2.0, 3.0]"]


def test_coordinates_and_quantities_of_an_ecsv_file(catalog: Catalog, tmp_path: Path) -> None:
    table = Table({"mangaid": ["7-1"]})
    table["place"] = SkyCoord([10] * u.deg, [-20] * u.deg)
    table["speed"] = [3.0] * u.km / u.s
    table.write(tmp_path / "x.ecsv", serialize_method="data_mask")
    read(catalog, tmp_path / "x.ecsv")
    found = catalog.query('SELECT "place.ra" AS ra, "place.dec" AS "dec", speed FROM external.x')
    assert [tuple(row) for row in found.iterrows()] == [(10.0, -20.0, 3.0)]
    assert comments(catalog, "x")["speed"] == "[km.s**-1]"


def test_names_that_sql_does_not_tell_apart(catalog: Catalog, tmp_path: Path) -> None:
    header = ["mangaid", "Gmag", "gmag", "catalog_row", "", 'B"V', "select", "T eff"]
    (tmp_path / "x.csv").write_text(
        ",".join(f'"{name}"'.replace('B"V', 'B""V') for name in header) + "\n7-1,1,2,3,4,5,6,7\n"
    )
    assert read(catalog, tmp_path / "x.csv") == [("7-1", 1, 2, 3, 4, 5, 6, 7)]
    names = catalog.query("FROM external.x").colnames
    assert names == ["catalog_row", "mangaid", "Gmag", "gmag_1", "catalog_row_1", "column_5", 'B"V', "select", "T eff"]
    assert "x_gmag_1" in catalog.query("FROM anomaly_x").colnames
    pq.write_table(pa.table({"mangaid": ["7-1"], "Gmag": [1], "gmag": [2]}), tmp_path / "y.parquet")
    assert read(catalog, tmp_path / "y.parquet") == [("7-1", 1, 2)]


def test_signs_in_the_name_of_a_file(catalog: Catalog, rows: Table, tmp_path: Path) -> None:
    for name in ("it's [1] a*b?.csv", "key=1.parquet"):
        rows.write(tmp_path / name, **({"format": "ascii.csv"} if name.endswith("csv") else {}))
        assert len(read(catalog, tmp_path / name)) == 3
    assert len(read(catalog, tmp_path / "key=1.parquet")[0]) == 5


def test_units_and_descriptions_that_topcat_puts_into_parquet(catalog: Catalog, rows: Table, tmp_path: Path) -> None:
    header = io.BytesIO()
    rows[:0].write(header, format="votable")
    plain = pa.table({"mangaid": ["7-1"], "RAdeg": [1.0]})
    pq.write_table(
        plain.replace_schema_metadata({"IVOA.VOTable-Parquet.content": header.getvalue()}), tmp_path / "x.parquet"
    )
    read(catalog, tmp_path / "x.parquet")
    assert comments(catalog, "x")["RAdeg"] == "Right ascension (J2000) [deg]"


def test_of_several_tables_the_first_is_read(catalog: Catalog, tmp_path: Path) -> None:
    tables = [fits.BinTableHDU(Table({"mangaid": [f"7-0000000{i}"]}), name=f"PART{i}") for i in range(2)]
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(tmp_path / "x.fits")
    found = catalog.attach(tmp_path / "x.fits", "x", mangaid="mangaid")
    assert found.remarks == ("x.fits has 2 tables; the first, PART0, is read",)


VOTABLE = """<?xml version="1.0"?><VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE>
<TABLE>{fields}<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""
TEXT = '<FIELD name="mangaid" datatype="char" arraysize="*"/>'


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", b"a\n1\n", "an attached file is one of .csv, .ecsv, .fit, .fits, .parquet"),
        ("x", b"a\n1\n", "an attached file is one of"),
        ("x.parquet.gz", b"a", "an attached file is one of"),
        ("x.csv", b"", "x.csv is empty"),
        ("x.csv", b"mangaid,a\n", "x.csv has no rows"),
        ("x.csv", b"\n\n", "the first line is blank"),
        ("x.csv", b"mangaid,a,a\n1,2,3\n", "x.csv has two columns a; rename one"),
        ("x.csv", b"mangaid,a\n7-1,2\n7-1,2,3\n", "CSV Error on Line: 3 Expected Number of Columns: 2 Found: 3"),
        ("x.csv", b'mangaid,a\n7-1,"2\n', "x.csv cannot be read"),
        ("x.csv", b"mangaid,a\n7-1,\xff\n", "x.csv is not a CSV file in UTF-8"),
        ("x.csv", b"mangaid,a\n" + b"7-1,1\n" * 9999 + b"7-1,\xff\n", "This file is not utf-8 encoded"),
        ("x.csv", b"mang\xffaid,a\n7-1,1\n", "x.csv is not a CSV file in UTF-8"),
        ("x.csv.gz", b"mangaid\n7-1\n", "x.csv.gz is not a CSV file"),
        ("x.csv", b"other,a\n7-1,1\n", "x has no column mangaid; it has: other, a"),
        ("x.csv", b"mangaid,a\n71,1\n", "column mangaid holds BIGINT; MaNGA ids are text, as 7-17219806"),
        ("x.csv", b"mangaid,a\n,1\n", "column mangaid holds no MaNGA id in any of its 1 rows"),
        ("x.parquet", b"PAR1 nonsense", "x.parquet is not a Parquet file"),
        ("x.parquet", b"PAR1" + b"x" * 90 + b"PAR1", "x.parquet is not a Parquet file"),
        ("x.fits", b"SIMPLE  =", "x.fits cannot be read as FITS"),
        ("x.fits", b"hello", "x.fits cannot be read as FITS"),
        ("x.fits.gz", b"\x1f\x8bhello", "x.fits.gz cannot be read as FITS"),
        ("x.vot", b"<VOTABLE", "x.vot cannot be read as VOTable"),
        ("x.vot", b"<html></html>", "x.vot"),
        ("x.vot", b"<VOTABLE/>", "x.vot has no table"),
        ("x.vot", VOTABLE.format(fields=TEXT, rows="").encode(), "x.vot has no rows"),
        ("x.vot", VOTABLE.format(fields=TEXT * 2, rows="").encode(), "x.vot has two columns mangaid; rename one"),
        ("x.ecsv", b"a b\n1 2\n", "x.ecsv cannot be read as ECSV"),
    ],
)
def test_a_file_that_is_none(catalog: Catalog, tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CatalogError) as caught:
        catalog.attach(tmp_path / name, "x", mangaid="mangaid")
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(catalog.attached()) == 0


def test_fits_without_a_table_or_with_two_columns_of_one_name(catalog: Catalog, tmp_path: Path) -> None:
    fits.PrimaryHDU(np.zeros((2, 2))).writeto(tmp_path / "image.fits")
    with pytest.raises(CatalogError, match="has no table; it has 1 parts without columns"):
        catalog.attach(tmp_path / "image.fits", "x", mangaid="mangaid")
    Table({"mangaid": ["7-1"], "aa": [1], "ab": [2]}).write(tmp_path / "x.fits")
    content = (tmp_path / "x.fits").read_bytes().replace(b"'ab      '", b"'aa      '")
    (tmp_path / "x.fits").write_bytes(content)
    with pytest.raises(CatalogError, match="has two columns aa; rename one"):
        catalog.attach(tmp_path / "x.fits", "x", mangaid="mangaid")


def test_a_file_that_is_absent_or_a_folder(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"no\.csv cannot be read: No such file"):
        catalog.attach(tmp_path / "no.csv", "x", mangaid="mangaid")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(CatalogError, match=r"folder\.csv cannot be read: Is a directory"):
        catalog.attach(tmp_path / "folder.csv", "x", mangaid="mangaid")
