"""Marks that instrument and reduction leave in a residual: spikes, night sky, a step, fringes, a wrong velocity."""

import numpy as np

from catalog.causes.noise import running_median

MAGNITUDES = float(2.5 / np.log(10))
"""In a factor of e."""

SPEED_OF_LIGHT = 299792.458
"""km / s."""

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


def spikes(residual: np.ndarray, square: np.ndarray) -> tuple[int, float]:
    """Number of spikes of one to three bright pixels, and their share of the error.

    Parameters
    ----------
    residual : ndarray, (n_pixel,)
    square : ndarray, (n_pixel,)
        Its square, the error.
    """
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
    """Median at lines of the night sky over that elsewhere, redward of 7000 Å, (n_pixel,); None: too few pixels."""
    red = wavelength > 7000
    distance = np.abs(wavelength[:, None] - np.array(SKY_LINES)).min(axis=1)
    sky, other = red & (distance < SKY_WIDTH), red & (distance > 2 * SKY_WIDTH)
    if np.count_nonzero(sky) < 20 or np.count_nonzero(other) < 20:
        return None
    # Medians, since a single bad pixel is not the night sky.
    return float(np.median(square[sky]) / (np.median(square[other]) or 1e-30))


def arm_step(wavelength: np.ndarray, difference: np.ndarray) -> tuple[float | None, float | None]:
    """By how many mag D steps up across the joint of the arms, and its standard error; None if it is not within.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Vacuum Angstrom.
    difference : ndarray, (n_pixel,)
        D = ln(flux / reconstruction).

    Notes
    -----
    A cubic with a step is fitted 400 Å to either side, without 100 Å around the joint: a smooth curve is not a step.
    """
    x = (wavelength - ARM_EDGE) / 400
    near = (np.abs(x) < 1) & (np.abs(x) > 0.25)
    if np.count_nonzero(near & (x < -0.6)) < 50 or np.count_nonzero(near & (x > 0.6)) < 50:
        return None, None
    design = np.column_stack([x[near] ** power for power in range(4)] + [np.sign(x[near]) / 2])
    solved, *_ = np.linalg.lstsq(design, difference[near], rcond=None)
    scatter = (difference[near] - design @ solved).std()
    error = scatter * np.sqrt(np.linalg.inv(design.T @ design)[4, 4])
    return MAGNITUDES * float(solved[4]), MAGNITUDES * float(error)


def fringe_share(wavelength: np.ndarray, difference: np.ndarray) -> float | None:
    """Largest share that one sine in wavenumber has in the variance of D redward of 8000 Å; None if that is short.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Vacuum Angstrom.
    difference : ndarray, (n_pixel,)
        D = ln(flux / reconstruction).
    """
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

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Even in log wavelength.
    flux, reconstruction : ndarray, (n_pixel,)

    Returns
    -------
    shift : float
        km/s; 0 if the best is as far as is looked.
    share : float
        Of the difference in lines that goes with the shift; 0 without one.

    Notes
    -----
    The continuum is taken off first, by a running median.
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
