"""TensorFlow, JAX and PyTorch compute the same numbers; those that are not installed are skipped."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from files import smooth_flux

REPOSITORY = Path(__file__).parents[2]

Numbers = dict[str, np.ndarray]

PROGRAM = """
import sys
from pathlib import Path

import numpy as np

from catalog.autoencoder.backend import has_gpu, keras
from catalog.autoencoder.features import Features
from catalog.autoencoder.model import Model
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.scoring import Observed, score
from catalog.autoencoder.stack import Stack
from catalog.autoencoder.training import train, train_together

flux, result = np.load(sys.argv[1]), Path(sys.argv[2])
model = Model(Recipe(), flux.shape[1])
model.network.reset(5)  # drawn by numpy: the same for all
scores = score(model, Observed.of(flux[:5], np.ones_like(flux[:5]), np.zeros(flux[:5].shape, np.int32)))
with Features(result.parent, *flux.shape) as features:
    features.put(np.arange(len(flux)), log_flux(flux))
    recipe = Recipe(layers=(8,), noise=0.01, epochs=3)
    splits = [np.arange(len(flux)) < n_train for n_train in (40, 39)]
    epochs = train(Model(recipe, flux.shape[1]), features, splits[0], 0)
    stacked = train_together(Stack(recipe, flux.shape[1], 2), features, splits, [0, 1])
losses, of_stack = ([(epoch.train_loss, epoch.validation_loss) for epoch in some] for some in (epochs, stacked[0]))
backend = keras.backend.backend()
numbers = {"error": scores.error, "latent": scores.latent, "losses": losses, "of_stack": of_stack}
np.savez(result, backend=backend, gpu=has_gpu(), **numbers)
"""


def numbers(backend: str, folder: Path) -> Numbers:
    """Of a process of its own: Keras takes one backend for good."""
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; it is an optional dependency of that name")
    flux, result = folder / "flux.npy", folder / f"{backend}.npz"
    np.save(flux, smooth_flux(48))
    command = [sys.executable, "-c", PROGRAM, str(flux), str(result)]
    subprocess.run(command, check=True, timeout=300, cwd=REPOSITORY, env=os.environ | {"KERAS_BACKEND": backend})
    with np.load(result) as arrays:
        assert arrays["backend"] == backend
        return dict(arrays)


@pytest.fixture(scope="module")
def tensorflow(tmp_path_factory: pytest.TempPathFactory) -> Numbers:
    return numbers("tensorflow", tmp_path_factory.mktemp("tensorflow"))


@pytest.fixture(scope="module", params=["jax", "torch"])
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Numbers:
    return numbers(request.param, tmp_path_factory.mktemp(request.param))


def test_the_same_weights_give_the_same_scores(other: Numbers, tensorflow: Numbers) -> None:
    """The paper's network; latents are compared with the longest, as some are next to nothing."""
    assert other["error"] == pytest.approx(tensorflow["error"], rel=1e-5)
    largest = float(np.abs(tensorflow["latent"]).max())
    assert largest > 0
    assert other["latent"] == pytest.approx(tensorflow["latent"], rel=1e-5, abs=1e-5 * largest)


def test_a_stack_has_the_losses_of_models_trained_alone(other: Numbers, tensorflow: Numbers) -> None:
    for found in (other, tensorflow):
        assert found["of_stack"] == pytest.approx(found["losses"], rel=1e-3 if found["gpu"] else 1e-5)


def test_the_same_seed_gives_the_same_losses(other: Numbers, tensorflow: Numbers) -> None:
    """As far as float32 goes, which sums in another order."""
    assert tensorflow["losses"].shape == (3, 2)
    assert other["losses"] == pytest.approx(tensorflow["losses"], rel=1e-3)
