"""Recall, median percentile and area under the ROC curve, and how certain they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from catalog.evaluation.consensus import Ranking
from catalog.evaluation.recovery import FEWEST, area_under_roc, measure, n_top, wilson

values = st.lists(st.integers(0, 6), min_size=1, max_size=15).map(lambda items: np.array(items, float))


@given(values, values)
def test_the_area_counts_pairs_and_half_of_the_ties(odd: np.ndarray, ordinary: np.ndarray) -> None:
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in odd for b in ordinary]
    assert area_under_roc(odd, ordinary) == pytest.approx(np.mean(pairs))


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_holds_the_shares_that_a_score_test_does_not_reject(counts: tuple[int, int]) -> None:
    k, n = counts
    estimate = wilson(k, n)
    assert 0 <= estimate.lo <= estimate.value == k / n <= estimate.hi <= 1
    for end in (estimate.lo, estimate.hi):
        if 0 < end < 1:
            assert abs(k / n - end) == pytest.approx(norm.ppf(0.975) * np.sqrt(end * (1 - end) / n))


def test_wilsons_interval_of_nothing_is_unknown() -> None:
    assert np.isnan(wilson(0, 0).value)


@given(st.integers(1, 10_000), st.sampled_from([5, 10, 20, 50]))
def test_the_top_is_rounded_up(n: int, permille: int) -> None:
    assert n_top(n, permille) - 1 < n * permille / 1000 <= n_top(n, permille)


def test_recall_is_the_share_of_ranked_anomalies_at_the_top_of_the_dataset() -> None:
    odd = Ranking(np.array([1.0, 5, 10, 11, 20, 999, np.nan]), 1000)
    ordinary = Ranking(np.array([2.0, 500, 1000, np.nan]), 1000)
    found = measure(odd, ordinary, 0)
    assert (found.n_odd, found.n_unranked, found.n_ordinary) == (6, 1, 3)
    assert [found.recall[name].value for name in ("0_5", "1", "2", "5")] == [2 / 6, 3 / 6, 5 / 6, 5 / 6]
    assert found.median_percentile.value == pytest.approx((99.1 + 99.0) / 2)
    assert found.auc.value == pytest.approx((3 + 2 + 2 + 2 + 2 + 1) / 18)


def test_with_few_anomalies_the_bootstrap_says_nothing_and_wilson_does() -> None:
    ordinary = Ranking(np.arange(10.0, 90), 100)
    for n, known in ((FEWEST - 1, False), (FEWEST, True)):
        found = measure(Ranking(np.arange(1.0, n + 1), 100), ordinary, 0)
        assert np.isfinite([found.auc.lo, found.median_percentile.hi]).tolist() == [known] * 2
        assert np.isfinite([found.recall["1"].lo, found.auc.value]).all()


def test_without_a_ranked_anomaly_nothing_is_known() -> None:
    found = measure(Ranking(np.array([np.nan]), 100), Ranking(np.arange(1.0, 101), 100), 0)
    assert (found.n_odd, found.n_unranked) == (0, 1)
    assert np.isnan([found.auc.value, found.median_percentile.value, found.recall["5"].value]).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_interval_is_that_of_resampling_both_sides(seed: int) -> None:
    """The resampled counts give the spread that drawing every spectrum anew gives."""
    generator = np.random.default_rng(seed)
    ranks = generator.permutation(300) + 1.0
    odd, ordinary = np.sort(ranks[:30])[::-1] // 2 + 1, ranks[30:] // 2 + 1  # with ties
    found = measure(Ranking(odd, 300), Ranking(ordinary, 300), seed)
    drawn = [
        area_under_roc(-generator.choice(odd, len(odd)), -generator.choice(ordinary, len(ordinary)))
        for _ in range(1000)
    ]
    lo, hi = np.quantile(drawn, [0.025, 0.975])
    assert (found.auc.lo, found.auc.hi) == pytest.approx((lo, hi), abs=0.25 * (hi - lo))
    assert found.auc.lo < found.auc.value < found.auc.hi
    assert found.median_percentile.lo <= found.median_percentile.value <= found.median_percentile.hi


def test_the_same_seed_gives_the_same_interval() -> None:
    odd, ordinary = Ranking(np.arange(1.0, 20, 2), 100), Ranking(np.arange(2.0, 100), 100)
    assert measure(odd, ordinary, 3) == measure(odd, ordinary, 3) != measure(odd, ordinary, 4)
