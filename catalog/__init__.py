"""A database of stellar spectra and of how anomalous each one is.

>>> from catalog import Catalog
>>> Catalog.__name__
'Catalog'
"""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.facade import Catalog

__all__ = ["Catalog", "__version__"]

__version__ = version("stellar-anomaly-catalog")


def __getattr__(name: str) -> Any:
    # The command line lives in `catalog.cli`, so `catalog --help` imports this module first;
    # loading astropy, Arrow and SQLAlchemy here would cost it a second.
    if name == "Catalog":
        from catalog.facade import Catalog

        return Catalog
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
