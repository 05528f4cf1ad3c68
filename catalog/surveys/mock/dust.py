"""Interstellar lines: what the clouds between a star and us add, beside their extinction."""

import numpy as np

from catalog.surveys.mock.features import air_to_vacuum, lines
from catalog.surveys.mock.grid import WIDE

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
