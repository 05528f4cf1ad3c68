"""Splits are of whole stars: random as the paper's, or balanced."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from catalog.autoencoder.recipe import Recipe
from catalog.ensembles.splits import balanced_splits, random_split
from catalog.errors import CatalogError

STARS = st.lists(st.integers(0, 60), min_size=40, max_size=200).map(np.array)


def sides(star: np.ndarray, in_training: np.ndarray) -> set[int]:
    return set(star[in_training]) & set(star[~in_training])


@given(STARS, st.integers(0, 99))
def test_no_star_is_on_both_sides_of_a_random_split(star: np.ndarray, seed: int) -> None:
    assume(len(set(star)) > 10)
    in_training = random_split(star, Recipe(), seed)
    assert not sides(star, in_training)
    assert in_training.sum() <= Recipe().n_train(len(star))
    assert np.array_equal(in_training, random_split(star, Recipe(), seed))


@given(STARS, st.integers(4, 20), st.integers(0, 99))
def test_every_star_is_unseen_by_the_same_number_of_members(star: np.ndarray, n_model: int, seed: int) -> None:
    assume(len(set(star)) >= n_model)
    splits = balanced_splits(star, n_model, Recipe(balanced=True, seed=seed))
    assert len(splits) == n_model
    unseen = np.sum([~split for split in splits], axis=0)
    assert set(unseen) == {max(3, round(n_model * 770 / 2770))}
    for split in splits:
        assert not sides(star, split)


def test_members_leave_out_equally_many_stars() -> None:
    sizes = [int(split.sum()) for split in balanced_splits(np.arange(2770), 10, Recipe(balanced=True))]
    assert sizes == [1939] * 10


def test_too_few_members_to_balance() -> None:
    with pytest.raises(CatalogError, match=r"3 models: .* give at least 4"):
        balanced_splits(np.arange(100), 3, Recipe(balanced=True))


def test_too_few_stars_to_split() -> None:
    with pytest.raises(CatalogError, match="leaves one side empty"):
        random_split(np.zeros(30), Recipe(), 0)
    with pytest.raises(CatalogError, match="leaves one side empty"):
        balanced_splits(np.zeros(30), 5, Recipe())
