"""The facts that led to a verdict, as sentences."""

from typing import Any

from catalog.causes.rules import Quantities

N_FACT = 3
"""Facts of a verdict, at least."""

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
    "interval": "half of the error lies between {interval_lo:.0f} and {interval_hi:.0f} Å, {interval_fraction:.1%} of "
    "the window, where the star is {deviation} than the models make it",
    "windows": "windows with most of the error{windows}",
    "sigma_ratio": "the uncertainty there is {sigma_ratio:.1f} times that of the neighbourhood",
}
"""What the quantity of a condition says, with numbers; beside it those that help to read it."""

RARITY = ("density_percentile", "peer_rank", "isolation_percentile")
"""Told of what is extreme, and of what no rule knows."""

GENERAL = ("sigma_ratio", "chi2", "half_fraction")
"""Facts that are told where a rule has fewer."""


def facts(quantities: Quantities, windows: str, told: tuple[str, ...]) -> tuple[str, ...]:
    """Facts about a spectrum, with numbers: where half of the error lies, the windows, and what is to be told.

    Parameters
    ----------
    quantities : Quantities
    windows : str
        What is said of the windows.
    told : tuple of str
        Quantities to tell; those that are unknown are left out, and general ones put in where there are few facts.
    """
    known: dict[str, Any] = {name: value for name, value in quantities.items() if value is not None}
    known["windows"] = windows
    excess = known.get("interval_excess", 0.0)
    known["ahead"] = known.get("peer_rank", 1) - 1
    known["deviation"] = f"{abs(excess):.0%} {'brighter' if excess > 0 else 'fainter'}"
    found: dict[str, None] = {}
    for name in ("interval", "windows", *told, *GENERAL):
        if name not in SENTENCES or (name in GENERAL and name not in told and len(found) >= N_FACT):
            continue
        try:
            found[SENTENCES[name].format_map(known).replace("%", " %")] = None
        except KeyError:  # a number in it is unknown
            continue
    return tuple(found)
