"""The paper's autoencoder (section 3.1), in Keras.

Importing this module loads the backend, see `backend`.
"""

from typing import Any

import numpy as np

from catalog.autoencoder.backend import keras
from catalog.autoencoder.features import Features
from catalog.autoencoder.recipe import Recipe
from catalog.provenance import versions_of

WEIGHTS_STREAM = 1


class Autoencoder:
    """Encoder and decoder.

    recipe : architecture and optimizer
    n_given : numbers beside the latent vector that the decoder is given, for a recipe with photometry
    n_input : numbers that it is given and gives back: the pixels of the window, N_dim in the paper, of which f = ln F
        is the input (section 2.2) and f̂ the output, or the coefficients of principal components
    """

    def __init__(self, recipe: Recipe, n_input: int, n_given: int = 0) -> None:
        self.recipe = recipe
        self.encoder = keras.Sequential(
            [
                keras.Input((n_input,)),
                *(keras.layers.Dense(units, activation="relu") for units in recipe.layers),
                keras.layers.Dense(recipe.latent, activation=recipe.bottleneck_activation),
            ]
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((recipe.latent + n_given,)),
                *(keras.layers.Dense(units, activation="relu") for units in reversed(recipe.layers)),
                keras.layers.Dense(n_input),
            ]
        )
        inputs = keras.Input((n_input,))
        given = keras.Input((n_given,))
        latent = self.encoder(inputs)
        seen = [inputs, given] if n_given else inputs
        outputs = self.decoder(keras.layers.Concatenate()([latent, given]) if n_given else latent)
        self.model = keras.Model(seen, outputs)
        self.model.compile(
            optimizer=keras.optimizers.Adam(recipe.learning_rate),
            loss="mse",
            # XLA trains two to three times faster on TensorFlow; torch would need its own compiler.
            jit_compile=keras.backend.backend() != "torch",
        )
        # XLA would compile for every number of spectra; TensorFlow's own graph takes any, and multiplies as fast.
        self._whole = keras.Model(seen, [latent, outputs])
        self._whole.compile(jit_compile=keras.backend.backend() == "jax")
        # Keras would wait for the first batch, and have nowhere to put a state that is read before.
        self.model.optimizer.build(self.model.trainable_variables)

    def reset(self, seed: int) -> None:
        """Draw new weights (Glorot uniform, biases 0, as Keras does) and forget the optimizer's past.

        One compiled network then serves all members of an ensemble: compiling costs as much as several epochs.
        """
        generator = np.random.default_rng([seed, WEIGHTS_STREAM])
        weights = []
        for weight in self.model.get_weights():
            limit = np.sqrt(6 / sum(weight.shape)) if weight.ndim == 2 else 0.0
            weights.append(generator.uniform(-limit, limit, weight.shape).astype(np.float32))
        self.model.set_weights(weights)
        for variable in self.model.optimizer.variables:
            if not variable.path.endswith("learning_rate"):
                variable.assign(np.zeros(variable.shape, variable.dtype))

    def train_epoch(
        self,
        inputs: np.ndarray | Features,
        order: np.ndarray,
        learning_rate: float,
        generator: np.random.Generator,
        given: np.ndarray | None = None,
    ) -> float:
        """One pass over the spectra in the given order, one Adam step per batch (section 3.2).

        inputs : (n, n_input) float32
        order : (m,) indices of the rows to train on
        generator : of the recipe's noise
        given : (n, n_given) float32, or None without
        Returns the mean loss (Eq. 2 on the inputs) over the batches as they were trained. Changes the weights.
        """
        self.model.optimizer.learning_rate = learning_rate
        noise = np.float32(self.recipe.noise)
        total = 0.0
        for start in range(0, len(order), self.recipe.batch_size):
            rows = order[start : start + self.recipe.batch_size]
            batch = inputs[rows]
            seen = batch + noise * generator.standard_normal(batch.shape, np.float32) if noise else batch
            loss = self.model.train_on_batch(seen if given is None else [seen, given[rows]], batch)
            total += float(loss) * len(batch)
        return total / len(order)

    def reconstruct(self, inputs: np.ndarray, given: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Latent vectors (n, latent) and what is made of them (n, n_input), float32. Read-only."""
        latent, reconstruction = self._whole.predict_on_batch(inputs if given is None else [inputs, given])
        return latent, reconstruction

    def get_weights(self) -> list[np.ndarray]:
        """Kernels and biases, encoder first. Read-only."""
        return list(self.model.get_weights())

    def place(self, weights: list[np.ndarray]) -> list[Any]:
        """The same where the backend computes; variables, since TensorFlow's constants keep a copy. Read-only."""
        return [keras.Variable(weight, trainable=False) for weight in weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Replace kernels and biases by those of `get_weights` or `place`."""
        self.model.set_weights(weights)

    def get_state(self) -> list[np.ndarray]:
        """Weights, and the optimizer's past. Read-only."""
        return self.get_weights() + [variable.numpy() for variable in self.model.optimizer.variables]

    def set_state(self, state: list[np.ndarray]) -> None:
        """Go on from what `get_state` gave."""
        n_weight = len(self.model.weights)
        self.set_weights(state[:n_weight])
        for variable, value in zip(self.model.optimizer.variables, state[n_weight:], strict=True):
            variable.assign(value)

    def versions(self) -> dict[str, str]:
        """Versions of what computes the numbers. Read-only."""
        return versions_of("numpy", "keras", keras.backend.backend())
