"""The paper's autoencoder (section 3.1), in Keras; or several of them, stacked into one graph.

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

    Parameters
    ----------
    recipe : Recipe
        Architecture and optimizer.
    n_input : int
        Numbers that it is given and gives back: the pixels of the window, N_dim in the paper, of which f = ln F is the
        input (section 2.2) and f̂ the output, or the coefficients of principal components.
    n_given : int
        Numbers beside the latent vector that the decoder is given, for a recipe with photometry.
    n_stacked : int
        So many networks, side by side: whatever goes in and out, and every weight, has them as its first axis. The loss
        is the sum of theirs and Adam works element by element, so that each is trained as it would be alone. 0: one
        network, without that axis.

    Attributes
    ----------
    encoder, decoder : keras.Sequential
        The two halves.
    model : keras.Model
        The whole, from the spectra to their reconstructions.
    """

    def __init__(self, recipe: Recipe, n_input: int, n_given: int = 0, n_stacked: int = 0) -> None:
        def dense(units: int, activation: str | None = None) -> Any:
            # Weights are drawn by `reset`, or come from a file.
            options = {"activation": activation, "kernel_initializer": "zeros"}
            if not n_stacked:
                return keras.layers.Dense(units, **options)
            return keras.layers.EinsumDense("nbi,nio->nbo", (None, units), bias_axes="no", **options)

        def entry(size: int) -> Any:
            return keras.Input(batch_shape=(n_stacked, None, size)) if n_stacked else keras.Input((size,))

        self.recipe = recipe
        self._n_stacked = n_stacked
        self.encoder = keras.Sequential(
            [
                entry(n_input),
                *(dense(units, activation="relu") for units in recipe.layers),
                dense(recipe.latent, activation=recipe.bottleneck_activation),
            ]
        )
        self.decoder = keras.Sequential(
            [
                entry(recipe.latent + n_given),
                *(dense(units, activation="relu") for units in reversed(recipe.layers)),
                dense(n_input),
            ]
        )
        inputs = entry(n_input)
        given = entry(n_given)
        latent = self.encoder(inputs)
        entries = [inputs, given] if n_given else inputs
        outputs = self.decoder(keras.layers.Concatenate()([latent, given]) if n_given else latent)
        self.model = keras.Model(entries, outputs)
        # XLA would compile for every number of spectra; TensorFlow's own graph takes any, and multiplies as fast.
        self._whole = keras.Model(entries, [latent, outputs])
        self._whole.compile(jit_compile=keras.backend.backend() == "jax")

    def reset(self, *seeds: int) -> None:
        """Draw new weights (Glorot uniform, biases 0, as Keras does) and forget the optimizer's past.

        One compiled network then serves all members of an ensemble: compiling costs as much as several epochs.

        Parameters
        ----------
        *seeds : int
            Of every network, which is one unless they are stacked.
        """
        if not self.model.compiled:
            self._compile()
        generators = [np.random.default_rng([seed, WEIGHTS_STREAM]) for seed in seeds]
        weights = []
        for index, weight in enumerate(self.model.weights):
            is_bias = index % 2
            shape = weight.shape[-1:] if is_bias else weight.shape[-2:]
            limit = 0.0 if is_bias else np.sqrt(6 / sum(shape))
            drawn = [generator.uniform(-limit, limit, shape).astype(np.float32) for generator in generators]
            weights.append(np.reshape(drawn, weight.shape))
        self.model.set_weights(weights)
        for variable in self.model.optimizer.variables:
            if not variable.path.endswith("learning_rate"):
                variable.assign(np.zeros(variable.shape, variable.dtype))

    def _compile(self) -> None:
        """Give the network its optimizer, which is twice as large as the weights, and no use to whoever only scores."""
        self.model.compile(
            optimizer=keras.optimizers.Adam(self.recipe.learning_rate),
            loss=keras.losses.MeanSquaredError(reduction="sum") if self._n_stacked else "mse",
            weighted_metrics=[_LossOfEach(self._n_stacked)] if self._n_stacked else None,
            # XLA trains two to three times faster on TensorFlow; torch would need its own compiler.
            jit_compile=keras.backend.backend() != "torch",
        )
        # Keras would wait for the first batch, and have nowhere to put a state that is read before.
        self.model.optimizer.build(self.model.trainable_variables)

    def train_epoch(
        self,
        inputs: np.ndarray | Features,
        order: np.ndarray,
        learning_rate: float,
        generator: np.random.Generator,
        given: np.ndarray | None = None,
    ) -> float:
        """One pass over the spectra in the given order, one Adam step per batch (section 3.2). Changes the weights.

        Parameters
        ----------
        inputs : ndarray or Features, (n, n_input) float32
            Of all spectra.
        order : ndarray, (m,) int64
            Indices of the rows to train on.
        learning_rate : float
            Of Adam, in this epoch.
        generator : numpy.random.Generator
            Of the recipe's noise.
        given : ndarray, (n, n_given) float32, optional
            What the decoder is told of the stars.

        Returns
        -------
        float
            Mean loss (Eq. 2 on the inputs) over the batches as they were trained.
        """
        self.model.optimizer.learning_rate = learning_rate
        noise = np.float32(self.recipe.noise)
        total = 0.0
        for start in range(0, len(order), self.recipe.batch_size):
            rows = order[start : start + self.recipe.batch_size]
            batch = inputs[rows]
            noisy = batch + noise * generator.standard_normal(batch.shape, np.float32) if noise else batch
            loss = self.model.train_on_batch(noisy if given is None else [noisy, given[rows]], batch)
            total += float(loss) * len(batch)
        return total / len(order)

    def train_stacked(
        self, noisy: np.ndarray, target: np.ndarray, weight: np.ndarray, given: np.ndarray | None = None
    ) -> np.ndarray:
        """One Adam step of every network of a stack, each on a batch of its own. Changes the weights.

        Parameters
        ----------
        noisy, target : ndarray, (n_stacked, n_batch, n_input) float32
            What each is given, with the recipe's noise, and what it is to give back.
        weight : ndarray, (n_stacked, n_batch) float32
            Of each spectrum in the loss of its network.
        given : ndarray, (n_stacked, n_batch, n_given) float32, optional
            What the decoders are told of the stars.

        Returns
        -------
        ndarray, (n_stacked,) float32
            Loss of each: the weighted sum of Eq. 2 on the inputs.
        """
        inputs = noisy if given is None else [noisy, given]
        metrics = self.model.train_on_batch(inputs, target, weight, return_dict=True)
        losses: np.ndarray = keras.ops.convert_to_numpy(metrics[_LossOfEach.NAME])
        return losses

    def reconstruct(self, inputs: np.ndarray, given: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Latent vectors (n, latent) and outputs (n, n_input), float32, of inputs (n, n_input)."""
        latent, reconstruction = self._whole.predict_on_batch(inputs if given is None else [inputs, given])
        return latent, reconstruction

    def get_weights(self) -> list[np.ndarray]:
        """Kernels and biases in turn, encoder first."""
        return list(self.model.get_weights())

    def get_weights_of(self, index: int) -> list[np.ndarray]:
        """Those of one network of a stack, in the shapes that it would have alone."""
        kernels = [keras.ops.convert_to_numpy(weight[index]) for weight in self.model.weights[::2]]
        biases = [keras.ops.convert_to_numpy(weight[index, 0]) for weight in self.model.weights[1::2]]
        return [weight for pair in zip(kernels, biases, strict=True) for weight in pair]

    def place(self, weights: list[np.ndarray]) -> list[Any]:
        """The same where the backend computes; variables, since TensorFlow's constants keep a copy."""
        return [keras.Variable(weight, trainable=False) for weight in weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Replace kernels and biases by those of `get_weights` or `place`."""
        self.model.set_weights(weights)

    def get_state(self) -> list[np.ndarray]:
        """Weights, and the optimizer's past."""
        return self.get_weights() + [variable.numpy() for variable in self.model.optimizer.variables]

    def set_state(self, state: list[np.ndarray]) -> None:
        """Go on from what `get_state` gave."""
        n_weight = len(self.model.weights)
        self.set_weights(state[:n_weight])
        for variable, value in zip(self.model.optimizer.variables, state[n_weight:], strict=True):
            variable.assign(value)


def versions() -> dict[str, str]:
    """Versions of what computes the numbers."""
    return versions_of("numpy", "keras", keras.backend.backend())


class _LossOfEach(keras.metrics.Metric):
    """The loss of every network of a stack, of which Keras itself says the sum only."""

    NAME = "loss_of_each"

    def __init__(self, n_stacked: int) -> None:
        super().__init__(name=self.NAME)
        self.losses = self.add_variable((n_stacked,), initializer="zeros", name="losses")

    def update_state(self, target: Any, outputs: Any, sample_weight: Any) -> None:
        losses = keras.losses.mean_squared_error(target, outputs)
        self.losses.assign(keras.ops.einsum("nb,nb->n", losses, sample_weight))

    def result(self) -> Any:
        return self.losses.value
