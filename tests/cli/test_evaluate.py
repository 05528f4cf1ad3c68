"""`catalog evaluate` as a user runs it."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from catalog.cli.main import main
from click.testing import CliRunner
from conftest import MANGAIDS, ODD
from drawing import assert_drawn

from catalog.evaluation.methods import METHODS, SCORES


@pytest.fixture
def database(scored: Path, copy_of: Callable[[Path], Path]) -> Path:
    return copy_of(scored)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    (tmp_path / "truth.csv").write_text(f"id,class\n{ODD},line\n{MANGAIDS[9]},\n{MANGAIDS[11]},dull\n7-0000,line\n")
    return tmp_path / "truth.csv"


def test_a_truth_table_is_measured_shown_in_every_format_and_drawn(
    database: Path, truth: Path, run: Callable, tmp_path: Path
) -> None:
    ask = ("--database", database, "evaluate", "--truth", truth, "--id", "id", "--kind-column", "class", "--format")
    first = run(*ask, "json", "--figure", tmp_path / "f.png")
    assert first.returncode == 0, first.stderr
    assert first.stderr.splitlines()[:2] == [
        "3 of 4 ids match spectra that ensemble test scored in dataset large; 0 have no usable spectrum, 1 are not in "
        "the dataset; of the 3 with a kind, 2 match",
        "ensemble test on dataset large: evaluation 1",
    ]
    assert "its models agree pair by pair: Spearman" in first.stderr
    assert_drawn(tmp_path / "f.png")
    rows = json.loads(first.stdout)
    assert [row["kind"] for row in rows] == [kind for kind in ("dull", "line", None) for _ in range(2 * len(METHODS))]
    again = run(*ask, "csv")
    assert "evaluation 1, done before and shown again" in again.stderr
    from_csv = list(csv.DictReader(io.StringIO(again.stdout)))
    assert [row["recall_1"] for row in from_csv] == [str(row["recall_1"] if row["n_odd"] else "") for row in rows]
    table = run(*ask, "table").stdout.splitlines()
    assert table[0].split()[:4] == ["kind", "method", "n", "recall_1"]
    assert len(table) == 1 + 3 * len(METHODS)
    assert "1.00 [0.21, 1.00]" in next(line for line in table if line.startswith("line"))


def test_planted_oddities_are_measured(database: Path, run: Callable) -> None:
    ask = ("--database", database, "evaluate", "--kind", "ch-star", "--strength", "4", "--strength", "1")
    done = run(*ask, "--hosts", "5", "--no-baselines", "--format", "table")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split()[:5] == ["kind", "strength", "method", "n", "recall_1"]
    of_error = [line.split()[:4] for line in lines if "autoencoder" in line]
    assert of_error[:2] == [["ch-star", s, "autoencoder", "5"] for s in ("1", "4")]
    assert len(lines) == 1 + 4 * (1 + len(SCORES))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--truth", "absent.csv"], "absent.csv cannot be read: No such file"),
        (["--truth", "TRUTH"], "has no column mangaid; it has: id, class"),
        (["--truth", "TRUTH", "--id", "id"], "has no column kind; it has: id, class"),
        (["--truth", "TRUTH", "--kind", "ch-star"], "leave them out, or --truth"),
        (["--kind-column", "class"], "name its file with --truth"),
        (["--kind", "unicorn"], "no kind unicorn; there are: artifact-9500"),
        (["--strength", "0"], "strengths 0: give numbers above 0"),
        (["--strength", "nan"], "give numbers above 0"),
        (["--hosts", "0"], "0 hosts: give at least 1"),
        (["--seed", "-1"], "seed -1: give 0 or more"),
        (["--figure", "f.gif"], "f.gif: a figure is one of .png, .pdf, .svg"),
        (["--figure", "absent/f.png"], "no folder absent for the figure"),
        (["--dataset", "huge"], "no dataset huge; there are: large, small"),
        (["--dataset", "small"], "has not scored small; run: catalog score --dataset small"),
        (["--ensemble", "best"], "no ensemble best; there are: test"),
    ],
)
def test_mistakes_are_answered_in_one_line(scored: Path, truth: Path, arguments: list[str], message: str) -> None:
    words = [str(truth) if word == "TRUTH" else word for word in arguments]
    done = CliRunner().invoke(main, ["--database", str(scored), "evaluate", *words])
    assert done.exit_code == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_before_anything_is_scored_the_command_to_run_is_named(ingested: Path, run: Callable) -> None:
    assert "train one with: catalog train" in run("--database", ingested, "evaluate").stderr


def test_the_command_line_loads_nothing_heavy_for_it() -> None:
    code = (
        "import sys; import catalog.cli.evaluate, catalog.facade;"
        "print([m for m in ('sklearn', 'matplotlib', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_table_has_kinds_as_a_whole_and_csv_their_strengths(database: Path, run: Callable, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(f"mangaid,kind,strength\n{ODD},line,2\n{MANGAIDS[11]},line,1\n")
    ask = ("--database", database, "evaluate", "--truth", tmp_path / "truth.csv", "--no-baselines", "--format")
    assert [line.split()[0] for line in run(*ask, "table").stdout.splitlines()] == [
        "kind",
        *(kind for kind in ("line", "all") for _ in range(1 + len(SCORES))),
    ]
    rows = list(csv.DictReader(io.StringIO(run(*ask, "csv").stdout)))
    assert {row["strength"] for row in rows if row["kind"] == "line"} == {"", "1.0", "2.0"}
