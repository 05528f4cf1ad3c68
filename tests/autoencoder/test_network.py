"""The network is the paper's, and trains as Keras trains it."""

from pathlib import Path

import numpy as np
import pytest
from files import smooth_flux

from catalog.autoencoder.backend import keras
from catalog.autoencoder.network import Autoencoder
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.scoring import score
from catalog.autoencoder.training import train
from catalog.autoencoder.weights import load_weights, save_weights
from catalog.errors import CatalogError

FEATURES = log_flux(smooth_flux(48))


@pytest.fixture(scope="module")
def network() -> Autoencoder:
    return Autoencoder(Recipe(epochs=2), 4563)


def test_the_layers_are_the_papers(network: Autoencoder) -> None:
    """Section 3.1: 4563-2048-512-128-32-10 and its mirror, ReLU in all hidden layers, linear output."""
    dense = [*network.encoder.layers, *network.decoder.layers]
    assert [layer.units for layer in dense] == [2048, 512, 128, 32, 10, 32, 128, 512, 2048, 4563]
    assert [layer.activation.__name__ for layer in dense] == ["relu"] * 9 + ["linear"]
    assert network.model.count_params() == 20_937_117


def test_the_training_is_the_papers(network: Autoencoder) -> None:
    """Section 3.2: Adam, learning rate 0.001 throughout, mean squared error, batches of 32."""
    optimizer = network.model.optimizer
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert float(optimizer.learning_rate) == pytest.approx(0.001)
    assert network.model.loss == "mse"
    assert Recipe().batch_size == 32


def test_the_bottleneck_can_be_linear() -> None:
    network = Autoencoder(Recipe(layers=(8,), bottleneck_activation="linear"), 20)
    assert network.encoder.layers[-1].activation.__name__ == "linear"


def test_losses_follow_plain_keras_fit(network: Autoencoder) -> None:
    """From the same weights and the same order of batches, within the rounding of float32."""
    network.reset(5)
    plain = keras.models.clone_model(network.model)
    plain.set_weights(network.get_weights())
    plain.compile(optimizer=keras.optimizers.Adam(0.001), loss="mse")
    order = np.random.default_rng(0).permutation(len(FEATURES))
    ours, theirs = [], []
    for _ in range(2):
        ours.append(network.train_epoch(FEATURES, order))
        history = plain.fit(FEATURES[order], FEATURES[order], batch_size=32, shuffle=False, verbose=0)
        theirs.append(history.history["loss"][0])
    assert ours == pytest.approx(theirs, rel=1e-3)


def test_the_same_seed_gives_the_same_weights(network: Autoencoder) -> None:
    in_training = np.arange(len(FEATURES)) < 32
    runs = []
    for seed in (1, 2, 1):
        losses = train(network, FEATURES, in_training, network.recipe, seed)
        runs.append(([epoch.validation_loss for epoch in losses], network.get_weights()))
    assert runs[0][0] == runs[2][0]
    assert all(np.array_equal(a, b) for a, b in zip(runs[0][1], runs[2][1], strict=True))
    assert runs[0][0] != runs[1][0]


def test_training_lowers_the_loss(network: Autoencoder) -> None:
    network.reset(0)
    before = network.loss(FEATURES)
    order = np.arange(len(FEATURES))
    for _ in range(5):
        network.train_epoch(FEATURES, order)
    assert network.loss(FEATURES) < before / 2


def test_a_diverging_training_is_named() -> None:
    recipe = Recipe(layers=(8,), epochs=50, learning_rate=1e30)
    with pytest.raises(CatalogError, match="lower the learning rate"):
        train(Autoencoder(recipe, 4563), FEATURES, np.arange(48) < 32, recipe, 0)


def test_the_error_is_equation_2_on_normalised_flux(network: Autoencoder) -> None:
    network.reset(0)
    flux = smooth_flux(5, seed=3)
    ivar = np.full_like(flux, 0.25)
    mask = np.zeros(flux.shape, np.int32)
    ivar[1, 100:] = 0
    mask[2, :50] = 4
    ivar[3] = np.nan
    scores = score(network, flux, ivar, mask)
    for row in range(5):
        normalised = flux[row].astype(float) / flux[row].max()
        latent, reconstruction = network.reconstruct(np.log(normalised)[None].astype(np.float32))
        residual = np.exp(reconstruction[0].astype(float)) - normalised
        assert scores.error[row] == pytest.approx(np.mean(residual**2), rel=1e-4)
        assert scores.latent[row] == pytest.approx(latent[0], rel=1e-3, abs=1e-6)
        good = (ivar[row] > 0) & (mask[row] == 0)
        if good.any():
            expected = np.mean(0.25 * (residual[good] * flux[row].max()) ** 2)
            assert scores.chi2[row] == pytest.approx(expected, rel=1e-3)
        else:
            assert np.isnan(scores.chi2[row])


def test_an_error_is_always_a_finite_number(network: Autoencoder) -> None:
    """A pixel at the edge of float32 beside a bright one, and a network whose output explodes."""
    flux = smooth_flux(2)
    flux[0, 100], flux[0, 200] = 1e-43, 1e30
    zeros = np.zeros(flux.shape, np.int32)
    network.reset(0)
    assert np.all(np.isfinite(score(network, flux, np.ones_like(flux), zeros).error))
    network.set_weights([weight * 10 for weight in network.get_weights()])
    assert np.all(np.isfinite(score(network, flux, np.ones_like(flux), zeros).error))


def test_weights_come_back_as_they_were(network: Autoencoder, tmp_path: Path) -> None:
    database = tmp_path / "c.duckdb"
    name, digest = save_weights(database, network.get_weights())
    assert name == f"c.weights/{digest}.npz"
    assert save_weights(database, network.get_weights()) == (name, digest)
    assert [path.name for path in (tmp_path / "c.weights").iterdir()] == [f"{digest}.npz"]
    loaded = load_weights(database, name, digest)
    assert all(np.array_equal(a, b) for a, b in zip(network.get_weights(), loaded, strict=True))


def test_weights_that_were_changed_or_lost_are_refused(network: Autoencoder, tmp_path: Path) -> None:
    database = tmp_path / "c.duckdb"
    name, digest = save_weights(database, [np.arange(5.0)])
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CatalogError, match="SHA-256 differs"):
        load_weights(database, name, digest)
    path.unlink()
    with pytest.raises(CatalogError, match="are not there"):
        load_weights(database, name, digest)
