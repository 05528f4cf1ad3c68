"""Parameters of mock stars, by the methods that MaStar's catalog has.

Columns, types and units: https://skyserver.sdss.org/dr17/MoreTools/browser, table mastar_goodstars_params. Unknown is
-999, and blank text.
"""

import numpy as np
from numpy.random import Generator

from catalog.surveys.mock.layouts import PARAMETERS
from catalog.surveys.mock.mwrfits import table_rows
from catalog.surveys.mock.rows import UNKNOWN, Columns, star_columns, where_known

METHODS = ("JI", "DL", "LH", "YC")
_MEDIANS = ("TEFF_MED", "LOGG_MED", "FEH_MED", "FEH_CAL_MED", "ALPHA_MED", "ZH_MED", "ZH_CAL_MED")

# Fraction of the stars for which a method has a result, then its offset from the truth and its error for the four
# quantities (relative for the temperature): ours, of the size of the scatter between the methods in DR17.
_PARAMETER_METHODS = {
    "JI": (0.80, (0.005, 0.05, 0.02, 0.00), (0.015, 0.12, 0.10, 0.06)),
    "DL": (0.90, (-0.004, -0.03, -0.03, 0.02), (0.012, 0.10, 0.08, 0.05)),
    "LH": (0.85, (0.002, 0.00, 0.04, -0.02), (0.020, 0.15, 0.12, 0.08)),
    "YC": (0.75, (-0.003, 0.02, -0.02, 0.03), (0.010, 0.08, 0.07, 0.05)),
}
WITHOUT_PARAMETERS = 128 / 24290
"""Fraction of the ordinary stars."""

_HOTTEST_WITH_ALPHA = 10000.0
"""K; above, the lines of the alpha elements are too weak."""


def parameters(stars: np.ndarray, generator: Generator) -> np.ndarray:
    """(n,) rows of PARAMETERS for stars (n,) of STAR.

    Advances the generator. Raises ValueError for an unknown input catalog.

    Notes
    -----
    Each method has a result for most stars, off the truth by its own offset and error; the medians are over those,
    [alpha/Fe] without YC's, and their errors the larger of the median deviation and the median error. 128 in 24,290
    ordinary stars have no result, and hot stars no [alpha/Fe]. FEH_CAL is 0.11 dex above FEH, and ZH from FEH and
    ALPHA as by Salaris et al. 1993 (ApJ 414, 580). NGOODVISITS is the number of visits.
    """
    values, errors = _results(stars, generator)
    valid = _valid(stars, generator)
    known = np.repeat(valid[:, :, None], 4, axis=2)
    known[:, :, 3] &= (stars["teff"] < _HOTTEST_WITH_ALPHA)[:, None]
    used = known.copy()
    used[:, METHODS.index("YC"), 3] = False
    of_stars = star_columns(stars)
    columns = {
        **{name: of_stars[name] for name in PARAMETERS.keys() & of_stars.keys()},
        "NGOODVISITS": stars["n_visits"],
        **_median_columns(values, errors, used),
        **_group_columns("NGROUPS", "INPUT_GROUPS", valid),
        **_group_columns("NALPHAGROUPS", "INPUT_ALPHA_GROUPS", used[:, :, 3]),
        **_extra_columns(stars, valid, generator),
    }
    for index, method in enumerate(METHODS):
        columns[f"VALID_{method}"] = valid[:, index]
        for place, quantity in enumerate(("TEFF", "LOGG", "FEH", "ALPHA")):
            result = {
                f"{quantity}_{method}": values[:, index, place],
                f"{quantity}_ERR_{method}": errors[:, index, place],
            }
            columns |= where_known(known[:, index, place], result)
    return table_rows(PARAMETERS, len(stars), columns)


def _results(stars: np.ndarray, generator: Generator) -> tuple[np.ndarray, np.ndarray]:
    """What each method finds and its error, (n, method, quantity)."""
    truth = np.stack([stars["teff"], stars["logg"], stars["fe_h"], stars["alpha_fe"]], axis=1)
    scale = np.stack([stars["teff"], *[np.ones(len(stars))] * 3], axis=1)[:, None, :]
    _, offsets, errors = (np.array(column) for column in zip(*_PARAMETER_METHODS.values(), strict=True))
    errors = errors * scale
    return generator.normal(truth[:, None, :] + offsets * scale, errors), errors


def _valid(stars: np.ndarray, generator: Generator) -> np.ndarray:
    """(n, method) bool."""
    fractions = [fraction for fraction, _, _ in _PARAMETER_METHODS.values()]
    valid = generator.random((len(stars), len(METHODS))) < fractions
    valid[~valid.any(axis=1), METHODS.index("DL")] = True
    ordinary = np.flatnonzero(stars["kind"] == "")
    valid[generator.choice(ordinary, round(len(ordinary) * WITHOUT_PARAMETERS), replace=False)] = False
    return valid


def _median_columns(values: np.ndarray, errors: np.ndarray, used: np.ndarray) -> Columns:
    """The medians over the methods that are `used`, all (n, method, quantity), and what is derived from them."""
    results = np.ma.masked_array(values, ~used)
    median = np.ma.median(results, axis=1)
    spread = np.ma.median(np.ma.abs(results - median[:, None, :]), axis=1)
    error = np.ma.maximum(spread, np.ma.median(np.ma.masked_array(errors, ~used), axis=1))
    teff, logg, iron, alpha = median.T
    teff_error, logg_error, iron_error, alpha_error = error.T
    metals = 0.638 * 10**alpha
    all_metals = iron + np.ma.log10(metals + 0.362)
    all_metals_error = np.ma.hypot(iron_error, metals / (metals + 0.362) * alpha_error)
    medians = (teff, logg, iron, iron + 0.11, alpha, all_metals, all_metals + 0.11)
    median_errors = (teff_error, logg_error, iron_error, iron_error, alpha_error, all_metals_error, all_metals_error)
    columns: Columns = {}
    for name, value, uncertainty in zip(_MEDIANS, medians, median_errors, strict=True):
        columns[name], columns[f"{name}_ERR"] = value.filled(UNKNOWN), uncertainty.filled(UNKNOWN)
    return columns


def _group_columns(count: str, groups: str, used: np.ndarray) -> Columns:
    """How many methods (n, method) are used, which, and their names."""
    names = [" ".join(name for bit, name in enumerate(METHODS) if code >> bit & 1) for code in range(16)]
    return {
        count: used.sum(axis=1),
        groups: used,
        f"{groups}_NAME": np.array(names)[used @ (1, 2, 4, 8)],
    }


def _extra_columns(stars: np.ndarray, valid: np.ndarray, generator: Generator) -> Columns:
    """The microturbulence of JI, from 1.6 km / s in dwarfs to 2.5 in giants, and the extinction of DL."""
    ji, dl = valid[:, METHODS.index("JI")], valid[:, METHODS.index("DL")]
    microturbulence = generator.normal(np.interp(stars["logg"], (1, 4.5), np.log10((2.5, 1.6))), 0.05)
    extinction = np.maximum(generator.normal(3.1 * stars["ebv"], 0.05), 0)
    return {
        **where_known(ji, {"VMICRO_JI": microturbulence, "VMICRO_ERR_JI": 0.05}),
        **where_known(dl, {"AV_DL": extinction, "AV_ERR_DL": 0.05}),
        "AV_VALID_DL": dl,
    }
