"""The paper's Fig. 13: a spectrum with each template of a library fitted to it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from conftest import MANGAIDS, ODD
from drawing import drawn

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.figures.style import VERMILLION


@pytest.fixture
def with_templates(scored: Path, copy_of: Callable[[Path], Path], tmp_path: Path) -> Path:
    """The scored database with two libraries: a star of the survey and a slope, and another slope."""
    database = copy_of(scored)
    catalog = Catalog(database)
    spectrum = catalog.spectrum(MANGAIDS[5], "large")
    wavelength, flux = spectrum["wavelength"].value, spectrum["flux"].value.astype(float)
    for library, names, fluxes in (
        ("mine", ["itself", "slope"], [flux, wavelength / 5000]),
        ("other", ["flat"], [np.ones(len(flux))]),
    ):
        table = Table({"name": names, "wavelength": np.tile(wavelength, (len(names), 1)), "flux": np.stack(fluxes)})
        table.write(tmp_path / f"{library}.fits")
        catalog.add_templates(tmp_path / f"{library}.fits", library)
    return database


def test_each_template_is_fitted_and_the_best_stands_out(with_templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (panel,) = drawn(monkeypatch, with_templates, "templates", MANGAIDS[5]).axes
    assert sorted(text.get_text().splitlines()[0] for text in panel.texts) == ["flat", "itself", "slope"]
    (best,) = (text for text in panel.texts if text.get_color() == VERMILLION)
    assert best.get_text().startswith("itself\nrms 0.00")
    assert len(panel.get_lines()) == 6


def test_of_one_library(with_templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (panel,) = drawn(monkeypatch, with_templates, "templates", MANGAIDS[5], "other").axes
    assert [text.get_text().splitlines()[0] for text in panel.texts] == ["flat"]


def test_without_templates_it_says_how_to_get_some(scored: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"no template to compare .* catalog templates add FILE --library NAME"):
        Catalog(scored).plot.templates(tmp_path / "t.png", ODD)
    assert not list(tmp_path.iterdir())
