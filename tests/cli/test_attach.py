"""`catalog attach`, `catalog detach`, and `catalog plot cmd --catalog`."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table


def rows(done: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))  # type: ignore[attr-defined]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The first two stars, one of them twice, and a row that is none."""
    ids = np.array([2**60 + 1, 2**60 + 2, 2**60 + 2, 0])
    table = Table({"source_id": ids, "ra": np.array([0.5, 9.692, 9.693, np.nan]), "dec": [-89.0, -84.436, -84.436, 0]})
    table["kind"] = ["CH", "CR", "CR", ""]
    table.write(tmp_path / "list.ecsv")
    return tmp_path / "list.ecsv"


def test_attach_list_ask_and_detach(scored: Path, copy_of: Callable, file: Path, run: Callable) -> None:
    ask = ("--database", copy_of(scored))
    done = run(*ask, "attach", file, "--name", "mine", "--gaia", "source_id", "--release", "DR3")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "mine: 4 rows, 4 columns; 2 of 40 stars matched",
        "1 rows have no usable id or position",
        "1 stars could not be asked, for want of the id or position",
        "1 stars have several rows that fit; one is taken, the nearest or the first",
        'anomalies in it: catalog query "SELECT * FROM anomaly_mine ORDER BY consensus_rank"',
    ]
    (listed,) = rows(run(*ask, "attach", "--list"))
    assert (listed["catalog"], listed["file"], listed["n_star_matched"]) == ("mine", "list.ecsv", "2")
    assert json.loads(run(*ask, "attach", "--list", "--format", "json").stdout)[0]["id_release"] == "DR3"

    found = rows(run(*ask, "query", "SELECT mangaid, mine_kind FROM anomaly_mine ORDER BY mangaid"))
    assert [row["mine_kind"] for row in found] == ["CH", "CR"][-len(found) :]

    done = run(*ask, "attach", file, "--name", "mine", "--gaia", "source_id", "--release", "DR3")
    assert done.stderr == "mine is attached already, and no star has changed since: 2 stars matched\n"

    assert run(*ask, "detach", "mine").stderr == "mine detached\n"
    assert rows(run(*ask, "attach", "--list")) == []


def test_on_the_sky(scored: Path, copy_of: Callable, file: Path, run: Callable) -> None:
    ask = ("--database", copy_of(scored))
    done = run(*ask, "attach", file, "--name", "mine", "--sky", "ra", "dec", "--radius", "5", "--all")
    assert done.stderr.splitlines()[:4] == [
        "its positions are taken to be of epoch 2000; --epoch YEAR if they are not",
        "mine: 4 rows, 4 columns; 2 of 40 stars matched",
        "1 rows have no usable id or position",
        "1 stars have several rows that fit; all are kept",
    ]
    assert rows(run(*ask, "query", "SELECT count(catalog_row) AS n FROM external_match")) == [{"n": "3"}]


def test_the_diagram_of_a_catalog(scored: Path, copy_of: Callable, file: Path, run: Callable, tmp_path: Path) -> None:
    ask = ("--database", copy_of(scored))
    run(*ask, "attach", file, "--name", "mine", "--gaia", "source_id", "--release", "DR3")
    picture = tmp_path / "cmd.svg"
    done = run(*ask, "plot", "cmd", "--catalog", "mine:kind", "--mark", "1", "-o", picture)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == f"drawn in {picture}"
    assert "mine CR (1 in the survey)" in picture.read_text()
    done = run(*ask, "plot", "cmd", "--catalog", "yours", "-o", picture)
    assert (done.returncode, done.stderr) == (2, "Error: no attached catalog yours; there are: mine\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["attach"], "give a file and a name: catalog attach FILE --name NAME; or --list"),
        (["attach", "{file}"], "give a file and a name"),
        (["attach", "{file}", "--name", "mine"], "say how to match, in one way"),
        (["attach", "{file}", "--name", "mine", "--gaia", "source_id"], "no release of the Gaia ids in source_id"),
        (["attach", "{file}", "--name", "mine", "--gaia", "id", "--release", "DR3"], "mine has no column id; it has:"),
        (["attach", "{file}", "--name", "score", "--mangaid", "kind"], "the view anomaly_score is one of ours"),
        (["attach", "absent.csv", "--name", "mine", "--mangaid", "a"], "absent.csv cannot be read: No such file"),
        (["attach", "{file}", "--name", "mine", "--sky", "ra", "dec", "--radius", "0"], "a radius of 0 arcsec"),
        (["detach", "mine"], "no attached catalog mine; there is none yet; run: catalog attach FILE --name NAME"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    scored: Path, copy_of: Callable, file: Path, run: Callable, arguments: list[str], message: str
) -> None:
    done = run("--database", copy_of(scored), *(argument.format(file=file) for argument in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_database_that_is_absent(file: Path, run: Callable, tmp_path: Path) -> None:
    done = run("--database", tmp_path / "no.duckdb", "attach", file, "--name", "a", "--mangaid", "kind")
    assert done.returncode == 2
    assert "no database at" in done.stderr
