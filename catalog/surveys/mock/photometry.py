"""Gaia magnitudes of a spectrum: the flux under a passband, beside that of a star of colour zero.

The passbands are those of Gaia EDR3 (Riello et al. 2021, A&A 649, A3), read off their figure at a few wavelengths and
joined by straight lines: good to a few hundredths of a magnitude in a colour.
"""

import numpy as np

from catalog.surveys.mock.grid import WIDE

# Angstrom, transmission; zero at the first and the last.
PASSBANDS = {
    "g": (
        (3300, 3500, 3750, 4000, 4250, 4500, 5000, 5500, 6000, 6500, 7000, 7500, 8000, 8500, 9000, 9500, 10000, 10500,
         10690),
        (0, 0.06, 0.14, 0.30, 0.40, 0.47, 0.57, 0.63, 0.68, 0.71, 0.71, 0.69, 0.63, 0.54, 0.41, 0.28, 0.15, 0.04, 0),
    ),
    "bp": (
        (3300, 3400, 3500, 3600, 3800, 4000, 4200, 4500, 5000, 5500, 6000, 6300, 6500, 6650, 6750, 6850),
        (0, 0.10, 0.22, 0.30, 0.37, 0.48, 0.55, 0.59, 0.62, 0.65, 0.67, 0.68, 0.66, 0.45, 0.12, 0),
    ),
    "rp": (
        (6150, 6250, 6350, 6450, 6600, 7000, 7500, 8000, 8500, 9000, 9500, 10000, 10500, 10690),
        (0, 0.18, 0.48, 0.64, 0.70, 0.73, 0.75, 0.76, 0.74, 0.64, 0.46, 0.24, 0.06, 0),
    ),
}  # fmt: skip

VEGA = 3.62e-9
"""Flux of magnitude zero at 5500 Angstrom, erg / (s cm2 Angstrom): Bohlin 2014 (AJ 147, 127)."""

VEGA_TEFF = 9550.0
"""The star of colour zero is a black body corrected as an A0 dwarf is; see `zero_points`."""


def _weights(band: str) -> np.ndarray:
    """What a pixel counts in the mean photon flux of a band, (n_wide,), sum 1."""
    wavelength, transmission = PASSBANDS[band]
    photons = np.interp(WIDE, wavelength, transmission) * WIDE * np.gradient(WIDE)
    weights: np.ndarray = photons / photons.sum()
    return weights


WEIGHTS = np.stack([_weights(band) for band in PASSBANDS], axis=1)
"""(n_wide, 3): G, BP, RP."""


def magnitudes(flux: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """G, BP and RP of spectra relative to a star of magnitude zero in all three.

    Parameters
    ----------
    flux : ndarray, (n, n_wide)
        Of any unit.
    reference : ndarray, (n_wide,)
        The star of magnitude zero, in the same unit.

    Returns
    -------
    ndarray, (n, 3)
        Mag.
    """
    mag: np.ndarray = -2.5 * np.log10((flux @ WEIGHTS) / (reference @ WEIGHTS))
    return mag
