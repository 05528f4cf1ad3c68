"""The rank of a spectrum among its like, against all distances in the colour-magnitude diagram."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog.anomaly import peers
from catalog.anomaly.peers import N_PEER, rank_among_peers

pytestmark = pytest.mark.filterwarnings("error")


@settings(deadline=None, max_examples=examples(100))
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 40),
    n_star=st.integers(1, 40),
    unknown=st.sampled_from([0.0, 0.3, 1.0]),
    n_peer=st.sampled_from([1, 3, 10, 300]),
)
def test_it_is_what_all_distances_say(seed: int, n: int, n_star: int, unknown: float, n_peer: int) -> None:
    generator = np.random.default_rng(seed)
    bp_rp, abs_g = generator.uniform(-1, 5, n), generator.uniform(-5, 15, n)
    bp_rp[generator.random(n) < unknown] = np.nan
    abs_g[generator.random(n) < unknown / 2] = np.nan
    star_id, order = generator.integers(0, n_star, n), 1 + generator.permutation(n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peers, "N_PEER", n_peer)
        found = rank_among_peers(bp_rp, abs_g, star_id, order)
    for row in range(n):
        distance = np.hypot(bp_rp - bp_rp[row], (abs_g - abs_g[row]) / 4)
        distance[star_id == star_id[row]] = np.nan
        like = np.argsort(distance)[: min(n_peer, np.count_nonzero(np.isfinite(distance)))]
        assert found.n_peer[row] == len(like)
        if len(like):
            assert found.rank[row] == 1 + np.sum(order[like] < order[row])
            # The peers fill an ellipse with half-axes of r in colour and 4 r in magnitude.
            assert found.density[row] == pytest.approx(len(like) / (np.pi * 4 * distance[like].max() ** 2))
        else:
            assert np.isnan(found.rank[row])
            assert np.isnan(found.density[row])


def test_a_rare_kind_whose_like_are_all_odd_is_ordinary_among_them() -> None:
    """And one that is odd among ordinary stars comes first, whatever its consensus rank."""
    generator = np.random.default_rng(3)
    crowd, rare = 2 * N_PEER, N_PEER + 1
    bp_rp = np.concatenate([generator.normal(1, 0.1, crowd), generator.normal(5, 0.1, rare)])
    order = np.concatenate([rare + 1 + np.arange(crowd), 1 + np.arange(rare)])
    found = rank_among_peers(bp_rp, np.zeros(len(bp_rp)), np.arange(len(bp_rp)), order)
    assert found.rank[0] == 1
    assert found.rank[crowd:].tolist() == order[crowd:].tolist()
    assert (found.n_peer == N_PEER).all()


def test_stars_at_one_spot_are_peers_without_a_density() -> None:
    found = rank_among_peers(np.ones(3), np.ones(3), np.arange(3), np.array([2, 3, 1]))
    assert found.rank.tolist() == [2, 3, 1]
    assert np.isnan(found.density).all()


def test_other_spectra_of_the_star_are_no_peers() -> None:
    found = rank_among_peers(np.array([1.0, 1.0, 1.1]), np.zeros(3), np.array([1, 1, 2]), np.array([1, 2, 3]))
    assert found.n_peer.tolist() == [1, 1, 2]
    assert found.rank.tolist() == [1, 1, 3]


def test_nobody_has_photometry() -> None:
    found = rank_among_peers(np.full(3, np.nan), np.zeros(3), np.arange(3), np.arange(1, 4))
    assert found.n_peer.tolist() == [0, 0, 0]
    assert np.isnan(found.rank).all()
    assert np.isnan(found.density).all()


def test_a_star_that_is_alone_has_no_peers() -> None:
    found = rank_among_peers(np.array([1.0, np.nan]), np.zeros(2), np.arange(2), np.array([1, 2]))
    assert found.n_peer.tolist() == [0, 0]
    assert np.isnan(found.rank).all()
    assert np.isnan(found.density).all()
