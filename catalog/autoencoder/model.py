"""A member of an ensemble, as its recipe has it: components, a network, or a network on components."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from catalog.autoencoder.components import LARGEST_FIT, PrincipalComponents
from catalog.autoencoder.features import ROWS_PER_BLOCK, Features
from catalog.autoencoder.photometry import Photometry
from catalog.autoencoder.recipe import Recipe
from catalog.errors import CatalogError
from catalog.provenance import versions_of

if TYPE_CHECKING:
    from catalog.autoencoder.network import Autoencoder

COMPONENT_STREAM = 3


@dataclass(frozen=True)
class Inputs:
    """What a network is trained on.

    Attributes
    ----------
    values : ndarray or Features, (n, n_input) float32
        What it is given of each spectrum, and is to give back.
    outside : ndarray, (n,) float64
        What the components leave out of f, squared, its mean over the pixels; 0 without them.
    weight : float
        Of a mean square over `values` in a mean square over the pixels of f.
    given : ndarray, (n, n_given) float32, optional
        What the decoder is told beside the latent vector; None: nothing.
    """

    values: np.ndarray | Features
    outside: np.ndarray
    weight: float
    given: np.ndarray | None

    def loss(self, of_values: float, rows: np.ndarray) -> float:
        """Mean of Eq. 2 on f over some of the spectra.

        Parameters
        ----------
        of_values : float
            Their mean of Eq. 2 on `values`.
        rows : ndarray, (m,) int64
            Which of the spectra.
        """
        return self.weight * of_values + float(np.mean(self.outside[rows]))


class Model:
    """Encodes and decodes f = ln F of spectra in one wavelength window.

    Without layers in the recipe, there is no network and Keras is not loaded.

    Parameters
    ----------
    recipe : Recipe
        What it consists of.
    n_pixel : int
        Pixels of the window.

    Attributes
    ----------
    components : PrincipalComponents, optional
        What `fit` or `set_weights` gave it; None: the recipe has none, or neither was called yet.
    photometry : Photometry, optional
        Likewise.

    Examples
    --------
    >>> model = Model(Recipe(components=2, layers=(), latent=2), 5)
    >>> model.network is None
    True
    """

    def __init__(self, recipe: Recipe, n_pixel: int) -> None:
        self.recipe = recipe
        self.n_pixel = n_pixel
        self.components: PrincipalComponents | None = None
        self.photometry: Photometry | None = None

    @cached_property
    def network(self) -> "Autoencoder | None":
        """Made when it is first asked for, since a model of a stack has none of its own; None without layers."""
        if not self.recipe.layers:
            return None
        from catalog.autoencoder import network  # loads TensorFlow

        return network.Autoencoder(self.recipe, *self.network_size)

    @property
    def network_size(self) -> tuple[int, int]:
        """Numbers that the network is given of a spectrum, and that its decoder is given beside the latent vector."""
        return self.recipe.components or self.n_pixel, 2 * len(self.recipe.photometry)

    def begin(self, features: Features, training: np.ndarray, seed: int) -> None:
        """Fit what the network works on to the training split, and draw new weights.

        Parameters
        ----------
        features : Features
            f = ln F of the spectra.
        training : ndarray, (m,) int64
            Indices of the rows to train on.
        seed : int
            Of the model.
        """
        self.fit(features, training, seed)
        if self.network is not None:
            self.network.reset(seed)

    def fit(self, features: Features, training: np.ndarray, seed: int) -> None:
        """Fit components and photometry to the training split; the network stays as it is.

        Parameters
        ----------
        features : Features
            f = ln F of the spectra.
        training : ndarray, (m,) int64
            Indices of the rows to train on.
        seed : int
            Of the model.
        """
        if self.recipe.components:
            chosen = training
            generator = np.random.default_rng([seed, COMPONENT_STREAM])
            if len(training) > LARGEST_FIT:
                chosen = np.sort(generator.choice(training, LARGEST_FIT, replace=False))
            self.components = PrincipalComponents(
                features[chosen], self.recipe.components, int(generator.integers(2**31))
            )
        if self.recipe.photometry:
            self.photometry = Photometry.fit(features.photometry[training])

    def inputs(self, features: Features) -> Inputs:
        """What the network is given of the spectra; read in blocks."""
        given = None if self.photometry is None else self.photometry.given(features.photometry)
        if self.components is None:
            return Inputs(features, np.zeros(len(features)), 1.0, given)
        values, outside = [], []
        for block in features.blocks(np.arange(len(features))):
            values.append(self.components.project(block))
            outside.append(mean_square(block - self.components.restore(values[-1])))
        return Inputs(
            np.concatenate(values),
            np.concatenate(outside),
            len(self.components) * self.components.square_norm / self.n_pixel,
            given,
        )

    def train_epoch(self, inputs: Inputs, training: np.ndarray, number: int, generator: np.random.Generator) -> float:
        """One pass over the training split in a random order. Changes the weights.

        Parameters
        ----------
        inputs : Inputs
            Of all spectra.
        training : ndarray, (m,) int64
            Indices of the rows to train on.
        number : int
            Of the epoch, from 1, for the learning rate.
        generator : numpy.random.Generator
            Of the order, and of the recipe's noise.

        Returns
        -------
        float
            Mean loss (Eq. 2 on f) on the way; without a network, the loss of the components.
        """
        if self.network is None:
            return self.loss(inputs, training)
        order = generator.permutation(training)
        rate = learning_rate(self.recipe, number)
        of_values = self.network.train_epoch(inputs.values, order, rate, generator, inputs.given)
        return inputs.loss(of_values, training)

    def loss(self, inputs: Inputs, rows: np.ndarray) -> float:
        """Mean of Eq. 2 on f over some of the spectra, (m,) indices."""
        outside = float(np.mean(inputs.outside[rows]))
        if self.network is None:
            return outside
        total = 0.0
        for start in range(0, len(rows), ROWS_PER_BLOCK):
            chosen = rows[start : start + ROWS_PER_BLOCK]
            block, given = inputs.values[chosen], None if inputs.given is None else inputs.given[chosen]
            total += float(mean_square(block - self.network.reconstruct(block, given)[1]).sum())
        return inputs.weight * total / len(rows) + outside

    def reconstruct(self, log_flux: np.ndarray, photometry: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Latent vectors and reconstructions of spectra.

        Parameters
        ----------
        log_flux : ndarray, (n, n_pixel) float32
            f = ln F.
        photometry : ndarray, (n, k), optional
            The columns that the recipe names, mag; NaN, or None for all: unknown.

        Returns
        -------
        (ndarray, ndarray)
            Latent vectors (n, latent) and f̂ (n, n_pixel), float32.
        """
        inputs = log_flux if self.components is None else self.components.project(log_flux)
        given = None
        if self.photometry is not None:
            unknown = np.full((len(log_flux), len(self.recipe.photometry)), np.nan)
            given = self.photometry.given(unknown if photometry is None else photometry)
        latent, outputs = (inputs, inputs) if self.network is None else self.network.reconstruct(inputs, given)
        return latent, outputs if self.components is None else self.components.restore(outputs)

    def get_weights(self) -> list[np.ndarray]:
        """All that scoring needs: components, photometry's mean and deviation, then kernels and biases."""
        return self.fitted + ([] if self.network is None else self.network.get_weights())

    @property
    def fitted(self) -> list[np.ndarray]:
        """The part of the weights that `fit` finds."""
        parts = [part.arrays for part in (self.components, self.photometry) if part is not None]
        return [array for arrays in parts for array in arrays]

    def set_weights(self, weights: list[Any]) -> None:
        """Replace them by those of `get_weights` or `place`. Raises CatalogError if they are of another shape."""
        try:
            if self.recipe.components:
                mean, directions, *weights = weights
                if mean.shape != (self.n_pixel,) or directions.shape[1:] != (self.n_pixel,):
                    raise ValueError(f"components of {mean.size} pixels")
                self.components = PrincipalComponents.of(mean, directions)
            if self.recipe.photometry:
                mean, deviation, *weights = weights
                if not mean.shape == deviation.shape == (len(self.recipe.photometry),):
                    raise ValueError(f"photometry of {mean.size} columns")
                self.photometry = Photometry(mean, deviation)
            if self.network is not None:
                self.network.set_weights(weights)
            elif weights:
                raise ValueError(f"{len(weights)} arrays too many")
        except ValueError as error:
            raise CatalogError(f"these weights belong to another recipe or window ({error})") from error

    def place(self, weights: list[np.ndarray]) -> list[Any]:
        """The same where the network computes, so that `set_weights` has nothing to copy."""
        if self.network is None:
            return weights
        n_before = 2 * bool(self.recipe.components) + 2 * bool(self.recipe.photometry)
        return weights[:n_before] + self.network.place(weights[n_before:])

    def versions(self) -> dict[str, str]:
        """Versions of what computes the numbers."""
        of_components = versions_of("numpy", "scikit-learn") if self.recipe.components else {}
        if not self.recipe.layers:
            return of_components
        from catalog.autoencoder import network

        return of_components | network.versions()


@lru_cache(maxsize=1)
def model_for(recipe: Recipe, n_pixel: int) -> Model:
    """A model to give weights to and to ask at once; the same as last time, since making one takes half a second."""
    return Model(recipe, n_pixel)


def mean_square(values: np.ndarray) -> np.ndarray:
    """Mean square, (n,) float64, of each of the rows (n, k)."""
    return np.asarray(np.mean(np.square(values), axis=1, dtype=np.float64))


def learning_rate(recipe: Recipe, number: int) -> float:
    """Learning rate of an epoch, from 1."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * (1 + math.cos(math.pi * (number - 1) / recipe.epochs)) / 2
