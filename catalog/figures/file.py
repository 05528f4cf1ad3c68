"""Figures into files, all in one style."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from catalog.errors import CatalogError

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

    Read-only. Raises CatalogError for another suffix, or a folder that is absent or cannot be written.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CatalogError(f"{path}: a figure is one of {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise CatalogError(f"no folder {path.parent} for the figure; create it first")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise CatalogError(f"{path} cannot be written; choose another file for the figure")
    return path


def save(make: Callable[[], Figure], path: Path) -> None:
    """Make a figure in this style and write it, whole or not at all.

    Raises CatalogError if it cannot be written.
    """
    suffix = path.suffix.lower()
    drawn = io.BytesIO()
    with mpl.rc_context(STYLE):
        make().savefig(drawn, format=suffix[1:], dpi=RESOLUTION, metadata=NO_DATE[suffix])
    try:
        path.write_bytes(drawn.getvalue())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise CatalogError(f"{path} cannot be written: {error.strerror or error}") from error
