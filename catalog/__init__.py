"""A database of stellar spectra and of how anomalous each one is.

>>> from catalog import Catalog
>>> Catalog.__name__
'Catalog'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from catalog.provenance import __version__

if TYPE_CHECKING:
    from catalog.anomaly.neighbors import ROLES
    from catalog.anomaly.outliers import BY
    from catalog.autoencoder.recipe import ACTIVATIONS, Recipe
    from catalog.autoencoder.recipes import PAPER, RECIPES, find_recipe, to_toml
    from catalog.autoencoder.training import EpochLosses
    from catalog.causes.rules import RULES
    from catalog.crossmatch.listed import Attached
    from catalog.database.listing import about_of, listing, plain_values, require_distinct, unit_of
    from catalog.database.question import TIMEOUT, parameter
    from catalog.database.removal import Dependents, Kind
    from catalog.database.revision import REVISION
    from catalog.ensembles.planning import Member, Plan
    from catalog.errors import CatalogError
    from catalog.evaluation.injection import N_HOST, STRENGTHS, Injection
    from catalog.evaluation.methods import AUTOENCODER
    from catalog.evaluation.truth import TruthFile
    from catalog.export.export import FORMATS
    from catalog.facade import Catalog
    from catalog.files.small_table import read_small_table
    from catalog.ingest.loader import Ingested
    from catalog.progress import Progress, silent
    from catalog.surveys.download.download import BASE_URL, PAPER_FILES, Downloaded, Stock, download, stock_of
    from catalog.surveys.download.products import PRODUCTS
    from catalog.surveys.mock.survey import TRUTH, MockSurvey, recorded_survey, write_mock
    from catalog.version import code_version

_PUBLIC = {
    "catalog.anomaly.neighbors": ("ROLES",),
    "catalog.anomaly.outliers": ("BY",),
    "catalog.autoencoder.recipe": ("ACTIVATIONS", "Recipe"),
    "catalog.autoencoder.recipes": ("PAPER", "RECIPES", "find_recipe", "to_toml"),
    "catalog.autoencoder.training": ("EpochLosses",),
    "catalog.causes.rules": ("RULES",),
    "catalog.crossmatch.listed": ("Attached",),
    "catalog.database.listing": ("about_of", "listing", "plain_values", "require_distinct", "unit_of"),
    "catalog.database.question": ("TIMEOUT", "parameter"),
    "catalog.database.removal": ("Dependents", "Kind"),
    "catalog.database.revision": ("REVISION",),
    "catalog.ensembles.planning": ("Member", "Plan"),
    "catalog.errors": ("CatalogError",),
    "catalog.evaluation.injection": ("N_HOST", "STRENGTHS", "Injection"),
    "catalog.evaluation.methods": ("AUTOENCODER",),
    "catalog.evaluation.truth": ("TruthFile",),
    "catalog.export.export": ("FORMATS",),
    "catalog.facade": ("Catalog",),
    "catalog.files.small_table": ("read_small_table",),
    "catalog.ingest.loader": ("Ingested",),
    "catalog.progress": ("Progress", "silent"),
    "catalog.surveys.download.download": ("BASE_URL", "PAPER_FILES", "Downloaded", "Stock", "download", "stock_of"),
    "catalog.surveys.download.products": ("PRODUCTS",),
    "catalog.surveys.mock.survey": ("TRUTH", "MockSurvey", "recorded_survey", "write_mock"),
    "catalog.version": ("code_version",),
}
"""What `from catalog import …` gives, by the module that has it. Each is imported when it is asked for, since the
command line, which lives in `catalog.cli`, imports this module first: `catalog --help` needs none of them."""

_MODULE_OF = {name: module for module, names in _PUBLIC.items() for name in names}

__all__ = ["__version__", *_MODULE_OF]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
