"""The baselines: fitted on a split, larger where a spectrum is odd, comparable with the network."""

import numpy as np
import pytest
from files import smooth_flux

from catalog.autoencoder.preprocessing import log_flux
from catalog.evaluation.baselines import Baselines
from catalog.evaluation.methods import BASELINES


@pytest.fixture(scope="module")
def flux() -> np.ndarray:
    return smooth_flux(60)[:, ::10]


def test_every_baseline_finds_a_spectrum_unlike_the_others(flux: np.ndarray) -> None:
    """PCA one that its components cannot make; the others one that they make, but seldom."""
    baselines = Baselines(log_flux(flux[:40]), 0)
    bump, slope = flux[40:].copy(), flux[40:].copy()
    bump[10, 100:300] *= 4
    slope[10] *= np.exp(np.linspace(-5, 5, slope.shape[1]))
    for method, odd in zip(BASELINES, (bump, slope, slope), strict=True):
        errors = baselines.errors(odd)
        assert errors.shape == (len(BASELINES), 20)
        assert (errors > 0).all()
        assert errors[BASELINES.index(method)].argmax() == 10


def test_the_error_of_pca_is_equation_2_on_normalised_flux(flux: np.ndarray) -> None:
    baselines = Baselines(log_flux(flux[:40]), 0)
    _, reconstruction = baselines.reconstruct(log_flux(flux[40:]))
    normalised = flux[40:] / flux[40:].max(axis=1, keepdims=True)
    expected = np.mean((np.exp(reconstruction) - normalised) ** 2, axis=1)
    assert baselines.errors(flux[40:])[0] == pytest.approx(expected, rel=1e-4)


def test_ten_components_are_the_best_ten(flux: np.ndarray) -> None:
    features = log_flux(flux[:40])
    _, reconstruction = Baselines(features, 0).reconstruct(features)
    singular = np.linalg.svd(features - features.mean(axis=0), compute_uv=False)
    assert np.sum((reconstruction - features) ** 2) == pytest.approx(np.sum(singular[10:] ** 2), rel=0.05)


def test_the_same_seed_gives_the_same_errors(flux: np.ndarray) -> None:
    first, again, other = (Baselines(log_flux(flux[:40]), seed).errors(flux[40:]) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_split_smaller_than_the_components_is_fitted_all_the_same(flux: np.ndarray) -> None:
    assert np.isfinite(Baselines(log_flux(flux[:7]), 0).errors(flux[40:])).all()
