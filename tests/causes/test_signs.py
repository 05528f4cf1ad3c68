"""Every kind of oddity bears its sign, and an ordinary star none."""

import numpy as np
import pytest
from files import WAVELENGTH
from planted_spectra import planted, star

from catalog.causes.signs import Signs, signs
from catalog.surveys.mock.features import FEATURES


def signs_of(kind: str, strength: float = 1.0, slope: float = 0.0, seed: int = 0) -> Signs:
    flux, _, reconstruction = planted(kind, strength, seed, slope)
    return signs(WAVELENGTH, flux, reconstruction)


def test_an_ordinary_star_has_none() -> None:
    clean, noisy = star()
    found = signs(WAVELENGTH, noisy, clean)
    for name in ("c2", "cn", "tio", "ch", "balmer", "ap", "ap_lines", "step"):
        assert getattr(found, name) == pytest.approx(0, abs=0.02)
    assert abs(found.shift) < 10
    assert found.fringe_share is not None
    assert found.fringe_share < 0.1


@pytest.mark.parametrize("kind", ["ch-star", "cn-star", "dwarf-carbon"])
def test_carbon_is_deeper_blueward_of_its_heads(kind: str) -> None:
    found = signs_of(kind)
    assert found.c2 is not None
    assert found.c2 > 0.3
    assert max(found.ch or 0, found.cn or 0) > 0.1


def test_titanium_oxide_is_no_carbon_though_it_has_a_head_at_the_same_place() -> None:
    clean, _ = star(slope=2)
    depth = sum(FEATURES[name](WAVELENGTH) for name in ("TiO 4955", "TiO 5167", "TiO 5448", "TiO 7054", "TiO 6158"))
    found = signs(WAVELENGTH, clean * np.exp(-depth), clean)
    assert found.c2 is not None
    assert found.c2 < 0.02
    assert found.tio_head is not None
    assert found.tio_head > 0.3


def test_emission_stands_above_the_light_beside_it() -> None:
    found = signs_of("emission-line", slope=-2)
    assert found.balmer is not None
    assert found.balmer_own is not None
    assert found.balmer > found.balmer_own > 0.1
    assert found.hydrogen_share > 0.5


@pytest.mark.parametrize("strength", [0.5, 1, 4])
def test_a_velocity_is_measured(strength: float) -> None:
    found = signs_of("wrong-velocity", strength)
    assert abs(found.shift) == pytest.approx(300 * strength, rel=0.05)
    assert found.shift_share > 0.12


@pytest.mark.parametrize(("kind", "sign", "least"), [
    ("sky-residual", "sky_contrast", 2.2), ("fringing", "fringe_share", 0.5), ("cosmic-rays", "spike_share", 0.5),
    ("chemically-peculiar", "ap_lines", 0.07), ("wd-m-dwarf", "balmer_wings", 0.1), ("wd-m-dwarf", "blue_excess", 0.1),
])  # fmt: skip
def test_each_kind_has_its_sign(kind: str, sign: str, least: float) -> None:
    assert getattr(signs_of(kind, slope=3 if kind == "wd-m-dwarf" else -1), sign) > least


def test_the_step_between_the_arms_is_measured() -> None:
    found = signs_of("arm-step")
    assert found.step is not None
    assert abs(found.step) == pytest.approx(1.086 * 0.15, rel=0.2)


def test_what_the_window_does_not_hold_is_unknown() -> None:
    clean, noisy = star()
    blue = WAVELENGTH < 4500
    found = signs(WAVELENGTH[blue], noisy[blue], clean[blue])
    unknown = ("c2", "cn", "tio", "ap", "step", "sky_contrast", "fringe_share")
    assert [getattr(found, name) for name in unknown] == [None] * len(unknown)
    assert found.ch is not None


def test_a_smooth_curve_is_no_step() -> None:
    clean, noisy = star()
    curved = noisy * (1 + 0.2 * np.sin(WAVELENGTH / 300))
    found = signs(WAVELENGTH, curved, clean)
    assert found.step is not None
    assert abs(found.step) < 0.06
