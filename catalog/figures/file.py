"""Figures into files, all in one style."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from catalog.errors import CatalogError
from catalog.files.whole import whole_file

SUFFIXES = (".png", ".pdf", ".svg")

RESOLUTION = 300
"""Dots per inch of a png file, and of clouds of points in the others: what journals ask for."""

STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.linewidth": 0.6,
    "pdf.fonttype": 42,  # text that a journal can edit
    "svg.fonttype": "none",
    "svg.hashsalt": "catalog",  # or the ids in the file would be others each time
}

NO_DATE: dict[str, dict[str, Any]] = {".png": {}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
"""The same figure gives the same bytes."""


def writable(path: Path) -> Path:
    """The path, if a figure can be written there; asked before the long work.

    Raises
    ------
    CatalogError
        For another suffix than those of SUFFIXES, or a folder that is absent or cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CatalogError(f"{path}: a figure is one of {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise CatalogError(f"no folder {path.parent} for the figure; create it first")
    # The folder, because the file is written beside its place; and the file, because a protected one must stay.
    needed = [path.parent, path] if path.exists() else [path.parent]
    if path.is_dir() or not all(os.access(place, os.W_OK) for place in needed):
        raise CatalogError(f"{path} cannot be written; choose another file for the figure")
    return path


def save(make: Callable[[], Figure], path: Path) -> None:
    """Make a figure in this style and write it, whole or not at all.

    Parameters
    ----------
    make : callable
        Makes the figure; it is called while the style holds.
    path : Path
        As `writable` gives it. A file that is there is replaced at the end, and stays if anything is raised.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    suffix = path.suffix.lower()
    drawn = io.BytesIO()
    with mpl.rc_context(STYLE):
        make().savefig(drawn, format=suffix[1:], dpi=RESOLUTION, metadata=NO_DATE[suffix])
    with whole_file(path) as file:
        file.write(drawn.getvalue())
