"""A `spec` file of SDSS becomes one row of the catalog and its spectrum on the catalog's grid."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from files import smooth_flux, write_combspec
from other_surveys import SPALL, boss_loglam, lamost_wavelength, write_lamost_image, write_lamost_table, write_spec

from catalog.database import schema
from catalog.database.sizes import N_PIXEL
from catalog.errors import CatalogError
from catalog.surveys import boss
from catalog.surveys.fits_table import open_tables
from catalog.surveys.product import DatasetOrigin
from catalog.surveys.recognition import recognise
from catalog.surveys.resampling import GRID, NODATA, WORDS

NAME = "spec-0007-58000-0042.fits"


def spectrum(n: int = 4632) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    flux = generator.uniform(5, 9, n).astype(np.float32)
    ivar = generator.uniform(1, 3, n).astype(np.float32)
    return boss_loglam(n), flux, ivar, generator.integers(0, 1 << 29, n, dtype=np.int32)


@pytest.mark.parametrize("name", [NAME, NAME + ".gz"])
@pytest.mark.parametrize("upper", [False, True])
def test_the_spectrum_and_what_it_is_of(tmp_path: Path, name: str, upper: bool) -> None:
    loglam, flux, ivar, mask = spectrum()
    path = write_spec(tmp_path / name, loglam, flux, ivar, mask, upper=upper)
    assert boss.SPEC.recognises(path)
    block, origin = boss.SPEC.read(path)
    assert origin == DatasetOrigin("boss", "SDSS", "DR17", None)
    assert block.first_row == 0
    assert block.rows.to_pylist() == [
        {
            "mangaid": "boss-0007-58000-0042",
            "ra": 150.25,
            "dec": -2.5,
            "plate": 7,
            "ifudesign": "0042",
            "mjd": 58000,
            "snr": 31.5,
            "velocity": 0.0,
        }
    ]
    assert np.array_equal(block.arrays.wavelength, GRID)
    # COEFF0 is 3.5526, 63 pixels before the grid.
    assert block.arrays.flux.tobytes() == flux[63:4626].tobytes()
    assert block.arrays.ivar.tobytes() == ivar[63:4626].tobytes()
    assert block.arrays.mask.tobytes() == mask[63:4626].tobytes()
    assert block.arrays.flux.shape == (1, N_PIXEL)


def test_the_words_of_a_row_are_columns_of_the_catalog() -> None:
    known = schema.spectrum.c.keys() + schema.star.c.keys() + schema.visit.c.keys()
    assert set(WORDS) <= set(known)


def test_many_pixels_are_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loglam, flux, ivar, mask = spectrum()
    path = write_spec(tmp_path / NAME, loglam, flux, ivar, mask)
    monkeypatch.setattr(boss, "ROWS_PER_BLOCK", 1000)
    block, _ = boss.read(path)
    assert np.array_equal(block.arrays.flux[0], flux[63:4626])


def test_a_spectrum_goes_to_rest_by_its_own_redshift(tmp_path: Path) -> None:
    loglam, _, ivar, _ = spectrum()
    line = np.log10(5000 * 1.001)
    flux = 9 - 5 * np.exp(-0.5 * ((loglam - line) / 3e-4) ** 2)
    path = write_spec(tmp_path / NAME, loglam, flux, ivar, Z=("E", 0.001))
    at_rest, _ = boss.read(path)
    observed, _ = boss.read(path, rest_frame=False)
    assert GRID[at_rest.arrays.flux[0].argmin()] == pytest.approx(5000, abs=0.6)
    assert GRID[observed.arrays.flux[0].argmin()] == pytest.approx(5005, abs=0.6)
    assert at_rest.rows["velocity"].to_pylist() == pytest.approx([299.79], abs=0.01)
    assert observed.rows["velocity"].to_pylist() == [None]


@pytest.mark.parametrize("z", [2.3, np.nan, -999.0, 0.0101])
def test_a_redshift_of_no_star_leaves_the_spectrum_where_it_is(tmp_path: Path, z: float) -> None:
    loglam, flux, ivar, mask = spectrum()
    block, _ = boss.read(write_spec(tmp_path / NAME, loglam, flux, ivar, mask, Z=("E", z)))
    assert np.array_equal(block.arrays.flux[0], flux[63:4626])
    assert block.rows["velocity"].to_pylist() == [None]


def test_beyond_its_ends_a_spectrum_has_no_data(tmp_path: Path) -> None:
    flux = np.full(3000, 5.0)
    path = write_spec(tmp_path / NAME, boss_loglam(3000, 3.6), flux, flux)
    arrays = boss.read(path)[0].arrays
    assert np.flatnonzero(arrays.mask[0] == 0)[[0, -1]].tolist() == [411, 3410]
    assert np.all((arrays.mask[0] == NODATA) == (arrays.flux[0] == 0))
    assert np.all((arrays.mask[0] == NODATA) == (arrays.ivar[0] == 0))


def test_a_file_of_sdss_v_is_named_by_field_and_catalogid(tmp_path: Path) -> None:
    loglam, flux, ivar, _ = spectrum()
    newer = {"PLATE": None, "FIBERID": None, "FIELD": ("J", 15000), "CATALOGID": ("K", 27021598150202075)}
    path = write_spec(
        tmp_path / "a.fits", loglam.astype(np.float64), flux, ivar, upper=True, primary={"RUN2D": "v6_1_3"}, **newer
    )
    block, origin = boss.read(path)
    row = block.rows.to_pylist()[0]
    assert row["mangaid"] == "boss-015000-58000-27021598150202075"
    assert (row["plate"], row["ifudesign"], origin.release) == (15000, "27021598150202075", "DR19")
    # Of one star, whatever the night.
    path = write_spec(tmp_path / "b.fits", loglam, flux, ivar, upper=True, GAIA_ID=("K", 2**60 + 1), **newer)
    assert boss.read(path)[0].rows["mangaid"].to_pylist() == [f"gaia-{2**60 + 1}"]
    path = write_spec(tmp_path / "c.fits", loglam, flux, ivar, upper=True, GAIA_ID=("K", 0), **newer)
    assert boss.read(path)[0].rows["mangaid"].to_pylist() == row["mangaid"].split(",")


def test_what_a_file_may_lack(tmp_path: Path) -> None:
    loglam, flux, ivar, _ = spectrum()
    absent = {"RA": None, "DEC": None, "SN_MEDIAN_ALL": None}
    path = write_spec(tmp_path / NAME, loglam, flux, ivar, primary={"RUN2D": "26"}, PLUG_RA=("D", 3.5), **absent)
    block, origin = boss.read(path)
    row = block.rows.to_pylist()[0]
    assert (row["ra"], row["dec"], row["snr"], origin.release) == (3.5, None, None, None)


def test_other_files_are_not_taken_for_it(tmp_path: Path) -> None:
    wavelength = lamost_wavelength()
    rows = [np.ones(len(wavelength), np.float32)] * 2 + [wavelength]
    others = [
        write_combspec(tmp_path / "mastar.fits", ["7-1"], smooth_flux(1)),
        write_lamost_image(tmp_path / "image.fits", [*rows, rows[0], rows[0]]),
        write_lamost_table(tmp_path / "table.fits", dict(zip(["FLUX", "IVAR", "WAVELENGTH"], rows, strict=True))),
        # Medium resolution: the same columns, as vectors.
        write_lamost_table(tmp_path / "mrs.fits", {"FLUX": rows[0], "IVAR": rows[0], "LOGLAM": np.log10(wavelength)}),
    ]
    assert [boss.recognises(path) for path in others] == [False] * 4
    for path in others:
        with pytest.raises(CatalogError, match=path.name):
            boss.read(path)


def test_mastar_does_not_take_it_for_its_own(tmp_path: Path) -> None:
    loglam, flux, ivar, _ = spectrum()
    with open_tables(write_spec(tmp_path / NAME, loglam, flux, ivar)) as tables:
        assert [recognise(table.columns) for table in tables] == [None] * 3


def broken(tmp_path: Path, loglam: np.ndarray, flux: np.ndarray, ivar: np.ndarray, **options: object) -> None:
    path = write_spec(tmp_path / NAME, loglam, flux, ivar, **options)
    boss.read(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict.fromkeys(SPALL), "holds no SPALL"),
        ({"Z": None}, "holds no SPALL"),
        ({"n_spall": 2}, "SPALL has 2 rows"),
        ({"n_spall": 0}, "SPALL has 0 rows"),
        ({"PLATE": None}, "does not say PLATE, MJD and FIBERID"),
        ({"FIBERID": ("J", -999)}, "does not say PLATE, MJD and FIBERID"),
        ({"Z": ("4A", "none")}, "column Z holds no plain numbers"),
    ],
)
def test_a_file_that_does_not_say_what_it_is_of_is_refused(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    loglam, flux, ivar, _ = spectrum()
    with pytest.raises(CatalogError, match=f"{NAME}.*{message}"):
        broken(tmp_path, loglam, flux, ivar, **options)


@pytest.mark.parametrize(
    ("loglam", "flux", "message"),
    [
        (boss_loglam(0), np.ones(0), "LOGLAM of COADD has 0 pixels"),
        (boss_loglam(100)[::-1], np.ones(100), "LOGLAM of COADD does not increase at pixel 2"),
        (np.full(100, np.nan, np.float32), np.full(100, np.nan), "LOGLAM of COADD of pixel 1 is not a wavelength"),
        (boss_loglam(100), np.full(100, np.nan), "no flux is a finite number"),
        (10 ** boss_loglam(100), np.ones(100), "nothing of it lies on the grid"),
    ],
)
def test_pixels_of_no_spectrum_are_refused(tmp_path: Path, loglam: np.ndarray, flux: np.ndarray, message: str) -> None:
    with pytest.raises(CatalogError, match=f"{NAME}: .*{message}"):
        broken(tmp_path, np.ascontiguousarray(loglam), flux, np.ones(len(flux)))


@pytest.mark.parametrize("keep", [0, 1000, 20000, 80000, -5000])
@pytest.mark.parametrize("name", [NAME, NAME + ".gz"])
def test_a_truncated_file_is_refused(tmp_path: Path, keep: int, name: str) -> None:
    path = write_spec(tmp_path / name, *spectrum())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CatalogError, match=name) as refused:
        boss.read(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("position", [0.1, 0.5, 0.99999])
def test_a_flipped_byte_is_refused(tmp_path: Path, position: float) -> None:
    path = write_spec(tmp_path / (NAME + ".gz"), *spectrum())
    data = bytearray(path.read_bytes())
    data[int(position * len(data))] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(CatalogError, match=f"{NAME}.gz.*(damaged|cannot be read)"):
        boss.read(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.fits").write_text("no FITS at all")
    (tmp_path / "zip.fits.gz").write_bytes(gzip.compress(b"no FITS either"))
    for path in (tmp_path / "absent.fits", tmp_path / "text.fits", tmp_path / "zip.fits.gz", tmp_path):
        for function in (boss.recognises, boss.read):
            with pytest.raises(CatalogError, match=path.name):
                function(path)
