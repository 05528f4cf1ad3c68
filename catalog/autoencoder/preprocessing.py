"""What the network is given of a spectrum (the paper, section 2.2)."""

import numpy as np


def log_flux(flux: np.ndarray) -> np.ndarray:
    """f = ln(F), F = flux / max flux (section 2.2).

    flux : (n, n_pixel), finite and > 0
    Returns (n, n_pixel) float32, at most 0. Read-only.

    >>> np.exp(log_flux(np.array([[1.0, 2.0, 4.0]]))).round(3).tolist()
    [[0.25, 0.5, 1.0]]
    """
    # In double precision: a faint pixel beside a bright one would be 0 in single, and its logarithm infinite.
    normalised = flux.astype(np.float64) / flux.max(axis=1, keepdims=True)
    return np.log(normalised).astype(np.float32)
