"""Other surveys through the same door: files of BOSS and LAMOST beside MaStar's, in one database."""

from pathlib import Path

import numpy as np
import pytest
from files import smooth_flux, write_combspec
from ingested_rows import one
from other_surveys import boss_loglam, lamost_wavelength, write_lamost_image, write_lamost_table, write_spec

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.surveys.resampling import GRID


def lamost_arrays(flux: float) -> list[np.ndarray]:
    wavelength = lamost_wavelength()
    level = np.full(len(wavelength), flux, np.float32)
    return [level, level, wavelength, np.zeros_like(level), np.zeros_like(level)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    loglam = boss_loglam()
    for fiber in (1, 2, 3):
        level = np.full(len(loglam), fiber, np.float32)
        write_spec(folder / f"spec-0007-58000-{fiber:04d}.fits", loglam, level, level, FIBERID=("J", fiber))
    write_lamost_image(folder / "spec-57119-HD100000N123456B01_sp07-008.fits.gz", lamost_arrays(5))
    names = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK")
    columns = dict(zip(names, lamost_arrays(6), strict=True))
    write_lamost_table(folder / "spec-59119-HD100000N123456B01_sp07-009.fits.gz", columns, OBSID=1234)
    write_combspec(folder / "mastar-combspec-lsfpercent90.0.fits.gz", ["7-1", "7-2"], smooth_flux(2))
    return folder


def test_every_survey_has_its_dataset_on_one_grid(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([folder])
    datasets = catalog.query("SELECT name, survey, product, n_spectrum, grid_id FROM dataset ORDER BY name")
    assert [tuple(row)[:4] for row in datasets.iterrows()] == [
        ("boss", "SDSS", "boss_spec", 3),
        ("lamost", "LAMOST", "lamost_lrs", 2),
        ("large", "MaStar", "combspec", 2),
    ]
    assert len(set(datasets["grid_id"])) == 1
    spectrum = catalog.spectrum("boss-0007-58000-0002", "boss")
    assert spectrum["flux"].value == pytest.approx(2)
    assert np.array_equal(spectrum["wavelength"].value, GRID)
    assert spectrum.meta["source_file"] == "spec-0007-58000-0002.fits"


def test_again_every_file_is_skipped(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([folder])
    assert all("already loaded" in (file.skipped or "") for file in catalog.ingest([folder]))
    assert one(catalog.database.path, "SELECT count(*) FROM spectrum") == (7,)


def test_the_same_spectrum_from_two_files_is_refused(folder: Path, tmp_path: Path) -> None:
    loglam = boss_loglam()
    level = np.full(len(loglam), 9, np.float32)
    write_spec(folder / "spec-0007-58000-0001-again.fits", loglam, level, level, FIBERID=("J", 1))
    with pytest.raises(CatalogError, match="star boss-0007-58000-0001 would stand 2 times"):
        Catalog(tmp_path / "c.duckdb").ingest([folder])
    assert not (tmp_path / "c.duckdb").exists()


def test_a_damaged_file_names_itself_and_changes_nothing(folder: Path, tmp_path: Path) -> None:
    path = folder / "spec-59119-HD100000N123456B01_sp07-009.fits.gz"
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(CatalogError, match="sp07-009"):
        Catalog(tmp_path / "c.duckdb").ingest([folder])
    assert not (tmp_path / "c.duckdb").exists()


def test_a_dataset_of_its_own_name(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([folder / "spec-0007-58000-0001.fits"], dataset="plate7")
    assert one(catalog.database.path, "SELECT name, n_spectrum FROM dataset") == ("plate7", 1)
