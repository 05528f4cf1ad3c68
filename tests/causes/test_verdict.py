"""The rules, and the facts that they tell."""

import numpy as np
import pytest
from files import WAVELENGTH
from planted_spectra import planted, star

from catalog.causes.facts import N_FACT, SENTENCES
from catalog.causes.noise import noise
from catalog.causes.rules import RULES
from catalog.causes.signs import signs
from catalog.causes.verdict import CAUSES, Verdict, judge, quantities, shown_windows
from catalog.causes.where import where

CAUSE_OF = {
    "artifact-9500": "instrument", "sky-residual": "instrument", "arm-step": "instrument", "cosmic-rays": "instrument",
    "fringing": "instrument", "wrong-velocity": "instrument", "ch-star": "carbon", "cn-star": "carbon",
    "dwarf-carbon": "carbon", "emission-line": "emission",
}  # fmt: skip


def verdict_on(flux: np.ndarray, ivar: np.ndarray, reconstruction: np.ndarray) -> Verdict:
    place = where(WAVELENGTH, flux, reconstruction[None])
    against = noise(flux, reconstruction, ivar, np.zeros(len(flux), int), place.interval)
    return judge(quantities(place, against, signs(WAVELENGTH, flux, reconstruction), WAVELENGTH), place.share)


@pytest.mark.parametrize("kind", CAUSE_OF)
def test_a_planted_oddity_is_named(kind: str) -> None:
    verdict = verdict_on(*planted(kind, slope=-1))
    assert verdict.cause == CAUSE_OF[kind]
    assert verdict.confidence is not None
    assert verdict.confidence > 0.9


@pytest.mark.parametrize("kind", [*CAUSE_OF, "wrong-extinction", "double-lined"])
def test_three_facts_with_numbers_lead_to_every_verdict(kind: str) -> None:
    verdict = verdict_on(*planted(kind))
    assert len(verdict.evidence) >= N_FACT
    assert verdict.evidence[0].startswith("half of the error lies between ")
    assert all(any(letter.isdigit() for letter in fact) for fact in verdict.evidence)


@pytest.mark.parametrize("unknown", [False, True])
def test_noise_is_noise_with_and_without_ivar(unknown: bool) -> None:
    clean, noisy = star()
    ivar = np.full(len(clean), np.nan) if unknown else np.square(100 / clean)
    assert verdict_on(noisy, ivar, clean).cause == "noise"


def test_what_no_rule_knows_is_unknown() -> None:
    verdict = judge({"interval_lo": 4000.0}, {})
    assert (verdict.cause, verdict.rule, verdict.confidence) == ("unknown", None, None)


def test_a_condition_on_something_unknown_does_not_hold() -> None:
    for rule in RULES:
        assert not all(condition({}) for condition in rule.conditions)
        assert not all(condition(dict.fromkeys(SENTENCES)) for condition in rule.conditions)


def test_every_rule_has_a_cause_a_reason_and_a_name_of_its_own() -> None:
    assert {rule.cause for rule in RULES} | {"unknown"} == set(CAUSES)
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.reason for rule in RULES)


def test_of_windows_at_one_place_those_of_the_cause_are_named() -> None:
    share = {"C2 5636": 0.2, "TiO 5448": 0.3, "telluric H2O 9500": 0.1}
    assert shown_windows(share, "carbon") == ["C2 5636"]
    assert shown_windows(share, "extreme") == ["TiO 5448"]
    assert shown_windows(share, "unknown") == ["TiO 5448", "C2 5636", "telluric H2O 9500"]


def test_a_fact_about_the_windows_of_a_cause_does_not_speak_of_all_windows() -> None:
    share = {"C2 5636": 0.2, "red end": 0.5}
    carbon = judge({"c2": 0.9, "c2_significance": 9.0, "tio_head": 0.0}, share)
    assert carbon.cause == "carbon"
    assert "windows with most of the error, of those for carbon: C2 5636 (20 %)" in carbon.evidence
    assert "windows with most of the error: red end (50 %), C2 5636 (20 %)" in judge({}, share).evidence
