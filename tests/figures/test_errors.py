"""The paper's Fig. 4: a histogram per model with its percentiles, flagged errors apart."""

from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from drawing import drawn
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.figures.errors import _figure

PERCENTILES = (1, 10, 50, 90, 99)


def test_a_panel_per_model_with_the_percentiles_of_the_view(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "errors")
    panels = [panel for panel in figure.axes if panel.get_visible()]
    assert [panel.get_title(loc="left") for panel in panels] == ["MODEL1", "MODEL3", "MODEL2"]
    table = Catalog(scored).query("SELECT * FROM error_percentile WHERE dataset = 'large'")
    for panel in panels:
        (row,) = table[table["model"] == panel.get_title(loc="left")]
        marks = [line.get_xdata()[0] for line in panel.get_lines()]
        assert marks == pytest.approx([row[f"percentile_{percent}"] for percent in PERCENTILES])
    assert "ensemble test, dataset large, 39 spectra" in figure.get_suptitle()
    assert (figure.get_supxlabel(), figure.get_supylabel()) == (
        r"$\log_{10}\,\mathcal{L}(\mathbf{F}, \hat{\mathbf{F}})$",
        "spectra per bin",
    )


def made(errors: np.ndarray, names: tuple[str, ...] = ("MODEL1",)) -> Figure:
    table = Table({"model": list(names)}, meta={"ensemble": "fast", "dataset": "large"})
    for percent in PERCENTILES:
        table[f"percentile_{percent}"] = [np.percentile(errors, percent)] * len(names)
    return _figure(dict.fromkeys(names, errors), table)


@pytest.fixture
def errors() -> np.ndarray:
    return np.random.default_rng(0).normal(-3.8, 0.3, 5000)


def test_flagged_spectra_are_those_from_the_99th_percentile_on(errors: np.ndarray) -> None:
    (panel,) = made(errors).axes
    ordinary, flagged = (patch for patch in panel.patches if isinstance(patch, Polygon))
    assert flagged.get_xy()[:, 0].max() > np.percentile(errors, 99) > ordinary.get_xy()[:, 0].mean()
    (span,) = (patch for patch in panel.patches if isinstance(patch, Rectangle))
    assert span.get_x() == np.percentile(errors, 99)


@pytest.mark.parametrize(("n", "n_panel"), [(1, 1), (2, 2), (3, 4), (10, 10), (11, 12)])
def test_for_any_number_of_models(errors: np.ndarray, n: int, n_panel: int) -> None:
    names = tuple(f"MODEL{number + 1}" for number in range(n))
    figure = made(errors, names)
    assert len(figure.axes) == n_panel
    shown = [panel.get_title(loc="left") for panel in figure.axes if panel.get_visible()]
    assert sorted(shown) == sorted(names)


def test_an_absurd_error_does_not_squeeze_the_others(errors: np.ndarray) -> None:
    (panel,) = made(np.append(errors, 12.0)).axes
    assert panel.get_xlim()[1] < 0
    assert [text.get_text() for text in panel.texts] == ["1 above →"]


def test_one_spectrum_can_be_drawn() -> None:
    (panel,) = made(np.array([-3.0])).axes
    assert panel.get_xlim()[0] < -3 < panel.get_xlim()[1]


def test_nothing_scored_says_so(ingested: Path, scored: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no ensemble in this database"):
        Catalog(ingested).plot.errors(tmp_path / "errors.png")
    with pytest.raises(CatalogError, match="has not scored small"):
        Catalog(scored).plot.errors(tmp_path / "errors.png", "small")
    assert list(tmp_path.iterdir()) == []
