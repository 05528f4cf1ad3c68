"""The nearest points of other stars, exactly: in latent space, or in the colour-magnitude diagram.

A k-d tree (scipy) rather than an index that approximates: see benchmarks/RESULTS.md for its speed beside faiss.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

BLOCK = 8192
"""Points asked at a time, so that memory does not grow with their number."""


@dataclass(frozen=True)
class Nearest:
    """Neighbours of some of the points, the nearest first.

    rows : the points asked that they are neighbours of
    distance : (n, k) float64; inf where there are fewer than k
    index : (n, k) int64 of the neighbours among all points; -1 where there are fewer
    """

    rows: slice
    distance: np.ndarray
    index: np.ndarray


def nearest(
    points: np.ndarray,
    star_id: np.ndarray,
    k: int,
    among: np.ndarray | None = None,
    asked: tuple[np.ndarray, np.ndarray] | None = None,
) -> Iterator[Nearest]:
    """The k nearest of the points, of other stars (Euclidean), in blocks.

    points : (n, d), finite
    star_id : (n,) star of each point: those of its own star are no neighbours of it
    among : (n,) bool, which points can be neighbours; None: all
    asked : points (m, d) and their stars (m,) to find the neighbours of; None: of all the points themselves
    Equal distances come in an order that only the points decide. Read-only.

    >>> line = np.array([[0.0], [1.0], [1.5], [9.0]])
    >>> [found] = nearest(line, np.array([1, 2, 2, 3]), 2)
    >>> found.index.tolist()
    [[1, 2], [0, 3], [0, 3], [2, 1]]
    """
    chosen = np.arange(len(points)) if among is None else np.flatnonzero(among)
    places, of_star = (points, star_id) if asked is None else asked
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
