"""Figures in files: whole or not at all, the same bytes for the same figure."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from catalog.errors import CatalogError
from catalog.figures.file import RESOLUTION, SUFFIXES, save, writable


def make() -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.subplots().scatter([0, 1], [0, 1], rasterized=True)
    return figure


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow beyond 100 bytes, which the system answers as it answers for a full disk: with an error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ["f.png", "f.PDF", "f.svg"])
def test_the_same_figure_is_the_same_bytes(tmp_path: Path, name: str) -> None:
    save(make, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    save(make, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_a_png_has_the_resolution_of_print(tmp_path: Path) -> None:
    save(make, tmp_path / "f.png")
    assert int.from_bytes((tmp_path / "f.png").read_bytes()[16:20]) == 2 * RESOLUTION


def test_an_interrupted_drawing_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "f.png").write_text("before")

    def interrupted() -> Figure:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(interrupted, tmp_path / "f.png")
    assert (tmp_path / "f.png").read_text() == "before"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_said_and_leaves_the_file_as_it_was(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"f{suffix}"
    for before in (None, b"before"):
        if before is not None:
            path.write_bytes(before)
        with full_disk(), pytest.raises(CatalogError, match=rf"f\{suffix} cannot be written: File too large"):
            save(make, path)
        assert [file.read_bytes() for file in tmp_path.iterdir()] == ([] if before is None else [before])


def test_a_protected_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder may be written, the file may not; the superuser, who runs some tests, may write both."""
    path = tmp_path / "f.png"
    path.write_text("before")
    monkeypatch.setattr(os, "access", lambda place, mode: place != path)
    with pytest.raises(CatalogError, match=r"f\.png cannot be written; choose another file for the figure"):
        writable(path)
    assert writable(tmp_path / "new.png") == tmp_path / "new.png"
