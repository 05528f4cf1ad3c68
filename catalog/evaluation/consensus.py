"""The consensus of an ensemble over arrays, as the views form it over rows (the paper, section 3.3).

Arrays let a model that is not in the database, or a spectrum that is not, be ranked by the very same rule as
`catalog.anomaly.ranks` and `views/consensus.sql`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catalog.anomaly.consensus import DIGITS, FLAGGED_FROM


@dataclass(frozen=True)
class Ranking:
    """Ranks of spectra in the order of the consensus.

    Attributes
    ----------
    rank : ndarray, (n,) float64
        1 is the oddest; NaN where a spectrum has no rank.
    n_ranked : int
        Spectra of the dataset that have a rank.
    """

    rank: np.ndarray
    n_ranked: int

    @property
    def percentile(self) -> np.ndarray:
        """(n,) share of the ranked spectra that are not odder, in percent; NaN without a rank.

        >>> Ranking(np.array([1.0, 4.0, np.nan]), 4).percentile.tolist()
        [100.0, 25.0, nan]
        """
        percentile: np.ndarray = 100 * (self.n_ranked + 1 - self.rank) / max(self.n_ranked, 1)
        return percentile


@dataclass(frozen=True)
class Consensus:
    """What the models agree on, for n spectra.

    Attributes
    ----------
    n_flagged : ndarray, (n,) float64
        Models that flag the spectrum; NaN where no model has scored it.
    mean_percentile, mean_log10_error : ndarray, (n,) float64
        Over the models; the second NaN where every error is 0.
    mean_percentile_unseen : ndarray, (n,) float64
        NaN where every model has seen the star.
    all, unseen : Ranking
        The order over all models, and over those that have not seen the star.
    """

    n_flagged: np.ndarray
    mean_percentile: np.ndarray
    mean_log10_error: np.ndarray
    mean_percentile_unseen: np.ndarray
    all: Ranking
    unseen: Ranking

    def by(self, members: str) -> Ranking:
        """The order over a set of members, "all" or "unseen"."""
        return {"all": self.all, "unseen": self.unseen}[members]


class Population:
    """The scored spectra of a dataset, in which each has its rank and others can be given one.

    Parameters
    ----------
    error : ndarray, (n_model, n) float64
        Larger is more anomalous; NaN where a model has not scored a spectrum.
    seen : ndarray, (n_model, n) bool
        Whether the model has seen the star in training.

    Notes
    -----
    Spectra are in the order of their ids, which breaks ties as in the view.
    """

    def __init__(self, error: np.ndarray, seen: np.ndarray) -> None:
        self.error = error
        self.seen = seen
        scored = ~np.isnan(error)
        self._all = [np.sort(row[keep]) for row, keep in zip(error, scored, strict=True)]
        self._unseen = [np.sort(row[keep]) for row, keep in zip(error, scored & ~seen, strict=True)]
        self._threshold = np.array([np.quantile(row, FLAGGED_FROM / 100) if len(row) else np.inf for row in self._all])
        everyone = np.arange(error.shape[1])
        self._merits = self._judge(error, everyone)
        self.consensus = self.place(error, everyone)

    def place(self, error: np.ndarray, host: np.ndarray) -> Consensus:
        """The consensus on spectra that each take, one at a time, the place of a spectrum of the dataset.

        The other spectra keep their percentiles, which one spectrum moves by one part in n. A spectrum that replaces
        itself gets its own rank.

        Parameters
        ----------
        error : ndarray, (n_model, k)
            Of the new spectra.
        host : ndarray, (k,) int
            Index of the spectrum that each replaces, whose star it has.
        """
        flagged, percentile, log_error, unseen = self._judge(error, host)
        flagged_all, percentile_all, log_all, unseen_all = self._merits
        return Consensus(
            flagged,
            percentile,
            log_error,
            unseen,
            _ranking((flagged_all, percentile_all, log_all), (flagged, percentile, log_error), host),
            _ranking((unseen_all, log_all), (unseen, log_error), host),
        )

    def _judge(self, error: np.ndarray, host: np.ndarray) -> tuple[np.ndarray, ...]:
        """Number of flags, and means of percentile, log10 error and unseen percentile over the models, (k,) each."""
        own, seen = self.error[:, host], self.seen[:, host]
        # A model that has not scored the host does not take part in its consensus.
        error = np.where(np.isnan(own), np.nan, error)
        n_flagged = np.count_nonzero(error >= self._threshold[:, None], axis=0)
        flagged = np.where(np.isnan(error).all(axis=0), np.nan, n_flagged)
        with np.errstate(divide="ignore"):
            log_error = np.where(error > 0, np.log10(error), np.nan)
        unseen = np.where(seen, np.nan, _percentile(self._unseen, error, own))
        return flagged, _mean(_percentile(self._all, error, own)), _mean(log_error), _mean(unseen)


def _percentile(others: Sequence[np.ndarray], error: np.ndarray, own: np.ndarray) -> np.ndarray:
    """(n_model, k) share of the errors at or below each, in percent, where each stands in for `own` among them."""
    percentile = np.full(error.shape, np.nan)
    for model, known in enumerate(others):
        if len(known):
            below = np.searchsorted(known, error[model], "right") - (own[model] <= error[model]) + 1
            percentile[model] = np.where(np.isnan(error[model]), np.nan, 100 * (below / len(known)))
    return percentile


def _mean(values: np.ndarray) -> np.ndarray:
    """(k,) mean over the models that say something; NaN where none does."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.round(np.where(known, values, 0).sum(axis=0) / known.sum(axis=0), DIGITS)


def _ranking(known: Sequence[np.ndarray], new: Sequence[np.ndarray], host: np.ndarray) -> Ranking:
    """Ranks of new spectra among the known, each without its host, by keys of which the first weighs most.

    Larger keys come first, and NaN last; without a first key there is no rank.
    """
    n = len(known[0])
    keys = [-np.concatenate(pair) for pair in zip(known, new, strict=True)]
    order = np.lexsort((np.concatenate([np.arange(n), host]), *reversed(keys)))
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    ahead = np.cumsum(order < n)[position[n:]] - (position[host] < position[n:])
    return Ranking(np.where(np.isnan(new[0]), np.nan, ahead + 1.0), int(np.sum(~np.isnan(known[0]))))
