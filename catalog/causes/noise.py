"""Whether the error is noise, or goes with a raised uncertainty (the paper's Fig. 7)."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from catalog.causes.where import Interval

FLANK = 1.0
"""Width of the neighbourhood on either side, in widths of the interval, and at least FEWEST pixels."""

FEWEST = 60

BUMP, WIDE = 41, 601
"""Pixels over which a raised uncertainty extends at least, and those with which it is compared."""

SMOOTH = 25
"""Pixels of the running median below which the light changes: a line is narrower, a band is wider."""


@dataclass(frozen=True)
class Noise:
    """How the residual compares with the noise; None without ivar, or where none of the pixels has any.

    Attributes
    ----------
    chi2, interval_chi2 : float, optional
        Mean of (flux - reconstruction)² ivar over the good pixels, and over those of the interval.
    sigma_ratio : float, optional
        Median uncertainty in the interval over that of its neighbourhood.
    sigma_excess : float, optional
        The same for uncertainty over the square root of the flux, which light alone does not raise.
    bump : float, optional
        Factor by which the uncertainty is raised most above that of a neighbourhood of 600 pixels, light aside.
    bump_interval : Interval, optional
        Where that is.
    bump_excess : float, optional
        mag by which the flux is above the reconstruction there, beside what it is around.
    bump_share : float, optional
        Share of the error there.
    masked_fraction : float
        Part of the interval's pixels that are masked or without ivar.
    roughness : float
        Mean square of the residual's steps from pixel to pixel, over twice its mean square: 1 is white noise, 0 is
        smooth.
    """

    chi2: float | None
    interval_chi2: float | None
    sigma_ratio: float | None
    sigma_excess: float | None
    bump: float | None
    bump_interval: Interval | None
    bump_excess: float | None
    bump_share: float | None
    masked_fraction: float
    roughness: float


def noise(
    flux: np.ndarray, reconstruction: np.ndarray, ivar: np.ndarray, mask: np.ndarray, interval: Interval
) -> Noise:
    """How the residual of one spectrum compares with its noise.

    Parameters
    ----------
    flux, reconstruction : ndarray, (n_pixel,)
        Relative to the maximum of the flux.
    ivar : ndarray, (n_pixel,)
        Relative to that as well; NaN: unknown.
    mask : ndarray, (n_pixel,)
        0 is good.
    interval : Interval
        Where half of the error lies.
    """
    residual = flux - reconstruction
    known = np.isfinite(ivar) & (ivar > 0)
    good = known & (mask == 0)
    square = np.square(residual) * np.where(good, ivar, 0)
    inside = np.zeros(len(flux), bool)
    inside[interval.pixels] = True
    near = _neighborhood(len(flux), interval)
    sigma = 1 / np.sqrt(np.where(known, ivar, np.nan))
    light = np.sqrt(np.maximum(running_median(flux, SMOOTH), 1e-3))
    bump, bump_interval = sigma_bump(sigma, light)
    unmasked = good if known.any() else mask == 0
    bumped = None if bump_interval is None else np.square(residual[bump_interval.pixels]).sum()
    return Noise(
        chi2=_mean(square, good),
        interval_chi2=_mean(square, good & inside),
        sigma_ratio=_ratio(sigma, good & inside, good & near),
        sigma_excess=_ratio(sigma / light, good & inside, good & near),
        bump=bump,
        bump_interval=bump_interval,
        bump_excess=None if bump_interval is None else _excess(flux, reconstruction, bump_interval),
        bump_share=None if bumped is None else float(bumped / (np.square(residual).sum() or 1.0)),
        masked_fraction=1 - float(np.mean(unmasked[interval.pixels])),
        roughness=roughness(residual),
    )


def roughness(residual: np.ndarray) -> float:
    """Von Neumann's ratio of (n_pixel,) numbers, halved: 1 for white noise, 0 for a smooth curve.

    Examples
    --------
    >>> roughness(np.array([1.0, -1.0, 1.0, -1.0])) > 1
    True
    """
    return float(np.square(np.diff(residual)).mean() / (2 * np.square(residual).mean() or 1.0))


def running_median(values: np.ndarray, width: int) -> np.ndarray:
    """Median of each of (n_pixel,) numbers with its neighbours, an odd number `width` in all."""
    median: np.ndarray = median_filter(values, width, mode="nearest")
    return median


def sigma_bump(sigma: np.ndarray, light: np.ndarray) -> tuple[float | None, Interval | None]:
    """Where the uncertainty is raised most above that of a wide neighbourhood, and by which factor.

    Parameters
    ----------
    sigma : ndarray, (n_pixel,)
        Uncertainty; NaN: unknown.
    light : ndarray, (n_pixel,)
        What light alone makes of it.

    Returns
    -------
    factor : float, optional
        None if too little is known, or the window is narrower than the neighbourhood.
    interval : Interval, optional
        Where it is raised by at least half as much as at its peak; None if that is everywhere, or without a factor.
    """
    known = np.flatnonzero(np.isfinite(sigma))
    if len(known) < len(sigma) / 2 or len(sigma) < WIDE:
        return None, None
    relative = np.interp(np.arange(len(sigma)), known, (sigma / light)[known])
    raised = running_median(relative, BUMP) / running_median(relative, WIDE)
    peak = int(raised.argmax())
    above = raised >= 1 + (raised[peak] - 1) / 2
    if above.all():
        return float(raised[peak]), None
    start = peak - int(np.argmin(above[peak::-1])) + 1 if not above[: peak + 1].all() else 0
    stop = peak + int(np.argmin(above[peak:])) if not above[peak:].all() else len(sigma)
    return float(raised[peak]), Interval(start, stop)


def _neighborhood(n_pixel: int, interval: Interval) -> np.ndarray:
    width = max(FEWEST, round(FLANK * (interval.stop - interval.start)))
    near = np.zeros(n_pixel, bool)
    near[max(0, interval.start - width) : interval.stop + width] = True
    near[interval.pixels] = False
    return near


def _excess(flux: np.ndarray, reconstruction: np.ndarray, interval: Interval) -> float:
    difference = 2.5 * np.log10(np.maximum(flux, 1e-30) / np.maximum(reconstruction, 1e-30))
    around = _neighborhood(len(flux), interval)
    return float(np.median(difference[interval.pixels]) - np.median(difference[around]))


def _mean(values: np.ndarray, among: np.ndarray) -> float | None:
    return float(values[among].mean()) if among.any() else None


def _ratio(values: np.ndarray, one: np.ndarray, other: np.ndarray) -> float | None:
    return float(np.median(values[one]) / np.median(values[other])) if one.any() and other.any() else None
