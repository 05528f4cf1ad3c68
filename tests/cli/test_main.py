"""The command line: quick, quiet on standard output, one line for the user's mistakes."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from catalog.cli.main import COMMANDS, main
from click.testing import CliRunner
from conftest import MANGAIDS, ODD


@pytest.mark.parametrize("name", COMMANDS)
def test_the_group_says_of_a_command_what_the_command_says(name: str) -> None:
    command = main.get_command(None, name)  # type: ignore[arg-type]
    assert command is not None
    assert command.get_short_help_str(200) == COMMANDS[name]


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"db", "demo"}))
def test_every_help_has_an_example_and_says_what_it_writes(name: str) -> None:
    text = CliRunner().invoke(main, [name, "--help"]).output
    assert f"catalog {name}" in text
    assert "Example:" in text
    assert re.search(r"Writes|Read-only", text)


@pytest.mark.parametrize("name", ["db", "dataset", "ensemble", "plot", "region", "table", "templates"])
def test_a_group_lists_whole_sentences(name: str) -> None:
    listed = CliRunner().invoke(main, [name, "--help"], terminal_width=78).output.partition("Commands:\n")[2]
    assert listed
    assert "..." not in listed
    assert "Fig.\n" not in listed


def test_an_unknown_command_exits_with_2(run: Callable) -> None:
    assert run("scroe").returncode == 2


def test_formats_agree(scored: Path, run: Callable) -> None:
    ask = ("--database", scored, "outliers", "--limit", "5", "--format")
    from_csv = list(csv.DictReader(io.StringIO(run(*ask, "csv").stdout)))
    from_json = json.loads(run(*ask, "json").stdout)
    from_ndjson = [json.loads(line) for line in run(*ask, "ndjson").stdout.splitlines()]
    table = run(*ask, "table").stdout
    assert from_json == from_ndjson
    assert [row["mangaid"] for row in from_csv] == [row["mangaid"] for row in from_json]
    assert float(from_csv[0]["mean_percentile"]) == from_json[0]["mean_percentile"]
    assert from_json[0]["mangaid"] == ODD
    assert all(row["mangaid"] in table for row in from_json)


def test_a_pipe_gets_csv_and_the_talk_goes_elsewhere(scored: Path, run: Callable) -> None:
    done = run("--database", scored, "outliers", "--limit", "1")
    assert done.stdout.startswith("consensus_rank,consensus_rank_lo,consensus_rank_hi,mangaid,")
    assert done.stderr == "ensemble test on dataset large\n"


def test_a_query_cannot_harm_the_file_it_reads(scored: Path, copy_of: Callable, run: Callable) -> None:
    database = copy_of(scored)
    before = database.read_bytes()
    for target in (database, f"{database}.wal"):
        sql = f"COPY (SELECT 1) TO '{target}' (FORMAT csv, USE_TMP_FILE false)"
        assert run("--database", database, "query", sql).returncode == 2
    assert database.read_bytes() == before


def test_sums_and_unusual_types_are_written(scored: Path, run: Callable) -> None:
    sql = """SELECT sum(n_spectrum) AS n, 170141183460469231731687303715884105727 AS huge, [DATE '2020-01-01'] AS days,
             {'x': 'NaN'::DOUBLE} AS pair, 0.1::FLOAT AS tenth FROM dataset"""
    (row,) = json.loads(run("--database", scored, "query", sql, "--format", "json").stdout)
    huge = "170141183460469231731687303715884105727"
    assert row == {"n": 70, "huge": huge, "days": ["2020-01-01"], "pair": {"x": None}, "tenth": 0.1}
    assert huge in run("--database", scored, "query", sql, "--format", "csv").stdout


def test_status_is_one_document(scored: Path, run: Callable) -> None:
    rows = json.loads(run("--database", scored, "db", "status", "--format", "json").stdout)
    assert [(row["kind"], row["name"]) for row in rows] == [
        ("dataset", "small"),
        ("dataset", "large"),
        ("ensemble", "test"),
    ]


def test_big_integers_are_exact_in_json(scored: Path, run: Callable) -> None:
    sql = "SELECT source_id, NULL AS nothing, 'NaN'::DOUBLE AS nan, 5 AS small FROM cmd ORDER BY source_id LIMIT 1"
    (row,) = json.loads(run("--database", scored, "query", sql, "--format", "json").stdout)
    assert row == {"source_id": str(2**60 + 1), "nothing": None, "nan": None, "small": 5}


def test_a_unit_in_square_brackets_is_shown_as_it_is(scored: Path, run: Callable) -> None:
    sql = "SELECT comment FROM duckdb_columns() WHERE table_name = 'star' AND column_name = 'ra'"
    assert "[deg]" in run("--database", scored, "query", sql, "--format", "table").stdout


def test_regions_of_the_cmd(scored: Path, run: Callable) -> None:
    rows = json.loads(
        run("--database", scored, "outliers", "--bp-rp", "1", "2", "--limit", "99", "--format", "json").stdout
    )
    assert 0 < len(rows) < len(MANGAIDS)
    assert all(1 <= row["bp_rp"] <= 2 for row in rows)
    assert json.loads(run("--database", scored, "outliers", "--abs-g", "20", "21", "--format", "json").stdout) == []


def test_neighbors(scored: Path, run: Callable) -> None:
    ask = ("--database", scored, "neighbors", ODD, "--model", "MODEL3", "-k", "4", "--format", "json")
    rows = json.loads(run(*ask).stdout)
    assert [row["neighbor_rank"] for row in rows] == [1, 2, 3, 4]
    assert ODD not in {row["neighbor_mangaid"] for row in rows}


def test_query_from_a_file_and_from_standard_input(scored: Path, run: Callable, tmp_path: Path) -> None:
    sql = "SELECT count(*) AS n FROM star"
    (tmp_path / "q.sql").write_text(sql)
    answers = {
        run("--database", scored, "query", sql).stdout,
        run("--database", scored, "query", f"@{tmp_path / 'q.sql'}").stdout,
        run("--database", scored, "query", "-", input=sql).stdout,
    }
    assert answers == {"n\n40\n"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["query", "SELEC 1"], "syntax error"),
        (["query", "SELECT nope FROM star"], "nope"),
        (["query", "DROP TABLE star"], "read-only"),
        (["query", "FROM '/etc/hostname'"], "does not exist"),
        (["query", "COPY star TO '/tmp/star.csv'"], "cannot COPY"),
        (["query", "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/star.csv'"], "cannot EXPLAIN"),
        (["query", "SELECT 1; SELECT 2"], "2 statements in the query; give one"),
        (["query", ""], "0 statements"),
        (["query", "USE memory"], "read-only"),
        (["query", "ATTACH '/tmp/x.duckdb'"], "read-only"),
        (["query", "SELECT star.star_id, spectrum.star_id FROM star, spectrum"], "column star_id appears twice"),
        (["outliers", "--bp-rp", "1", "nan"], "holds nothing"),
        (["train", "--dataset", "small", "--window", "3700", "inf"], "shorter wavelength first"),
        (["ingest", "/proc/self/mem"], "cannot be read"),
        (["query", "@absent.sql"], "absent.sql cannot be read: No such file"),
        (["outliers", "--dataset", "huge"], "no dataset huge; there are: large, small"),
        (["outliers", "--dataset", "small"], "has not scored small; run: catalog score --dataset small"),
        (["outliers", "--ensemble", "best"], "no ensemble best; there are: test"),
        (["outliers", "--bp-rp", "3", "1"], "give the smaller number first"),
        (["neighbors", "7-0000"], "ids that begin alike: 7-00000000"),
        (["neighbors", MANGAIDS[2]], "not usable in the window"),
        (["neighbors", ODD, "-k", "1001"], "give 1 to 1000"),
        (["neighbors", ODD, "--model", "MODEL9"], "no model MODEL9"),
        (["train", "--dataset", "small", "--window", "9000", "4000"], "shorter wavelength first"),
        (["score", "--dataset", "huge"], "no dataset huge"),
    ],
)
def test_mistakes_are_answered_in_one_line(scored: Path, run: Callable, arguments: list[str], message: str) -> None:
    done = run("--database", scored, *arguments)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_without_a_database_the_command_to_run_is_named(tmp_path: Path, run: Callable) -> None:
    for command in (["outliers"], ["score", "--dataset", "large"], ["db", "status"], ["query", "SELECT 1"]):
        done = run("--database", tmp_path / "no.duckdb", *command)
        assert (done.returncode, done.stdout) == (2, "")
        assert "create one with: catalog ingest PATH" in done.stderr
    assert not (tmp_path / "no.duckdb").exists()


def test_db_upgrade_and_status(tmp_path: Path, run: Callable) -> None:
    database = tmp_path / "c.duckdb"
    assert "created at revision" in run("--database", database, "db", "upgrade").stderr
    assert "nothing to migrate" in run("--database", database, "db", "upgrade").stderr
    assert run("--database", database, "db", "status").returncode == 0


def test_the_database_may_come_from_the_environment(scored: Path, run: Callable) -> None:
    assert "test" in run("db", "status", env={"CATALOG_DATABASE": str(scored), "PATH": ""}).stdout
