"""A spectrum on the catalog's grid: copied where pixels coincide, never better than it was, nothing made up."""

from pathlib import Path

import numpy as np
import pytest
from files import WAVELENGTH
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog.errors import CatalogError
from catalog.surveys.resampling import GRID, LOG10_GRID, NODATA, STEP, Pixels, bits, block_of, resampled, stellar

HERE = Path("spec.fits")


def pixels(
    loglam: np.ndarray, flux: np.ndarray, ivar: np.ndarray | None = None, mask: np.ndarray | None = None
) -> Pixels:
    n = len(loglam)
    return Pixels(
        HERE,
        "LOGLAM",
        loglam,
        flux,
        np.ones(n, np.float32) if ivar is None else ivar,
        np.zeros(n, np.int32) if mask is None else mask,
    )


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 10, n).astype(np.float32)


def test_the_grid_is_that_of_mastar() -> None:
    assert np.array_equal(GRID, WAVELENGTH)
    assert NODATA == 2**25


@pytest.mark.parametrize("shift", [-63, 0, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("off", [0, 4e-7])
def test_pixels_that_coincide_are_copied_bit_for_bit(shift: int, dtype: type, off: float) -> None:
    n = 4563
    loglam = (3.5589 + off + STEP * (shift + np.arange(n))).astype(dtype).astype(np.float64)
    flux, ivar, mask = noise(n), noise(n, 1), np.arange(n, dtype=np.int32)
    flux[100], flux[200], ivar[100] = np.nan, -1, 0
    arrays = resampled(pixels(loglam, flux, ivar, mask))
    there, here = slice(max(-shift, 0), n - max(shift, 0)), slice(max(shift, 0), n + min(shift, 0))
    assert arrays.flux.dtype == arrays.ivar.dtype == np.float32
    assert arrays.mask.dtype == np.int32
    assert arrays.flux[0, here].tobytes() == flux[there].tobytes()
    assert arrays.ivar[0, here].tobytes() == ivar[there].tobytes()
    assert arrays.mask[0, here].tobytes() == mask[there].tobytes()
    outside = np.ones(n, bool)
    outside[here] = False
    assert np.all(arrays.flux[0, outside] == 0)
    assert np.all(arrays.ivar[0, outside] == 0)
    assert np.all(arrays.mask[0, outside] == NODATA)


@given(st.floats(-30, 30), st.integers(1000, 4400), st.floats(0.9, 1.1))
@settings(deadline=None, max_examples=examples(30))
def test_at_any_phase_and_coverage_a_smooth_spectrum_is_kept(first: float, n: int, stretch: float) -> None:
    loglam = 3.5589 + STEP * (first + stretch * np.arange(n))
    arrays = resampled(pixels(loglam, np.exp(20 * (loglam - 3.7)), np.full(n, 4.0)))
    covered = arrays.mask[0] == 0
    # What the spectrum reaches, and no pixel more.
    inside = (loglam[0] <= LOG10_GRID) & (loglam[-1] >= LOG10_GRID)
    nearly = (loglam[0] - 2e-6 <= LOG10_GRID) & (loglam[-1] + 2e-6 >= LOG10_GRID)
    assert np.all(covered[inside])
    assert not np.any(covered[~nearly])
    # A pixel within the tolerance of the grid is copied, off by 1e-6 x 20 at most.
    assert arrays.flux[0, covered] == pytest.approx(np.exp(20 * (LOG10_GRID[covered] - 3.7)), rel=3e-5)
    assert arrays.ivar[0, covered] == pytest.approx(4, rel=1e-6)
    assert np.all(arrays.flux[0, ~covered] == 0)
    assert np.all(arrays.ivar[0, ~covered] == 0)
    assert np.all(arrays.mask[0, ~covered] == NODATA)


@pytest.mark.parametrize("phase", [0.05, 0.3, 0.5, 0.77])
def test_the_flux_of_a_line_is_conserved(phase: float) -> None:
    loglam = 3.56 + STEP * (phase + np.arange(4000))
    line = 50 * np.exp(-0.5 * ((np.arange(4000) - 2000.4) / 1.1) ** 2)
    arrays = resampled(pixels(loglam, line + 10))
    here = slice(1000, 3500)
    assert np.sum(arrays.flux[0, here] - 10) == pytest.approx(np.sum(line), rel=1e-5)


@pytest.mark.parametrize("phase", [0.05, 0.3, 0.5, 0.77])
def test_errors_are_not_understated(phase: float) -> None:
    """Mixed noise is a little below what ivar says in one pixel, and as much as it says in the sum of many."""
    generator = np.random.default_rng(3)
    n = 4000
    loglam = 3.56 + STEP * (phase + np.arange(n))
    sigma = generator.uniform(1, 1.5, n)
    spectra = [resampled(pixels(loglam, sigma * generator.normal(0, 1, n), sigma**-2)) for _ in range(200)]
    flux = np.concatenate([arrays.flux for arrays in spectra])[:, 100:3900]
    variance = 1 / spectra[0].ivar[0, 100:3900]
    chi2 = np.mean(flux**2 / variance)
    assert chi2 == pytest.approx(phase**2 + (1 - phase) ** 2, abs=0.01)
    assert chi2 < 1
    sums = flux.reshape(200, 38, 100).sum(axis=2)
    assert np.mean(sums**2 / variance.reshape(38, 100).sum(axis=1)) == pytest.approx(1, abs=0.07)


def test_a_pixel_made_from_a_bad_one_is_bad() -> None:
    n = 4000
    loglam = 3.5589 + STEP * (0.4 + np.arange(n))
    flux, ivar, mask = noise(n), np.full(n, 2.0), np.zeros(n, np.int32)
    ivar[100], ivar[200], ivar[300], ivar[400] = 0, np.nan, -1, np.inf
    mask[100], mask[101] = 4, 64
    flux[500] = np.nan
    flux[600] = ivar[600] = 0
    arrays = resampled(pixels(loglam, flux, ivar, mask))
    assert np.flatnonzero(arrays.ivar[0, 1:4000] == 0).tolist() == [
        pixel for bad in range(100, 700, 100) for pixel in (bad - 1, bad)
    ]
    assert arrays.mask[0, 99:104].tolist() == [0, 4, 4 | 64, 64, 0]
    assert np.isnan(arrays.flux[0, [500, 501]]).all()
    assert arrays.flux[0, [600, 601]].tolist() == [0, 0]
    assert np.all(arrays.flux[0, [100, 101, 200]] > 0)


def test_a_hole_is_not_bridged() -> None:
    n = 3000
    loglam = 3.5589 + STEP * np.arange(n)
    keep = np.ones(n, bool)
    keep[[500, 1000, 1001, 1002]] = False
    arrays = resampled(pixels(loglam[keep], noise(n)[keep]))
    assert np.flatnonzero(arrays.mask[0, :n]).tolist() == [1000, 1001, 1002]
    assert np.all(arrays.ivar[0, 1000:1003] == 0)


@pytest.mark.parametrize("redshift", [-0.002, 1e-5, 0.00302])
def test_a_line_is_shifted_to_rest(redshift: float) -> None:
    loglam = 3.5526 + STEP * np.arange(4632)
    observed = np.log10(6564.61 * (1 + redshift))
    flux = 10 - 5 * np.exp(-0.5 * ((loglam - observed) / 3e-4) ** 2)
    for shift, expected in ((redshift, np.log10(6564.61)), (None, observed)):
        arrays = resampled(pixels(loglam, flux), shift)
        depth = np.where(np.abs(LOG10_GRID - expected) < 3e-3, 10 - arrays.flux[0].astype(np.float64), 0)
        assert np.sum(depth * LOG10_GRID) / np.sum(depth) == pytest.approx(expected, abs=2e-9)


def test_a_shift_by_whole_pixels_copies() -> None:
    flux = noise(4563)
    arrays = resampled(pixels(LOG10_GRID, flux), 10 ** (3 * STEP) - 1)
    assert np.array_equal(arrays.flux[0, :-3], flux[3:])
    assert arrays.mask[0, -3:].tolist() == [NODATA] * 3


@pytest.mark.parametrize(
    ("redshift", "rest_frame", "velocity"),
    [(1e-3, True, 299.792458), (1e-3, False, None), (2.3, True, None), (None, True, None)],
)
def test_a_row_says_whether_it_was_shifted(redshift: float | None, rest_frame: bool, velocity: float | None) -> None:
    spectrum = pixels(LOG10_GRID, noise(4563))
    block = block_of({"mangaid": "a"}, spectrum, redshift, rest_frame)
    assert block.rows["velocity"].to_pylist() == [velocity and pytest.approx(velocity)]
    assert np.array_equal(block.arrays.flux, spectrum.flux[None]) is (velocity is None)


def test_no_star_has_a_large_redshift() -> None:
    assert [stellar(z) for z in (0.0, -0.0099, 0.01, -9999.0, np.nan, np.inf, None)] == [0.0, -0.0099] + [None] * 5


GOOD = LOG10_GRID[:10]


@pytest.mark.parametrize(
    ("loglam", "flux", "message"),
    [
        (GOOD, np.ones(9), r"hold \[9, 10\] values; a spectrum needs one per pixel"),
        (GOOD[:0], np.ones(0), "LOGLAM has 0 pixels"),
        (GOOD[:1], np.ones(1), "LOGLAM has 1 pixels"),
        (np.where(np.arange(10) == 3, np.nan, GOOD), np.ones(10), "LOGLAM of pixel 4 is not a wavelength"),
        (np.where(np.arange(10) == 3, -np.inf, GOOD), np.ones(10), "LOGLAM of pixel 4 is not a wavelength"),
        (GOOD[::-1], np.ones(10), "LOGLAM does not increase at pixel 2"),
        (np.repeat(GOOD[:5], 2), np.ones(10), "LOGLAM does not increase at pixel 2"),
        (GOOD, np.full(10, np.nan), "no flux is a finite number"),
        (10**GOOD, np.ones(10), "nothing of it lies on the grid"),
        (GOOD + 1, np.ones(10), "nothing of it lies on the grid from 3621.6 to 10353.8"),
        (3.50005 + np.arange(10) / 10, np.ones(10), "in 10 pixels; nothing of it lies on the grid"),
    ],
)
def test_what_is_no_spectrum_is_refused(loglam: np.ndarray, flux: np.ndarray, message: str) -> None:
    with pytest.raises(CatalogError, match=message) as refused:
        resampled(pixels(loglam, flux, np.ones(len(loglam)), np.zeros(len(loglam), np.int32)))
    assert str(refused.value).startswith("spec.fits: ")
    assert "\n" not in str(refused.value)


def test_a_mask_in_floating_point_keeps_its_bits() -> None:
    assert bits(HERE, "ANDMASK", np.array([0, 33, 2.0**30], np.float32)).tolist() == [0, 33, 2**30]
    for wrong in (0.5, -1, 2.0**31, np.nan):
        with pytest.raises(CatalogError, match=r"spec.fits: ANDMASK of pixel 2 is .* not the bits of a mask"):
            bits(HERE, "ANDMASK", np.array([0, wrong]))
