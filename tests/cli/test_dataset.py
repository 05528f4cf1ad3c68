"""`catalog dataset`: what a dataset holds, and how it goes."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from catalog.cli.main import main
from click.testing import CliRunner

from catalog import Catalog


def rows(done: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))  # type: ignore[attr-defined]


def test_usable_shows_the_papers_rule_and_the_command_to_train_with(ingested: Path, run: Callable) -> None:
    done = run("--database", ingested, "dataset", "usable", "--dataset", "large")
    assert [row["at_least"] for row in rows(done)] == ["", "0.5", "0.8", "0.9", "0.95", "0.98", "0.99"]
    assert rows(done)[0]["n_usable"] == "38"
    assert done.stderr == "to train in it: catalog train --dataset large --window 3621 10354\n"
    done = run("--database", ingested, "dataset", "usable", "--dataset", "large", "--fraction", "0.97")
    assert [row["n_usable"] for row in rows(done)] == ["38", "39"]
    assert done.stderr == "to train in it: catalog train --dataset large --window 3621 10333\n"


def test_usable_counts_what_a_window_keeps(ingested: Path, run: Callable) -> None:
    done = run("--database", ingested, "dataset", "usable", "--dataset", "large", "--window", "3000", "11000")
    (row,) = rows(done)
    assert (row["n_spectrum"], row["n_usable"], row["n_empty_end"], row["n_zero_inside"]) == ("40", "38", "1", "1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["usable", "--dataset", "huge"], "no dataset huge; there are: large, small"),
        (["usable", "--dataset", "large", "--window", "1", "2"], "holds no spectrum"),
        (["usable", "--dataset", "large", "--window", "nan", "5000"], "holds no spectrum"),
        (["usable", "--dataset", "large", "--fraction", "2"], "at most 1"),
        (["remove", "large"], "dataset large: 40 spectra, what was read from lsfpercent90.0.fits.gz; to remove this, "),
        (["remove", "huge", "--yes"], "no dataset huge; there are: large, small"),
    ],
)
def test_mistakes_are_answered_in_one_line(ingested: Path, run: Callable, arguments: list[str], message: str) -> None:
    done = run("--database", ingested, "dataset", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_usable_takes_one_question(ingested: Path, run: Callable) -> None:
    ask = ("dataset", "usable", "--dataset", "large", "--window", "1", "2", "--fraction", "0.5")
    done = run("--database", ingested, *ask)
    assert done.returncode == 2
    assert "either --fraction or --window" in done.stderr


def test_remove_says_what_goes_and_how_to_get_the_space_back(ingested: Path, copy_of: Callable, run: Callable) -> None:
    database = copy_of(ingested)
    done = run("--database", database, "dataset", "remove", "large", "--yes")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "dataset large: 40 spectra, what was read from lsfpercent90.0.fits.gz",
        "removed; the file keeps its size until: catalog db compact",
    ]
    assert list(Catalog(database).status()[0]["dataset"]) == ["small"]


@pytest.mark.parametrize(("answer", "left"), [("n\n", ["small", "large"]), ("y\n", ["small"])])
def test_remove_asks_on_a_terminal(
    ingested: Path, copy_of: Callable, monkeypatch: pytest.MonkeyPatch, answer: str, left: list[str]
) -> None:
    database = copy_of(ingested)
    monkeypatch.setattr("catalog.cli.shared.removal.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    done = CliRunner().invoke(main, ["--database", str(database), "dataset", "remove", "large"], input=answer)
    assert done.exit_code == 0, done.output
    assert "Remove this? [y/N]" in done.output
    assert list(Catalog(database).status()[0]["dataset"]) == left


def test_an_ensemble_is_removed_alike(ingested: Path, run: Callable) -> None:
    done = run("--database", ingested, "ensemble", "remove", "best")
    assert done.returncode == 2
    assert done.stderr == "Error: no ensemble best; there is none yet; run: catalog train --dataset NAME\n"
