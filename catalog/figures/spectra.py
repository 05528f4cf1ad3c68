"""Spectra in a panel: limits that one bad pixel does not spoil, shaded pixels, and what is known of the star."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from astropy.table import QTable
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from catalog.figures.style import ABS_G, BAD, BP_RP, MASKED
from catalog.spectra.spectrum import is_bad, is_masked

SPIKE = 3
"""A peak counts as one of single pixels, and is cut off, if it is so many times as high as the third highest pixel. A
line is wider than two pixels, so that it is shown whole."""

BEYOND = 1.5
"""Times what the flux in the window reaches, flux outside may reach."""

CHARACTERS = 120
"""In a line above a figure."""

WINDOW: dict[str, Any] = {"color": "0.3", "linewidth": 0.7, "linestyle": "--"}

MINUS = "\N{MINUS SIGN}"


def limits(values: np.ndarray, margin: float = 0.05) -> tuple[float, float]:
    """Limits of an axis that holds all values but those of spikes; what is not finite does not count.

    Parameters
    ----------
    values : ndarray of any shape
        What is drawn.
    margin : float
        Room at either end, relative to the length of the axis.

    Examples
    --------
    >>> limits(np.array([0.0, 0, 0, 1, 2, 2, 2, 1e6]), margin=0)
    (0.0, 2.0)
    >>> limits(np.array([np.nan, 7.0]))
    (6.3, 7.7)
    """
    finite = np.sort(values[np.isfinite(values)].astype(np.float64))
    if not len(finite):
        return 0.0, 1.0
    middle = float(np.median(finite))
    lo, hi = middle - _reach(middle - finite[::-1]), middle + _reach(finite - middle)
    room = margin * (hi - lo) if hi > lo else abs(middle) * 0.1 or 1.0
    return lo - room, hi + room


def _reach(above: np.ndarray) -> float:
    """How far ascending values reach above 0, spikes left out."""
    third = above[-min(3, len(above))]
    kept = above[above <= SPIKE * third] if third > 0 else above
    return max(float(kept[-1]), 0.0)


def mark_clipped(panel: Axes, x: np.ndarray, y: np.ndarray, color: str) -> None:
    """Put an arrowhead at the edge for every run of values beyond the limits of the panel. Changes the panel."""
    lo, hi = panel.get_ylim()
    for beyond, place, marker in ((y > hi, 1, "^"), (y < lo, 0, "v")):
        middles = x[[(first + last - 1) // 2 for first, last in runs(beyond)]]
        panel.plot(
            middles, [place] * len(middles), marker, transform=panel.get_xaxis_transform(), color=color, markersize=3,
            markeredgewidth=0, clip_on=False, zorder=5,
        )  # fmt: skip


def taken(spectrum: QTable, known: Mapping[str, Any]) -> np.ndarray:
    """The pixels that the models take: usable ones in the window of the ensemble, (n_pixel,) bool.

    Parameters
    ----------
    spectrum : QTable, (n_pixel,)
        As `read_arrays` gives it.
    known : mapping
        As `describe_spectrum` gives it.
    """
    wavelength = spectrum["wavelength"].value
    lo, hi = known["window"] or wavelength[[0, -1]]
    return (wavelength >= lo) & (wavelength <= hi) & ~is_bad(spectrum)


def limits_of_flux(flux: np.ndarray, spectrum: QTable, known: Mapping[str, Any]) -> tuple[float, float]:
    """Limits of a panel with a spectrum: all of it, unless it goes far beyond what is in the window.

    Parameters
    ----------
    flux : ndarray, (n_pixel,)
        Of the spectrum, in any scale.
    spectrum : QTable, (n_pixel,)
        As `read_arrays` gives it.
    known : mapping
        As `describe_spectrum` gives it.
    """
    lo, hi = limits(flux[taken(spectrum, known)])
    top = min(max(hi, limits(flux[~is_bad(spectrum)])[1]), BEYOND * hi)
    return min(lo, -0.03 * top), top


def mark_pixels(panel: Axes, spectrum: QTable, known: Mapping[str, Any]) -> None:
    """Shade the pixels that no model takes and those that are masked, and mark the ends of the window.

    Changes the panel.

    Parameters
    ----------
    panel : Axes
        With wavelength across.
    spectrum : QTable, (n_pixel,)
        As `read_arrays` gives it.
    known : mapping
        As `describe_spectrum` gives it.
    """
    for chosen, color, _ in _pixels(spectrum):
        shade(panel, spectrum["wavelength"].value, chosen, color)
    for edge in known["window"] or ():
        panel.axvline(edge, **WINDOW)


def pixel_handles(spectra: Sequence[QTable], known: Mapping[str, Any]) -> list[Artist]:
    """What `mark_pixels` draws for these spectra, for a legend."""
    found = {label: color for spectrum in spectra for chosen, color, label in _pixels(spectrum) if chosen.any()}
    handles: list[Artist] = [Patch(color=color, label=label) for label, color in found.items()]
    return [*handles, Line2D([], [], label="window", **WINDOW)] if known["window"] else handles


def _pixels(spectrum: QTable) -> list[tuple[np.ndarray, str, str]]:
    bad = is_bad(spectrum)
    return [(bad, BAD, "flux not above 0"), (is_masked(spectrum) & ~bad, MASKED, "masked, or ivar 0")]


def shade(panel: Axes, wavelength: np.ndarray, chosen: np.ndarray, color: str) -> None:
    """Shade the chosen pixels over the whole height, behind the data. Changes the panel.

    Parameters
    ----------
    panel : Axes
        With wavelength across.
    wavelength : ndarray, (n,)
        Ascending.
    chosen : ndarray, (n,) bool
        The pixels to be shaded.
    color : str
        As Matplotlib takes it.
    """
    edges = np.concatenate([[wavelength[0]], (wavelength[1:] + wavelength[:-1]) / 2, [wavelength[-1]]])
    spans = [(edges[first], edges[last] - edges[first]) for first, last in runs(chosen)]
    # With an edge, or a single pixel would be thinner than can be seen.
    panel.broken_barh(
        spans, (0, 1), transform=panel.get_xaxis_transform(), facecolor=color, edgecolor=color, linewidth=0.3, zorder=0
    )


def runs(chosen: np.ndarray) -> list[tuple[int, int]]:
    """First index, and the one after the last, of every run of True.

    Examples
    --------
    >>> runs(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    steps = np.diff(np.concatenate([[0], chosen.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True))


def facts(known: Mapping[str, Any]) -> list[str]:
    """Lines for above a figure: star, dataset and visit; rank and photometry; quality flags if there are any.

    Parameters
    ----------
    known : mapping
        As `describe_spectrum` gives it.

    Examples
    --------
    >>> row = {"mangaid": "7-1", "dataset": "large", "plate": None, "mjd": None, "bp_rp": None, "abs_g": None}
    >>> row |= {"ensemble": "fast", "consensus_rank": 3, "n_spectrum": 90, "n_flagged": 2, "n_model": 10, "flags": []}
    >>> facts(row)
    ['7-1, dataset large', 'rank 3 of 90 in fast, flagged by 2 of 10 models, without Gaia photometry']
    """
    visit = [] if known["plate"] is None else [f"plate {known['plate']}, MJD {known['mjd']}"]
    photometry = [
        f"{label} = " + f"{known[name]:.2f}".replace("-", MINUS)
        for name, label in (("bp_rp", BP_RP), ("abs_g", ABS_G))
        if known[name] is not None
    ]
    lines = [
        ", ".join([known["mangaid"], f"dataset {known['dataset']}", *visit]),
        f"rank {known['consensus_rank']} of {known['n_spectrum']} in {known['ensemble']}, "
        f"flagged by {known['n_flagged']} of {known['n_model']} models, "
        + ", ".join(photometry or ["without Gaia photometry"]),
    ]
    if known["flags"]:
        quality = "quality: " if visit else "quality, in how many visits: "
        lines += textwrap.wrap(quality + ", ".join(known["flags"]), CHARACTERS, break_long_words=False)
    return lines


def height_of_facts(known: Mapping[str, Any]) -> float:
    """Height of what `put_facts` writes, in inches."""
    return 0.12 + 0.14 * len(facts(known))


def put_facts(figure: Figure, known: Mapping[str, Any]) -> None:
    """Write the `facts` above a figure, the first in bold. Changes the figure."""
    first, *others = facts(known)
    inch = 1 / figure.get_figheight()
    figure.text(0.5, 1 - 0.06 * inch, first, ha="center", va="top", fontsize=9, fontweight="bold")
    figure.text(0.5, 1 - 0.23 * inch, "\n".join(others), ha="center", va="top", fontsize=7, linespacing=1.3)


def put_legend(figure: Figure, handles: Sequence[Artist], known: Mapping[str, Any]) -> None:
    """Put a legend in one line below the `facts`. Changes the figure."""
    figure.legend(
        handles=list(handles), loc="upper center",
        bbox_to_anchor=(0.5, 1 - height_of_facts(known) / figure.get_figheight()),
        ncols=len(handles), frameon=False, fontsize=7 if len(handles) < 6 else 6, borderaxespad=0,
        columnspacing=1, handlelength=1.3, handletextpad=0.5,
    )  # fmt: skip
