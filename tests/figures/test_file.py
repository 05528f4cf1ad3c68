"""Figures in files: whole or not at all, the same bytes for the same figure."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from catalog.errors import CatalogError
from catalog.figures.file import RESOLUTION, save


def made() -> Figure:
    figure = Figure(figsize=(2, 1))
    figure.subplots().scatter([0, 1], [0, 1], rasterized=True)
    return figure


@pytest.mark.parametrize("name", ["f.png", "f.PDF", "f.svg"])
def test_the_same_figure_is_the_same_bytes(tmp_path: Path, name: str) -> None:
    save(made, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    save(made, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_a_png_has_the_resolution_of_print(tmp_path: Path) -> None:
    save(made, tmp_path / "f.png")
    assert int.from_bytes((tmp_path / "f.png").read_bytes()[16:20]) == 2 * RESOLUTION


def test_an_interrupted_drawing_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "f.png").write_text("before")

    def interrupted() -> Figure:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(interrupted, tmp_path / "f.png")
    assert (tmp_path / "f.png").read_text() == "before"


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    (tmp_path / "f.svg").symlink_to(full)
    with pytest.raises(CatalogError, match=r"f.svg cannot be written: No space left"):
        save(made, tmp_path / "f.svg")
    assert list(tmp_path.iterdir()) == []
