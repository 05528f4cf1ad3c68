"""Models of one recipe, trained together: on a GPU a network alone leaves most of the device idle.

Importing this module loads the backend, see `backend`.
"""

from collections.abc import Sequence

import numpy as np

from catalog.autoencoder.features import Features
from catalog.autoencoder.model import Inputs, Model, learning_rate, mean_square
from catalog.autoencoder.network import Autoencoder
from catalog.autoencoder.recipe import Recipe

ROWS_PER_BLOCK = 128
"""Spectra of each model that a validation loss is computed of at a time."""


class Stack:
    """Networks side by side in one graph, each with its own weights, spectra, order and noise, see `Together`.

    Each takes the course that it would take alone, up to the rounding of float32, of which a long training makes more.
    They make their steps at the same time, so that their training splits must have the same number of batches; the last
    one is filled up with spectra of weight 0. A model whose loss becomes NaN leaves the others as they are.

    Parameters
    ----------
    recipe : Recipe
        Of all of them.
    n_pixel : int
        Pixels of the window.
    n_model : int
        How many they are. The device holds so many times a network's weights and optimizer: 2.5 GB for ten of the
        paper's.
    """

    def __init__(self, recipe: Recipe, n_pixel: int, n_model: int) -> None:
        self.recipe = recipe
        self._models = [Model(recipe, n_pixel) for _ in range(n_model)]
        self._network = Autoencoder(recipe, *self._models[0].network_size, n_stacked=n_model)
        self._inputs: list[Inputs] = []

    def __len__(self) -> int:
        return len(self._models)

    def begin(self, features: Features, training: list[np.ndarray], seeds: list[int]) -> None:
        """Fit what each network works on to its training split, and draw new weights."""
        for model, rows, seed in zip(self._models, training, seeds, strict=True):
            model.fit(features, rows, seed)
        self._inputs = [model.inputs(features) for model in self._models]
        self._network.reset(*seeds)

    def train_epoch(
        self, training: list[np.ndarray], number: int, generators: list[np.random.Generator]
    ) -> list[float]:
        """One pass over each training split in a random order of its own. Changes the weights.

        Parameters
        ----------
        training : list of ndarray, (m,) int64
            Rows of each; as many batches for all.
        number : int
            Of the epoch, from 1, for the learning rate.
        generators : list of numpy.random.Generator
            Of the order and the noise of each.

        Returns
        -------
        list of float
            Mean loss (Eq. 2 on f) of each on the way.
        """
        orders = [generator.permutation(rows) for rows, generator in zip(training, generators, strict=True)]
        self._network.model.optimizer.learning_rate = learning_rate(self.recipe, number)
        size, noise = self.recipe.batch_size, np.float32(self.recipe.noise)
        totals = np.zeros(len(self))
        for start in range(0, max(map(len, orders)), size):
            chosen = [order[start : start + size] for order in orders]
            target, given = self._batch(chosen, size)
            weight = _filled([np.full((len(rows), 1), 1 / len(rows)) for rows in chosen], size)[:, :, 0]
            noisy = target
            if noise:
                shapes = [(len(rows), target.shape[2]) for rows in chosen]
                drawn = [one.standard_normal(shape, np.float32) for one, shape in zip(generators, shapes, strict=True)]
                noisy = target + noise * _filled(drawn, size)
            totals += self._network.train_stacked(noisy, target, weight, given) * list(map(len, chosen))
        return [
            inputs.loss(total / len(rows), rows)
            for inputs, total, rows in zip(self._inputs, totals.tolist(), training, strict=True)
        ]

    def losses(self, rows: list[np.ndarray]) -> list[float]:
        """Mean of Eq. 2 on f over some of the spectra for each."""
        totals = np.zeros(len(self))
        for start in range(0, max(map(len, rows)), ROWS_PER_BLOCK):
            chosen = [some[start : start + ROWS_PER_BLOCK] for some in rows]
            target, given = self._batch(chosen, ROWS_PER_BLOCK)
            _, outputs = self._network.reconstruct(target, given)
            for index, some in enumerate(chosen):
                totals[index] += mean_square(target[index, : len(some)] - outputs[index, : len(some)]).sum()
        return [
            inputs.loss(total / len(some), some)
            for inputs, total, some in zip(self._inputs, totals.tolist(), rows, strict=True)
        ]

    def get_state(self) -> list[np.ndarray]:
        """Weights and the optimizer's past."""
        return self._network.get_state()

    def set_state(self, state: list[np.ndarray]) -> None:
        """Go on from what `get_state` gave."""
        self._network.set_state(state)

    def get_weights(self, index: int) -> list[np.ndarray]:
        """All that scoring with one of the models needs, as its own `Model` takes it."""
        return self._models[index].fitted + self._network.get_weights_of(index)

    def versions(self) -> dict[str, str]:
        """Versions of what computes the numbers."""
        return self._models[0].versions()

    def _batch(self, chosen: list[np.ndarray], size: int) -> tuple[np.ndarray, np.ndarray | None]:
        """What the networks are given of their spectra (n_model, size, n_input), and their decoders of the stars."""
        pairs = list(zip(self._inputs, chosen, strict=True))
        values = [inputs.values[rows] for inputs, rows in pairs]
        given = [inputs.given[rows] for inputs, rows in pairs if inputs.given is not None]
        return _filled(values, size), _filled(given, size) if given else None


def _filled(arrays: Sequence[np.ndarray], size: int) -> np.ndarray:
    """(len(arrays), size, k) of arrays (n, k), n <= size; 0 where there is no more, so that all have one shape.

    Examples
    --------
    >>> _filled([np.ones((2, 1)), np.ones((1, 1))], 2)[:, :, 0].tolist()
    [[1.0, 1.0], [1.0, 0.0]]
    """
    filled = np.zeros((len(arrays), size, arrays[0].shape[1]), np.float32)
    for block, array in zip(filled, arrays, strict=True):
        block[: len(array)] = array
    return filled
