"""Files that cannot be loaded: one line that names the file, and nothing changed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from files import (
    WAVELENGTH,
    smooth_flux,
    write_combspec,
    write_gaia,
    write_mastarall,
    write_table,
)
from ingested_rows import IDS, contents

from catalog import Catalog
from catalog.errors import CatalogError


def without(column: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        columns = {"MANGAID": np.array(IDS), "WAVE": np.tile(WAVELENGTH, (4, 1)), "FLUX": smooth_flux(4)}
        write_table(path, {name: values for name, values in columns.items() if name != column})

    return write


def with_wave(wave: np.ndarray) -> Callable[[Path], None]:
    return lambda path: write_combspec(path, IDS, smooth_flux(4), WAVE=wave)


def shifted_in_row(row: int) -> np.ndarray:
    wave = np.tile(WAVELENGTH, (4, 1))
    wave[row] += 1e-9
    return wave


BAD = {
    "a file that is no FITS": (lambda path: path.write_text("MANGAID"), "not a FITS file"),
    "an image": (lambda path: fits.PrimaryHDU(np.ones(5)).writeto(path), "no binary table"),
    "no MANGAID": (without("MANGAID"), "no column MANGAID"),
    "no FLUX": (without("FLUX"), "lacks column FLUX"),
    "no WAVE": (without("WAVE"), "lacks column WAVE"),
    "a vector of the wrong length": (
        lambda path: write_combspec(path, IDS, smooth_flux(4), IVAR=np.ones((4, 4000), np.float32)),
        "IVAR has 4000 values a row, WAVE has 4563",
    ),
    "fewer pixels than the grid": (
        lambda path: write_table(
            path, {"MANGAID": np.array(IDS), "WAVE": np.tile(WAVELENGTH[:99], (4, 1)), "FLUX": np.ones((4, 99))}
        ),
        "99 pixels; a catalog holds spectra of 4563",
    ),
    "a grid that differs within the file": (with_wave(shifted_in_row(2)), "WAVE of row 3 differs from row 1"),
    "a grid that differs from the dataset's": (with_wave(np.tile(WAVELENGTH + 0.1, (4, 1))), "another wavelength grid"),
    "a grid that does not increase": (with_wave(np.tile(WAVELENGTH[::-1], (4, 1))), "does not increase"),
    "a grid with NaN": (with_wave(np.full((4, 4563), np.nan)), "does not increase"),
    "a blank id": (lambda path: write_combspec(path, ["7-1", "", "7-3"], smooth_flux(3)), "MANGAID of row 2 is blank"),
    "an id that is no plain text": (
        lambda path: write_table(path, {"MANGAID": np.array([b"7-\xe91"]), "TEFF_MED": np.ones(1, np.float32)}),
        "MANGAID of row 1 is not plain text",
    ),
    "a star twice in the summary catalog": (
        lambda path: write_mastarall(path, ["7-1", "7-1", "7-2"]),
        "its 3 rows name 2 stars",
    ),
    "an id in floating point": (
        lambda path: write_gaia(path, IDS, SOURCE_ID=np.full(4, 1.4e18)),
        "SOURCE_ID holds floating-point numbers",
    ),
    "a number that is too large": (
        lambda path: write_mastarall(path, IDS, NVISITS=np.full(4, 2**40)),
        "NVISITS of row 1 is 1099511627776, out of range",
    ),
    "two numbers where one belongs": (
        lambda path: write_mastarall(path, IDS, RA=np.ones((4, 2))),
        "RA holds 2 numbers a row where one belongs",
    ),
    "scalar WAVE and FLUX": (
        lambda path: write_table(path, {"MANGAID": np.array(IDS), "WAVE": np.ones(4), "FLUX": np.ones(4)}),
        "WAVE holds one number a row",
    ),
    "a MASK in floating point": (
        lambda path: write_combspec(path, IDS, smooth_flux(4), MASK=np.ones((4, 4563))),
        "MASK holds floating-point numbers",
    ),
    "the same star twice": (
        lambda path: write_combspec(path, ["7-1", "7-2", "7-1"], smooth_flux(3)),
        "star 7-1 would stand 2 times",
    ),
    "text where numbers belong": (
        lambda path: write_combspec(path, IDS, smooth_flux(4), FLUX=np.array(["x" * 4563] * 4)),
        "FLUX (holds no plain numbers|has 1 values)",
    ),
    "no rows": (
        lambda path: write_table(
            path, {"MANGAID": np.array(["7-1"]), "WAVE": WAVELENGTH[None], "FLUX": smooth_flux(1)}
        ).write_bytes(_without_rows(path)),
        "holds no spectrum",
    ),
}


def _without_rows(path: Path) -> bytes:
    data = path.read_bytes()[:8640].replace(b"NAXIS2  =                    1", b"NAXIS2  =                    0")
    return data[: len(data) // 2880 * 2880]


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_changes_nothing(name: str, tmp_path: Path, run: Callable) -> None:
    write, message = BAD[name]
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([write_combspec(tmp_path / "lsfpercent60.0.fits", IDS, smooth_flux(4, seed=9))])
    before = contents(database)
    bad = tmp_path / "bad-lsfpercent60.0.fits"
    write(bad)
    with pytest.raises(CatalogError, match=message) as raised:
        Catalog(database).ingest([bad])
    assert "\n" not in str(raised.value)
    assert "bad-lsfpercent60.0.fits" in str(raised.value)
    assert contents(database) == before


def test_the_command_line_says_one_line_and_exits_with_2(tmp_path: Path, run: Callable) -> None:
    done = run("--database", tmp_path / "c.duckdb", "ingest", tmp_path / "absent.fits")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: no file or folder {tmp_path / 'absent.fits'}\n"
    assert not (tmp_path / "c.duckdb").exists()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"no \.fits"):
        Catalog(tmp_path / "c.duckdb").ingest([tmp_path])


def test_a_name_without_a_percentile_needs_a_dataset(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    path = write_combspec(tmp_path / "spectra.fits", IDS, smooth_flux(4))
    with pytest.raises(CatalogError, match="give --dataset NAME"):
        catalog.ingest([path])
    assert catalog.ingest([path], dataset="mine")[0].dataset == "mine"


def test_other_resolution_does_not_mix_into_a_dataset(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([write_combspec(tmp_path / "lsfpercent60.0.fits", IDS, smooth_flux(4))])
    other = write_combspec(tmp_path / "lsfpercent90.0.fits", IDS, smooth_flux(4, seed=1))
    with pytest.raises(CatalogError, match="give another --dataset"):
        catalog.ingest([other], dataset="small")
