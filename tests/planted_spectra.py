"""Spectra of mock stars with and without an oddity, and a model that makes the ordinary star."""

import numpy as np
from files import WAVELENGTH

from catalog.surveys.mock.oddities import ODDITIES

SNR = 100


def star(slope: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A smooth spectrum without noise, and the same with noise; (n_pixel,) each, about 1."""
    x = np.log(WAVELENGTH / 6000)
    lines = sum(
        0.3 * np.exp(-(((WAVELENGTH - center) / 6) ** 2) / 2)
        for center in (3935, 3970, 4102.9, 4341.7, 4862.7, 5270, 6564.6, 8544)
    )
    clean = np.exp(slope * x) * (1 - lines)
    clean /= clean.max()
    return clean, clean * (1 + np.random.default_rng(seed).standard_normal(len(x)) / SNR)


def planted(kind: str, strength: float = 1.0, seed: int = 0, slope: float = 0.0) -> tuple[np.ndarray, ...]:
    """Flux, ivar and what a model makes of it that does not know the oddity, (n_pixel,) each; flux is at most 1."""
    clean, noisy = star(slope, seed)
    ivar = np.square(SNR / clean)
    flux, ivar = ODDITIES[kind].plant(
        WAVELENGTH, noisy[None], ivar[None], strength, np.random.default_rng([seed, len(kind)])
    )
    maximum = flux.max()
    return flux[0].astype(float) / maximum, ivar[0].astype(float) * maximum**2, clean / maximum
