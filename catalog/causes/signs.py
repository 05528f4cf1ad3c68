"""Signs of known causes in a residual: band heads and lines; those of instrument and reduction are in `marks`.

Most work on D = ln(flux / reconstruction): above 0 the star is brighter than the models make it. Each compares pixels
with their neighbours, so that a model's wrong slope or level is no sign of anything.
"""

from dataclasses import dataclass

import numpy as np

from catalog.causes.marks import (
    MAGNITUDES,
    SKY_LINES,
    SKY_WIDTH,
    arm_step,
    fringe_share,
    sky_contrast,
    spikes,
    velocity_shift,
)

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


@dataclass(frozen=True)
class Signs:
    """Signs of known causes in one spectrum; None where the model's window does not hold what is asked.

    c2, cn, tio : mag by which band heads are deeper than the models make them; the median over the heads
    c2_noise, cn_noise, tio_noise : its standard error, from the scatter of D beside the heads
    ch, ap : mag by which the G band, the depression at 5200 are deeper
    tio_head : mag of the spectrum's own TiO heads, whatever the models make of them; above 0 in M stars
    tio_red : the same of those redward of 7000 Å, where a hot companion has least light
    balmer, helium : excess of light in the lines, in the median of the stronger half; in units of the reconstruction
    balmer_noise : standard error of balmer
    balmer_own : the same of the spectrum, whatever the models make of it: above 0 in emission
    hydrogen_share : share of the error in the Balmer lines, to H 8
    balmer_wings : mag by which the light 20 to 45 Å from H beta, gamma and delta is below that at 80 to 110 Å, whatever
        the models make of it: the wings of a white dwarf
    ap_lines : mag by which lines of Si, Sr and Cr are deeper
    blue_light : part of the window's light that lies below 6000 Å
    spike_share : share of the error in spikes of one to three pixels; n_spike : their number
    sky_contrast : median error at lines of the night sky over that elsewhere redward of 7000 Å
    sky_share : share of the error at these lines
    step : mag by which D changes across the joint of the arms, beside what its slopes do
    step_noise : its standard error
    fringe_share : share of the error redward of 8000 Å that one sine in wavenumber explains
    shift : km/s that would best explain the residual; shift_share : share of the error that it explains
    blue_excess, red_excess : mag by which the first and the last tenth of the window are brighter than the models make
        them, beside the whole
    """

    c2: float | None
    c2_noise: float | None
    cn: float | None
    cn_noise: float | None
    tio: float | None
    tio_noise: float | None
    ch: float | None
    tio_head: float | None
    tio_red: float | None
    balmer: float | None
    balmer_noise: float | None
    balmer_own: float | None
    hydrogen_share: float
    balmer_wings: float | None
    helium: float | None
    ap: float | None
    ap_lines: float | None
    blue_light: float | None
    spike_share: float
    n_spike: int
    sky_contrast: float | None
    sky_share: float
    step: float | None
    step_noise: float | None
    fringe_share: float | None
    shift: float
    shift_share: float
    blue_excess: float
    red_excess: float


def signs(wavelength: np.ndarray, flux: np.ndarray, reconstruction: np.ndarray) -> Signs:
    """The signs in one spectrum.

    wavelength : (n_pixel,) vacuum Angstrom; flux, reconstruction : (n_pixel,) above 0, of one unit
    Read-only.
    """
    difference = np.log(flux / np.maximum(reconstruction, 1e-30))
    light, tenth = np.log(flux), max(1, len(flux) // 10)
    c2, c2_noise = heads(wavelength, -difference, C2_HEADS, to_the_red=False)
    cn, cn_noise = heads(wavelength, -difference, CN_HEADS, to_the_red=True)
    tio, tio_noise = heads(wavelength, -difference, TIO_HEADS, to_the_red=True)
    balmer, balmer_noise = lines(wavelength, difference, BALMER)
    square = np.square(flux - reconstruction)
    n_spike, spike_share = spikes(flux - reconstruction, square)
    step, step_noise = arm_step(wavelength, difference)
    shift, shift_share = velocity_shift(wavelength, flux, reconstruction)
    ap_lines, _ = lines(wavelength, -difference, AP_LINES)
    return Signs(
        c2=c2,
        c2_noise=c2_noise,
        cn=cn,
        cn_noise=cn_noise,
        tio=tio,
        tio_noise=tio_noise,
        ch=depression(wavelength, -difference, *G_BAND),
        tio_head=heads(wavelength, -light, TIO_HEADS, to_the_red=True)[0],
        tio_red=heads(wavelength, -light, TIO_HEADS[3:], to_the_red=True)[0],
        balmer=balmer,
        balmer_noise=balmer_noise,
        balmer_own=lines(wavelength, light, BALMER)[0],
        hydrogen_share=share_at(wavelength, square, HYDROGEN, HYDROGEN_WIDTH),
        balmer_wings=wings(wavelength, light),
        helium=lines(wavelength, difference, HE)[0],
        ap=depression(wavelength, -difference, *AP),
        ap_lines=ap_lines,
        blue_light=float(flux[wavelength < 6000].sum() / flux.sum()) if wavelength[0] < 5500 else None,
        spike_share=spike_share,
        n_spike=n_spike,
        sky_contrast=sky_contrast(wavelength, square),
        sky_share=share_at(wavelength, square, SKY_LINES, SKY_WIDTH),
        step=step,
        step_noise=step_noise,
        fringe_share=fringe_share(wavelength, difference),
        shift=shift,
        shift_share=shift_share,
        blue_excess=MAGNITUDES * float(difference[:tenth].mean() - difference.mean()),
        red_excess=MAGNITUDES * float(difference[-tenth:].mean() - difference.mean()),
    )


def heads(
    wavelength: np.ndarray, depth: np.ndarray, at: tuple[float, ...], *, to_the_red: bool
) -> tuple[float | None, float | None]:
    """Depth behind band heads less that before them, mag, the median over the heads; and its standard error.

    depth : (n_pixel,) natural logarithms; to_the_red : the bands fade to the red of their heads
    None where none of the heads lies within. Read-only.
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
    """Mean depth within a range less that beside it, mag; None unless all of it lies within the wavelengths."""
    ranges = (within, *beside)
    if wavelength[0] > min(lo for lo, _ in ranges) or wavelength[-1] < max(hi for _, hi in ranges):
        return None
    inside, *sides = (depth[(wavelength >= lo) & (wavelength <= hi)].mean() for lo, hi in ranges)
    return MAGNITUDES * float(inside - np.mean(sides))


def lines(wavelength: np.ndarray, excess: np.ndarray, at: tuple[float, ...]) -> tuple[float | None, float | None]:
    """Mean excess in lines over that beside them, the median of the stronger half of the lines; and its noise.

    excess : (n_pixel,)
    None where none of the lines lies within. Read-only.
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
    """Share of the sum of (n_pixel,) numbers that lies within `width` Angstrom of some wavelengths. Read-only."""
    near = np.abs(wavelength[:, None] - np.array(at)).min(axis=1) <= width
    return float(square[near].sum() / (square.sum() or 1.0))


def wings(wavelength: np.ndarray, light: np.ndarray) -> float | None:
    """How far the wings of H beta, gamma and delta are below the light beside them, mag, the median; None: not within.

    light : (n_pixel,) ln flux
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
