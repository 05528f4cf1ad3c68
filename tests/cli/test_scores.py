"""`catalog outliers --by`, `catalog neighbors` and `catalog table`: what a user types, mistakes in one line."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from catalog.cli.main import main
from click.testing import CliRunner
from conftest import MANGAIDS, ODD

from catalog.anomaly.neighbors import MOST
from catalog.anomaly.outliers import BY


class Asked(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def rows(done: object) -> list[dict[str, str]]:
    assert done.returncode == 0, done.stderr  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(done.stdout)))  # type: ignore[attr-defined]


@pytest.fixture
def ask(scored: Path) -> Callable:
    """The command in this process, since most of these tests ask it several times."""

    def ask(*arguments: str) -> Asked:
        done = CliRunner().invoke(main, ["--database", str(scored), *arguments])
        return Asked(done.exit_code, done.stdout, done.stderr)

    return ask


@pytest.mark.parametrize("by", BY)
def test_outliers_by_every_score(ask: Callable, by: str) -> None:
    done = ask("outliers", "--by", by, "--limit", "5")
    assert [int(row[BY[by]]) for row in rows(done)] == sorted(int(row[BY[by]]) for row in rows(done))
    order = "" if by == "error" else f", ordered by {BY[by]}"
    assert done.stderr == f"ensemble test on dataset large{order}\n"


def test_outliers_say_how_sure_their_rank_is(ask: Callable) -> None:
    for row in rows(ask("outliers", "--limit", "5")):
        assert 1 <= int(row["consensus_rank_lo"]) <= int(row["consensus_rank_hi"]) <= 39


def test_outliers_by_chi2_without_ivar_are_none(visited: Path, run: Callable) -> None:
    done = run("--database", visited, "outliers", "--dataset", "bare", "--by", "chi2")
    assert rows(done) == []
    assert done.stdout.startswith("consensus_rank,")
    (first, second) = rows(run("--database", visited, "outliers", "--dataset", "bare"))
    assert first["chi2_rank"] == second["median_chi2"] == ""


def test_neighbors_by_role_and_in_another_model(ask: Callable) -> None:
    found = rows(ask("neighbors", ODD))
    assert [row["neighbor_rank"] for row in found] == list("12345")
    assert {row["model"] for row in found} == {"MODEL1"}
    found = rows(ask("neighbors", ODD, "--role", "validation", "--model", "MODEL2", "-k", "20"))
    assert {row["neighbor_role"] for row in found} == {"validation"}
    assert {row["model"] for row in found} == {"MODEL2"}
    assert 5 <= len(found) < 20


def test_more_neighbors_than_ten(ask: Callable) -> None:
    found = json.loads(ask("neighbors", ODD, "-k", "25", "--format", "json").stdout)
    assert [row["neighbor_rank"] for row in found] == list(range(1, 26))
    assert [row["distance"] for row in found] == sorted(row["distance"] for row in found)
    assert len({row["neighbor_mangaid"] for row in found} - {ODD}) == 25


def test_neighbors_of_all_models_together(ask: Callable) -> None:
    found = rows(ask("neighbors", ODD, "--consensus", "-k", "12"))
    assert [int(row["neighbor_rank"]) for row in found] == list(range(1, 13))
    assert {row["n_model"] for row in found} == {"3"}
    assert "distance" not in found[0]
    mean = [float(row["mean_rank"]) for row in found]
    assert mean == sorted(mean)


def test_neighbors_of_all_spectra_become_rows_once(
    scored: Path, copy_of: Callable[[Path], Path], run: Callable
) -> None:
    database = copy_of(scored)
    for k, added in (((), 1170), ((), 0), (("-k", "3"), 351), (("-k", str(MOST)), 39 * 38 * 3), (("-k", str(MOST)), 0)):
        done = run("--database", database, "neighbors", "--all", *k)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"ensemble test on dataset large: {added} rows added to table neighbor\n"
    with duckdb.connect(database, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM neighbor").fetchone() == (39 * 38 * 3,)


def test_tables_1_and_2(ask: Callable) -> None:
    done = ask("table", "percentiles")
    assert [row["model"] for row in rows(done)] == ["MODEL1", "MODEL2", "MODEL3"]
    assert done.stderr == "ensemble test on dataset large\n"
    for row in rows(done):
        percentiles = [float(row[f"percentile_{percent}"]) for percent in (1, 10, 50, 90, 99)]
        assert percentiles == sorted(percentiles)
    done = ask("table", "top", "--dataset", "large", "--ensemble", "test")
    assert [row["rank"] for row in rows(done)] == list("12345") * 3
    assert rows(done)[0]["mangaid"] == ODD


@pytest.mark.parametrize("command", [["outliers"], ["neighbors", ODD], ["table", "percentiles"], ["table", "top"]])
def test_formats_agree(ask: Callable, command: list[str]) -> None:
    from_csv = rows(ask(*command, "--format", "csv"))
    from_json = json.loads(ask(*command, "--format", "json").stdout)
    assert [json.loads(line) for line in ask(*command, "--format", "ndjson").stdout.splitlines()] == from_json
    assert [{key: "" if value is None else str(value) for key, value in row.items()} for row in from_json] == from_csv
    table = ask(*command, "--format", "table").stdout
    assert all(row.get("mangaid", row.get("neighbor_mangaid", row.get("model"))) in table for row in from_json)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["neighbors"], "give the MANGAID of a star, or --all"),
        (["neighbors", ODD, "--all"], "give the MANGAID of a star, or --all"),
        (["neighbors", "--all", "--model", "MODEL2"], "leave --model, --role and --consensus out"),
        (["neighbors", "--all", "--role", "train"], "leave --model, --role and --consensus out"),
        (["neighbors", "--all", "--consensus"], "leave --model, --role and --consensus out"),
        (["neighbors", "--all", "-k", "0"], "k 0: give 1 to 1000"),
        (["neighbors", ODD, "-k", "0"], "k 0: give 1 to 1000"),
        (["neighbors", ODD, "-k", "-1", "--consensus"], "k -1: give 1 to 1000"),
        (["neighbors", ODD, "--consensus", "--model", "MODEL1"], "--consensus merges all models; leave --model out"),
        (["neighbors", ODD, "--consensus", "--role", "train"], "a role is that of one model"),
        (
            ["neighbors", ODD, "--model", "MODEL9"],
            "no model MODEL9 has scored large; there are: MODEL1, MODEL2, MODEL3",
        ),
        (["neighbors", "7-absent"], "no star 7-absent in this database"),
        (["neighbors", MANGAIDS[2]], f"star {MANGAIDS[2]} has no neighbours in large"),
        (["neighbors", ODD, "--dataset", "small"], "ensemble test has not scored small; run: catalog score"),
        (["outliers", "--dataset", "huge"], "no dataset huge; there are: large, small"),
        (["outliers", "--ensemble", "best"], "no ensemble best; there are: test"),
        (["outliers", "--bp-rp", "2", "1"], "bp_rp from 2 to 1 holds nothing"),
        (["table", "top", "--dataset", "huge"], "no dataset huge; there are: large, small"),
        (["table", "percentiles", "--ensemble", "best"], "no ensemble best; there are: test"),
    ],
)
def test_a_mistake_is_answered_in_one_line(ask: Callable, arguments: list[str], message: str) -> None:
    done = ask(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["outliers", "--by", "luck"],
        ["outliers", "--limit", "0"],
        ["neighbors", ODD, "--role", "test"],
        ["neighbors", ODD, "-k", "few"],
        ["table", "3"],
        ["table"],
    ],
)
def test_what_the_options_do_not_take_exits_with_2(ask: Callable, arguments: list[str]) -> None:
    done = ask(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: " in done.stderr
