"""Limits, marks and shades of panels with spectra, whatever the spectrum holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from catalog.figures.spectra import facts, height_of_facts, limits, mark_clipped, runs, shade

NUMBERS = st.lists(st.floats(width=32), min_size=0, max_size=60)


@given(NUMBERS)
def test_limits_are_finite_and_in_order_whatever_the_values(values: list[float]) -> None:
    lo, hi = limits(np.array(values, np.float32))
    assert np.isfinite([lo, hi]).all()
    assert lo < hi


@given(st.lists(st.floats(-1000, 1000), min_size=4, max_size=60))
def test_without_spikes_everything_is_shown(values: list[float]) -> None:
    """Three times the same in both directions is not a spike."""
    values = values + [max(values)] * 2 + [min(values)] * 2
    lo, hi = limits(np.array(values))
    assert lo <= min(values)
    assert max(values) <= hi


def test_one_hot_pixel_is_cut_off_and_marked_but_a_line_is_not() -> None:
    spectrum = np.sin(np.arange(500.0)) + 2
    spectrum[100] = 1e6
    assert limits(spectrum)[1] < 5
    panel = Figure().subplots()
    panel.set_ylim(limits(spectrum))
    mark_clipped(panel, np.arange(500.0), spectrum, "black")
    assert [line.get_xdata().tolist() for line in panel.get_lines()] == [[100.0], []]
    spectrum[99:102] = 1e6
    assert limits(spectrum)[1] > 1e6


def test_a_run_beyond_the_limits_has_one_arrowhead() -> None:
    panel = Figure().subplots()
    panel.set_ylim(0, 1)
    mark_clipped(panel, np.arange(9.0), np.array([2, 2, 2, 0.5, np.nan, -1, 0.5, 3, 0.5]), "black")
    above, below = panel.get_lines()
    assert (above.get_xdata().tolist(), below.get_xdata().tolist()) == ([1.0, 7.0], [5.0])


def test_a_constant_has_room_around_it() -> None:
    for value in (0.0, 7.0, -7.0):
        lo, hi = limits(np.full(9, value))
        assert lo < value < hi


def test_shades_reach_half_a_pixel_to_either_side() -> None:
    panel = Figure().subplots()
    shade(panel, np.array([1.0, 2, 4, 5]), np.array([False, True, False, True]), "red")
    (collection,) = panel.collections
    spans = [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in collection.get_paths()]
    assert spans == [(1.5, 3.0), (4.5, 5.0)]


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_runs_are_the_chosen_pixels(chosen: list[bool]) -> None:
    again = np.zeros(len(chosen), bool)
    for first, last in runs(np.array(chosen)):
        assert first < last
        again[first:last] = True
    assert again.tolist() == chosen


KNOWN = {
    "mangaid": "7-1", "dataset": "visits", "plate": 9000, "mjd": 58000, "bp_rp": 1.25, "abs_g": -0.191,
    "ensemble": "fast", "consensus_rank": 3, "n_spectrum": 90, "n_flagged": 2, "n_model": 10, "flags": [],
}  # fmt: skip


def test_what_stands_above_a_figure() -> None:
    first, second = facts(KNOWN)
    assert first == "7-1, dataset visits, plate 9000, MJD 58000"
    assert second.startswith("rank 3 of 90 in fast, flagged by 2 of 10 models, ")
    assert "= 1.25" in second
    assert second.endswith("= −0.19")


@pytest.mark.parametrize("n_flag", [1, 40])
def test_many_quality_flags_take_more_lines(n_flag: int) -> None:
    lines = facts(KNOWN | {"flags": [f"MULTIFIBER{number}" for number in range(n_flag)]})
    assert lines[2].startswith("quality: MULTIFIBER0")
    assert all(len(line) <= 120 for line in lines[2:])
    assert height_of_facts(KNOWN | {"flags": ["A"] * n_flag}) > height_of_facts(KNOWN)
