"""FITS files of binary tables, byte for byte as MWRFITS 1.11 writes them, which wrote MaStar's.

Its rules are those of mwrfits.pro in the IDL Astronomy User's Library, https://idlastro.gsfc.nasa.gov. Rows are
written as they come and never held, and are compressed on the thread that calls: zlib lets other threads run.
"""

import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

Layout = Mapping[str, str]
"""TFORM of each column, by its name, in the order of the file."""

WriteRows = Callable[[np.ndarray], None]

BLOCK = 2880
_TYPES = {"I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}


def row_dtype(layout: Layout) -> np.dtype:
    """One row as the file holds it: packed and big-endian, text of type S.

    Raises ValueError for a TFORM other than text (`22A`), a number (`E`) or a vector (`5E`); MWRFITS writes no `1E`.

    Examples
    --------
    >>> row_dtype({"MANGAID": "22A", "PLATE": "J", "PSFMAG": "5E"}).itemsize
    46
    """
    return np.dtype([(name, *_field(name, tform)) for name, tform in layout.items()])


def _field(name: str, tform: str) -> tuple[str] | tuple[str, int]:
    found = re.fullmatch(r"([2-9]|[1-9]\d+)?([AIJKED])", tform)
    if not found:
        raise ValueError(f"column {name}: {tform!r} is not a TFORM of text, a number or a vector as MWRFITS writes it")
    count, code = found.groups()
    if code == "A":
        return (f"S{count or 1}",)
    return (_TYPES[code], int(count)) if count else (_TYPES[code],)


def table_rows(layout: Layout, n_row: int, columns: Mapping[str, ArrayLike]) -> np.ndarray:
    """(n_row,) of `row_dtype(layout)`, text padded with blanks.

    Parameters
    ----------
    layout : Layout
        Of the table.
    n_row : int
        Of the table.
    columns : mapping of array_like
        One value per row, or one for all rows, for every column of the layout.

    Raises
    ------
    ValueError
        If a column is missing or unknown, or if text is not ASCII, a value does not fit its width or its count.
    TypeError
        If numbers would change their kind, such as a fraction in a column of integers.
    """
    if columns.keys() != layout.keys():
        raise ValueError(f"not the columns of the layout: {', '.join(sorted(columns.keys() ^ layout.keys()))}")
    rows = np.empty(n_row, row_dtype(layout))
    for name, given in columns.items():
        field, values = rows[name], np.asarray(given)
        if field.dtype.kind == "S":
            values = _padded(name, values, field.dtype.itemsize)
        if values.shape not in ((), field.shape, field.shape[1:]):
            raise ValueError(f"column {name} is of shape {values.shape}, its rows need {field.shape}")
        np.copyto(field, values, casting="same_kind")
    return rows


def _padded(name: str, values: np.ndarray, width: int) -> np.ndarray:
    text = np.strings.encode(values, "ascii")
    if np.any(np.strings.str_len(text) > width):
        raise ValueError(f"column {name} holds text longer than its {width} characters")
    # numpy's ljust fails on no text at all.
    return np.strings.ljust(text, width) if text.size else text


def primary_header(marker: Mapping[str, int | str]) -> bytes:
    """The 2,880 bytes of MWRFITS's dummy primary header, with the cards of `marker` before END.

    The marker is ours: it keeps anybody from taking a mock for the real file, and moves no byte behind the header.
    Raises ValueError if it has more cards than that leaves room for, or one that is too long.
    """
    cards = [
        _card("SIMPLE", True, "Dummy Created by MWRFITS v1.11"),
        _card("BITPIX", 8, "Dummy primary header created by MWRFITS"),
        _card("NAXIS", 0, "No data is associated with this header"),
        _card("EXTEND", True, "Extensions may (will!) be present"),
        *(_card(keyword, value) for keyword, value in marker.items()),
    ]
    header = _header(cards)
    if len(header) > BLOCK:
        raise ValueError(f"{len(marker)} cards of a marker do not fit into a primary header of {BLOCK} bytes")
    return header


def table_header(layout: Layout, n_row: int, extname: str | None = None) -> bytes:
    """The header of a binary table, in ASCII, padded with blanks to a multiple of 2,880 bytes.

    Raises ValueError as `row_dtype`, and for a name that is too long for a card.
    """
    cards = [
        _card("XTENSION", "BINTABLE", "Binary table written by MWRFITS v1.11"),
        _card("BITPIX", 8, "Required value"),
        _card("NAXIS", 2, "Required value"),
        _card("NAXIS1", row_dtype(layout).itemsize, "Number of bytes per row"),
        _card("NAXIS2", n_row, "Number of rows"),
        _card("PCOUNT", 0, "Normally 0 (no varying arrays)"),
        _card("GCOUNT", 1, "Required value"),
        _card("TFIELDS", len(layout), "Number of columns in table"),
        *_heading("End of mandatory fields"),
    ]
    # MWRFITS puts its own keywords around those that it is given, and EXTNAME is such a one.
    if extname is not None:
        cards.append(_card("EXTNAME", extname))
    cards += _heading("Column names")
    cards += [_card(f"TTYPE{index}", name) for index, name in enumerate(layout, 1)]
    cards += _heading("Column formats")
    cards += [_card(f"TFORM{index}", tform) for index, tform in enumerate(layout.values(), 1)]
    return _header(cards)


def _card(keyword: str, value: str | int, comment: str = "") -> str:
    if isinstance(value, str):
        field = f"'{value:<8}'".ljust(20)
    else:
        # bool is a kind of int.
        field = f"{'FT'[value] if isinstance(value, bool) else value:>20}"
    card = f"{keyword:<8}= {field} /{comment}"
    if len(keyword) > 8 or len(card) > 80:
        raise ValueError(f"no card of 80 characters holds {keyword} = {value!r}")
    return card


def _heading(text: str) -> list[str]:
    return ["COMMENT", f"COMMENT  *** {text} ***", "COMMENT"]


def _header(cards: list[str]) -> bytes:
    header = "".join(f"{card:<80}" for card in [*cards, "END"]).encode("ascii")
    return header + b" " * (-len(header) % BLOCK)


class MwrfitsFile:
    """A file that is being written, behind its primary header."""

    def __init__(self, write: Callable[[bytes | memoryview], object]) -> None:
        self._write = write

    @contextmanager
    def table(self, layout: Layout, n_row: int, extname: str | None = None) -> Iterator[WriteRows]:
        """The next table; yields what writes a block of its rows, an array (n,) of `row_dtype(layout)`.

        A block is written without a copy if it is contiguous. One table at a time.

        Raises
        ------
        ValueError
            If a block is of another type, if there are more rows than `n_row`, or at the end fewer.
        OSError
            If they cannot be written.
        """
        dtype = row_dtype(layout)
        n_written = 0

        def write(rows: np.ndarray) -> None:
            nonlocal n_written
            if rows.dtype != dtype or rows.ndim != 1:
                raise ValueError(f"a block of {rows.dtype} does not fit the layout of the table, {dtype}")
            if n_written + len(rows) > n_row:
                raise ValueError(f"{n_written + len(rows)} rows for a table announced with {n_row}")
            self._write(np.ascontiguousarray(rows).view(np.uint8).data)
            n_written += len(rows)

        self._write(table_header(layout, n_row, extname))
        yield write
        if n_written != n_row:
            raise ValueError(f"{n_written} rows for a table announced with {n_row}")
        self._write(bytes(-n_row * dtype.itemsize % BLOCK))


@contextmanager
def create(path: Path, marker: Mapping[str, int | str]) -> Iterator[MwrfitsFile]:
    """A new file, gzipped if its name ends in `.gz`, with `marker` in its primary header.

    Writes NAME.part, which takes the place of `path` once all is written and on disk, and vanishes if anything fails.
    Equal content gives equal bytes. Raises OSError if it cannot be written, ValueError as `primary_header`.

    Examples
    --------
    ::

        with create(path, {"MOCKSTAR": 600}) as file, file.table(layout, n_row) as write:
            write(rows)
    """
    part = path.with_name(path.name + ".part")
    # A gzip file (16, and a window of 2**15) without a name and a time, by which equal files would differ. In noise
    # there is nothing to find but runs of a byte: to look for no more takes half the time and comes out as small.
    packer = zlib.compressobj(1, wbits=16 + 15, memLevel=9, strategy=zlib.Z_RLE) if path.suffix == ".gz" else None
    try:
        with part.open("wb") as file:

            def write(data: bytes | memoryview) -> None:
                file.write(packer.compress(data) if packer else data)

            write(primary_header(marker))
            yield MwrfitsFile(write)
            if packer:
                file.write(packer.flush())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
