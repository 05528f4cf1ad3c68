"""The paper's Fig. 7: flux and σ = 1 / sqrt(ivar), with σ / flux of look-alikes to compare."""

from pathlib import Path

import numpy as np
import pytest
from conftest import MANGAIDS
from drawing import drawn, labels, texts

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.figures.uncertainty import _median, relative, sigma

VISITED, MASKED = MANGAIDS[3:5]


def test_flux_sigma_and_their_ratio_beside_look_alikes(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All spectra of the survey have a S/N of 100."""
    figure = drawn(monkeypatch, scored, "uncertainty", MANGAIDS[5])
    spectrum = Catalog(scored).spectrum(MANGAIDS[5], "large")
    ratio, deviation, flux = figure.axes
    own, usual = ratio.get_lines()[:2] if len(ratio.get_lines()[0].get_xdata()) > 2 else ratio.get_lines()[2:4]
    assert np.allclose(own.get_ydata(), 0.01)
    assert np.allclose(usual.get_ydata(), 0.01)
    assert any(np.array_equal(line.get_ydata(), sigma(spectrum)) for line in deviation.get_lines())
    assert any(np.array_equal(line.get_ydata(), spectrum["flux"].value) for line in flux.get_lines())
    assert labels(figure)[:2] == ["this spectrum", "median of its 10 look-alikes in MODEL1"]
    assert f"{MANGAIDS[5]}, dataset large\nrank " in texts(figure)


def test_sigma_is_unknown_where_ivar_is_not_above_0(scored: Path) -> None:
    spectrum = Catalog(scored).spectrum(MANGAIDS[1], "large")
    assert np.flatnonzero(np.isnan(sigma(spectrum))).tolist() == list(range(4554, 4563))
    assert np.isnan(relative(spectrum)).sum() == 9


def test_a_pixel_that_few_look_alikes_know_has_no_median() -> None:
    values = [np.array([1.0, np.nan]), np.array([3.0, np.nan]), np.array([np.nan, 5.0])]
    assert np.array_equal(_median(values), [2.0, np.nan], equal_nan=True)


def test_a_visit_that_is_masked_throughout(visited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, visited, "uncertainty", MASKED, dataset="visits", model="MODEL2")
    assert labels(figure)[1:] == ["median of its 2 look-alikes in MODEL2", "masked, or ivar 0", "window"]


def test_without_ivar_there_is_nothing_to_draw(visited: Path, scored: Path, tmp_path: Path) -> None:
    with pytest.raises(
        CatalogError, match=f"the spectrum of {VISITED} in bare has no ivar; its uncertainty is unknown"
    ):
        Catalog(visited).plot.uncertainty(tmp_path / "f.png", VISITED, dataset="bare")
    with pytest.raises(CatalogError, match=f"star {MANGAIDS[2]} has no look-alike in MODEL1: its spectrum in large is"):
        Catalog(scored).plot.uncertainty(tmp_path / "f.png", MANGAIDS[2])
    assert list(tmp_path.iterdir()) == []
