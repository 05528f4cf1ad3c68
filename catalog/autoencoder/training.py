"""Training of models: first weights, and epochs of Adam (the paper, section 3.2)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from catalog.autoencoder.checkpoint import Checkpoint
from catalog.autoencoder.features import Features
from catalog.autoencoder.model import Model
from catalog.autoencoder.recipe import Recipe

ORDER_STREAM = 2
"""A model's seed feeds independent streams: 0 its split, 1 its first weights, 2 the order of its batches and their
noise, epoch by epoch, 3 its components."""


@dataclass(frozen=True)
class EpochLosses:
    """Losses of one epoch.

    Attributes
    ----------
    number : int
        From 1.
    train_loss, validation_loss : float
        Eq. 2 on f = ln F.
    seconds : float
        Wall-clock time.
    """

    number: int
    train_loss: float
    validation_loss: float
    seconds: float

    @property
    def diverged(self) -> bool:
        """True if a loss is NaN or infinite."""
        return not np.isfinite(self.train_loss + self.validation_loss)


class Together(Protocol):
    """Models of one recipe whose epochs are one: a model alone, or a stack. Lists have an entry for each of them."""

    recipe: Recipe

    def __len__(self) -> int: ...

    def begin(self, features: Features, training: list[np.ndarray], seeds: list[int]) -> None:
        """New weights, for training on those rows."""

    def train_epoch(
        self, training: list[np.ndarray], number: int, generators: list[np.random.Generator]
    ) -> list[float]:
        """One pass over the rows of each; returns the losses on the way."""

    def losses(self, rows: list[np.ndarray]) -> list[float]:
        """Mean of Eq. 2 on f over some rows for each."""

    def get_state(self) -> list[np.ndarray]:
        """What `set_state` goes on from."""

    def set_state(self, state: list[np.ndarray]) -> None:
        """Go on from there."""

    def get_weights(self, index: int) -> list[np.ndarray]:
        """All that scoring needs of one of them."""

    def versions(self) -> dict[str, str]:
        """Versions of what computes the numbers."""


class Alone:
    """A model that is trained by itself."""

    def __init__(self, model: Model) -> None:
        self.recipe = model.recipe
        self._model = model

    def __len__(self) -> int:
        return 1

    def begin(self, features: Features, training: list[np.ndarray], seeds: list[int]) -> None:
        """Draw new weights. Changes the model."""
        self._model.begin(features, training[0], seeds[0])
        self._inputs = self._model.inputs(features)

    def train_epoch(
        self, training: list[np.ndarray], number: int, generators: list[np.random.Generator]
    ) -> list[float]:
        """See `Model.train_epoch`. Changes the model."""
        return [self._model.train_epoch(self._inputs, training[0], number, generators[0])]

    def losses(self, rows: list[np.ndarray]) -> list[float]:
        """See `Model.loss`."""
        return [self._model.loss(self._inputs, rows[0])]

    def get_state(self) -> list[np.ndarray]:
        """State of the network; empty if there is none."""
        return [] if self._model.network is None else self._model.network.get_state()

    def set_state(self, state: list[np.ndarray]) -> None:
        """Go on from there. Changes the model."""
        if self._model.network is not None:
            self._model.network.set_state(state)

    def get_weights(self, _index: int) -> list[np.ndarray]:
        """See `Model.get_weights`."""
        return self._model.get_weights()

    def versions(self) -> dict[str, str]:
        """See `Model.versions`."""
        return self._model.versions()


def train(
    model: Model,
    features: Features,
    in_training: np.ndarray,
    seed: int,
    on_epoch: Callable[[EpochLosses], None] = lambda epoch: None,
    checkpoint: Checkpoint | None = None,
) -> list[EpochLosses]:
    """Train a model, which then holds the weights of the last epoch, as `train_together` says.

    Parameters
    ----------
    model : Model
        What is trained.
    features : Features
        f = ln F of the training and validation splits, n spectra.
    in_training : ndarray, (n,) bool
        The training split.
    seed : int
        Of the model.
    on_epoch : callable
        Called after every epoch.
    checkpoint : Checkpoint, optional
        Read at first, and written now and then.

    Returns
    -------
    list of EpochLosses
        Of every epoch.
    """
    (history,) = train_together(
        Alone(model), features, [in_training], [seed], lambda _, epoch: on_epoch(epoch), checkpoint
    )
    return history


def train_together(
    models: Together,
    features: Features,
    in_training: list[np.ndarray],
    seeds: list[int],
    on_epoch: Callable[[int, EpochLosses], None] = lambda index, epoch: None,
    checkpoint: Checkpoint | None = None,
) -> list[list[EpochLosses]]:
    """Train models from new weights, or from where their checkpoint is; they then hold the weights of the last epoch.

    The same seeds, machine and versions give the same weights, interrupted or not.

    Parameters
    ----------
    models : Together
        What is trained.
    features : Features
        f = ln F of the training and validation splits, n spectra.
    in_training : list of ndarray, (n,) bool
        The training split of each model.
    seeds : list of int
        Of each model.
    on_epoch : callable
        Called for each model after every epoch.
    checkpoint : Checkpoint, optional
        Read at first, and written now and then.

    Returns
    -------
    list of list of EpochLosses
        Of every epoch for each model; those of one that has diverged end with that epoch.
    """
    training = [np.flatnonzero(rows) for rows in in_training]
    validation = [np.flatnonzero(~rows) for rows in in_training]
    models.begin(features, training, seeds)
    histories: list[list[EpochLosses]] = [[] for _ in seeds]
    if checkpoint is not None and (saved := checkpoint.read()) is not None:
        epochs, state = saved
        models.set_state(state)
        histories = [
            [EpochLosses(number, *losses) for number, losses in enumerate(rows, 1)]
            for rows in epochs.reshape(len(epochs), len(seeds), -1).swapaxes(0, 1).tolist()
        ]
    while len(histories[0]) < models.recipe.epochs and not all(map(_diverged, histories)):
        number = len(histories[0]) + 1
        started = time.perf_counter()
        generators = [np.random.default_rng([seed, ORDER_STREAM, number]) for seed in seeds]
        losses = zip(models.train_epoch(training, number, generators), models.losses(validation), strict=True)
        seconds = time.perf_counter() - started
        for index, (history, found) in enumerate(zip(histories, losses, strict=True)):
            ended = _diverged(history)
            history.append(EpochLosses(number, *found, seconds))
            if not ended:
                on_epoch(index, history[-1])
        if checkpoint is not None and checkpoint.due:
            # A row per epoch, whatever the number of models.
            rows = np.array([[(e.train_loss, e.validation_loss, e.seconds) for e in history] for history in histories])
            checkpoint.write(rows.swapaxes(0, 1).reshape(number, -1), models.get_state())
    return [_until_diverged(history) for history in histories]


def _diverged(history: list[EpochLosses]) -> bool:
    return any(epoch.diverged for epoch in history)


def _until_diverged(history: list[EpochLosses]) -> list[EpochLosses]:
    """In a stack, epochs go on behind that one, for the sake of the others."""
    return next((history[: epoch.number] for epoch in history if epoch.diverged), history)
