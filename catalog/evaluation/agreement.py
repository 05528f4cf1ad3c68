"""How far the models of an ensemble agree with one another."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import rankdata

from catalog.evaluation.recovery import n_top

TOP = 10
"""Permille of the spectra whose overlap is looked at."""


@dataclass(frozen=True)
class Agreement:
    """How far two models agree; NaN where fewer than two spectra, or only equal errors, leave nothing to correlate.

    Attributes
    ----------
    model, other : int
        Their places among the models.
    spearman : float
        Rank correlation of their errors.
    top_1_overlap : float
        Share of the oddest 1 % that they have in common.
    """

    model: int
    other: int
    spearman: float
    top_1_overlap: float


def agreements(error: np.ndarray) -> list[Agreement]:
    """Every pair of models, over the spectra that both have scored.

    Parameters
    ----------
    error : ndarray, (n_model, n)
        NaN where a model has not scored a spectrum.
    """
    return [_agreement(error, *pair) for pair in combinations(range(len(error)), 2)]


def _agreement(error: np.ndarray, model: int, other: int) -> Agreement:
    both = error[[model, other]]
    both = both[:, ~np.isnan(both).any(axis=0)]
    n = both.shape[1]
    if n < 2:
        return Agreement(model, other, np.nan, np.nan)
    ranks = rankdata(both, axis=1)
    with np.errstate(invalid="ignore"):
        spearman = float(np.corrcoef(ranks)[0, 1])
    count = n_top(n, TOP)
    first, second = (np.argsort(-row, kind="stable")[:count] for row in both)
    return Agreement(model, other, spearman, len(np.intersect1d(first, second)) / count)
