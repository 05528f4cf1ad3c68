"""Spectra into errors and latent vectors (the paper, section 3.3)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from catalog.autoencoder.preprocessing import ROWS_IN_CACHE, log_flux

LARGEST_LOG_FLUX = 150.0
"""f̂ is capped here, far above any spectrum, so that the square of F̂ does not overflow."""


class Reconstructs(Protocol):
    """Whatever encodes and decodes spectra: a model of an ensemble, or a simpler one to compare it with."""

    def reconstruct(self, log_flux: np.ndarray, photometry: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Latent vectors (n, n_latent) and reconstructions (n, n_pixel) of f = ln F (n, n_pixel)."""


@dataclass(frozen=True)
class Observed:
    """Spectra, ready to be given to models and compared with their reconstructions.

    Attributes
    ----------
    log_flux : ndarray, (n, n_pixel) float32
        f = ln F.
    normalised : ndarray, (n, n_pixel) float64
        F = flux / max flux.
    weight : ndarray, (n, n_pixel) float64
        Of the square of F̂ - F in chi2; NaN in all of a spectrum without information.
    photometry : ndarray, (n, k), optional
        Mag, for a model whose recipe names it; NaN, or None for all: unknown.
    """

    log_flux: np.ndarray
    normalised: np.ndarray
    weight: np.ndarray
    photometry: np.ndarray | None

    @classmethod
    def of(
        cls, flux: np.ndarray, ivar: np.ndarray, mask: np.ndarray, photometry: np.ndarray | None = None
    ) -> "Observed":
        """Spectra as they were measured.

        Parameters
        ----------
        flux : ndarray, (n, n_pixel) float32
            Finite and > 0 in the model's window, 1e-17 erg / (s cm2 Angstrom).
        ivar : ndarray, (n, n_pixel) float32
            Inverse square of the uncertainty of flux; NaN or 0: no information.
        mask : ndarray, (n, n_pixel) int32
            0 is good.
        photometry : ndarray, (n, k), optional
            Mag; NaN, or None for all: unknown.
        """
        normalised, weight = np.empty(flux.shape), np.empty(flux.shape)
        for start in range(0, len(flux), ROWS_IN_CACHE):
            rows = slice(start, start + ROWS_IN_CACHE)
            maximum = flux[rows].max(axis=1, keepdims=True).astype(np.float64)
            normalised[rows] = flux[rows] / maximum
            informative = np.isfinite(ivar[rows]) & (ivar[rows] > 0) & (mask[rows] == 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                scale = maximum**2 / np.count_nonzero(informative, axis=1, keepdims=True)
                weight[rows] = np.where(informative, ivar[rows], 0) * scale
        return cls(log_flux(flux), normalised, weight, photometry)


@dataclass(frozen=True)
class Scores:
    """What one model says of a block of spectra.

    Attributes
    ----------
    error : ndarray, (n,) float64
        Eq. 2 on normalised flux.
    chi2 : ndarray, (n,) float64
        NaN where no pixel has ivar > 0.
    latent : ndarray, (n, n_latent) float32
        Latent vectors.
    """

    error: np.ndarray
    chi2: np.ndarray
    latent: np.ndarray

    def of(self, rows: np.ndarray) -> "Scores":
        """Those of some of the spectra."""
        return Scores(self.error[rows], self.chi2[rows], self.latent[rows])


def score(network: Reconstructs, spectra: Observed) -> Scores:
    """Errors and latent vectors of spectra; a pure function of arrays.

    The error is the mean over pixels of (F̂ - F)², F = flux / max flux, F̂ = exp(f̂). chi2 is the mean of
    ivar (flux - max flux F̂)² over unmasked pixels with ivar > 0.
    """
    latent, reconstruction = network.reconstruct(spectra.log_flux, spectra.photometry)
    error, chi2 = np.empty(len(latent)), np.empty(len(latent))
    for start in range(0, len(latent), ROWS_IN_CACHE):
        rows = slice(start, start + ROWS_IN_CACHE)
        # In double precision, and capped where its square would overflow: an error is always a finite number.
        square = np.minimum(reconstruction[rows], LARGEST_LOG_FLUX).astype(np.float64)
        np.exp(square, out=square)
        square -= spectra.normalised[rows]
        np.square(square, out=square)
        error[rows] = square.mean(axis=1)
        chi2[rows] = np.einsum("ij,ij->i", square, spectra.weight[rows])
    return Scores(error, chi2, latent)
