"""The rules from the measured quantities to a cause.

They are tried in this order, and the first whose conditions all hold names the cause. A quantity that is unknown (no
ivar, a window too narrow, no photometry) fulfils no condition.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import gt, lt

Quantities = Mapping[str, float | None]
"""By name: those of `where`, `noise` and `signs`, and of the star's place among others."""


@dataclass(frozen=True)
class Condition:
    """A quantity that lies above or below a threshold.

    Attributes
    ----------
    quantity : str
        Its name.
    holds : callable
        Whether a value does so, of value and threshold.
    threshold : float
    """

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

    Attributes
    ----------
    cause : str
        One of `CAUSES`.
    name : str
    conditions : tuple of Condition
        All must hold.
    reason : str
        Why it is a rule.
    confidence : float, optional
        Of the oddities that were planted to choose the thresholds, and of ordinary spectra among them, the share of
        which the rule was right; None: nothing planted is of this kind.
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
