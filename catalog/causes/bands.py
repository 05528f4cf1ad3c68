"""Band heads and lines of stars, and how deep they are in a spectrum or in a residual.

Each compares pixels with their neighbours, so that a model's wrong slope or level is not a sign of anything.
"""

import numpy as np

from catalog.causes.marks import MAGNITUDES

HEAD_WIDTH, HEAD_GAP = 60.0, 10.0
"""Angstrom on either side of a band head that are compared, and what is left out around it for the resolution."""

C2_HEADS = (4738.4, 5166.6, 5637.1)
"""Of the Swan bands, vacuum Angstrom: Pearse & Gaydon 1976. They fade to the blue: light is missing blueward."""

CN_HEADS = (6927.7, 7878.2, 9143.2)
"""Of the red system: Davis & Phillips 1963. They fade to the red."""

TIO_HEADS = (4956.0, 5449.7, 6160.2, 7056.4, 8434.4, 8862.0)
"""Valenti, Piskunov & Johns-Krull 1998; Kirkpatrick, Henry & McCarthy 1991. They fade to the red."""

G_BAND = ((4282.6, 4317.6), ((4230.0, 4270.0), (4360.0, 4400.0)))
"""CH, and beside it, vacuum Angstrom: as G4300 of Worthey et al. 1994, with sides free of H gamma."""

BALMER = (6564.6, 4862.7, 4341.7, 4102.9)
HYDROGEN, HYDROGEN_WIDTH = (*BALMER, 3971.2, 3890.2), 22.0
HE = (5877.2, 4472.7, 4687.0, 6680.0, 7067.1)
"""He I, and He II 4686."""

AP = ((5100.0, 5300.0), ((4980.0, 5080.0), (5320.0, 5420.0)))
"""The depression of magnetic stars at 5200: Kodaira 1969 (ApJ 157, L59), and beside it."""

AP_LINES = (4078.9, 4129.3, 4216.7, 4559.5, 5042.4, 5057.4, 6348.9, 6373.1)
"""Sr II, Si II and Cr II of magnetic stars: Gray & Corbally 2009, chapter 5."""

LINE_WIDTH = 10.0
"""Angstrom to either side of a line's centre that belong to it; three times that beside it are compared."""


def heads(
    wavelength: np.ndarray, depth: np.ndarray, at: tuple[float, ...], *, to_the_red: bool
) -> tuple[float | None, float | None]:
    """Depth behind band heads less that before them, mag, the median over the heads; and its standard error.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Angstrom.
    depth : ndarray, (n_pixel,)
        Natural logarithms.
    at : tuple of float
        The heads, Angstrom.
    to_the_red : bool
        The bands fade to the red of their heads.

    Returns
    -------
    tuple of float
        Both None where none of the heads lies within.
    """
    found, noise = [], []
    for head in at:
        red = depth[(wavelength > head + HEAD_GAP) & (wavelength < head + HEAD_GAP + HEAD_WIDTH)]
        blue = depth[(wavelength < head - HEAD_GAP) & (wavelength > head - HEAD_GAP - HEAD_WIDTH)]
        if min(len(red), len(blue)) >= 10:
            found.append((red.mean() - blue.mean()) * (1 if to_the_red else -1))
            noise.append(np.hypot(_error(red), _error(blue)))
    if not found:
        return None, None
    # The error of a median is a quarter larger than that of a mean.
    error = 1.25 * float(np.sqrt(np.square(noise).mean() / len(noise)))
    return MAGNITUDES * float(np.median(found)), MAGNITUDES * error


def depression(
    wavelength: np.ndarray, depth: np.ndarray, within: tuple[float, float], beside: tuple[tuple[float, float], ...]
) -> float | None:
    """Mean depth within a range less that beside it, mag; None unless all of it lies within the wavelengths.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Angstrom.
    depth : ndarray, (n_pixel,)
        Natural logarithms.
    within : tuple of float
        First and last wavelength of the range.
    beside : tuple of (float, float)
        Those of the ranges that it is compared with.
    """
    ranges = (within, *beside)
    if wavelength[0] > min(lo for lo, _ in ranges) or wavelength[-1] < max(hi for _, hi in ranges):
        return None
    inside, *sides = (depth[(wavelength >= lo) & (wavelength <= hi)].mean() for lo, hi in ranges)
    return MAGNITUDES * float(inside - np.mean(sides))


def lines(wavelength: np.ndarray, excess: np.ndarray, at: tuple[float, ...]) -> tuple[float | None, float | None]:
    """Mean excess in lines over that beside them, the median of the stronger half of the lines; and its noise.

    Parameters
    ----------
    wavelength, excess : ndarray, (n_pixel,)
    at : tuple of float
        Centres of the lines, Angstrom.

    Returns
    -------
    tuple of float
        Both None where none of the lines lies within.
    """
    found, noise = [], []
    for center in at:
        distance = np.abs(wavelength - center)
        line = excess[distance <= LINE_WIDTH]
        beside = excess[(distance > 2 * LINE_WIDTH) & (distance <= 5 * LINE_WIDTH)]
        if len(line) >= 4 and len(beside) >= 10:
            found.append(line.mean() - np.median(beside))
            noise.append(beside.std() / np.sqrt(len(line)))
    if not found:
        return None, None
    stronger = sorted(found)[-max(1, (len(found) + 1) // 2) :]
    return float(np.median(stronger)), float(np.mean(noise))


def share_at(wavelength: np.ndarray, square: np.ndarray, at: tuple[float, ...], width: float) -> float:
    """Share of the sum of (n_pixel,) numbers that lies within `width` Angstrom of some wavelengths."""
    near = np.abs(wavelength[:, None] - np.array(at)).min(axis=1) <= width
    return float(square[near].sum() / (square.sum() or 1.0))


def wings(wavelength: np.ndarray, light: np.ndarray) -> float | None:
    """How far the wings of H beta, gamma and delta are below the light beside them, mag, the median; None: not within.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Angstrom.
    light : ndarray, (n_pixel,)
        ln flux.
    """
    found = []
    for center in BALMER[1:]:
        distance = np.abs(wavelength - center)
        wing = light[(distance > 20) & (distance < 45)]
        beside = light[(distance > 80) & (distance < 110)]
        if len(wing) >= 20 and len(beside) >= 20:
            found.append(np.median(beside) - np.median(wing))
    return MAGNITUDES * float(np.median(found)) if found else None


def _error(values: np.ndarray) -> float:
    """Standard error of the mean of (n,) numbers whose neighbours are alike over about three pixels."""
    return float(values.std() / np.sqrt(len(values) / 3))
