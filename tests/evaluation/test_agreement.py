"""Models agree by the ranks they give, over what both have scored."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from catalog.evaluation.agreement import agreements


def test_every_pair_is_compared_once() -> None:
    found = agreements(np.random.default_rng(0).random((4, 50)))
    assert [(pair.model, pair.other) for pair in found] == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]


def test_correlation_and_overlap() -> None:
    generator = np.random.default_rng(1)
    error = generator.integers(0, 40, (2, 300)).astype(float)
    error[:, 5], error[0, 6], error[1, 7] = 100, 99, 99
    error[0, 20:40] = np.nan
    (pair,) = agreements(error)
    both = error[:, ~np.isnan(error[0])]
    assert pair.spearman == pytest.approx(spearmanr(*both).statistic)
    assert pair.top_1_overlap == pytest.approx(1 / 3)  # 3 of 280: spectrum 5, and two that differ


def test_what_says_the_same_of_all_correlates_with_nothing() -> None:
    (pair,) = agreements(np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]]))
    assert np.isnan(pair.spearman)
    (pair,) = agreements(np.array([[1.0, np.nan], [np.nan, 1.0]]))
    assert np.isnan([pair.spearman, pair.top_1_overlap]).all()


def test_a_model_alone_agrees_with_nobody() -> None:
    assert agreements(np.ones((1, 5))) == []
