"""Interstellar extinction: what the dust between a star and us takes away."""

import numpy as np

from catalog.surveys.mock.features import air_to_vacuum, lines
from catalog.surveys.mock.grid import WIDE

R_V = 3.1
"""A(V) / E(B-V) of diffuse dust."""


def extinction(wavelength: np.ndarray) -> np.ndarray:
    """A(wavelength) / E(B-V) for R_V = 3.1; Cardelli, Clayton & Mathis 1989 (ApJ 345, 245), O'Donnell 1994.

    wavelength : (n_pixel,) Angstrom, from 3030 to 33000
    Returns (n_pixel,) mag per mag. Read-only.

    >>> extinction(np.array([5494.5])).round(2).tolist()
    [3.1]
    """
    x = 1e4 / np.asarray(wavelength, np.float64)
    # O'Donnell 1994 (ApJ 422, 158), Eqs. 4a and 4b; below 1.1 per micron the power law of Cardelli et al., Eq. 2.
    optical_a = (1.0, 0.104, -0.609, 0.701, 1.137, -1.718, -0.827, 1.647, -0.505)
    optical_b = (0.0, 1.952, 2.908, -3.989, -7.985, 11.102, 5.491, -10.805, 3.347)
    a = np.where(x > 1.1, np.polynomial.polynomial.polyval(x - 1.82, optical_a), 0.574 * x**1.61)
    b = np.where(x > 1.1, np.polynomial.polynomial.polyval(x - 1.82, optical_b), -0.527 * x**1.61)
    return R_V * (a + b / R_V)


# Interstellar lines, equivalent width growing with dust: Na I D (Poznanski et al. 2012, MNRAS 426, 1465), Ca II, and
# diffuse bands (Jenniskens & Desert 1994, A&AS 106, 39). Wavelength in air, depth per mag of E(B-V), half width.
_INTERSTELLAR = sum(
    lines(WIDE, air_to_vacuum(air), depth, width)
    for air, depth, width in (
        (5889.95, 0.9, 0.5), (5895.92, 0.7, 0.5), (3933.66, 0.5, 0.5), (3968.47, 0.3, 0.5), (4428.0, 0.10, 9.0),
        (5780.4, 0.18, 1.0), (6283.9, 0.15, 2.0), (8620.8, 0.05, 2.2),
    )
)  # fmt: skip


def interstellar(ebv: np.ndarray) -> np.ndarray:
    """Lines that clouds on the way add, as a factor (n, n_wide); ebv (n,) mag."""
    # Strong lines saturate: twice the dust does not double them.
    return np.exp(-np.outer(ebv / (1 + 0.8 * ebv), _INTERSTELLAR))
