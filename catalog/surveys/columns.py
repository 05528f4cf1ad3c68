"""Columns of a FITS table in the catalog's types, sentinels as NULL."""

import numpy as np
import pyarrow as pa

from catalog.errors import CatalogError
from catalog.surveys.fits_table import FitsBlock, FitsTable

TEXT, INTEGER, LONG, REAL, DOUBLE, FLAG = (
    pa.string(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.bool_(),
)  # fmt: skip

Columns = dict[str, tuple[str, pa.DataType]]
"""Catalog column: column of the file, type."""


def vectors_of(table: FitsTable, block: FitsBlock, name: str) -> np.ndarray:
    """(n, n_pixel) of a column of vectors. A flux beyond float32 becomes infinite, and is counted as such.

    Raises CatalogError if it holds one number a row, or is a MASK in floating point.
    """
    values = block.numbers(name)
    if values.ndim != 2:
        raise CatalogError(f"{table.path}: {name} holds one number a row; a spectrum needs one per wavelength")
    if name == "MASK" and values.dtype.kind == "f":
        raise CatalogError(f"{table.path}: MASK holds floating-point numbers, its bits are lost")
    if name != "WAVE" and values.dtype == np.float64:
        with np.errstate(over="ignore"):
            return values.astype(np.float32)
    return values


def rows_of(table: FitsTable, block: FitsBlock, columns: Columns) -> pa.Table:
    """The columns that the file has, and `mangaid`. Raises CatalogError as `column_of`, and for a row without an id."""
    arrays = {"mangaid": column_of(table, block, "MANGAID", TEXT)}
    for row, mangaid in enumerate(arrays["mangaid"].to_pylist(), block.first_row + 1):
        if mangaid is None or not (mangaid.isascii() and mangaid.isprintable()):
            what = "is blank" if mangaid is None else f"is not plain text ({mangaid!r})"
            raise CatalogError(f"{table.path}: MANGAID of row {row} {what}; every row needs the id of its star")
    for name, (stored, type_) in columns.items():
        if stored in table.columns:
            arrays[name] = column_of(table, block, stored, type_)
    return pa.table(arrays)


def column_of(table: FitsTable, block: FitsBlock, name: str, type_: pa.DataType) -> pa.Array:
    """One column of a block; blank text, NaN, infinity, TNULL and -999 become NULL, and 0 for a target temperature.

    Raises CatalogError if the column does not hold what belongs there.
    """
    if type_ == TEXT:
        text = block.text(name)
        return pa.array([value or None for value in text], TEXT)
    if type_ == FLAG:
        return pa.array(block.flags(name), FLAG, mask=block.raw(name) <= -999)
    values = block.numbers(name)
    if values.ndim != 1:
        raise CatalogError(f"{table.path}: {name} holds {values.shape[1]} numbers a row where one belongs")
    if type_ == LONG and values.dtype.kind == "f":
        raise CatalogError(f"{table.path}: {name} holds floating-point numbers; ids would lose their last digits")
    # Stars move by more than 999 mas/yr, so there only the sentinel itself is unknown.
    sentinel = np.isin(values, (-999, -9999)) if name in ("PMRA", "PMDEC") else values <= -999
    unknown = ~np.isfinite(values) | sentinel | block.null(name)
    if name == "INPUT_TEFF":
        unknown |= values <= 0
    known = np.where(unknown, 0, values)
    if type_ == INTEGER and values.dtype.kind == "f" and np.any(known != np.trunc(known)):
        row = int((known != np.trunc(known)).argmax())
        raise CatalogError(
            f"{table.path}: {name} of row {block.first_row + row + 1} is {values[row]}, not a whole number"
        )
    if type_ == INTEGER and len(known) and np.abs(known).max() > np.iinfo(np.int32).max:
        row = block.first_row + int(np.abs(known).argmax()) + 1
        raise CatalogError(f"{table.path}: {name} of row {row} is {values[row - block.first_row - 1]}, out of range")
    with np.errstate(over="ignore"):
        stored = known.astype(type_.to_pandas_dtype())
    return pa.array(stored, type_, mask=unknown | ~np.isfinite(stored))
