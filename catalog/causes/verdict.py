"""The verdict: rules that a reader can follow, from the measured quantities to a cause, and the facts that led to it.

The rules are tried in this order, and the first whose conditions all hold names the cause. A quantity that is unknown
(no ivar, a window too narrow, no photometry) fulfils no condition.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from operator import gt, lt
from typing import Any

import numpy as np

from catalog.causes.noise import Noise
from catalog.causes.signs import Signs
from catalog.causes.where import Where
from catalog.causes.windows import FAMILY

Quantities = Mapping[str, float | None]
"""By name: those of `where`, `noise` and `signs`, and of the star's place among others."""

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

N_FACT = 3
"""At least."""


@dataclass(frozen=True)
class Condition:
    """A quantity that lies above or below a threshold."""

    quantity: str
    holds: Callable[[float, float], bool]
    threshold: float

    def __call__(self, quantities: Quantities) -> bool:
        value = quantities.get(self.quantity)
        return value is not None and self.holds(value, self.threshold)

    def __str__(self) -> str:
        return f"{self.quantity} {'>' if self.holds is gt else '<'} {self.threshold:g}"


@dataclass(frozen=True)
class Rule:
    """Conditions that together name a cause.

    name : of the rule; reason : why it is one
    confidence : of the oddities that were planted to choose the thresholds, and of ordinary spectra among them, the
        share of which the rule was right; None: nothing planted is of this kind
    """

    cause: str
    name: str
    conditions: tuple[Condition, ...]
    reason: str
    confidence: float | None


def above(quantity: str, threshold: float) -> Condition:
    """The condition that a quantity is above a threshold."""
    return Condition(quantity, gt, threshold)


def below(quantity: str, threshold: float) -> Condition:
    """The condition that a quantity is below a threshold."""
    return Condition(quantity, lt, threshold)


RULES = (
    Rule("instrument", "fringes", (above("fringe_share", 0.5),),
         "no star varies as one sine in wavenumber; a thinned CCD does", 0.99),
    Rule("instrument", "sky lines", (above("sky_contrast", 2.2), above("sky_share", 0.03)),
         "the error is largest where the night sky has lines, of whatever star", 0.96),
    Rule("instrument", "velocity", (above("abs_shift", 40), above("shift_share", 0.12)),
         "all lines shifted alike: the velocity by which the spectrum was brought to rest is wrong", 0.99),
    Rule("carbon", "C2 with CH or CN", (above("c2", 0.08), above("c2_significance", 5), above("carbon_bands", 0.04),
                                        below("tio_head", 0.4)),
         "light is missing blueward of the heads of C2, where TiO takes it redward; CH or CN goes with it", 0.99),
    Rule("carbon", "C2 alone", (above("c2", 0.3), above("c2_significance", 3), below("tio_head", 0.4)),
         "heads of C2 so deep that nothing else need go with them, as in white dwarfs of type DQ", None),
    Rule("instrument", "raised uncertainty", (above("bump", 1.3), above("bump_excess", 0.1),
                                              above("bump_share", 0.02)),
         "too bright where the uncertainty is raised though no light is missing (section 4.1 of the paper)", 0.99),
    Rule("emission", "hydrogen in emission", (above("balmer", 0.1), above("balmer_significance", 5),
                                              above("balmer_own", 0.02), above("hydrogen_share", 0.1)),
         "the Balmer lines are brighter than the light beside them, and the error is there", 0.97),
    Rule("instrument", "spikes", (above("spike_share", 0.1), above("n_spike", 15), above("roughness", 0.03)),
         "one to three bright pixels are narrower than the resolution: cosmic rays, hot pixels", 0.98),
    Rule("extreme", "coolest stars", (above("tio_head", 0.4), below("blue_light", 0.15)),
         "TiO as deep as at the end of a sequence, next to no light below 6000 Å (section 4.3)", 0.99),
    Rule("extreme", "white dwarf", (above("balmer_wings", 0.18), above("blue_light", 0.6), below("ap_lines", 0.12)),
         "wings of the Balmer lines wider than any star of lower gravity has them", None),
    Rule("composite", "hot and cool star", (above("balmer_wings", 0.08), below("blue_light", 0.54),
                                            above("blue_excess", 0.1)),
         "the wings of a hot star's Balmer lines in a spectrum that is red, and too bright in the blue", 0.99),
    Rule("extreme", "hydrogen missing", (above("balmer", 0.2), below("balmer_own", 0.05), below("balmer_wings", 0.025),
                                         above("hydrogen_share", 0.2), above("blue_light", 0.55)),
         "a hot star without the Balmer lines that the models give it: a helium-rich star", None),
    Rule("emission", "lines filled in", (above("balmer", 0.2), above("hydrogen_share", 0.3),
                                         below("half_fraction", 0.02)),
         "the cores of the Balmer lines, and little else, are brighter than the models make them", 0.93),
    Rule("emission", "other emission", (above("interval_excess", 0.5), below("interval_fraction", 0.03),
                                        below("roughness", 0.05)),
         "half of the error in a range as narrow as a line, smooth, and bright: lines of no hydrogen", None),
    Rule("composite", "hot and giant star", (below("balmer", -0.04), below("blue_light", 0.54),
                                             above("hydrogen_share", 0.08)),
         "Balmer lines too deep for a star so red, and the error there", 0.97),
    Rule("peculiar", "lines of Si, Sr and Cr", (above("ap_lines", 0.07), above("blue_light", 0.55)),
         "lines of magnetic stars are deeper than the models make them, in a hot star", 0.97),
    Rule("instrument", "step between the arms", (above("abs_step", 0.06), above("step_significance", 8),
                                                 below("tio_head", 0.2)),
         "a step in flux at 6100 Å, where the arms are joined and no star has one", 0.97),
    Rule("noise", "white", (above("roughness", 0.35),),
         "the residual changes from pixel to pixel, faster than the resolution lets light change", 0.6),
    Rule("noise", "as the noise", (below("chi2", 2),),
         "the residual is no larger than the uncertainty lets expect", None),
    Rule("extreme", "sparse", (below("density_percentile", 5),),
         "few stars lie there in the colour-magnitude diagram, so that the models have seen few like it", None),
)  # fmt: skip


# What a condition's quantity says, with numbers; beside it those that help to read it.
SENTENCES = {
    "fringe_share": "one sine in wavenumber makes {fringe_share:.0%} of the residual redward of 8000 Å",
    "sky_contrast": "at lines of the night sky the error is {sky_contrast:.1f} times that beside them",
    "abs_shift": "its lines lie {shift:+.0f} km/s from where the models have them",
    "shift_share": "this shift explains {shift_share:.0%} of the difference in lines",
    "c2": "the heads of C2 at 4738, 5167 and 5637 Å are {c2:.2f} mag deeper than the models make them",
    "carbon_bands": "of CH and CN, the stronger is {carbon_bands:.2f} mag deeper than the models make it",
    "bump": "the uncertainty is up to {bump:.1f} times that of the neighbourhood from {bump_lo:.0f} to {bump_hi:.0f} Å",
    "bump_excess": "there the flux is {bump_excess:+.2f} mag above what the models make it",
    "balmer": "Balmer lines are brighter than the models make them, by {balmer:.0%} of the light around",
    "half_fraction": "{half_fraction:.1%} of the pixels hold half of the error",
    "balmer_significance": "that is {balmer_significance:.0f} times the scatter around the lines",
    "balmer_own": "beside the light around them, these lines are {balmer_own:+.0%}",
    "hydrogen_share": "{hydrogen_share:.0%} of the error lies at Balmer lines",
    "balmer_wings": "20 to 45 Å from the Balmer lines the light is {balmer_wings:.2f} mag below that further out",
    "bump_share": "{bump_share:.0%} of the error lies there; {masked_fraction:.0%} of the interval is masked",
    "sky_share": "{sky_share:.0%} of the error lies at these lines",
    "spike_share": "spikes of one to three pixels hold {spike_share:.0%} of the error",
    "n_spike": "there are {n_spike:.0f} of them",
    "tio_head": "its heads of TiO are {tio_head:.2f} mag deep",
    "blue_light": "{blue_light:.0%} of its light lies below 6000 Å",
    "blue_excess": "the first tenth of the window is {blue_excess:.2f} mag brighter than the models make it",
    "tio_red": "its heads of TiO redward of 7000 Å are {tio_red:.2f} mag deep",
    "ap_lines": "lines of Si II, Sr II and Cr II are {ap_lines:.2f} mag deeper than the models make them",
    "abs_step": "across 6100 Å, where the arms are joined, the residual steps by {step:+.2f} mag",
    "step_significance": "that is {step_significance:.0f} times its uncertainty",
    "roughness": "the residual's steps from pixel to pixel are {roughness:.2f} of what white noise has",
    "chi2": "chi2 per pixel is {chi2:.2f}",
    "peer_rank": "of its {n_peer:.0f} peers in the colour-magnitude diagram, {ahead:.0f} are odder",
    "isolation_percentile": "{isolation_percentile:.1f}% of the spectra are no more isolated in latent space",
    "density_percentile": "{density_percentile:.1f}% of the spectra lie where the colour-magnitude diagram is as empty",
}

RARITY = ("density_percentile", "peer_rank", "isolation_percentile")
"""Told of what is extreme, and of what no rule knows."""

GENERAL = ("sigma_ratio", "chi2", "half_fraction")
"""Facts that are told where a rule has fewer."""

SENTENCES |= {
    "interval": "half of the error lies between {interval_lo:.0f} and {interval_hi:.0f} Å, {interval_fraction:.1%} of "
    "the window, where the star is {deviation} than the models make it",
    "windows": "windows with most of the error{windows}",
    "sigma_ratio": "the uncertainty there is {sigma_ratio:.1f} times that of the neighbourhood",
}


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a spectrum, or right and rare.

    cause : one of CAUSES; rule : name of the rule, None if none holds
    confidence : as of the rule; None if none holds, or if nobody knows
    evidence : at least three facts with numbers, the interval that holds half of the error first
    """

    cause: str
    rule: str | None
    confidence: float | None
    evidence: tuple[str, ...]


def judge(quantities: Quantities, share: Mapping[str, float]) -> Verdict:
    """The verdict on one spectrum.

    quantities : as `quantities` gives them; share : name of window to its share of the error
    Read-only.
    """
    for rule in RULES:
        if all(condition(quantities) for condition in rule.conditions):
            told = tuple(condition.quantity for condition in rule.conditions)
            told += RARITY if rule.cause == "extreme" else ()
            return Verdict(
                rule.cause, rule.name, rule.confidence, _facts(quantities, _windows(share, rule.cause), told)
            )
    return Verdict("unknown", None, None, _facts(quantities, _windows(share, "unknown"), (*RARITY, *GENERAL)))


def shown_windows(share: Mapping[str, float], cause: str) -> list[str]:
    """Names of the windows in which a cause shows itself, those with most of the error first. Read-only."""
    families = FAMILIES.get(cause)
    names = [name for name in share if families is None or FAMILY[name] in families]
    return sorted(names, key=lambda name: -share[name])


def _windows(share: Mapping[str, float], cause: str) -> str:
    # Others may hold more, such as an end of the window in a carbon star.
    among = f", of those for {cause}: " if cause in FAMILIES else ": "
    return among + ", ".join(f"{name} ({share[name]:.0%})" for name in shown_windows(share, cause)[:N_WINDOW])


def quantities(where: Where, noise: Noise, signs: Signs, wavelength: np.ndarray) -> dict[str, float | None]:
    """By name, what the rules are about.

    wavelength : (n_pixel,) vacuum Angstrom
    Read-only.
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


def _facts(quantities: Quantities, windows: str, told: tuple[str, ...]) -> tuple[str, ...]:
    known: dict[str, Any] = {name: value for name, value in quantities.items() if value is not None} | {
        "windows": windows
    }
    excess = known.get("interval_excess", 0.0)
    known["ahead"] = known.get("peer_rank", 1) - 1
    known["deviation"] = f"{abs(excess):.0%} {'brighter' if excess > 0 else 'fainter'}"
    facts: dict[str, None] = {}
    for name in ("interval", "windows", *told, *GENERAL):
        if name not in SENTENCES or (name in GENERAL and name not in told and len(facts) >= N_FACT):
            continue
        try:
            facts[SENTENCES[name].format_map(known).replace("%", " %")] = None
        except KeyError:  # a number in it is unknown
            continue
    return tuple(facts)


def _quotient(value: float | None, error: float | None) -> float | None:
    return None if value is None or not error else value / error
