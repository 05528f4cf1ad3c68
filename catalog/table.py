"""Answers of the database as astropy tables, with units and descriptions."""

import numpy as np
import pyarrow as pa
from astropy import units as u
from astropy.table import MaskedColumn, Table

from catalog.database.meaning import MEANINGS

_FILL: dict[str, object] = {
    "b": False,
    "i": 0,
    "u": 0,
    "f": np.nan,
    "O": "",
    "U": "",
    "M": np.datetime64("NaT"),
}


def to_table(rows: pa.Table) -> Table:
    """An Arrow table as an astropy table; NULL becomes a masked value, array columns two-dimensional.

    A column whose name the registry knows carries its unit and description. Read-only.

    >>> to_table(pa.table({"ra": [10.0, None]}))["ra"].unit
    Unit("deg")
    """
    table = Table(masked=False)
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        values, null = _values(column)
        meaning = MEANINGS.get(name)
        made = MaskedColumn(values, name=name, mask=null) if null.any() else values
        table[name] = made
        if meaning is not None:
            table[name].description = meaning.text
            if meaning.unit is not None and values.dtype.kind in "iuf":
                table[name].unit = u.Unit(meaning.unit)
    return table


def _values(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Values with something harmless where they are NULL, and where that is."""
    null = np.asarray(column.is_null())
    type_ = column.type
    if pa.types.is_fixed_size_list(type_) and not null.any():
        flat = np.concatenate([chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks] or [[]])
        return flat.reshape(len(column), type_.list_size), np.zeros((len(column), type_.list_size), bool)
    if pa.types.is_decimal(type_):
        column, type_ = column.cast(pa.float64()), pa.float64()
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_boolean(type_):
        filled = column.fill_null(_FILL[np.dtype(type_.to_pandas_dtype()).kind])
        return np.asarray(filled), null
    values = column.to_pylist()
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return np.array(["" if value is None else value for value in values], dtype=str), null
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects, null
