"""`catalog ensembles` and `catalog ensemble`: a list, one of them, and out into a file and in again."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ensemble_rows import RECIPE, with_ensemble

from catalog import Catalog


@pytest.fixture(scope="module")
def database(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ensembles") / "c.duckdb"
    shutil.copy(ingested, path)
    return with_ensemble(path)


@pytest.fixture
def away(tmp_path: Path) -> Path:
    Catalog(tmp_path / "away.duckdb").upgrade()
    return tmp_path / "away.duckdb"


def test_formats_of_the_list_agree(database: Path, run: Callable) -> None:
    ask = ("--database", database, "ensembles", "--format")
    (from_csv,) = csv.DictReader(io.StringIO(run(*ask, "csv").stdout))
    (from_json,) = json.loads(run(*ask, "json").stdout)
    assert json.loads(run(*ask, "ndjson").stdout) == from_json
    assert from_csv == {key: "" if value is None else str(value) for key, value in from_json.items()}
    assert (from_json["ensemble"], from_json["created_at"]) == ("test", "2026-01-02 03:04:05")
    table = run(*ask, "table").stdout
    assert all(text in table for text in ("test", "small", "10200", "0.00075"))


def test_no_ensembles_are_an_empty_list(away: Path, run: Callable) -> None:
    assert json.loads(run("--database", away, "ensembles", "--format", "json").stdout) == []


def test_one_ensemble_is_one_object(database: Path, run: Callable) -> None:
    piped = run("--database", database, "ensemble", "show", "test")
    described = json.loads(run("--database", database, "ensemble", "show", "test", "--format", "json").stdout)
    assert json.loads(piped.stdout) == described
    assert described["recipe"] == RECIPE
    assert [model["status"] for model in described["models"]] == ["trained", "trained", "planned"]


def test_one_ensemble_on_a_terminal(database: Path, run: Callable) -> None:
    done = run("--database", database, "ensemble", "show", "test", "--format", "table")
    assert (done.returncode, done.stderr) == (0, "")
    weights = [path.name for path in database.with_suffix(".weights").iterdir()]
    for text in (*RECIPE, "3700.0, 10200.0", "lsfpercent60.0.fits.gz", "MODEL3", "planned", "keras 3.10.0", *weights):
        assert text in done.stdout
    assert "Scored: nothing" in done.stdout


def test_out_into_a_file_and_in_again(database: Path, away: Path, run: Callable, tmp_path: Path) -> None:
    path = tmp_path / "test.zip"
    done = run("--database", database, "ensemble", "export", "test", "-o", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{path}: 2 of 3 models of test, 0 MB; the others are not trained\n"
    done = run("--database", away, "ensemble", "import", path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "ensemble test: 2 models, trained on small with 30 stars, 0 of them here; "
        "score with: catalog score --dataset NAME --ensemble test\n"
    )
    done = run("--database", away, "ensemble", "import", path)
    assert (done.returncode, done.stderr) == (
        0,
        "ensemble test is here already, with the same 2 models; nothing to do\n",
    )
    assert run("--database", away, "ensemble", "import", path, "--name", "theirs").returncode == 0
    assert list(Catalog(away).ensembles()["ensemble"]) == ["test", "theirs"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "best"], "no ensemble best; there are: test"),
        (["export", "best", "-o", "best.zip"], "no ensemble best; there are: test"),
        (["export", "test", "-o", "/"], "/ is a folder; choose another file"),
        (["export", "test", "-o", "absent/test.zip"], "absent/test.zip cannot be written: No such file"),
        (["import", "absent.zip"], "absent.zip cannot be read: No such file"),
        (["import", __file__], "test_ensembles.py is not, or no longer, what catalog ensemble export wrote"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    database: Path, tmp_path: Path, run: Callable, arguments: list[str], message: str
) -> None:
    done = run("--database", database, "ensemble", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_there_is_replaced_only_with_force(database: Path, run: Callable, tmp_path: Path) -> None:
    path = tmp_path / "test.zip"
    path.write_text("something else")
    export = ("--database", database, "ensemble", "export", "test", "-o", path)
    assert "is there already; choose another file, or replace it with --force" in run(*export).stderr
    assert run(*export, "--force").returncode == 0
