"""The tables of a mock survey: laid out as MaStar's are, and true to the stars that they are made from."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from mock_stars import FOUND, GAIA, STARS, VISITS, make_spectra, make_stars, make_visits

from catalog.surveys.fits_table import open_table
from catalog.surveys.mock.gaia import gaia_edr3
from catalog.surveys.mock.layouts import COMBSPEC, GAIA_EDR3, GOODSPEC, GOODSTARS, GOODVISITS, PARAMETERS
from catalog.surveys.mock.mwrfits import Layout, create, row_dtype
from catalog.surveys.mock.parameters import parameters
from catalog.surveys.mock.rows import combspec, goodspec, goodstars, goodvisits
from catalog.surveys.mock.star import VISIT
from catalog.surveys.recognition import recognise

WAVELENGTH = 10 ** (3.5589 + 1e-4 * np.arange(4563))
DISPERSION = np.linspace(1, 2.3, 4563)

# Name, TFORM and first byte of the columns of goodspec, as its header in DR17 has them.
GOODSPEC_OF_DR17 = """
    DRPVER 6A 0, MPROCVER 6A 6, MANGAID 22A 12, PLATE J 34, IFUDESIGN 5A 38, MJD J 43, IFURA D 47, IFUDEC D 55,
    RA D 63, DEC D 71, EPOCH E 79, PSFMAG 5E 83, MNGTARG2 J 103, PHOTOCAT 9A 107, EXPTIME E 116, NEXP_VISIT I 120,
    NVELGOOD I 122, HELIOV E 124, VERR E 128, V_ERRCODE I 132, HELIOV_VISIT E 134, VERR_VISIT E 138,
    V_ERRCODE_VISIT I 142, VELVARFLAG I 144, DV_MAXSIG E 146, WAVE 4563D 150, FLUX 4563E 36654, IVAR 4563E 54906,
    DISP 4563E 73158, PREDISP 4563E 91410, MASK 4563J 109662, MJDQUAL J 127914, BPRPERR_SP E 127918, NEXP_USED I 127922,
    S2N E 127924, S2N10 E 127928, BADPIXFRAC E 127932"""


def text(column: np.ndarray) -> list[str]:
    return [value.decode().rstrip(" ") for value in column.tolist()]


def written(path: Path, layout: Layout, rows: np.ndarray, extname: str | None = None) -> Path:
    with create(path, {"MOCKSTAR": len(rows)}) as file, file.table(layout, len(rows), extname) as write:
        write(rows)
    return path


def test_goodspec_is_laid_out_as_in_dr17() -> None:
    dtype = row_dtype(GOODSPEC)
    columns = [(name, tform, dtype.fields[name][1]) for name, tform in GOODSPEC.items()]
    expected = [column.split() for column in GOODSPEC_OF_DR17.split(",")]
    assert columns == [(name, tform, int(offset)) for name, tform, offset in expected]


@pytest.mark.parametrize(
    ("layout", "n_byte", "n_column"),
    [
        (GOODSPEC, 127936, 37),
        (COMBSPEC, 22 + 4563 * (8 + 3 * 4), 5),
        (GOODSTARS, 133, 18),
        (GOODVISITS, 181, 32),
        (PARAMETERS, 324, 73),
        (GAIA_EDR3, 750, 94),
    ],
)
def test_rows_are_as_wide_as_mastars(layout: Layout, n_byte: int, n_column: int) -> None:
    assert (row_dtype(layout).itemsize, len(layout)) == (n_byte, n_column)


def test_groups_of_columns_stand_where_dr17_has_them() -> None:
    names = list(PARAMETERS)
    assert names.index("TEFF_MED") + 1 == 13
    assert names.index("INPUT_ALPHA_GROUPS_NAME") + 1 == 32
    assert [names.index(f"TEFF_{method}") + 1 for method in ("JI", "DL", "LH", "YC")] == [33, 44, 56, 65]
    assert (PARAMETERS["NVISITS"], GOODSTARS["NVISITS"]) == ("I", "J")
    assert list(GAIA_EDR3)[:20] == [*GOODSTARS, "DESIGNATION", "SOURCE_ID"]
    assert list(GAIA_EDR3)[-1] == "PS1_OBJ_ID"


def test_real_visits_are_laid_out_alike(real_data: Path) -> None:
    found = real_data / "mastar_examples" / "mastar-goodspec-v3_1_1-v1_7_7-seven-visits.fits"
    with fits.open(found) as hdus:
        columns = hdus[1].columns
        assert dict(zip(columns.names, columns.formats, strict=True)) == GOODSPEC
        assert columns.names == list(GOODSPEC)
        assert hdus[1].header["NAXIS1"] == row_dtype(GOODSPEC).itemsize
        assert np.dtype(columns.dtype).newbyteorder(">") == row_dtype(GOODSPEC)


def test_real_parameters_are_some_of_these_columns(real_data: Path) -> None:
    found = real_data / "mastar_examples" / "mastar-goodstars-v3_1_1-v1_7_7-params-seven-stars.fits"
    columns = fits.getheader(found, 1)
    pairs = [(columns[f"TTYPE{index}"], columns[f"TFORM{index}"]) for index in range(1, columns["TFIELDS"] + 1)]
    names = [name for name, _ in pairs]
    assert pairs == [(name, tform) for name, tform in PARAMETERS.items() if name in names]


def test_a_row_of_goodspec_starts_at_its_byte_in_the_file(tmp_path: Path) -> None:
    rows = goodspec(STARS, VISITS[:3], make_spectra(3), WAVELENGTH, DISPERSION)
    data = written(tmp_path / "goodspec.fits", GOODSPEC, rows).read_bytes()
    for row in range(3):
        start = 11520 + 127936 * row
        assert data[start : start + 127936] == rows[row].tobytes()
    found = written(tmp_path / "parameters.fits", PARAMETERS, FOUND).read_bytes()
    assert found[17280 : 17280 + FOUND.nbytes] == FOUND.tobytes()


@pytest.mark.parametrize(
    ("layout", "rows", "extname", "product"),
    [
        (GOODSTARS, lambda: goodstars(STARS), "GOODSTARS", "mastarall"),
        (GAIA_EDR3, lambda: GAIA, "GOODSTARS", "gaia_edr3"),
        (PARAMETERS, lambda: FOUND, None, "parameters"),
        (COMBSPEC, lambda: combspec(STARS[:4], make_spectra(4), WAVELENGTH), None, "combspec"),
        (GOODSPEC, lambda: goodspec(STARS, VISITS[:4], make_spectra(4), WAVELENGTH, DISPERSION), None, "goodspec"),
    ],
)
@pytest.mark.parametrize("ending", ["fits", "fits.gz"])
def test_the_catalog_takes_each_file_for_mastars(
    tmp_path: Path, layout: Layout, rows: Callable[[], np.ndarray], extname: str | None, product: str, ending: str
) -> None:
    made = rows()
    with open_table(written(tmp_path / f"t.{ending}", layout, made, extname)) as table:
        assert table.dtype == made.dtype
        assert table.name == (extname or "")
        recognised = recognise(table.columns)
        assert recognised is not None
        assert recognised.name == product
        blocks = list(recognised.read(table, 100))
    mangaid = [value for block in blocks for value in block.rows["mangaid"].to_pylist()]
    # The parameters have a row for each method.
    assert set(mangaid) <= set(text(made["MANGAID"]))
    assert len(mangaid) >= len(made)
    if blocks[0].arrays is not None:
        assert np.array_equal(blocks[0].arrays.wavelength, WAVELENGTH)
        assert np.array_equal(blocks[0].arrays.flux, made["FLUX"])


def test_astropy_finds_nothing_to_mend(tmp_path: Path) -> None:
    with fits.open(written(tmp_path / "gaia.fits", GAIA_EDR3, GAIA, "GOODSTARS")) as hdus:
        hdus.verify("exception")
        assert np.array_equal(hdus["GOODSTARS"].data["SOURCE_ID"], STARS["source_id"])


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 30), st.integers(0, 9))
def test_rows_depend_on_nothing_but_the_arguments(n_star: int, seed: int) -> None:
    stars = make_stars(n_star, seed)
    visits = make_visits(stars, seed)
    before = stars.tobytes(), visits.tobytes()
    for make in (
        lambda: goodstars(stars),
        lambda: goodvisits(stars, visits),
        lambda: gaia_edr3(stars, np.random.default_rng(seed)),
        lambda: parameters(stars, np.random.default_rng(seed)),
    ):
        assert make().tobytes() == make().tobytes()
    assert (stars.tobytes(), visits.tobytes()) == before


def test_another_generator_gives_other_measurements_of_the_same_stars() -> None:
    other = gaia_edr3(STARS, np.random.default_rng(2))
    assert not np.array_equal(other["PARALLAX"], GAIA["PARALLAX"])
    assert np.array_equal(other["INPUT_TEFF"], GAIA["INPUT_TEFF"])


def test_what_two_files_share_is_equal() -> None:
    stars, visits = goodstars(STARS), goodvisits(STARS, VISITS)
    spectra = goodspec(STARS, VISITS, make_spectra(len(VISITS)), WAVELENGTH, DISPERSION)
    of_star = stars[VISITS["star"]]
    for one, other, n_shared in ((GAIA, stars, 18), (FOUND, stars, 11), (visits, spectra, 31), (visits, of_star, 9)):
        shared = [name for name in one.dtype.names if name in other.dtype.names]
        assert len(shared) == n_shared
        for name in shared:
            assert one[name].tolist() == other[name].tolist(), name


def test_a_star_keeps_its_values_in_any_block() -> None:
    assert goodstars(STARS[:7]).tobytes() + goodstars(STARS[7:]).tobytes() == goodstars(STARS).tobytes()
    first = np.searchsorted(VISITS["star"], 50)
    parts = [goodvisits(STARS, part).tobytes() for part in (VISITS[:first], VISITS[first:])]
    assert b"".join(parts) == goodvisits(STARS, VISITS).tobytes()


@pytest.mark.parametrize("make", [goodstars, lambda stars: gaia_edr3(stars, np.random.default_rng(0))])
def test_no_stars_make_no_rows(make: Callable[[np.ndarray], np.ndarray]) -> None:
    assert len(make(STARS[:0])) == 0
    assert len(goodvisits(STARS, VISITS[:0])) == 0
    assert len(parameters(STARS[:0], np.random.default_rng(0))) == 0


def test_the_photometry_is_that_of_the_input_catalog() -> None:
    rows = goodstars(STARS)
    for name, photocat, epoch, bit in (
        ("ps1", "ps1", 2012, 7), ("apass", "apass_dr8", 2012, 8), ("gaiadr2", "gaia_dr2", 2015.5, 16),
    ):  # fmt: skip
        chosen = rows[STARS["input_catalog"] == name]
        assert {*text(chosen["PHOTOCAT"])} == {photocat}
        assert (chosen["EPOCH"] == epoch).all()
        assert (chosen["MNGTARG2"] == 1 << bit).all()
        # As in DR17, the first place of PSFMAG is empty, and Gaia's and APASS's last.
        unknown = (chosen["PSFMAG"] == -999).all(axis=0).tolist()
        assert unknown == [True, False, False, False, name != "ps1"]
    gaia = STARS["input_catalog"] == "gaiadr2"
    magnitudes = np.stack([STARS[f"{band}_mag"][gaia] for band in ("g", "bp", "rp")], axis=1)
    assert np.array_equal(rows["PSFMAG"][gaia, 1:4], magnitudes.astype(np.float32))


def test_sdss_magnitudes_of_a_star_like_the_sun() -> None:
    star = STARS[:1].copy()
    star["input_catalog"], star["g_mag"], star["bp_mag"], star["rp_mag"] = "ps1", 10, 10.33, 9.51
    _, g, r, i, z = goodstars(star)["PSFMAG"][0]
    # The Sun: g - r = 0.44, r - i = 0.11, i - z = 0.03 (Holmberg, Flynn & Portinari 2006, MNRAS 367, 449).
    assert [g - r, r - i, i - z] == pytest.approx([0.44, 0.11, 0.03], abs=0.05)


def test_an_unknown_input_catalog_is_refused() -> None:
    stars = STARS.copy()
    stars["input_catalog"][5] = "tycho"
    with pytest.raises(ValueError, match="unknown input catalog: tycho; known are ps1, apass, gaiadr2"):
        goodstars(stars)


def test_the_literature_knows_one_star_in_six() -> None:
    stars = make_stars(4000)
    rows = goodstars(stars)
    known = rows["INPUT_TEFF"] > 0
    assert known.mean() == pytest.approx(4258 / 24290, abs=0.02)
    assert np.allclose(rows["INPUT_TEFF"][known], stars["teff"][known], rtol=0.021)
    assert np.allclose(rows["INPUT_FE_H"][known], stars["fe_h"][known], atol=0.101)
    assert (rows["INPUT_TEFF"][~known] == 0).all()
    for name in ("INPUT_LOGG", "INPUT_FE_H", "INPUT_ALPHA_M"):
        assert np.array_equal(rows[name] == -999, ~known)
    assert [source == "" for source in text(rows["INPUT_SOURCE"])] == (~known).tolist()


def test_the_change_of_velocity_is_that_of_the_two_visits_farthest_apart() -> None:
    rows = goodvisits(STARS, VISITS)
    for star in range(40):
        of_star = VISITS["star"] == star
        visits = VISITS[of_star]
        changes = [
            abs(one["velocity"] - other["velocity"]) / np.hypot(one["velocity_error"], other["velocity_error"])
            for one, other in combinations(visits, 2)
        ]
        assert np.allclose(rows["DV_MAXSIG"][of_star], max(changes, default=0))
        assert (rows["NVELGOOD"][of_star] == visits["n_exposure"].sum()).all()
        assert np.allclose(rows["VERR"][of_star], (visits["velocity_error"] ** -2.0).sum() ** -0.5)
        assert np.allclose(rows["HELIOV"][of_star], STARS["velocity"][star])
    assert np.array_equal(rows["VELVARFLAG"] == 1, rows["DV_MAXSIG"] > 3)
    assert 0 < rows["VELVARFLAG"].mean() < 0.1


def test_exposures_count_for_one_plate_and_bundle() -> None:
    visits = np.zeros(4, VISIT)
    visits["plate"], visits["ifudesign"], visits["n_exposure"] = (
        [1, 1, 2, 1],
        ["701", "701", "701", "702"],
        [1, 2, 4, 8],
    )
    visits["velocity_error"] = 1
    assert goodvisits(STARS, visits)["NVELGOOD"].tolist() == [3, 3, 4, 8]


def test_spectra_stand_beside_their_stars_and_visits() -> None:
    spectra = make_spectra(5)
    rows = goodspec(STARS, VISITS[:5], spectra, WAVELENGTH, DISPERSION)
    assert text(rows["MANGAID"]) == STARS["mangaid"][VISITS["star"][:5]].tolist()
    assert np.array_equal(rows["WAVE"], np.tile(WAVELENGTH, (5, 1)))
    assert np.allclose(rows["PREDISP"] / rows["DISP"], 0.97)
    for made in (rows, combspec(STARS[:5], spectra, WAVELENGTH)):
        for name in ("FLUX", "IVAR", "MASK"):
            assert np.array_equal(made[name], spectra[name.lower()])


@pytest.mark.parametrize(("n_spectrum", "n_pixel"), [(1, 4563), (4, 4563), (5, 4562)])
def test_spectra_of_another_shape_are_refused(n_spectrum: int, n_pixel: int) -> None:
    with pytest.raises(ValueError, match="is of shape"):
        combspec(STARS[:5], make_spectra(n_spectrum), WAVELENGTH[:n_pixel])
