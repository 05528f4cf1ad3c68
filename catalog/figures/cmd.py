"""The colour-magnitude diagram: the survey (the paper's Fig. 1), or attached catalogs in it (Fig. 11)."""

from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, MaxNLocator

from catalog.figures.diagram import Diagram, Sample
from catalog.figures.file import save
from catalog.figures.style import (
    ABS_G,
    BLACK,
    BLUE,
    BP_RP,
    GREEN,
    ONE_COLUMN,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    SMALL,
    VERMILLION,
)

TRAINED, SCORED, FAINT = (SKY_BLUE, "D", 4), ("0.35", "o", 3), ("0.75", "o", 3)
"""Colour, marker and area of the survey's stars: the paper's diamonds and circles, and behind other catalogs."""

STYLES = (
    (VERMILLION, "o"),
    (BLUE, "v"),
    (GREEN, "s"),
    (PURPLE, "D"),
    (ORANGE, "^"),
    (SKY_BLUE, "P"),
    (BLACK, "X"),
    ("0.5", "<"),
)
"""The first three markers are those of Fig. 11."""

MARKS = ("o", "s", "*", "^", "D", "v", "P", "X", "<", ">")
"""Of the oddest stars: the first three are Fig. 1's."""

AXES = {
    False: (rf"$({BP_RP.strip('$')})_0$ (mag)", r"$M_{G,0}$ (mag)"),
    True: (f"{BP_RP} (mag)", f"{ABS_G}, extinction not corrected (mag)"),
}

BIN = 0.1
"""Width of the histogram's bins, mag."""

SHORT, LONG = 28, 56
"""Letters of a line of the legend that fit into a column twice, and once."""

MANY = 3000
"""More stars than this are drawn smaller, or nothing could be told apart."""

CROWD = 300
"""Likewise of a kind in an attached catalog."""

LEAST = 8
"""Area of the smallest marker in the legend."""

LINE = 0.14
"""Height of a line of the legend, in inches."""


def draw(diagram: Diagram, path: Path) -> None:
    """Draw M_G against BP-RP, with a histogram of BP-RP above, or the stars of attached catalogs.

    Writes the file.

    Parameters
    ----------
    diagram : Diagram
        What is drawn.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    save(lambda: _figure(diagram), path)


def _figure(diagram: Diagram) -> Figure:
    figure = Figure(figsize=(ONE_COLUMN, 4.8 if not diagram.listed else 4.0), layout="constrained")
    shrink = min(1, MANY / len(diagram.samples[-1].bp_rp)) ** 0.6
    if diagram.listed:
        panel = figure.subplots()
        _points(panel, diagram.samples[-1], FAINT, shrink)
        _catalogs(panel, diagram)
    else:
        upper, panel = figure.subplots(2, 1, sharex=True, height_ratios=(1, 4))
        _histogram(upper, diagram.samples[-1])
        # What was trained on lies within what was scored, so it comes on top.
        for sample, style in zip(reversed(diagram.samples), (SCORED, TRAINED), strict=False):
            _points(panel, sample, style, shrink)
    halo = [withStroke(linewidth=3, foreground="white")]
    for marker, star in zip(cycle(MARKS), diagram.oddest, strict=False):
        panel.scatter(
            star.bp_rp, star.abs_g, s=100 if marker == "*" else 60, marker=marker, facecolors="none",
            edgecolors=BLACK, linewidths=1.2, path_effects=halo, label=f"rank {star.name}", zorder=5,
        )  # fmt: skip
    colour, magnitude = AXES[diagram.observed]
    panel.set_xlabel(colour)
    panel.set_ylabel(magnitude)
    panel.invert_yaxis()
    panel.yaxis.set_major_locator(MaxNLocator(integer=True))
    handles, labels = panel.get_legend_handles_labels()
    n_column = 2 if max(map(len, labels)) <= SHORT else 1
    figure.set_figheight(figure.get_figheight() + LINE * -(-len(labels) // n_column))
    legend = figure.legend(handles, labels, loc="outside upper center", ncols=n_column, frameon=False, fontsize=SMALL)
    for shown in legend.legend_handles:
        if isinstance(shown, PathCollection):
            shown.set_sizes(np.maximum(shown.get_sizes(), LEAST))
    return figure


def _histogram(panel: Axes, sample: Sample) -> None:
    first, last = np.floor(sample.bp_rp.min() / BIN), np.ceil(sample.bp_rp.max() / BIN)
    edges = BIN * np.arange(first, max(last, first + 1) + 1)
    panel.hist(sample.bp_rp, bins=edges.tolist(), histtype="stepfilled", color="0.85", edgecolor="0.35", linewidth=0.6)
    panel.set_yscale("log")
    panel.yaxis.set_major_locator(LogLocator(numticks=7))
    panel.set_ylim(bottom=0.7)
    panel.set_ylabel(f"stars per {BIN:g} mag")
    panel.text(0.98, 0.92, sample.name, transform=panel.transAxes, ha="right", va="top", fontsize=SMALL)


def _points(panel: Axes, sample: Sample, style: tuple[str, str, int], shrink: float) -> None:
    color, marker, area = style
    panel.scatter(
        sample.bp_rp, sample.abs_g, s=area * shrink, marker=marker, color=color, linewidths=0, rasterized=True,
        label=f"{sample.name} ({len(sample.bp_rp)})",
    )  # fmt: skip


def _catalogs(panel: Axes, diagram: Diagram) -> None:
    """Rows of the catalogs open and small, their stars in the survey filled and large."""
    for (color, marker), sample, own in zip(cycle(STYLES), diagram.listed, diagram.own, strict=False):
        if len(own.bp_rp):
            panel.scatter(
                own.bp_rp, own.abs_g, s=8, marker=marker, facecolors="none", edgecolors=color, linewidths=0.6,
                rasterized=True, zorder=2,
            )  # fmt: skip
        listed = f", {len(own.bp_rp)} in the list" if len(own.bp_rp) else ""
        counts = f" ({len(sample.bp_rp)} in the survey{listed})"
        # Of many stars, such as all that are of no kind, small ones below the others.
        shrink = min(1, CROWD / max(len(sample.bp_rp), 1)) ** 0.6
        panel.scatter(
            sample.bp_rp, sample.abs_g, s=22 * shrink, marker=marker, color=color, edgecolors=BLACK,
            linewidths=shrink / 2, rasterized=shrink < 1, label=sample.name[: LONG - len(counts)] + counts,
            zorder=3 + 1 / (1 + len(sample.bp_rp)),
        )  # fmt: skip
