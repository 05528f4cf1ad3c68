"""Training and validation losses of an ensemble (the paper's Fig. 3)."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from astropy.table import Table
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from catalog.figures.file import save

PANELS = {"train_loss": "training", "validation_loss": "validation"}


def draw(table: Table, path: Path) -> None:
    """Draw the losses of every model against the epoch, training above and validation below, as Fig. 3 does.

    Writes the file.

    Parameters
    ----------
    table : Table
        The rows of `catalog.ensembles.registry.losses`, with the name of the ensemble in `meta`.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    save(lambda: _figure(table), path)


def _figure(table: Table) -> Figure:
    figure = Figure(figsize=(3.5, 4.6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True, sharey=True)
    models = list(dict.fromkeys(table["model"].tolist()))
    colors = mpl.colormaps["viridis"](np.linspace(0, 0.9, len(models)))
    for panel, (column, name) in zip(panels, PANELS.items(), strict=True):
        for model, color in zip(models, colors, strict=True):
            rows = table[table["model"] == model]
            # A model of one epoch is a point, which a line alone would not show.
            marker = "o" if len(rows) == 1 else ""
            panel.plot(
                rows["epoch"], rows[column], color=color, linewidth=0.8, marker=marker, markersize=3, label=model
            )
        panel.set_yscale("log")
        panel.set_ylabel(f"{name} loss")
    panels[1].set_xlabel("epoch")
    panels[1].xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_title(table.meta["ensemble"])
    panels[0].legend(frameon=False, ncols=2, fontsize=6)
    return figure
