"""A spectrum above its look-alikes in a model's latent space (the paper's Fig. 10)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import QTable
from matplotlib.figure import Figure

from catalog.figures.file import save
from catalog.figures.spectra import (
    height_of_facts,
    limits_of_flux,
    mark_clipped,
    mark_pixels,
    pixel_handles,
    put_facts,
    put_legend,
    taken,
)
from catalog.figures.style import BLUE, TWO_COLUMNS, WAVELENGTH
from catalog.spectra.spectrum import is_bad

ROLES = {"train": "in the training split", "validation": "in the validation split", None: "in neither split"}

ROW, ABOVE, BELOW = 1.0, 0.35, 0.45
"""Height of a spectrum's panel, room for the legend and the first name, and for the axis, in inches."""


def draw(spectra: Sequence[QTable], known: Mapping[str, Any], model: str, path: Path) -> None:
    """Draw a spectrum on top and its neighbours below, the nearest first, each divided by its median.

    Writes the file.

    Parameters
    ----------
    spectra : sequence of QTable, (n_pixel,) each
        On one grid; `meta` of a neighbour has mangaid, plate, mjd, distance and role.
    known : mapping
        Of the first, as `describe_spectrum` gives it.
    model : str
        Whose latent space it is.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    save(lambda: _figure(spectra, known, model), path)


def _figure(spectra: Sequence[QTable], known: Mapping[str, Any], model: str) -> Figure:
    above = height_of_facts(known) + ABOVE
    height = above + ROW * len(spectra) + BELOW
    figure = Figure(figsize=(TWO_COLUMNS, height))
    panels = figure.subplots(len(spectra), 1, sharex=True, squeeze=False)[:, 0]
    figure.subplots_adjust(left=0.08, right=0.985, top=1 - above / height, bottom=BELOW / height, hspace=0.22)
    for number, (panel, spectrum) in enumerate(zip(panels, spectra, strict=True)):
        wavelength = spectrum["wavelength"].value
        flux = spectrum["flux"].value.astype(np.float64)
        flux /= np.median(flux[taken(spectrum, known)])
        mark_pixels(panel, spectrum, known)
        panel.plot(wavelength, flux, color=BLUE if number else "black", linewidth=0.6)
        panel.set_xlim(wavelength[0], wavelength[-1])
        panel.set_ylim(limits_of_flux(flux, spectrum, known))
        mark_clipped(panel, wavelength, np.where(is_bad(spectrum), np.nan, flux), BLUE if number else "black")
        panel.locator_params(axis="y", nbins=3)
        panel.tick_params(labelsize=7)
        panel.set_title(_name(spectrum, model) if number else known["mangaid"], loc="left", fontsize=7, pad=2)
    figure.supylabel(r"$f_\lambda$ / median", fontsize=9, x=0.005)
    panels[-1].set_xlabel(WAVELENGTH, fontsize=9)
    put_facts(figure, known)
    if handles := pixel_handles(spectra, known):
        put_legend(figure, handles, known)
    return figure


def _name(spectrum: QTable, model: str) -> str:
    row = spectrum.meta
    visit = "" if row["plate"] is None else f", plate {row['plate']}, MJD {row['mjd']}"
    return f"{row['mangaid']}{visit}, at {row['distance']:.4g} in {model}, {ROLES[row['role']]}"
