"""Distribution of the reconstruction errors of every model (the paper's Fig. 4)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from catalog.figures.file import save
from catalog.figures.style import BLUE, FLAGGED, LOG_ERROR, ONE_COLUMN, SMALL, TWO_COLUMNS, VERMILLION

PERCENTILES = (1, 10, 50, 90, 99)
N_BIN = 60

FAR = 3
"""Errors that lie further beyond the percentiles than so many times their distance from the median are only counted."""


def draw(errors: Mapping[str, np.ndarray], percentiles: Table, path: Path) -> None:
    """Draw a histogram of log10 error per model, with its 1st, 10th, 50th, 90th and 99th percentiles, as Fig. 4 does.

    Errors from the 99th percentile on, which flag a spectrum, stand out. Writes the file.

    Parameters
    ----------
    errors : mapping of str to ndarray, (n_spectrum,)
        log10 error of each model, by its name.
    percentiles : Table
        Rows of the view error_percentile, with the names of ensemble and dataset in `meta`.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    save(lambda: _figure(errors, percentiles), path)


def _figure(errors: Mapping[str, np.ndarray], percentiles: Table) -> Figure:
    n_column = 1 if len(errors) == 1 else 2
    n_row = -(-len(errors) // n_column)
    figure = Figure(figsize=(ONE_COLUMN if n_column == 1 else TWO_COLUMNS, 1.1 + 1.15 * n_row), layout="constrained")
    panels = figure.subplots(n_row, n_column, sharex=True, sharey=True, squeeze=False)
    lo, hi = _range(percentiles, errors)
    bins = np.linspace(lo, hi, N_BIN + 1).tolist()
    by_model = {row["model"]: row for row in percentiles}
    # Down the first column, then down the second, as one reads a list.
    for panel, model in zip(panels.T.ravel(), errors, strict=False):
        _histogram(panel, errors[model], [by_model[model][f"percentile_{percent}"] for percent in PERCENTILES], bins)
        panel.set_title(model, loc="left", fontsize=7, pad=3)
    for panel in panels.T.ravel()[len(errors) :]:
        panel.set_visible(False)
        panels[-2, 1].tick_params(labelbottom=True)
    panels[0, 0].set_xlim(lo, hi)
    figure.supxlabel(LOG_ERROR, fontsize=9)
    figure.supylabel("spectra per bin", fontsize=9)
    figure.suptitle(
        f"ensemble {percentiles.meta['ensemble']}, dataset {percentiles.meta['dataset']}, "
        f"{max(map(len, errors.values()))} spectra\n"
        "dashed: percentiles 1, 10, 50, 90, 99; orange: flagged",
        fontsize=8,
    )
    return figure


def _histogram(panel: Axes, errors: np.ndarray, marks: list[float], bins: list[float]) -> None:
    flagged = errors >= marks[-1]
    panel.hist(
        [errors[~flagged], errors[flagged]], bins, stacked=True, histtype="stepfilled", color=[BLUE, VERMILLION],
    )  # fmt: skip
    panel.axvspan(marks[-1], bins[-1], color=FLAGGED, zorder=0)
    for mark in marks:
        panel.axvline(mark, color="0.2", linewidth=0.7, linestyle="--")
    for beyond, place, side in ((errors < bins[0], 0.01, "left"), (errors > bins[-1], 0.99, "right")):
        if n := np.count_nonzero(beyond):
            text = f"← {n} below" if side == "left" else f"{n} above →"
            panel.text(place, 0.95, text, transform=panel.transAxes, ha=side, va="top", fontsize=SMALL)


def _range(percentiles: Table, errors: Mapping[str, np.ndarray]) -> tuple[float, float]:
    """Limits of the axis: all errors, unless some lie far from the others."""
    first, middle, last = (np.asarray(percentiles[f"percentile_{percent}"], float) for percent in (1, 50, 99))
    lo = max(float((first - FAR * (middle - first)).min()), min(values.min() for values in errors.values()))
    hi = min(float((last + FAR * (last - middle)).max()), max(values.max() for values in errors.values()))
    room = 0.03 * (hi - lo) or 0.5
    return lo - room, hi + room
