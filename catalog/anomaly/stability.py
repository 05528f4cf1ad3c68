"""How far a rank depends on which models happen to be in the ensemble."""

from collections.abc import Iterator

import numpy as np

from catalog.anomaly.consensus import DIGITS

N_REPLICATE = 200
"""Ensembles drawn, with replacement, from the members."""

OUTSIDE = 5
"""The replicate, from either end, that ends the interval: 2.5 % are there or beyond."""

AT_A_TIME = 20

SEED = 0


def rank_intervals(percentile: np.ndarray, flagged: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of the 95 % bootstrap interval of every consensus rank.

    Parameters
    ----------
    percentile : ndarray, (n_model, n)
        Of the errors; NaN where a model has not scored a spectrum.
    flagged : ndarray, (n_model, n) bool
    order : ndarray, (n,)
        Consensus rank, which orders what a replicate finds equal.

    Returns
    -------
    tuple of ndarray, (n,) int64

    Notes
    -----
    A replicate draws as many members as there are, with replacement, and ranks all spectra by the number of flags, then
    by the mean percentile, as the consensus does. The draws are the same every time.
    """
    n_model, n = percentile.shape
    by_rank = np.argsort(order)
    known = ~np.isnan(percentile[:, by_rank])
    merit = np.where(known, percentile[:, by_rank], 0)
    flags = np.where(known, flagged[:, by_rank], False).astype(float)
    lowest = highest = np.empty((0, n), np.int32)
    for weights in _draws(n_model):
        with np.errstate(invalid="ignore"):
            mean = np.round((weights @ merit) / (weights @ known), DIGITS)
        ranks = np.empty((len(weights), n), np.int32)
        # Flags count before percentiles, which are at most 100.
        keys = 1000 * (weights @ flags) + np.nan_to_num(mean, nan=-1)
        for row, values in zip(ranks, keys, strict=True):
            row[np.argsort(-values, kind="stable")] = np.arange(1, n + 1)
        lowest = np.partition(np.concatenate([lowest, ranks]), OUTSIDE - 1, axis=0)[:OUTSIDE]
        highest = np.partition(np.concatenate([highest, ranks]), -OUTSIDE, axis=0)[-OUTSIDE:]
    ends = np.empty((2, n), np.int64)
    ends[:, by_rank] = lowest.max(axis=0), highest.min(axis=0)
    return ends[0], ends[1]


def _draws(n_model: int) -> Iterator[np.ndarray]:
    """(AT_A_TIME, n_model) float64: how often each member is in each replicate."""
    generator = np.random.default_rng([SEED, n_model])
    for _ in range(N_REPLICATE // AT_A_TIME):
        drawn = generator.integers(n_model, size=(AT_A_TIME, n_model))
        yield np.stack([np.bincount(row, minlength=n_model) for row in drawn]).astype(float)
