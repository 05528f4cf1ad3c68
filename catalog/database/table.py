"""Listings in the form that users take them: astropy tables with units, or pandas."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
from astropy import units as u
from astropy.table import MaskedColumn, Table

from catalog.database.listing import OWN_WORDS, about_of, require_distinct, unit_of, without_decimals
from catalog.database.meaning import meaning_of
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from pandas import DataFrame

TableForm = Literal["table", "arrow", "pandas"]

_FILL: dict[str, object] = {
    "b": False,
    "i": 0,
    "u": 0,
    "f": np.nan,
    "O": "",
    "U": "",
    "M": np.datetime64("NaT"),
}


def table_as(rows: pa.Table, form: TableForm) -> Any:
    """Rows as an astropy Table, as they are, or as a DataFrame. Raises CatalogError for another form.

    >>> table_as(pa.table({"source_id": [2**62 + 1, None]}), "arrow")["source_id"].to_pylist()
    [4611686018427387905, None]
    """
    forms = {"table": to_table, "arrow": lambda rows: rows, "pandas": to_pandas}
    if form not in forms:
        raise CatalogError(f"no form {form}; there are: {', '.join(forms)}")
    return forms[form](rows)


def to_table(rows: pa.Table) -> Table:
    """An Arrow table as an astropy table; NULL becomes a masked value, array columns two-dimensional.

    A column whose name the registry knows carries its unit and description; `meta` has what is said of the rows.

    Raises
    ------
    CatalogError
        If two columns have one name, or a column holds times that Python cannot express.

    Examples
    --------
    >>> to_table(pa.table({"ra": [10.0, None]}))["ra"].unit
    Unit("deg")
    """
    require_distinct(rows)
    table = Table(masked=False, meta=about_of(rows))
    for field, column in zip(rows.schema, rows.columns, strict=True):
        name = field.name
        try:
            values, null = _values(column)
        except (ValueError, OverflowError) as error:
            raise CatalogError(f"column {name} holds times that Python cannot express; take {name}::VARCHAR") from error
        table[name] = MaskedColumn(values, name=name, mask=null) if null.any() else values
        meaning = None if OWN_WORDS in (field.metadata or {}) else meaning_of(name)
        unit = unit_of(field)
        if meaning is not None:
            table[name].description = meaning.text
        if unit is not None and values.dtype.kind in "iuf":
            table[name].unit = u.Unit(unit)
    return table


def to_pandas(rows: pa.Table) -> "DataFrame":
    """An Arrow table as a DataFrame; `attrs` has what is said of the rows.

    Integers and booleans become pandas' nullable types: its default would make floats of a column of Gaia ids with a
    NULL in it. Raises CatalogError if pandas is not installed.
    """
    if find_spec("pandas") is None:
        raise CatalogError("pandas is not installed; run: pip install pandas")
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
    frame = rows.to_pandas(types_mapper=exact.get)
    frame.attrs.update(about_of(rows))
    return frame


def _values(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Values with something harmless where they are NULL, and where that is."""
    column = without_decimals(column)
    null, type_ = np.asarray(column.is_null()), column.type
    if pa.types.is_fixed_size_list(type_) and not null.any():
        flat = np.concatenate([chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks] or [[]])
        return flat.reshape(len(column), type_.list_size), np.zeros((len(column), type_.list_size), bool)
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_boolean(type_):
        filled = column.fill_null(_FILL[np.dtype(type_.to_pandas_dtype()).kind])
        return np.asarray(filled), null
    values = column.to_pylist()
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return np.array(["" if value is None else value for value in values], dtype=str), null
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects, null
