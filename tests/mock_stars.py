"""Mock stars, visits and spectra, and what a line takes from their light, for tests."""

import numpy as np

from catalog.surveys.mock.features import air_to_vacuum
from catalog.surveys.mock.gaia import gaia_edr3
from catalog.surveys.mock.grid import WIDE
from catalog.surveys.mock.parameters import parameters
from catalog.surveys.mock.star import SPECTRUM, STAR, VISIT


def star(teff: float, logg: float = 4.4, fe_h: float = 0.0) -> np.ndarray:
    """(1,) of STAR."""
    one = np.zeros(1, STAR)
    one["teff"], one["logg"], one["fe_h"] = teff, logg, fe_h
    return one


def depth(flux: np.ndarray, air: float, beside: float = 60.0) -> float:
    """What a line takes away at a wavelength, against the flux `beside` it on both sides."""
    center = air_to_vacuum(air)
    level = np.interp([center - beside, center, center + beside], WIDE, flux)
    return float(1 - level[1] / (level[0] + level[2]) * 2)


def make_stars(n_star: int, seed: int = 0) -> np.ndarray:
    """Stars of all input catalogs; every tenth is odd, and every seventh without a match in Gaia."""
    generator = np.random.default_rng(seed)
    stars = np.zeros(n_star, STAR)
    number = np.arange(n_star)
    stars["mangaid"] = [f"7-{index:08d}" for index in number]
    stars["kind"][number % 10 == 3] = "carbon"
    stars["input_catalog"] = np.array(["ps1", "apass", "gaiadr2"])[number % 3]
    stars["source_id"] = np.where(number % 7 == 5, 0, 2**60 + 1 + number)
    stars["spectral_type"] = "GV"
    for name, low, high in (
        ("teff", 3000, 20000), ("logg", 0, 5), ("fe_h", -2, 0.4), ("alpha_fe", 0, 0.4), ("abs_g", -2, 12),
        ("bp_rp0", -0.3, 3), ("ebv", 0, 0.5), ("distance_pc", 50, 5000), ("g_mag", 9, 17), ("ra", 0, 360),
        ("dec", -20, 80), ("pmra", -50, 50), ("pmdec", -50, 50), ("velocity", -100, 100), ("snr", 20, 300),
    ):  # fmt: skip
        stars[name] = generator.uniform(low, high, n_star)
    stars["bp_mag"] = stars["g_mag"] + 0.4 * (stars["bp_rp0"] + 1.3 * stars["ebv"])
    stars["rp_mag"] = stars["g_mag"] - 0.6 * (stars["bp_rp0"] + 1.3 * stars["ebv"])
    stars["n_visits"] = generator.integers(1, 5, n_star)
    stars["min_mjd"] = 57000
    stars["max_mjd"] = 57000 + 10 * stars["n_visits"]
    return stars


def make_visits(stars: np.ndarray, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    visits = np.zeros(stars["n_visits"].sum(), VISIT)
    n_visit = len(visits)
    visits["star"] = np.repeat(np.arange(len(stars)), stars["n_visits"])
    visits["plate"], visits["ifudesign"] = 9000 + visits["star"] % 3, "12701"
    visits["mjd"] = generator.integers(57000, 58000, n_visit)
    visits["exptime"], visits["n_exposure"] = 900, generator.integers(2, 6, n_visit)
    visits["velocity_error"] = generator.uniform(0.5, 3, n_visit)
    visits["velocity"] = generator.normal(stars["velocity"][visits["star"]], visits["velocity_error"])
    visits["mjdqual"], visits["snr"], visits["snr10"] = 1024, 80, 120
    return visits


def make_spectra(n_spectrum: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    spectra = np.zeros(n_spectrum, SPECTRUM)
    spectra["flux"] = generator.normal(100, 1, spectra["flux"].shape)
    spectra["ivar"], spectra["mask"][:, :5] = 1, 1 << 25
    return spectra


STARS = make_stars(300)
VISITS = make_visits(STARS)
GAIA = gaia_edr3(STARS, np.random.default_rng(1))
FOUND = parameters(STARS, np.random.default_rng(1))
MATCHED = STARS["source_id"] > 0
