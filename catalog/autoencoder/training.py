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
