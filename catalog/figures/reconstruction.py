"""A spectrum and what each model makes of it (the paper's Figs. 5, 6, 8, 9 and 12)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import QTable
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

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
from catalog.figures.style import GREY, TWO_COLUMNS, VERMILLION, WAVELENGTH
from catalog.spectra.spectrum import is_bad

ROW = 1.75
"""Height of a model's two panels with the room above them, in inches."""

ABOVE, BELOW = 0.4, 0.45
"""Room for the legend and the first model's name, and for the axis, in inches."""


def draw(spectrum: QTable, reconstructions: QTable, known: Mapping[str, Any], path: Path) -> None:
    """Draw a spectrum with the reconstruction of each model over it, and above it the residual F̂ - F.

    Flux is divided by its maximum in the window, as the models are given it. Masked pixels, those that no model takes,
    and the window are marked. Writes the file.

    Parameters
    ----------
    spectrum : QTable, (n_pixel,)
        On the whole grid, as `read_arrays` gives it.
    reconstructions : QTable
        In the window, as `reconstruct` gives them.
    known : mapping
        As `describe_spectrum` gives it.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    save(lambda: _figure(spectrum, reconstructions, known), path)


def _figure(spectrum: QTable, reconstructions: QTable, known: Mapping[str, Any]) -> Figure:
    models = reconstructions.meta["models"]
    n_column = 1 if len(models) == 1 else 2
    n_row = -(-len(models) // n_column)
    above = height_of_facts(known) + ABOVE
    height = above + ROW * n_row + BELOW
    figure = Figure(figsize=(TWO_COLUMNS, height))
    grid = GridSpec(
        n_row, n_column, figure, left=0.085, right=0.985, top=1 - above / height, bottom=BELOW / height,
        wspace=0.06, hspace=0.16,
    )  # fmt: skip
    maximum = reconstructions["flux"].value.astype(np.float64).max()
    observed = spectrum["flux"].value.astype(np.float64) / maximum
    inside = reconstructions["wavelength"].value
    wavelength = spectrum["wavelength"].value
    given = reconstructions["flux"].value.astype(np.float64) / maximum
    relative = {model: reconstructions[model].value / maximum for model in models}
    flux_limits, residual_limits = _limits(limits_of_flux(observed, spectrum, known), given, list(relative.values()))
    for number, model in enumerate(models):
        column, row = divmod(number, n_row)
        two = grid[row, column].subgridspec(2, 1, height_ratios=(2, 5), hspace=0)
        upper = figure.add_subplot(two[0])
        lower = figure.add_subplot(two[1], sharex=upper)
        for panel, y_limits in ((upper, residual_limits), (lower, flux_limits)):
            mark_pixels(panel, spectrum, known)
            panel.set_xlim(wavelength[0], wavelength[-1])
            panel.set_ylim(y_limits)
            panel.tick_params(labelleft=column == 0, labelsize=7)
        upper.axhline(0, color=GREY, linewidth=0.5)
        upper.plot(inside, relative[model] - given, color=VERMILLION, linewidth=0.5)
        lower.plot(wavelength, observed, color="black", linewidth=0.9)
        lower.plot(inside, relative[model], color=VERMILLION, linewidth=0.6)
        mark_clipped(upper, inside, relative[model] - given, VERMILLION)
        mark_clipped(lower, wavelength, np.where(is_bad(spectrum), np.nan, observed), "black")
        mark_clipped(lower, inside, relative[model], VERMILLION)
        role = "seen" if reconstructions.meta["role"][model] == "train" else "unseen"
        upper.set_title(
            f"{model}, {role}, error {_scientific(reconstructions.meta['error'][model])}", loc="left", fontsize=7, pad=2
        )
        upper.tick_params(labelbottom=False)
        _number(upper, 3, room=(0.1, 0))
        _number(lower, 5, room=(0, 0.04))
        lower.tick_params(labelbottom=row == n_row - 1 or number == len(models) - 1)
        if column == 0:
            upper.set_ylabel(r"$\hat F - F$", fontsize=8)
            lower.set_ylabel(r"$F = f_\lambda / \max f_\lambda$", fontsize=8)
    figure.supxlabel(WAVELENGTH, fontsize=9, y=0.06 / height)
    put_facts(figure, known)
    handles = [
        Line2D([], [], color="black", linewidth=0.9, label="spectrum"),
        Line2D([], [], color=VERMILLION, linewidth=0.9, label="reconstruction"),
    ]
    put_legend(figure, [*handles, *pixel_handles([spectrum], known)], known)
    return figure


def _limits(
    limits_of_spectrum: tuple[float, float], given: np.ndarray, reconstructions: list[np.ndarray]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits of all flux panels and of all residual panels.

    Both are relative to the maximum of the flux in the window, which is `given` to the models, (n_pixel,).
    A reconstruction may go far beyond the spectrum in a few pixels of one model, which would flatten all the others.
    """
    lo, hi = limits_of_spectrum
    top = max(hi, min(limits(np.concatenate(reconstructions))[1], 2 * hi))
    residual = limits(np.concatenate([values - given for values in reconstructions]), margin=0.15)
    return (min(lo, -0.03 * top), top), (max(residual[0], -hi), min(residual[1], hi))


def _number(panel: Axes, n: int, room: tuple[float, float]) -> None:
    """About n numbers on the vertical axis, none in the parts of its length at its ends. Changes the panel."""
    lo, hi = panel.get_ylim()
    first, last = lo + room[0] * (hi - lo), hi - room[1] * (hi - lo)
    panel.set_yticks([tick for tick in MaxNLocator(n).tick_values(lo, hi) if first <= tick <= last])


def _scientific(number: float) -> str:
    """A number with three digits, as print has it.

    Examples
    --------
    >>> _scientific(0.00252)
    '$2.52\\\\times 10^{-3}$'
    """
    digits, exponent = f"{number:.2e}".split("e")
    return rf"${digits}\times 10^{{{int(exponent)}}}$"
