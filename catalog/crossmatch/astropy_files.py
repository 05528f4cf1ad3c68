"""FITS, VOTable and ECSV, which astropy reads: they are held in memory, as they are in the file."""

import re
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
from astropy import units as u
from astropy.io import fits, votable
from astropy.io.votable.tree import TableElement
from astropy.table import Table
from astropy.table.column import BaseColumn
from astropy.table.serialize import represent_mixins_as_columns

from catalog.crossmatch.columns import Contents, InMemory, ListColumn
from catalog.errors import CatalogError

LARGEST_ARRAY = 100_000
"""Values in an array of DuckDB."""

UNREADABLE = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError)


def read_fits(path: Path, _connection: object) -> Contents:
    """The first table of a FITS file. Raises CatalogError if it has none, or cannot be read."""

    def read_table() -> Contents:
        with fits.open(path) as file:
            tables = [hdu for hdu in file if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
            if not tables:
                raise CatalogError(f"{path} has no table; it has {len(file)} parts without columns")
            hdu = tables[0]
            named = repeated(hdu.columns.names)
            if named:
                raise CatalogError(f"{path} has two columns {named}; rename one")
            table = Table.read(hdu)
            said = [hdu.header.get(f"TCOMM{n}") or _remark(hdu.header, n) for n in range(1, len(table.colnames) + 1)]
        remarks = (f"{path.name} has {len(tables)} tables; the first, {hdu.name or 1}, is read",)
        columns = _columns(table, said)
        return _contents(table, columns, None, remarks if len(tables) > 1 else ())

    return _reading(path, "FITS", read_table)


def read_votable(path: Path, _connection: object) -> Contents:
    """The first table of a VOTable. Raises CatalogError if it has none, or cannot be read."""

    def read_table() -> Contents:
        tree = votable.parse(path)
        tables = list(tree.iter_tables())
        if not tables:
            raise CatalogError(f"{path} has no table")
        columns = fields_of(tables[0])
        if named := repeated([column.name for column in columns]):
            raise CatalogError(f"{path} has two columns {named}; rename one")
        if not len(tables[0].array):
            raise CatalogError(f"{path} has no rows")
        table = tables[0].to_table(use_names_over_ids=True)
        epochs = {system.epoch for system in tree.iter_coosys() if system.epoch}
        epoch = re.fullmatch(r"J?(\d{4}(\.\d*)?)", epochs.pop()) if len(epochs) == 1 else None
        remarks = (f"{path.name} has {len(tables)} tables; the first, {tables[0].name or 1}, is read",)
        return _contents(table, columns, epoch and float(epoch[1]), remarks if len(tables) > 1 else ())

    return _reading(path, "VOTable", read_table)


def read_ecsv(path: Path, _connection: object) -> Contents:
    """The table of an ECSV file. Raises CatalogError if it cannot be read."""

    def read_table() -> Contents:
        table = represent_mixins_as_columns(Table.read(path, format="ascii.ecsv"))
        return _contents(table, _columns(table, [None] * len(table.colnames)), None, ())

    return _reading(path, "ECSV", read_table)


def fields_of(table: TableElement) -> list[ListColumn]:
    """What a VOTable says of its columns."""
    return [ListColumn(field.name, _unit(field.unit), field.description) for field in table.fields]


def repeated(names: Sequence[str]) -> str | None:
    """The first name that appears twice; None if none does."""
    return next((name for number, name in enumerate(names) if name in names[:number]), None)


def _reading(path: Path, format_: str, read: Callable[[], Contents]) -> Contents:
    try:
        with warnings.catch_warnings():
            # Of units and dates that are not to the letter of the standard; they are kept as text.
            warnings.simplefilter("ignore")
            return read()
    except (CatalogError, MemoryError):
        raise
    except Exception as error:
        # Readers of three formats raise what they like about a file of another format.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CatalogError(f"{path} cannot be read as {format_}: {reason}") from error


def _columns(table: Table, said: list[str | None]) -> list[ListColumn]:
    return [
        ListColumn(name, _unit(table[name].unit), table[name].description or text)
        for name, text in zip(table.colnames, said, strict=True)
    ]


def _unit(unit: u.UnitBase | None) -> str | None:
    if unit is None:
        return None
    with suppress(ValueError):
        return unit.to_string("vounit") or None
    return str(unit)


def _remark(header: fits.Header, number: int) -> str | None:
    """The comment behind a column's name, which is where VizieR describes it."""
    text = header.comments[f"TTYPE{number}"] if f"TTYPE{number}" in header else ""
    return None if text.startswith("label for field") else text or None


def _contents(table: Table, columns: list[ListColumn], epoch: float | None, remarks: tuple[str, ...]) -> Contents:
    kept, converters, left_out = [], [], []
    for column, name in zip(columns, table.colnames, strict=True):
        values = table[name]
        try:
            whole = _objects(values) if values.dtype.kind == "O" else None
            if whole is None:
                _array(values[:1])
        except UNREADABLE:
            left_out.append(f"column {column.name} is left out: a table of DuckDB does not take its values")
        else:
            kept.append(column)
            converters.append(values if whole is None else whole)

    def rows(first: int, last: int) -> list[pa.Array]:
        return [
            values.slice(first, last - first) if isinstance(values, pa.Array) else _array(values[first:last])
            for values in converters
        ]

    return Contents(kept, InMemory(len(table), rows), epoch, (*remarks, *left_out))


def _array(column: BaseColumn) -> pa.Array:
    """Values as Arrow, arrays as fixed lists; what is masked, NaN or blank is null, save NaN inside arrays."""
    values, mask = np.ma.getdata(column), np.ma.getmaskarray(column)
    shape, size = values.shape[1:], int(np.prod(values.shape[1:]))
    if not 0 < size <= LARGEST_ARRAY:
        raise pa.ArrowInvalid("an array of no or too many values")
    flat, hidden = values.reshape(-1), mask.reshape(-1)
    if flat.dtype.kind in "SU":
        text = np.char.decode(flat, "utf-8", "replace") if flat.dtype.kind == "S" else flat
        text = np.char.strip(text)
        array = pa.array(text.tolist(), pa.string(), mask=hidden | (text == ""))
    else:
        native = flat.astype(_native(flat.dtype), copy=False)
        absent = hidden | np.isnan(native) if native.dtype.kind == "f" else hidden
        array = pa.array(native, mask=absent)
    for length in reversed(shape):
        array = pa.FixedSizeListArray.from_arrays(array, length)
    return array


def _native(dtype: np.dtype) -> np.dtype:
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    return dtype.newbyteorder("=")


def _objects(column: BaseColumn) -> pa.Array:
    """Text, or lists of different lengths, as Arrow; one type for all rows."""
    hidden = np.atleast_1d(np.ma.getmaskarray(column).reshape(len(column), -1).all(axis=1))
    values = [None if gone else _plain(value) for gone, value in zip(hidden, np.ma.getdata(column), strict=True)]
    array = pa.array(values)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return np.ma.asarray(value).tolist()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return (value.strip() or None) if isinstance(value, str) else value
