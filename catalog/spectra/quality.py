"""What is wrong with a spectrum, counted pixel by pixel."""

import numpy as np
import pyarrow as pa

from catalog.surveys.product import Arrays

FAULTS = ("zero", "negative", "non-finite")
"""What makes a pixel unusable."""


def usable_rows(flux: np.ndarray) -> np.ndarray:
    """True for spectra that a model can take: finite and > 0 in every pixel (the paper, section 2.1).

    Parameters
    ----------
    flux : ndarray, (n, n_pixel)
        Already restricted to the model's window.

    Returns
    -------
    ndarray, (n,) bool

    Examples
    --------
    >>> usable_rows(np.array([[1.0, 2.0], [0.0, 2.0], [np.inf, 2.0]]))
    array([ True, False, False])
    """
    return np.all(_good(flux), axis=1)


def quality(arrays: Arrays) -> dict[str, pa.Array]:
    """The quality columns of the table `spectrum` for a block of spectra.

    Parameters
    ----------
    arrays : Arrays
        Of n spectra.

    Returns
    -------
    dict of str to Array
        An Arrow array of length n for each column. Counts of ivar and mask are NULL where the file has none.
    """
    flux, ivar, mask = arrays.flux, arrays.ivar, arrays.mask
    n, n_pixel = flux.shape
    good = _good(flux)
    bad = _BadPixels(flux, good)
    n_zero, n_negative, n_nonfinite = (bad.count(fault) for fault in FAULTS)
    no_good = n_zero + n_negative + n_nonfinite == n_pixel
    columns = {
        "max_flux": pa.array(_largest(flux), pa.float32(), mask=n_nonfinite == n_pixel),
        "n_zero_flux": pa.array(n_zero, pa.int32()),
        "n_negative_flux": pa.array(n_negative, pa.int32()),
        "n_nonfinite_flux": pa.array(n_nonfinite, pa.int32()),
        "first_good_pixel": pa.array(good.argmax(axis=1) + 1, pa.int32(), mask=no_good),
        "last_good_pixel": pa.array(n_pixel - good[:, ::-1].argmax(axis=1), pa.int32(), mask=no_good),
        "usable": pa.array(good.all(axis=1)),
        "reject_reason": pa.array(
            [_reason(*counts) for counts in zip(n_zero, n_negative, n_nonfinite, no_good, strict=True)],
            pa.string(),
        ),
        "bad_run": bad.runs(),
        "n_masked": pa.nulls(n, pa.int32()) if mask is None else pa.array(_per_row(mask != 0), pa.int32()),
        "n_zero_ivar": pa.nulls(n, pa.int32()),
        "bad_pixel_fraction": pa.nulls(n, pa.float32()),
        "snr": pa.nulls(n, pa.float32()),
    }
    if ivar is not None:
        n_zero_ivar = _per_row(ivar == 0)
        columns["n_zero_ivar"] = pa.array(n_zero_ivar, pa.int32())
        columns["bad_pixel_fraction"] = pa.array(n_zero_ivar / n_pixel, pa.float32())
        columns["snr"] = _median_snr(flux, ivar)
    return columns


def bad_runs(flux: np.ndarray) -> pa.ListArray:
    """The runs of pixels with one fault, in order, for each spectrum.

    Parameters
    ----------
    flux : ndarray, (n, n_pixel)

    Returns
    -------
    ListArray
        n lists of {first, last, fault}: pixels from 1, both included; empty for a usable spectrum.

    Examples
    --------
    >>> bad_runs(np.array([[0.0, 0.0, 1.0, -1.0]])).to_pylist()[0]
    [{'first': 1, 'last': 2, 'fault': 'zero'}, {'first': 4, 'last': 4, 'fault': 'negative'}]
    """
    return _BadPixels(flux, _good(flux)).runs()


class _BadPixels:
    """The pixels of a block that no model can take, which are few: their places and faults, row after row."""

    def __init__(self, flux: np.ndarray, good: np.ndarray) -> None:
        self._shape = flux.shape
        self._place = np.flatnonzero(~good)
        value = flux.reshape(-1)[self._place]
        self._fault = np.select([value == 0, value < 0], [0, 1], 2).astype(np.int8)
        # An infinity below zero counts as non-finite, not as negative.
        self._fault[~np.isfinite(value)] = 2
        self._row, self._pixel = np.divmod(self._place, self._shape[1])

    def count(self, fault: str) -> np.ndarray:
        """(n,) pixels of each spectrum with that fault."""
        return np.bincount(self._row[self._fault == FAULTS.index(fault)], minlength=self._shape[0])

    def runs(self) -> pa.ListArray:
        """What `bad_runs` returns."""
        # A run begins where the pixel before is a good one, has another fault, or belongs to the spectrum before.
        begins = np.ones(len(self._place), bool)
        begins[1:] = (np.diff(self._place) != 1) | (np.diff(self._fault) != 0) | (np.diff(self._row) != 0)
        first = np.flatnonzero(begins)
        last = np.append(first[1:], len(begins))[: len(first)] - 1
        runs = pa.StructArray.from_arrays(
            [
                pa.array(self._pixel[first] + 1, pa.int32()),
                pa.array(self._pixel[last] + 1, pa.int32()),
                pa.array(FAULTS, pa.string()).take(pa.array(self._fault[first])),
            ],
            ["first", "last", "fault"],
        )
        ends = np.cumsum(np.bincount(self._row[first], minlength=self._shape[0]))
        return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), runs)


def _good(flux: np.ndarray) -> np.ndarray:
    return np.isfinite(flux) & (flux > 0)


def _largest(flux: np.ndarray) -> np.ndarray:
    """(n,) the largest finite flux; -inf where none is finite."""
    largest = flux.max(axis=1)
    odd = ~np.isfinite(largest)
    largest[odd] = np.where(np.isfinite(flux[odd]), flux[odd], -np.inf).max(axis=1)
    return largest


def _per_row(condition: np.ndarray) -> np.ndarray:
    """(n,) how often it holds. For conditions that seldom do, several times as fast as numpy's count along an axis."""
    return np.bincount(np.flatnonzero(condition) // condition.shape[1], minlength=len(condition))


def _reason(n_zero: int, n_negative: int, n_nonfinite: int, no_good: bool) -> str | None:
    if no_good:
        return "no positive flux"
    kinds = (("zero flux", n_zero), ("negative flux", n_negative), ("non-finite flux", n_nonfinite))
    return ", ".join(kind for kind, count in kinds if count) or None


def _median_snr(flux: np.ndarray, ivar: np.ndarray) -> pa.Array:
    informative = np.isfinite(flux) & np.isfinite(ivar) & (ivar > 0)
    with np.errstate(all="ignore"):
        snr = np.where(informative, flux * np.sqrt(ivar), np.inf)
    median = np.full(len(flux), np.nan, np.float32)
    for row, n in enumerate(np.count_nonzero(informative, axis=1)):
        if n:
            # numpy's median row by row takes twice as long, for what it does around the partition.
            ordered = snr[row]
            ordered.partition(n // 2)
            upper = ordered[n // 2]
            median[row] = upper if n % 2 else (ordered[: n // 2].max() + upper) / 2
    return pa.array(median, pa.float32(), mask=~np.isfinite(median))
