"""Units: which texts are some, and how a file format spells them."""

import warnings

from astropy import units as u

WITHOUT = {"dex": ("vounit", "fits"), "%": ("fits",)}
"""Units that a standard does not have; they go into the description."""


def unit_and_description(unit: str | None, description: str | None) -> tuple[str | None, str | None]:
    """What the comment of a column says, in two parts; brackets that hold no unit stay in the description.

    The database only looks for brackets at the end of a comment, since telling a unit from a remark takes astropy.

    >>> unit_and_description("km/s", "Radial velocity"), unit_and_description("see the paper", "Class of the star")
    (('km/s', 'Radial velocity'), (None, 'Class of the star [see the paper]'))
    """
    if unit is None or _parsed(unit) is not None:
        return unit, description
    return None, with_brackets(description, unit)


def with_brackets(description: str | None, unit: str) -> str:
    """A description with what cannot stand as a unit in brackets behind it, as comments have it."""
    return f"{description or ''} [{unit}]".lstrip()


def unit_in(unit: str | None, format_: str) -> str | None:
    """A unit as `vounit` or `fits` spells it; None where there is none, or the format does not have it.

    >>> unit_in("1e-17 erg / (s cm2 Angstrom)", "fits"), unit_in("dex", "fits"), unit_in(None, "vounit")
    ('10**-17 erg Angstrom-1 s-1 cm-2', None, None)
    """
    if unit is None or format_ in WITHOUT.get(unit, ()):
        return None
    parsed = _parsed(unit)
    if parsed is None:
        return None
    with warnings.catch_warnings():
        # VOUnit would rather have 0.1nm than Angstrom, which every program reads.
        warnings.simplefilter("ignore", u.UnitsWarning)
        try:
            text: str = parsed.to_string(format_)
        except (ValueError, TypeError):
            return None
    return text


def _parsed(text: str) -> u.UnitBase | None:
    with warnings.catch_warnings():
        # Of spellings that are out of use.
        warnings.simplefilter("ignore", u.UnitsWarning)
        try:
            return u.Unit(text, parse_strict="raise")
        except (ValueError, TypeError, ArithmeticError):
            return None
