"""VOTable 1.4: a header in XML, and the rows as BINARY2, which has NULL for every type."""

import base64
from collections.abc import Iterator
from typing import IO
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.export.fields import Field
from catalog.export.spool import Spool
from catalog.export.units import unit_in, with_brackets

TYPES = {
    "bool": ("boolean", "u1"),
    "int16": ("short", ">i2"),
    "int32": ("int", ">i4"),
    "int64": ("long", ">i8"),
    "float32": ("float", ">f4"),
    "float64": ("double", ">f8"),
}
"""Kind to the VOTable's datatype, and to numpy's as it stands in the stream."""

SHORT = 256
"""Bytes of text that a reader may well keep for every row."""

LINE = 5700
"""Bytes of the stream in a line; a multiple of three."""

Piece = tuple[np.ndarray, np.ndarray]
"""Lengths in bytes of a part of every row, (n,), and these parts one after the other."""


def write_votable(file: IO[bytes], spool: Spool) -> None:
    """Write a VOTable: units, UCDs, meaning and provenance in the header.

    Text is `char` if all of it is printable ASCII, else `unicodeChar`.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    beginning, end = header(spool).split(NO_DATA)
    file.write(f'{beginning}<DATA><BINARY2><STREAM encoding="base64">\n'.encode())
    rest = b""
    for block in spool.blocks():
        rest += _rows(block, spool)
        whole = len(rest) - len(rest) % LINE
        for start in range(0, whole, LINE):
            file.write(base64.b64encode(rest[start : start + LINE]) + b"\n")
        rest = rest[whole:]
    file.write(base64.b64encode(rest) + f"\n</STREAM></BINARY2></DATA>{end}".encode())


NO_DATA = "<!-- the rows are elsewhere -->"
"""Where the rows would be."""


def header(spool: Spool) -> str:
    """The VOTable without its rows, which would stand where NO_DATA does."""
    about = "\n".join(
        f"  <INFO name={_attribute(name)} value={_attribute(text)}/>" for name, text in spool.about.items()
    )
    fields = "\n".join(_field(field, spool) for field in spool.fields)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
        f' <RESOURCE type="results">\n{about}\n'
        f'  <TABLE name={_attribute(spool.about["title"])} nrows="{spool.n_row}">\n'
        f"   <DESCRIPTION>{_text(spool.about['description'])}</DESCRIPTION>\n"
        f"{fields}\n   {NO_DATA}\n  </TABLE>\n </RESOURCE>\n</VOTABLE>\n"
    )


def _field(field: Field, spool: Spool) -> str:
    attributes = {"name": field.name} | _datatype(field, spool)
    unit = unit_in(field.unit, "vounit")
    attributes |= {
        key: value
        for key, value in {
            "unit": unit,
            "ucd": field.ucd,
            "xtype": "timestamp" if field.time else None,
        }.items()
        if value is not None
    }
    described = field.description or ""
    if field.unit and unit is None:
        described = with_brackets(described, field.unit)
    inside = f"<DESCRIPTION>{_text(described)}</DESCRIPTION>" if described else ""
    return f"   <FIELD {' '.join(f'{key}={_attribute(value)}' for key, value in attributes.items())}>{inside}</FIELD>"


def _datatype(field: Field, spool: Spool) -> dict[str, str]:
    if field.kind in TYPES:
        array = {} if field.length is None else {"arraysize": str(field.length or "*")}
        return {"datatype": TYPES[field.kind][0]} | array
    # astropy makes text of a known limit an array of text, and other text one of objects.
    extent = spool.extents[field.name]
    limit = max(1, extent.n_byte) if extent.n_byte <= SHORT else ""
    return {"datatype": "char" if extent.plain else "unicodeChar", "arraysize": f"{limit}*"}


def _rows(block: pa.RecordBatch, spool: Spool) -> bytes:
    """The rows of a block, each behind its flags for NULL, one bit a field."""
    n = block.num_rows
    columns = [block.column(field.name) for field in spool.fields]
    flags = np.packbits(np.array([np.asarray(column.is_null()) for column in columns]).T, axis=1)
    pieces = [_fixed(flags)]
    for field, column in zip(spool.fields, columns, strict=True):
        pieces.extend(_pieces(field, column, spool))
    starts = np.cumsum([np.zeros(n, int), *(lengths for lengths, _ in pieces)], axis=0)
    sizes = starts[-1].copy()
    starts += np.cumsum(sizes) - sizes
    stream = np.empty(sizes.sum(), np.uint8)
    for (lengths, data), start in zip(pieces, starts, strict=False):
        width = int(lengths[0]) if n else 0
        if (lengths == width).all():
            stream[start[:, None] + np.arange(width)] = data.reshape(n, width)
        else:
            stream[np.repeat(start - (np.cumsum(lengths) - lengths), lengths) + np.arange(len(data))] = data
    return stream.tobytes()


def _pieces(field: Field, column: pa.Array, spool: Spool) -> Iterator[Piece]:
    if field.kind == "text":
        lengths, data, size = _characters(column, plain=spool.extents[field.name].plain)
    elif field.kind == "bool":
        yield _fixed(np.frombuffer(b"FT?", np.uint8)[np.asarray(pc.fill_null(column.cast(pa.int8()), 2))])
        return
    elif field.length is None:
        yield _fixed(numbers(field, column))
        return
    elif field.length:
        yield _fixed(fixed_arrays(field, column))
        return
    else:
        lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(int)
        data = numbers(field, pc.list_flatten(column))
        size = data.dtype.itemsize
    yield _fixed(lengths.astype(">u4"))
    yield lengths * size, data.view(np.uint8)


def _fixed(values: np.ndarray) -> Piece:
    """(n,) or (n, length), the same bytes of every row."""
    n = len(values)
    width = values.nbytes // n if n else 0
    return np.full(n, width), np.ascontiguousarray(values).reshape(-1).view(np.uint8)


def numbers(field: Field, values: pa.Array) -> np.ndarray:
    """(n,) numbers, big-endian; NULL is NaN or 0."""
    nothing = np.nan if field.kind.startswith("float") else 0
    return np.asarray(pc.fill_null(values, pa.scalar(nothing, values.type))).astype(TYPES[field.kind][1])


def fixed_arrays(field: Field, column: pa.Array, nothing: int = 0) -> np.ndarray:
    """(n, length) numbers, big-endian; where the array is NULL, NaN or `nothing`."""
    empty = np.nan if field.kind.startswith("float") else nothing
    rows = np.full((len(column), field.length or 0), empty, TYPES[field.kind][1])
    rows[np.asarray(column.is_valid())] = numbers(field, column.flatten()).reshape(-1, rows.shape[1])
    return rows


def _characters(column: pa.Array, *, plain: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """Lengths in characters, (n,), all text one after the other, and the bytes of a character."""
    filled = pc.fill_null(column, "")
    if plain:
        lengths = np.asarray(pc.binary_length(filled)).astype(int)
        return lengths, np.frombuffer("".join(filled.to_pylist()).encode(), np.uint8), 1
    encoded = [text.encode("utf-16-be") for text in filled.to_pylist()]
    lengths = np.array([len(text) // 2 for text in encoded], int)
    return lengths, np.frombuffer(b"".join(encoded), np.uint8), 2


def _attribute(text: str) -> str:
    return quoteattr(_clean(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _text(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    """Without the characters that XML cannot have."""
    return "".join(c for c in text if c in "\t\n\r" or " " <= c < "\ufffe" or c > "\uffff")
