"""The demo's database, of which the pages show pictures and answers.

`catalog demo` makes it, in catalog-demo/ unless CATALOG_DEMO names another folder with such a database. The build works
on a copy, which it upgrades, and leaves the demo as it is.
"""

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from catalog import Catalog, TruthFile
from catalog.figures.plots import Plots
from catalog.report.document import Picture
from catalog.report.pictures import Pictures

FOLDER = Path(os.environ.get("CATALOG_DEMO") or Path(__file__).parents[1] / "catalog-demo")

COPY = tempfile.TemporaryDirectory(prefix="catalog-docs-")

N_ROW = 5
"""Rows of an answer that a page shows."""

NOT_ATTACHED = "li2018"
"""A list that the pages ask about and the demo does not have."""


@dataclass(frozen=True)
class Drawing:
    """A figure of the demo: what is to be seen in it, and what draws it, of the oddest star where it is of one."""

    alt: str
    draw: Callable[[Plots, str, Path], object]


PICTURES = {
    "cause": Drawing(
        "The oddest spectrum above what ten models make of it, the residual, the share of the error in each window, "
        "the uncertainty, and the verdict with its facts",
        lambda plot, star, file: plot.cause(file, star),
    ),
    "cmd": Drawing(
        "Colour-magnitude diagram: the training sample, what was scored, and the three oddest stars",
        lambda plot, star, file: plot.cmd(file),
    ),
    "list": Drawing(
        "Colour-magnitude diagram with the stars of an attached list, told apart by kind",
        lambda plot, star, file: plot.cmd(file, ["odd:kind"]),
    ),
    "errors": Drawing(
        "Histogram of the errors of every model, with percentiles, the flagged ones in another colour",
        lambda plot, star, file: plot.errors(file),
    ),
    "latent": Drawing(
        "Two principal axes of the latent space of a model, a point per spectrum, coloured by BP−RP",
        lambda plot, star, file: plot.latent(file, marked=[star]),
    ),
    "losses": Drawing(
        "Training and validation losses of every model against the epoch",
        lambda plot, star, file: plot.losses(file),
    ),
    "neighbors": Drawing(
        "The oddest spectrum above its five nearest in the latent space of a model",
        lambda plot, star, file: plot.neighbors(file, star),
    ),
    "network": Drawing(
        "The layers of the network, from 4563 pixels to ten latent numbers and back",
        lambda plot, star, file: plot.network(file),
    ),
    "reconstruction": Drawing(
        "The oddest spectrum and what each model makes of it, a panel for each, with the residual above",
        lambda plot, star, file: plot.reconstruction(file, star),
    ),
    "recall": Drawing(
        "What share of each kind of oddity is found, by the autoencoders and by simpler methods",
        lambda plot, star, file: demo().evaluate(TruthFile(FOLDER / "files" / "truth.csv"), figure=file),
    ),
    "uncertainty": Drawing(
        "The oddest spectrum, and its uncertainty beside the median of its look-alikes",
        lambda plot, star, file: plot.uncertainty(file, star),
    ),
}


@cache
def demo() -> Catalog:
    """A copy of the demo, with the odd stars of its answer key attached as a list.

    Where there is no demo it is made, in three to five minutes.
    """
    if not os.environ.get("CATALOG_DEMO") and not (FOLDER / "report.html").exists():
        subprocess.run([sys.executable, "-m", "catalog.cli", "demo", "--directory", str(FOLDER)], check=True)  # noqa: S603
    copy = Path(COPY.name) / "catalog.duckdb"
    shutil.copy(FOLDER / copy.name, copy)
    copy.with_suffix(".weights").symlink_to((FOLDER / copy.name).with_suffix(".weights").resolve())
    catalog = Catalog(copy, as_="arrow")
    catalog.upgrade()
    with (FOLDER / "files" / "truth.csv").open(newline="") as key:
        odd = [row for row in csv.reader(key) if row[1]]
    listed = copy.with_name("odd.csv")
    with listed.open("w", newline="") as file:
        csv.writer(file).writerows(odd)
    catalog.attached.add(listed, "odd", mangaid="mangaid")
    return catalog


@cache
def oddest() -> str:
    """The star of rank 1."""
    star: str = demo().outliers(limit=1)["mangaid"][0].as_py()
    return star


@cache
def drawn(name: str) -> Picture:
    """A figure as PNG, with its size."""
    drawing = PICTURES[name]
    found = Pictures(demo().database).draw(name, drawing.alt, lambda plots, file: drawing.draw(plots, oddest(), file))
    if not isinstance(found, Picture):
        raise RuntimeError(found.text)
    return found


def answer(sql: str) -> tuple[int, list[list[str]]] | None:
    """How many rows the demo answers with, and the names of the columns and the first rows as text."""
    if NOT_ATTACHED in sql:
        return None
    found = demo().query(sql)
    rows = [[shown(value) for value in row.values()] for row in found.slice(0, N_ROW).to_pylist()]
    return len(found), [found.column_names, *rows]


def shown(value: object) -> str:
    """A value in a cell of a table."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return (text if len(text) < 60 else f"{text[:56]} …").replace("|", "&#124;").replace("_", "&#95;")
