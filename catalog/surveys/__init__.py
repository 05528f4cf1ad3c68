"""Reading survey files: one module per survey, each recognising its products by their columns."""

from catalog.surveys import mastar
from catalog.surveys.product import Product

PRODUCTS: tuple[Product, ...] = mastar.PRODUCTS


def recognise(columns: frozenset[str]) -> Product | None:
    """The product that a table with these columns (upper case) is, or None. Read-only.

    >>> recognise(frozenset({"MANGAID", "WAVE", "FLUX", "IVAR"})).name
    'combspec'
    """
    return next((product for product in PRODUCTS if product.recognises(columns)), None)
