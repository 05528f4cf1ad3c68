"""A spectrum with its uncertainty, beside that of its look-alikes (the paper's Fig. 7)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import QTable
from matplotlib.figure import Figure

from catalog.figures.file import save
from catalog.figures.spectra import (
    height_of_facts,
    limits,
    limits_of_flux,
    mark_clipped,
    mark_pixels,
    pixel_handles,
    put_facts,
    put_legend,
)
from catalog.figures.style import BLUE, FLUX, TWO_COLUMNS, WAVELENGTH
from catalog.spectra.spectrum import is_bad


def draw(spectrum: QTable, alike: Sequence[QTable], known: Mapping[str, Any], model: str, path: Path) -> None:
    """Draw flux, uncertainty σ = 1 / sqrt(ivar), and σ / flux beside the median of the look-alikes' σ / flux.

    Writes the file.

    Parameters
    ----------
    spectrum : QTable, (n_pixel,)
        With ivar, as `read_arrays` gives it.
    alike : sequence of QTable
        The look-alikes with ivar, on the same grid.
    known : mapping
        As `describe_spectrum` gives it.
    model : str
        Whose latent space the look-alikes are of.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    save(lambda: _figure(spectrum, alike, known, model), path)


def relative(spectrum: QTable) -> np.ndarray:
    """σ / flux of each pixel, (n_pixel,) float64; NaN where ivar or flux is not above 0."""
    return np.where(is_bad(spectrum), np.nan, sigma(spectrum) / spectrum["flux"].value)


def sigma(spectrum: QTable) -> np.ndarray:
    """σ = 1 / sqrt(ivar) of each pixel, (n_pixel,) float64, in the unit of flux; NaN where ivar is not above 0."""
    ivar = np.asarray(spectrum["ivar"].value, np.float64)
    return 1 / np.sqrt(np.where(ivar > 0, ivar, np.nan))


def _figure(spectrum: QTable, alike: Sequence[QTable], known: Mapping[str, Any], model: str) -> Figure:
    above = height_of_facts(known) + 0.25
    height = above + 4.6
    figure = Figure(figsize=(TWO_COLUMNS, height))
    panels = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 4))
    figure.subplots_adjust(left=0.105, right=0.985, top=1 - above / height, bottom=0.45 / height, hspace=0.07)
    wavelength = spectrum["wavelength"].value
    flux, own, deviation = spectrum["flux"].value.astype(np.float64), relative(spectrum), sigma(spectrum)
    usual = _median([relative(other) for other in alike]) if alike else np.full(len(flux), np.nan)
    for panel in panels:
        mark_pixels(panel, spectrum, known)
    panels[0].plot(wavelength, own, color="black", linewidth=0.6, label="this spectrum")
    compared = f"median of its {len(alike)} look-alikes in {model}" if alike else f"no look-alike in {model} has ivar"
    panels[0].plot(wavelength, usual, color=BLUE, linewidth=0.8, label=compared)
    panels[1].plot(wavelength, deviation, color="black", linewidth=0.6)
    panels[2].plot(wavelength, flux, color="black", linewidth=0.6)
    panels[0].set_yscale("log")
    panels[0].set_ylim(*(10**end for end in limits(np.log10(np.concatenate([own, usual])))))
    panels[1].set_ylim(0, limits(deviation)[1])
    panels[2].set_ylim(limits_of_flux(flux, spectrum, known))
    labels = (r"$\sigma_\lambda / f_\lambda$", f"$\\sigma_\\lambda$\n({FLUX})", f"$f_\\lambda$\n({FLUX})")
    for panel, values, label in zip(
        panels, (own, deviation, np.where(is_bad(spectrum), np.nan, flux)), labels, strict=True
    ):
        panel.set_xlim(wavelength[0], wavelength[-1])
        panel.set_ylabel(label, fontsize=7.5)
        mark_clipped(panel, wavelength, values, "black")
    panels[2].set_xlabel(WAVELENGTH, fontsize=9)
    figure.align_ylabels(panels)
    put_facts(figure, known)
    put_legend(figure, [*panels[0].get_legend_handles_labels()[0], *pixel_handles([spectrum], known)], known)
    return figure


def _median(values: list[np.ndarray]) -> np.ndarray:
    """Median of each pixel over spectra, (n_pixel,); NaN where fewer than half of them know it."""
    stacked = np.ma.masked_invalid(np.stack(values))
    median = np.ma.filled(np.ma.median(stacked, axis=0), np.nan)
    return np.where(2 * stacked.count(axis=0) >= len(values), median, np.nan)
