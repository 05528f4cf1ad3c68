"""A map of one model's latent space."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from catalog.database.meaning import MEANINGS
from catalog.figures.file import save
from catalog.figures.spectra import limits
from catalog.figures.style import ABS_G, BP_RP, SMALL, TWO_COLUMNS, VERMILLION

NAMES = {"bp_rp": BP_RP, "abs_g": ABS_G}

ENDS = (1, 99)
"""Percentiles at which the colours end, so that a few extreme stars do not take them all."""


def draw(table: Table, color: str, marked: Sequence[str], title: str, path: Path) -> None:
    """Draw the spectra on the two principal axes of the latent space, coloured by a column.

    table : as `latent_map` gives it; color : name of the column; marked : mangaids, to be ringed and named
    title : what is shown
    Writes the file. Raises CatalogError if it cannot be written.
    """
    save(lambda: _figure(table, color, marked, title), path)


def _figure(table: Table, color: str, marked: Sequence[str], title: str) -> Figure:
    figure = Figure(figsize=(0.7 * TWO_COLUMNS, 4.0), layout="constrained")
    panel = figure.subplots()
    x, y = (np.asarray(table[name]) for name in ("x", "y"))
    values = np.ma.filled(np.ma.asarray(table["color"], np.float64), np.nan)
    known = np.isfinite(values)
    style: dict[str, Any] = {"s": np.clip(20_000 / len(table), 3, 8), "linewidths": 0, "rasterized": True}
    panel.scatter(x[~known], y[~known], color="0.8", **style)
    if known.any():
        lo, hi = np.percentile(values[known], ENDS)
        points = panel.scatter(x[known], y[known], c=values[known], cmap="viridis", vmin=lo, vmax=hi, **style)
        figure.colorbar(points, label=_label(color), extend="both", pad=0.02)
    for number, share in enumerate(table.meta["shares"]):
        axis = (panel.xaxis, panel.yaxis)[number]
        axis.set_label_text(f"principal axis {number + 1} ({100 * share:.0f} % of the variance)", fontsize=8)
    panel.set_xlim(limits(x))
    panel.set_ylim(limits(y))
    for mangaid in dict.fromkeys(marked):
        _mark(panel, x[table["mangaid"] == mangaid], y[table["mangaid"] == mangaid], mangaid)
    unknown = "" if known.all() else f"; grey: {color} unknown ({np.count_nonzero(~known)})"
    panel.set_title(f"{title}, {len(table)} spectra{unknown}")
    return figure


def _mark(panel: Axes, x: np.ndarray, y: np.ndarray, mangaid: str) -> None:
    """Rings around the spectra of a star, its name beside the first; changes the panel."""
    panel.plot(x, y, "o", markersize=7, markerfacecolor="none", markeredgecolor=VERMILLION, markeredgewidth=1.2)
    right, top = (sum(axis) / 2 for axis in (panel.get_xlim(), panel.get_ylim()))
    # Towards the middle of the panel, so that it ends inside.
    left_of, below = x[0] > right, y[0] > top
    panel.annotate(
        mangaid, (x[0], y[0]), (-6 if left_of else 6, -6 if below else 6), textcoords="offset points",
        ha="right" if left_of else "left", va="top" if below else "bottom", fontsize=SMALL,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
    )  # fmt: skip


def _label(color: str) -> str:
    meaning = MEANINGS.get(color)
    unit = f" ({meaning.unit})" if meaning and meaning.unit else ""
    return NAMES.get(color, color.replace("_", " ")) + unit
