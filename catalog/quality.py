"""What is wrong with a spectrum, counted pixel by pixel."""

import numpy as np
import pyarrow as pa

from catalog.surveys.product import Arrays

FAULTS = ("zero", "negative", "non-finite")
"""What makes a pixel unusable."""


def usable_rows(flux: np.ndarray) -> np.ndarray:
    """True for spectra that a model can take: finite and > 0 in every pixel (the paper, section 2.1).

    flux : (n, n_pixel), already restricted to the model's window
    Returns (n,) bool. Read-only.

    >>> usable_rows(np.array([[1.0, 2.0], [0.0, 2.0], [np.inf, 2.0]]))
    array([ True, False, False])
    """
    return np.all(np.isfinite(flux) & (flux > 0), axis=1)


def quality(arrays: Arrays) -> dict[str, pa.Array]:
    """The quality columns of the table `spectrum` for a block of spectra.

    Returns one Arrow array per column, each of length n. Counts of ivar and mask are NULL where the file has none.
    Read-only.
    """
    flux, ivar, mask = arrays.flux, arrays.ivar, arrays.mask
    n, n_pixel = flux.shape
    finite = np.isfinite(flux)
    good = finite & (flux > 0)
    n_zero = np.count_nonzero(flux == 0, axis=1)
    n_nonfinite = n_pixel - np.count_nonzero(finite, axis=1)
    n_good = np.count_nonzero(good, axis=1)
    n_negative = n_pixel - n_good - n_zero - n_nonfinite
    no_good = n_good == 0
    columns = {
        "max_flux": pa.array(np.where(finite, flux, -np.inf).max(axis=1), pa.float32(), mask=~finite.any(axis=1)),
        "n_zero_flux": pa.array(n_zero, pa.int32()),
        "n_negative_flux": pa.array(n_negative, pa.int32()),
        "n_nonfinite_flux": pa.array(n_nonfinite, pa.int32()),
        "first_good_pixel": pa.array(good.argmax(axis=1) + 1, pa.int32(), mask=no_good),
        "last_good_pixel": pa.array(n_pixel - good[:, ::-1].argmax(axis=1), pa.int32(), mask=no_good),
        "usable": pa.array(n_good == n_pixel),
        "reject_reason": pa.array(
            [_reason(*counts) for counts in zip(n_zero, n_negative, n_nonfinite, no_good, strict=True)],
            pa.string(),
        ),
        "bad_run": bad_runs(flux),
        "n_masked": pa.nulls(n, pa.int32()) if mask is None else _count(mask != 0),
        "n_zero_ivar": pa.nulls(n, pa.int32()),
        "bad_pixel_fraction": pa.nulls(n, pa.float32()),
        "snr": pa.nulls(n, pa.float32()),
    }
    if ivar is not None:
        columns["n_zero_ivar"] = _count(ivar == 0)
        columns["bad_pixel_fraction"] = pa.array(np.mean(ivar == 0, axis=1), pa.float32())
        columns["snr"] = _median_snr(flux, ivar)
    return columns


def bad_runs(flux: np.ndarray) -> pa.ListArray:
    """The runs of pixels with one fault, in order, for each spectrum (n, n_pixel).

    Returns n lists of {first, last, fault}: pixels from 1, both included; empty for a usable spectrum. Read-only.

    >>> bad_runs(np.array([[0.0, 0.0, 1.0, -1.0]])).to_pylist()[0]
    [{'first': 1, 'last': 2, 'fault': 'zero'}, {'first': 4, 'last': 4, 'fault': 'negative'}]
    """
    n, n_pixel = flux.shape
    # A good pixel, 0, on either side, so that every run begins and ends.
    fault = np.zeros((n, n_pixel + 2), np.int8)
    fault[:, 1:-1] = np.select([flux == 0, ~np.isfinite(flux), flux < 0], [1, 3, 2], 0)
    before, after = fault[:, :-1], fault[:, 1:]
    row, first = np.nonzero((before != after) & (after != 0))
    _, last = np.nonzero((before != after) & (before != 0))
    runs = pa.StructArray.from_arrays(
        [
            pa.array(first + 1, pa.int32()),
            pa.array(last, pa.int32()),
            pa.array(FAULTS, pa.string()).take(pa.array(after[row, first] - 1)),
        ],
        ["first", "last", "fault"],
    )
    ends = np.cumsum(np.bincount(row, minlength=n))
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), runs)


def _reason(n_zero: int, n_negative: int, n_nonfinite: int, no_good: bool) -> str | None:
    if no_good:
        return "no positive flux"
    kinds = (("zero flux", n_zero), ("negative flux", n_negative), ("non-finite flux", n_nonfinite))
    return ", ".join(kind for kind, count in kinds if count) or None


def _count(condition: np.ndarray) -> pa.Array:
    return pa.array(np.count_nonzero(condition, axis=1), pa.int32())


def _median_snr(flux: np.ndarray, ivar: np.ndarray) -> pa.Array:
    informative = np.isfinite(flux) & np.isfinite(ivar) & (ivar > 0)
    with np.errstate(over="ignore"):
        median = np.array(
            [
                np.median(f[keep] * np.sqrt(i[keep])) if keep.any() else np.nan
                for f, i, keep in zip(flux, ivar, informative, strict=True)
            ],
            np.float32,
        )
    return pa.array(median, pa.float32(), mask=~np.isfinite(median))
