"""Rows of MaStar's files about stars, visits and spectra; see `gaia` and `parameters` for those of the other catalogs.

Units: https://skyserver.sdss.org/dr17/MoreTools/browser, tables mastar_goodstars and mastar_goodvisits. Unknown is
-999, but 0 for a target temperature, and blank text. What two files share is decided by star and visit alone, so that
it agrees between them.
"""

from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike

from catalog.surveys.mock.layouts import COMBSPEC, GOODSPEC, GOODSTARS, GOODVISITS
from catalog.surveys.mock.mwrfits import table_rows

Columns = dict[str, ArrayLike]
"""Values of each column: one per row, or one for all rows."""

UNKNOWN = -999.0

# By the catalog that a star was selected from: PHOTOCAT; mean epoch of its positions, year; bit of MANGA_TARGET2
# (https://www.sdss4.org/dr17/algorithms/bitmasks): STELLIB_PS1, STELLIB_APASS, STELLIB_GAIADR2; which of G, BP, RP,
# g, r, i, z PSFMAG holds, behind an empty first place (APASS has no z).
_SELECTIONS = {
    "ps1": ("ps1", 2012.0, 1 << 7, "griz"),
    "apass": ("apass_dr8", 2012.0, 1 << 8, "gri"),
    "gaiadr2": ("gaia_dr2", 2015.5, 1 << 16, "GBR"),
}

# G - g, r, i, z as polynomials in BP - RP: Gaia DR3 documentation, section 5.5.1 (the photometry is that of EDR3).
# Fitted to SDSS, to colours from 0.3 or 0.5 on, so only roughly right for bluer stars, APASS and Pan-STARRS.
_GAIA_TO_SDSS = {
    "g": (0.2199, -0.6365, -0.1548, 0.0064),
    "r": (-0.09837, 0.08592, 0.1907, -0.1701, 0.02263),
    "i": (-0.293, 0.6404, -0.09609, -0.002104),
    "z": (-0.4619, 0.8992, -0.08271, 0.005029),
}
_COLOURS_OF_FIT = (0.0, 3.0)

LITERATURE = 4258 / 24290
"""Fraction of the stars with parameters from the literature."""


def goodstars(stars: np.ndarray) -> np.ndarray:
    """(n,) rows of GOODSTARS, of the summary catalog, for stars (n,) of STAR.

    Raises ValueError for an unknown input catalog.

    Notes
    -----
    RA and DEC are taken to be of the epoch EPOCH, and every star to be on one plate. 18 % have literature parameters,
    which lie within 2 % (temperature) or 0.1 dex of the truth.
    """
    return table_rows(GOODSTARS, len(stars), star_columns(stars))


def goodvisits(stars: np.ndarray, visits: np.ndarray) -> np.ndarray:
    """(n,) rows of GOODVISITS, of the summary catalog, for visits (n,) of VISIT; their `star` counts in `stars`.

    Raises ValueError as `goodstars`.

    Notes
    -----
    VERR, NVELGOOD, VELVARFLAG and DV_MAXSIG are of all visits of a star, so these must be given together. BPRPERR_SP
    is 0.01 mag and one part in the signal-to-noise ratio, added in quadrature.
    """
    columns = _visit_columns(stars, visits)
    return table_rows(GOODVISITS, len(visits), columns | {"COORD_SOURCE": columns["PHOTOCAT"]})


def goodspec(
    stars: np.ndarray, visits: np.ndarray, spectra: np.ndarray, wavelength: np.ndarray, dispersion: np.ndarray
) -> np.ndarray:
    """(n,) rows of GOODSPEC, the spectra of visits; what it shares with GOODVISITS is equal, see `goodvisits`.

    Parameters
    ----------
    stars : ndarray, (n_star,) of STAR
        To which the visits were made.
    visits : ndarray, (n,) of VISIT
        All visits of the stars that occur.
    spectra : ndarray, (n,) of SPECTRUM
        One per visit.
    wavelength : ndarray, (4563,)
        Angstrom.
    dispersion : ndarray, (4563,)
        Angstrom, 1 sigma of the line spread function with the pixel in it; without it, 0.97 of that.

    Raises
    ------
    ValueError
        As `goodstars`, or if a shape is another.
    """
    arrays = {"DISP": dispersion, "PREDISP": 0.97 * dispersion, **_spectrum_columns(spectra, wavelength)}
    return table_rows(GOODSPEC, len(visits), _visit_columns(stars, visits) | arrays)


def combspec(stars: np.ndarray, spectra: np.ndarray, wavelength: np.ndarray) -> np.ndarray:
    """(n,) rows of COMBSPEC, the spectra (n,) of SPECTRUM of stars (n,) of STAR; wavelength (4563,) Angstrom.

    Raises ValueError if a shape is another.
    """
    return table_rows(COMBSPEC, len(stars), {"MANGAID": stars["mangaid"], **_spectrum_columns(spectra, wavelength)})


def star_columns(stars: np.ndarray) -> Columns:
    """The columns of GOODSTARS, which the cross-match catalog repeats. Raises ValueError as `goodstars`."""
    draws = _draws(stars)
    known = draws[:, 0] < LITERATURE
    deviation = 2 * draws[:, 1:] - 1
    return _target_columns(stars) | {
        "MINMJD": stars["min_mjd"], "MAXMJD": stars["max_mjd"], "NVISITS": stars["n_visits"], "NPLATES": 1,
        "INPUT_TEFF": np.where(known, stars["teff"] * (1 + 0.02 * deviation[:, 0]), 0),
        "INPUT_LOGG": np.where(known, stars["logg"] + 0.1 * deviation[:, 1], UNKNOWN),
        "INPUT_FE_H": np.where(known, stars["fe_h"] + 0.1 * deviation[:, 2], UNKNOWN),
        "INPUT_ALPHA_M": np.where(known, stars["alpha_fe"] + 0.1 * deviation[:, 3], UNKNOWN),
        "INPUT_SOURCE": np.where(known, "LAMOST", ""),
    }  # fmt: skip


def where_known(known: np.ndarray, columns: Mapping[str, ArrayLike]) -> Columns:
    """The columns, one value per row or one for all, where they are known (n,); elsewhere -999 or blank."""
    filled: Columns = {}
    for name, given in columns.items():
        values = np.asarray(given)
        # Of the same type, since a float would round ids.
        unknown = "" if values.dtype.kind == "U" else values.dtype.type(UNKNOWN)
        filled[name] = np.where(known[:, None] if values.ndim > 1 else known, values, unknown)
    return filled


def sdss_magnitudes(stars: np.ndarray) -> dict[str, np.ndarray]:
    """g, r, i and z, (n,) AB mag, from the magnitudes in Gaia's bands: good to 0.1 mag or so, less for red stars."""
    colour = np.clip(stars["bp_mag"] - stars["rp_mag"], *_COLOURS_OF_FIT)
    return {band: stars["g_mag"] - polyval(colour, polynomial) for band, polynomial in _GAIA_TO_SDSS.items()}


def position_at(stars: np.ndarray, epoch: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Right ascension and declination, (n,) deg, at an epoch, year; in the tables they are of the epoch EPOCH."""
    years = epoch - _selection(stars)["epoch"]
    dec = stars["dec"] + stars["pmdec"] * years / 3.6e6
    ra = stars["ra"] + stars["pmra"] * years / 3.6e6 / np.cos(np.radians(stars["dec"]))
    return ra % 360, dec


def _selection(stars: np.ndarray) -> np.ndarray:
    """(n,) photocat, epoch and bit of the catalogs that the stars were selected from."""
    selections = np.array(
        [(name, *selection[:3]) for name, selection in _SELECTIONS.items()],
        [("name", "U8"), ("photocat", "U9"), ("epoch", "f8"), ("bit", "i4")],
    )
    same = stars["input_catalog"][:, None] == selections["name"]
    if not same.any(axis=1).all():
        unknown = set(stars["input_catalog"]) - set(_SELECTIONS)
        raise ValueError(f"unknown input catalog: {', '.join(sorted(unknown))}; known are {', '.join(_SELECTIONS)}")
    return selections[same.argmax(axis=1)]


def _target_columns(stars: np.ndarray) -> Columns:
    selection = _selection(stars)
    return {
        "DRPVER": "v3_1_1", "MPROCVER": "v1_7_7", "MANGAID": stars["mangaid"],
        "RA": stars["ra"], "DEC": stars["dec"], "EPOCH": selection["epoch"],
        "PSFMAG": _psf_magnitudes(stars), "MNGTARG2": selection["bit"], "PHOTOCAT": selection["photocat"],
    }  # fmt: skip


def _psf_magnitudes(stars: np.ndarray) -> np.ndarray:
    """(n, 5) in the bands of the catalog that a star was selected from."""
    bands = {"G": stars["g_mag"], "B": stars["bp_mag"], "R": stars["rp_mag"]} | sdss_magnitudes(stars)
    magnitudes = np.full((len(stars), 5), UNKNOWN)
    for name, selection in _SELECTIONS.items():
        chosen = stars["input_catalog"] == name
        for place, band in enumerate(selection[3], 1):
            magnitudes[chosen, place] = bands[band][chosen]
    return magnitudes


def _draws(stars: np.ndarray) -> np.ndarray:
    """(n, 5) numbers from 0 to 1 that a star's id decides, so that they are the same in every file and block."""
    digests = b"".join(blake2b(mangaid.encode(), digest_size=40).digest() for mangaid in stars["mangaid"].tolist())
    return np.frombuffer(digests, ">u8").reshape(-1, 5) / 2.0**64


def _visit_columns(stars: np.ndarray, visits: np.ndarray) -> Columns:
    star = stars[visits["star"]]
    # MJD 51544.5 is the epoch 2000.
    ifu_ra, ifu_dec = position_at(star, 2000 + (visits["mjd"] - 51544.5) / 365.25)
    largest_change = _largest_change(visits)
    return _target_columns(star) | {
        "PLATE": visits["plate"], "IFUDESIGN": visits["ifudesign"], "MJD": visits["mjd"],
        "IFURA": ifu_ra, "IFUDEC": ifu_dec,
        "EXPTIME": visits["exptime"], "NEXP_VISIT": visits["n_exposure"], "NEXP_USED": visits["n_exposure"],
        "NVELGOOD": _sum_of_group(visits[["star", "plate", "ifudesign"]], visits["n_exposure"]).astype(np.int16),
        "HELIOV": star["velocity"], "VERR": _sum_of_group(visits["star"], visits["velocity_error"] ** -2.0) ** -0.5,
        "HELIOV_VISIT": visits["velocity"], "VERR_VISIT": visits["velocity_error"],
        "V_ERRCODE": 0, "V_ERRCODE_VISIT": 0,
        "VELVARFLAG": largest_change > 3, "DV_MAXSIG": largest_change,
        "MJDQUAL": visits["mjdqual"], "BPRPERR_SP": np.hypot(0.01, 1 / np.maximum(visits["snr"], 1)),
        "S2N": visits["snr"], "S2N10": visits["snr10"], "BADPIXFRAC": visits["bad_pixel_fraction"],
    }  # fmt: skip


def _sum_of_group(keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(n,) sum of the values over all visits with the same key."""
    _, group = np.unique(keys, return_inverse=True)
    return np.bincount(group, values)[group]


def _largest_change(visits: np.ndarray) -> np.ndarray:
    """(n,) the largest difference between two velocities of a star, in units of its error; 0 for a single visit."""
    _, group, counts = np.unique(visits["star"], return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    star, velocity, error = group[order], visits["velocity"][order], visits["velocity_error"][order]
    largest = np.zeros(len(counts))
    for lag in range(1, counts.max(initial=1)):
        same = star[lag:] == star[:-lag]
        change = np.abs(velocity[lag:] - velocity[:-lag]) / np.hypot(error[lag:], error[:-lag])
        np.maximum.at(largest, star[lag:][same], change[same])
    return largest[group]


def _spectrum_columns(spectra: np.ndarray, wavelength: np.ndarray) -> Columns:
    return {"WAVE": wavelength, "FLUX": spectra["flux"], "IVAR": spectra["ivar"], "MASK": spectra["mask"]}
