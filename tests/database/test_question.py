"""A user's SQL: one statement that reads, harmless, stopped in time, its values exact."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from questions import ENDLESS

from catalog import Catalog
from catalog.database.question import parameter
from catalog.errors import CatalogError


@pytest.fixture
def catalog(ingested: Path) -> Catalog:
    return Catalog(ingested)


REFUSED = {
    "an injection": ("SELECT 1; DROP TABLE star", "2 statements in the query; give one"),
    "an injection behind a comment": ("SELECT 1 /* ; */; DELETE FROM star --", "2 statements"),
    "a write": ("UPDATE star SET ra = 0", "it cannot UPDATE"),
    "a write behind WITH": ("WITH x AS (SELECT 1) INSERT INTO star (star_id) FROM x", "it cannot INSERT"),
    "a table": ("CREATE TABLE x AS SELECT 1", "it cannot CREATE"),
    "a temporary table": ("CREATE TEMP TABLE x AS SELECT 1", "it cannot CREATE"),
    "a copy": ("COPY star TO '/tmp/star.csv'", "it cannot COPY"),
    "a copy inside": ("FROM query('COPY star TO ''/tmp/star.csv''')", "single SELECT statement"),
    "an export": ("EXPORT DATABASE '/tmp/out'", "it cannot EXPORT"),
    "another database": ("ATTACH '/tmp/x.duckdb'", "it cannot ATTACH"),
    "an extension": ("INSTALL httpfs", "it cannot LOAD"),
    "an extension loaded": ("LOAD httpfs", "it cannot LOAD"),
    "files again": ("SET enable_external_access = true", "it cannot SET"),
    "files again, as a pragma": ("PRAGMA enable_external_access = true", "it cannot"),
    "more memory": ("SET memory_limit = '1TB'", "it cannot SET"),
    "a call": ("CALL enable_logging()", "it cannot CALL"),
    "a log": (
        "FROM enable_logging('QueryLog', storage = 'file', storage_path = '/tmp/log')",
        "it cannot call enable_log",
    ),
    "a log, quoted": ('FROM "Enable_Logging"()', "it cannot call Enable_Logging"),
    "a checkpoint": ("CHECKPOINT", "it cannot CALL"),
    "a plan": ("EXPLAIN ANALYZE SELECT 1", "it cannot EXPLAIN"),
    "a file of text": ("FROM read_csv('/etc/passwd')", "disabled by configuration"),
    "a file by name": ("FROM '/etc/passwd'", "passwd does not exist"),
    "a file by name, as CSV": ("FROM '/etc/passwd.csv'", "disabled by configuration"),
    "a file as bytes": ("FROM read_blob('/etc/passwd')", "disabled by configuration"),
    "a folder": ("FROM glob('/etc/*')", "disabled by configuration"),
    "a guess": ("FROM sniff_csv('/etc/passwd')", "disabled by configuration"),
    "another database, read": ("FROM read_duckdb('/tmp/x.duckdb')", "disabled by configuration"),
    "secrets": ("FROM duckdb_secrets()", "disabled by configuration"),
    "the network": ("FROM 'https://example.org/x.parquet'", "disabled by configuration"),
    "the environment": ("SELECT getenv('HOME')", "getenv does not exist"),
    "a variable of the program": ("FROM found", "found does not exist"),
    "nothing": ("  -- nothing\n", "0 statements"),
    "a table misspelt": ("FROM anomalies", 'anomalies does not exist! Did you mean "anomaly"?'),
    "a column misspelt": ("SELECT mangid\nFROM star", 'not found in FROM clause! Candidate bindings: "mangaid"'),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_more_than_read_the_database_is_refused_in_one_line(catalog: Catalog, what: str) -> None:
    sql, message = REFUSED[what]
    before = catalog.database.path.read_bytes()
    with pytest.raises(CatalogError) as refused:
        catalog.query(sql)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert catalog.database.path.read_bytes() == before


@pytest.mark.parametrize(
    "sql", ["SHOW TABLES", "DESCRIBE star", "SUMMARIZE star", "FROM star", "VALUES (1)", "WITH x AS (SELECT 1) FROM x"]
)
def test_whatever_only_reads_is_answered(catalog: Catalog, sql: str) -> None:
    assert len(catalog.query(sql))


@pytest.mark.parametrize("sql", [ENDLESS, "SELECT a.range FROM range(10000000) AS a, range(10000000) AS b ORDER BY 1"])
def test_an_endless_answer_is_stopped(catalog: Catalog, sql: str) -> None:
    start = time.monotonic()
    with (
        pytest.raises(CatalogError, match=r"not complete after 0\.5 s; ask for less, or set a longer timeout"),
        catalog.stream(sql, timeout=0.5) as answer,
    ):
        list(answer.blocks())
    assert time.monotonic() - start < 5


def test_an_answer_that_needs_more_memory_than_it_is_given_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="needs more memory"):
        catalog.query("SELECT list(a.range + b.range) FROM range(100000) AS a, range(100000) AS b")


def test_values_of_parameters(catalog: Catalog) -> None:
    (row,) = catalog.query("SELECT $n + 1 AS n, $text AS text, $x AS x", {"n": 2**60, "text": "7-1; DROP", "x": 0.1})
    assert (row["n"], row["text"], row["x"]) == (2**60 + 1, "7-1; DROP", 0.1)
    assert catalog.query("SELECT ? - ? AS n", [5, 3])["n"][0] == 2


@pytest.mark.parametrize(
    ("sql", "values", "message"),
    [
        ("SELECT $a, $b, $c", {"b": 1}, r"the query needs \$a, \$c; give each a value, as in --param a=VALUE"),
        ("SELECT $a", None, r"the query needs \$a"),
        ("SELECT ?", [], r"the query needs \$1"),
        ("SELECT $a", {"a": 1, "b": 2}, r"the query has no \$b; leave the value out"),
        ("SELECT 1", [1], r"the query has no \$1"),
    ],
)
def test_a_parameter_that_is_missing_or_too_many_is_named(
    catalog: Catalog, sql: str, values: object, message: str
) -> None:
    with pytest.raises(CatalogError, match=message):
        catalog.query(sql, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n=5", 5),
        ("n=-5", -5),
        ("n=9223372036854775808", 2**63),
        ("n=1e3", 1000.0),
        ("n=.5", 0.5),
        ("n='5'", "5"),
        ("n=007", "007"),
        ("n=7-17219806", "7-17219806"),
        ("n=nan", "nan"),
        ("n=a=b", "a=b"),
        ("n=", ""),
        ("n=''", ""),
        ("n='", "'"),
        ("n=٣", "٣"),
    ],
)
def test_a_parameter_is_a_number_where_it_reads_like_one(text: str, value: object) -> None:
    assert parameter(text) == ("n", value)
    assert type(parameter(text)[1]) is type(value)


@pytest.mark.parametrize("text", ["n", "=5", "1=5", "a b=5", ""])
def test_a_parameter_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(CatalogError, match="is no parameter; give it as NAME=VALUE"):
        parameter(text)


def test_files_are_read_when_that_is_asked_for(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("mangaid,kind\n7-00000007,carbon\n")
    sql = f"SELECT mangaid, kind FROM star JOIN '{tmp_path / 'list.csv'}' USING (mangaid)"
    assert catalog.query(sql, external=True)["kind"].tolist() == ["carbon"]
    for sql in ("FROM 'https://example.org/x.parquet'", f"COPY star TO '{tmp_path / 'star.csv'}'"):
        with pytest.raises(CatalogError):
            catalog.query(sql, external=True)
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_an_answer_comes_in_blocks_and_ends_where_it_is_told_to(catalog: Catalog) -> None:
    with catalog.stream("SELECT range AS n FROM range(10000)") as answer:
        sizes = [block.num_rows for block in answer.blocks()]
    assert (sum(sizes), max(sizes), answer.n_row, answer.complete) == (10000, 2048, 10000, True)
    for limit, complete in ((10000, True), (10001, True), (3000, False), (1, False)):
        with catalog.stream("SELECT range AS n FROM range(10000)") as answer:
            rows = [n for block in answer.blocks(limit) for n in block["n"].to_pylist()]
        assert rows == list(range(min(limit, 10000)))
        assert (answer.n_row, answer.complete) == (len(rows), complete)
    with catalog.stream("SELECT 1 AS n, 'x' AS text WHERE false") as answer:
        (block,) = answer.blocks()
    assert (block.num_rows, block.schema.names, answer.n_row, answer.complete) == (0, ["n", "text"], 0, True)


def test_an_answer_that_fails_on_its_way_says_why(catalog: Catalog) -> None:
    sql = "SELECT CASE WHEN range = 9000 THEN error('row 9000 is odd') END AS x FROM range(10000)"
    with pytest.raises(CatalogError, match="row 9000 is odd"):
        catalog.query(sql)


def test_the_file_is_free_when_an_answer_is_left(ingested: Path, copy_of: Callable) -> None:
    catalog = Catalog(copy_of(ingested))
    with catalog.stream("SELECT a.range FROM range(10000000) AS a, range(10000000) AS b") as answer:
        next(answer.blocks())
    catalog.upgrade()
    assert threading.active_count() < 20


def test_a_time_that_python_cannot_express_is_refused_by_its_column(catalog: Catalog) -> None:
    for value in ("'infinity'::TIMESTAMP", "TIMESTAMP_NS '2020-01-01 00:00:00.123456789'", "'290000-01-01'::DATE"):
        with pytest.raises(CatalogError, match="column at holds times that Python cannot express; take at::VARCHAR"):
            catalog.query(f"SELECT {value} AS at")


def test_decimals_are_floats_only_where_that_loses_nothing(catalog: Catalog) -> None:
    (row,) = catalog.query("SELECT 0.1 AS tenth, 12345678901234567890.123456789 AS long, sum(1.5) AS sum")
    assert (row["tenth"], str(row["long"]), row["sum"]) == (0.1, "12345678901234567890.123456789", 1.5)
