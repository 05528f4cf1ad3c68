"""What the spectrographs, the sky and the reduction make of a star's light, on the MaStar grid.

Throughput, resolution and the number of flagged pixels are read off seven visits of MaStar DR17 (types O6.5 to M3.6).
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from catalog.surveys.mock.features import air_to_vacuum, bands, lines
from catalog.surveys.mock.grid import BLUER, LOG10_STEP, N_PIXEL, WAVELENGTH, WIDE
from catalog.surveys.mock.star import SPECTRUM

_NODES = (3625, 3660, 3700, 3800, 3900, 4000, 4200, 4500, 5000, 5500, 5850, 6000, 6200, 6600, 7000, 7500, 8000, 8500,
          9000, 9500, 9800, 10000, 10200, 10300, 10340)  # fmt: skip
THROUGHPUT = np.interp(
    WAVELENGTH, _NODES,
    (0.053, 0.066, 0.097, 0.176, 0.271, 0.314, 0.477, 0.579, 0.734, 0.757, 0.682, 0.943, 1.0, 1.0, 1.087, 1.118, 1.123,
     1.138, 1.13, 0.841, 0.758, 0.523, 0.234, 0.12, 0.1),
)  # fmt: skip
"""Photons that are counted, relative to 6600 Angstrom, (N_PIXEL,); the dip at 5850 is the end of the blue arm."""

DISPERSION = np.interp(
    WAVELENGTH, _NODES,
    (1.057, 1.063, 1.073, 1.097, 1.095, 1.110, 1.132, 1.164, 1.248, 1.277, 1.292, 1.437, 1.520, 1.604, 1.617, 1.654,
     1.678, 1.709, 1.723, 1.784, 1.895, 1.989, 2.128, 2.217, 2.258),
)  # fmt: skip
"""One standard deviation of the line spread function, median of the visits, (N_PIXEL,) Angstrom."""

WIDER = {60.0: 1.03, 90.0: 1.12, None: 1.0}
"""Percentile of the resolution to which combined spectra are brought: its line spread over the median one."""

GAP_BITS, END_BITS, NEIGHBOR_BITS = 1 << 15, 1 << 25 | 1 << 27, 1 << 16 | 1 << 17
"""Bits of MANGA_DRP2PIXMASK: 15 BADPIX; 25 NODATA, 27 BADFLUXFACTOR; 16 COSMIC, 17 NEARBADPIXEL."""

_HALF_KERNEL = 5
_PIXEL_KM_S = 69.03

KEPT_SMALL, KEPT_LARGE, WITH_GAP = 0.162, 0.297, 0.02
"""Fractions of the stars whose combined spectrum reaches both ends, sharper and poorer, and that have a gap inside."""


@dataclass(frozen=True)
class Losses:
    """Pixels of each star's spectra that hold nothing.

    Attributes
    ----------
    blue, red : ndarray, (n,) int
        At the ends, in the sharper dataset.
    gap_first, gap : ndarray, (n,) int
        The first pixel of a run inside, and its length, 0 if there is none.
    kept_large : ndarray, (n,) bool
        The combined spectrum of the poorer resolution reaches both ends all the same.
    """

    blue: np.ndarray
    red: np.ndarray
    gap_first: np.ndarray
    gap: np.ndarray
    kept_large: np.ndarray

    def empty(self, stars: slice, *, large: bool) -> np.ndarray:
        """Where the spectra of some of the stars are empty, (n, N_PIXEL) bool; `large`: of the poorer resolution."""
        pixel = np.arange(N_PIXEL)
        reaches = self.kept_large[stars] & large
        blue, red = np.where(reaches, 0, self.blue[stars]), np.where(reaches, 0, self.red[stars])
        first, length = self.gap_first[stars, None], self.gap[stars, None]
        inside = (pixel >= first) & (pixel < first + length)
        empty: np.ndarray = (pixel < blue[:, None]) | (pixel >= N_PIXEL - red[:, None]) | inside
        return empty


def draw_losses(stars: np.ndarray, generator: Generator) -> Losses:
    """What the spectra of stars (n,) of STAR lose: the shift to the rest frame empties 5 to 13 pixels at an end.

    Advances the generator.

    Notes
    -----
    An end stays where exposures reach beyond it: 16 % of the spectra in `small` and 30 % of those in `large` keep both
    ends, so that with the few that have a gap or a negative flux as many are left as in the paper (section 2.1).
    """
    n_star = len(stars)
    shift = stars["velocity"] / _PIXEL_KM_S
    luck = generator.random(n_star)
    padded = luck > KEPT_SMALL
    red = np.clip(5 + np.ceil(np.maximum(shift, 0)), 5, 13).astype(int) * padded
    blue = np.clip(np.ceil(-shift), 5, 13).astype(int) * (padded & (shift < -4))
    gap = np.where(generator.random(n_star) < WITH_GAP, generator.integers(2, 13, n_star), 0)
    return Losses(blue, red, generator.integers(300, N_PIXEL - 300, n_star), gap, luck <= KEPT_LARGE)


def blur(flux: np.ndarray, percentile: float | None) -> np.ndarray:
    """Light on the wide grid as the spectrograph resolves it, (n, n_wide) -> (n, N_PIXEL)."""
    sigma = DISPERSION * WIDER[percentile] / (WAVELENGTH * np.log(10) * LOG10_STEP)
    offsets = np.arange(-_HALF_KERNEL, _HALF_KERNEL + 1)
    kernel = np.exp(-((offsets[:, None] / sigma) ** 2) / 2)
    kernel /= kernel.sum(axis=0)
    blurred = np.zeros((len(flux), N_PIXEL))
    for offset, weight in zip(offsets, kernel, strict=True):
        blurred += weight * flux[:, BLUER + offset : BLUER + offset + N_PIXEL]
    return blurred


# Telluric bands, air: O2 B and A, H2O (Smette et al. 2015, A&A 576, A77).
_TELLURIC = (
    bands(WIDE, air_to_vacuum([6867.0, 7594.0]), [0.5, 1.0], [35.0, 45.0])
    + lines(WIDE, air_to_vacuum([7190.0, 7240.0, 8165.0, 8230.0, 8980.0, 9330.0, 9430.0, 9550.0]),
            [0.3, 0.3, 0.2, 0.3, 0.3, 0.8, 0.8, 0.6], 18.0)
)  # fmt: skip


def imperfections(n_star: int, generator: Generator) -> np.ndarray:
    """What a good calibration still gets wrong, as a factor (n_star, n_wide): tilts of 1 %, tellurics, the arms.

    Advances the generator.
    """
    x = np.linspace(-1, 1, len(WIDE))
    shapes = np.polynomial.legendre.legvander(x, 4)[:, 1:].T * np.array([1.0, 0.6, 0.4, 0.3])[:, None]
    tilt = 0.012 * generator.standard_normal((n_star, len(shapes))) @ shapes
    telluric = 0.015 * generator.standard_normal((n_star, 1)) * _TELLURIC
    arms = 0.004 * generator.standard_normal((n_star, 1)) * (WIDE < 6100)
    factor: np.ndarray = np.exp(tilt + telluric + arms)
    return factor


def sigma_of(flux: np.ndarray, snr: np.ndarray, g_mag: np.ndarray) -> np.ndarray:
    """Standard deviation of the noise, (n, N_PIXEL): photons of star and sky, through the throughput.

    Parameters
    ----------
    flux : ndarray, (n, N_PIXEL)
        Without noise.
    snr : ndarray, (n,)
        The median per pixel that comes out.
    g_mag : ndarray, (n,)
        Mag; it sets the share of the sky.
    """
    level = np.median(flux, axis=1, keepdims=True)
    sky = 0.004 * 10 ** (0.4 * (g_mag - 14))[:, None] * level * (1 + 2 * (WAVELENGTH > 7200))
    sigma = np.sqrt((np.maximum(flux, 0) + sky) / (THROUGHPUT * WAVELENGTH))
    scale = np.median(flux / sigma, axis=1) / snr
    scaled: np.ndarray = sigma * scale[:, None]
    return scaled


def expose(
    flux: np.ndarray, ivar: np.ndarray, noise: np.ndarray, empty: np.ndarray, generator: Generator
) -> np.ndarray:
    """Spectra as the reduction hands them out, (n,) of type SPECTRUM.

    Advances the generator.

    Parameters
    ----------
    flux, ivar : ndarray, (n, N_PIXEL)
        Without noise.
    noise : ndarray, (n, N_PIXEL)
        Of standard deviation 1.
    empty : ndarray, (n, N_PIXEL) bool
        Pixels without data: flux, ivar 0 and bits that say so.
    generator : Generator
        Where cosmic rays hit comes from it.
    """
    spectra = np.zeros(len(flux), SPECTRUM)
    spectra["flux"] = np.where(empty, 0, flux + noise / np.sqrt(ivar))
    spectra["ivar"] = np.where(empty, 0, ivar)
    mask = np.where(empty, END_BITS, 0)
    mask[:, 100:-100] = np.where(empty[:, 100:-100], GAP_BITS, 0)
    # Cosmic rays that were found and mended: a dozen pixels, more in long exposures of faint stars.
    for row, count in enumerate(generator.poisson(14, len(flux))):
        hit = generator.integers(0, N_PIXEL - 1, count)
        mask[row, hit] |= NEIGHBOR_BITS
    spectra["mask"] = mask
    return spectra
