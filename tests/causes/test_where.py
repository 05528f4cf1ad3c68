"""Where the error lies."""

import numpy as np
import pytest
from files import WAVELENGTH
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from planted_spectra import planted

from catalog.causes.where import half_fraction, half_interval, where
from catalog.causes.windows import WINDOWS, windows_within

profiles = arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1e6)).filter(lambda values: values.sum() > 0)


@given(profiles)
def test_the_interval_holds_half_and_no_narrower_one_does(profile: np.ndarray) -> None:
    found = half_interval(profile)
    width, half = found.stop - found.start, profile.sum() / 2
    assert profile[found.pixels].sum() >= half * (1 - 1e-9)
    narrower = np.convolve(profile, np.ones(width - 1), "valid") if width > 1 else np.zeros(1)
    assert np.all(narrower <= half * (1 + 1e-9))


@given(profiles)
def test_half_of_the_error_takes_at_most_half_of_the_pixels(profile: np.ndarray) -> None:
    assert 0 < half_fraction(profile) <= 0.5 + 1 / len(profile)


def test_no_error_at_all_is_no_failure() -> None:
    found = where(WAVELENGTH, np.ones(len(WAVELENGTH)), np.ones((3, len(WAVELENGTH))))
    assert found.excess == 0
    assert set(found.share.values()) == {0.0}


def test_a_hump_near_9500_is_where_it_is() -> None:
    flux, _, reconstruction = planted("artifact-9500")
    found = where(WAVELENGTH, flux, np.stack([reconstruction, reconstruction * 1.001]))
    assert 9400 < found.interval_lo < 9500 < found.interval_hi < 9600
    assert found.excess > 0.3
    assert found.interval_overlap > 0.9
    assert found.share["telluric H2O 9500"] > 0.9


def test_models_that_differ_have_a_spread() -> None:
    flux = np.ones(1000)
    reconstructions = np.ones((2, 1000))
    reconstructions[0, 100:110], reconstructions[1, 800:810] = 2, 2.5
    found = where(np.linspace(4000, 9000, 1000), flux, reconstructions)
    assert found.interval_spread == pytest.approx(0.4)
    assert found.interval_overlap == pytest.approx(0.5)


def test_windows_are_vacuum_ranges_with_a_source() -> None:
    assert len({window.name for window in WINDOWS}) == len(WINDOWS)
    for window in WINDOWS:
        assert 3500 < window.lo < window.hi < 10500
        assert window.source
    (alpha,) = (window for window in WINDOWS if window.name == "H alpha")
    assert (alpha.lo + alpha.hi) / 2 == pytest.approx(6564.6, abs=0.1)


def test_only_windows_within_are_named() -> None:
    names = [window.name for window in windows_within(WAVELENGTH[(WAVELENGTH > 3910) & (WAVELENGTH < 8770)])]
    assert "TiO 7054" in names
    assert "TiO 9209" not in names
    assert names[-2:] == ["blue end", "red end"]
