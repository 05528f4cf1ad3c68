"""Answers of the database as astropy tables, with units and descriptions."""

from contextlib import suppress

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from astropy import units as u
from astropy.table import MaskedColumn, Table

from catalog.database.meaning import MEANINGS
from catalog.errors import CatalogError

_FILL: dict[str, object] = {
    "b": False,
    "i": 0,
    "u": 0,
    "f": np.nan,
    "O": "",
    "U": "",
    "M": np.datetime64("NaT"),
}


AMBIGUOUS = {key.split(".")[1] for key in MEANINGS if "." in key}
"""Names that mean one thing in one table and another elsewhere: without the table, nothing is said of them."""


def to_table(rows: pa.Table) -> Table:
    """An Arrow table as an astropy table; NULL becomes a masked value, array columns two-dimensional.

    A column whose name the registry knows carries its unit and description. Read-only. Raises CatalogError if two
    columns have one name.

    >>> to_table(pa.table({"ra": [10.0, None]}))["ra"].unit
    Unit("deg")
    """
    repeated = [name for name in rows.column_names if rows.column_names.count(name) > 1]
    if repeated:
        raise CatalogError(f"column {repeated[0]} appears twice in the answer; name one with AS")
    table = Table(masked=False)
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        try:
            values, null = _values(column)
        except (ValueError, OverflowError) as error:
            raise CatalogError(f"column {name} holds times that Python has not; take {name}::VARCHAR") from error
        meaning = None if name in AMBIGUOUS else MEANINGS.get(name)
        made = MaskedColumn(values, name=name, mask=null) if null.any() else values
        table[name] = made
        if meaning is not None:
            table[name].description = meaning.text
            if meaning.unit is not None and values.dtype.kind in "iuf":
                table[name].unit = u.Unit(meaning.unit)
    return table


def of_scores(table: Table, ensemble: sa.Row, dataset: sa.Row) -> Table:
    """The table with the ensemble and the dataset it is of in `meta`; plate and mjd only if spectra are of visits.

    Changes the table.
    """
    for name in ("plate", "mjd", "neighbor_plate", "neighbor_mjd"):
        if name in table.colnames and np.all(np.ma.getmaskarray(table[name])):
            table.remove_column(name)
    table.meta |= {"ensemble": ensemble.name, "dataset": dataset.name}
    return table


def _values(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Values with something harmless where they are NULL, and where that is."""
    null = np.asarray(column.is_null())
    type_ = column.type
    if pa.types.is_fixed_size_list(type_) and not null.any():
        flat = np.concatenate([chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks] or [[]])
        return flat.reshape(len(column), type_.list_size), np.zeros((len(column), type_.list_size), bool)
    if pa.types.is_decimal(type_):
        # DuckDB sums integers to HUGEINT, which arrives as a decimal without digits behind the point; one that is
        # too large for 64 bits, or has more digits than a float, stays a Decimal, exact.
        with suppress(pa.ArrowInvalid):
            number = column.cast(pa.int64() if type_.scale == 0 else pa.float64())
            if number.cast(type_).equals(column):
                column = number
        type_ = column.type
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_boolean(type_):
        filled = column.fill_null(_FILL[np.dtype(type_.to_pandas_dtype()).kind])
        return np.asarray(filled), null
    values = column.to_pylist()
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return np.array(["" if value is None else value for value in values], dtype=str), null
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects, null
