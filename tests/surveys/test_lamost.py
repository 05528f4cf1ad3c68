"""A low-resolution file of LAMOST, of either layout, becomes one row and its spectrum on the catalog's grid."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from files import smooth_flux, write_combspec
from other_surveys import boss_loglam, lamost_wavelength, write_lamost_image, write_lamost_table, write_spec

from catalog.database.sizes import N_PIXEL
from catalog.errors import CatalogError
from catalog.surveys import lamost
from catalog.surveys.product import DatasetOrigin
from catalog.surveys.resampling import GRID, NODATA

NAME = "spec-57119-HD100000N123456B01_sp07-008.fits"

Vectors = dict[str, np.ndarray]


def vectors(n: int = 3909) -> Vectors:
    wavelength = lamost_wavelength(n)
    generator = np.random.default_rng(0)
    return {
        "FLUX": (2000 * np.exp(-wavelength / 5000)).astype(np.float32),
        "IVAR": generator.uniform(1, 3, n).astype(np.float32),
        "WAVELENGTH": wavelength,
        "ANDMASK": np.where(np.arange(n) == 1000, 33, 0).astype(np.float32),
        "ORMASK": np.ones(n, np.float32),
    }


def write_image(path: Path, values: Vectors, **cards: object) -> Path:
    return write_lamost_image(path, list(values.values()), **cards)


WRITERS = [write_image, write_lamost_table]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("name", [NAME, NAME + ".gz"])
def test_the_spectrum_and_what_it_is_of(tmp_path: Path, write: object, name: str) -> None:
    values = vectors()
    path = write(tmp_path / name, values)
    assert lamost.LRS.recognises(path)
    block, origin = lamost.LRS.read(path)
    assert origin == DatasetOrigin("lamost", "LAMOST", "DR7" if write is write_image else "DR10", None)
    assert block.first_row == 0
    assert block.rows.to_pylist() == [
        {
            "mangaid": "lamost-353301001",
            "ra": 150.25,
            "dec": -2.5,
            "ifudesign": "sp07-008",
            "mjd": 57118,
            "velocity": 0.0,
        }
    ]
    flux, ivar, mask = block.arrays.flux[0], block.arrays.ivar[0], block.arrays.mask[0]
    assert block.arrays.flux.shape == block.arrays.ivar.shape == block.arrays.mask.shape == (1, N_PIXEL)
    covered = (values["WAVELENGTH"][0] <= GRID) & (values["WAVELENGTH"][-1] >= GRID)
    assert flux[covered] == pytest.approx(2000 * np.exp(-GRID[covered] / 5000), rel=1e-6)
    assert np.all((ivar[covered] > 1) & (ivar[covered] < 3))
    assert np.all(flux[~covered] == 0)
    assert np.all(ivar[~covered] == 0)
    assert np.all(mask[~covered] == NODATA)
    # The bits of the and-mask, and of nothing else, in both pixels that the bad one touches.
    after = int(np.searchsorted(GRID, values["WAVELENGTH"][1000]))
    assert np.flatnonzero(mask == 33).tolist() == np.flatnonzero(covered & (mask != 0)).tolist() == [after - 1, after]


@pytest.mark.parametrize("write", WRITERS)
def test_both_layouts_give_the_same(tmp_path: Path, write: object) -> None:
    first = lamost.read(write_image(tmp_path / "a.fits", vectors(), Z=3e-4))[0]
    second = lamost.read(write(tmp_path / "b.fits.gz", vectors(), Z=3e-4))[0]
    assert first.rows == second.rows
    for name in ("flux", "ivar", "mask"):
        assert getattr(first.arrays, name).tobytes() == getattr(second.arrays, name).tobytes()


@pytest.mark.parametrize("write", WRITERS)
def test_a_spectrum_goes_to_rest_by_its_own_redshift(tmp_path: Path, write: object) -> None:
    values = vectors()
    values["FLUX"] = (9 - 5 * np.exp(-0.5 * ((values["WAVELENGTH"] - 5005) / 3) ** 2)).astype(np.float32)
    path = write(tmp_path / NAME, values, Z=0.001)
    lines = []
    for rest_frame in (True, False):
        arrays = lamost.read(path, rest_frame=rest_frame)[0].arrays
        lines.append(GRID[np.where(arrays.flux[0] > 0, arrays.flux[0], np.inf).argmin()])
    assert lines == pytest.approx([5000, 5005], abs=0.6)


@pytest.mark.parametrize("z", [-9999.0, 0.7, "unknown", None])
def test_without_a_redshift_of_a_star_a_spectrum_stays_where_it_is(tmp_path: Path, z: object) -> None:
    block, _ = lamost.read(write_image(tmp_path / "a.fits", vectors(), Z=z))
    unshifted, _ = lamost.read(write_image(tmp_path / "b.fits", vectors()), rest_frame=False)
    assert block.rows["velocity"].to_pylist() == [None]
    assert np.array_equal(block.arrays.flux, unshifted.arrays.flux)


def test_what_a_file_may_lack(tmp_path: Path) -> None:
    cards = dict.fromkeys(("RA", "DEC", "MJD", "SPID", "FIBERID", "Z", "SNRG"))
    values = {name: column for name, column in vectors().items() if name not in ("ANDMASK", "ORMASK")}
    cards |= {"RA": -9999.0, "DATA_V": "v2.9"}
    block, origin = lamost.read(write_lamost_table(tmp_path / NAME, values, "", **cards))
    row = block.rows.to_pylist()[0]
    assert row == dict.fromkeys(row) | {"mangaid": "lamost-353301001", "mjd": 57119}
    assert set(np.unique(block.arrays.mask)) == {0, NODATA}
    assert origin.release is None


def test_other_files_are_not_taken_for_it(tmp_path: Path) -> None:
    others = [
        write_combspec(tmp_path / "mastar.fits", ["7-1"], smooth_flux(1)),
        write_spec(tmp_path / "boss.fits", boss_loglam(), np.ones(4632), np.ones(4632)),
        write_lamost_table(tmp_path / "mrs.fits", vectors(), "COADD_B"),
        write_image(tmp_path / "nobody.fits", vectors(), OBSID=None),
    ]
    assert [lamost.recognises(path) for path in others] == [False] * 4
    for path in others:
        with pytest.raises(CatalogError, match=path.name):
            lamost.read(path)


@pytest.mark.parametrize("n_row", [1, 3, 4, 6])
def test_an_image_of_other_rows_is_refused(tmp_path: Path, n_row: int) -> None:
    path = write_lamost_image(tmp_path / NAME, ([*vectors().values()] * 2)[:n_row])
    assert not lamost.recognises(path)
    with pytest.raises(CatalogError, match=f"{NAME}: its image has {n_row} rows"):
        lamost.read(path)


def test_an_image_of_integers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    fits.PrimaryHDU(np.ones((5, 100), np.int16), fits.Header({"OBSID": 7})).writeto(path)
    with pytest.raises(CatalogError, match=f"{NAME}: its image has 100 pixels a row and BITPIX 16"):
        lamost.read(path)


def test_a_pilot_file_without_wavelengths_is_refused(tmp_path: Path) -> None:
    values = vectors() | {"WAVELENGTH": np.random.default_rng(0).normal(0, 1, 3909).astype(np.float32)}
    with pytest.raises(CatalogError, match=f"{NAME}: WAVELENGTH of pixel .* is not a wavelength"):
        lamost.read(write_image(tmp_path / NAME, values))


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("WAVELENGTH", lamost_wavelength()[::-1], "WAVELENGTH does not increase at pixel 2"),
        ("WAVELENGTH", np.full(3909, np.nan, np.float32), "WAVELENGTH of pixel 1 is not a wavelength"),
        ("WAVELENGTH", np.zeros(3909, np.float32), "WAVELENGTH of pixel 1 is not a wavelength"),
        ("WAVELENGTH", lamost_wavelength() * 10, "nothing of it lies on the grid"),
        ("FLUX", np.full(3909, np.nan, np.float32), "no flux is a finite number"),
        ("ANDMASK", np.full(3909, 0.5, np.float32), "ANDMASK of pixel 1 is 0.5"),
    ],
)
def test_pixels_of_no_spectrum_are_refused(
    tmp_path: Path, write: object, column: str, values: np.ndarray, message: str
) -> None:
    path = write(tmp_path / NAME, vectors() | {column: np.ascontiguousarray(values)})
    with pytest.raises(CatalogError, match=f"{NAME}: .*{message}"):
        lamost.read(path)


def test_vectors_of_different_lengths_are_refused(tmp_path: Path) -> None:
    path = write_lamost_table(tmp_path / NAME, vectors() | {"IVAR": np.ones(99, np.float32)})
    with pytest.raises(CatalogError, match=r"hold \[99, 3909\] values"):
        lamost.read(path)


def test_a_table_without_rows_or_values_is_refused(tmp_path: Path) -> None:
    path = write_lamost_table(tmp_path / NAME, {name: column[:1] for name, column in vectors().items()})
    with pytest.raises(CatalogError, match="WAVELENGTH has 1 pixels"):
        lamost.read(path)
    columns = [fits.Column(name, "3909E", array=np.empty((0, 3909))) for name in ("FLUX", "IVAR", "WAVELENGTH")]
    primary = fits.PrimaryHDU(header=fits.Header({"OBSID": 7}))
    fits.HDUList([primary, fits.BinTableHDU.from_columns(columns)]).writeto(path, overwrite=True)
    with pytest.raises(CatalogError, match="its table has 0 rows"):
        lamost.read(path)
    columns = [fits.Column(name, "0E") for name in ("FLUX", "IVAR", "WAVELENGTH")] + [
        fits.Column("X", "E", array=[1.0])
    ]
    fits.HDUList([primary, fits.BinTableHDU.from_columns(columns)]).writeto(path, overwrite=True)
    with pytest.raises(CatalogError, match=NAME):
        lamost.read(path)


@pytest.mark.parametrize("key", ["OBSID", "DATA_V", "Z"])
@pytest.mark.parametrize("value", [b"'???", b""])
def test_a_card_without_a_value_that_can_be_read_counts_as_absent(tmp_path: Path, key: str, value: bytes) -> None:
    path = write_image(tmp_path / NAME, vectors(), Z=1e-3)
    data = path.read_bytes()
    start = data.index(f"{key:<8}= ".encode()) + 10
    path.write_bytes(data[:start] + value.ljust(70) + data[start + 70 :])
    if key == "OBSID":
        with pytest.raises(CatalogError, match=f"{NAME}: its primary header has no OBSID"):
            lamost.read(path)
        return
    block, origin = lamost.read(path)
    assert (origin.release is None) is (key == "DATA_V")
    assert (block.rows["velocity"].to_pylist() == [None]) is (key == "Z")


def test_a_number_out_of_range_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=f"{NAME}: a number of its header is out of range"):
        lamost.read(write_image(tmp_path / NAME, vectors(), MJD=1e300))


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("keep", [0, 1000, 2000, 20000, -5000])
@pytest.mark.parametrize("name", [NAME, NAME + ".gz"])
def test_a_truncated_file_is_refused(tmp_path: Path, write: object, keep: int, name: str) -> None:
    path = write(tmp_path / name, vectors())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CatalogError, match=name) as refused:
        lamost.read(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("position", [0.1, 0.5, 0.99999])
def test_a_flipped_byte_is_refused(tmp_path: Path, write: object, position: float) -> None:
    path = write(tmp_path / (NAME + ".gz"), vectors())
    data = bytearray(path.read_bytes())
    data[int(position * len(data))] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(CatalogError, match=f"{NAME}.gz.*(damaged|cannot be read)"):
        lamost.read(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.fits").write_text("no FITS at all")
    for path in (tmp_path / "absent.fits", tmp_path / "text.fits", tmp_path):
        for function in (lamost.recognises, lamost.read):
            with pytest.raises(CatalogError, match=path.name):
                function(path)
