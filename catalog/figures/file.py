"""Figures into files, all in one style."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from catalog.errors import CatalogError

SUFFIXES = (".png", ".pdf", ".svg")

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
    """Make a figure in this style and write it. Raises CatalogError if it cannot be written."""
    with mpl.rc_context(STYLE):
        figure = make()
        try:
            figure.savefig(path, dpi=200, metadata=NO_DATE[path.suffix.lower()])
        except OSError as error:
            raise CatalogError(f"{path} cannot be written: {error.strerror or error}") from error
