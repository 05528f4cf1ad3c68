"""A figure of a database, to look at what is drawn in it, for tests."""

import importlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from catalog import Catalog


def drawn(monkeypatch: pytest.MonkeyPatch, database: Path, name: str, *arguments: Any, **options: Any) -> Figure:
    """The figure that `Catalog.plot` would write into a file."""
    figures: list[Figure] = []
    module = importlib.import_module(f"catalog.figures.{name}")
    monkeypatch.setattr(module, "save", lambda make, path: figures.append(make()))
    getattr(Catalog(database).plot, name)(database.parent / "figure.png", *arguments, **options)
    (figure,) = figures
    return figure


def texts(figure: Figure) -> str:
    """What stands above the panels."""
    return "\n".join(text.get_text() for text in figure.texts)


def labels(figure: Figure) -> list[str]:
    """Of the legend."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def shaded(panel: Axes) -> list[tuple[float, float]]:
    """Ends of what is shaded over the whole height of a panel, from left to right."""
    spans = [path.vertices[:, 0] for collection in panel.collections for path in collection.get_paths()]
    return sorted((float(span.min()), float(span.max())) for span in spans)


def assert_drawn(file: Path, *texts: str) -> None:
    """The file is a whole figure of its format, with ink on it; of an svg file, these texts stand in it."""
    content = file.read_bytes()
    if file.suffix == ".svg":
        root = ElementTree.fromstring(content)  # noqa: S314  # our own file
        assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 20
        said = " ".join("".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text"))
        assert [text for text in texts if text not in said] == []
    elif file.suffix == ".pdf":
        assert content.startswith(b"%PDF-")
        assert content.rstrip().endswith(b"%%EOF")
        assert content.count(b"/Type /Page ") == 1
    else:
        with Image.open(file) as image:
            image.load()
            grey = np.asarray(image.convert("L"))
        assert min(grey.shape) > 600
        assert 0.005 < np.mean(grey < 200) < 0.6
