"""f = ln F of the spectra that a training uses, on disk: its memory does not grow with the survey."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np

from catalog.errors import CatalogError

ROWS_PER_BLOCK = 1024


class Features:
    """(n, n_pixel) float32 in a temporary file, indexed by rows; the file ends with the process.

    Parameters
    ----------
    folder : Path
        Where the file lies.
    n : int
        Spectra.
    n_pixel : int
        Pixels of each.
    n_photometry : int
        Columns of photometry.

    Attributes
    ----------
    shape : (int, int)
        (n, n_pixel).
    photometry : ndarray, (n, n_photometry) float32
        Of their stars, mag, in memory; NaN where unknown, and at first everywhere.

    Raises
    ------
    CatalogError
        If the folder cannot be written.

    Examples
    --------
    >>> with Features(Path("."), 3, 2) as features:
    ...     features.put(np.array([0, 1, 2]), np.array([[1, 2], [3, 4], [5, 6]]))
    ...     features[np.array([2, 0])].tolist()
    [[5.0, 6.0], [1.0, 2.0]]
    """

    def __init__(self, folder: Path, n: int, n_pixel: int, n_photometry: int = 0) -> None:
        self.shape = (n, n_pixel)
        self.photometry = np.full((n, n_photometry), np.nan, np.float32)
        self._folder = folder
        self._row_size = 4 * n_pixel
        try:
            # Has no name, so that nothing is left behind whatever ends the process.
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # closed by __exit__
        except OSError as error:
            raise CatalogError(f"{folder} cannot be written: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self.shape[0]

    def put(self, rows: np.ndarray, values: np.ndarray) -> None:
        """Write some rows.

        Parameters
        ----------
        rows : ndarray, (k,) int64
            Which ones.
        values : ndarray, (k, n_pixel)
            Their values.

        Raises
        ------
        CatalogError
            If the disk is full.
        """
        try:
            for row, spectrum in zip(rows, np.ascontiguousarray(values, np.float32), strict=True):
                if os.pwrite(self._file.fileno(), spectrum, int(row) * self._row_size) < self._row_size:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise CatalogError(f"{self._folder} cannot be written: {error.strerror}") from error

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """(k, n_pixel) of k rows, in their order."""
        values = np.empty((len(rows), self.shape[1]), np.float32)
        for row, spectrum in zip(rows, values, strict=True):
            os.preadv(self._file.fileno(), [spectrum.data], int(row) * self._row_size)
        return values

    def blocks(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """The rows in their order, at most ROWS_PER_BLOCK at a time."""
        for start in range(0, len(rows), ROWS_PER_BLOCK):
            yield self[rows[start : start + ROWS_PER_BLOCK]]
