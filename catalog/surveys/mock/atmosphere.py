"""The light of a star: a black body, corrected smoothly, behind the optical depths of its features.

ln flux = ln B(Teff) + smooth(Teff, log g) - sum of strength(Teff, log g, [Fe/H]) * optical depth(wavelength). Strengths
are fitted to real stars; benchmarks/strengths.py makes their table. It looks like a star; it is no model of one.
"""

import csv
from functools import cache
from pathlib import Path

import numpy as np
from numpy.random import Generator

from catalog.surveys.mock.features import FEATURES, hydrogen, lines
from catalog.surveys.mock.grid import WIDE

STRENGTHS = Path(__file__).with_name("strengths.csv")

NODES = {
    "dwarf": np.array(
        [2380, 2570, 2810, 3060, 3210, 3430, 3660, 3850, 4300, 4800, 5300, 5800, 6350, 7200, 8500, 10000, 13000, 18000,
         26000, 41400], float),
    "giant": np.array(
        [2500, 2700, 2900, 3150, 3300, 3450, 3650, 3850, 4200, 4600, 5000, 5600, 6500, 7800, 9500, 12000, 17000, 31700],
        float),
}  # fmt: skip
"""Effective temperatures, K, at which strengths are known."""

N_SMOOTH = 5
"""Order of the smooth correction of the black body."""

GIANT, DWARF = 2.0, 4.4
"""log g of the giants and of the dwarfs that the strengths were fitted to."""

WHITE_DWARF = 6.5
"""log g above which a star is a white dwarf."""

# How a strength grows with abundance: exponents of 10 ** [Fe/H] and of 10 ** [alpha/Fe].
METALS = {
    **dict.fromkeys([name for name in FEATURES if name.startswith("metals")], (0.45, 0.0)),
    **dict.fromkeys(("Ca II H and K", "Ca II triplet", "Ca I", "Mg b", "MgH"), (0.35, 0.35)),
    **dict.fromkeys(("Na D", "Na 8190", "K 7680"), (0.4, 0.0)),
    **dict.fromkeys(("CH", "CN"), (0.5, 0.0)),
    **dict.fromkeys([name for name in FEATURES if name.startswith(("TiO", "VO", "H2O"))], (0.45, 0.3)),
    **dict.fromkeys(("CaH", "FeH"), (0.1, 0.0)),
}


def continuum(wavelength: np.ndarray, teff: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shapes of the smooth correction (N_SMOOTH, n_pixel), and ln B, 0 at 5500 Angstrom, (n, n_pixel).

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Angstrom.
    teff : ndarray, (n,)
        Of the black bodies, K.
    """
    # Chebyshev polynomials of the wavenumber, -1 at 10700 and 1 at 3300 Angstrom.
    x = 2 * (1 / wavelength - 1 / 10700) / (1 / 3300 - 1 / 10700) - 1
    shapes = np.polynomial.chebyshev.chebvander(x, N_SMOOTH)[:, 1:].T
    reference = -np.log(np.expm1(1.4388e8 / (5500 * teff)))
    black_body = -5 * np.log(wavelength / 5500) - np.log(np.expm1(1.4388e8 / np.outer(teff, wavelength)))
    return shapes, black_body - reference[:, None]


def interpolation(nodes: np.ndarray, teff: np.ndarray) -> np.ndarray:
    """Weight of every node (n_node,) for every star (n,), both K: (n, n_node).

    Linear in the logarithm of the temperature, and constant beyond the ends.
    """
    unit = np.eye(len(nodes))
    return np.stack([np.interp(np.log(teff), np.log(nodes), row) for row in unit], axis=1)


@cache
def _table() -> dict[str, np.ndarray]:
    with STRENGTHS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return {name: np.array([row[2:] for row in rows if row[0] == name], float) for name in NODES}


@cache
def _templates() -> np.ndarray:
    """What the strengths multiply, (n_strength, n_wide): smooth shapes, then the features as what they take away."""
    shapes, _ = continuum(WIDE, np.array([5000.0]))
    return np.concatenate([shapes, -np.stack([feature(WIDE) for feature in FEATURES.values()])])


@cache
def _white_dwarf_lines() -> np.ndarray:
    """Balmer lines under the pressure of a white dwarf's surface, at strength 1, (n_wide,)."""
    return lines(WIDE, hydrogen(2, 9), [0.45, 0.65, 0.75, 0.7, 0.5, 0.35, 0.2], 38)


def strengths(stars: np.ndarray) -> np.ndarray:
    """How strong every template is in every star, (n, n_strength); `stars` (n,) of type STAR."""
    gravity = np.clip((stars["logg"] - GIANT) / (DWARF - GIANT), 0, 1)[:, None]
    table = _table()
    of_dwarf, of_giant = (
        interpolation(NODES[name], np.clip(stars["teff"], 2300, 45000)) @ table[name] for name in ("dwarf", "giant")
    )
    strength = gravity * of_dwarf + (1 - gravity) * of_giant
    exponents = np.array([METALS.get(name, (0.0, 0.0)) for name in FEATURES])
    strength[:, N_SMOOTH:] *= 10 ** (
        np.outer(stars["fe_h"], exponents[:, 0]) + np.outer(stars["alpha_fe"], exponents[:, 1])
    )
    return strength


def photospheres(stars: np.ndarray) -> np.ndarray:
    """Light that leaves the stars, on the wide grid, before any oddity, dust or instrument.

    Parameters
    ----------
    stars : ndarray, (n,) of type STAR
        Whose light it is.

    Returns
    -------
    ndarray, (n, n_wide) float64
        1 near 5500 Angstrom but for its absorption there.
    """
    _, ln_black_body = continuum(WIDE, stars["teff"])
    ln_flux = ln_black_body + strengths(stars) @ _templates()
    degenerate = stars["logg"] > WHITE_DWARF
    # Balmer lines are strongest near 12,500 K and gone, for our purpose, below 6000 K.
    balmer = 1.2 * np.exp(-((np.log(stars["teff"][degenerate] / 12500) / 0.5) ** 2) / 2)
    ln_flux[degenerate] = ln_black_body[degenerate] - np.outer(balmer, _white_dwarf_lines())
    flux: np.ndarray = np.exp(ln_flux)
    return flux


def chromosphere(stars: np.ndarray, generator: Generator) -> np.ndarray:
    """Hydrogen in emission of active M dwarfs among stars (n,) of type STAR, as a factor (n, n_wide).

    Advances the generator. By West et al. 2008 (AJ 135, 785) they are ordinary: a tenth of M2 and most of M6.
    """
    probability = np.clip((3600 - stars["teff"]) / 900, 0, 0.8) * (stars["logg"] > 4)
    active = (generator.random(len(stars)) < probability) * generator.exponential(1.0, len(stars))
    series = hydrogen(2, 6)
    profile = lines(WIDE, series, [1.0, 0.7, 0.5, 0.4], 1.3)
    return 1 + np.outer(active, profile)
