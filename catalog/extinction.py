"""What the dust between a star and us takes away."""

import numpy as np

R_V = 3.1
"""A(V) / E(B-V) of diffuse dust."""


def extinction(wavelength: np.ndarray) -> np.ndarray:
    """A(wavelength) / E(B-V) for R_V = 3.1; Cardelli, Clayton & Mathis 1989 (ApJ 345, 245), O'Donnell 1994.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Angstrom, from 3030 to 33000.

    Returns
    -------
    ndarray, (n_pixel,)
        Mag per mag.

    Examples
    --------
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
