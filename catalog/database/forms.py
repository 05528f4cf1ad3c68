"""Answers in the form that other packages take: Arrow, pandas, specutils."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
from astropy.table import QTable

from catalog.database.table import to_table
from catalog.errors import CatalogError
from catalog.spectra.spectrum import is_masked

if TYPE_CHECKING:
    from pandas import DataFrame
    from specutils import Spectrum

TableForm = Literal["table", "arrow", "pandas"]
SpectrumForm = Literal["table", "specutils"]


def table_as(rows: pa.Table, form: TableForm) -> Any:
    """Rows as an astropy Table, as they are, or as a DataFrame. Read-only. Raises CatalogError for another form.

    >>> table_as(pa.table({"source_id": [2**62 + 1, None]}), "arrow")["source_id"].to_pylist()
    [4611686018427387905, None]
    """
    forms = {"table": to_table, "arrow": lambda rows: rows, "pandas": to_pandas}
    return forms[_known(form, forms)](rows)


def spectrum_as(spectrum: QTable, form: SpectrumForm) -> Any:
    """A spectrum as it is, or as a specutils.Spectrum. Read-only. Raises CatalogError for another form."""
    forms = {"table": lambda spectrum: spectrum, "specutils": to_specutils}
    return forms[_known(form, forms)](spectrum)


def to_pandas(rows: pa.Table) -> "DataFrame":
    """An Arrow table as a DataFrame.

    Integers and booleans become pandas' nullable types: its default would make floats of a column of Gaia ids with a
    NULL in it. Read-only. Raises CatalogError if pandas is not installed.
    """
    _require("pandas")
    import pandas as pd

    exact = {
        pa.bool_(): pd.BooleanDtype(),
        pa.int8(): pd.Int8Dtype(),
        pa.int16(): pd.Int16Dtype(),
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.uint8(): pd.UInt8Dtype(),
        pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(),
        pa.uint64(): pd.UInt64Dtype(),
    }
    return rows.to_pandas(types_mapper=exact.get)


def to_specutils(spectrum: QTable) -> "Spectrum":
    """A spectrum of `Catalog.spectrum` as a specutils.Spectrum.

    Flux with its unit, wavelength in vacuum (`meta["wavelength_medium"]`), ivar as InverseVariance; masked is what says
    nothing: mask not 0 or ivar 0. Both are None where the file has neither. Read-only. Raises CatalogError if specutils
    is not installed.
    """
    _require("specutils")
    from astropy.nddata import InverseVariance
    from specutils import Spectrum

    has_ivar, has_mask = ("ivar" in spectrum.colnames), ("mask" in spectrum.colnames)
    return Spectrum(
        flux=spectrum["flux"],
        spectral_axis=spectrum["wavelength"],
        uncertainty=InverseVariance(spectrum["ivar"]) if has_ivar else None,
        mask=is_masked(spectrum) if has_ivar or has_mask else None,
        meta=dict(spectrum.meta) | {"wavelength_medium": "vacuum"},
    )


def _known(form: str, forms: dict[str, Any]) -> str:
    if form not in forms:
        raise CatalogError(f"no form {form}; there are: {', '.join(forms)}")
    return form


def _require(package: str) -> None:
    if find_spec(package) is None:
        raise CatalogError(f"{package} is not installed; run: pip install {package}")
