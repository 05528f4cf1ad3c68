"""A spectrum among the templates of a library (the paper's Fig. 13)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import QTable
from matplotlib.figure import Figure

from catalog.causes.likeness import Match
from catalog.figures.file import save
from catalog.figures.spectra import MINUS, height_of_facts, put_facts
from catalog.figures.style import BLUE, TWO_COLUMNS, VERMILLION, WAVELENGTH
from catalog.spectra.spectrum import is_bad

ROW, ABOVE, BELOW = 0.62, 0.1, 0.45
"""Height of a template, and room above and below, in inches."""


def draw(spectrum: QTable, fitted: Sequence[tuple[Match, np.ndarray]], known: Mapping[str, Any], path: Path) -> None:
    """Draw the templates one above the other, bluer ones on top, each with the spectrum behind it.

    The best fit is drawn in another colour. Writes the file.

    Parameters
    ----------
    spectrum : QTable, (n_pixel,)
        On the whole grid.
    fitted : sequence of (Match, ndarray)
        Matches, the best first, each with its curve, (n_pixel,), NaN where the template is not real.
    known : mapping
        As `describe_spectrum` gives it.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    save(lambda: _figure(spectrum, fitted, known), path)


def _figure(spectrum: QTable, fitted: Sequence[tuple[Match, np.ndarray]], known: Mapping[str, Any]) -> Figure:
    above = height_of_facts(known) + ABOVE
    height = above + ROW * (len(fitted) + 0.6) + BELOW
    figure = Figure(figsize=(TWO_COLUMNS, height))
    panel = figure.subplots()
    figure.subplots_adjust(left=0.06, right=0.985, top=1 - above / height, bottom=BELOW / height)
    wavelength = spectrum["wavelength"].value
    flux = np.where(is_bad(spectrum), np.nan, spectrum["flux"].value.astype(np.float64))
    # Where the templates are real, each is as high as the spectrum there: a fit has its scale.
    unit = np.nanquantile(flux[np.isfinite(fitted[0][1])], 0.99)
    best = fitted[0][0]
    # A template that needed much dust is bluer than the star.
    ordered = sorted(fitted, key=lambda pair: -pair[0].ebv)
    for level, (match, curve) in enumerate(reversed(ordered)):
        color = VERMILLION if match is best else BLUE
        panel.plot(wavelength, level + flux / unit * 0.9, color="0.6", linewidth=1.1)
        panel.plot(wavelength, level + curve / unit * 0.9, color=color, linewidth=0.7)
        chi2 = "" if match.reduced_chi2 is None else rf", $\chi^2_\nu$ = {_plain(match.reduced_chi2)}"
        panel.text(
            0.01,
            level + 0.32,
            f"{match.name}\nrms {match.rms:.3f}{chi2}\n$E(B-V)$ = {match.ebv:+.2f}".replace("= -", f"= {MINUS}"),
            transform=panel.get_yaxis_transform(), fontsize=6.5, color=color, va="bottom",
        )  # fmt: skip
    panel.set_xlim(wavelength[0], wavelength[-1])
    panel.set_ylim(-0.1, len(fitted) + 0.4)
    panel.set_yticks([])
    panel.set_ylabel(r"$f_\lambda$, shifted; grey: the spectrum", fontsize=8)
    panel.set_xlabel(WAVELENGTH, fontsize=9)
    put_facts(figure, known)
    return figure


def _plain(number: float) -> str:
    """Three digits, or whole, without an exponent.

    Examples
    --------
    >>> _plain(0.987), _plain(4321.5)
    ('0.987', '4322')
    """
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"
