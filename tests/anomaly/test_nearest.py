"""The nearest points of other stars, against all distances computed by numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog.anomaly.nearest import BLOCK, nearest


def all_distances(points: np.ndarray, star_id: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """(n, n) distances; inf to those that are no neighbours."""
    distance = np.sqrt(((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2))
    neighbour = star_id[:, None] != star_id[None, :]
    return np.where(neighbour if among is None else neighbour & among, distance, np.inf)


def found_of(
    points: np.ndarray, star_id: np.ndarray, k: int, among: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) distances and indices of all blocks, whose rows are those of the points in their order."""
    blocks = list(nearest(points, star_id, k, among))
    covered = [row for block in blocks for row in range(block.rows.start, block.rows.stop)]
    assert covered == list(range(len(points)))
    return (
        np.concatenate([np.empty((0, k)), *(block.distance for block in blocks)]),
        np.concatenate([np.empty((0, k), int), *(block.index for block in blocks)]),
    )


def assert_nearest(points: np.ndarray, star_id: np.ndarray, k: int, among: np.ndarray | None = None) -> None:
    """What is found is as near as anything can be, of other stars, and every point once."""
    distance, index = found_of(points, star_id, k, among)
    expected = all_distances(points, star_id, among)
    padded = np.pad(expected, ((0, 0), (0, k)), constant_values=np.inf)
    np.testing.assert_allclose(distance, np.sort(padded, axis=1)[:, :k], rtol=1e-12)
    assert ((index == -1) == np.isinf(distance)).all()
    there = index >= 0
    np.testing.assert_allclose(
        np.take_along_axis(expected, np.maximum(index, 0), 1)[there], distance[there], rtol=1e-12
    )
    for row in index:
        assert len(set(row[row >= 0])) == np.count_nonzero(row >= 0)


@settings(deadline=None, max_examples=examples(200))
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 40),
    dimensions=st.integers(1, 10),
    k=st.integers(1, 60),
    n_star=st.integers(1, 40),
    n_place=st.sampled_from([1, 2, 5, None]),
    chosen=st.sampled_from([None, 0.0, 0.1, 0.6, 1.0]),
)
def test_it_is_what_all_distances_say(
    seed: int, n: int, dimensions: int, k: int, n_star: int, n_place: int | None, chosen: float | None
) -> None:
    """Also where points tie or are the same, stars have several, and there are fewer than k others."""
    generator = np.random.default_rng(seed)
    if n_place is None:
        points = generator.normal(size=(n, dimensions))
    else:
        points = generator.integers(0, n_place, (n, dimensions)).astype(float)
    among = None if chosen is None else generator.random(n) < chosen
    assert_nearest(points, generator.integers(0, n_star, n), k, among)


def test_ties_come_by_index() -> None:
    ring = np.array([[0.0, 0.0], [1, 0], [0, 1], [-1, 0], [0, -1]])
    _, index = found_of(ring, np.arange(5), 4)
    assert index[0].tolist() == [1, 2, 3, 4]
    assert index[1].tolist() == [0, 2, 4, 3]


def test_points_of_the_same_star_are_no_neighbours_however_many() -> None:
    """A star with more points than k hides nobody."""
    points = np.concatenate([np.zeros(30), [1.0, 2.0, 3.0]])[:, None]
    star_id = np.array([7] * 30 + [1, 2, 3])
    distance, index = found_of(points, star_id, 2)
    assert index[:30].tolist() == [[30, 31]] * 30
    assert distance[:30].tolist() == [[1.0, 2.0]] * 30
    assert index[30].tolist() == [0, 1]  # the first two of the thirty, as near as the next star


def test_one_star_has_no_neighbours() -> None:
    distance, index = found_of(np.zeros((3, 2)), np.ones(3, int), 4)
    assert (index == -1).all()
    assert np.isinf(distance).all()


def test_among_nobody() -> None:
    distance, index = found_of(np.eye(3), np.arange(3), 2, np.zeros(3, bool))
    assert (index == -1).all()
    assert np.isinf(distance).all()


def test_a_point_outside_among_still_has_neighbours() -> None:
    line = np.arange(4.0)[:, None]
    _, index = found_of(line, np.arange(4), 2, np.array([False, True, False, True]))
    assert index.tolist() == [[1, 3], [3, -1], [1, 3], [1, -1]]


@pytest.mark.parametrize("n", [BLOCK, BLOCK + 1, 2 * BLOCK + 3])
def test_more_points_than_a_block(n: int) -> None:
    """A few of each block against all distances; and one at a time against the blocks."""
    generator = np.random.default_rng(n)
    points, star_id = generator.normal(size=(n, 3)), np.arange(n) // 2
    blocks = list(nearest(points, star_id, 3))
    assert [block.rows.stop - block.rows.start for block in blocks] == [BLOCK] * (n // BLOCK) + [n % BLOCK] * (
        n % BLOCK > 0
    )
    distance, index = found_of(points, star_id, 3)
    for row in (0, 1, BLOCK - 1, n - 1, n // 2):
        others = np.linalg.norm(points - points[row], axis=1)
        others[star_id == star_id[row]] = np.inf
        assert index[row].tolist() == np.argsort(others)[:3].tolist()
        np.testing.assert_allclose(distance[row], np.sort(others)[:3], rtol=1e-12)


def test_thousands_of_the_same_point() -> None:
    distance, index = found_of(np.zeros((20_000, 10)), np.arange(20_000), 5)
    assert (distance == 0).all()
    assert (index != np.arange(20_000)[:, None]).all()


def test_it_is_the_same_every_time() -> None:
    points = np.random.default_rng(1).integers(0, 3, (500, 4)).astype(float)
    first, second = (found_of(points, np.arange(500), 10) for _ in range(2))
    assert (first[1] == second[1]).all()
