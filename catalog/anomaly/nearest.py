"""The nearest points of other stars, exactly: in latent space, or in the colour-magnitude diagram.

A k-d tree (scipy) rather than an index that approximates: see benchmarks/RESULTS.md for its speed beside faiss.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

BLOCK = 8192
"""Points whose neighbours are found at a time, so that memory does not grow with their number."""

Queries = tuple[np.ndarray, np.ndarray]
"""Points (m, d) that are not among the others, and their stars (m,)."""


@dataclass(frozen=True)
class Nearest:
    """Neighbours of some of the points, the nearest first.

    Attributes
    ----------
    rows : slice
        The points that they are neighbours of.
    distance : ndarray, (n, k) float64
        inf where there are fewer than k.
    index : ndarray, (n, k) int64
        Of the neighbours among all points; -1 where there are fewer.
    """

    rows: slice
    distance: np.ndarray
    index: np.ndarray


def nearest(
    points: np.ndarray,
    star_id: np.ndarray,
    k: int,
    among: np.ndarray | None = None,
    queries: Queries | None = None,
) -> Iterator[Nearest]:
    """The k nearest of the points, of other stars (Euclidean), in blocks.

    Equal distances come in an order that only the points decide.

    Parameters
    ----------
    points : ndarray, (n, d)
        Finite.
    star_id : ndarray, (n,)
        Star of each point: those of its own star are no neighbours of it.
    among : ndarray, (n,) bool, optional
        Which points can be neighbours; None: all.
    queries : Queries, optional
        Points to find the neighbours of; None: all the points themselves.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [1.5], [9.0]])
    >>> [found] = nearest(line, np.array([1, 2, 2, 3]), 2)
    >>> found.index.tolist()
    [[1, 2], [0, 3], [0, 3], [2, 1]]
    """
    chosen = np.arange(len(points)) if among is None else np.flatnonzero(among)
    places, of_star = (points, star_id) if queries is None else queries
    if not len(chosen):
        for rows in _blocks(len(places)):
            shape = (rows.stop - rows.start, k)
            yield Nearest(rows, np.full(shape, np.inf), np.full(shape, -1))
        return
    # Not balanced: a median split does not end where thousands of points are the same.
    tree = KDTree(points[chosen], balanced_tree=False)
    most_of_a_star = int(np.unique(star_id[chosen], return_counts=True)[1].max())
    for rows in _blocks(len(places)):
        distance, found = tree.query(places[rows], k + most_of_a_star, workers=-1)
        absent = found == len(chosen)
        index = chosen[np.where(absent, 0, found)]
        own = star_id[index] == of_star[rows, None]
        distance = np.where(absent | own, np.inf, distance)
        index = np.where(absent | own, -1, index)
        # Ties by index, since the tree gives them in an order of its own.
        order = np.lexsort((index, distance), axis=1)[:, :k]
        yield Nearest(rows, np.take_along_axis(distance, order, 1), np.take_along_axis(index, order, 1))


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK))
