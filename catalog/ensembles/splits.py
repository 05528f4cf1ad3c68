"""Which spectra a member is trained on: whole stars, since several spectra of one are nearly the same."""

import numpy as np

from catalog.autoencoder.recipe import Recipe
from catalog.errors import CatalogError

SPLIT_STREAM = 0

FEWEST_UNSEEN = 3
"""Members at least that have not seen a star, where splits are balanced."""


def random_split(star: np.ndarray, recipe: Recipe, seed: int) -> np.ndarray:
    """Stars in random order until the recipe's share of the spectra is reached (the paper, section 2.1).

    Parameters
    ----------
    star : ndarray, (n,) int64
        Which star each spectrum is of.
    recipe : Recipe
        Its `split` is the ratio.
    seed : int
        Of the member.

    Returns
    -------
    ndarray, (n,) bool
        The training split.

    Raises
    ------
    CatalogError
        If one side is left empty.

    Examples
    --------
    >>> int(random_split(np.arange(2770), Recipe(), seed=1).sum())
    2000
    """
    _, star, n_of_star = np.unique(star, return_inverse=True, return_counts=True)
    order = np.random.default_rng([seed, SPLIT_STREAM]).permutation(len(n_of_star))
    in_training = np.zeros(len(n_of_star), bool)
    in_training[order[np.cumsum(n_of_star[order]) <= recipe.n_train(len(star))]] = True
    return _both_sides(in_training[star], recipe)


def balanced_splits(star: np.ndarray, n_model: int, recipe: Recipe) -> list[np.ndarray]:
    """A cross-fitting: every star is left out by the same number of members.

    Parameters
    ----------
    star : ndarray, (n,) int64
        Which star each spectrum is of.
    n_model : int
        Members of the ensemble.
    recipe : Recipe
        Its `split` is the ratio, its `seed` decides how the stars are dealt.

    Returns
    -------
    list of ndarray, (n,) bool
        The training split of each member.

    Raises
    ------
    CatalogError
        If there are too few members, or too few stars.

    Notes
    -----
    The stars are dealt to as many parts as there are members; each member leaves out its own part and the next ones,
    in the ratio of the recipe's split, and three parts or more.

    Examples
    --------
    >>> splits = balanced_splits(np.arange(100), 10, Recipe(balanced=True))
    >>> np.unique(np.sum([~split for split in splits], axis=0)).tolist()
    [3]
    """
    n_unseen = max(FEWEST_UNSEEN, round(n_model * recipe.split[1] / sum(recipe.split)))
    if n_model <= n_unseen:
        raise CatalogError(
            f"{n_model} models: with balanced splits every star is unseen by {FEWEST_UNSEEN} of them or more and seen "
            f"by others; give at least {FEWEST_UNSEEN + 1}"
        )
    _, star = np.unique(star, return_inverse=True)
    n_star = int(star.max()) + 1
    part = np.empty(n_star, np.int64)
    part[np.random.default_rng([recipe.seed, SPLIT_STREAM]).permutation(n_star)] = np.arange(n_star) % n_model
    return [_both_sides(((part - number) % n_model >= n_unseen)[star], recipe) for number in range(n_model)]


def _both_sides(in_training: np.ndarray, recipe: Recipe) -> np.ndarray:
    if not 0 < in_training.sum() < len(in_training):
        raise CatalogError(
            f"split {recipe.split[0]} : {recipe.split[1]} of {len(in_training)} spectra leaves one side empty"
        )
    return in_training
