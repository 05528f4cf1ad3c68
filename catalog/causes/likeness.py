"""What a spectrum is like: templates fitted with a free scale and free reddening (the paper's Fig. 13, by chi2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catalog.extinction import extinction

EBV_STEP = 0.1
EBV = np.arange(-10, 41) * EBV_STEP
"""Reddenings that are tried, mag: below 0 if the template has more dust than the star. The best lies between three."""

FEWEST = 300
"""Pixels that a template and a spectrum must have in common."""


@dataclass(frozen=True)
class Template:
    """A spectrum of known kind, on its own wavelengths.

    Attributes
    ----------
    library, name : str
    wavelength : ndarray, (n,)
        Vacuum Angstrom, increasing.
    flux : ndarray, (n,)
        Of any unit.
    good : ndarray, (n,) bool
        Whether the flux is real.
    """

    library: str
    name: str
    wavelength: np.ndarray
    flux: np.ndarray
    good: np.ndarray


@dataclass(frozen=True)
class Match:
    """A template fitted to a spectrum.

    Attributes
    ----------
    library, name : str
        Of the template.
    reduced_chi2 : float, optional
        Per degree of freedom; None without ivar.
    rms : float
        Root mean square of what is left, over the mean flux.
    scale : float
        Of the template, its median made 1, before reddening.
    ebv : float
        Reddening of the template, mag.
    n_pixel : int
        Pixels compared.
    """

    library: str
    name: str
    reduced_chi2: float | None
    rms: float
    scale: float
    ebv: float
    n_pixel: int


class Templates:
    """Templates brought to the pixels of one grid, to be fitted to many spectra.

    Parameters
    ----------
    templates : sequence of Template
        Those that have next to no pixel on the grid are left out.
    wavelength : ndarray, (n_pixel,)
        Vacuum Angstrom.
    """

    def __init__(self, templates: Sequence[Template], wavelength: np.ndarray) -> None:
        self.wavelength = wavelength
        self._found: list[tuple[Template, np.ndarray, np.ndarray, np.ndarray]] = []
        self._extinction = extinction(wavelength)
        dust = 10 ** (-0.4 * EBV[:, None] * self._extinction)
        for template in templates:
            flux, good = on_grid(template, wavelength)
            if np.count_nonzero(good) >= FEWEST:
                light = np.where(good, flux / np.median(flux[good]), 0.0)
                self._found.append((template, light, good, (dust * light).astype(np.float32)))

    def match(self, flux: np.ndarray, ivar: np.ndarray, mask: np.ndarray) -> list[Match]:
        """Every template fitted to one spectrum, the best first.

        The best has the least reduced chi2, or the least rms where ivar is unknown. Pixels that are masked or have no
        flux above 0 are left out.

        Parameters
        ----------
        flux : ndarray, (n_pixel,)
        ivar : ndarray, (n_pixel,)
            NaN: unknown.
        mask : ndarray, (n_pixel,)
            0 is good.
        """
        known = np.isfinite(ivar) & (ivar > 0)
        usable = (mask == 0) & np.isfinite(flux) & (flux > 0) & (known if known.any() else True)
        weight = np.where(usable, ivar if known.any() else 1.0, 0.0).astype(np.float64)
        values = np.where(usable, flux, 0.0).astype(np.float64)
        matches = []
        for template, light, good, reddened in self._found:
            compared = weight * good
            if np.count_nonzero(compared) >= FEWEST:
                matches.append(self._fit(template, light, reddened, values, compared, with_ivar=bool(known.any())))
        return sorted(matches, key=lambda match: match.rms if match.reduced_chi2 is None else match.reduced_chi2)

    def curve(self, match: Match) -> np.ndarray:
        """The fitted template, (n_pixel,), NaN where it is not real."""
        for template, light, good, _ in self._found:
            if (template.library, template.name) == (match.library, match.name):
                return np.where(good, match.scale * light * self._dust(match.ebv), np.nan)
        raise KeyError(match.name)

    def _dust(self, ebv: float) -> np.ndarray:
        return np.asarray(10 ** (-0.4 * ebv * self._extinction))

    def _fit(
        self,
        template: Template,
        light: np.ndarray,
        reddened: np.ndarray,
        flux: np.ndarray,
        weight: np.ndarray,
        *,
        with_ivar: bool,
    ) -> Match:
        # Scaled, since fluxes of 1e-17 and their ivar would not fit into single precision.
        one = (weight / weight.max()).astype(np.float32)
        relative = (flux / flux.max()).astype(np.float32)
        misfit = one @ np.square(relative) - np.square(reddened @ (one * relative)) / (np.square(reddened) @ one)
        at = int(misfit.argmin())
        ebv = float(EBV[at])
        if 0 < at < len(EBV) - 1:
            before, least, after = misfit[at - 1 : at + 2].astype(np.float64)
            curvature = before - 2 * least + after
            ebv += EBV_STEP * 0.5 * float((before - after) / curvature) if curvature > 0 else 0.0
        fitted = light * self._dust(ebv)
        scale = float((fitted @ (weight * flux)) / (np.square(fitted) @ weight))
        residual, compared = flux - scale * fitted, weight > 0
        n_pixel = int(np.count_nonzero(compared))
        chi2 = float((weight * np.square(residual)).sum() / (n_pixel - 2))
        rms = float(np.sqrt(np.square(residual[compared]).mean()) / flux[compared].mean())
        return Match(template.library, template.name, chi2 if with_ivar else None, rms, scale, ebv, n_pixel)


def on_grid(template: Template, wavelength: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The template's flux at other wavelengths, (n_pixel,), and whether it is real there: between two good pixels."""
    real = np.interp(wavelength, template.wavelength, template.good.astype(np.float64), left=0, right=0)
    return np.interp(wavelength, template.wavelength, template.flux), real >= 1 - 1e-9
