"""A model is what its recipe says: components, a network, or a network on components."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from files import smooth_flux

from catalog.autoencoder.components import PrincipalComponents
from catalog.autoencoder.features import Features
from catalog.autoencoder.model import Model
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.errors import CatalogError

SPECTRA = log_flux(smooth_flux(60))
TRAINING, VALIDATION = np.arange(40), np.arange(40, 60)
PCA = Recipe(components=3, layers=(), latent=3)
SMALL = Recipe(components=8, layers=(16,), latent=2, batch_size=8, schedule="cosine")


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Features]:
    with Features(tmp_path_factory.mktemp("features"), *SPECTRA.shape) as features:
        features.put(np.arange(len(SPECTRA)), SPECTRA)
        yield features


def test_features_on_disk_are_those_that_were_put_there(features: Features) -> None:
    rows = np.array([59, 0, 7, 7])
    assert np.array_equal(features[rows], SPECTRA[rows])
    assert np.array_equal(np.concatenate(list(features.blocks(VALIDATION))), SPECTRA[VALIDATION])


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="absent cannot be written: No such file"):
        Features(tmp_path / "absent", 2, 2)


def test_components_are_those_of_a_singular_value_decomposition() -> None:
    components = PrincipalComponents(SPECTRA, 3, seed=0)
    mean = SPECTRA.mean(axis=0)
    _, _, directions = np.linalg.svd(SPECTRA - mean, full_matrices=False)
    best = (SPECTRA - mean) @ directions[:3].T @ directions[:3] + mean
    assert components.restore(components.project(SPECTRA)) == pytest.approx(best, abs=1e-3)


def test_coefficients_have_a_root_mean_square_of_one() -> None:
    coefficients = PrincipalComponents(SPECTRA, 5, seed=0).project(SPECTRA)
    assert np.mean(np.var(coefficients, axis=0, ddof=1)) == pytest.approx(1, rel=1e-3)


def test_components_alone_need_no_network(features: Features) -> None:
    """Their latent vector is the coefficients, and both losses are what they leave out."""
    model = Model(PCA, SPECTRA.shape[1])
    model.begin(features, TRAINING, seed=1)
    latent, reconstruction = model.reconstruct(SPECTRA[VALIDATION])
    assert latent.shape == (20, 3)
    expected = np.mean(np.square(SPECTRA[VALIDATION] - reconstruction))
    assert model.loss(model.inputs(features), VALIDATION) == pytest.approx(expected, rel=1e-4)
    assert model.network is None
    assert set(model.versions()) == {"python", "numpy", "scikit-learn"}


@pytest.mark.parametrize("recipe", [PCA, SMALL, Recipe(layers=(16,))], ids=["components", "both", "network"])
def test_the_loss_is_equation_2_on_f_whatever_the_network_works_on(recipe: Recipe, features: Features) -> None:
    model = Model(recipe, SPECTRA.shape[1])
    model.begin(features, TRAINING, seed=1)
    inputs = model.inputs(features)
    for number in (1, 2):
        model.train_epoch(inputs, TRAINING, number, np.random.default_rng(number))
    _, reconstruction = model.reconstruct(SPECTRA[VALIDATION])
    expected = np.mean(np.square(SPECTRA[VALIDATION] - reconstruction), dtype=np.float64)
    assert model.loss(inputs, VALIDATION) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("recipe", [PCA, SMALL, Recipe(layers=(16,))], ids=["components", "both", "network"])
def test_weights_are_all_that_scoring_needs(recipe: Recipe, features: Features) -> None:
    model = Model(recipe, SPECTRA.shape[1])
    model.begin(features, TRAINING, seed=1)
    again = Model(recipe, SPECTRA.shape[1])
    again.set_weights(model.get_weights())
    for one, other in zip(model.reconstruct(SPECTRA), again.reconstruct(SPECTRA), strict=True):
        assert np.array_equal(one, other)


CONDITIONAL = Recipe(
    layers=(16,),
    latent=2,
    bottleneck_activation="linear",
    batch_size=8,
    learning_rate=0.01,
    photometry=("bp_rp", "abs_g"),
)


def test_a_conditional_decoder_is_told_the_photometry(tmp_path: Path) -> None:
    """Half the spectra are brighter in the red, which the colour alone tells: no latent vector is needed for it."""
    red = np.arange(60) % 2 == 1
    spectra = np.where(red[:, None], SPECTRA + np.linspace(-3, 0, 4563, dtype=np.float32), SPECTRA)
    model = Model(CONDITIONAL, 4563)
    with Features(tmp_path, 60, 4563, 2) as features:
        features.put(np.arange(60), spectra)
        features.photometry[:, 0] = red
        model.begin(features, TRAINING, seed=1)
        inputs = model.inputs(features)
        for number in range(1, 61):
            model.train_epoch(inputs, TRAINING, number, np.random.default_rng(number))
    told, misled = (
        np.mean(np.square(spectra - model.reconstruct(spectra, np.stack([colour, np.full(60, np.nan)], axis=1))[1]))
        for colour in (red, ~red)
    )
    assert misled > 1.5 * told
    unknown = model.reconstruct(spectra)[1]
    assert np.array_equal(unknown, model.reconstruct(spectra, np.full((60, 2), np.nan))[1])


def test_photometry_is_part_of_the_weights(features: Features) -> None:
    model, again = Model(CONDITIONAL, 4563), Model(CONDITIONAL, 4563)
    with_photometry = features
    with_photometry.photometry = np.random.default_rng(0).normal(2, 3, (60, 2)).astype(np.float32)
    model.begin(with_photometry, TRAINING, seed=1)
    again.set_weights(model.get_weights())
    photometry = np.array([[1.0, np.nan]] * 60)
    assert np.array_equal(model.reconstruct(SPECTRA, photometry)[1], again.reconstruct(SPECTRA, photometry)[1])
    assert not np.array_equal(model.reconstruct(SPECTRA, photometry)[1], again.reconstruct(SPECTRA)[1])


@pytest.mark.parametrize(
    ("recipe", "weights"),
    [
        (PCA, [np.zeros(7), np.zeros((3, 7))]),
        (PCA, [np.zeros(4563)]),
        (PCA, [np.zeros(4563), np.zeros((3, 4563)), np.zeros(2)]),
        (Recipe(layers=(16,)), [np.zeros(3)]),
        (CONDITIONAL, [np.zeros(3), np.zeros(3)]),
    ],
)
def test_weights_of_another_recipe_are_refused(recipe: Recipe, weights: list[np.ndarray]) -> None:
    with pytest.raises(CatalogError, match="belong to another recipe or window"):
        Model(recipe, 4563).set_weights(weights)


def test_the_learning_rate_falls_along_half_a_cosine(features: Features) -> None:
    """In the last of many epochs, next to nothing changes any more."""
    recipe = Recipe(components=8, layers=(16,), latent=2, batch_size=8, schedule="cosine", epochs=1000)
    model = Model(recipe, SPECTRA.shape[1])
    model.begin(features, TRAINING, seed=1)
    inputs = model.inputs(features)
    changes = []
    for number in (1, 500, 1000):
        before = model.get_weights()[2]
        model.train_epoch(inputs, TRAINING, number, np.random.default_rng(0))
        changes.append(float(np.abs(model.get_weights()[2] - before).mean()))
    assert changes[0] > changes[1] > 1000 * changes[2]
