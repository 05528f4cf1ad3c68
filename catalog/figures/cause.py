"""Why a spectrum is anomalous: the residual, where the error lies, and the uncertainty (the paper's section 4)."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import QTable
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from catalog.causes.diagnosis import Diagnosis
from catalog.causes.noise import Noise
from catalog.causes.verdict import Verdict, shown_windows
from catalog.causes.where import Where
from catalog.causes.windows import NamedWindow, windows_within
from catalog.figures.file import save
from catalog.figures.spectra import (
    height_of_facts,
    limits,
    mark_clipped,
    mark_pixels,
    pixel_handles,
    put_facts,
    put_legend,
)
from catalog.figures.style import BLUE, FLAGGED, GREY, TWO_COLUMNS, VERMILLION, WAVELENGTH

N_NAMED = 6
"""Windows whose names are written, of those in which the cause shows itself."""

N_MOST = 3
"""Windows whose names are written besides: those with most of the error."""

CHARACTERS = 140
"""In a line of the verdict."""

LEAST = 0.05
"""Share of the error below which a window is not named."""

LINE = 0.125
"""Height of a line of text, in inches."""


def draw(spectrum: QTable, reconstructions: QTable, known: Mapping[str, Any], diagnosis: Diagnosis, path: Path) -> None:
    """Draw a spectrum with its reconstructions, the residual, the share of the error by window, and σ.

    The interval that holds half of the error is shaded in all panels. Writes the file.

    Parameters
    ----------
    spectrum : QTable, (n_pixel,)
        On the whole grid, as `read_arrays` gives it.
    reconstructions : QTable
        In the window, as `reconstruct` gives them.
    known : mapping
        As `describe_spectrum` gives it.
    diagnosis : Diagnosis
        As `diagnose_star` gives it.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    save(lambda: _figure(spectrum, reconstructions, known, diagnosis), path)


def _figure(spectrum: QTable, reconstructions: QTable, known: Mapping[str, Any], diagnosis: Diagnosis) -> Figure:
    place, told = diagnosis.place, _told(diagnosis.verdict)
    above = height_of_facts(known) + 0.3
    below = 0.5 + LINE * (len(told) + 1)
    height = above + 5.4 + below
    figure = Figure(figsize=(TWO_COLUMNS, height))
    panels = figure.subplots(4, 1, sharex=True, height_ratios=(4, 2.5, 3, 2))
    figure.subplots_adjust(left=0.095, right=0.985, top=1 - above / height, bottom=below / height, hspace=0.08)
    wavelength = reconstructions["wavelength"].value
    flux = reconstructions["flux"].value.astype(np.float64)
    maximum = flux.max()
    models = np.stack([reconstructions[model].value for model in reconstructions.meta["models"]]) / maximum
    flux, middle = flux / maximum, np.median(models, axis=0)
    for panel in panels:
        mark_pixels(panel, spectrum, known)
        panel.axvspan(place.interval_lo, place.interval_hi, color=FLAGGED, zorder=0.5, linewidth=0)
        panel.tick_params(labelsize=7)
    panels[0].fill_between(wavelength, models.min(axis=0), models.max(axis=0), color=VERMILLION, alpha=0.3, linewidth=0)
    panels[0].plot(wavelength, flux, color="black", linewidth=0.7)
    panels[0].plot(wavelength, middle, color=VERMILLION, linewidth=0.6)
    lo, hi = limits(np.concatenate([flux, middle]))
    panels[0].set_ylim(min(lo, -0.03 * hi), hi)
    panels[1].axhline(0, color=GREY, linewidth=0.5)
    panels[1].plot(wavelength, flux - middle, color="black", linewidth=0.5)
    panels[1].set_ylim(limits(flux - middle))
    for panel, values in ((panels[0], flux), (panels[1], flux - middle)):
        mark_clipped(panel, wavelength, values, "black")
    _shares(panels[2], place, windows_within(wavelength), diagnosis.verdict.cause)
    _sigma(panels[3], reconstructions, diagnosis.against)
    labels = ("$F$", r"$F - \hat F$", "share of the error", r"$\sigma_F$")
    for panel, label in zip(panels, labels, strict=True):
        panel.set_ylabel(label, fontsize=8)
    panels[0].set_xlim(wavelength[0], wavelength[-1])
    panels[-1].set_xlabel(WAVELENGTH, fontsize=9)
    figure.align_ylabels(panels)
    put_facts(figure, known)
    figure.text(0.03, (LINE * (len(told) + 0.3)) / height, told[0], va="top", fontsize=8, fontweight="bold")
    figure.text(
        0.03, (LINE * (len(told) - 0.9)) / height, "\n".join(told[1:]), va="top", fontsize=6.5, linespacing=1.25
    )
    handles = [
        Line2D([], [], color="black", linewidth=0.9, label="spectrum"),
        Line2D([], [], color=VERMILLION, linewidth=0.9, label=f"median and range of {len(models)} models"),
        Patch(color=FLAGGED, label="half of the error"),
    ]
    put_legend(figure, [*handles, *pixel_handles([spectrum], known)], known)
    return figure


def _shares(panel: Axes, place: Where, windows: tuple[NamedWindow, ...], cause: str) -> None:
    """A bar over each window, as high as its share; named where the cause shows itself, in grey where most is."""
    of_cause, most = shown_windows(place.share, cause)[:N_NAMED], shown_windows(place.share, "unknown")[:N_MOST]
    for window in windows:
        panel.plot([window.lo, window.hi], [place.share[window.name]] * 2, color=BLUE, linewidth=1.5)
    top = max(max(place.share.values()), 1e-3)
    written: list[tuple[float, float]] = []
    for window in sorted(windows, key=lambda window: -place.share[window.name]):
        if window.name not in {*of_cause, *most} or place.share[window.name] < LEAST:
            continue
        x, y = (window.lo + window.hi) / 2, place.share[window.name]
        # Beside a name that is there already, one step higher.
        while any(abs(x - other) < 700 and abs(y - level) < 0.12 * top for other, level in written):
            y += 0.02 * top
        written.append((x, y))
        color = "black" if window.name in of_cause else "0.4"
        panel.text(x, y + 0.03 * top, window.name, color=color, ha="center", va="bottom", fontsize=6, clip_on=True)
    panel.set_ylim(0, 1.25 * max([top, *(level for _, level in written)]))


def _sigma(panel: Axes, reconstructions: QTable, against: Noise) -> None:
    ivar = np.asarray(reconstructions["ivar"].value, np.float64)
    maximum = reconstructions["flux"].value.astype(np.float64).max()
    sigma = 1 / np.sqrt(np.where(ivar > 0, ivar, np.nan)) / maximum
    if np.isnan(sigma).all():
        panel.text(0.5, 0.5, "no ivar", transform=panel.transAxes, ha="center", va="center", fontsize=7)
        return
    wavelength = reconstructions["wavelength"].value
    panel.plot(wavelength, sigma, color="black", linewidth=0.6)
    panel.set_ylim(0, limits(sigma)[1])
    if against.bump_interval is not None and against.bump is not None and against.bump > 1.3:
        lo, hi = wavelength[[against.bump_interval.start, against.bump_interval.stop - 1]]
        panel.axvspan(lo, hi, ymax=0.06, color=VERMILLION, linewidth=0)


def _told(verdict: Verdict) -> list[str]:
    sure = "" if verdict.rule is None else f", by rule: {verdict.rule}"
    sure += "" if verdict.confidence is None else f", confidence {verdict.confidence:.2f}"
    lines = [f"{verdict.cause}{sure}"]
    for fact in verdict.evidence:
        lines += textwrap.wrap(f"• {fact}", CHARACTERS, subsequent_indent="   ")
    return lines
