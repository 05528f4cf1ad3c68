"""Templates are fitted with a free scale and reddening."""

import numpy as np
import pytest
from files import WAVELENGTH

from catalog.causes.likeness import Template, Templates, on_grid
from catalog.extinction import extinction

OWN = np.arange(5000.0, 12000.0, 5.0)


def template(number: int) -> Template:
    """Bands deeper with the number; not real below 5105."""
    flux = (OWN / 8000) ** number * (1 + 0.1 * number * np.sin(OWN / 150))
    return Template("bands", f"T{number}", OWN, flux, OWN > 5105)


LIBRARY = Templates([template(number) for number in range(1, 6)], WAVELENGTH)
GOOD = np.zeros(len(WAVELENGTH), int)


def seen(number: int, ebv: float, scale: float) -> np.ndarray:
    light, _ = on_grid(template(number), WAVELENGTH)
    return scale * light * 10 ** (-0.4 * ebv * extinction(WAVELENGTH))


@pytest.mark.parametrize("with_ivar", [True, False])
@pytest.mark.parametrize(("number", "ebv", "scale"), [(1, 0.0, 1e-3), (3, 0.83, 7.0), (5, -0.31, 2e5)])
def test_a_reddened_template_is_found_again(number: int, ebv: float, scale: float, with_ivar: bool) -> None:
    clean = seen(number, ebv, scale)
    sigma = 0.02 * np.median(clean)
    flux = clean + sigma * np.random.default_rng(number).standard_normal(len(clean))
    ivar = np.full(len(clean), sigma**-2 if with_ivar else np.nan)
    best, *others = LIBRARY.match(flux, ivar, GOOD)
    assert best.name == f"T{number}"
    assert best.ebv == pytest.approx(ebv, abs=0.02)
    assert best.rms < 0.1
    assert len(others) == 4
    if with_ivar:
        assert best.reduced_chi2 == pytest.approx(1, abs=0.1)
    else:
        assert best.reduced_chi2 is None
    fitted = LIBRARY.curve(best)
    real = ~np.isnan(fitted)
    assert np.abs(fitted[real] / clean[real] - 1).max() < 0.1


def test_only_real_and_unmasked_pixels_are_compared() -> None:
    flux, mask = seen(2, 0.2, 1.0), GOOD.copy()
    flux[WAVELENGTH < 5100] *= 50
    flux[3000:3100], mask[3000:3100] = 1e6, 1
    best, *_ = LIBRARY.match(flux, np.ones(len(flux)), mask)
    assert best.name == "T2"
    assert best.rms < 3e-3
    assert best.n_pixel == np.count_nonzero((WAVELENGTH > 5110) & (mask == 0))


def test_a_template_beyond_the_grid_is_left_out() -> None:
    far = Template("far", "infrared", OWN + 10000, np.ones(len(OWN)), np.ones(len(OWN), bool))
    assert Templates([far], WAVELENGTH).match(np.ones(len(WAVELENGTH)), np.ones(len(WAVELENGTH)), GOOD) == []
