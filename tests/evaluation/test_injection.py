"""Hosts where such stars lie, and the same spectra from the same seed."""

import numpy as np
import pytest
from files import WAVELENGTH, smooth_flux

from catalog.errors import CatalogError
from catalog.evaluation.injection import FEWEST_IN_REGION, STRENGTHS, Injection, choose_hosts, plant
from catalog.surveys.mock.oddities import ODDITIES

N = 400
KIND = "wd-m-dwarf"


@pytest.fixture
def cmd() -> tuple[np.ndarray, np.ndarray]:
    """BP-RP and M_G of stars all over the diagram; of every tenth nothing is known."""
    generator = np.random.default_rng(0)
    bp_rp, abs_g = generator.uniform(-1, 5, N), generator.uniform(-4, 14, N)
    bp_rp[::10] = np.nan
    return bp_rp, abs_g


def test_hosts_lie_in_the_region_of_the_kind_and_are_eligible(cmd: tuple[np.ndarray, np.ndarray]) -> None:
    eligible = np.arange(N) % 2 == 1
    hosts = choose_hosts(KIND, 3, eligible, *cmd, seed=0)
    assert hosts.in_region
    assert len(set(hosts.index)) == 3
    for values, (lo, hi) in zip(cmd, (ODDITIES[KIND].bp_rp, ODDITIES[KIND].abs_g), strict=True):
        assert ((values[hosts.index] >= lo) & (values[hosts.index] <= hi)).all()
    assert eligible[hosts.index].all()


def inside(cmd: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    regions = ODDITIES[KIND].bp_rp, ODDITIES[KIND].abs_g
    return np.all([(values >= lo) & (values <= hi) for values, (lo, hi) in zip(cmd, regions, strict=True)], axis=0)


def test_a_region_with_fewer_hosts_than_asked_for_gives_what_it_has(cmd: tuple[np.ndarray, np.ndarray]) -> None:
    there = inside(cmd)
    hosts = choose_hosts(KIND, N, np.ones(N, bool), *cmd, seed=0)
    assert hosts.in_region
    assert np.array_equal(hosts.index, np.flatnonzero(there))
    assert FEWEST_IN_REGION <= len(hosts.index) < N


def test_where_the_region_is_next_to_empty_any_eligible_spectrum_is_a_host(cmd: tuple[np.ndarray, np.ndarray]) -> None:
    eligible = ~inside(cmd) & (np.arange(N) < 250)
    eligible[np.flatnonzero(inside(cmd))[: FEWEST_IN_REGION - 1]] = True
    hosts = choose_hosts(KIND, 100, eligible, *cmd, seed=0)
    assert (len(hosts.index), hosts.in_region) == (100, False)
    assert eligible[hosts.index].all()
    eligible = np.arange(N) < 250
    unknown = np.full(N, np.nan)
    assert len(choose_hosts(KIND, 300, eligible, unknown, unknown, seed=0).index) == 250


def test_the_choice_is_random_and_repeatable(cmd: tuple[np.ndarray, np.ndarray]) -> None:
    def chosen(kind: str, seed: int) -> list[int]:
        return choose_hosts(kind, 10, np.ones(N, bool), *cmd, seed).index.tolist()

    assert chosen(KIND, 0) == chosen(KIND, 0)
    assert len({tuple(chosen(*which)) for which in ((KIND, 0), (KIND, 1), ("arm-step", 0))}) == 3


def test_one_kind_does_not_depend_on_which_others_are_planted() -> None:
    flux = smooth_flux(4)
    hosts = {kind: (flux, np.full_like(flux, np.nan)) for kind in ("arm-step", "cosmic-rays")}
    both = {(block.kind, block.strength): block.flux for block in plant(WAVELENGTH, hosts, (1.0, 2.0), 0)}
    alone = list(plant(WAVELENGTH, {"cosmic-rays": hosts["cosmic-rays"]}, (2.0,), 0))
    assert len(both) == 4
    assert np.array_equal(alone[0].flux, both["cosmic-rays", 2.0])


def test_a_spectrum_that_is_not_changed_is_known() -> None:
    inside = (WAVELENGTH > 5000) & (WAVELENGTH < 6000)
    flux = smooth_flux(3)[:, inside]
    hosts = {kind: (flux, np.full_like(flux, np.nan)) for kind in ("artifact-9500", "ch-star")}
    changed = {block.kind: block.changed.tolist() for block in plant(WAVELENGTH[inside], hosts, (1.0,), 0)}
    assert changed == {"artifact-9500": [False] * 3, "ch-star": [True] * 3}


def test_what_is_asked_is_put_in_one_spelling() -> None:
    assert Injection(("ch-star", "ch-star"), (2, 1)) == Injection(("ch-star",), (1.0, 2.0, 2.0))
    assert Injection() == Injection(tuple(ODDITIES), STRENGTHS, 50)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"kinds": ("ch-starr",)}, "no kind ch-starr; there are: .*ch-star"),
        ({"strengths": (0.0, 1.0)}, "strengths 0, 1: give numbers above 0"),
        ({"strengths": (float("nan"),)}, "give numbers above 0"),
        ({"strengths": ()}, "give numbers above 0"),
        ({"hosts": 0}, "0 hosts: give at least 1"),
    ],
)
def test_what_cannot_be_planted_is_refused(asked: dict, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Injection(**asked)
