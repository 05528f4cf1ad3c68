"""`catalog plot` draws into a file and says where."""

from collections.abc import Callable
from pathlib import Path


def test_losses(scored: Path, run: Callable, tmp_path: Path) -> None:
    done = run("--database", scored, "plot", "losses", "--ensemble", "test", "-o", tmp_path / "losses.svg")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"drawn in {tmp_path / 'losses.svg'}\n"
    assert "MODEL3" in (tmp_path / "losses.svg").read_text()


def test_a_suffix_that_is_no_figure(scored: Path, run: Callable, tmp_path: Path) -> None:
    done = run("--database", scored, "plot", "losses", "-o", tmp_path / "losses.txt")
    assert done.returncode == 2
    assert "a figure is one of" in done.stderr
