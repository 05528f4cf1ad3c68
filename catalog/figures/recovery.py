"""What is recovered of known anomalies, as one figure."""

from pathlib import Path

import numpy as np
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from catalog.figures.file import save
from catalog.figures.style import TWO_COLUMNS

STYLES = {
    "autoencoder": ("#0072B2", "o"),
    "chi2": ("#E69F00", "v"),
    "relative error": ("#56B4E9", "P"),
    "isolation": ("#000000", "X"),
    "pca": ("#D55E00", "s"),
    "isolation forest": ("#009E73", "^"),
    "local outlier factor": ("#CC79A7", "D"),
}
"""Colour and marker of each method: Okabe & Ito's palette, which the colour-blind can tell apart, as do the markers."""

TOGETHER = "all kinds"

PANEL_COLUMNS = 4

ENTRY, LINE = 1.7, 0.16
"""Width and height of the longest name in the legend, with its marker, in inches."""

ROW, TALLEST = 0.11, 7.6
"""Height of a method of one kind, and of all of them at most, in inches: a journal's page has nine."""


def draw(table: Table, path: Path) -> None:
    """Draw the recovery of one evaluation by the consensus of all members. Writes the file.

    For oddities planted at several strengths: recall in the top 1 % against strength, a panel per kind. For listed
    anomalies: recall in the top 1 and 5 % of each kind. Bars are 95 % confidence intervals.

    Parameters
    ----------
    table : Table
        Rows of the table `recovery`, with the mode of the evaluation in `meta`.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    shown = table[np.asarray((table["members"] == "all") & (table["n_odd"] > 0))]
    save(lambda: _against_strength(shown) if table.meta["mode"] == "injection" else _by_kind(shown), path)


def _against_strength(table: Table) -> Figure:
    kinds = _kinds(table)
    n_column = min(PANEL_COLUMNS, len(kinds))
    n_row = -(-len(kinds) // n_column)
    # The whole width of a journal's page, in inches; a legend above.
    figure = Figure(figsize=(1 + 1.55 * n_column, 0.7 + 1.5 * n_row), layout="constrained")
    panels = figure.subplots(n_row, n_column, sharex=True, sharey=True, squeeze=False).ravel()
    strengths = np.unique(np.asarray(table["strength"]))
    for panel, kind in zip(panels, kinds, strict=False):
        of_kind = table[_of(table, kind)]
        for number, method in enumerate(_methods(table)):
            rows = of_kind[of_kind["method"] == method]
            # Side by side, or the bars of one method would hide another's.
            shift = 1.05 ** (number - (len(_methods(table)) - 1) / 2)
            _points(panel, rows, "recall_1", np.asarray(rows["strength"]) * shift, method, "-")
        counts = set(of_kind["n_odd"].tolist())
        panel.set_title(
            f"{kind} (n {'=' if len(counts) == 1 else '≤'} {max(counts)})",
            fontweight="bold" if kind == TOGETHER else "normal",
        )
        panel.set_xscale("log", base=2)
        panel.set_xticks(strengths, [f"{strength:g}" for strength in strengths], minor=False)
        panel.set_ylim(-0.04, 1.04)
        panel.axhline(0.01, color="0.6", linewidth=0.6, linestyle=":")
    for panel in panels[len(kinds) :]:
        panel.set_visible(False)
    for column in range(n_column):
        panels[[i for i in range(len(kinds)) if i % n_column == column][-1]].tick_params(labelbottom=True)
    figure.supxlabel("strength of the planted oddity (1: nominal)", fontsize=9)
    figure.supylabel("recall in the top 1 %", fontsize=9)
    _legend(figure, panels[0])
    return figure


def _by_kind(table: Table) -> Figure:
    table = table[np.ma.getmaskarray(np.ma.asarray(table["strength"]))]
    kinds = _kinds(table)
    methods = _methods(table)
    height = 1 + min(TALLEST, ROW * len(kinds) * (1 + len(methods)))
    figure = Figure(figsize=(TWO_COLUMNS, height), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    place = np.arange(len(kinds), dtype=float)
    for panel, percent in zip(panels, ("1", "5"), strict=True):
        for number, method in enumerate(methods):
            rows = table[table["method"] == method]
            rows = rows[[int(np.flatnonzero(_of(rows, kind))[0]) for kind in kinds]]
            shift = (number - (len(methods) - 1) / 2) * 0.75 / len(methods)
            _points(panel, rows, f"recall_{percent}", place + shift, method, "none", horizontal=True)
        panel.axvline(float(percent) / 100, color="0.6", linewidth=0.6, linestyle=":")
        panel.set_xlim(-0.02, 1.02)
        panel.set_xlabel(f"recall in the top {percent} %", fontsize=9)
        for edge in place[1:] - 0.5:
            panel.axhline(edge, color="0.88", linewidth=0.5)
    one = table[table["method"] == methods[0]]
    counts = [int(one["n_odd"][np.flatnonzero(_of(one, kind))[0]]) for kind in kinds]
    panels[0].set_yticks(place, [f"{kind} (n = {n})" for kind, n in zip(kinds, counts, strict=True)])
    panels[0].set_ylim(len(kinds) - 0.5, -0.5)
    _legend(figure, panels[0])
    return figure


def _points(
    panel: Axes, rows: Table, column: str, place: np.ndarray, method: str, line: str, *, horizontal: bool = False
) -> None:
    color, marker = STYLES[method]
    value, lo, hi = (np.asarray(rows[name], float) for name in (column, f"{column}_lo", f"{column}_hi"))
    interval = np.stack([value - lo, hi - value])
    x, y, x_interval, y_interval = (value, place, interval, None) if horizontal else (place, value, None, interval)
    panel.errorbar(
        x, y, xerr=x_interval, yerr=y_interval,
        color=color, marker=marker, markersize=3, linewidth=1, elinewidth=0.7, linestyle=line, label=method,
    )  # fmt: skip


def _kinds(table: Table) -> list[str]:
    """Kinds in the order of the rows; all together come last."""
    return list(dict.fromkeys(_names(table)))


def _of(table: Table, kind: str) -> np.ndarray:
    return np.array(_names(table)) == kind


def _names(table: Table) -> list[str]:
    return [TOGETHER if value is np.ma.masked else str(value) for value in table["kind"]]


def _methods(table: Table) -> list[str]:
    return [method for method in STYLES if method in set(table["method"])]


def _legend(figure: Figure, panel: Axes) -> None:
    handles, labels = panel.get_legend_handles_labels()
    n_column = min(len(labels), max(1, int(figure.get_figwidth() / ENTRY)))
    # The lines below the first need room that the panels have not.
    figure.set_figheight(figure.get_figheight() + LINE * (-(-len(labels) // n_column) - 1))
    figure.legend(handles, labels, loc="outside upper center", ncols=n_column, frameon=False)
