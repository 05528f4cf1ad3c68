"""A spectrum among those of the same place in the colour-magnitude diagram (the paper, section 4.3)."""

from dataclasses import dataclass

import numpy as np

from catalog.anomaly.nearest import nearest

N_PEER = 300
"""Nearest spectra of other stars that a spectrum is ranked among."""

MAGNITUDES_PER_COLOUR = 4.0
"""Magnitudes of M_G that count as one of BP-RP: a colour-magnitude diagram is about four times as high as wide."""


@dataclass(frozen=True)
class Peers:
    """How odd each spectrum is for what it is.

    Attributes
    ----------
    density : ndarray, (n,) float64
        Spectra per mag² around it; NaN without photometry, or where peers lie at the very spot.
    n_peer : ndarray, (n,) int64
        Spectra of other stars it is compared with; 0 without photometry.
    rank : ndarray, (n,) float64
        1 is odder than all of them; NaN without any.
    """

    density: np.ndarray
    n_peer: np.ndarray
    rank: np.ndarray


def rank_among_peers(bp_rp: np.ndarray, abs_g: np.ndarray, star_id: np.ndarray, order: np.ndarray) -> Peers:
    """Rank of every spectrum among its nearest in colour and absolute magnitude.

    Parameters
    ----------
    bp_rp, abs_g : ndarray, (n,)
        mag; NaN where unknown.
    star_id : ndarray, (n,)
    order : ndarray, (n,)
        Consensus rank, 1 is the oddest.
    """
    known = np.flatnonzero(np.isfinite(bp_rp) & np.isfinite(abs_g))
    density, rank = np.full(len(bp_rp), np.nan), np.full(len(bp_rp), np.nan)
    n_peer = np.zeros(len(bp_rp), np.int64)
    place = np.column_stack([bp_rp[known], abs_g[known] / MAGNITUDES_PER_COLOUR])
    for found in nearest(place, star_id[known], N_PEER):
        rows = known[found.rows]
        there = found.index >= 0
        odder = there & (order[known[found.index]] < order[rows, None])
        n_peer[rows] = there.sum(axis=1)
        rank[rows] = np.where(there.any(axis=1), 1 + odder.sum(axis=1), np.nan)
        radius = np.max(found.distance, axis=1, where=there, initial=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            around = n_peer[rows] / (np.pi * MAGNITUDES_PER_COLOUR * radius**2)
        density[rows] = np.where(np.isfinite(around), around, np.nan)
    return Peers(density, n_peer, rank)
