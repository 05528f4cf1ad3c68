"""One spectrum, measured and judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from catalog.causes.noise import Noise, noise
from catalog.causes.signs import signs
from catalog.causes.verdict import Verdict, judge, quantities
from catalog.causes.where import Where, where

LARGEST = 40.0
"""Of ln F̂, which is 0 at the maximum of an ordinary spectrum: beyond, its square would overflow."""


@dataclass(frozen=True)
class Diagnosis:
    """What is to be said of one spectrum.

    Attributes
    ----------
    place : Where
        Where the error lies.
    against : Noise
        How the residual compares with the noise.
    measured : dict
        By name, what the rules ask about.
    verdict : Verdict
    """

    place: Where
    against: Noise
    measured: dict[str, float | None]
    verdict: Verdict


def diagnose(
    wavelength: np.ndarray,
    flux: np.ndarray,
    ivar: np.ndarray,
    mask: np.ndarray,
    reconstructions: np.ndarray,
    rarity: Mapping[str, float | None] = MappingProxyType({}),
) -> Diagnosis:
    """Measure and judge one spectrum.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Vacuum Angstrom.
    flux : ndarray, (n_pixel,)
        Above 0.
    ivar : ndarray, (n_pixel,)
        NaN: unknown.
    mask : ndarray, (n_pixel,)
        0 is good.
    reconstructions : ndarray, (n_model, n_pixel)
        F̂ of each model, of flux over its maximum.
    rarity : mapping
        The star's place among the scored, as the columns of that name: density_percentile, peer_rank, n_peer and
        isolation_percentile; None: unknown.
    """
    maximum = float(flux.max())
    relative, weight = flux.astype(np.float64) / maximum, ivar.astype(np.float64) * maximum**2
    middle = np.median(reconstructions, axis=0).astype(np.float64)
    place = where(wavelength, relative, reconstructions)
    against = noise(relative, middle, weight, mask, place.interval)
    measured = quantities(place, against, signs(wavelength, relative, middle), wavelength)
    measured |= rarity
    return Diagnosis(place, against, measured, judge(measured, place.share))
