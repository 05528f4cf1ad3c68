"""Named windows of the spectrum: bands, lines, telluric absorption, the overlap of the arms, and the ends.

windows.csv holds their vacuum wavelengths; those that were published for air are converted (Morton 2000). Windows may
overlap: C2 and TiO both have a band at 5165 Å, and which it is, is told by its sign (`signs`).
"""

import csv
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

END = 0.1
"""Part of a model's window, in log wavelength, that is called its blue or its red end."""


@dataclass(frozen=True)
class NamedWindow:
    """A range of wavelengths, both ends included.

    Attributes
    ----------
    name : str
    family : str
        What makes it: C2, TiO, Balmer, telluric, ...
    lo, hi : float
        Vacuum Angstrom.
    source : str
        Who defined it.
    """

    name: str
    family: str
    lo: float
    hi: float
    source: str


def _read() -> tuple[NamedWindow, ...]:
    text = (files("catalog.causes") / "windows.csv").read_text(encoding="utf-8")
    return tuple(
        NamedWindow(row["name"], row["family"], float(row["lo"]), float(row["hi"]), row["source"])
        for row in csv.DictReader(text.splitlines())
    )


WINDOWS = _read()

FAMILY = {window.name: window.family for window in WINDOWS} | {"blue end": "end", "red end": "end"}
"""Family of a window, by its name."""


def windows_within(wavelength: np.ndarray) -> tuple[NamedWindow, ...]:
    """The windows that lie at least half within a model's wavelengths (n_pixel,), and these wavelengths' two ends.

    Examples
    --------
    >>> [window.name for window in windows_within(np.array([6500.0, 6550.0, 6600.0, 6700.0]))]
    ['H alpha', 'blue end', 'red end']
    """
    first, last = float(wavelength[0]), float(wavelength[-1])
    step = (last / first) ** END
    ends = (
        NamedWindow("blue end", "end", first, first * step, "first tenth of the model's window"),
        NamedWindow("red end", "end", last / step, last, "last tenth of the model's window"),
    )
    inside = (w for w in WINDOWS if min(last, w.hi) - max(first, w.lo) >= (w.hi - w.lo) / 2)
    return (*inside, *ends)
