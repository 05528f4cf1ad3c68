"""Simpler detectors on the same splits, to compare the autoencoders with.

Each is an ensemble as ours: fitted once per member on that member's training split, its errors joined by the same
consensus. What differs is the model alone.
"""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

from catalog.autoencoder.scoring import Observed, score
from catalog.database.sizes import N_LATENT

LARGEST_FIT = 4000
"""Spectra that one member is fitted on at most, a random choice: 73 MB on the MaStar grid. More would not move ten
components, and memory would grow with the survey."""

N_NEIGHBOR = 20


class Baselines:
    """The baselines of one member.

    Parameters
    ----------
    log_flux : ndarray, (n, n_pixel) float32
        f = ln F of its training split, as for the network.
    seed : int
        Of the randomized decomposition and the forest.

    Notes
    -----
    PCA has as many components as the network has latents, or n if that is less. Its coefficients, as they are, without
    whitening, are what the forest and the factor see.
    """

    def __init__(self, log_flux: np.ndarray, seed: int) -> None:
        self._pca = PCA(min(N_LATENT, len(log_flux)), svd_solver="randomized", random_state=seed).fit(log_flux)
        coefficients = self._pca.transform(log_flux)
        self._forest = IsolationForest(random_state=seed).fit(coefficients)
        neighbors = min(N_NEIGHBOR, len(log_flux) - 1)
        self._factor = LocalOutlierFactor(n_neighbors=neighbors, novelty=True).fit(coefficients)

    def reconstruct(self, log_flux: np.ndarray, photometry: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients (n, 10) and reconstructions f̂ (n, n_pixel) of f = ln F (n, n_pixel).

        The photometry is not used; the parameter is that of `catalog.autoencoder.scoring.Reconstructs`.
        """
        coefficients = self._pca.transform(log_flux)
        return coefficients, self._pca.inverse_transform(coefficients)

    def errors(self, flux: np.ndarray) -> np.ndarray:
        """What each of `methods.BASELINES` says of spectra.

        The error of PCA is Eq. 2 on normalised flux, by the function that scores the networks.

        Parameters
        ----------
        flux : ndarray, (n, n_pixel)
            Finite and > 0 in the window.

        Returns
        -------
        ndarray, (n_method, n) float64
            Above 0; larger is more anomalous.
        """
        unknown = np.full_like(flux, np.nan)
        scores = score(self, Observed.of(flux, unknown, np.zeros(flux.shape, np.int32)))
        forest, factor = (-model.score_samples(scores.latent) for model in (self._forest, self._factor))
        return np.stack([scores.error, forest, factor])
