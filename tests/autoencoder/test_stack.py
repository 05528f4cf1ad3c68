"""Models trained together take the course that each of them takes alone."""

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
from catalog.autoencoder.stack import Stack
from catalog.autoencoder.training import EpochLosses, train, train_together

SPECTRA = log_flux(smooth_flux(60))[:, ::20]
N, N_PIXEL = SPECTRA.shape
SEEDS = [11, 12, 13]
SPLITS = [
    np.random.default_rng(seed).permutation(N) < n_train for seed, n_train in zip(SEEDS, (40, 39, 41), strict=True)
]
"""Three batches of 16, the last one of another size for each."""

RECIPE = Recipe(layers=(16, 8), latent=3, batch_size=16, epochs=4, noise=0.1)
RECIPES = {
    "pixels and noise": RECIPE,
    "components": Recipe(components=8, layers=(16,), latent=2, batch_size=16, epochs=4, schedule="cosine"),
    "photometry": Recipe(layers=(16,), latent=1, batch_size=16, epochs=4, photometry=("bp_rp", "abs_g")),
    "one batch": Recipe(
        components=8,
        layers=(8,),
        latent=2,
        bottleneck_activation="linear",
        epochs=4,
        batch_size=64,
        photometry=("bp_rp",),
    ),
}


class Killed(Exception):  # noqa: N818  # no error, but what ends a process
    pass


def on_disk(folder: Path, recipe: Recipe) -> Features:
    features = Features(folder, N, N_PIXEL, len(recipe.photometry))
    features.put(np.arange(N), SPECTRA)
    features.photometry[:] = np.random.default_rng(0).normal(2, 3, features.photometry.shape)
    features.photometry[5] = np.nan
    return features


@pytest.fixture
def features(tmp_path: Path) -> Iterator[Features]:
    with on_disk(tmp_path, RECIPE) as features:
        yield features


@pytest.fixture(scope="module")
def stack() -> Stack:
    """Compiled once for all; every training begins anew."""
    return Stack(RECIPE, N_PIXEL, 3)


def losses(history: list[EpochLosses]) -> np.ndarray:
    return np.array([(epoch.train_loss, epoch.validation_loss) for epoch in history])


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_losses_and_weights_are_those_of_models_trained_alone(recipe: Recipe, tmp_path: Path) -> None:
    """Within the rounding of float32."""
    stack, model = Stack(recipe, N_PIXEL, 3), Model(recipe, N_PIXEL)
    with on_disk(tmp_path, recipe) as features:
        together = train_together(stack, features, SPLITS, SEEDS)
        for index, (split, seed) in enumerate(zip(SPLITS, SEEDS, strict=True)):
            alone = train(model, features, split, seed)
            assert losses(together[index]) == pytest.approx(losses(alone), rel=1e-5)
            for ours, theirs in zip(stack.get_weights(index), model.get_weights(), strict=True):
                assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
                assert ours == pytest.approx(theirs, abs=1e-5)
    assert stack.versions() == model.versions()


def test_a_model_takes_the_weights_of_one_of_a_stack(stack: Stack, features: Features) -> None:
    (_, history, _) = train_together(stack, features, SPLITS, SEEDS)
    model = Model(RECIPE, N_PIXEL)
    model.set_weights(stack.get_weights(1))
    validation = np.flatnonzero(~SPLITS[1])
    assert model.loss(model.inputs(features), validation) == pytest.approx(history[-1].validation_loss, rel=1e-5)


def test_a_model_that_diverges_ends_there_and_leaves_the_others_as_they_are(stack: Stack, features: Features) -> None:
    """To the bit, although the step is one for all."""
    expected = train_together(stack, features, SPLITS, SEEDS)
    weights = [stack.get_weights(index) for index in range(3)]
    seen = []

    def spoil_the_second(index: int, epoch: EpochLosses) -> None:
        seen.append((index, epoch.number))
        if (index, epoch.number) == (1, 2):
            state = stack.get_state()
            state[0][1] = -1e30  # f = ln F is negative
            stack.set_state(state)

    histories = train_together(stack, features, SPLITS, SEEDS, spoil_the_second)
    assert [len(history) for history in histories] == [4, 3, 4]
    assert [epoch.diverged for epoch in histories[1]] == [False, False, True]
    assert seen == [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (2, 2), (0, 3), (1, 3), (2, 3), (0, 4), (2, 4)]
    for index in (0, 2):
        assert np.array_equal(losses(histories[index]), losses(expected[index]))
        assert same(stack.get_weights(index), weights[index])
    assert not np.isfinite(stack.get_weights(1)[0]).all()


def test_when_all_have_diverged_the_training_ends(features: Features) -> None:
    recipe = Recipe(layers=(8,), epochs=50, learning_rate=1e30)
    histories = train_together(Stack(recipe, N_PIXEL, 2), features, SPLITS[:2], SEEDS[:2])
    assert all(len(history) < 50 and history[-1].diverged for history in histories)


@pytest.mark.parametrize("spoiled", [False, True], ids=["all well", "one diverged"])
def test_an_interrupted_training_ends_with_the_weights_of_an_uninterrupted_one(
    stack: Stack, features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoiled: bool
) -> None:
    monkeypatch.setattr(checkpoint_module, "LEAST", 0.0)
    monkeypatch.setattr(checkpoint_module, "PRICE", 1e9)

    def spoil(index: int, epoch: EpochLosses) -> None:
        if spoiled and (index, epoch.number) == (1, 1):
            state = stack.get_state()
            state[0][1] = np.nan
            stack.set_state(state)

    expected = train_together(stack, features, SPLITS, SEEDS, spoil)
    weights = stack.get_weights(0)
    begun = []

    for number in (1, 3):

        def kill(index: int, epoch: EpochLosses, number: int = number) -> None:
            begun.append(epoch.number)
            spoil(index, epoch)
            if (index, epoch.number) == (2, number):
                raise Killed

        with pytest.raises(Killed):
            train_together(stack, features, SPLITS, SEEDS, kill, Checkpoint(tmp_path, "key"))
    histories = train_together(stack, features, SPLITS, SEEDS, checkpoint=Checkpoint(tmp_path, "key"))
    assert begun == [1] * 6 + [2] * 3 + [3] * (2 if spoiled else 3)
    for ours, theirs in zip(histories, expected, strict=True):
        assert np.array_equal(losses(ours), losses(theirs), equal_nan=True)
    assert same(stack.get_weights(0), weights)
