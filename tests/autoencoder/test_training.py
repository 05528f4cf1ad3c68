"""A training goes on where it was, and ends where it would have ended."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from files import smooth_flux

from catalog.autoencoder import checkpoint as checkpoint_module
from catalog.autoencoder.checkpoint import Checkpoint
from catalog.autoencoder.features import Features
from catalog.autoencoder.model import Model
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.training import EpochLosses, train

SPECTRA = log_flux(smooth_flux(60))
IN_TRAINING = np.arange(60) < 40
RECIPE = Recipe(layers=(16, 8), latent=3, batch_size=16, epochs=6, noise=0.1)
ON_COMPONENTS = Recipe(components=8, layers=(16,), latent=2, batch_size=8, epochs=6)


class Killed(Exception):  # noqa: N818  # no error, but what ends a process
    pass


@pytest.fixture
def features(tmp_path: Path) -> Iterator[Features]:
    with Features(tmp_path, *SPECTRA.shape) as features:
        features.put(np.arange(len(SPECTRA)), SPECTRA)
        yield features


def losses(history: list[EpochLosses]) -> list[tuple[float, float]]:
    return [(epoch.train_loss, epoch.validation_loss) for epoch in history]


def test_the_same_seed_gives_the_same_weights(features: Features) -> None:
    model = Model(RECIPE, 4563)
    runs = []
    for seed in (1, 2, 1):
        history = train(model, features, IN_TRAINING, seed)
        runs.append((losses(history), model.get_weights()))
    assert runs[0][0] == runs[2][0] != runs[1][0]
    assert all(np.array_equal(a, b) for a, b in zip(runs[0][1], runs[2][1], strict=True))


@pytest.mark.parametrize("recipe", [RECIPE, ON_COMPONENTS], ids=["pixels", "components"])
def test_an_interrupted_training_ends_with_the_weights_of_an_uninterrupted_one(
    recipe: Recipe, features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_module, "LEAST", 0.0)
    monkeypatch.setattr(checkpoint_module, "PRICE", 1e9)
    expected_model = Model(recipe, 4563)
    expected = train(expected_model, features, IN_TRAINING, 1)
    begun = []

    def kill_before(number: int) -> None:
        def on_epoch(epoch: EpochLosses) -> None:
            begun.append(epoch.number)
            if epoch.number == number:
                raise Killed

        # A new model each time, as in a new process.
        train(Model(recipe, 4563), features, IN_TRAINING, 1, on_epoch, Checkpoint(tmp_path, "key"))

    for number in (1, 3, 6):
        with pytest.raises(Killed):
            kill_before(number)
    model = Model(recipe, 4563)
    history = train(model, features, IN_TRAINING, 1, checkpoint=Checkpoint(tmp_path, "key"))
    assert begun == [1, 1, 2, 3, 3, 4, 5, 6]
    assert losses(history) == losses(expected)
    assert all(np.array_equal(a, b) for a, b in zip(expected_model.get_weights(), model.get_weights(), strict=True))


def test_a_model_that_diverges_ends_there(features: Features) -> None:
    recipe = Recipe(layers=(8,), epochs=50, learning_rate=1e30)
    history = train(Model(recipe, 4563), features, IN_TRAINING, 0)
    assert len(history) < 50
    assert [epoch.diverged for epoch in history] == [False] * (len(history) - 1) + [True]


def test_components_are_one_epoch(features: Features) -> None:
    recipe = Recipe(components=3, layers=(), latent=3, epochs=1)
    (epoch,) = train(Model(recipe, 4563), features, IN_TRAINING, 0)
    assert 0 < epoch.train_loss < epoch.validation_loss


def test_a_checkpoint_is_whole_or_none(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path, "key")
    assert checkpoint.read() is None
    epochs, state = np.array([[0.5, 0.6, 1.0]]), [np.arange(5.0), np.float32(3)]
    checkpoint.write(epochs, state)
    read = Checkpoint(tmp_path, "key").read()
    assert read is not None
    assert np.array_equal(read[0], epochs)
    assert all(np.array_equal(a, b) for a, b in zip(read[1], state, strict=True))
    assert Checkpoint(tmp_path, "another").read() is None
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for torn in (whole[:-1], whole[:40], b"", whole.replace(np.arange(5.0).tobytes(), np.arange(5.0)[::-1].tobytes())):
        path.write_bytes(torn)
        assert checkpoint.read() is None
    checkpoint.remove()
    assert not list(tmp_path.iterdir())


def test_checkpoints_cost_a_small_part_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(checkpoint_module.time, "monotonic", lambda: clock[0])
    checkpoint = Checkpoint(tmp_path, "key")
    assert not checkpoint.due
    clock[0] += 2
    assert checkpoint.due
    save = np.savez
    monkeypatch.setattr(
        checkpoint_module.np, "savez", lambda *arrays: (save(*arrays), clock.__setitem__(0, clock[0] + 3))
    )
    checkpoint.write(np.zeros((1, 3)), [])
    clock[0] += 90
    assert not checkpoint.due
    clock[0] += 20
    assert checkpoint.due
