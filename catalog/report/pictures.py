"""The figures of a report: drawn as `Plots` draws them, made small, each with words for who cannot see it."""

import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image

from catalog.database.connection import Database
from catalog.errors import CatalogError
from catalog.figures.plots import Plots
from catalog.report.document import Missing, Picture

DPI = 200
"""Sharp on paper, and on a screen with two pixels in the place of one."""

N_COLOR = 64
"""Of a palette: a third of the size of full colour, and smaller than SVG too, which has a line of every pixel."""


class Pictures:
    """Draws the figures of a database, of which `plots` has one method each."""

    def __init__(self, database: Database) -> None:
        self.plots = Plots(database)

    def draw(self, caption: str, alt: str, make: Callable[[Plots, Path], object], *commands: str) -> Picture | Missing:
        """A figure, or why there is none and the commands that would change that.

        Parameters
        ----------
        caption : str
            Stands below it.
        alt : str
            What is to be seen in it.
        make : callable
            Draws it into a file.
        *commands : str
            What would bring it where it cannot be drawn.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "figure.png"
            try:
                make(self.plots, file)
            except CatalogError as error:
                return Missing(f"{caption.partition(':')[0]}: {error}.", commands)
            with Image.open(file) as image:
                inches = [length / dpi for length, dpi in zip(image.size, image.info["dpi"], strict=True)]
                size = (round(inches[0] * DPI), round(inches[1] * DPI))
                small = image.convert("RGB").resize(size, Image.Resampling.BOX)
        png = BytesIO()
        small.quantize(N_COLOR, dither=Image.Dither.NONE).save(png, "png", optimize=True)
        return Picture(caption, alt, png.getvalue(), *size)
