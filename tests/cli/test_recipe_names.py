"""`catalog recipes` prints what `catalog train --recipe` reads."""

from collections.abc import Callable
from pathlib import Path

from catalog.autoencoder.recipes import FAST, RECIPES, find_recipe


def test_names(run: Callable) -> None:
    assert run("recipes").stdout.split() == list(RECIPES)


def test_one_as_a_file_to_start_from(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(run("recipes", "fast").stdout)
    assert find_recipe(str(tmp_path / "mine.toml")) == FAST


def test_an_unknown_name(run: Callable) -> None:
    done = run("recipes", "best")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: no recipe best; there are paper, fast, conditional, pca")


def test_a_file_is_trained(ingested: Path, copy_of: Callable[[Path], Path], run: Callable, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("layers = [8]\nepochs = 5\nwindow = [3700, 10200]\n")
    ask = ("--database", copy_of(ingested), "train", "--dataset", "small", "--recipe", tmp_path / "mine.toml")
    done = run(*ask, "--models", "1", "--epochs", "2")
    assert done.returncode == 0, done.stderr
    assert "ensemble mine-small-" in done.stderr
    assert "2 epochs each, on 30 spectra over 3700 to 10200" in done.stderr
