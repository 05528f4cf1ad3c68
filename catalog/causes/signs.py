"""Signs of known causes in a residual: band heads, lines, and the marks of instrument and reduction.

Most work on D = ln(flux / reconstruction): above 0 the star is brighter than the models make it. Each compares pixels
with their neighbours, so that a model's wrong slope or level is no sign of anything.
"""

from dataclasses import dataclass

import numpy as np

from catalog.causes.noise import running_median

SPEED_OF_LIGHT = 299792.458
"""km / s."""

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

SKY_LINES = (
    5578.9, 6302.0, 6365.5, 7246.9, 7278.4, 7305.7, 7318.3, 7342.9, 7371.2, 7526.2, 7718.1, 7752.7, 7796.2, 7823.7,
    7855.4, 7915.9, 7966.9, 7995.5, 8027.3, 8064.6, 8346.7, 8384.7, 8401.5, 8432.5, 8454.6, 8467.7, 8495.7, 8506.9,
    8763.4, 8780.7, 8829.5, 8888.3, 8905.5, 8922.1, 8945.9, 8960.4, 8991.2, 9003.8, 9052.7, 9340.4, 9378.5, 9442.3,
    9479.4, 9505.4, 9521.8, 9570.2, 9610.3, 9657.5, 9701.8, 9722.7, 9756.6, 9795.0, 9874.8, 9917.4, 10015.9, 10085.3,
)  # fmt: skip
"""[O I] and OH of the night sky, vacuum Angstrom: Osterbrock et al. 1996 (PASP 108, 277)."""

SKY_WIDTH = 3.5

LARGEST_LAG = 25
"""Pixels by which a spectrum is shifted to find its velocity: 1700 km/s on the MaStar grid."""

CONTINUUM, DEEPEST = 101, 0.5
"""Pixels of the running median that is called continuum; ln flux beyond which a line is cut off."""

ARM_EDGE = 6100.0
"""Where the arms of the spectrographs are joined, in the middle of 5900 to 6300: Smee et al. 2013 (AJ 146, 32)."""

FRINGES_FROM = 8000.0
"""Where silicon turns transparent enough for fringes, Angstrom."""

FRINGE_CYCLES = (10, 120)
"""Cycles over the range from FRINGES_FROM that count as fringes: slower is a slope, faster is noise."""


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


MAGNITUDES = float(2.5 / np.log(10))


def signs(wavelength: np.ndarray, flux: np.ndarray, reconstruction: np.ndarray) -> Signs:
    """The signs in one spectrum.

    wavelength : (n_pixel,) vacuum Angstrom; flux, reconstruction : (n_pixel,) above 0, of one unit
    Read-only.
    """
    difference = np.log(flux / np.maximum(reconstruction, 1e-30))
    light, tenth = np.log(flux), len(flux) // 10
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


def spikes(residual: np.ndarray, square: np.ndarray) -> tuple[int, float]:
    """Number of spikes of one to three bright pixels, and their share of the error; (n_pixel,) each. Read-only."""
    narrow = residual - running_median(residual, 9)
    # The scatter of the surroundings: in the red it is larger.
    scatter = 1.4826 * running_median(np.abs(narrow), 201)
    high = narrow > 8 * np.maximum(scatter, 1e-12)
    starts = np.flatnonzero(np.diff(np.concatenate([[False], high, [False]]).astype(np.int8)))
    runs = starts.reshape(-1, 2)
    short = [slice(start, stop) for start, stop in runs if stop - start <= 3]
    total = float(square.sum()) or 1.0
    return len(short), float(sum(square[max(0, s.start - 1) : s.stop + 1].sum() for s in short)) / total


def sky_contrast(wavelength: np.ndarray, square: np.ndarray) -> float | None:
    """Mean of (n_pixel,) at lines of the night sky over that elsewhere, redward of 7000 Å; None if nothing is there."""
    red = wavelength > 7000
    distance = np.abs(wavelength[:, None] - np.array(SKY_LINES)).min(axis=1)
    sky, other = red & (distance < SKY_WIDTH), red & (distance > 2 * SKY_WIDTH)
    if np.count_nonzero(sky) < 20 or np.count_nonzero(other) < 20:
        return None
    # Medians, since a single bad pixel is no night sky.
    return float(np.median(square[sky]) / (np.median(square[other]) or 1e-30))


def arm_step(wavelength: np.ndarray, difference: np.ndarray) -> tuple[float | None, float | None]:
    """By how many mag D steps up across the joint of the arms, and its standard error; None if it is not within.

    A line with one slope and a step is fitted 400 Å to either side, without 100 Å around the joint.
    """
    x = wavelength - ARM_EDGE
    near = (np.abs(x) < 400) & (np.abs(x) > 100)
    if np.count_nonzero(near & (x < 0)) < 50 or np.count_nonzero(near & (x > 0)) < 50:
        return None, None
    design = np.stack([np.ones(near.sum()), x[near] / 400, np.sign(x[near]) / 2], axis=1)
    solved, *_ = np.linalg.lstsq(design, difference[near], rcond=None)
    scatter = (difference[near] - design @ solved).std()
    error = scatter * np.sqrt(np.linalg.inv(design.T @ design)[2, 2])
    return MAGNITUDES * float(solved[2]), MAGNITUDES * float(error)


def fringe_share(wavelength: np.ndarray, difference: np.ndarray) -> float | None:
    """Largest share that one sine in wavenumber has in the variance of D redward of 8000 Å; None if that is short."""
    red = wavelength > FRINGES_FROM
    if np.count_nonzero(red) < 300:
        return None
    number = 1 / wavelength[red][::-1]
    even = np.linspace(number[0], number[-1], len(number))
    values = np.interp(even, number, difference[red][::-1])
    values = (values - running_median(values, 201)) * np.hanning(len(values))
    power = np.square(np.abs(np.fft.rfft(values)))[1:]
    first, last = FRINGE_CYCLES
    peak = first + int(power[first:last].argmax())
    # A tapered sine has its power in three neighbouring frequencies.
    return float(power[peak - 1 : peak + 2].sum() / (power.sum() or 1.0))


def velocity_shift(wavelength: np.ndarray, flux: np.ndarray, reconstruction: np.ndarray) -> tuple[float, float]:
    """By how many km/s the lines of the flux lie redward of those of the reconstruction, and how much that explains.

    The second number is the share of the difference in lines that goes with the shift. Pixels are even in log
    wavelength. The continuum is taken off first, by a running median. 0 and 0 if the best is as far as is looked.
    """
    one, other = (_without_continuum(values) for values in (flux, reconstruction))
    one = one[LARGEST_LAG:-LARGEST_LAG]
    misfit = np.square(np.lib.stride_tricks.sliding_window_view(other, len(one)) - one).sum(axis=1)
    best = int(misfit.argmin())
    if not 0 < best < len(misfit) - 1:
        return 0.0, 0.0
    before, at, after = misfit[best - 1 : best + 2]
    lag = LARGEST_LAG - best + 0.5 * (after - before) / ((before - 2 * at + after) or 1.0)
    step = np.log(wavelength[-1] / wavelength[0]) / (len(wavelength) - 1)
    unshifted = misfit[LARGEST_LAG]
    return float(lag * step * SPEED_OF_LIGHT), float((unshifted - at) / (unshifted or 1.0))


def _without_continuum(values: np.ndarray) -> np.ndarray:
    logarithm = np.log(np.maximum(values, 1e-30))
    return np.clip(logarithm - running_median(logarithm, CONTINUUM), -DEEPEST, DEEPEST)


def _error(values: np.ndarray) -> float:
    """Standard error of the mean of (n,) numbers whose neighbours are alike over about three pixels."""
    return float(values.std() / np.sqrt(len(values) / 3))
