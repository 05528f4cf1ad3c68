"""The parameters of mock stars: methods that scatter as they say, and the medians over them."""

from collections.abc import Iterable

import numpy as np
import pytest
from mock_stars import FOUND, make_stars

from catalog.surveys.mock.layouts import PARAMETERS
from catalog.surveys.mock.parameters import parameters


def text(column: np.ndarray) -> list[str]:
    return [value.decode().rstrip(" ") for value in column.tolist()]


def unknown_everywhere(rows: np.ndarray, names: Iterable[str]) -> bool:
    """Every value of the columns is -999, or blank text."""
    return all(
        not any(text(rows[name])) if rows[name].dtype.kind == "S" else np.all(rows[name] == -999) for name in names
    )


def test_methods_scatter_around_the_truth_by_their_errors() -> None:
    stars = make_stars(3000)
    rows = parameters(stars, np.random.default_rng(0))
    for method in ("JI", "DL", "LH", "YC"):
        for quantity, truth in (("TEFF", "teff"), ("LOGG", "logg"), ("FEH", "fe_h"), ("ALPHA", "alpha_fe")):
            value, error = rows[f"{quantity}_{method}"], rows[f"{quantity}_ERR_{method}"]
            known = value > -999
            assert np.array_equal(known, error > -999)
            assert np.array_equal(
                known, (rows[f"VALID_{method}"] == 1) & ((quantity != "ALPHA") | (stars["teff"] < 1e4))
            )
            deviation = (value[known] - stars[truth][known]) / error[known]
            assert np.std(deviation) == pytest.approx(1, abs=0.06)
            assert abs(np.mean(deviation)) < 0.7


def test_the_median_is_over_the_groups_that_it_names() -> None:
    methods = np.array(["JI", "DL", "LH", "YC"])
    for count, groups, quantity in (
        ("NGROUPS", "INPUT_GROUPS", "FEH"),
        ("NALPHAGROUPS", "INPUT_ALPHA_GROUPS", "ALPHA"),
    ):
        for row in FOUND:
            used = methods[row[groups] == 1]
            assert row[f"{groups}_NAME"].decode().rstrip(" ") == " ".join(used)
            assert row[count] == len(used)
            values = [row[f"{quantity}_{method}"] for method in used]
            errors = [row[f"{quantity}_ERR_{method}"] for method in used]
            median = np.median(values) if values else -999
            assert row[f"{quantity}_MED"] == pytest.approx(median, abs=1e-6)
            if values:
                spread = np.median(np.abs(values - median))
                assert row[f"{quantity}_MED_ERR"] == pytest.approx(max(spread, np.median(errors)), abs=1e-6)
    assert not FOUND["INPUT_ALPHA_GROUPS"][:, 3].any()


def test_calibrated_and_total_metallicity_follow_from_the_medians() -> None:
    known = FOUND["ALPHA_MED"] > -999
    rows = FOUND[known]
    assert np.allclose(rows["FEH_CAL_MED"], rows["FEH_MED"] + 0.11, atol=1e-5)
    assert np.allclose(rows["ZH_MED"], rows["FEH_MED"] + np.log10(0.638 * 10 ** rows["ALPHA_MED"] + 0.362), atol=1e-5)
    assert np.allclose(rows["ZH_CAL_MED"] - rows["ZH_MED"], 0.11, atol=1e-5)
    assert (rows["ZH_MED_ERR"] >= rows["FEH_MED_ERR"]).all()
    assert unknown_everywhere(FOUND[~known], ["ALPHA_MED_ERR", "ZH_MED", "ZH_MED_ERR", "ZH_CAL_MED"])


def test_few_ordinary_stars_and_no_odd_one_have_no_parameters() -> None:
    stars = make_stars(2000)
    rows = parameters(stars, np.random.default_rng(0))
    without = rows["NGROUPS"] == 0
    # 1,800 of the stars are ordinary.
    assert np.count_nonzero(without) == round(1800 * 128 / 24290)
    assert (stars["kind"][without] == "").all()
    assert np.array_equal(without, rows["TEFF_MED"] == -999)
    real = [name for name, tform in PARAMETERS.items() if tform == "E" and name != "EPOCH"]
    assert unknown_everywhere(rows[without], [*real, "INPUT_GROUPS_NAME"])
