"""What is wrong with a spectrum, counted pixel by pixel."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from catalog.spectra.quality import quality, usable_rows
from catalog.surveys.product import Arrays

FLUX = st_numpy.arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(2, 30)),
    elements=st.sampled_from([0.0, -1.5, 1.0, 2.5, np.nan, np.inf, -np.inf]),
)


def counted(flux: np.ndarray, ivar: np.ndarray | None = None, mask: np.ndarray | None = None) -> dict[str, list]:
    arrays = Arrays(np.arange(flux.shape[1], dtype=float), flux.astype(np.float32), ivar, mask)
    return {name: column.to_pylist() for name, column in quality(arrays).items()}


@given(FLUX)
def test_every_pixel_is_counted_once(flux: np.ndarray) -> None:
    found = counted(flux)
    for row, spectrum in enumerate(flux):
        good = np.flatnonzero(np.isfinite(spectrum) & (spectrum > 0))
        assert found["n_zero_flux"][row] == sum(value == 0 for value in spectrum)
        assert found["n_negative_flux"][row] == sum(np.isfinite(value) and value < 0 for value in spectrum)
        assert found["n_nonfinite_flux"][row] == sum(not np.isfinite(value) for value in spectrum)
        assert found["usable"][row] == (len(good) == len(spectrum))
        assert (found["reject_reason"][row] is None) == found["usable"][row]
        assert found["first_good_pixel"][row] == (good[0] + 1 if len(good) else None)
        assert found["last_good_pixel"][row] == (good[-1] + 1 if len(good) else None)
        finite = spectrum[np.isfinite(spectrum)]
        assert found["max_flux"][row] == (finite.max() if len(finite) else None)


@given(FLUX)
def test_bad_runs_are_the_bad_pixels_and_no_two_of_a_fault_touch(flux: np.ndarray) -> None:
    def fault(value: float) -> str | None:
        if not np.isfinite(value):
            return "non-finite"
        return "zero" if value == 0 else "negative" if value < 0 else None

    for spectrum, runs in zip(flux, counted(flux)["bad_run"], strict=True):
        found = [None] * len(spectrum)
        for run in runs:
            for pixel in range(run["first"], run["last"] + 1):
                assert found[pixel - 1] is None
                found[pixel - 1] = run["fault"]
        assert found == [fault(value) for value in spectrum]
        for run, following in pairwise(runs):
            assert run["last"] < following["first"]
            assert run["fault"] != following["fault"] or run["last"] + 1 < following["first"]


@given(FLUX)
def test_usable_is_the_papers_rule(flux: np.ndarray) -> None:
    assert usable_rows(flux).tolist() == counted(flux)["usable"]


@pytest.mark.parametrize(
    ("flux", "reason"),
    [
        ([1, 2, 0], "zero flux"),
        ([1, -2, 0], "zero flux, negative flux"),
        ([1, np.inf, 3], "non-finite flux"),
        ([0, -1, np.nan], "no positive flux"),
    ],
)
def test_the_reason_names_every_fault(flux: list[float], reason: str) -> None:
    assert counted(np.array([flux]))["reject_reason"] == [reason]


def test_without_ivar_and_mask_their_counts_are_unknown() -> None:
    found = counted(np.ones((1, 5)))
    for name in ("n_zero_ivar", "bad_pixel_fraction", "snr", "n_masked"):
        assert found[name] == [None]


def test_signal_to_noise_is_the_median_where_ivar_informs() -> None:
    flux = np.array([[10, 10, 10, 10]], np.float32)
    ivar = np.array([[0, 1, 4, np.nan]], np.float32)
    found = counted(flux, ivar, np.array([[0, 1, 0, 0]], np.int32))
    assert found["snr"] == [15.0]
    assert found["n_zero_ivar"] == [1]
    assert found["bad_pixel_fraction"] == [0.25]
    assert found["n_masked"] == [1]
