"""A FITS binary table, its rows written as they come."""

import shutil
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from astropy.io import fits

from catalog.errors import CatalogError
from catalog.export.fields import Field
from catalog.export.spool import Extent, Spool
from catalog.export.units import unit_in, with_brackets
from catalog.export.votable import TYPES, fixed_arrays, numbers

CODES = {"bool": "L", "int16": "I", "int32": "J", "int64": "K", "float32": "E", "float64": "D"}
BLOCK = 2880
MOST_COLUMNS = 999
NULL_BOOL = 255
"""A NULL among booleans, which then are the bytes 0 and 1: FITS has one of its own, but astropy reads it as False."""

LARGEST_P = 2**31 - 1
"""Bytes of a heap that 32-bit descriptors can point into."""


def write_fits(file: IO[bytes], spool: Spool) -> None:
    """Write a FITS file with one binary table: units, UCDs, meaning and provenance in its header.

    Text that is not all printable ASCII is written with Python's escapes, the backslash included, and its column says
    so. A NULL is TNULL among integers, NaN among floats, and empty in text and arrays.

    Raises
    ------
    OSError
        If the file cannot be written.
    CatalogError
        If there are more columns than FITS has room for, or an integer column leaves no number for NULL.
    """
    if len(spool.fields) > MOST_COLUMNS:
        raise CatalogError(f"{len(spool.fields)} columns; FITS has room for {MOST_COLUMNS}, choose some with --sql")
    columns = [_Column(field, spool.extents[field.name]) for field in spool.fields]
    heap_size = sum(column.heap_size for column in columns)
    for column in columns:
        column.point("P" if heap_size <= LARGEST_P else "Q")
    row = np.dtype([(f"f{number}", *column.layout) for number, column in enumerate(columns)])
    file.write(_header(fits.PrimaryHDU().header))
    file.write(_header(_table_header(spool, columns, row.itemsize, heap_size)))
    with tempfile.TemporaryFile(dir=Path(file.name).parent) as heap:
        for block in spool.blocks():
            rows = np.zeros(block.num_rows, row)
            for number, column in enumerate(columns):
                rows[f"f{number}"] = column.values(block.column(column.field.name), heap)
            file.write(rows.tobytes())
        heap.seek(0)
        shutil.copyfileobj(heap, file)
    file.write(b"\0" * (-(row.itemsize * spool.n_row + heap_size) % BLOCK))


class _Column:
    """A column as FITS has it.

    Attributes
    ----------
    field, extent : Field, Extent
        What is known of it and of its values.
    null : int, optional
        The integer that stands for NULL.
    heap_size : int
        Bytes of its arrays of any length, which lie behind the rows.
    format : str
        Its TFORM.
    layout : tuple
        Its type in a row, as NumPy takes it.
    """

    def __init__(self, field: Field, extent: Extent) -> None:
        self.field = field
        self.extent = extent
        self.null = _null(field, extent)
        self.heap_size = 0
        self.layout: tuple[Any, ...] = ()
        if field.kind == "text":
            self._width = max(1, extent.n_byte if extent.plain else extent.n_escaped)
            self.format, self.layout = f"{self._width}A", (f"S{self._width}",)
        elif field.kind == "bool":
            self.format, self.layout = "L" if self.null is None else "B", ("u1",)
        elif field.length is None:
            self.format, self.layout = CODES[field.kind], (TYPES[field.kind][1],)
        elif field.length:
            self.format, self.layout = f"{field.length}{CODES[field.kind]}", (TYPES[field.kind][1], (field.length,))
        else:
            self.heap_size = extent.n_element * np.dtype(TYPES[field.kind][1]).itemsize

    def values(self, column: pa.Array, heap: IO[bytes]) -> np.ndarray:
        """(n,) or (n, length) values as they stand in the rows; what is of any length goes to the heap."""
        field = self.field
        if field.kind == "text":
            texts = pc.fill_null(column, "").to_pylist()
            if not self.extent.plain:
                texts = [escaped(text) for text in texts]
            return np.array(texts, f"S{self._width}")
        if field.kind == "bool":
            marks = b"FT" if self.null is None else bytes([0, 1, self.null])
            return np.frombuffer(marks, np.uint8)[np.asarray(pc.fill_null(column.cast(pa.int8()), 2))]
        if field.length:
            return fixed_arrays(field, column, self.null or 0)
        if field.length is None:
            return numbers(field, column if self.null is None else pc.fill_null(column, self.null))
        lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64)
        data = numbers(field, pc.list_flatten(column))
        starts = heap.tell() + (np.cumsum(lengths) - lengths) * data.dtype.itemsize
        heap.write(data.tobytes())
        return np.stack([lengths, starts], axis=1)

    def point(self, code: str) -> None:
        """Say how wide the descriptors are, P or Q, of a column whose arrays lie in the heap."""
        if self.field.length == 0:
            self.format = f"1{code}{CODES[self.field.kind]}({self.extent.longest})"
            self.layout = (">i4" if code == "P" else ">i8", (2,))


def escaped(text: str) -> str:
    """Text with Python's escapes for what is not printable ASCII, and for the backslash.

    >>> escaped("5 \u00c5")
    '5 \\\\xc5'
    """
    return text.encode("unicode_escape").decode("ascii")


def _null(field: Field, extent: Extent) -> int | None:
    """The integer that stands for NULL, one that no value is; None where none is needed."""
    if not extent.n_null or not (field.kind == "bool" or field.kind.startswith("int")) or field.length == 0:
        return None
    if field.kind == "bool":
        return NULL_BOOL
    limits = np.iinfo(field.kind)
    if extent.least is None or extent.least > limits.min:
        return int(limits.min)
    if extent.most is None or extent.most < limits.max:
        return int(limits.max)
    raise CatalogError(f"column {field.name} has NULL and both ends of {field.kind}, which leaves FITS no TNULL")


def _table_header(spool: Spool, columns: list[_Column], row_size: int, heap_size: int) -> fits.Header:
    header = fits.Header(
        [
            ("XTENSION", "BINTABLE"),
            ("BITPIX", 8),
            ("NAXIS", 2),
            ("NAXIS1", row_size),
            ("NAXIS2", spool.n_row),
            ("PCOUNT", heap_size),
            ("GCOUNT", 1),
            ("TFIELDS", len(columns)),
        ]
    )
    for number, column in enumerate(columns, start=1):
        for key, value in _cards(column).items():
            header[f"{key}{number}"] = value
    header["EXTNAME"] = _printable(spool.about["title"])
    for name, text in spool.about.items():
        header[name[:8].upper()] = _printable(text)
    return header


def _cards(column: _Column) -> dict[str, str | int]:
    field, extent = column.field, column.extent
    unit = unit_in(field.unit, "fits")
    described = field.description or ""
    if field.unit and unit is None:
        described = with_brackets(described, field.unit)
    if field.kind == "text" and not extent.plain:
        described = f"{described} (with Python's escapes)".lstrip()
    cards = {
        "TTYPE": _printable(field.name),
        "TFORM": column.format,
        "TUNIT": unit,
        "TNULL": column.null,
        "TUCD": field.ucd,  # as TOPCAT writes and reads it, and the next
        "TCOMM": _printable(described) or None,
    }
    return {key: value for key, value in cards.items() if value is not None}


def _printable(text: str) -> str:
    return text if all(" " <= character <= "~" for character in text) else escaped(text)


def _header(header: fits.Header) -> bytes:
    text: str = header.tostring()
    return text.encode("ascii")
