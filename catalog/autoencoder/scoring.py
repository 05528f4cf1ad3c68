"""Spectra into errors and latent vectors (the paper, section 3.3)."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from catalog.autoencoder.preprocessing import ROWS_IN_CACHE, log_flux

LARGEST_LOG_FLUX = 150.0


class Reconstructs(Protocol):
    """Whatever encodes and decodes spectra: the network, or a simpler model to compare it with."""

    def reconstruct(self, log_flux: np.ndarray, photometry: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Latent vectors (n, n_latent) and reconstructions (n, n_pixel) of f = ln F (n, n_pixel)."""


@dataclass(frozen=True)
class Scores:
    """What one model says of a block of spectra.

    error : (n,) float64, Eq. 2 on normalised flux
    chi2 : (n,) float64, NaN where no pixel has ivar > 0
    latent : (n, n_latent) float32
    """

    error: np.ndarray
    chi2: np.ndarray
    latent: np.ndarray


def score(
    network: Reconstructs,
    flux: np.ndarray,
    ivar: np.ndarray,
    mask: np.ndarray,
    photometry: np.ndarray | None = None,
) -> Scores:
    """Errors and latent vectors of spectra; a pure function of arrays.

    flux : (n, n_pixel) float32, finite and > 0 in the model's window, 1e-17 erg / (s cm2 Angstrom)
    ivar : (n, n_pixel) float32, inverse square of that; NaN or 0: no information
    mask : (n, n_pixel) int32, 0 is good
    photometry : (n, k) mag, for a model whose recipe names it; NaN, or None for all: unknown

    The error is the mean over pixels of (F̂ - F)², F = flux / max flux, F̂ = exp(f̂). chi2 is the mean of
    ivar (flux - max flux F̂)² over unmasked pixels with ivar > 0. Read-only.
    """
    latent, reconstruction = network.reconstruct(log_flux(flux), photometry)
    error, chi2 = np.empty(len(flux)), np.empty(len(flux))
    for start in range(0, len(flux), ROWS_IN_CACHE):
        rows = slice(start, start + ROWS_IN_CACHE)
        error[rows], chi2[rows] = _compare(flux[rows], ivar[rows], mask[rows], reconstruction[rows])
    return Scores(error, chi2, latent)


def _compare(
    flux: np.ndarray, ivar: np.ndarray, mask: np.ndarray, reconstruction: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Error and chi2, (n,) float64 each, of spectra and their f̂."""
    maximum = flux.max(axis=1, keepdims=True).astype(np.float64)
    # In double precision, and capped where its square would overflow: an error is always a finite number.
    residual = np.exp(np.minimum(reconstruction.astype(np.float64), LARGEST_LOG_FLUX)) - flux / maximum
    error = np.square(residual).mean(axis=1)
    informative = np.isfinite(ivar) & (ivar > 0) & (mask == 0)
    n_informative = np.count_nonzero(informative, axis=1)
    deviation = np.square(residual * maximum) * np.where(informative, ivar, 0)
    with np.errstate(invalid="ignore"):
        chi2 = deviation.sum(axis=1) / n_informative
    return error, np.where(n_informative > 0, chi2, np.nan)
