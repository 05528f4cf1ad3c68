"""Oddities: each does what it is named for, more of it with more strength, to any spectrum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mock_stars import star

from catalog.surveys.mock.atmosphere import photospheres
from catalog.surveys.mock.grid import MASTAR, WAVELENGTH, WIDE
from catalog.surveys.mock.oddities import ODDITIES
from catalog.surveys.mock.photometry import magnitudes


@pytest.mark.parametrize("kind", ODDITIES)
def test_a_stronger_oddity_changes_more(kind: str) -> None:
    flux = photospheres(star(4000, 4.6))[:, MASTAR].repeat(3, axis=0)
    changed, ivar = ODDITIES[kind].plant(WAVELENGTH, flux, np.ones_like(flux), [0.25, 1, 4], np.random.default_rng(3))
    assert changed.dtype == ivar.dtype == np.float32
    difference = np.square(changed / changed.max(axis=1, keepdims=True) - flux / flux.max(axis=1, keepdims=True))
    weak, nominal, strong = difference.mean(axis=1)
    assert 0 < weak < nominal < strong
    assert np.all(changed > 0)


@pytest.mark.parametrize("kind", ODDITIES)
@settings(max_examples=15, deadline=None)
@given(
    flux=arrays(np.float32, (2, 400), elements=st.floats(-1, 100, width=32)),
    first=st.integers(0, 4163),
    strength=st.floats(0.01, 10),
)
def test_any_spectrum_in_any_window_stays_finite(kind: str, flux: np.ndarray, first: int, strength: float) -> None:
    window = WAVELENGTH[first : first + 400]
    before = flux.copy()
    changed, ivar = ODDITIES[kind].plant(window, flux, np.full_like(flux, np.nan), strength, np.random.default_rng(0))
    assert np.all(np.isfinite(changed))
    assert np.all(np.isnan(ivar))
    assert np.array_equal(flux, before)


def test_the_paper_s_artifact_raises_sigma_and_masks_nothing() -> None:
    """Section 4.1: a hump near 9500 with a local increase of sigma."""
    flux = np.ones((1, len(WAVELENGTH)))
    changed, ivar = ODDITIES["artifact-9500"].plant(WAVELENGTH, flux, flux, 1.0, np.random.default_rng(0))
    near, far = np.abs(WAVELENGTH - 9500) < 30, np.abs(WAVELENGTH - 9500) > 400
    assert changed[0, near].min() > 1.4
    assert changed[0, far] == pytest.approx(1)
    assert 0 < ivar[0, near].max() < 0.2
    assert ivar[0, far] == pytest.approx(1)


def test_the_extreme_giant_has_next_to_nothing_in_the_blue() -> None:
    """Section 4.3: almost negligible flux shortward of 6000 Angstrom, BP-RP above 4."""
    flux, _ = ODDITIES["o-rich-agb"].plant(
        WIDE, photospheres(star(3300, 0.2)), np.ones((1, len(WIDE))), 1.0, np.random.default_rng(0)
    )
    assert np.median(flux[0, WIDE < 6000]) < 0.03 * flux.max()
    mag = magnitudes(flux, photospheres(star(9550, 4.0))[0])[0]
    assert mag[1] - mag[2] > 4
