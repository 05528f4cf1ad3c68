"""Whatever the window, the spectrum and the models, there is a verdict with its facts, and no number is made up."""

import warnings

import numpy as np
from files import WAVELENGTH
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog.causes.diagnosis import diagnose
from catalog.causes.facts import N_FACT
from catalog.causes.verdict import CAUSES


@settings(max_examples=examples(60), deadline=None)
@given(
    n_pixel=st.sampled_from([2, 3, 10, 60, 300, 1000, 4563]),
    start=st.floats(0, 1),
    scatter=st.sampled_from([0.0, 0.01, 1.0, 5.0]),
    wrong=st.sampled_from([0.0, 0.1, 10.0, 40.0]),
    ivar=st.sampled_from([np.nan, 0.0, 1.0, 1e10]),
    masked=st.booleans(),
    seed=st.integers(0, 99),
)
def test_anything_can_be_judged(
    n_pixel: int, start: float, scatter: float, wrong: float, ivar: float, masked: bool, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    first = int(start * (len(WAVELENGTH) - n_pixel))
    flux = np.exp(generator.normal(0, scatter, n_pixel)).astype(np.float32)
    mask = generator.integers(0, 2, n_pixel) if masked else np.zeros(n_pixel, int)
    reconstructions = np.exp(np.minimum(generator.normal(0, wrong, (3, n_pixel)), 40)).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        diagnosis = diagnose(
            WAVELENGTH[first : first + n_pixel],
            flux,
            np.full(n_pixel, ivar, np.float32),
            mask.astype(np.int32),
            reconstructions,
        )
    assert diagnosis.verdict.cause in CAUSES
    assert len(diagnosis.verdict.evidence) >= N_FACT
    assert all(value is None or np.isfinite(value) for value in diagnosis.measured.values())


def test_rarity_is_told_of_what_no_rule_knows() -> None:
    pixels = slice(2000, 2400)
    smooth = 1 + 0.2 * np.sin(np.linspace(0, 3, 400))
    rarity = {"density_percentile": 40.0, "peer_rank": 3, "n_peer": 300, "isolation_percentile": 99.1}
    diagnosis = diagnose(
        WAVELENGTH[pixels], smooth, np.full(400, 1e6), np.zeros(400, int), np.ones((2, 400)) * 0.9, rarity
    )
    assert diagnosis.verdict.cause == "unknown"
    told = "\n".join(diagnosis.verdict.evidence)
    assert "of its 300 peers in the colour-magnitude diagram, 2 are odder" in told
    assert "99.1 % of the spectra are no more isolated in latent space" in told
