"""Whether an error is noise."""

import numpy as np
import pytest
from files import WAVELENGTH
from planted_spectra import SNR, planted, star

from catalog.causes.noise import noise, roughness, running_median, sigma_bump
from catalog.causes.where import Interval

GOOD = np.zeros(len(WAVELENGTH), int)
MIDDLE = Interval(2000, 2300)


def test_white_noise_is_as_large_as_its_uncertainty_and_rough() -> None:
    clean, noisy = star()
    found = noise(noisy, clean, np.square(SNR / clean), GOOD, MIDDLE)
    assert found.chi2 == pytest.approx(1, abs=0.1)
    assert found.interval_chi2 == pytest.approx(1, abs=0.3)
    assert found.sigma_ratio == pytest.approx(1, abs=0.1)
    assert found.roughness == pytest.approx(1, abs=0.1)
    assert found.masked_fraction == 0


def test_without_ivar_what_follows_from_it_is_unknown() -> None:
    clean, noisy = star()
    mask = GOOD.copy()
    mask[2000:2030] = 4
    found = noise(noisy, clean, np.full(len(clean), np.nan), mask, MIDDLE)
    assert (found.chi2, found.interval_chi2, found.sigma_ratio, found.bump, found.bump_share) == (None,) * 5
    assert found.masked_fraction == pytest.approx(0.1)
    assert found.roughness == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("strength", [0.5, 1, 2])
def test_a_raised_uncertainty_is_found_where_it_is(strength: float) -> None:
    """The paper's Fig. 7."""
    flux, ivar, reconstruction = planted("artifact-9500", strength)
    found = noise(flux, reconstruction, ivar, GOOD, MIDDLE)
    assert found.bump_interval is not None
    assert found.bump is not None
    assert 1.3 < found.bump < 1 + 2 * strength
    assert 9380 < WAVELENGTH[found.bump_interval.start] < 9500 < WAVELENGTH[found.bump_interval.stop] < 9620
    assert found.bump_excess is not None
    assert found.bump_excess > 0.1


def test_an_even_uncertainty_has_no_bump() -> None:
    clean, _ = star(slope=-1)
    factor, _ = sigma_bump(np.sqrt(clean) / SNR, np.sqrt(clean))
    assert factor == pytest.approx(1)


def test_a_smooth_residual_is_smooth() -> None:
    assert roughness(np.sin(np.linspace(0, 20, 4000))) < 1e-3
    assert roughness(np.zeros(10)) == 0


def test_a_spike_leaves_the_running_median_as_it_is() -> None:
    values = np.ones(100)
    values[50] = 1000
    assert np.array_equal(running_median(values, 9), np.ones(100))
