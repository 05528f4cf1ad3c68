"""The nights on which the stars of a mock survey were observed."""

import numpy as np
from numpy.random import Generator

from catalog.surveys.mock.grid import N_PIXEL
from catalog.surveys.mock.spectrograph import Losses
from catalog.surveys.mock.star import VISIT

# Bits of MASTAR_QUAL (MJDQUAL) and the fraction of visits that have them: POORCAL, BADHELIORV, MULTIFIBER, UPTURNRISK.
FLAGS = ((1 << 5, 0.02), (1 << 6, 0.03), (1 << 10, 0.35), (1 << 13, 0.03))
LOWSN, EMLINE, LOW_SNR = 1 << 9, 1 << 8, 15.0
EMISSION = ("emission-line", "cataclysmic")

BUNDLES = np.array([f"{fibers}{number:02d}" for fibers, n in ((19, 2), (37, 4), (61, 4), (91, 2), (127, 5), (7, 12))
                    for number in range(1, n + 1)])  # fmt: skip
"""Names of the fibre bundles: number of fibres, number of the bundle (Drory et al. 2015, AJ 149, 77)."""

VARIABLE, AMPLITUDE = 0.04, 20.0
"""Fraction of the stars whose velocity varies, and by how much, km/s."""


def draw_visits(stars: np.ndarray, losses: Losses, generator: Generator) -> np.ndarray:
    """All visits to stars (n_star,) of STAR, (n,) of type VISIT, ordered by star and night. Advances the generator."""
    star = np.repeat(np.arange(len(stars)), stars["n_visits"])
    visits = np.zeros(len(star), VISIT)
    number = np.arange(len(star)) - np.repeat(np.cumsum(stars["n_visits"]) - stars["n_visits"], stars["n_visits"])
    span = (stars["max_mjd"] - stars["min_mjd"])[star] / np.maximum(stars["n_visits"][star] - 1, 1)
    visits["star"] = star
    visits["plate"] = generator.integers(7443, 12772, len(stars))[star]
    visits["ifudesign"] = generator.choice(BUNDLES, len(stars))[star]
    visits["mjd"] = stars["min_mjd"][star] + np.rint(number * span).astype(int)
    bright = stars["g_mag"][star] < 12
    visits["exptime"] = np.where(bright, generator.uniform(10, 90, len(star)), 900)
    visits["n_exposure"] = np.where(bright, generator.integers(8, 25, len(star)), generator.integers(2, 6, len(star)))
    amplitude = np.where(generator.random(len(stars)) < VARIABLE, AMPLITUDE, 0)[star]
    visits["velocity_error"] = np.clip(40 / stars["snr"][star], 0.4, 15)
    scatter = np.hypot(visits["velocity_error"], amplitude)
    visits["velocity"] = stars["velocity"][star] + scatter * generator.standard_normal(len(star))
    visits["snr"] = np.maximum(stars["snr"][star] / np.sqrt(stars["n_visits"][star]), 5.6)
    visits["snr10"] = visits["snr"] * (1.12 + np.clip((3900 - stars["teff"][star]) / 700, 0, 1.6))
    for bit, fraction in FLAGS:
        visits["mjdqual"] |= np.where(generator.random(len(star)) < fraction, bit, 0)
    visits["mjdqual"] |= np.where(visits["snr"] <= LOW_SNR, LOWSN, 0)
    visits["mjdqual"] |= np.where(np.isin(stars["kind"][star], EMISSION), EMLINE, 0)
    n_empty = losses.blue + losses.red + losses.gap
    visits["bad_pixel_fraction"] = n_empty[star] / N_PIXEL
    return visits
