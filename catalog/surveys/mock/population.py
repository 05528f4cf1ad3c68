"""The stars of a mock survey: where they lie in the colour-magnitude diagram, and which of them are odd."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from catalog.surveys.mock.oddities import ODDITIES
from catalog.surveys.mock.star import STAR


@dataclass(frozen=True)
class Sequence:
    """Stars along a line of (Teff, M_G, log g), as many along one stretch as along another.

    Attributes
    ----------
    name : str
        Of the sequence.
    fraction : float
        Of the survey's stars.
    points : tuple of tuple of float
        Effective temperature in K, M_G in mag and log g, along the line.
    scatter : float
        Of M_G, mag.
    """

    name: str
    fraction: float
    points: tuple[tuple[float, float, float], ...]
    scatter: float


# Dwarfs: Pecaut & Mamajek 2013 (ApJS 208, 9; table of 2021.03.02). The others: Gaia Collaboration, Babusiaux et al.
# 2018 (A&A 616, A10), by eye from their Figs. 1, 5 and 10, with Teff from their colours. Fractions: as in the figure of
# MaStar by Yan et al. 2019 (ApJ 883, 175), mostly F, G and K dwarfs and giants with thin ends.
SEQUENCES = (
    Sequence("OB dwarfs", 0.020, ((40000, -4.8, 4.0), (26000, -2.9, 4.0), (17000, -1.2, 4.1), (10700, 0.5, 4.1)), 0.4),
    Sequence("A dwarfs", 0.045, ((10700, 0.5, 4.1), (8550, 1.6, 4.2), (7220, 2.6, 4.2)), 0.3),
    Sequence("F and G dwarfs", 0.300, ((7220, 2.6, 4.2), (6550, 3.3, 4.2), (6180, 3.9, 4.3), (5660, 4.8, 4.5)), 0.25),
    Sequence("K dwarfs", 0.120, ((5660, 4.8, 4.5), (5270, 5.5, 4.55), (4830, 6.2, 4.6), (4100, 7.5, 4.65)), 0.2),
    Sequence("M dwarfs", 0.070, ((4100, 7.5, 4.65), (3660, 8.6, 4.75), (3430, 9.7, 4.9), (3060, 12.2, 5.1)), 0.25),
    Sequence("late M dwarfs", 0.003, ((3060, 12.2, 5.1), (2680, 14.6, 5.2), (2400, 16.3, 5.3)), 0.25),
    Sequence("subgiants", 0.090, ((6200, 3.2, 4.0), (5600, 3.2, 3.8), (5200, 3.1, 3.5)), 0.3),
    Sequence("red giants", 0.180, ((5150, 3.0, 3.4), (4850, 1.8, 2.9), (4500, 0.0, 2.2), (4100, -1.2, 1.4)), 0.3),
    Sequence("red clump", 0.095, ((5000, 0.6, 2.6), (4650, 0.4, 2.4)), 0.2),
    Sequence("tip of the giant branch", 0.025, ((4100, -1.2, 1.4), (3850, -1.8, 0.9), (3650, -2.2, 0.6)), 0.3),
    Sequence("AGB", 0.008, ((3650, -2.2, 0.6), (3450, -2.2, 0.3), (3230, -1.4, 0.0)), 0.4),
    Sequence("horizontal branch", 0.015, ((6800, 0.6, 2.9), (9000, 0.7, 3.3), (13000, 1.6, 3.8)), 0.15),
    Sequence("blue stragglers", 0.015, ((8300, 2.2, 4.2), (7000, 3.0, 4.2)), 0.2),
    Sequence("hot subdwarfs", 0.004, ((36000, 4.6, 5.7), (26000, 4.2, 5.5)), 0.3),
    Sequence("white dwarfs", 0.010, ((30000, 9.8, 8.0), (14000, 11.2, 8.0), (7500, 13.2, 8.0)), 0.3),
)

# Fraction, mean [Fe/H] and its scatter: thin disc, thick disc, halo (Bland-Hawthorn & Gerhard 2016, ARA&A 54, 529;
# MaStar reaches for the metal-poor).
POPULATIONS = ((0.70, -0.10, 0.22), (0.20, -0.60, 0.25), (0.10, -1.40, 0.45))

# Input catalog, prefix of its ids, fraction.
INPUTS = (("apass", "3", 0.42), ("ps1", "7", 0.42), ("gaiadr2", "60", 0.16))

STRENGTHS = ((0.25, 0.15), (0.5, 0.2), (1.0, 0.3), (2.0, 0.2), (4.0, 0.15))
"""Strength of an oddity, and the fraction of the odd stars that have it."""

WITHOUT_GAIA = 0.003
IN_SMALL = 0.8
FIRST_MJD, LAST_MJD = 56741, 59031
MK = np.array(list("OBAFGKM"))
MK_LIMITS = np.array([31500, 10000, 7300, 6000, 5300, 3900])


def draw(n_star: int, anomaly_fraction: float, generator: Generator) -> np.ndarray:
    """The stars of a survey, (n_star,) of type STAR, ordered by id; colours and magnitudes of BP and RP are still 0.

    Advances the generator.

    Parameters
    ----------
    n_star : int
        How many.
    anomaly_fraction : float
        Of the stars, rounded; kinds take turns, so that even a few odd stars differ.
    generator : Generator
        What is random comes from it.
    """
    stars = np.zeros(n_star, STAR)
    share = np.array([sequence.fraction for sequence in SEQUENCES])
    member = generator.choice(len(SEQUENCES), n_star, p=share / share.sum())
    along = generator.random(n_star)
    for index, sequence in enumerate(SEQUENCES):
        _place(stars, member == index, sequence, along)
    _abundances(stars, generator)
    stars["abs_g"] += generator.standard_normal(n_star) * np.array([s.scatter for s in SEQUENCES])[member]
    # Poor in metals, a dwarf is smaller and fainter at its temperature.
    stars["abs_g"] += np.where(stars["logg"] > 4, -0.5 * np.minimum(stars["fe_h"], 0), 0)
    stars["teff"] *= np.exp(0.01 * generator.standard_normal(n_star))
    stars["spectral_type"] = _spectral_types(stars)
    _plant(stars, round(anomaly_fraction * n_star), generator)
    _sky(stars, generator)
    _visits(stars, generator)
    _identify(stars, generator)
    stars.sort(order="mangaid")
    return stars


def _place(stars: np.ndarray, chosen: np.ndarray, sequence: Sequence, along: np.ndarray) -> None:
    """Teff, M_G and log g along a sequence, in place."""
    teff, abs_g, logg = np.array(sequence.points).T
    place = along[chosen] * (len(teff) - 1)
    step = np.arange(len(teff))
    stars["teff"][chosen] = np.exp(np.interp(place, step, np.log(teff)))
    stars["abs_g"][chosen] = np.interp(place, step, abs_g)
    stars["logg"][chosen] = np.interp(place, step, logg)
    stars["sequence"][chosen] = sequence.name


def _abundances(stars: np.ndarray, generator: Generator) -> None:
    fraction, mean, scatter = np.array(POPULATIONS).T
    population = generator.choice(len(POPULATIONS), len(stars), p=fraction)
    # Hot and massive stars are young, and so of the thin disc.
    population[stars["teff"] > 7500] = 0
    drawn = mean[population] + scatter[population] * generator.standard_normal(len(stars))
    stars["fe_h"] = np.clip(drawn, -2.7, 0.5)
    # The knee of [alpha/Fe]: Bensby, Feltzing & Oey 2014 (A&A 562, A71).
    plateau = np.where(population == 0, 0.15, 0.4)
    stars["alpha_fe"] = np.clip(-0.3 * stars["fe_h"], 0, plateau) + 0.03 * generator.standard_normal(len(stars))


def _spectral_types(stars: np.ndarray) -> np.ndarray:
    letter = MK[np.searchsorted(-MK_LIMITS, -stars["teff"])]
    luminosity = np.select([stars["logg"] > 6.5, stars["logg"] > 3.8, stars["logg"] > 3.4], ["wd", "V", "IV"], "III")
    return np.strings.add(letter, luminosity)


def _plant(stars: np.ndarray, count: int, generator: Generator) -> None:
    """Makes ordinary stars odd, in place: each kind where its hosts lie in the colour-magnitude diagram."""
    strength, fraction = np.array(STRENGTHS).T
    bp_rp = approximate_bp_rp(stars)
    left = list(ODDITIES.values())
    while count and left:
        # Kinds take turns, and drop out when their hosts are used up.
        oddity = left.pop(0)
        host = (
            (stars["kind"] == "")
            & (bp_rp >= oddity.bp_rp[0]) & (bp_rp <= oddity.bp_rp[1])
            & (stars["abs_g"] >= oddity.abs_g[0]) & (stars["abs_g"] <= oddity.abs_g[1])
        )  # fmt: skip
        if host.any():
            star = generator.choice(np.flatnonzero(host))
            stars["kind"][star] = oddity.kind
            stars["strength"][star] = generator.choice(strength, p=fraction)
            left.append(oddity)
            count -= 1


def approximate_bp_rp(stars: np.ndarray) -> np.ndarray:
    """BP-RP of ordinary stars by temperature, (n,) mag: Pecaut & Mamajek 2013; of giants below 3900 K, our own."""
    teff = [2400, 2800, 3060, 3430, 3850, 4440, 5270, 5770, 6550, 7220, 8080, 9700, 17000, 40000]
    dwarf = [4.8, 4.0, 3.35, 2.5, 1.84, 1.43, 0.98, 0.82, 0.59, 0.38, 0.19, 0.0, -0.22, -0.5]
    giant = [5.2, 4.8, 4.3, 3.0, 1.75, 1.35, 1.0, 0.82, 0.59, 0.38, 0.19, 0.0, -0.22, -0.5]
    is_giant = stars["logg"] < 3
    bp_rp: np.ndarray = np.where(is_giant, np.interp(stars["teff"], teff, giant), np.interp(stars["teff"], teff, dwarf))
    return bp_rp


def _sky(stars: np.ndarray, generator: Generator) -> None:
    """Positions, brightness, dust, motions, in place."""
    n_star = len(stars)
    stars["ra"] = generator.uniform(0, 360, n_star)
    stars["dec"] = np.degrees(np.arcsin(generator.uniform(-0.3, 0.95, n_star)))
    stars["g_mag"] = np.clip(generator.normal(14, 1.3, n_star), 9, 17.5)
    # Faint dwarfs are near: there is little dust before them.
    depth = np.clip((stars["g_mag"] - stars["abs_g"]) / 12, 0.1, 1.2)
    stars["ebv"] = np.minimum(generator.exponential(0.09, n_star) * depth, 1.0)
    # 50 km/s across the line of sight; the distance is not yet corrected for dust.
    distance_pc = 10 ** ((stars["g_mag"] - stars["abs_g"] + 5) / 5)
    stars["pmra"], stars["pmdec"] = generator.normal(0, 1e3 * 50 / 4.74 / distance_pc, (2, n_star))
    stars["velocity"] = np.where(
        stars["fe_h"] < -1, generator.normal(-30, 130, n_star), generator.normal(-10, 40, n_star)
    )


def _visits(stars: np.ndarray, generator: Generator) -> None:
    n_star = len(stars)
    stars["n_visits"] = np.clip(generator.geometric(0.41, n_star), 1, 12)
    stars["min_mjd"] = generator.integers(FIRST_MJD, LAST_MJD - 400, n_star)
    apart = generator.integers(1, 30, n_star) * (stars["n_visits"] - 1)
    stars["max_mjd"] = stars["min_mjd"] + apart
    # S/N of the visits of DR17: from 6 to 1024, median 96; brighter stars are better.
    spread = 0.68 * generator.standard_normal(n_star) - 0.2 * (stars["g_mag"] - 14)
    stars["snr"] = np.clip(100 * np.exp(spread), 6, 1000)
    # An oddity lost in noise would tell nothing about a method; its end of the giant branch is faint in the blue.
    odd = stars["kind"] != ""
    stars["snr"][odd] = np.maximum(stars["snr"][odd], 80)
    stars["in_small"] = generator.random(n_star) < IN_SMALL


def _identify(stars: np.ndarray, generator: Generator) -> None:
    """Ids, (3-, 7- or 60- and a number; some padded with zeros), and Gaia's, in place."""
    n_star = len(stars)
    source = generator.choice(len(INPUTS), n_star, p=[fraction for *_, fraction in INPUTS])
    stars["input_catalog"] = np.array([name for name, *_ in INPUTS])[source]
    number = 300_000 + generator.choice(28_000_000, n_star, replace=False)
    stars["source_id"] = 10**18 + number * 2**36
    padded = (stars["input_catalog"] == "ps1") & (number < 1_000_000)
    suffix = np.where(padded, np.strings.zfill(number.astype("U8"), 8), number.astype("U8"))
    suffix = np.where(stars["input_catalog"] == "gaiadr2", stars["source_id"].astype("U19"), suffix)
    prefix = np.array([prefix for _, prefix, _ in INPUTS])[source]
    stars["mangaid"] = np.strings.add(np.strings.add(prefix, "-"), suffix)
    # A star that was selected from Gaia is in Gaia.
    candidates = np.flatnonzero((stars["kind"] == "") & (stars["input_catalog"] != "gaiadr2"))
    count = min(len(candidates), round(WITHOUT_GAIA * n_star))
    stars["source_id"][generator.choice(candidates, count, replace=False)] = 0
