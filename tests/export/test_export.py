"""Tables into files: what their headers say, what becomes of each type, and what is refused."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.io import fits, votable
from astropy.io.votable.ucd import parse_ucd
from astropy.table import Table

from catalog import Catalog
from catalog.database.meaning import MEANINGS
from catalog.database.ucd import UCDS
from catalog.errors import CatalogError
from catalog.export.export import FORMATS

STILTS = shutil.which("stilts")

TYPES = """
SELECT
    DATE '2020-01-02' AS day,
    TIMESTAMP '2020-01-02 03:04:05.25' AS at,
    TIMESTAMP_NS '2020-01-02 03:04:05.123456789' AS exactly,
    'infinity'::TIMESTAMP AS never,
    INTERVAL 3 DAY AS span,
    'a\\xAA'::BLOB AS bytes,
    {'kind': 'zero', 'first': 1} AS run,
    ['a', 'b'] AS words,
    [[1.5]] AS deep,
    '{"a": 1}'::JSON AS json,
    'b'::ENUM('a', 'b') AS choice,
    sum(2) AS total,
    1.25 AS decimal,
    200::UTINYINT AS byte,
    4000000000::UINTEGER AS unsigned,
    NULL AS nothing
"""
EXPECTED = {
    "day": "2020-01-02",
    "at": "2020-01-02T03:04:05.25",
    "exactly": "2020-01-02T03:04:05.123456789",
    "never": "infinity",
    "span": "3 days",
    "bytes": "61aa",
    "run": '{"kind":"zero","first":1}',
    "words": '["a","b"]',
    "deep": "[[1.5]]",
    "json": '{"a": 1}',
    "choice": "b",
    "total": 2,
    "decimal": 1.25,
    "byte": 200,
    "unsigned": 4000000000,
}


@pytest.fixture
def catalog(ingested: Path) -> Catalog:
    return Catalog(ingested)


def test_every_type_becomes_one_that_all_formats_have(catalog: Catalog, tmp_path: Path) -> None:
    catalog.export(TYPES, tmp_path / "types.parquet")
    (row,) = pq.read_table(tmp_path / "types.parquet").to_pylist()
    assert row == EXPECTED | {"nothing": None}
    for suffix, format_ in ((".vot", "votable"), (".fits", "fits"), (".ecsv", "ascii.ecsv")):
        catalog.export(TYPES, tmp_path / f"types{suffix}")
        (read,) = Table.read(tmp_path / f"types{suffix}", format=format_)
        for name, value in EXPECTED.items():
            assert (read[name].decode() if isinstance(read[name], bytes) else read[name]) == value
        assert read["nothing"] is np.ma.masked


def test_units_and_meaning_of_a_view_go_along(catalog: Catalog, tmp_path: Path) -> None:
    for suffix, format_ in ((".vot", "votable"), (".fits", "fits"), (".ecsv", "ascii.ecsv")):
        catalog.export("gaia_match", tmp_path / f"gaia{suffix}")
        table = Table.read(tmp_path / f"gaia{suffix}", format=format_)
        assert table["g_mag"].unit == u.mag
        assert table["pmra"].unit == u.mas / u.yr
        assert table["gaia_release"].unit is None
        if suffix != ".fits":
            assert table["g_mag"].description == MEANINGS["g_mag"].text
    header = fits.getheader(tmp_path / "gaia.fits", 1)
    number = next(n for n in range(1, 99) if header[f"TTYPE{n}"] == "g_mag")
    assert (header[f"TUCD{number}"], header[f"TCOMM{number}"]) == (UCDS["g_mag"], MEANINGS["g_mag"].text)
    field = votable.parse(tmp_path / "gaia.vot").get_first_table().get_field_by_id_or_name("g_mag")
    assert (field.ucd, str(field.unit)) == (UCDS["g_mag"], "mag")


def test_units_that_a_standard_lacks_go_into_the_description(catalog: Catalog, tmp_path: Path) -> None:
    catalog.export("stellar_parameter", tmp_path / "parameter.vot")
    field = votable.parse(tmp_path / "parameter.vot").get_first_table().get_field_by_id_or_name("fe_h_error")
    assert field.unit is None
    assert field.description == "Uncertainty of fe_h [dex]"


def test_brackets_that_hold_no_unit_stay_in_the_description(
    ingested: Path, copy_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    catalog = Catalog(copy_of(ingested))
    comments = {
        "speed": "Speed of the gas [km/s]",
        "class": "Class of the line [see the paper]",
        "times": "Times of exposure [d]",
    }
    with catalog.database.write() as connection:
        connection.execute("CREATE TABLE line AS SELECT 1.5 AS speed, 2 AS class, '1, 2' AS times")
        for name, comment in comments.items():
            connection.execute(f"COMMENT ON COLUMN line.{name} IS '{comment}'")
    told = {name: comments[name] for name in ("class", "times")} | {"speed": "Speed of the gas"}
    for suffix, format_ in ((".vot", "votable"), (".fits", "fits"), (".ecsv", "ascii.ecsv")):
        catalog.export("line", tmp_path / f"line{suffix}")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table = Table.read(tmp_path / f"line{suffix}", format=format_)
        assert table["speed"].unit == u.km / u.s
        assert (table["class"].unit, table["times"].unit) == (None, None)
        if suffix != ".fits":
            assert {name: table[name].description for name in told} == told
    header = fits.getheader(tmp_path / "line.fits", 1)
    assert {header[f"TTYPE{number}"]: header[f"TCOMM{number}"] for number in (1, 2, 3)} == told


def test_every_ucd_is_one() -> None:
    for word in UCDS.values():
        parse_ucd(word, check_controlled_vocabulary=True)


def test_where_it_is_from_stands_in_the_file(scored: Path, tmp_path: Path) -> None:
    catalog = Catalog(scored)
    for suffix in (".vot", ".fits", ".ecsv", ".parquet"):
        catalog.export("consensus_anomaly", tmp_path / f"odd{suffix}", "large", "test")
    sql = """FROM "consensus_anomaly" WHERE ensemble = 'test' AND dataset = 'large'"""
    recipe = catalog.ensemble("test")["recipe_sha256"]
    told = [
        {info.name: info.value for info in votable.parse(tmp_path / "odd.vot").resources[0].infos},
        Table.read(tmp_path / "odd.ecsv", format="ascii.ecsv").meta,
    ]
    content = pq.read_schema(tmp_path / "odd.parquet").metadata[b"IVOA.VOTable-Parquet.content"]
    told.append({info.name: info.value for info in votable.parse(io.BytesIO(content)).resources[0].infos})
    header = fits.getheader(tmp_path / "odd.fits", 1)
    told.append({name: header[name[:8].upper()] for name in told[0]})
    for about in told:
        assert about["sql"] == sql
        assert about["database"] == scored.name
        assert [one["recipe_sha256"] for one in json.loads(about["ensembles"])] == [recipe]
        assert [one["name"] for one in json.loads(about["datasets"])] == ["large"]
        assert "duckdb" in json.loads(about["versions"])
        assert about["date"].startswith("20")
    assert catalog.query(sql + " LIMIT 1")["dataset"][0] == "large"


def test_parquet_has_a_votable_for_a_header(catalog: Catalog, tmp_path: Path) -> None:
    catalog.export("star", tmp_path / "star.parquet")
    metadata = pq.read_schema(tmp_path / "star.parquet").metadata
    assert metadata[b"IVOA.VOTable-Parquet.version"] == b"1.0"
    table = votable.parse(io.BytesIO(metadata[b"IVOA.VOTable-Parquet.content"])).get_first_table()
    assert [field.name for field in table.fields] == pq.read_schema(tmp_path / "star.parquet").names
    assert b"<DATA>" not in metadata[b"IVOA.VOTable-Parquet.content"]
    assert catalog.query(f"FROM '{tmp_path / 'star.parquet'}'", external=True)["mangaid"][0] == "7-00000000"


def test_whole_spectra(catalog: Catalog, tmp_path: Path) -> None:
    expected = catalog.query("FROM spectrum_array ORDER BY spectrum_id")
    for suffix, format_ in ((".vot", "votable"), (".fits", "fits")):
        catalog.export("spectrum_array", tmp_path / f"spectra{suffix}")
        table = Table.read(tmp_path / f"spectra{suffix}", format=format_)
        table.sort("spectrum_id")
        np.testing.assert_array_equal(table["flux"], expected["flux"])
        assert table["flux"].shape == (70, 4563)
        assert table["flux"].unit.is_equivalent(u.erg / u.s / u.cm**2 / u.AA)
    catalog.export("wavelength_grid", tmp_path / "grid.fits")
    assert len(Table.read(tmp_path / "grid.fits")["wavelength"][0]) == 4563


def test_a_file_of_csv_is_read_by_anything(catalog: Catalog, tmp_path: Path) -> None:
    catalog.export("SELECT 'a' AS a, NULL AS b, '' AS c, [1.5, NULL] AS d, true AS e", tmp_path / "answer.csv")
    assert (tmp_path / "answer.csv").read_text() == 'a,b,c,d,e\n"a",,"","[1.5, null]",true\n'


def test_blocks_do_not_show(catalog: Catalog, tmp_path: Path) -> None:
    sql = "SELECT range AS n, 'x' || range AS text, repeat([range::DOUBLE], (range % 3)::INT) AS list FROM range(5000)"
    for suffix, format_ in ((".vot", "votable"), (".fits", "fits"), (".ecsv", "ascii.ecsv")):
        done = catalog.export(sql, tmp_path / f"long{suffix}")
        table = Table.read(tmp_path / f"long{suffix}", format=format_)
        assert (done.n_row, done.n_column) == (5000, 3)
        assert table["n"].tolist() == list(range(5000))
        assert [len(values) for values in table["list"]] == [n % 3 for n in range(5000)]
        assert str(np.asarray(table["text"]).astype(str)[4999]) == "x4999"


def test_the_order_of_an_answer_is_kept(catalog: Catalog, tmp_path: Path) -> None:
    catalog.export("SELECT range AS n FROM range(9000) ORDER BY hash(range) -- mixed\n;", tmp_path / "mixed.parquet")
    expected = catalog.query("SELECT range AS n FROM range(9000) ORDER BY hash(range)")
    assert pq.read_table(tmp_path / "mixed.parquet")["n"].to_pylist() == expected["n"].tolist()


@pytest.mark.parametrize(
    ("what", "file", "message"),
    [
        ("star", "star.txt", "ends in one of .vot, .xml, .fits, .ecsv, .parquet, .csv"),
        ("star", "star", "ends in one of"),
        ("star", "absent/star.csv", r"no folder .*absent for star\.csv; create it first"),
        ("stars", "star.csv", "no table, view or macro stars; there are: "),
        ("window_usable", "window.csv", r'takes arguments; give --sql "FROM window_usable\(lo, hi\)"'),
        ("DROP TABLE star", "star.csv", "it cannot DROP, begin with SELECT or FROM"),
        ("SELECT 1; DROP TABLE star", "star.csv", "2 statements"),
        ("SELECT nope FROM star", "star.csv", "nope"),
        ("SELECT 9223372036854775808 AS n", "n.csv", "out of range"),
        ("SELECT [1, NULL] AS n", "n.fits", "column n has NULL inside an array of integers; take list_filter of it"),
        ("SELECT unnest([-32768, 32767, NULL]::SMALLINT[]) AS n", "n.fits", "leaves FITS no TNULL"),
        ("FROM read_csv('/etc/passwd')", "star.csv", "disabled by configuration"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line(
    catalog: Catalog, tmp_path: Path, what: str, file: str, message: str
) -> None:
    with pytest.raises(CatalogError, match=message) as refused:
        catalog.export(what, tmp_path / file)
    assert len(str(refused.value).splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_only_a_view_with_datasets_takes_one(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="star has no column dataset; leave --dataset out"):
        catalog.export("star", tmp_path / "star.csv", dataset="large")
    with pytest.raises(CatalogError, match="no dataset huge; there are: large, small"):
        catalog.export("consensus_anomaly", tmp_path / "odd.csv", dataset="huge")
    with pytest.raises(CatalogError, match="are for a view; say them in the SQL"):
        catalog.export("SELECT 1", tmp_path / "one.csv", dataset="large")


def test_a_file_that_is_there_stays(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "star.csv").write_text("mine")
    with pytest.raises(CatalogError, match="is there already; give another name, or --force to replace it"):
        catalog.export("star", tmp_path / "star.csv")
    assert (tmp_path / "star.csv").read_text() == "mine"
    catalog.export("star", tmp_path / "star.csv", force=True)
    assert (tmp_path / "star.csv").read_text().startswith("star_id,mangaid")


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_export_that_fails_on_its_way_leaves_nothing(catalog: Catalog, tmp_path: Path, suffix: str) -> None:
    sql = "SELECT CASE WHEN range = 9000 THEN error('row 9000') ELSE '1' END AS x FROM range(10000)"
    with pytest.raises(CatalogError, match="row 9000"):
        catalog.export(sql, tmp_path / f"x{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said(catalog: Catalog, tmp_path: Path) -> None:
    command = f"ulimit -f 40; {sys.executable} -m catalog.cli --database {catalog.database.path} export spectrum_array"
    done = subprocess.run(
        ["/bin/bash", "-c", f"{command} -o {tmp_path}/a.fits"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(STILTS is None, reason="STILTS is not installed")
@pytest.mark.parametrize("suffix", [".vot", ".fits"])
def test_stilts_reads_it(catalog: Catalog, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"star{suffix}"
    catalog.export("SELECT mangaid, source_id, g_mag, clean_match FROM cmd ORDER BY source_id NULLS LAST", file)
    command = [STILTS, "tpipe", f"in={file}", "ofmt=csv", "out=-"]
    lines = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout.splitlines()
    assert lines[0] == "mangaid,source_id,g_mag,clean_match"
    assert lines[1].startswith(f"7-00000000,{2**60 + 1},15.0,true")
    assert lines[-1] == "7-00000039,,,true"
    if suffix == ".vot":
        lint = subprocess.run([STILTS, "votlint", str(file)], capture_output=True, text=True, timeout=120)
        assert (lint.stdout, lint.returncode) == ("", 0)


def test_a_kill_leaves_no_file_under_the_name(catalog: Catalog, tmp_path: Path) -> None:
    sql = "SELECT range AS n, repeat('x', 100) AS text FROM range(20000000)"
    command = [sys.executable, "-m", "catalog.cli", "--database", str(catalog.database.path), "export"]
    process = subprocess.Popen([*command, "--sql", sql, "-o", str(tmp_path / "long.vot")], stderr=subprocess.DEVNULL)
    time.sleep(4)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "long.vot").exists()


def test_the_command_says_what_it_wrote(ingested: Path, run: Callable, tmp_path: Path) -> None:
    done = run("--database", ingested, "export", "star", "-o", tmp_path / "star.vot")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{tmp_path / 'star.vot'}: 40 rows, 13 columns, 0.0 MB\n"
    for arguments in (["-o", "x.csv"], ["star"], ["star", "--sql", "SELECT 1", "-o", "x.csv"]):
        assert run("--database", ingested, "export", *arguments).returncode == 2
