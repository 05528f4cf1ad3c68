"""The light of mock stars: colours as published, lines and bands where and when they should be."""

import numpy as np
import pytest
from mock_stars import depth, star

from catalog.extinction import extinction
from catalog.surveys.mock.atmosphere import photospheres
from catalog.surveys.mock.features import FEATURES, air_to_vacuum
from catalog.surveys.mock.grid import MASTAR, WIDE
from catalog.surveys.mock.photometry import magnitudes


@pytest.mark.parametrize(
    ("teff", "expected"),
    [(7220, 0.38), (6550, 0.59), (5770, 0.82), (5270, 0.98), (4440, 1.43), (3850, 1.84), (3430, 2.50)],
)
def test_colours_of_dwarfs_are_those_published(teff: float, expected: float) -> None:
    """Pecaut & Mamajek 2013, table of 2021.03.02."""
    mag = magnitudes(photospheres(star(teff)), photospheres(star(9550, 4.0))[0])[0]
    assert abs(mag[1] - mag[2] - expected) < 0.08


def test_lines_are_strongest_in_their_own_types() -> None:
    flux = {teff: photospheres(star(teff))[0] for teff in (3300, 4300, 5800, 9500, 17000, 40000)}
    h_beta = {teff: depth(spectrum, 4861.33) for teff, spectrum in flux.items()}
    assert max(h_beta, key=h_beta.__getitem__) == 9500
    assert depth(flux[4300], 5891.0, 40) > 2 * depth(flux[5800], 5891.0, 40)
    assert depth(flux[40000], 4685.7, 30) > depth(flux[9500], 4685.7, 30) + 0.02
    assert depth(flux[17000], 4471.5, 20) > depth(flux[5800], 4471.5, 20)
    # The head of TiO at 7054: bright before it, dark behind it.
    before, behind = (np.interp(air_to_vacuum(air), WIDE, flux[3300]) for air in (7040, 7100))
    assert behind < 0.85 * before


def test_metals_move_together() -> None:
    rich, poor = (photospheres(star(5800, fe_h=fe_h))[0] for fe_h in (0.0, -2.0))
    for air in (3933.66, 4383.5, 5183.6, 5269.5, 8542.09):
        assert depth(rich, air, 25) > 1.2 * depth(poor, air, 25)
    assert depth(rich, 6562.8) == pytest.approx(depth(poor, 6562.8), abs=0.03)


def test_giants_differ_from_dwarfs() -> None:
    giant, dwarf = photospheres(star(3700, 1.0))[0], photospheres(star(3700, 4.7))[0]
    assert depth(dwarf, 8194.8, 30) > depth(giant, 8194.8, 30) + 0.05
    assert depth(giant, 8542.09, 30) > depth(dwarf, 8542.09, 30)


def test_white_dwarfs_have_broad_balmer_lines() -> None:
    wing = 4861.33 + 30
    dwarf, white_dwarf = (photospheres(star(12000, logg))[0] for logg in (4.4, 8.0))
    assert depth(white_dwarf, wing, 90) > 1.5 * depth(dwarf, wing, 90)


def test_every_feature_absorbs_somewhere_on_the_grid() -> None:
    for feature in FEATURES.values():
        taken = feature(WIDE)
        assert np.all(np.isfinite(taken))
        assert np.abs(taken[MASTAR]).max() > 0.1


def test_extinction_at_the_bands_of_johnson() -> None:
    """Cardelli, Clayton & Mathis 1989, table 3: A(B) / A(V) = 1.337, A(I) / A(V) = 0.479."""
    b, v, i = extinction(np.array([4400.0, 5495.0, 9000.0])) / 3.1
    assert (b / v, i / v) == pytest.approx((1.337, 0.479), abs=0.02)
