"""Where in a spectrum its error lies (the paper's Figs. 6 to 12, by numbers)."""

from dataclasses import dataclass

import numpy as np

from catalog.causes.windows import windows_within


@dataclass(frozen=True)
class Interval:
    """A range of pixels, `stop` excluded."""

    start: int
    stop: int

    @property
    def pixels(self) -> slice:
        """Selects them."""
        return slice(self.start, self.stop)


@dataclass(frozen=True)
class Where:
    """Where the error lies.

    Attributes
    ----------
    interval : Interval
        The narrowest that holds half of it.
    interval_lo, interval_hi : float
        Its first and last wavelength, Angstrom.
    interval_fraction : float
        Part of the window's pixels that it takes.
    half_fraction : float
        Part of the pixels that hold half of the error, wherever they lie: 0.5 if all have the same.
    excess : float
        Sum of flux over sum of reconstruction in the interval, less 1; the models' median.
    share : dict
        Name of window to its share of the error; windows overlap.
    interval_spread : float
        Standard deviation over the models of the interval's share of each model's own error.
    interval_overlap : float
        Mean over the models of the part of their own interval that lies within this one.
    """

    interval: Interval
    interval_lo: float
    interval_hi: float
    interval_fraction: float
    half_fraction: float
    excess: float
    share: dict[str, float]
    interval_spread: float
    interval_overlap: float


def where(wavelength: np.ndarray, flux: np.ndarray, reconstructions: np.ndarray) -> Where:
    """Where the error of one spectrum lies: of the mean over the models of (F̂ - F)².

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Vacuum Angstrom.
    flux : ndarray, (n_pixel,)
        F, relative to its maximum.
    reconstructions : ndarray, (n_model, n_pixel)
        F̂.
    """
    square = np.square(reconstructions.astype(np.float64) - flux)
    error = square.mean(axis=0)
    profile = error / (error.sum() or 1.0)
    found = half_interval(profile)
    of_model = square / np.maximum(square.sum(axis=1, keepdims=True), 1e-300)
    own = [half_interval(row) for row in of_model]
    overlap = [max(0, min(o.stop, found.stop) - max(o.start, found.start)) / (o.stop - o.start) for o in own]
    inside = flux[found.pixels].sum() / reconstructions[:, found.pixels].sum(axis=1)
    return Where(
        interval=found,
        interval_lo=float(wavelength[found.start]),
        interval_hi=float(wavelength[found.stop - 1]),
        interval_fraction=(found.stop - found.start) / len(flux),
        half_fraction=half_fraction(profile),
        excess=float(np.median(inside)) - 1,
        share=shares(wavelength, profile),
        interval_spread=float(of_model[:, found.pixels].sum(axis=1).std()),
        interval_overlap=float(np.mean(overlap)),
    )


def half_interval(profile: np.ndarray) -> Interval:
    """The narrowest run of pixels that holds at least half of the sum of (n_pixel,) numbers >= 0; the first of equals.

    Examples
    --------
    >>> half_interval(np.array([1.0, 0.0, 3.0, 2.0, 0.0]))
    Interval(start=2, stop=3)
    """
    total = np.concatenate([[0.0], np.cumsum(profile, dtype=np.float64)])
    # For every start, the first end that reaches half; beyond the last start that can, there is none.
    stop = np.searchsorted(total, total[:-1] + total[-1] / 2 * (1 - 1e-12))
    width = np.where(stop < len(total), stop - np.arange(len(profile)), len(total))
    start = int(width.argmin())
    return Interval(start, int(max(stop[start], start + 1)))


def half_fraction(profile: np.ndarray) -> float:
    """Part of the (n_pixel,) pixels, the largest first, that hold half of the sum.

    Examples
    --------
    >>> half_fraction(np.array([1.0, 1.0, 1.0, 1.0]))
    0.5
    """
    ordered = np.cumsum(np.sort(profile)[::-1], dtype=np.float64)
    return float(np.searchsorted(ordered, ordered[-1] / 2 * (1 - 1e-12)) + 1) / len(profile)


def shares(wavelength: np.ndarray, profile: np.ndarray) -> dict[str, float]:
    """Name of window to its share of the sum of (n_pixel,) numbers, for the windows within."""
    total = np.concatenate([[0.0], np.cumsum(profile, dtype=np.float64)])
    found = {}
    for window in windows_within(wavelength):
        first = np.searchsorted(wavelength, window.lo, "left")
        last = np.searchsorted(wavelength, window.hi, "right")
        found[window.name] = float((total[last] - total[first]) / (total[-1] or 1.0))
    return found
