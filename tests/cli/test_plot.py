"""`catalog plot` draws into a file and says where."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import MANGAIDS, ODD


def test_losses(scored: Path, run: Callable, tmp_path: Path) -> None:
    done = run("--database", scored, "plot", "losses", "--ensemble", "test", "-o", tmp_path / "losses.svg")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"drawn in {tmp_path / 'losses.svg'}\n"
    assert "MODEL3" in (tmp_path / "losses.svg").read_text()


def test_a_suffix_that_is_no_figure(scored: Path, run: Callable, tmp_path: Path) -> None:
    done = run("--database", scored, "plot", "losses", "-o", tmp_path / "losses.txt")
    assert done.returncode == 2
    assert "a figure is one of" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["network", "--ensemble", "test"], "latent vector"),
        (["errors", "--dataset", "large"], "spectra per bin"),
        (["uncertainty", ODD, "--model", "MODEL2"], "look-alikes in MODEL2"),
        (["cause", ODD], "median and range of 3 models"),
        (["neighbors", ODD, "-k", "2"], "in the training split"),
        (["neighbors", ODD, "--role", "any"], "rank 1 of 39 in test"),
        (["latent", "--color", "mean_percentile", "--mark", ODD, "--mark", MANGAIDS[3]], MANGAIDS[3]),
        (["reconstruction", ODD, "--models", "MODEL3, MODEL1"], "MODEL3"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_every_figure(scored: Path, run: Callable, tmp_path: Path, arguments: list[str], shown: str) -> None:
    done = run("--database", scored, "plot", *arguments, "-o", tmp_path / "figure.svg")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == f"drawn in {tmp_path / 'figure.svg'}"
    assert shown in (tmp_path / "figure.svg").read_text()


def test_one_visit_of_several(visited: Path, run: Callable, tmp_path: Path) -> None:
    ask = ("--database", visited, "plot", "uncertainty", MANGAIDS[3], "--dataset", "visits", "-o", tmp_path / "f.svg")
    refused = run(*ask)
    assert refused.returncode == 2
    assert "choose plate and mjd: 9000 58000, 9001 58001" in refused.stderr
    assert run(*ask, "--plate", "9001", "--mjd", "58001").returncode == 0
    assert "plate 9001, MJD 58001" in (tmp_path / "f.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reconstruction", "7-x"], "no star 7-x in this database"),
        (["reconstruction", ODD, "--dataset", "small"], "has not scored small; run: catalog score --dataset small"),
        (["reconstruction", MANGAIDS[2]], "is not usable in the window of ensemble test"),
        (["uncertainty", ODD, "--model", "MODEL7"], "no model MODEL7 in ensemble test"),
        (["latent", "--color", "redness"], "no numbers redness to colour by; there are: g_mag, bp_rp"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    scored: Path, run: Callable, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = run("--database", scored, "plot", *arguments, "-o", tmp_path / "figure.png")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written(scored: Path, run: Callable, tmp_path: Path) -> None:
    done = run("--database", scored, "plot", "errors", "-o", tmp_path / "absent" / "figure.png")
    assert done.returncode == 2
    assert "create it first" in done.stderr
