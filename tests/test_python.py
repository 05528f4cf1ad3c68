"""The catalog from Python: what an answer is in each form, and what a notebook shows of a catalog."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from astropy import units as u
from astropy.table import QTable, Table
from conftest import MANGAIDS
from files import WAVELENGTH, smooth_flux, write_combspec, write_table

from catalog import Catalog
from catalog.errors import CatalogError

STAR = MANGAIDS[35]
"""In `large` alone."""

IDS = "SELECT mangaid, source_id, bp_rp, clean_match FROM cmd ORDER BY mangaid DESC LIMIT 3"
"""The first has no match in Gaia."""


def pandas() -> object:
    return pytest.importorskip("pandas", reason="pandas is not installed; it is not needed")


def specutils() -> object:
    return pytest.importorskip("specutils", reason="specutils is not installed: pip install .[specutils]")


def test_an_answer_is_an_astropy_table_with_units(ingested: Path) -> None:
    table = Catalog(ingested).query(IDS)
    assert isinstance(table, Table)
    assert table["bp_rp"].unit == u.mag
    assert table["source_id"].mask.tolist() == [True, False, False]
    assert table["source_id"][1] == 2**60 + 39


def test_an_answer_in_arrow(ingested: Path) -> None:
    rows = Catalog(ingested).query(IDS, as_="arrow")
    assert isinstance(rows, pa.Table)
    assert rows["source_id"].to_pylist() == [None, 2**60 + 39, 2**60 + 38]
    assert Catalog(ingested).query("SELECT 1 AS one WHERE $no", {"no": False}, as_="arrow").num_rows == 0


def test_an_answer_in_pandas_has_exact_ids(ingested: Path) -> None:
    pd = pandas()
    frame = Catalog(ingested).query(IDS, as_="pandas")
    assert isinstance(frame, pd.DataFrame)  # type: ignore[attr-defined]
    assert frame["source_id"].tolist()[1:] == [2**60 + 39, 2**60 + 38]
    assert frame["source_id"].isna().tolist() == [True, False, False]
    assert frame["bp_rp"].dtype == np.float32
    assert frame["clean_match"].dtype == "boolean"


def test_a_form_nobody_knows(ingested: Path) -> None:
    catalog = Catalog(ingested)
    with pytest.raises(CatalogError, match="no form polars; there are: table, arrow, pandas"):
        catalog.query("SELECT 1", as_="polars")  # type: ignore[call-overload]
    with pytest.raises(CatalogError, match="no form arrow; there are: table, specutils"):
        catalog.spectrum(STAR, as_="arrow")  # type: ignore[call-overload]


def test_what_is_not_installed_is_named(ingested: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.database.table.find_spec", lambda _: None)
    monkeypatch.setattr("catalog.spectra.spectrum.find_spec", lambda _: None)
    with pytest.raises(CatalogError, match="pandas is not installed; run: pip install pandas"):
        Catalog(ingested).query("SELECT 1 AS one", as_="pandas")
    with pytest.raises(CatalogError, match="specutils is not installed; run: pip install specutils"):
        Catalog(ingested).spectrum(STAR, as_="specutils")


def test_a_spectrum_is_a_table_with_units(ingested: Path) -> None:
    spectrum = Catalog(ingested).spectrum(STAR)
    assert isinstance(spectrum, QTable)
    assert spectrum.colnames == ["wavelength", "flux", "ivar", "mask"]
    assert spectrum["wavelength"].unit == u.AA
    assert (spectrum["flux"] * spectrum["wavelength"]).unit.is_equivalent(u.erg / u.s / u.cm**2)
    assert u.allclose(spectrum["ivar"] ** -0.5, spectrum["flux"] / 100)
    assert (spectrum.meta["mangaid"], spectrum.meta["dataset"]) == (STAR, "large")


def test_the_dataset_may_be_left_out_where_there_is_one(ingested: Path, tmp_path: Path) -> None:
    catalog = Catalog(ingested)
    assert catalog.spectrum(STAR).meta == catalog.spectrum(STAR, "large").meta
    with pytest.raises(CatalogError, match="star 7-00000001 is in large, small; choose one dataset"):
        catalog.spectrum(MANGAIDS[1])
    with pytest.raises(CatalogError, match="no dataset tiny; there are: large, small"):
        catalog.spectrum(STAR, "tiny")
    with pytest.raises(CatalogError, match="no star 7-x in this database"):
        catalog.spectrum("7-x")


def test_a_star_without_a_spectrum(ingested: Path, tmp_path: Path) -> None:
    shutil.copy(ingested, tmp_path)
    with duckdb.connect(tmp_path / ingested.name) as connection:
        connection.execute("DELETE FROM spectrum WHERE star_id = (SELECT star_id FROM star WHERE mangaid = ?)", [STAR])
    with pytest.raises(CatalogError, match="has no spectrum in this database"):
        Catalog(tmp_path / ingested.name).spectrum(STAR)


def test_a_spectrum_of_specutils(tmp_path: Path) -> None:
    specutils()
    from astropy.nddata import InverseVariance
    from specutils import Spectrum
    from specutils.analysis import snr

    flux, mask = smooth_flux(1), np.zeros((1, 4563), np.int32)
    mask[0, 7], flux[0, 9] = 4, 0  # flux 0 has ivar 0
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([write_combspec(tmp_path / "lsfpercent60.0.fits", ["7-1"], flux, MASK=mask)])
    spectrum = catalog.spectrum("7-1", as_="specutils")
    assert isinstance(spectrum, Spectrum)
    assert spectrum.spectral_axis.to_value(u.AA) == pytest.approx(WAVELENGTH)
    assert spectrum.flux.unit == u.Unit("1e-17 erg / (s cm2 Angstrom)")
    assert spectrum.flux.value.tolist() == flux[0].tolist()
    assert isinstance(spectrum.uncertainty, InverseVariance)
    assert spectrum.uncertainty.quantity.unit == spectrum.flux.unit**-2
    assert np.flatnonzero(spectrum.mask).tolist() == [7, 9]
    assert spectrum.meta["wavelength_medium"] == "vacuum"
    assert spectrum.meta["source_file"] == "lsfpercent60.0.fits"
    assert snr(spectrum).value == pytest.approx(100, rel=1e-3)


def test_a_spectrum_of_specutils_without_ivar_and_mask(tmp_path: Path) -> None:
    specutils()
    columns = {"MANGAID": np.array(["7-1"]), "WAVE": WAVELENGTH[None], "FLUX": smooth_flux(1)}
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([write_table(tmp_path / "lsfpercent60.0.fits", columns)])
    spectrum = catalog.spectrum("7-1", as_="specutils")
    assert (spectrum.uncertainty, spectrum.mask) == (None, None)


def test_a_notebook_shows_what_is_inside(scored: Path) -> None:
    assert repr(Catalog.open(scored)) == (
        f"<Catalog {scored}: 40 stars, small (30 spectra), large (40 spectra), ensemble test>"
    )


def test_a_notebook_shows_why_nothing_is_inside(tmp_path: Path, copy_of: Callable, ingested: Path) -> None:
    path = tmp_path / "c.duckdb"
    assert repr(Catalog(path)) == f"<Catalog {path}: not there yet>"
    Catalog(path).upgrade()
    assert repr(Catalog(path)) == f"<Catalog {path}: 0 stars, no dataset>"
    path.write_text("hello" * 1000)
    assert "not a DuckDB file" in repr(Catalog(path))
    old = copy_of(ingested)
    with duckdb.connect(old) as connection:
        connection.execute("UPDATE schema_version SET version_num = '0001'")
    assert "run: catalog db upgrade" in repr(Catalog(old))
