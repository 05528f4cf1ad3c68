"""Libraries of templates: read from three formats, kept as they are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from template_files import FLUX, WAVELENGTH, write_templates

from catalog import Catalog
from catalog.anomaly.template_files import read_templates
from catalog.errors import CatalogError


@pytest.mark.parametrize("suffix", [".parquet", ".fits", ".ecsv"])
def test_the_same_templates_from_every_format(suffix: str, tmp_path: Path) -> None:
    good = np.ones((2, 400), bool)
    good[0, :50] = False
    found = read_templates(write_templates(tmp_path / f"t{suffix}", good=good), "mine")
    assert [(template.library, template.name) for template in found] == [("mine", "a"), ("mine", "b")]
    assert np.allclose(found[1].wavelength, WAVELENGTH)
    assert np.allclose(found[1].flux, 2 * FLUX)
    assert np.array_equal(found[0].good, good[0])


def test_a_row_may_be_a_pixel(tmp_path: Path) -> None:
    long = {"name": ["a"] * 400 + ["b"] * 400, "wavelength": np.tile(WAVELENGTH, 2), "flux": np.tile(FLUX, 2)}
    found = read_templates(write_templates(tmp_path / "t.ecsv", **long), "mine")
    assert [template.name for template in found] == ["a", "b"]
    assert np.allclose(found[0].flux, FLUX)


def test_a_file_without_names_is_one_template_of_its_name(tmp_path: Path) -> None:
    file = write_templates(tmp_path / "vega.fits", name=None, wavelength=WAVELENGTH, flux=FLUX)
    assert [template.name for template in read_templates(file, "mine")] == ["vega"]


def test_what_is_not_finite_is_not_good(tmp_path: Path) -> None:
    flux = np.stack([FLUX, FLUX])
    flux[0, 3] = np.nan
    (one, other) = read_templates(write_templates(tmp_path / "t.parquet", flux=flux), "mine")
    assert not one.good[3]
    assert one.flux[3] == 0
    assert other.good.all()


def test_a_library_is_kept_once_listed_and_taken_away(
    ingested: Path, copy_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    catalog = Catalog(copy_of(ingested))
    file = write_templates(tmp_path / "t.parquet")
    assert catalog.add_templates(file, "mine") == 2
    assert catalog.add_templates(file, "mine") == 0
    assert catalog.add_templates(write_templates(tmp_path / "u.fits"), "other") == 2
    table = catalog.templates()
    assert list(table["library"]) == ["mine", "mine", "other", "other"]
    assert table["wavelength_lo"][0] == 4000
    assert list(table["n_pixel"]) == [400] * 4
    with pytest.raises(CatalogError, match="there is a library mine already, from another file"):
        catalog.add_templates(tmp_path / "u.fits", "mine")
    assert catalog.remove_templates("mine") == 2
    assert set(catalog.templates()["library"]) == {"other"}
    assert len(catalog.query("SELECT 1 FROM template_array")) == 2
    with pytest.raises(CatalogError, match="no library mine of templates; there are: other"):
        catalog.remove_templates("mine")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"flux": None}, "t.parquet has no column flux"),
        ({"wavelength": None}, "t.parquet has no column wavelength"),
        ({"name": ["a", "a"]}, "t.parquet has two templates a"),
        ({"wavelength": np.tile(WAVELENGTH[::-1], (2, 1))}, "t.parquet, row 1: the wavelengths of a do not increase"),
        ({"flux": np.full((2, 400), np.nan)}, "t.parquet, row 1: a has 0 good pixels"),
        ({"good": np.ones((2, 3), bool)}, "t.parquet, row 1: wavelength, flux and good of a are not of one length"),
    ],
)
def test_what_is_no_template_says_why(columns: dict[str, object], message: str, tmp_path: Path) -> None:
    file = write_templates(tmp_path / "t.parquet", **columns)
    with pytest.raises(CatalogError) as raised:
        read_templates(file, "mine")
    assert message in str(raised.value)


def test_other_files_say_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "t.fits").write_text("no FITS")
    for file in (tmp_path / "t.fits", tmp_path / "absent.parquet"):
        with pytest.raises(CatalogError, match="cannot be read as Parquet, FITS or ECSV"):
            read_templates(file, "mine")


def test_the_means_of_long_period_variables(real_data: Path) -> None:
    """Each, reddened and with noise, is matched to itself (the paper's Fig. 13)."""
    from catalog.causes.likeness import Templates, on_grid
    from catalog.extinction import extinction

    found = read_templates(real_data / "templates" / "lm2002_agb.parquet", "lm2002")
    assert len(found) == 14
    assert all(template.wavelength[template.good][0] > 5105 for template in found)
    grid = 10 ** (np.log10(3621.596) + 1e-4 * np.arange(4563))
    library, generator = Templates(found, grid), np.random.default_rng(0)
    for template in found:
        light, good = on_grid(template, grid)
        clean = np.where(good, light * 10 ** (-0.4 * 0.4 * extinction(grid)), 0)
        sigma = np.median(clean[good]) / 50
        flux = clean + sigma * generator.standard_normal(len(grid))
        best, *_ = library.match(flux, np.where(good, sigma**-2, 0), np.zeros(len(grid), int))
        assert best.name == template.name
        assert best.ebv == pytest.approx(0.4, abs=0.05)
