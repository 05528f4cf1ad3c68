"""The paper's Figs. 5 to 12: the spectrum, each model over it, the residual above; masked and bad pixels shaded."""

from pathlib import Path

import numpy as np
import pytest
from conftest import MANGAIDS, ODD
from drawing import drawn, labels, shaded, texts
from files import WAVELENGTH

from catalog import Catalog
from catalog.figures.spectra import WINDOW

VISITED, MASKED = MANGAIDS[3:5]


def test_two_panels_per_model_with_what_was_reconstructed(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "reconstruction", MANGAIDS[0])
    table = Catalog(scored).reconstruction(MANGAIDS[0])
    maximum = table["flux"].value.astype(float).max()
    given = table["flux"].value.astype(float) / maximum
    uppers, lowers = figure.axes[::2], figure.axes[1::2]
    for model, upper, lower in zip(table.meta["models"], uppers, lowers, strict=True):
        assert upper.get_title(loc="left").startswith(f"{model}, ")
        reconstructed = table[model].value / maximum
        residual = next(line for line in upper.get_lines() if len(line.get_xdata()) > 100)
        assert np.allclose(residual.get_ydata(), reconstructed - given)
        spectrum, reconstruction = [line for line in lower.get_lines() if len(line.get_xdata()) > 100]
        assert np.array_equal(spectrum.get_xdata(), WAVELENGTH)
        assert np.allclose(reconstruction.get_ydata(), reconstructed)
        assert np.array_equal(reconstruction.get_xdata(), table["wavelength"].value)


def test_title_says_who_it_is(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "reconstruction", ODD, models=["MODEL2"])
    assert len(figure.axes) == 2
    assert f"{ODD}, dataset large\nrank 1 of 39 in test, flagged by 3 of 3 models, " in texts(figure)
    role, error = figure.axes[0].get_title(loc="left").removeprefix("MODEL2, ").split(", error ")
    assert role in ("seen", "unseen")
    assert error.startswith("$")


def test_window_and_unusable_pixels(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "reconstruction", MANGAIDS[1], models=["MODEL1"])
    assert labels(figure) == ["spectrum", "reconstruction", "flux not above 0", "window"]
    for panel in figure.axes:
        ((first, last),) = shaded(panel)
        assert WAVELENGTH[4553] < first < WAVELENGTH[4554]
        assert last == WAVELENGTH[-1]
        edges = [line.get_xdata()[0] for line in panel.get_lines() if line.get_linestyle() == WINDOW["linestyle"]]
        assert edges == [3700.0, 10200.0]


def test_quality_and_masks_of_a_visit(visited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, visited, "reconstruction", VISITED, dataset="visits", mjd=58000)
    assert f"{VISITED}, dataset visits, plate 9000, MJD 58000" in texts(figure)
    assert "quality: POORCAL, MULTIFIBER, bit 20" in texts(figure)
    assert "masked, or ivar 0" not in labels(figure)
    figure = drawn(monkeypatch, visited, "reconstruction", MASKED, dataset="visits")
    assert "masked, or ivar 0" in labels(figure)
    assert shaded(figure.axes[0]) == [(WAVELENGTH[0], WAVELENGTH[-1])]


def test_a_hot_pixel_is_cut_off_and_marked(visited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also without ivar, mask and photometry of its own."""
    figure = drawn(monkeypatch, visited, "reconstruction", VISITED, dataset="bare", models=["MODEL1"])
    panel = figure.axes[1]
    assert panel.get_ylim()[1] < 0.1
    marks = [line for line in panel.get_lines() if line.get_marker() == "^" and line.get_color() == "black"]
    assert [mark.get_xdata().tolist() for mark in marks] == [[WAVELENGTH[2500]]]


def test_without_photometry(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "reconstruction", MANGAIDS[-1], models=["MODEL1"])
    assert "without Gaia photometry" in texts(figure)


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_the_same_figure_is_the_same_bytes(scored: Path, tmp_path: Path, suffix: str) -> None:
    plot = Catalog(scored).plot
    for name in ("one", "other"):
        plot.reconstruction(tmp_path / f"{name}.{suffix}", MANGAIDS[1], models=["MODEL1"])
    assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"other.{suffix}").read_bytes()
