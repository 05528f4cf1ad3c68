"""How far a rank depends on the members, against a bootstrap written out replicate by replicate."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog.anomaly.stability import rank_intervals

pytestmark = pytest.mark.filterwarnings("error")


def replicates(n_model: int) -> list[list[int]]:
    """The members of each of the 200 ensembles: ten times twenty draws of one generator."""
    generator = np.random.default_rng([0, n_model])
    return [row.tolist() for _ in range(10) for row in generator.integers(n_model, size=(20, n_model))]


def plain_intervals(percentile: np.ndarray, flagged: np.ndarray, order: np.ndarray) -> tuple[list[int], list[int]]:
    """The same in exact fractions: the fifth least and the fifth greatest of 200 ranks."""
    n_model, n = percentile.shape
    ranks = np.empty((200, n), int)
    for replicate, members in enumerate(replicates(n_model)):
        times = Counter(members)

        def merit(spectrum: int, times: Counter = times) -> tuple[int, Fraction, int]:
            scored = [m for m in times if not np.isnan(percentile[m, spectrum])]
            flags = sum(times[m] for m in scored if flagged[m, spectrum])
            total = sum((times[m] * Fraction(percentile[m, spectrum]) for m in scored), Fraction(0))
            mean = total / sum(times[m] for m in scored) if scored else Fraction(-1)
            return -flags, -round(mean, 9), int(order[spectrum])

        ranks[replicate, sorted(range(n), key=merit)] = np.arange(1, n + 1)
    ranks.sort(axis=0)
    return ranks[4].tolist(), ranks[-5].tolist()


def share_at_or_below(values: np.ndarray) -> np.ndarray:
    """(n_model, n) percentiles of the values among those of their row; NaN stays."""
    below = np.sum(values[:, None, :] <= values[:, :, None], axis=2)
    share = 100 * (below / np.sum(~np.isnan(values), axis=1, keepdims=True).clip(1))
    return np.where(np.isnan(values), np.nan, share)


@settings(deadline=None, max_examples=examples(25))
@given(
    seed=st.integers(0, 2**32 - 1),
    n_model=st.integers(2, 11),
    n=st.integers(1, 30),
    n_value=st.sampled_from([1, 3, 1000]),
    absent=st.sampled_from([0.0, 0.4]),
)
def test_it_is_the_bootstrap_written_out(seed: int, n_model: int, n: int, n_value: int, absent: float) -> None:
    """Also where values tie, and where a model has not scored a spectrum, or none has."""
    generator = np.random.default_rng(seed)
    values = generator.integers(0, n_value, (n_model, n)).astype(float)
    values[generator.random(values.shape) < absent] = np.nan
    percentile, flagged = share_at_or_below(values), generator.random(values.shape) < 0.2
    order = 1 + generator.permutation(n)
    lo, hi = rank_intervals(percentile, flagged, order)
    assert (lo.tolist(), hi.tolist()) == plain_intervals(percentile, flagged, order)


def test_models_that_agree_leave_no_doubt() -> None:
    percentile = np.tile(np.linspace(100, 1, 50), (7, 1))
    flagged = percentile >= 99
    lo, hi = rank_intervals(percentile, flagged, np.arange(1, 51))
    assert lo.tolist() == hi.tolist() == list(range(1, 51))


def test_a_clear_cut_rank_is_its_interval_and_models_that_disagree_widen_it() -> None:
    """The first is flagged by all and the last is nobody's; in between the models contradict each other."""
    generator = np.random.default_rng(2)
    percentile = np.array([[100.0, *generator.permutation(np.linspace(10, 90, 30)), 1.0] for _ in range(10)])
    flagged = np.zeros(percentile.shape, bool)
    flagged[:, 0] = True
    order = np.empty(32, int)
    order[np.argsort(-percentile.mean(axis=0))] = np.arange(1, 33)
    lo, hi = rank_intervals(percentile, flagged, order)
    assert (lo[0], hi[0], lo[-1], hi[-1]) == (1, 1, 32, 32)
    assert ((lo <= order) & (order <= hi)).all()
    assert np.median(hi[1:-1] - lo[1:-1]) > 5


def test_one_flag_among_ten_is_lost_in_a_third_of_the_replicates() -> None:
    """Without its model a spectrum is ordinary again, so its interval reaches down to where its percentile is."""
    percentile = np.tile(np.concatenate([[2.0], np.linspace(98, 3, 40)]), (10, 1))
    percentile[4, 0] = 100
    flagged = np.zeros(percentile.shape, bool)
    flagged[4, 0] = True
    lo, hi = rank_intervals(percentile, flagged, np.arange(1, 42))
    assert (lo[0], hi[0]) == (1, 41)


def test_spectra_that_a_replicate_finds_equal_keep_their_order() -> None:
    """The mean of the same percentiles is the same, whichever model gave them."""
    values = [14.285714285714286, 28.571428571428573, 42.857142857142854, 57.142857142857146, 71.42857142857143]
    percentile = np.tile(np.array(values)[:, None], (1, 9))
    for order in (np.arange(1, 10), np.arange(9, 0, -1)):
        lo, hi = rank_intervals(percentile, np.zeros(percentile.shape, bool), order)
        assert lo.tolist() == hi.tolist() == order.tolist()


def test_a_spectrum_that_no_drawn_model_has_scored_comes_last() -> None:
    percentile = np.array([[50.0, 100.0, np.nan], [50.0, 100.0, 99.0]])
    lo, hi = rank_intervals(percentile, np.zeros(percentile.shape, bool), np.array([3, 1, 2]))
    assert (lo.tolist(), hi.tolist()) == ([2, 1, 2], [3, 1, 3])


def test_the_draws_are_the_same_every_time() -> None:
    generator = np.random.default_rng(8)
    percentile = generator.uniform(0, 100, (5, 300))
    flagged = percentile > 95
    order = 1 + generator.permutation(300)
    first, second = (rank_intervals(percentile, flagged, order) for _ in range(2))
    assert np.array_equal(first, second)


def test_an_ensemble_of_two() -> None:
    """Half the replicates are one model alone."""
    percentile = np.array([[100.0, 50.0], [50.0, 100.0]])
    lo, hi = rank_intervals(percentile, np.zeros((2, 2), bool), np.array([1, 2]))
    assert (lo.tolist(), hi.tolist()) == ([1, 1], [2, 2])
