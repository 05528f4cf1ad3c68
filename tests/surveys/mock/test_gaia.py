"""The match of mock stars with Gaia and others: measurements as uncertain as they say."""

from collections.abc import Iterable

import numpy as np
import pytest
from mock_stars import GAIA, MATCHED, STARS, make_stars

from catalog.surveys.mock.gaia import gaia_edr3
from catalog.surveys.mock.layouts import GAIA_EDR3


def text(column: np.ndarray) -> list[str]:
    return [value.decode().rstrip(" ") for value in column.tolist()]


def unknown_everywhere(rows: np.ndarray, names: Iterable[str]) -> bool:
    """Every value of the columns is -999, or blank text."""
    return all(
        not any(text(rows[name])) if rows[name].dtype.kind == "S" else np.all(rows[name] == -999) for name in names
    )


def test_a_star_without_a_match_is_unknown_to_gaia() -> None:
    names = list(GAIA_EDR3)
    of_gaia = set(names[names.index("DESIGNATION") : names.index("SIMBAD_MAIN_ID")])
    flags = {"SOURCE_ID", "GAIA_CLEANMATCH", "DUSTCLEAN"}
    unmatched = GAIA[~MATCHED]
    assert all((unmatched[name] == 0).all() for name in flags)
    assert unknown_everywhere(unmatched, of_gaia - flags - {"GOODSTARS"})
    assert unknown_everywhere(unmatched, [name for name in names if name.startswith("PS1_") and name != "PS1_OBJ_ID"])
    assert (GAIA["GOODSTARS"] == 1).all()


def test_every_other_star_has_its_whole_id() -> None:
    assert np.array_equal(GAIA["SOURCE_ID"], STARS["source_id"])
    designations = [f"Gaia EDR3 {source_id}" if source_id else "" for source_id in STARS["source_id"].tolist()]
    assert text(GAIA["DESIGNATION"]) == designations


def test_gaia_measures_with_the_errors_that_it_states() -> None:
    stars = make_stars(3000)
    stars["source_id"] = 1
    rows = gaia_edr3(stars, np.random.default_rng(0))
    for measured, error, truth in (
        (rows["PARALLAX"], rows["PARALLAX_ERROR"], 1000 / stars["distance_pc"]),
        (rows["PMRA"], rows["PMRA_ERROR"], stars["pmra"]),
        (rows["PMDEC"], rows["PMDEC_ERROR"], stars["pmdec"]),
        (rows["PHOT_BP_MEAN_MAG"], 1.0857 / rows["PHOT_BP_MEAN_FLUX_OVER_ERROR"], stars["bp_mag"]),
        (rows["EBV"], rows["EBV_SIGMA_UP"], stars["ebv"]),
    ):
        deviation = (measured - truth) / error
        assert np.std(deviation) == pytest.approx(1, abs=0.06)
        assert np.mean(deviation) == pytest.approx(0, abs=0.06)
    # Sky averages of EDR3: 0.02 to 0.03 mas at G = 15, 0.07 at 17 (Lindegren et al. 2021, A&A 649, A2).
    faint, middle = stars["g_mag"] > 16.9, np.abs(stars["g_mag"] - 15) < 0.1
    assert np.median(rows["PARALLAX_ERROR"][faint]) == pytest.approx(0.075, abs=0.01)
    assert np.median(rows["PARALLAX_ERROR"][middle]) == pytest.approx(0.03, abs=0.005)


def test_the_truth_lies_within_the_distances_as_often_as_it_should() -> None:
    stars = make_stars(3000)
    stars["source_id"] = 1
    rows = gaia_edr3(stars, np.random.default_rng(0))
    for kind in ("GEO", "PHOTOGEO"):
        low, high = (rows[f"R_{end}_{kind}"] for end in ("LO", "HI"))
        within = (low < stars["distance_pc"]) & (stars["distance_pc"] < high)
        assert within.mean() == pytest.approx(0.68, abs=0.03)
        assert ((low < rows[f"R_MED_{kind}"]) & (rows[f"R_MED_{kind}"] < high)).all()
    assert (rows["R_HI_PHOTOGEO"] - rows["R_LO_PHOTOGEO"] <= rows["R_HI_GEO"] - rows["R_LO_GEO"]).mean() > 0.9


def test_fluxes_are_the_magnitudes_in_electrons_per_second() -> None:
    rows = GAIA[MATCHED]
    for band, zero_point in (("G", 25.6873668671), ("BP", 25.3385422158), ("RP", 24.7478955012)):
        magnitude = zero_point - 2.5 * np.log10(rows[f"PHOT_{band}_MEAN_FLUX"])
        assert np.allclose(magnitude, rows[f"PHOT_{band}_MEAN_MAG"], atol=1e-4)
    colour = rows["PHOT_BP_MEAN_MAG"] - rows["PHOT_RP_MEAN_MAG"]
    assert np.allclose(rows["BP_RP"], colour, atol=1e-5)
    excess = (rows["PHOT_BP_MEAN_FLUX"] + rows["PHOT_RP_MEAN_FLUX"]) / rows["PHOT_G_MEAN_FLUX"]
    assert np.allclose(rows["PHOT_BP_RP_EXCESS_FACTOR"], excess, rtol=1e-4)


def test_the_place_in_the_colour_magnitude_diagram_is_true_within_its_errors() -> None:
    rows, stars = GAIA[MATCHED], STARS[MATCHED]
    for name, truth in (("M_G", stars["abs_g"]), ("BPRPC", stars["bp_rp0"])):
        error = np.maximum(rows[f"{name}_ERR_UP"], rows[f"{name}_ERR_DN"])
        assert (np.abs(rows[name] - truth) < 3 * error).mean() > 0.97
        assert (np.abs(rows[name] - truth) < error).mean() > 0.6


def test_the_place_in_the_colour_magnitude_diagram_follows_from_the_measurements_as_from_the_truth() -> None:
    """Casagrande & VandenBerg 2018: A_G = 2.74 E(B-V), E(BP-RP) = 1.339 E(B-V)."""
    rows, stars = GAIA[MATCHED], STARS[MATCHED]
    measured = rows["M_G"] + 5 * np.log10(rows["R_MED_PHOTOGEO"]) + 2.74 * rows["EBV"] - rows["PHOT_G_MEAN_MAG"]
    true = stars["abs_g"] + 5 * np.log10(stars["distance_pc"]) + 2.74 * stars["ebv"] - stars["g_mag"]
    assert np.allclose(measured, true, atol=1e-4)
    measured = rows["BPRPC"] + 1.339 * rows["EBV"] - rows["BP_RP"]
    true = stars["bp_rp0"] + 1.339 * stars["ebv"] - (stars["bp_mag"] - stars["rp_mag"])
    assert np.allclose(measured, true, atol=1e-4)


def test_positions_are_moved_by_the_proper_motion() -> None:
    rows, stars = GAIA[MATCHED], STARS[MATCHED]
    moved = (rows["GAIADEC"] - rows["DEC"]) * 3.6e6 / (2016 - rows["EPOCH"])
    assert np.allclose(moved, stars["pmdec"], atol=1e-3)
    east = (rows["GAIARA"] - rows["RA"]) * np.cos(np.radians(rows["DEC"])) * 3.6e6 / (2016 - rows["EPOCH"])
    assert np.allclose(east, stars["pmra"], atol=1e-2)
    assert (rows["REF_EPOCH"] == 2016).all()


def test_a_position_stays_on_the_circle() -> None:
    star = STARS[:1].copy()
    star["source_id"], star["ra"], star["pmra"] = 1, 359.9999999, 1000
    assert 0 <= gaia_edr3(star, np.random.default_rng(0))["GAIARA"][0] < 0.01


def test_clean_matches_are_those_with_little_contamination() -> None:
    rows = gaia_edr3(make_stars(2000), np.random.default_rng(0))
    matched = rows[rows["SOURCE_ID"] > 0]
    assert np.array_equal(matched["GAIA_CLEANMATCH"] == 1, matched["CONTAMINATION"] < np.float32(0.0084))
    assert matched["GAIA_CLEANMATCH"].mean() == pytest.approx(0.95, abs=0.02)


def test_2mass_sees_what_is_bright_and_not_too_red() -> None:
    colour = STARS["bp_mag"] - STARS["rp_mag"]
    seen = GAIA["J_M"] > -999
    assert 0.3 < seen.mean() < 0.9
    assert not (seen & ((colour > 2.5) | ~MATCHED)).any()
    assert GAIA["K_M"].max() < 14.3 + 0.3
    assert [bool(id_) for id_ in text(GAIA["TMASS_ID"])] == seen.tolist()
    # Colours of stars: J - Ks from that of an A star to that of an M star (Bessell & Brett 1988, PASP 100, 1134).
    assert -0.4 < np.median(GAIA["J_M"][seen] - GAIA["K_M"][seen]) < 1.1


def test_a_2mass_id_is_a_position() -> None:
    star = STARS[:2].copy()
    star["source_id"], star["g_mag"], star["bp_mag"], star["rp_mag"] = 1, 10, 10.4, 9.5
    # Sirius and Vega.
    star["ra"], star["dec"] = [101.287155, 279.234735], [-16.716116, 38.783689]
    assert text(gaia_edr3(star, np.random.default_rng(0))["TMASS_ID"]) == ["06450891-1642580", "18365633+3847012"]


def test_pan_starrs_has_the_matched_stars_that_were_selected_from_it() -> None:
    chosen = (STARS["input_catalog"] == "ps1") & MATCHED
    columns = [name for name in GAIA_EDR3 if name.startswith("PS1_") and name != "PS1_OBJ_ID"]
    assert np.array_equal(GAIA["PS1_OBJ_ID"] > 0, chosen)
    assert (GAIA["PS1_OBJ_ID"][~chosen] == 0).all()
    assert unknown_everywhere(GAIA[~chosen], columns)
    rows = GAIA[chosen]
    assert np.allclose(-2.5 * np.log10(rows["PS1_MEAN"][:, :4]), rows["PSFMAG"][:, 1:], atol=1e-3)
    assert (rows["PS1_Q25"] < rows["PS1_MEDIAN"]).all()
    assert (rows["PS1_MEDIAN"] < rows["PS1_Q75"]).all()


def test_simbad_knows_three_in_ten_ordinary_stars_and_no_odd_one() -> None:
    stars = make_stars(3000)
    rows = gaia_edr3(stars, np.random.default_rng(0))
    named = np.array([bool(name) for name in text(rows["SIMBAD_MAIN_ID"])])
    ordinary = stars["kind"] == ""
    assert named[ordinary].mean() == pytest.approx(0.3, abs=0.03)
    assert not named[~ordinary].any()
    assert {*text(rows["SP_TYPE"][named])} == {"GV"}
    assert unknown_everywhere(rows[~ordinary], ["OTYPE_S", "SP_TYPE", "SP_QUAL"])
