"""The verdict: from the measured quantities to a cause, by `rules` that a reader can follow, with the `facts`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from catalog.causes.facts import GENERAL, RARITY, facts
from catalog.causes.noise import Noise
from catalog.causes.rules import RULES, Quantities
from catalog.causes.signs import Signs
from catalog.causes.where import Where
from catalog.causes.windows import FAMILY

CAUSES = {
    "instrument": "instrument or reduction",
    "noise": "noise",
    "carbon": "carbon star",
    "peculiar": "chemically peculiar, other than carbon",
    "emission": "emission lines",
    "extreme": "the extreme of a sequence, or a rare kind of star",
    "composite": "two stars in one spectrum",
    "unknown": "none of the rules holds",
}

FAMILIES = {
    "instrument": ("telluric", "arms", "end"),
    "carbon": ("CH", "C2", "CN"),
    "peculiar": ("Ap", "Ca II", "CH"),
    "emission": ("Balmer", "Paschen", "He"),
    "extreme": ("TiO", "VO", "CaH", "Balmer", "end"),
    "composite": ("Balmer", "Ca II", "TiO", "end"),
}
"""Families of windows that a cause shows itself in; of windows at one place, the facts name those of the cause."""

N_WINDOW = 3
"""Windows that the facts name."""


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a spectrum, or right and rare.

    Attributes
    ----------
    cause : str
        One of `CAUSES`.
    rule : str, optional
        Name of the rule; None if none holds.
    confidence : float, optional
        That of the rule; None if none holds, or if it is unknown.
    evidence : tuple of str
        At least three facts with numbers, the interval that holds half of the error first.
    """

    cause: str
    rule: str | None
    confidence: float | None
    evidence: tuple[str, ...]


def judge(quantities: Quantities, share: Mapping[str, float]) -> Verdict:
    """The verdict on one spectrum.

    Parameters
    ----------
    quantities : Quantities
        As the function `quantities` gives them.
    share : mapping
        Name of window to its share of the error.
    """
    for rule in RULES:
        if all(condition(quantities) for condition in rule.conditions):
            told = tuple(condition.quantity for condition in rule.conditions)
            told += RARITY if rule.cause == "extreme" else ()
            evidence = facts(quantities, _windows(share, rule.cause), told)
            return Verdict(rule.cause, rule.name, rule.confidence, evidence)
    return Verdict("unknown", None, None, facts(quantities, _windows(share, "unknown"), (*RARITY, *GENERAL)))


def shown_windows(share: Mapping[str, float], cause: str) -> list[str]:
    """Names of the windows in which a cause shows itself, those with most of the error first."""
    families = FAMILIES.get(cause)
    names = [name for name in share if families is None or FAMILY[name] in families]
    return sorted(names, key=lambda name: -share[name])


def _windows(share: Mapping[str, float], cause: str) -> str:
    # Others may hold more, such as an end of the window in a carbon star.
    among = f", of those for {cause}: " if cause in FAMILIES else ": "
    return among + ", ".join(f"{name} ({share[name]:.0%})" for name in shown_windows(share, cause)[:N_WINDOW])


def quantities(where: Where, noise: Noise, signs: Signs, wavelength: np.ndarray) -> dict[str, float | None]:
    """By name, what the rules are about.

    Parameters
    ----------
    where : Where
    noise : Noise
    signs : Signs
    wavelength : ndarray, (n_pixel,)
        Vacuum Angstrom.
    """
    found: dict[str, Any] = asdict(where) | asdict(noise) | asdict(signs)
    found["interval_excess"] = where.excess
    for name in ("interval", "share", "bump_interval", "excess"):
        del found[name]
    found["abs_shift"] = abs(signs.shift)
    found["abs_step"] = None if signs.step is None else abs(signs.step)
    found["c2_significance"] = _quotient(signs.c2, signs.c2_noise)
    found["balmer_significance"] = _quotient(signs.balmer, signs.balmer_noise)
    found["step_significance"] = _quotient(found["abs_step"], signs.step_noise)
    known = [value for value in (signs.ch, signs.cn) if value is not None]
    found["carbon_bands"] = max(known) if known else None
    bump = noise.bump_interval
    found["bump_lo"] = None if bump is None else float(wavelength[bump.start])
    found["bump_hi"] = None if bump is None else float(wavelength[bump.stop - 1])
    return found


def _quotient(value: float | None, error: float | None) -> float | None:
    return None if value is None or not error else value / error
