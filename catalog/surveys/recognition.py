"""Which product of which survey a table or a file is: by its columns or its headers, never by its name."""

from pathlib import Path

from catalog.surveys import boss, lamost, mastar
from catalog.surveys.product import SingleSpectrum, SurveyProduct

PRODUCTS: tuple[SurveyProduct, ...] = mastar.PRODUCTS
"""Tables with a row per star or spectrum, recognised by their columns."""

SINGLE_SPECTRA: tuple[SingleSpectrum, ...] = (boss.SPEC, lamost.LRS)
"""Files of one spectrum each, recognised by their headers."""


def recognise(columns: frozenset[str]) -> SurveyProduct | None:
    """The product that a table with these columns (upper case) is; None: none that is known.

    Examples
    --------
    >>> recognise(frozenset({"MANGAID", "WAVE", "FLUX", "IVAR"})).name
    'combspec'
    """
    return next((product for product in PRODUCTS if product.recognises(columns)), None)


def recognise_single(path: Path) -> SingleSpectrum | None:
    """Which kind of file of one spectrum it is; None: none that is known. Raises CatalogError if it is damaged."""
    return next((single for single in SINGLE_SPECTRA if single.recognises(path)), None)
