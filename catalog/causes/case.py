"""One spectrum, measured and judged."""

from dataclasses import dataclass

import numpy as np

from catalog.causes.noise import Noise, noise
from catalog.causes.signs import signs
from catalog.causes.verdict import Verdict, judge, quantities
from catalog.causes.where import Where, where


@dataclass(frozen=True)
class Case:
    """What is to be said of one spectrum.

    measured : by name, what the rules ask about
    """

    place: Where
    against: Noise
    measured: dict[str, float | None]
    verdict: Verdict


def case_of(
    wavelength: np.ndarray,
    flux: np.ndarray,
    ivar: np.ndarray,
    mask: np.ndarray,
    made: np.ndarray,
    density_percentile: float | None = None,
) -> Case:
    """Measure and judge one spectrum.

    wavelength : (n_pixel,) vacuum Angstrom; flux, ivar, mask : (n_pixel,), flux above 0, ivar NaN: unknown
    made : (n_model, n_pixel) F̂, what each model makes of flux over its maximum
    density_percentile : of the star's place in the colour-magnitude diagram among the scored; None: unknown
    Read-only.
    """
    maximum = float(flux.max())
    relative, weight = flux.astype(np.float64) / maximum, ivar.astype(np.float64) * maximum**2
    middle = np.median(made, axis=0).astype(np.float64)
    place = where(wavelength, relative, made)
    against = noise(relative, middle, weight, mask, place.interval)
    measured = quantities(place, against, signs(wavelength, relative, middle), wavelength)
    measured["density_percentile"] = density_percentile
    return Case(place, against, measured, judge(measured, place.share))
