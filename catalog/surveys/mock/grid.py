"""The wavelengths of a mock survey, vacuum Angstrom."""

import numpy as np

N_PIXEL, LOG10_START, LOG10_STEP = 4563, 3.5589, 1e-4
"""The MaStar grid: log10 wavelength = LOG10_START + LOG10_STEP * pixel."""

BLUER, REDDER = 420, 140
"""Pixels beyond its ends, so that Gaia's passbands (3300 to 10,690 Angstrom) are covered."""

WAVELENGTH = 10 ** (LOG10_START + LOG10_STEP * np.arange(N_PIXEL))
"""(N_PIXEL,) float64."""

WIDE = 10 ** (LOG10_START + LOG10_STEP * np.arange(-BLUER, N_PIXEL + REDDER))
"""(BLUER + N_PIXEL + REDDER,) float64; WIDE[MASTAR] is WAVELENGTH."""

MASTAR = slice(BLUER, BLUER + N_PIXEL)
