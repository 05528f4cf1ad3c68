"""From a star to the telescope: its photosphere, oddity and dust, and the magnitudes that Gaia measures of it."""

from functools import cache

import numpy as np

from catalog.extinction import extinction
from catalog.surveys.mock.atmosphere import chromosphere, photospheres
from catalog.surveys.mock.dust import interstellar
from catalog.surveys.mock.grid import WIDE
from catalog.surveys.mock.oddities import ODDITIES
from catalog.surveys.mock.photometry import VEGA, VEGA_TEFF, magnitudes
from catalog.surveys.mock.star import STAR

ODDITY_STREAM = 2
"""A survey's seed feeds independent streams: 0 its stars, 1 a block of their spectra, 2 one odd star, 3 catalogs."""


def light_of(stars: np.ndarray, seed: int, first: int, generator: np.random.Generator) -> np.ndarray:
    """What reaches the telescope, (n, n_wide), 1e-17 erg / (s cm2 Angstrom).

    Fills in colours, magnitudes and distance of the stars, in place, and advances the generator.

    Parameters
    ----------
    stars : ndarray, (n,) of type STAR
        Consecutive stars of a survey.
    seed : int
        Of the survey.
    first : int
        Which star of the survey is the first of them.
    generator : Generator
        What is random about the stars, but not about their oddities, comes from it.
    """
    flux = photospheres(stars) * chromosphere(stars, generator)
    nowhere = np.full_like(flux, np.nan)
    flux, _ = plant(stars, first + np.arange(len(stars)), flux, nowhere, WIDE, seed, in_the_star=True)
    before_dust = magnitudes(flux, _vega())
    flux = flux * interstellar(stars["ebv"]) * 10 ** (-0.4 * np.outer(stars["ebv"], extinction(WIDE)))
    seen = magnitudes(flux, _vega())
    stars["bp_rp0"] = before_dust[:, 1] - before_dust[:, 2]
    extinction_g = seen[:, 0] - before_dust[:, 0]
    stars["distance_pc"] = 10 ** ((stars["g_mag"] - extinction_g - stars["abs_g"] + 5) / 5)
    stars["bp_mag"] = stars["g_mag"] + seen[:, 1] - seen[:, 0]
    stars["rp_mag"] = stars["g_mag"] + seen[:, 2] - seen[:, 0]
    brightness = VEGA / 1e-17 * 10 ** (-0.4 * (stars["g_mag"] - seen[:, 0]))
    lit: np.ndarray = flux * brightness[:, None]
    return lit


@cache
def _vega() -> np.ndarray:
    star = np.zeros(1, STAR)
    star["teff"], star["logg"] = VEGA_TEFF, 4.0
    vega: np.ndarray = photospheres(star)[0]
    return vega


def plant(
    stars: np.ndarray,
    index: np.ndarray,
    flux: np.ndarray,
    ivar: np.ndarray,
    wavelength: np.ndarray,
    seed: int,
    *,
    in_the_star: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """The flux and ivar with the oddities of the odd stars among them.

    Parameters
    ----------
    stars : ndarray, (n,) of type STAR
        Whose spectra they are.
    index : ndarray, (n,) int
        The stars' numbers in the survey, which with its seed decide what is random about an oddity.
    flux, ivar : ndarray, (n, n_pixel)
        Of any unit; they stay as they are.
    wavelength : ndarray, (n_pixel,)
        Vacuum Angstrom, increasing.
    seed : int
        Of the survey.
    in_the_star : bool
        Plant only what comes with the light, or only what arises in instrument and reduction.

    Returns
    -------
    flux, ivar : ndarray, (n, n_pixel)
        New ones.
    """
    flux, ivar = flux.copy(), ivar.copy()
    for row in np.flatnonzero(stars["kind"] != ""):
        oddity = ODDITIES[str(stars["kind"][row])]
        if oddity.in_the_star == in_the_star:
            # Its own stream: the same spikes and ripples in all spectra of a star.
            generator = np.random.default_rng([seed, ODDITY_STREAM, int(index[row])])
            one = slice(row, row + 1)
            flux[one], ivar[one] = oddity.plant(wavelength, flux[one], ivar[one], stars["strength"][row], generator)
    return flux, ivar
