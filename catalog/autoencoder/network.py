"""The paper's autoencoder (section 3.1), in Keras.

Importing this module loads the backend, see `backend`.
"""

import numpy as np

from catalog.autoencoder.backend import keras
from catalog.autoencoder.recipe import Recipe

SCORING_BATCH = 1024
WEIGHTS_STREAM = 1


class Autoencoder:
    """Encoder and decoder for spectra on one wavelength window.

    recipe : architecture and optimizer
    n_pixel : pixels of the window, N_dim in the paper

    The input is f = ln F (section 2.2), the output f̂; F is the flux divided by its maximum in the window.
    """

    def __init__(self, recipe: Recipe, n_pixel: int) -> None:
        self.recipe = recipe
        self.n_pixel = n_pixel
        self.encoder = keras.Sequential(
            [
                keras.Input((n_pixel,)),
                *(keras.layers.Dense(units, activation="relu") for units in recipe.layers),
                keras.layers.Dense(recipe.latent, activation=recipe.bottleneck_activation),
            ]
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((recipe.latent,)),
                *(keras.layers.Dense(units, activation="relu") for units in reversed(recipe.layers)),
                keras.layers.Dense(n_pixel),
            ]
        )
        flux = keras.Input((n_pixel,))
        self.model = keras.Model(flux, self.decoder(self.encoder(flux)))
        self.model.compile(
            optimizer=keras.optimizers.Adam(recipe.learning_rate),
            loss="mse",
            # XLA trains two to three times faster on TensorFlow; torch would need its own compiler.
            jit_compile=keras.backend.backend() != "torch",
        )

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

    def train_epoch(self, log_flux: np.ndarray, order: np.ndarray) -> float:
        """One pass over the spectra in the given order, one Adam step per batch (section 3.2).

        log_flux : (n, n_pixel) float32, f = ln F
        order : (m,) indices of the rows to train on
        Returns the mean loss (Eq. 2 on f) over the batches as they were trained. Changes the weights.
        """
        total = 0.0
        for start in range(0, len(order), self.recipe.batch_size):
            batch = log_flux[order[start : start + self.recipe.batch_size]]
            total += float(self.model.train_on_batch(batch, batch)) * len(batch)
        return total / len(order)

    def loss(self, log_flux: np.ndarray) -> float:
        """Mean of Eq. 2 on f over spectra, (n, n_pixel) float32. Read-only."""
        total = 0.0
        for start in range(0, len(log_flux), SCORING_BATCH):
            batch = log_flux[start : start + SCORING_BATCH]
            _, reconstruction = self.reconstruct(batch)
            total += float(np.sum(np.mean(np.square(batch - reconstruction), axis=1, dtype=np.float64)))
        return total / len(log_flux)

    def reconstruct(self, log_flux: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Latent vectors (n, latent) and reconstructions f̂ (n, n_pixel) of f, float32. Read-only."""
        latent = self.encoder(log_flux, training=False)
        reconstruction = self.decoder(latent, training=False)
        return keras.ops.convert_to_numpy(latent), keras.ops.convert_to_numpy(reconstruction)

    def get_weights(self) -> list[np.ndarray]:
        """Kernels and biases, encoder first. Read-only."""
        return list(self.model.get_weights())

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Replace kernels and biases by those of `get_weights`."""
        self.model.set_weights(weights)
