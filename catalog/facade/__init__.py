"""The entrance: `Catalog`, and what is reached together through it (labels, regions, templates, lists, ensembles).

Everything below is called from here, and nothing below calls back. Here alone modules are imported late, so that a
question is answered before astropy, scikit-learn or TensorFlow could be loaded.
"""

from catalog.facade.catalog import Catalog

__all__ = ["Catalog"]
