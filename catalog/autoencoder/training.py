"""Training one model: first weights, and epochs of Adam (the paper, section 3.2)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from catalog.autoencoder.checkpoint import Checkpoint
from catalog.autoencoder.features import Features
from catalog.autoencoder.model import Model

ORDER_STREAM = 2
"""A model's seed feeds independent streams: 0 its split, 1 its first weights, 2 the order of its batches and their
noise, epoch by epoch, 3 its components."""


@dataclass(frozen=True)
class Epoch:
    """Losses of one epoch (Eq. 2 on f = ln F) and its wall-clock time in seconds."""

    number: int
    train_loss: float
    validation_loss: float
    seconds: float

    @property
    def diverged(self) -> bool:
        """True if a loss is no longer a number."""
        return not np.isfinite(self.train_loss + self.validation_loss)


def train(
    model: Model,
    features: Features,
    in_training: np.ndarray,
    seed: int,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    checkpoint: Checkpoint | None = None,
) -> list[Epoch]:
    """Train a model from new weights, or from where its checkpoint is; it then holds the weights of the last epoch.

    features : f = ln F of the training and validation splits, n spectra
    in_training : (n,) bool, the training split
    checkpoint : read at first, and written now and then
    Returns the losses of every epoch; a model that has diverged ends with that epoch. The same seed, machine and
    versions give the same weights, interrupted or not.
    """
    training, validation = np.flatnonzero(in_training), np.flatnonzero(~in_training)
    model.begin(features, training, seed)
    inputs = model.inputs(features)
    history: list[Epoch] = []
    if checkpoint is not None and model.network is not None and (saved := checkpoint.read()) is not None:
        epochs, state = saved
        model.network.set_state(state)
        history = [Epoch(number, *losses) for number, losses in enumerate(epochs.tolist(), 1)]
    while len(history) < model.recipe.epochs and not (history and history[-1].diverged):
        number = len(history) + 1
        started = time.perf_counter()
        generator = np.random.default_rng([seed, ORDER_STREAM, number])
        train_loss = model.train_epoch(inputs, training, number, generator)
        validation_loss = model.loss(inputs, validation)
        history.append(Epoch(number, train_loss, validation_loss, time.perf_counter() - started))
        on_epoch(history[-1])
        if checkpoint is not None and model.network is not None and checkpoint.due:
            rows = [(epoch.train_loss, epoch.validation_loss, epoch.seconds) for epoch in history]
            checkpoint.write(np.array(rows), model.network.get_state())
    return history
