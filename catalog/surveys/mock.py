"""A survey of made-up stars in MaStar's file formats, for a demo and for tests.

Columns and units are those of `catalog.surveys.mastar`; unknown is -999, except for a Gaia id and a target
temperature (0) and for text (blank). A spectrum is a black body behind opacities, so that a block of stars is
one matrix product, flux = B(Teff) exp(-strengths @ opacities): it looks like a star, but is no model of one.
"""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np
from astropy.io import fits
from numpy.random import Generator
from numpy.typing import ArrayLike

from catalog.errors import CatalogError

SMALL = "mastar-combspec-v3_1_1-v1_7_7-lsfpercent60.0.fits.gz"
LARGE = "mastar-combspec-v3_1_1-v1_7_7-lsfpercent90.0.fits.gz"
STARS = "mastarall-v3_1_1-v1_7_7.fits"
GAIA = "mastarall-gaiaedr3-extcorr-simbad-ps1-v3_1_1-v1_7_7-v1.fits"
PARAMETERS = "mastar-goodstars-v3_1_1-v1_7_7-params-v2.fits"
TABLES = (STARS, GAIA, PARAMETERS, SMALL, LARGE)
TRUTH = "truth.csv"

N_PIXEL, MARGIN, BLOCK = 4563, 6, 256
WAVELENGTH = 10 ** (3.5589 + 1e-4 * np.arange(N_PIXEL))
WIDE = 10 ** (3.5589 + 1e-4 * np.arange(-MARGIN, N_PIXEL + MARGIN))
"""The grid, and beyond its ends by half a kernel, where the convolution needs neighbours; vacuum Angstrom."""

NODATA = 1 << 25
UNKNOWN = -999.0
WHITE_DWARF = 6.5
"""log g above which a star is a white dwarf."""

# Fraction of the stars; Teff, BP-RP, M_G, log g along the sequence. Dwarfs: Pecaut & Mamajek 2013 (ApJS 208,
# 9), table of 2021.03.02; giants and white dwarfs: by eye from Gaia Collaboration 2018 (A&A 616, A10).
SEQUENCES = (
    (0.08, [(17000, -0.22, -1.19, 4.0), (9700, -0.04, 1.00, 4.1), (7400, 0.33, 2.37, 4.1)]),
    (0.20, [(7220, 0.38, 2.51, 4.2), (6180, 0.69, 3.90, 4.3), (5660, 0.85, 4.80, 4.4)]),
    (0.25, [(5660, 0.85, 4.80, 4.4), (4830, 1.21, 6.20, 4.6), (4100, 1.70, 7.57, 4.7)]),
    (0.12, [(3850, 1.84, 8.16, 4.7), (3430, 2.50, 10.05, 4.9), (3060, 3.35, 12.45, 5.1)]),
    (0.22, [(5200, 0.98, 2.80, 3.4), (4800, 1.18, 0.80, 2.6), (4600, 1.30, 0.40, 2.3)]),
    (0.10, [(4600, 1.30, 0.40, 2.3), (4200, 1.60, -0.70, 1.6), (3800, 2.05, -1.60, 0.9)]),
    (0.015, [(3600, 2.50, -2.10, 0.5), (3200, 3.40, -1.80, 0.2)]),
    (0.015, [(25000, -0.43, 10.10, 8.0), (8500, 0.22, 12.60, 8.0)]),
)

CARBON, BINARY = "carbon star", "white dwarf + M dwarf"
ARTIFACT, EMISSION, STEP = "artifact near 9500", "emission-line star", "flux step between arms"

# Kind, Teff, BP-RP, M_G, log g. A survey too small for all has the first.
ODDITIES = (
    (CARBON, 3900, 2.30, -1.60, 0.9),
    (ARTIFACT, 3560, 2.23, 9.29, 4.8),
    ("O-rich AGB star", 2600, 4.80, -1.20, -0.1),
    (EMISSION, 13000, -0.10, -0.50, 4.0),
    (BINARY, 3300, 1.10, 10.20, 4.9),
    (STEP, 5270, 0.98, 5.55, 4.5),
    (CARBON, 4300, 1.80, -1.00, 1.5),
)

# Catalog of the id, its photometry, bit of MANGA_TARGET2, fraction of the stars.
INPUTS = (("3", "apass", 8, 0.42), ("7", "ps1", 7, 0.42), ("60", "gaiadr2", 16, 0.16))

QUANTITIES = ("ra", "dec", "teff", "bp_rp0", "abs_g", "logg", "fe_h", "ebv", "g_mag", "snr")
LABELS = (("mangaid", "U22"), ("kind", "U24"), ("matched", "?"), ("in_small", "?"))
STAR = np.dtype([*LABELS, ("input", "i8"), ("number", "i8"), *((name, "f8") for name in QUANTITIES)])
ARRAYS = (("WAVE", ">f8"), ("FLUX", ">f4"), ("IVAR", ">f4"), ("MASK", ">i4"))
SPECTRUM = np.dtype([("MANGAID", "S22"), *((name, type_, N_PIXEL) for name, type_ in ARRAYS)])

Columns = dict[str, tuple[str, ArrayLike]]
"""Column of a file: numpy's type, values."""
WriteRows = Callable[[np.ndarray], object]


def write_mock(folder: Path, n_star: int = 600, seed: int = 0) -> None:
    """A mock survey: stars, their Gaia match and parameters, spectra at two resolutions, and the truth.

    Seven of the stars are odd, fewer if `n_star` is below 49; truth.csv has the kind of every star, blank for
    ordinary ones. Writes into `folder`, which it creates; every file appears whole or not at all, and the
    same arguments give the same bytes. Does nothing if the same survey is there, and replaces another mock.
    Raises CatalogError if an argument is too small, or if `folder` holds other files or cannot be written.
    """
    if n_star < 10 or seed < 0:
        raise CatalogError(f"no mock of {n_star} stars, seed {seed}; give 10 stars or more, a seed from 0")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_other_files(folder)
        present = all(_recorded(folder / name) == (n_star, seed) for name in TABLES)
        if not (present and (folder / TRUTH).exists()):
            _write_files(folder, n_star, seed)
    except OSError as error:
        raise CatalogError(f"{folder} cannot be written ({error}); give another folder") from error


def recorded_survey(folder: Path) -> tuple[int, int] | None:
    """Number of stars and seed of the mock survey in a folder; None if there is none. Read-only."""
    return _recorded(folder / LARGE) if (folder / LARGE).exists() else None


def _refuse_other_files(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        ours = path.name.removesuffix(".part") in (*TABLES, TRUTH)
        # Files of the real survey have the same names; they must not be replaced.
        if not ours or (path.name in TABLES and _recorded(path) is None):
            raise CatalogError(f"{path} is not of a mock survey; give a new or an empty folder")


def _recorded(path: Path) -> tuple[int, int] | None:
    """Number of stars and seed of a mock's FITS file; None if it is absent, damaged or no mock. Read-only."""
    try:
        header = fits.getheader(path, 0)
        return int(header["MOCKSTAR"]), int(header["MOCKSEED"])
    except (OSError, EOFError, KeyError):
        return None


def _write_files(folder: Path, n_star: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    made_by = fits.Header({"MOCKSTAR": n_star, "MOCKSEED": seed})
    stars = _stars(n_star, rng)
    # It cannot tell which survey it belongs to, so it is there only beside a complete one.
    (folder / TRUTH).unlink(missing_ok=True)
    _write_table(folder / STARS, _star_columns(stars, rng), n_star, made_by, "GOODSTARS")
    _write_table(folder / GAIA, _gaia_columns(stars, rng), n_star, made_by, "GOODSTARS")
    _write_table(folder / PARAMETERS, _parameter_columns(stars, rng), n_star, made_by, "")
    _write_spectra(folder, stars, made_by, rng)
    with _replacing(folder / TRUTH) as file:
        lines = (f"{star['mangaid']},{star['kind']}\n" for star in stars)
        file.write("".join(["mangaid,kind\n", *lines]).encode("ascii"))


def _stars(n_star: int, rng: Generator) -> np.ndarray:
    """The stars, of type STAR, in the order of their ids."""
    stars = np.zeros(n_star, STAR)
    member = rng.choice(len(SEQUENCES), n_star, p=[fraction for fraction, _ in SEQUENCES])
    along = rng.random(n_star)
    for index, (_, points) in enumerate(SEQUENCES):
        place = along[member == index] * (len(points) - 1)
        for name, values in zip(("teff", "bp_rp0", "abs_g", "logg"), zip(*points, strict=True), strict=True):
            stars[name][member == index] = np.interp(place, np.arange(len(points)), values)
    for name, scatter in (("bp_rp0", 0.02), ("abs_g", 0.2), ("logg", 0.05)):
        stars[name] += rng.normal(0, scatter, n_star)
    stars["teff"] *= rng.normal(1, 0.01, n_star)
    stars["fe_h"] = np.clip(rng.normal(-0.25, 0.35, n_star), -2.5, 0.5)
    stars["ebv"] = rng.exponential(0.06, n_star)
    stars["g_mag"] = np.clip(rng.normal(14, 1.2, n_star), 10, 17.5)
    # As the visits of DR17: median 96, from 6 to 1024.
    stars["snr"] = np.clip(95 * np.exp(rng.normal(0, 0.65, n_star) - 0.2 * (stars["g_mag"] - 14)), 6, 1000)
    stars["ra"] = rng.uniform(0, 360, n_star)
    stars["dec"] = np.degrees(np.arcsin(rng.uniform(-0.3, 0.95, n_star)))
    stars["in_small"] = rng.random(n_star) < 0.8
    stars["matched"] = True
    _plant(stars, rng)
    stars["matched"][_some(stars["kind"] == "", 0.003, rng)] = False
    stars["input"] = rng.choice(len(INPUTS), n_star, p=[fraction for *_, fraction in INPUTS])
    stars["number"] = 300_000 + rng.choice(28_000_000, n_star, replace=False)
    stars["mangaid"] = [_mangaid(INPUTS[star["input"]][0], int(star["number"])) for star in stars]
    return np.sort(stars, order="mangaid")


def _plant(stars: np.ndarray, rng: Generator) -> None:
    """Makes some of the stars odd, in place."""
    planted = rng.choice(len(stars), min(len(ODDITIES), len(stars) // 7), replace=False)
    for index, oddity in zip(planted, ODDITIES, strict=False):
        for name, value in zip(("kind", "teff", "bp_rp0", "abs_g", "logg"), oddity, strict=True):
            stars[name][index] = value
    stars["in_small"][planted] = True
    # Seen well enough that none is lost in noise.
    stars["snr"][planted] = np.maximum(stars["snr"][planted], 60)


def _some(candidates: np.ndarray, fraction: float, rng: Generator) -> np.ndarray:
    """Indices of a fraction of the candidates (bool), at least one."""
    count = max(1, round(fraction * len(candidates)))
    return rng.choice(np.flatnonzero(candidates), count, replace=False)


def _mangaid(catalog: str, number: int) -> str:
    if catalog == "60":
        return f"60-{_source_id(number)}"
    # In catalog 7 some numbers are padded with zeros, others are not.
    return f"7-{number:08d}" if catalog == "7" and number < 1_000_000 else f"{catalog}-{number}"


def _source_id(number: ArrayLike) -> np.ndarray:
    """Of 19 digits, as Gaia's."""
    return 10**18 + np.asarray(number) * 2**36


def _star_columns(stars: np.ndarray, rng: Generator) -> Columns:
    n_star = len(stars)
    known = rng.random(n_star) < 0.2
    n_visit = rng.integers(1, 6, n_star)
    min_mjd = rng.integers(56741, 58900, n_star)
    colour = np.outer(stars["bp_rp0"], [1.5, 0.4, -0.1, -0.3, -0.4])
    _, photocat, bit, _ = (np.array(column)[stars["input"]] for column in zip(*INPUTS, strict=True))
    return {
        "DRPVER": ("S6", "v3_1_1"), "MPROCVER": ("S6", "v1_7_7"), "MANGAID": ("S22", stars["mangaid"]),
        "MINMJD": (">i4", min_mjd), "MAXMJD": (">i4", min_mjd + 30 * (n_visit - 1)),
        "NVISITS": (">i4", n_visit), "NPLATES": (">i4", 1),
        "RA": (">f8", stars["ra"]), "DEC": (">f8", stars["dec"]), "EPOCH": (">f4", 2015.5),
        "PSFMAG": ("(5,)>f4", stars["g_mag"][:, None] + colour), "MNGTARG2": (">i4", 1 << bit),
        "INPUT_LOGG": (">f4", np.where(known, stars["logg"], UNKNOWN)),
        "INPUT_TEFF": (">f4", np.where(known, stars["teff"], 0)),
        "INPUT_FE_H": (">f4", np.where(known, stars["fe_h"], UNKNOWN)),
        "INPUT_ALPHA_M": (">f4", UNKNOWN), "INPUT_SOURCE": ("S14", np.where(known, "LAMOST", "")),
        "PHOTOCAT": ("S9", photocat),
    }  # fmt: skip


def _gaia_columns(stars: np.ndarray, rng: Generator) -> Columns:
    n_star, matched = len(stars), stars["matched"]
    # Extinction per E(B-V) in Gaia's bands: Casagrande & VandenBerg 2018 (MNRAS 479, L102).
    distance = 10 ** ((stars["g_mag"] - 2.74 * stars["ebv"] - stars["abs_g"] + 5) / 5)
    bp_rp = stars["bp_rp0"] + (3.374 - 2.035) * stars["ebv"]
    rp_mag = stars["g_mag"] - 0.1 - 0.5 * bp_rp
    # 30 km/s across the line of sight, in mas / yr.
    pmra, pmdec = rng.normal(0, 6300 / distance, (2, n_star))
    numbers = {
        "PARALLAX": rng.normal(1000 / distance, 0.03), "PARALLAX_ERROR": 0.03, "PMRA": pmra, "PMDEC": pmdec,
        "PHOT_G_MEAN_MAG": stars["g_mag"], "PHOT_BP_MEAN_MAG": rp_mag + bp_rp, "PHOT_RP_MEAN_MAG": rp_mag,
        "BP_RP": bp_rp, "R_MED_PHOTOGEO": distance, "R_LO_PHOTOGEO": 0.96 * distance,
        "R_HI_PHOTOGEO": 1.05 * distance, "EBV": stars["ebv"],
        "M_G": stars["abs_g"], "BPRPC": stars["bp_rp0"],
    }  # fmt: skip
    # SIMBAD knows none of the odd stars: their kind stands in truth.csv alone.
    named = matched & (stars["kind"] == "") & (rng.random(n_star) < 0.3)
    letter = np.array(list("MKGFAB"))[np.digitize(stars["teff"], [3900, 5300, 6000, 7300, 10000])]
    return {
        "MANGAID": ("S22", stars["mangaid"]),
        "RA": (">f8", stars["ra"]), "DEC": (">f8", stars["dec"]), "EPOCH": (">f4", 2015.5),
        "SOURCE_ID": (">i8", np.where(matched, _source_id(stars["number"]), 0)),
        **{name: (">f4", np.where(matched, values, UNKNOWN)) for name, values in numbers.items()},
        "GAIA_CLEANMATCH": (">i2", np.where(matched, rng.random(n_star) < 0.95, UNKNOWN)),
        "SIMBAD_MAIN_ID": ("S40", np.where(named, [f"MOCK {number}" for number in stars["number"]], "")),
        "OTYPE_S": ("S20", np.where(named, "Star", "")), "SP_TYPE": ("S20", np.where(named, letter, "")),
    }  # fmt: skip


def _parameter_columns(stars: np.ndarray, rng: Generator) -> Columns:
    unknown = np.zeros(len(stars), bool)
    unknown[_some(stars["kind"] == "", 0.005, rng)] = True
    alpha = np.clip(-0.3 * stars["fe_h"], 0, 0.4)
    quantities = (("TEFF", stars["teff"], 60), ("LOGG", stars["logg"], 0.1), ("FEH", stars["fe_h"], 0.08))
    columns: Columns = {"MANGAID": ("S22", stars["mangaid"])}
    for name, values, error in (*quantities, ("ALPHA", alpha, 0.06)):
        columns[f"{name}_MED"] = (">f4", np.where(unknown, UNKNOWN, rng.normal(values, error)))
        columns[f"{name}_MED_ERR"] = (">f4", np.where(unknown, UNKNOWN, error))
    return columns


def _write_spectra(folder: Path, stars: np.ndarray, made_by: fits.Header, rng: Generator) -> None:
    opacities = _opacities()
    n_small = int(np.count_nonzero(stars["in_small"]))
    with (
        _table(folder / SMALL, SPECTRUM, n_small, made_by, "") as write_small,
        _table(folder / LARGE, SPECTRUM, len(stars), made_by, "") as write_large,
    ):
        for first in range(0, len(stars), BLOCK):
            block = stars[first : first + BLOCK]
            flux = _flux(block, opacities)
            in_small = block["in_small"]
            write_small(_observed(block[in_small], flux[in_small], rng, sigma=1.0, padded=0.85))
            write_large(_observed(block, flux, rng, sigma=1.4, padded=0.70))


def _opacities() -> dict[str, np.ndarray]:
    """Each feature at strength 1, (WIDE,), dimensionless."""
    # The same weak lines of metals in every star, crowded towards the blue.
    rng = np.random.default_rng(2014)
    forest = 3600 + 6800 * rng.random(500) ** 2
    forest_depth = rng.exponential(0.35, 500) * (4500 / forest) ** 2
    balmer, paschen = (911.7633 / (1 / n**2 - 1 / np.arange(n + 1, 18) ** 2) for n in (2, 3))
    hydrogen = np.concatenate([balmer, paschen])
    # The Balmer lines merge into a jump at 3700.
    depth = np.concatenate([np.minimum(1, (7 / np.arange(3, 18)) ** 2), np.full(len(paschen), 0.3)])
    jump = _bands([3700], 0.8, -2000)
    return {
        "H": _lines(hydrogen, depth, 5) + jump,
        "H of high pressure": _lines(hydrogen, depth, 16),
        "He": _lines([4027.3, 4472.7, 4923.3, 5877.2, 6680.0, 7067.1], 0.3, 3),
        "Fe and Ca": _lines(forest, forest_depth, 1)
        + _lines([3934.78, 3969.59], 2.5, 7)
        + _lines([8500.36, 8544.44, 8664.52], [0.5, 0.9, 0.8], 2.5),
        "Mg and Na": _lines([5168.76, 5174.13, 5185.05, 5891.58, 5897.56], 0.7, 2.5)
        + _lines([8185.5, 8197.1], 0.25, 2.5),
        "CH": _bands([4300], 0.35, -25) + _bands([4300], 0.35, 12),
        "TiO": _bands([4300, 4761, 4954, 5167, 5448, 5759, 5847], 0.55, 220)
        + _bands([6158, 6651, 7055, 7590, 8433, 8860, 9210], [0.8, 0.8, 1.4, 1.1, 0.8, 0.7, 0.5], 130),
        "VO": _bands([5469, 5737, 7334, 7851, 8521], 0.6, 110),
        "C2 and CN": _bands([4383, 4737, 5165, 5636, 6192], [0.7, 1.5, 1.8, 1.2, 0.6], -130)
        + _bands([6925, 7876, 8067, 9141, 9367], [0.4, 0.6, 0.6, 0.8, 0.5], 150),
    }


def _strengths(stars: np.ndarray) -> dict[str, np.ndarray]:
    """How strong each feature of `_opacities` is in each star, (n,), dimensionless."""
    teff, logg, abundance = stars["teff"], stars["logg"], 10 ** (0.4 * stars["fe_h"])
    normal, carbon = logg < WHITE_DWARF, stars["kind"] == CARBON
    hydrogen = np.exp(-((np.log(teff / 9500) / 0.35) ** 2) / 2)
    metals = normal * abundance / (1 + (teff / 6300) ** 6)
    gravity = np.clip(logg - 2, 0.5, None) / 2.5
    return {
        "H": hydrogen,
        "H of high pressure": hydrogen**2 * gravity,
        "He": normal * np.clip((teff - 10000) / 8000, 0, 1),
        "Fe and Ca": metals,
        "Mg and Na": metals * gravity,
        "CH": metals * (np.exp(-(((teff - 5000) / 900) ** 2)) + 3 * carbon),
        "TiO": ~carbon * abundance**0.5 * np.clip((4000 - teff) / 600, 0, None) ** 1.3,
        "VO": ~carbon * np.clip((3200 - teff) / 400, 0, None),
        "C2 and CN": carbon,
    }


def _lines(centers: ArrayLike, depths: ArrayLike, width: float) -> np.ndarray:
    """Lorentz profiles; width is their half width at half maximum, Angstrom. Returns (WIDE,)."""
    profiles = 1 / (1 + ((WIDE[:, None] - np.asarray(centers)) / width) ** 2)
    return np.sum(profiles * depths, axis=1)


def _bands(heads: ArrayLike, depths: ArrayLike, length: float) -> np.ndarray:
    """Bands that fade from a sharp head over `length` Angstrom, to the blue if negative. Returns (WIDE,)."""
    distance = (WIDE[:, None] - np.asarray(heads)) / length
    return np.sum(np.where(distance >= 0, np.exp(-np.abs(distance)), 0) * depths, axis=1)


def _bump(center: float, width: float) -> np.ndarray:
    return np.exp(-(((WIDE - center) / width) ** 2) / 2)


FACTORS = {
    ARTIFACT: 1 + 0.8 * _bump(9500, 64),
    EMISSION: 1 + 8 * _bump(6564.7, 7) + 4 * _bump(4862.7, 6) + _bump(4341.7, 5),
    STEP: np.where(WIDE < 6000, 1, 0.75),
}
"""What some kinds of odd stars do to their flux, (WIDE,)."""


def _flux(stars: np.ndarray, opacities: dict[str, np.ndarray]) -> np.ndarray:
    """What reaches the spectrograph, (n, WIDE), 1e-17 erg / (s cm2 Angstrom)."""
    flux = _photospheres(stars, opacities)
    binary = stars["kind"] == BINARY
    companions = stars[binary]
    companions["teff"], companions["logg"] = 14000, 8
    flux[binary] += _photospheres(companions, opacities)
    for kind, factor in FACTORS.items():
        flux[stars["kind"] == kind] *= factor
    # A_V = 3.1 E(B-V); then an error of the flux calibration, smooth in wavelength.
    flux *= 10 ** np.outer(-0.4 * 3.1 * stars["ebv"], (WIDE / 5500) ** -1.3)
    flux *= 1 + 0.02 * np.sin(stars["number"][:, None] % 63 / 10 + WIDE / 1500)
    return flux * 10 ** (0.4 * (21 - stars["g_mag"]))[:, None]


def _photospheres(stars: np.ndarray, opacities: dict[str, np.ndarray]) -> np.ndarray:
    """(n, WIDE), each with median 1."""
    strengths = _strengths(stars)
    depth = np.stack([strengths[name] for name in opacities], axis=1) @ np.stack(list(opacities.values()))
    flux = WIDE**-5 / np.expm1(1.4388e8 / np.outer(stars["teff"], WIDE)) * np.exp(-depth)
    return flux / np.median(flux, axis=1, keepdims=True)


def _observed(stars: np.ndarray, flux: np.ndarray, rng: Generator, sigma: float, padded: float) -> np.ndarray:
    """Spectra, of type SPECTRUM, of `flux` (n, WIDE).

    sigma : width of the line spread function, pixels
    padded : fraction of the ordinary spectra with empty pixels at an end
    """
    offsets = np.arange(-MARGIN, MARGIN + 1)
    kernel = np.exp(-((offsets / sigma) ** 2) / 2)
    shifted = (flux[:, MARGIN + offset : MARGIN + offset + N_PIXEL] for offset in offsets)
    flux = sum(weight * part for weight, part in zip(kernel / kernel.sum(), shifted, strict=True))
    error = _error(stars, flux)
    # Noise takes at most 95 % of the flux, so that nothing but empty ends makes a spectrum unusable.
    noisy = np.maximum(flux + error * rng.standard_normal(flux.shape), 0.05 * flux)
    empty = _empty(stars, padded, rng)
    rows = np.zeros(len(stars), SPECTRUM)
    rows["MANGAID"] = np.strings.ljust(stars["mangaid"], 22)
    rows["WAVE"] = WAVELENGTH
    rows["FLUX"] = np.where(empty, 0, noisy)
    rows["IVAR"] = np.where(empty, 0, error**-2)
    rows["MASK"] = np.where(empty, NODATA, 0)
    return rows


def _error(stars: np.ndarray, flux: np.ndarray) -> np.ndarray:
    """Standard deviation of the flux, (n, n_pixel): photons, detector, transmission falling at both ends."""
    transmission = 1 / (1 + np.exp((4000 - WAVELENGTH) / 150)) / (1 + np.exp((WAVELENGTH - 10000) / 130))
    error = np.sqrt((flux + 0.05 * np.median(flux, axis=1, keepdims=True)) / transmission)
    error[stars["kind"] == ARTIFACT] *= FACTORS[ARTIFACT][MARGIN:-MARGIN] ** 2
    return error * (np.median(flux / error, axis=1) / stars["snr"])[:, None]


def _empty(stars: np.ndarray, fraction: float, rng: Generator) -> np.ndarray:
    """True for the pixels that the shift to the rest frame left empty, (n, n_pixel); none in odd stars."""
    padded = (stars["kind"] == "") & (rng.random(len(stars)) < fraction)
    end = rng.integers(3, size=len(stars))
    blue, red = rng.integers(5, 14, (2, len(stars))) * padded * (end != [[0], [1]])
    pixel = np.arange(N_PIXEL)
    return (pixel < blue[:, None]) | (pixel >= N_PIXEL - red[:, None])


def _write_table(path: Path, columns: Columns, n_row: int, made_by: fits.Header, name: str) -> None:
    rows = np.empty(n_row, [(column, type_) for column, (type_, _) in columns.items()])
    for column, (_, values) in columns.items():
        field = rows.dtype[column]
        text = field.kind == "S"
        rows[column] = np.strings.ljust(np.asarray(values, np.str_), field.itemsize) if text else values
    with _table(path, rows.dtype, n_row, made_by, name) as write:
        write(rows)


@contextmanager
def _table(path: Path, dtype: np.dtype, n_row: int, made_by: fits.Header, name: str) -> Iterator[WriteRows]:
    """A FITS file with one table, gzipped if so named; astropy would hold all of its rows.

    Yields what writes a block of rows; there must be `n_row` of them in all.
    """
    table = fits.BinTableHDU(np.empty(0, dtype), name=name).header
    table["NAXIS2"] = n_row
    # MaStar's files have none, since that of a vector says no more than its TFORM.
    del table["TDIM*"]
    with _replacing(path) as file:
        # No name and no time in the gzip header, so that the bytes depend on the survey alone.
        packed = gzip.GzipFile("", "wb", 1, file, mtime=0) if path.suffix == ".gz" else nullcontext(file)
        with packed as stream:
            for header in (fits.PrimaryHDU(header=made_by).header, table):
                stream.write(header.tostring().encode("ascii"))
            yield lambda rows: stream.write(rows.tobytes())
            stream.write(bytes(-n_row * dtype.itemsize % 2880))


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file, which takes the place of `path` when all is written and vanishes if that fails."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
