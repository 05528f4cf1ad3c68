"""What a conditional decoder is told of a star: its colour and brightness, and whether they are known."""

import numpy as np


class Photometry:
    """Scales photometry to mean 0 and standard deviation 1 over the stars it was fitted to.

    Parameters
    ----------
    mean, deviation : ndarray, (k,)
        Of each column, mag.

    Attributes
    ----------
    arrays : list of ndarray, (k,) float32
        Both of them.

    Examples
    --------
    >>> photometry = Photometry.fit(np.array([[1.0], [3.0], [np.nan]]))
    >>> photometry.given(np.array([[3.0], [np.nan]])).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """

    def __init__(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        self.arrays = [np.asarray(mean, np.float32), np.asarray(deviation, np.float32)]

    @classmethod
    def fit(cls, values: np.ndarray) -> "Photometry":
        """Fit it to (n, k) mag, NaN where unknown; a column of which nothing is known is left as it is."""
        known = np.isfinite(values)
        n = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, values, 0).sum(axis=0) / n
        deviation = np.sqrt(np.where(known, np.square(values - mean), 0).sum(axis=0) / n)
        return cls(mean, np.where(deviation > 0, deviation, 1))

    def given(self, values: np.ndarray) -> np.ndarray:
        """What a decoder is given.

        Parameters
        ----------
        values : ndarray, (n, k)
            Mag; NaN where unknown.

        Returns
        -------
        ndarray, (n, 2 k) float32
            Scaled, 0 where unknown; then 1 where known and 0 where not.
        """
        mean, deviation = self.arrays
        known = np.isfinite(values)
        scaled = np.where(known, (values - mean) / deviation, 0)
        return np.concatenate([scaled, known], axis=1).astype(np.float32)
