"""Binary tables of FITS files, streamed in blocks of rows: a `.fits.gz` is never held in memory.

Layout: the FITS standard 4.0, section 7.3, https://fits.gsfc.nasa.gov/fits_standard.html. The headers and the
types of the columns are astropy's; only the reading of rows is our own, since astropy holds a gzipped table whole.
"""

import gzip
import io
import math
import warnings
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits
from isal import igzip, isal_zlib

from catalog.errors import CatalogError
from catalog.prefetch import prefetch

Stream = io.BufferedReader | gzip.GzipFile

_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, AssertionError,
           MemoryError, fits.VerifyError)  # fmt: skip
"""What astropy and numpy raise when the cards of a header contradict each other."""

BLOCK = 2880
SKIP = 1 << 20

LARGEST_HEADER = 2000 * BLOCK
"""Bytes. 73 columns take 16 kB; without its END, all of a file would be taken for its header."""

MOST_COLUMNS = 999
"""The FITS standard's; astropy would make room for as many as the header says."""

LARGEST_ROW = 1 << 20
"""Bytes. A visit takes 128 kB; several hundred rows are held at a time."""

END = b"END".ljust(80)


class NoTableError(CatalogError):
    """A sound FITS file without a binary table."""


class FitsTable:
    """A binary table of a FITS file, at the start of its rows.

    path : the file
    name : EXTNAME, or "" (IDL writes none)
    dtype : one row, in the byte order of the file; `dtype.names` are the columns
    n_row : rows that the header announces
    primary : the header of the file
    """

    def __init__(self, path: Path, stream: Stream, header: fits.Header, primary: fits.Header) -> None:
        self.path = path
        self._stream = stream
        self._reading: Generator[FitsBlock] | None = None
        self.header = header
        self.primary = primary
        self.name = str(header.get("EXTNAME", "")).strip()
        self.n_row = int(header["NAXIS2"])
        if self.n_row < 0:
            raise CatalogError(f"{path}: its header announces {self.n_row} rows; the file is damaged, fetch it again")
        if not 0 <= int(header["TFIELDS"]) <= MOST_COLUMNS or int(header["NAXIS1"]) > LARGEST_ROW:
            raise CatalogError(
                f"{path}: its header announces {header['TFIELDS']} columns in {header['NAXIS1']} bytes a row, beyond "
                f"{MOST_COLUMNS} in {LARGEST_ROW}; the file is damaged, fetch it again"
            )
        columns = fits.BinTableHDU.fromstring(header.tostring().encode("ascii")).columns
        self._scaled = {
            column.name: (_number(column.bscale or 1), _number(column.bzero or 0))
            for column in columns
            if (column.bscale or 1) != 1 or (column.bzero or 0) != 0
        }
        self._null = {column.name: column.null for column in columns if column.null is not None}
        kinds = {column.name: column.format.lstrip("0123456789")[:1] for column in columns}
        self._logical = {name for name, kind in kinds.items() if kind == "L"}
        self._numeric = {name for name, kind in kinds.items() if kind in "BIJKED"}
        self.dtype = np.dtype(columns.dtype).newbyteorder(">")
        self.n_byte_read = 0
        self._read: set[str] = set()
        if self.dtype.itemsize != int(header["NAXIS1"]):
            raise CatalogError(
                f"{path}: its columns are {self.dtype.itemsize} bytes a row, its header says {header['NAXIS1']}; "
                "the file is damaged, fetch it again"
            )

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns, upper case. Read-only."""
        return frozenset(name.upper() for name in self.dtype.names or ())

    @property
    def unread(self) -> frozenset[str]:
        """Columns, upper case, whose values nobody has looked at. Read-only."""
        return self.columns - {name.upper() for name in self._read}

    def width(self, column: str) -> int:
        """Values that a column holds in each row. Read-only."""
        return int(np.prod(self.dtype[self._stored_name(column)].shape))

    def blocks(self, n_row: int) -> Iterator["FitsBlock"]:
        """The rows in order, at most `n_row` at a time; the next are read while the caller works on these.

        Can be read once, and before the next table of the file. Raises CatalogError if the file ends early or is
        corrupt.
        """
        self._reading = prefetch(self._blocks(n_row))
        return self._reading

    def stop(self) -> None:
        """End reading ahead; the rest of the rows stays unread."""
        if self._reading is not None:
            self._reading.close()

    def _blocks(self, n_row: int) -> Iterator["FitsBlock"]:
        for start in range(0, self.n_row, n_row):
            count = min(n_row, self.n_row - start)
            with damage_of(self.path, f"after row {start} of {self.n_row}"):
                data = self._stream.read(count * self.dtype.itemsize)
            self.n_byte_read += len(data)
            if len(data) < count * self.dtype.itemsize:
                complete = start + len(data) // self.dtype.itemsize
                raise CatalogError(f"{self.path} ends after row {complete} of {self.n_row}; fetch it again")
            yield FitsBlock(self, start, np.frombuffer(data, self.dtype))

    def _stored_name(self, column: str) -> str:
        return next(name for name in self.dtype.names or () if name.upper() == column)


class FitsBlock:
    """Consecutive rows of a FitsTable.

    first_row : number of rows before the block
    """

    def __init__(self, table: FitsTable, first_row: int, rows: np.ndarray) -> None:
        self._table = table
        self._rows = rows
        self.first_row = first_row

    def __len__(self) -> int:
        return len(self._rows)

    def raw(self, column: str) -> np.ndarray:
        """The values as the file holds them, in its byte order, without copying. Read-only."""
        name = self._table._stored_name(column)
        self._table._read.add(name)
        return self._rows[name]

    def numbers(self, column: str) -> np.ndarray:
        """The values in native byte order, scaled by TSCAL and TZERO.

        Returns (n,) or (n, width) of the column's type, int64 or float64 where it is scaled. What is null, `null` says.
        Raises CatalogError if the column holds no plain numbers. Read-only.
        """
        name, raw = self._table._stored_name(column), self.raw(column)
        if name not in self._table._numeric:
            raise CatalogError(f"{self._table.path}: column {column} holds no plain numbers; it cannot be read")
        values = raw.astype(raw.dtype.newbyteorder("="))
        if raw.ndim > 1:
            values = values.reshape(len(raw), -1)
        if name in self._table._scaled:
            scale, zero = self._table._scaled[name]
            exact = float(scale).is_integer() and float(zero).is_integer() and raw.dtype.kind in "iu"
            if exact and abs(scale) < 2**31 and abs(zero) < 2**62 and raw.dtype.itemsize < 8:
                return values.astype(np.int64) * int(scale) + int(zero)
            with np.errstate(all="ignore"):
                return values * float(scale) + float(zero)
        return values

    def null(self, column: str) -> np.ndarray | bool:
        """Where an integer column holds its TNULL; False if it has none. Read-only."""
        name = self._table._stored_name(column)
        return self._rows[name] == self._table._null[name] if name in self._table._null else False

    def flags(self, column: str) -> np.ndarray:
        """(n,) bool: a logical column, or a number other than 0.

        Read-only. Raises CatalogError as `numbers`, or if the column holds more or less than one value a row.
        """
        name = self._table._stored_name(column)
        if self._rows[name].ndim > 1:
            raise CatalogError(
                f"{self._table.path}: {column} holds {self._table.width(column)} values a row where one belongs"
            )
        if name in self._table._logical:
            return self.raw(column) == ord("T")
        return self.numbers(column) != 0

    def text(self, column: str) -> list[str]:
        """The values as text without padding. Read-only. Raises CatalogError if the column is no text."""
        raw = self.raw(column)
        if raw.dtype.kind != "S" or raw.ndim > 1:
            raise CatalogError(f"{self._table.path}: column {column} holds numbers where text belongs")
        return [value.decode("ascii", "replace").strip(" \0") for value in raw.tolist()]


@contextmanager
def open_tables(path: Path) -> Iterator[Iterator[FitsTable]]:
    """The binary tables of a `.fits` or `.fits.gz` file in order, whatever its name ends in.

    Each is read before the next is asked for; rows left unread are passed over. Behind the last table the rest of the
    file is read, so that a gzip's checksum is verified. Read-only. Raises CatalogError, also while it goes from table
    to table, if the file is absent, no FITS, damaged, or holds no binary table.
    """
    with open_stream(path) as stream, closing(_tables(path, stream)) as tables:
        yield tables


@contextmanager
def open_table(path: Path) -> Iterator[FitsTable]:
    """The first binary table of a file, to look at: what stands behind it stays unread. Raises as `open_tables`."""
    with open_tables(path) as tables:
        yield next(tables)


def _tables(path: Path, stream: Stream) -> Generator[FitsTable]:
    with headers_of(path):
        if stream.read(6) != b"SIMPLE":
            raise CatalogError(f"{path} is not a FITS file; remove it or give another path")
        stream.seek(0)
        primary = header_in(stream)
    header: fits.Header | None = primary
    n_table = 0
    while header is not None:
        n_byte_read = 0
        with headers_of(path):
            is_table = str(header.get("XTENSION", "")).strip() == "BINTABLE"
        if is_table:
            n_table += 1
            with headers_of(path):
                table = FitsTable(path, stream, header, primary)
            try:
                yield table
            finally:
                table.stop()
            n_byte_read = table.n_byte_read
        header = _next_header(path, stream, header, n_byte_read)
    if not n_table:
        raise NoTableError(f"{path} holds no binary table; remove it or give another path")


def _next_header(path: Path, stream: Stream, header: fits.Header, n_byte_read: int) -> fits.Header | None:
    """The header behind a data unit of which so many bytes were read; None at the end of the file, read to its end."""
    with damage_of(path, "behind its last row"):
        size = _data_size(header)
        _skip(stream, size - n_byte_read)
        # Some writers leave out the padding behind the last data, or put more behind it.
        stream.read(-size % BLOCK)
        if stream.peek(1)[:1] != b"X":
            while stream.read(SKIP):
                pass
            return None
    with headers_of(path):
        return header_in(stream)


def header_in(stream: Stream) -> fits.Header:
    """The next header of a file. Raises ValueError if it has no END where one may be, EOFError if the file ends."""
    blocks: list[bytes] = []
    while not blocks or all(blocks[-1][card : card + 80] != END for card in range(0, BLOCK, 80)):
        if len(blocks) * BLOCK >= LARGEST_HEADER:
            raise ValueError(f"no END in {LARGEST_HEADER} bytes")
        blocks.append(stream.read(BLOCK))
        if len(blocks[-1]) < BLOCK:
            raise EOFError("the file ends inside a header")
    return fits.Header.fromfile(io.BytesIO(b"".join(blocks)))


def _number(value: object) -> int | float:
    """The value of TSCAL or TZERO; raises ValueError if it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"a column is scaled by {value!r}")
    return value


@contextmanager
def open_stream(path: Path) -> Iterator[Stream]:
    """The bytes of a file, inflated if they are gzip. Read-only. Raises CatalogError if there is no such file."""
    try:
        if not path.is_file():
            raise CatalogError(f"{path} is no file; give the path of a FITS file")
        with path.open("rb") as probe:
            compressed = probe.read(2) == b"\x1f\x8b"
        file = path.open("rb")
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}") from error
    with file:
        if compressed:
            with igzip.GzipFile(fileobj=file) as stream:
                yield stream
        else:
            yield file


@contextmanager
def headers_of(path: Path) -> Iterator[None]:
    """Turns what astropy says of damaged headers into a CatalogError, and keeps its warnings to itself."""
    # What is wrong with a card that is not needed here, astropy need not say on standard error.
    with damage_of(path, "in its headers"), warnings.catch_warnings(action="ignore"):
        yield


@contextmanager
def damage_of(path: Path, where: str) -> Iterator[None]:
    """Turns what a damaged file raises into a CatalogError that says where."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error, isal_zlib.IsalError) as error:  # type: ignore[misc]  # its stub lacks the base
        raise CatalogError(f"{path} is truncated or damaged {where} ({error}); fetch it again") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split())
        raise CatalogError(f"{path} cannot be read {where} ({reason}); fetch it again") from error


def _data_size(header: fits.Header) -> int:
    """Bytes of the data behind a header, without padding (FITS standard, Eq. 2)."""
    axes = [int(header[f"NAXIS{axis}"]) for axis in range(1, int(header["NAXIS"]) + 1)]
    count = int(np.prod(axes, dtype=object)) if axes else 0
    return abs(int(header["BITPIX"])) // 8 * int(header.get("GCOUNT", 1)) * (int(header.get("PCOUNT", 0)) + count)


def _skip(stream: Stream, size: int) -> None:
    while size > 0:
        chunk = stream.read(min(size, SKIP))
        if not chunk:
            raise EOFError("the file ends inside a data unit")
        size -= len(chunk)
