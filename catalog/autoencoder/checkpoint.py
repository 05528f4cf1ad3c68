"""Where an unfinished training is, in a file beside the weights, so that a killed one goes on from there."""

import time
import zipfile
from pathlib import Path

import numpy as np

from catalog.errors import CatalogError

PRICE = 0.03
"""Share of the time that may go into writing checkpoints."""

LEAST = 1.0
"""Seconds between two checkpoints at least."""


class Checkpoint:
    """The state of one training.

    Parameters
    ----------
    folder : Path
        Of the weights.
    key : str
        Digest of all that decides the course of the training. A checkpoint of anything else has another name and is
        never read.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._path = folder / f".training-{key}.npz"
        self._written = time.monotonic()
        self._cost = 0.0

    @property
    def due(self) -> bool:
        """Whether enough time has passed since the last one."""
        return time.monotonic() - self._written > max(LEAST, self._cost / PRICE)

    def read(self) -> tuple[np.ndarray, list[np.ndarray]] | None:
        """What `write` wrote; None if there is no checkpoint, or only a torn one.

        Returns
        -------
        (ndarray, list of ndarray)
            A row of losses and seconds for each epoch so far, and the state.
        """
        try:
            with np.load(self._path, allow_pickle=False) as arrays:
                return arrays["arr_0"], [arrays[f"arr_{index}"] for index in range(1, len(arrays.files))]
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
            return None

    def write(self, epochs: np.ndarray, state: list[np.ndarray]) -> None:
        """Replace the checkpoint; the one before stays if that fails.

        Parameters
        ----------
        epochs : ndarray, (n, k) float64
            A row of losses and seconds for each epoch so far.
        state : list of ndarray
            What the training goes on from.

        Raises
        ------
        CatalogError
            If the disk is full.
        """
        started = time.monotonic()
        # Of one name, so that a kill in here leaves no more than one, which the next checkpoint replaces.
        partial = self._path.with_suffix(".partial")
        try:
            with partial.open("wb") as file:
                np.savez(file, epochs, *state)
            partial.replace(self._path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise CatalogError(f"{self._path.parent} cannot be written: {error.strerror}") from error
        self._written = time.monotonic()
        self._cost = self._written - started

    def remove(self) -> None:
        """Forget it: the model is trained."""
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".partial").unlink(missing_ok=True)
