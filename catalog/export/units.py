"""Units in the spelling of a file format."""

import warnings

from astropy import units as u

WITHOUT = {"dex": ("vounit", "fits"), "%": ("fits",)}
"""Units that a standard does not have; they go into the description."""


def unit_in(unit: str | None, format_: str) -> str | None:
    """A unit as `vounit` or `fits` spells it; None where there is none, or the format does not have it. Read-only.

    >>> unit_in("1e-17 erg / (s cm2 Angstrom)", "fits"), unit_in("dex", "fits"), unit_in(None, "vounit")
    ('10**-17 erg Angstrom-1 s-1 cm-2', None, None)
    """
    if unit is None or format_ in WITHOUT.get(unit, ()):
        return None
    with warnings.catch_warnings():
        # VOUnit would rather have 0.1nm than Angstrom, which every program reads.
        warnings.simplefilter("ignore", u.UnitsWarning)
        try:
            text: str = u.Unit(unit, parse_strict="raise").to_string(format_)
        except (ValueError, TypeError):
            return None
    return text
