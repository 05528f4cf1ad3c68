"""The network is the paper's, and trains as Keras trains it."""

from pathlib import Path

import numpy as np
import pytest
from files import smooth_flux

from catalog.autoencoder.backend import keras
from catalog.autoencoder.model import Model
from catalog.autoencoder.network import Autoencoder
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.scoring import Observed, score
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
    network.reset(0)
    optimizer = network.model.optimizer
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert float(optimizer.learning_rate) == pytest.approx(0.001)
    assert network.model.loss == "mse"
    assert Recipe().batch_size == 32


def test_the_bottleneck_can_be_linear() -> None:
    network = Autoencoder(Recipe(layers=(8,), bottleneck_activation="linear"), 20)
    assert network.encoder.layers[-1].activation.__name__ == "linear"


def train_epoch(network: Autoencoder, order: np.ndarray, learning_rate: float = 0.001) -> float:
    return network.train_epoch(FEATURES, order, learning_rate, np.random.default_rng(0))


def test_losses_follow_plain_keras_fit(network: Autoencoder) -> None:
    """From the same weights and the same order of batches, within the rounding of float32."""
    network.reset(5)
    plain = keras.models.clone_model(network.model)
    plain.set_weights(network.get_weights())
    plain.compile(optimizer=keras.optimizers.Adam(0.001), loss="mse")
    order = np.random.default_rng(0).permutation(len(FEATURES))
    ours, theirs = [], []
    for _ in range(2):
        ours.append(train_epoch(network, order))
        history = plain.fit(FEATURES[order], FEATURES[order], batch_size=32, shuffle=False, verbose=0)
        theirs.append(history.history["loss"][0])
    assert ours == pytest.approx(theirs, rel=1e-3)


def test_training_lowers_the_loss(network: Autoencoder) -> None:
    network.reset(0)
    losses = [train_epoch(network, np.arange(len(FEATURES))) for _ in range(6)]
    assert losses[-1] < losses[0] / 2


def test_a_learning_rate_of_next_to_nothing_changes_next_to_nothing(network: Autoencoder) -> None:
    network.reset(0)
    before = network.get_weights()
    train_epoch(network, np.arange(32), learning_rate=1e-12)
    assert all(np.allclose(old, new, atol=1e-9) for old, new in zip(before, network.get_weights(), strict=True))


def test_from_its_state_a_network_goes_on_as_if_nothing_had_happened(network: Autoencoder) -> None:
    """Weights alone are not enough: Adam has a past."""
    order = np.arange(len(FEATURES))
    network.reset(1)
    train_epoch(network, order)
    state = network.get_state()
    train_epoch(network, order)
    uninterrupted = network.get_weights()
    network.reset(2)
    network.set_state(state)
    train_epoch(network, order)
    assert all(np.array_equal(a, b) for a, b in zip(uninterrupted, network.get_weights(), strict=True))


def test_noise_is_on_what_is_given_and_not_on_what_is_wanted() -> None:
    """A network that has learned nothing yet has the same loss with noise, or nearly, and other weights afterwards."""
    quiet, noisy = (Autoencoder(Recipe(layers=(8,), noise=noise), 4563) for noise in (0.0, 0.5))
    quiet.reset(0)
    noisy.reset(0)
    order = np.arange(32)
    assert train_epoch(noisy, order) == pytest.approx(train_epoch(quiet, order), rel=0.01)
    assert not np.allclose(noisy.get_weights()[0], quiet.get_weights()[0], atol=1e-4)


@pytest.fixture(scope="module")
def model(network: Autoencoder) -> Model:
    network.reset(0)
    model = Model(Recipe(), 4563)
    model.set_weights(network.get_weights())
    return model


def test_the_error_is_equation_2_on_normalised_flux(model: Model) -> None:
    flux = smooth_flux(5, seed=3)
    ivar = np.full_like(flux, 0.25)
    mask = np.zeros(flux.shape, np.int32)
    ivar[1, 100:] = 0
    mask[2, :50] = 4
    ivar[3] = np.nan
    scores = score(model, Observed.of(flux, ivar, mask))
    for row in range(5):
        normalised = flux[row].astype(float) / flux[row].max()
        latent, reconstruction = model.reconstruct(np.log(normalised)[None].astype(np.float32))
        residual = np.exp(reconstruction[0].astype(float)) - normalised
        assert scores.error[row] == pytest.approx(np.mean(residual**2), rel=1e-4)
        assert scores.latent[row] == pytest.approx(latent[0], rel=1e-3, abs=1e-6)
        good = (ivar[row] > 0) & (mask[row] == 0)
        if good.any():
            expected = np.mean(0.25 * (residual[good] * flux[row].max()) ** 2)
            assert scores.chi2[row] == pytest.approx(expected, rel=1e-3)
        else:
            assert np.isnan(scores.chi2[row])


def test_an_error_is_always_a_finite_number(model: Model) -> None:
    """A pixel at the edge of float32 beside a bright one, and a network whose output explodes."""
    flux = smooth_flux(2)
    flux[0, 100], flux[0, 200] = 1e-43, 1e30
    zeros = np.zeros(flux.shape, np.int32)
    assert np.all(np.isfinite(score(model, Observed.of(flux, np.ones_like(flux), zeros)).error))
    model.set_weights([weight * 10 for weight in model.get_weights()])
    assert np.all(np.isfinite(score(model, Observed.of(flux, np.ones_like(flux), zeros)).error))


def test_weights_come_back_as_they_were(network: Autoencoder, tmp_path: Path) -> None:
    path, digest = save_weights(tmp_path, network.get_weights())
    assert path == tmp_path / f"{digest}.npz"
    assert save_weights(tmp_path, network.get_weights()) == (path, digest)
    assert [file.name for file in tmp_path.iterdir()] == [f"{digest}.npz"]
    loaded = load_weights(path, digest)
    assert all(np.array_equal(a, b) for a, b in zip(network.get_weights(), loaded, strict=True))


def test_weights_that_were_changed_or_lost_are_refused(network: Autoencoder, tmp_path: Path) -> None:
    path, digest = save_weights(tmp_path, [np.arange(5.0)])
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CatalogError, match="SHA-256 differs"):
        load_weights(path, digest)
    path.unlink()
    with pytest.raises(CatalogError, match="are not there"):
        load_weights(path, digest)
