"""A map of one model's latent space."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from catalog.database.meaning import MEANINGS
from catalog.figures.file import save
from catalog.figures.spectra import limits
from catalog.figures.style import ABS_G, BP_RP, SMALL, TWO_COLUMNS, VERMILLION

NAMES = {"bp_rp": BP_RP, "abs_g": ABS_G}

ENDS = (1, 99)
"""Percentiles at which the colours end, so that a few extreme stars do not take them all."""

RING = 4.0
"""Radius of the ring around a marked star, in points."""

LETTER = 0.65 * SMALL
"""Width of a letter of a name, in points."""


def draw(table: Table, color: str, marked: Sequence[str], title: str, path: Path) -> None:
    """Draw the spectra on the two principal axes of the latent space, coloured by a column. Writes the file.

    Parameters
    ----------
    table : Table
        The rows of `latent_map`, with what it says of them in `meta`.
    color : str
        Name of the column.
    marked : sequence of str
        Mangaids, to be ringed and named.
    title : str
        What is shown.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
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
    unknown = "" if known.all() else f"; grey: {color} unknown ({np.count_nonzero(~known)})"
    panel.set_title(f"{title}\n{len(table)} spectra{unknown}")
    figure.draw_without_rendering()
    _mark(panel, table, marked)
    return figure


def _mark(panel: Axes, table: Table, marked: Sequence[str]) -> None:
    """Rings around the spectra of some stars, and names that cover no ring and no other name. Changes the panel.

    The layout of the figure must be settled.
    """
    points = 72 / panel.get_figure(root=True).dpi  # type: ignore[union-attr]
    inside = Bbox(panel.bbox.get_points() * points)
    places = {}
    for mangaid in dict.fromkeys(marked):
        of_star = table[table["mangaid"] == mangaid]
        panel.plot(of_star["x"], of_star["y"], "o", markersize=2 * RING, markerfacecolor="none",
                   markeredgecolor=VERMILLION, markeredgewidth=1.2)  # fmt: skip
        places[mangaid] = np.column_stack([of_star["x"], of_star["y"]])
    rings = {mangaid: panel.transData.transform(found) * points for mangaid, found in places.items()}
    covered = [Bbox([ring - RING, ring + RING]) for found in rings.values() for ring in found]
    for mangaid, (ring, *_) in rings.items():
        boxes = _boxes(ring, LETTER * len(mangaid), 1.2 * SMALL)
        free = (
            box for box in boxes if all(inside.contains(*corner) for corner in box.get_points())
            and not box.count_overlaps(covered)
        )  # fmt: skip
        box = next(free, boxes[0])
        covered.append(box)
        panel.annotate(
            mangaid, places[mangaid][0], box.p0 - ring, textcoords="offset points", fontsize=SMALL, va="bottom",
            bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none", "alpha": 0.7},
            arrowprops={"arrowstyle": "-", "linewidth": 0.5, "color": VERMILLION, "shrinkA": 0, "shrinkB": RING},
        )  # fmt: skip


def _boxes(ring: np.ndarray, width: float, height: float) -> list[Bbox]:
    """Where a name of that size could stand beside a ring, the nearest first; points."""
    return [
        Bbox.from_bounds(
            ring[0] + (reach if right else -reach - width),
            ring[1] + (reach if above else -reach - height),
            width,
            height,
        )
        for reach in (RING, 3 * RING, 6 * RING, 10 * RING)
        for above in (True, False)
        for right in (True, False)
    ]


def _label(color: str) -> str:
    meaning = MEANINGS.get(color)
    unit = f" ({meaning.unit})" if meaning and meaning.unit else ""
    return NAMES.get(color, color.replace("_", " ")) + unit
