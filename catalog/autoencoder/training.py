"""Training one model: a split, first weights, and epochs of Adam (the paper, sections 2.1 and 3.2)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from catalog.autoencoder.network import Autoencoder
from catalog.autoencoder.recipe import Recipe
from catalog.errors import CatalogError

ORDER_STREAM = 2
"""A model's seed feeds three independent streams: 0 its split, 1 its first weights, 2 the order of its batches."""


@dataclass(frozen=True)
class Epoch:
    """Losses of one epoch (Eq. 2 on f = ln F) and its wall-clock time in seconds."""

    number: int
    train_loss: float
    validation_loss: float
    seconds: float


def log_flux(flux: np.ndarray) -> np.ndarray:
    """f = ln(F), F = flux / max flux (section 2.2).

    flux : (n, n_pixel), finite and > 0
    Returns (n, n_pixel) float32, at most 0. Read-only.

    >>> np.exp(log_flux(np.array([[1.0, 2.0, 4.0]]))).round(3).tolist()
    [[0.25, 0.5, 1.0]]
    """
    # In double precision: a faint pixel beside a bright one would be 0 in single, and its logarithm infinite.
    normalised = flux.astype(np.float64) / flux.max(axis=1, keepdims=True)
    return np.log(normalised).astype(np.float32)


def train(
    network: Autoencoder,
    log_flux: np.ndarray,
    in_training: np.ndarray,
    recipe: Recipe,
    seed: int,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> list[Epoch]:
    """Train a network from new weights; it then holds the weights of the last epoch.

    log_flux : (n, n_pixel) float32, f = ln F of the training and validation splits
    in_training : (n,) bool, the training split
    Returns the losses of every epoch. The same seed, machine and versions give the same weights.
    Raises CatalogError if the loss is no longer a number.
    """
    network.reset(seed)
    generator = np.random.default_rng([seed, ORDER_STREAM])
    rows = np.flatnonzero(in_training)
    validation = log_flux[~in_training]
    history = []
    for number in range(1, recipe.epochs + 1):
        started = time.perf_counter()
        train_loss = network.train_epoch(log_flux, generator.permutation(rows))
        validation_loss = network.loss(validation)
        if not np.isfinite(train_loss + validation_loss):
            raise CatalogError(f"the loss is {train_loss} after epoch {number}; lower the learning rate of the recipe")
        history.append(Epoch(number, train_loss, validation_loss, time.perf_counter() - started))
        on_epoch(history[-1])
    return history
