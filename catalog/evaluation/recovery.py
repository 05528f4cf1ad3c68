"""How well known anomalies are recovered: recall, median percentile and area under the ROC curve, with intervals."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from catalog.evaluation.consensus import Ranking

CONFIDENCE = 0.95

PERMILLES = {"0_5": 5, "1": 10, "2": 20, "5": 50}
"""How deep a list is read: the top 0.5, 1, 2 and 5 percent, by the ending of the column's name."""

N_RESAMPLE = 1000

FEWEST = 6
"""Fewer anomalies have no bootstrap interval: even from the least to the largest of five values, the range holds the
median of their distribution with a probability of 1 - 2 / 2^5 = 94 % only."""


@dataclass(frozen=True)
class Estimate:
    """A number and its 95 % confidence interval; NaN: not known."""

    value: float = np.nan
    lo: float = np.nan
    hi: float = np.nan


@dataclass(frozen=True)
class Recovery:
    """How well a group of known anomalies was recovered.

    Attributes
    ----------
    n_odd, n_unranked : int
        Anomalies that were ranked, and those that were not.
    n_ordinary : int
        Spectra that they were compared with.
    recall : dict of Estimate
        Share of the ranked anomalies in the top of the list, by the keys of PERMILLES (Wilson's interval).
    median_percentile : Estimate
        Of their places in the consensus, in percent (bootstrap).
    auc : Estimate
        Probability that an anomaly is found odder than an ordinary spectrum (bootstrap).
    """

    n_odd: int
    n_unranked: int
    n_ordinary: int
    recall: dict[str, Estimate]
    median_percentile: Estimate
    auc: Estimate


def measure(odd: Ranking, ordinary: Ranking, seed: int) -> Recovery:
    """Recovery of anomalies among the ranked spectra of a dataset.

    Parameters
    ----------
    odd, ordinary : Ranking
        Ranks of either in one and the same order; spectra without a rank are counted and left out.
    seed : int
        Of the bootstrap.
    """
    ranked = odd.rank[~np.isnan(odd.rank)]
    found, others = (ranking.percentile[~np.isnan(ranking.rank)] for ranking in (odd, ordinary))
    recall = {
        name: wilson(int(np.sum(ranked <= n_top(odd.n_ranked, permille))), len(ranked))
        for name, permille in PERMILLES.items()
    }
    median, auc = _bootstrap(found, others, seed)
    return Recovery(len(ranked), len(odd.rank) - len(ranked), len(others), recall, median, auc)


def n_top(n: int, permille: int) -> int:
    """Spectra in the top of a list of n, rounded up, so that the top of a short list is not empty.

    >>> n_top(6522, 10), n_top(39, 10), n_top(1000, 5)
    (66, 1, 5)
    """
    return -(-n * permille // 1000)


def wilson(k: int, n: int) -> Estimate:
    """Share k of n with Wilson's score interval (1927, JASA 22, 209).

    >>> wilson(0, 10).lo, round(wilson(0, 10).hi, 4)
    (0.0, 0.2775)
    """
    if n == 0:
        return Estimate()
    z2 = norm.ppf((1 + CONFIDENCE) / 2) ** 2
    share = k / n
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    # At the ends exactly, where rounding would leave the share outside its own interval.
    return Estimate(share, 0.0 if k == 0 else float(center - half), 1.0 if k == n else float(center + half))


def area_under_roc(odd: np.ndarray, ordinary: np.ndarray) -> float:
    """Probability that one of `odd` is larger than one of `ordinary`, ties counted half; NaN if either is empty.

    Parameters
    ----------
    odd, ordinary : ndarray, (k,) and (n,)
        Without NaN.

    Examples
    --------
    >>> area_under_roc(np.array([3.0, 1.0]), np.array([1.0, 2.0]))
    0.625
    """
    if not len(odd) or not len(ordinary):
        return float("nan")
    ordinary = np.sort(ordinary)
    below, not_above = (np.searchsorted(ordinary, odd, side) for side in ("left", "right"))
    return float(np.mean(below + not_above) / (2 * len(ordinary)))


def _bootstrap(odd: np.ndarray, ordinary: np.ndarray, seed: int) -> tuple[Estimate, Estimate]:
    """Median of `odd` and its area under the ROC curve, with percentile intervals of a stratified bootstrap."""
    if not len(odd):
        return Estimate(), Estimate()
    median, auc = float(np.median(odd)), area_under_roc(odd, ordinary)
    if len(odd) < FEWEST:
        return Estimate(median), Estimate(auc)
    generator = np.random.default_rng(seed)
    chosen = generator.integers(0, len(odd), (N_RESAMPLE, len(odd)))
    medians = np.median(odd[chosen], axis=1)
    if len(ordinary) < FEWEST:
        return _between(median, medians), Estimate(auc)
    # Of ordinary spectra only the number below, at and between the anomalies matters, so those numbers are
    # resampled: the cost is that of the anomalies, however large the survey.
    values, which = np.unique(odd, return_inverse=True)
    edges = np.searchsorted(np.sort(ordinary), np.stack([values, values]).T.reshape(-1), "left")
    edges[1::2] = np.searchsorted(np.sort(ordinary), values, "right")
    cells = np.diff(np.concatenate([[0], edges, [len(ordinary)]]))
    reached = np.cumsum(generator.multinomial(len(ordinary), cells / len(ordinary), N_RESAMPLE), axis=1)
    beaten = (reached[:, 0:-1:2] + reached[:, 1::2]) / 2
    areas = np.take_along_axis(beaten, which[chosen], axis=1).mean(axis=1) / len(ordinary)
    return _between(median, medians), _between(auc, areas)


def _between(value: float, resampled: np.ndarray) -> Estimate:
    lo, hi = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(value, float(lo), float(hi))
