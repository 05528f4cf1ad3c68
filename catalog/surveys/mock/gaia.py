"""The match of mock stars with Gaia EDR3, 2MASS, Pan-STARRS and SIMBAD, as MaStar's catalog has it.

Columns, types and units: https://skyserver.sdss.org/dr17/MoreTools/browser, table mastar_goodstars_xmatch_gaiaedr3.
Unknown is -999, and blank text.
"""

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.random import Generator

from catalog.surveys.mock.layouts import GAIA_EDR3
from catalog.surveys.mock.mwrfits import table_rows
from catalog.surveys.mock.rows import Columns, position_at, sdss_magnitudes, star_columns, where_known

# Vega magnitude of one electron per second: Riello et al. 2021 (A&A 649, A3), https://www.cosmos.esa.int/web/gaia/
# edr3-passbands. Median errors of the mean magnitudes, mag, at G = 13 and brighter, 17 and 20:
# https://www.cosmos.esa.int/web/gaia/earlydr3.
_ZERO_POINTS = {"G": 25.6873668671, "BP": 25.3385422158, "RP": 24.7478955012}
_MAGNITUDE_ERRORS = {"G": (0.0003, 0.001, 0.006), "BP": (0.0009, 0.012, 0.108), "RP": (0.0006, 0.006, 0.052)}

# Extinction per E(B-V) in Gaia's bands: Casagrande & VandenBerg 2018 (MNRAS 479, L102).
_A_G, _E_BP_RP = 2.74, 3.374 - 2.035

# G - J, H, Ks as polynomials in BP - RP, for colours from -0.5 to 2.5: Gaia DR3 documentation, section 5.5.1. They
# scatter by this at least. The Ks at which 2MASS still has a signal-to-noise ratio of 10: Skrutskie et al. 2006 (AJ
# 131, 1163).
_GAIA_TO_2MASS = {"J": (0.01798, 1.389, -0.09338), "H": (-0.1048, 2.011, -0.1758), "K": (-0.0981, 2.089, -0.1579)}
_SCATTER_OF_2MASS, _FAINTEST_OF_2MASS = 0.05, 14.3

IN_SIMBAD = 0.3
"""Fraction of the ordinary stars."""


def gaia_edr3(stars: np.ndarray, generator: Generator) -> np.ndarray:
    """(n,) rows of GAIA_EDR3, the match of stars (n,) of STAR with Gaia, 2MASS, Pan-STARRS and SIMBAD.

    Advances the generator. Raises ValueError for an unknown input catalog.

    Notes
    -----
    Errors are of the size of Gaia's at that magnitude, and the values scatter by them around the truth; the distances
    and the absolute magnitude follow the parallax. What is -999 or blank: all of Gaia and 2MASS without a source id
    (GAIA_CLEANMATCH and DUSTCLEAN are 0), 2MASS also for stars too faint or too red for its relation to Gaia,
    Pan-STARRS but for matched stars selected from it, SIMBAD for all odd stars and 70 % of the others, and SP_BIBCODE
    and MK_* throughout.
    """
    matched = stars["source_id"] != 0
    in_simbad = (stars["kind"] == "") & (generator.random(len(stars)) < IN_SIMBAD)
    gaia = _astrometry(stars, generator) | _photometry(stars, generator)
    gaia |= _corrected(stars, gaia, generator)
    # A solution of position, parallax and proper motion is 31; DUSTCLEAN says that there is a reddening.
    for_all: Columns = {"REF_EPOCH": 2016.0, "ASTROMETRIC_PARAMS_SOLVED": 31, "R_FLAG": "10033", "DUSTCLEAN": 1}
    columns = {
        **star_columns(stars),
        **where_known(matched, {**for_all, **gaia}),
        **where_known(matched & _in_two_mass(stars), _two_mass_columns(stars, generator)),
        **where_known(in_simbad, _simbad_columns(stars)),
        **where_known(matched & (stars["input_catalog"] == "ps1"), _pan_starrs_columns(stars, generator)),
        "GOODSTARS": 1,
    }
    # Where these say nothing they hold 0, which is neither a flag nor an id.
    for name in ("SOURCE_ID", "GAIA_CLEANMATCH", "DUSTCLEAN", "PS1_OBJ_ID"):
        columns[name] = np.maximum(columns[name], 0)
    return table_rows(GAIA_EDR3, len(stars), columns)


def _astrometry(stars: np.ndarray, generator: Generator) -> dict[str, np.ndarray]:
    n_star = len(stars)
    ra, dec = position_at(stars, 2016.0)
    n_observation = generator.poisson(300, n_star)
    error = _parallax_error(stars["g_mag"])
    # Of position and proper motion relative to the parallax, averaged over the sky, as in _parallax_error.
    pmra_error, pmdec_error = 1.03 * error, 0.89 * error
    deviation = generator.standard_normal(n_star)
    geometric = np.minimum(error * stars["distance_pc"] / 1000, 0.5)
    # As if the colour and magnitude gave the distance to 10 %, besides the parallax.
    photogeometric = 0.1 * geometric / np.hypot(0.1, geometric)
    return {
        "DESIGNATION": np.strings.add("Gaia EDR3 ", stars["source_id"].astype(np.str_)),
        "SOURCE_ID": stars["source_id"],
        "GAIARA": ra, "GAIARA_ERROR": 0.80 * error, "GAIADEC": dec, "GAIADEC_ERROR": 0.70 * error,
        "PARALLAX": 1000 / stars["distance_pc"] + error * deviation, "PARALLAX_ERROR": error,
        "PMRA": generator.normal(stars["pmra"], pmra_error), "PMRA_ERROR": pmra_error,
        "PMDEC": generator.normal(stars["pmdec"], pmdec_error), "PMDEC_ERROR": pmdec_error,
        "ASTROMETRIC_N_GOOD_OBS_AL": n_observation,
        "ASTROMETRIC_CHI2_AL": generator.chisquare(np.maximum(n_observation - 5, 1)),
        "VISIBILITY_PERIODS_USED": 10 + generator.poisson(10, n_star),
        **_distances("GEO", stars["distance_pc"], geometric, deviation),
        **_distances("PHOTOGEO", stars["distance_pc"], photogeometric, deviation),
    }  # fmt: skip


def _parallax_error(g_mag: np.ndarray) -> np.ndarray:
    """(n,) mas, averaged over the sky: https://www.cosmos.esa.int/web/gaia/science-performance, of DR3 as of EDR3."""
    z = 10 ** (0.4 * (np.maximum(g_mag, 13) - 15))
    return np.sqrt(40 + 800 * z + 30 * z**2) / 1000


def _photometry(stars: np.ndarray, generator: Generator) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {}
    magnitudes, fluxes = {}, {}
    for band, errors in _MAGNITUDE_ERRORS.items():
        error = 10 ** np.interp(stars["g_mag"], (13, 17, 20), np.log10(errors))
        magnitudes[band] = generator.normal(stars[f"{band.lower()}_mag"], error)
        fluxes[band] = 10 ** (0.4 * (_ZERO_POINTS[band] - magnitudes[band]))
        columns |= {
            f"PHOT_{band}_MEAN_FLUX": fluxes[band],
            f"PHOT_{band}_MEAN_FLUX_OVER_ERROR": 2.5 / np.log(10) / error,
            f"PHOT_{band}_MEAN_MAG": magnitudes[band],
        }
    return columns | {
        "PHOT_BP_RP_EXCESS_FACTOR": (fluxes["BP"] + fluxes["RP"]) / fluxes["G"],
        "BP_RP": magnitudes["BP"] - magnitudes["RP"],
    }


def _distances(kind: str, distance: np.ndarray, fraction: np.ndarray, deviation: np.ndarray) -> dict[str, np.ndarray]:
    """The median and the 16th and 84th percentile, pc, where `fraction` is the error of the logarithm."""
    median = distance * np.exp(-fraction * deviation)
    return {
        f"R_MED_{kind}": median,
        f"R_LO_{kind}": median * np.exp(-fraction),
        f"R_HI_{kind}": median * np.exp(fraction),
    }


def _corrected(stars: np.ndarray, gaia: dict[str, np.ndarray], generator: Generator) -> dict[str, np.ndarray]:
    """What the 3-D dust map and the distance make of Gaia's magnitudes; 95 % of the stars have a clean match."""
    ebv_error = 0.01 + 0.1 * stars["ebv"]
    ebv = np.maximum(generator.normal(stars["ebv"], ebv_error), 0)
    up, down = ebv_error, np.minimum(ebv_error, ebv)
    nearer, farther = (5 * np.abs(np.log10(gaia[f"R_{end}_PHOTOGEO"] / gaia["R_MED_PHOTOGEO"])) for end in ("LO", "HI"))
    bp_rp_error = 2.5 / np.log(10) / gaia["PHOT_BP_MEAN_FLUX_OVER_ERROR"]
    contamination = generator.exponential(0.0084 / np.log(20), len(stars))
    return {
        "CONTAMINATION": contamination, "GAIA_CLEANMATCH": (contamination < 0.0084).astype(np.int16),
        "EBV": ebv, "EBV_SIGMA_UP": up, "EBV_SIGMA_DN": down,
        "M_G": stars["abs_g"] + gaia["PHOT_G_MEAN_MAG"] - stars["g_mag"] - _A_G * (ebv - stars["ebv"])
        - 5 * np.log10(gaia["R_MED_PHOTOGEO"] / stars["distance_pc"]),
        "M_G_ERR_UP": nearer + _A_G * down, "M_G_ERR_DN": farther + _A_G * up,
        "BPRPC": stars["bp_rp0"] + gaia["BP_RP"] - (stars["bp_mag"] - stars["rp_mag"])
        - _E_BP_RP * (ebv - stars["ebv"]),
        "BPRPC_ERR_UP": np.hypot(bp_rp_error, _E_BP_RP * down), "BPRPC_ERR_DN": np.hypot(bp_rp_error, _E_BP_RP * up),
    }  # fmt: skip


def _in_two_mass(stars: np.ndarray) -> np.ndarray:
    """(n,) bool: bright enough for 2MASS, and of a colour for which its magnitudes are known."""
    colour = stars["bp_mag"] - stars["rp_mag"]
    bright: np.ndarray = stars["g_mag"] - polyval(colour, _GAIA_TO_2MASS["K"]) < _FAINTEST_OF_2MASS
    return bright & (colour > -0.5) & (colour < 2.5)


def _two_mass_columns(stars: np.ndarray, generator: Generator) -> Columns:
    n_star = len(stars)
    colour = stars["bp_mag"] - stars["rp_mag"]
    columns: Columns = {}
    for band, polynomial in _GAIA_TO_2MASS.items():
        columns[f"{band}_M"] = generator.normal(stars["g_mag"] - polyval(colour, polynomial), _SCATTER_OF_2MASS)
        columns[f"{band}_MSIGCOM"] = generator.uniform(0.019, 0.030, n_star)
    return columns | {
        "TMASS_ID": _sexagesimal(stars["ra"], stars["dec"]), "TMASS_DISTANCE": generator.rayleigh(0.1, n_star),
        "PH_QUAL": "AAA", "GAL_CONTAM": 0, "MP_FLG": 0,
    }  # fmt: skip


def _sexagesimal(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """(n,) text hhmmssss+ddmmsss, the last digits hundredths of a second and tenths of an arcsecond, cut off."""
    centiseconds, tenths = np.floor(ra / 15 * 360_000).astype(int), np.floor(np.abs(dec) * 36_000).astype(int)
    hours = centiseconds // 360_000 * 1_000_000 + centiseconds // 6000 % 60 * 10_000 + centiseconds % 6000
    degrees = tenths // 36_000 * 100_000 + tenths // 600 % 60 * 1000 + tenths % 600
    signed = np.strings.add(np.where(dec < 0, "-", "+"), np.strings.mod("%07d", degrees))
    return np.strings.add(np.strings.mod("%08d", hours), signed)


def _simbad_columns(stars: np.ndarray) -> Columns:
    return {
        "SIMBAD_MAIN_ID": np.strings.add("MOCK ", stars["mangaid"]), "OTYPE_S": "Star",
        "SP_TYPE": stars["spectral_type"], "SP_QUAL": "C", "SP_BIBCODE": "",
        "MK_DS": "", "MK_SPECTRAL_TYPE": "", "MK_BIBCODE": "",
    }  # fmt: skip


def _pan_starrs_columns(stars: np.ndarray, generator: Generator) -> Columns:
    """From SDSS's magnitudes, and y from its z, so good to 0.1 or 0.2 mag; fluxes in maggies."""
    magnitudes = sdss_magnitudes(stars)
    mean = 10 ** (-0.4 * np.stack([magnitudes[band] for band in "grizz"], axis=1))
    n_detection = 1 + generator.poisson(11, mean.shape)
    scatter = 0.01 * mean
    median = generator.normal(mean, scatter / np.sqrt(n_detection))
    # Strips of half an arcminute in declination, then the right ascension in microdegrees: the form of real ids.
    strip, place = (np.floor(values).astype(np.int64) for values in ((stars["dec"] + 90) * 120, stars["ra"] * 1e6))
    return {
        "PS1_NMAG_OK": n_detection, "PS1_MEAN": mean, "PS1_ERR": scatter / np.sqrt(n_detection), "PS1_STDEV": scatter,
        # Quartiles of a normal distribution.
        "PS1_MEDIAN": median, "PS1_Q25": median - 0.6745 * scatter, "PS1_Q75": median + 0.6745 * scatter,
        "PS1_MEDIAN_AP": median, "PS1_OBJ_ID": strip * 10**13 + place * 10**4,
    }  # fmt: skip
