"""What makes a spectrum odd, each kind with a strength: 1 is nominal, 0.25 barely visible, 4 extreme.

Every kind changes the spectrum of an ordinary star, so that it can be planted in a mock survey and in real spectra
alike. Amplitudes are ours; wavelengths and bands are published, by kind as named in its function.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from catalog.extinction import extinction
from catalog.surveys.mock.features import (
    C2_SWAN,
    CH_G_BAND,
    CN_RED,
    CN_VIOLET,
    FEATURES,
    air_to_vacuum,
    edge,
    hydrogen,
    lines,
)

SPEED_OF_LIGHT = 299792.458
"""km / s."""

Change = Callable[[np.ndarray, np.ndarray, np.ndarray, Generator], np.ndarray]
"""wavelength (n_pixel,), flux (n, n_pixel), strength (n, 1), generator -> factor on the flux (n, n_pixel)."""


@dataclass(frozen=True)
class Oddity:
    """One kind of odd spectrum.

    Attributes
    ----------
    kind : str
        Its name, a slug.
    about : str
        What it is, in one line.
    bp_rp, abs_g : tuple of float
        Where in the colour-magnitude diagram its hosts lie, from and to, mag.
    change : callable
        What it does to a spectrum.
    in_the_star : bool
        It comes to us with the light; otherwise it arises in the instrument or the reduction.
    sigma : callable, optional
        What it does to the uncertainty beside that.
    calibration : bool
        It scales flux and uncertainty alike.

    Examples
    --------
    >>> import numpy as np
    >>> wavelength = np.linspace(9000.0, 10000.0, 11)
    >>> flux, ivar = ODDITIES["artifact-9500"].plant(
    ...     wavelength, np.ones((1, 11)), np.ones((1, 11)), 1.0, np.random.default_rng(0))
    >>> print(flux[0, 4:7].round(2))
    [1.15 1.6  1.15]
    """

    kind: str
    about: str
    bp_rp: tuple[float, float]
    abs_g: tuple[float, float]
    change: Change
    in_the_star: bool = True
    sigma: Change | None = None
    calibration: bool = False

    def plant(
        self, wavelength: np.ndarray, flux: np.ndarray, ivar: np.ndarray, strength: ArrayLike, generator: Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same spectra with the oddity in them.

        Advances the generator.

        Parameters
        ----------
        wavelength : ndarray, (n_pixel,)
            Vacuum Angstrom, increasing.
        flux, ivar : ndarray, (n, n_pixel)
            Of any unit; ivar may be NaN.
        strength : array_like
            One for all, or (n,).
        generator : Generator
            What is random comes from it.

        Returns
        -------
        flux, ivar : ndarray, (n, n_pixel) float32
            New ones.
        """
        by_row = np.broadcast_to(np.asarray(strength, np.float64), len(flux))[:, None]
        factor = self.change(wavelength, np.asarray(flux, np.float64), by_row, generator)
        changed = flux * factor
        if self.calibration:
            ivar = ivar / factor**2
        if self.sigma is not None:
            ivar = ivar / self.sigma(wavelength, np.asarray(flux, np.float64), by_row, generator) ** 2
        return changed.astype(np.float32), np.asarray(ivar, np.float32)


def _bump(wavelength: np.ndarray, center: ArrayLike, width: float) -> np.ndarray:
    """Sum of Gaussians of height 1; width is one standard deviation in Angstrom. (n_pixel,)."""
    return np.exp(-(((wavelength[:, None] - np.atleast_1d(center)) / width) ** 2) / 2).sum(axis=1)


def _level(wavelength: np.ndarray, flux: np.ndarray) -> np.ndarray:
    """Flux near 5500 Angstrom, or over all if that lies outside; (n, 1), positive."""
    near = np.abs(wavelength - 5500) < 100
    level = np.median(flux[:, near] if near.any() else flux, axis=1, keepdims=True)
    return np.maximum(level, 1e-3 * flux.max(axis=1, keepdims=True))


def _black_body(wavelength: np.ndarray, teff: ArrayLike) -> np.ndarray:
    """Relative to its value at 5500 Angstrom; wavelength (n_pixel,), teff a number or (n, 1), K."""
    # Second radiation constant, Angstrom K.
    planck = wavelength**-5 / np.expm1(1.4388e8 / (wavelength * np.asarray(teff)))
    reference = 5500.0**-5 / np.expm1(1.4388e8 / (5500.0 * np.asarray(teff)))
    ratio: np.ndarray = planck / reference
    return ratio


def _with(wavelength: np.ndarray, flux: np.ndarray, companion: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Factor that adds a companion, relative at 5500 Angstrom, with `share` (n, 1) of the host's flux there."""
    # A pixel without flux cannot be changed by a factor; it stays as it is.
    positive = np.where(flux > 0, flux, np.inf)
    return 1 + share * _level(wavelength, flux) * companion / positive


def _artifact(wavelength: np.ndarray, _flux: np.ndarray, strength: np.ndarray, _: Generator) -> np.ndarray:
    # Section 4.1 of the paper, 3-33352569: a hump near 9500, with raised sigma though no pixel is masked.
    return 1 + 0.6 * strength * _bump(wavelength, 9500, 60)


def _artifact_sigma(wavelength: np.ndarray, _flux: np.ndarray, strength: np.ndarray, _: Generator) -> np.ndarray:
    return 1 + 2 * strength * _bump(wavelength, 9500, 60)


def _carbon(ch: float, c2: float, cn: float) -> Change:
    """Bands of carbon in excess of oxygen: Keenan 1993 (PASP 105, 905), Barnbaum et al. 1996 (ApJS 105, 419)."""

    def change(wavelength: np.ndarray, _flux: np.ndarray, strength: np.ndarray, _: Generator) -> np.ndarray:
        depth = ch * CH_G_BAND(wavelength) + c2 * C2_SWAN(wavelength)
        depth += cn * (CN_RED(wavelength) + 1.5 * CN_VIOLET(wavelength))
        return np.exp(-strength * depth)

    return change


AGB_BANDS = {
    "TiO 4761": 0.8, "TiO 4955": 1.0, "TiO 5167": 1.0, "TiO 5448": 0.8, "TiO 5847": 0.6, "TiO 6158": 0.8,
    "TiO 7054": 0.3, "VO 5469": 0.4, "VO 7334": 0.4, "VO 7896": 0.5, "H2O": 0.4,
}  # fmt: skip


def _agb(wavelength: np.ndarray, _flux: np.ndarray, strength: np.ndarray, _: Generator) -> np.ndarray:
    # Lançon & Mouhcine 2002 (A&A 393, 167): the redder the mean spectrum, the deeper TiO and VO.
    cooler = _black_body(wavelength, 3200 / (1 + 0.2 * strength)) / _black_body(wavelength, 3200)
    depth = sum(share * FEATURES[name](wavelength) for name, share in AGB_BANDS.items())
    factor: np.ndarray = cooler * np.exp(-strength * depth)
    return factor


def _emission(wavelength: np.ndarray, _flux: np.ndarray, strength: np.ndarray, _: Generator) -> np.ndarray:
    # Be stars: Porter & Rivinius 2003 (PASP 115, 1153); H beta about a quarter of H alpha, the triplet weak.
    alpha, beta, gamma = hydrogen(2, 5)
    shape = 3 * _bump(wavelength, alpha, 5.5) + 0.8 * _bump(wavelength, beta, 4.5) + 0.3 * _bump(wavelength, gamma, 4)
    shape += 0.25 * _bump(wavelength, hydrogen(3, 16)[5:], 7)
    return 1 + strength * shape


def _white_dwarf(wavelength: np.ndarray, flux: np.ndarray, strength: np.ndarray, _: Generator) -> np.ndarray:
    # DA of 16,000 K; share of light as in Rebassa-Mansergas et al. 2010 (MNRAS 402, 620).
    balmer = lines(wavelength, hydrogen(2, 10), [0.5, 0.7, 0.8, 0.8, 0.7, 0.5, 0.3, 0.2], 35)
    return _with(wavelength, flux, _black_body(wavelength, 16000) * np.exp(-balmer), strength)


def _double(wavelength: np.ndarray, flux: np.ndarray, strength: np.ndarray, _: Generator) -> np.ndarray:
    # A giant and an A star, 120 km/s apart: composite spectra, Ginestet & Carquillat 2002 (ApJS 143, 513).
    apart = wavelength / (1 + 120 / SPEED_OF_LIGHT)
    depth = FEATURES["H Balmer wings"](apart) + 0.5 * edge(apart, 3690, 40)
    companion = _black_body(wavelength, 9500) * np.exp(-depth)
    return _with(wavelength, flux, companion, 0.4 * strength)


def _cataclysmic(wavelength: np.ndarray, flux: np.ndarray, strength: np.ndarray, _: Generator) -> np.ndarray:
    # Disc as a power law of -7/3 (Frank, King & Raine 2002, Eq. 5.45); lines as in Szkody et al. 2011 (AJ 142, 181).
    emission = 1.5 * _bump(wavelength, hydrogen(2, 8), 13) + 0.5 * _bump(wavelength, hydrogen(3, 14)[4:], 16)
    emission += 0.6 * _bump(wavelength, air_to_vacuum([4471.5, 4685.7, 5875.6, 6678.2, 7065.2]), 12)
    return _with(wavelength, flux, (wavelength / 5500) ** (-7 / 3) * (1 + emission), strength)


def _peculiar(wavelength: np.ndarray, _flux: np.ndarray, strength: np.ndarray, _: Generator) -> np.ndarray:
    # Ap SiSrCrEu: Gray & Corbally 2009, chapter 5; the depression at 5200: Kodaira 1969 (ApJ 157, L59).
    air = [3856.0, 3862.6, 4128.1, 4130.9, 5041.0, 5056.0, 6347.1, 6371.4, 4077.7, 4215.5, 4558.7, 4588.2, 4824.1]
    depth = 0.5 * lines(wavelength, air_to_vacuum([*air, 4129.7, 4205.0]), 1.0, 2.5)
    return np.exp(-strength * (depth + 0.1 * _bump(wavelength, 5200, 70)))


SKY = air_to_vacuum(
    [5577.3, 6300.3, 6363.8, 6863.9, 6923.2, 6948.9, 7244.9, 7276.4, 7303.7, 7316.3, 7340.9, 7369.2, 7401.9, 7524.1,
     7571.8, 7715.0, 7750.6, 7794.1, 7821.5, 7853.2, 7913.7, 7964.7, 7993.3, 8025.8, 8062.4, 8344.6, 8382.4, 8399.2,
     8415.2, 8430.2, 8452.3, 8465.4, 8493.4, 8504.6, 8548.7, 8761.0, 8767.9, 8778.3, 8827.1, 8885.9, 8903.1, 8919.6,
     8943.4, 8957.9, 8988.4, 9001.3, 9049.2, 9337.8, 9375.9, 9419.7, 9439.7, 9458.5, 9476.8, 9502.8, 9519.2, 9567.6,
     9607.7, 9620.6, 9654.9, 9699.1, 9720.0, 9753.9, 9792.3, 9872.1, 9914.7, 10013.2, 10082.5, 10171.6, 10290.0]
)  # fmt: skip
"""[O I] and OH lines of the night sky: Osterbrock et al. 1996 (PASP 108, 277)."""


def _sky(wavelength: np.ndarray, flux: np.ndarray, strength: np.ndarray, generator: Generator) -> np.ndarray:
    profiles = np.exp(-(((wavelength - SKY[:, None]) / 2.2) ** 2) / 2)
    # OH lines are over- or undersubtracted together, with some scatter; in the red they are stronger.
    common = generator.choice([-1.0, 1.0], (len(flux), 1))
    residual = (common + 0.4 * generator.standard_normal((len(flux), len(SKY)))) * (SKY / 9000) ** 4
    return np.maximum(1 + 0.12 * strength * (residual @ profiles), 0.02)


def _step(wavelength: np.ndarray, _flux: np.ndarray, strength: np.ndarray, generator: Generator) -> np.ndarray:
    # The arms of the spectrographs overlap from 5900 to 6300: Smee et al. 2013 (AJ 146, 32).
    sign = generator.choice([-1.0, 1.0], strength.shape)
    return np.exp(0.15 * strength * sign * edge(wavelength, 6100, 60))


def _cosmic(wavelength: np.ndarray, flux: np.ndarray, strength: np.ndarray, generator: Generator) -> np.ndarray:
    factor = np.ones(flux.shape)
    for row, amplitude in enumerate(strength[:, 0]):
        first = generator.integers(0, len(wavelength) - 3, 12)
        height = amplitude * generator.uniform(0.3, 1.2, 12) * np.median(flux[row])
        for offset, share in ((0, 1.0), (1, 0.6), (2, 0.15)):
            np.add.at(factor[row], first + offset, share * height / np.maximum(flux[row, first + offset], 1e-30))
    return np.where(flux > 0, np.minimum(factor, 1e3), 1)


def _fringing(wavelength: np.ndarray, _flux: np.ndarray, strength: np.ndarray, generator: Generator) -> np.ndarray:
    # Interference in a thinned CCD: constant period in wavenumber, growing where silicon turns transparent.
    phase = generator.uniform(0, 2 * np.pi, strength.shape)
    growth = 1 / (1 + np.exp((8500 - wavelength) / 350))
    return 1 + np.minimum(0.08 * strength, 0.9) * growth * np.sin(2 * np.pi * 1.35e6 / wavelength + phase)


def _velocity(wavelength: np.ndarray, flux: np.ndarray, strength: np.ndarray, generator: Generator) -> np.ndarray:
    sign = generator.choice([-1.0, 1.0], len(flux))
    factor = np.ones(flux.shape)
    for row, shift in enumerate(1 + 300 * strength[:, 0] * sign / SPEED_OF_LIGHT):
        shifted = np.interp(wavelength / shift, wavelength, flux[row])
        np.divide(shifted, flux[row], out=factor[row], where=flux[row] > 0)
    return factor


def _reddening(wavelength: np.ndarray, _flux: np.ndarray, strength: np.ndarray, generator: Generator) -> np.ndarray:
    sign = generator.choice([-1.0, 1.0], strength.shape)
    return 10 ** (-0.4 * 0.3 * strength * sign * extinction(wavelength))


ANYWHERE = ((-1.0, 4.0), (-4.0, 13.0))
RED_GIANTS = (-3.5, 2.5)

ODDITIES = {
    oddity.kind: oddity
    for oddity in (
        Oddity("artifact-9500", "hump near 9500 Å, raised sigma, no pixel masked", (1.8, 3.5), (7.0, 13.0), _artifact,
               in_the_star=False, sigma=_artifact_sigma),
        Oddity("ch-star", "giant with CH, C2 and weak CN bands", (1.0, 1.7), RED_GIANTS, _carbon(1.5, 0.7, 0.2)),
        Oddity("cn-star", "giant with C2 and strong CN bands", (1.2, 2.0), RED_GIANTS, _carbon(0.8, 0.8, 0.6)),
        Oddity("dwarf-carbon", "K dwarf with C2 and CN bands", (1.1, 1.9), (5.5, 9.0), _carbon(0.6, 0.8, 0.4)),
        Oddity("o-rich-agb", "end of the giant branch, next to no flux below 6000 Å", (2.3, 7.0), (-4.5, 1.5), _agb),
        Oddity("emission-line", "hydrogen in emission on a hot star", (-0.5, 0.6), (-6.0, 3.0), _emission),
        Oddity("wd-m-dwarf", "white dwarf beside an M dwarf", (1.8, 4.0), (7.0, 13.0), _white_dwarf),
        Oddity("double-lined", "A star beside a red giant", (0.9, 1.7), RED_GIANTS, _double),
        Oddity("cataclysmic", "accretion disc with broad emission lines", (1.0, 3.5), (5.5, 13.0), _cataclysmic),
        Oddity("chemically-peculiar", "Si, Sr, Cr, Eu lines and the 5200 Å depression", (-0.3, 0.4), (-2.0, 3.0),
               _peculiar),
        Oddity("sky-residual", "night-sky lines over- or undersubtracted", *ANYWHERE, _sky, in_the_star=False),
        Oddity("arm-step", "flux calibration differs between the arms", *ANYWHERE, _step,
               in_the_star=False, calibration=True),
        Oddity("cosmic-rays", "spikes of one to three pixels", *ANYWHERE, _cosmic, in_the_star=False),
        Oddity("fringing", "ripples beyond 8000 Å", *ANYWHERE, _fringing, in_the_star=False, calibration=True),
        Oddity("wrong-velocity", "not at rest, by 300 km/s", *ANYWHERE, _velocity, in_the_star=False),
        Oddity("wrong-extinction", "E(B-V) off by 0.3", *ANYWHERE, _reddening,
               in_the_star=False, calibration=True),
    )
}  # fmt: skip
"""Kind to oddity; the paper's (section 4) come first."""
