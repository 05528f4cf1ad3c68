"""Principal components of spectra: a model of their own, and what a small network works on."""

import numpy as np
from sklearn.decomposition import PCA

LARGEST_FIT = 4000
"""Spectra that components are fitted to at most, a random choice: 73 MB on the MaStar grid. More would hardly move
them, and memory would grow with the survey."""


class PrincipalComponents:
    """The mean of f = ln F over spectra, and the directions in which they differ most.

    Examples
    --------
    >>> spectra = np.random.default_rng(0).normal(size=(50, 1)) * np.ones(8) + np.arange(8)
    >>> components = PrincipalComponents(spectra.astype(np.float32), 1, seed=0)
    >>> bool(np.allclose(components.restore(components.project(spectra)), spectra, atol=1e-5))
    True
    """

    def __init__(self, log_flux: np.ndarray, n: int, seed: int) -> None:
        """Fit components to spectra.

        Parameters
        ----------
        log_flux : ndarray, (n_spectrum, n_pixel) float32
            f = ln F.
        n : int
            How many; fewer are found where there are fewer spectra or pixels.
        seed : int
            Of the randomized solver.
        """
        found = PCA(min(n, *log_flux.shape), svd_solver="randomized", random_state=seed).fit(log_flux)
        # Coefficients have a root mean square of 1, all of them together, so that one learning rate suits any survey.
        scale = float(np.sqrt(np.mean(found.explained_variance_))) or 1.0
        self._set(found.mean_, found.components_ * scale)

    @classmethod
    def of(cls, mean: np.ndarray, directions: np.ndarray) -> "PrincipalComponents":
        """Those that `arrays` gave."""
        components = cls.__new__(cls)
        components._set(mean, directions)
        return components

    def _set(self, mean: np.ndarray, directions: np.ndarray) -> None:
        self._mean = np.asarray(mean, np.float32)
        self._directions = np.asarray(directions, np.float32)
        self.square_norm = float(np.square(self._directions[0], dtype=np.float64).sum())

    def __len__(self) -> int:
        return len(self._directions)

    @property
    def arrays(self) -> list[np.ndarray]:
        """Mean (n_pixel,) and directions (n, n_pixel), orthogonal and of one length."""
        return [self._mean, self._directions]

    def project(self, log_flux: np.ndarray) -> np.ndarray:
        """Coefficients (n_spectrum, n) float32 of f (n_spectrum, n_pixel)."""
        coefficients: np.ndarray = (log_flux - self._mean).astype(np.float32) @ self._directions.T
        return coefficients / np.float32(self.square_norm)

    def restore(self, coefficients: np.ndarray) -> np.ndarray:
        """f̂ (n_spectrum, n_pixel) of coefficients (n_spectrum, n)."""
        restored: np.ndarray = coefficients @ self._directions + self._mean
        return restored
