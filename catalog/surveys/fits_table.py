"""Binary tables of FITS files, streamed in blocks of rows: a `.fits.gz` is never held in memory.

Layout: the FITS standard 4.0, section 7.3, https://fits.gsfc.nasa.gov/fits_standard.html. The headers and the
types of the columns are astropy's; only the reading of rows is our own, since astropy holds a gzipped table whole.
"""

import math
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits

from catalog.errors import CatalogError
from catalog.prefetch import prefetch
from catalog.surveys.fits_stream import Stream, damage_of, first_header, headers_of, next_header, open_stream

MOST_COLUMNS = 999
"""The FITS standard's; astropy would make room for as many as the header says."""

LARGEST_ROW = 1 << 20
"""Bytes. A visit takes 128 kB; several hundred rows are held at a time."""


class NoTableError(CatalogError):
    """A sound FITS file without a binary table."""


class FitsTable:
    """A binary table of a FITS file, at the start of its rows.

    Attributes
    ----------
    path : Path
        The file.
    header, primary : fits.Header
        Of the table, and of the file.
    name : str
        EXTNAME, or "" (IDL writes none).
    n_row : int
        Rows that the header announces.
    n_byte_read : int
        Bytes of the rows that have been read.
    dtype : numpy.dtype
        One row, in the byte order of the file; `dtype.names` are the columns.
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
        """Names of the columns, upper case."""
        return frozenset(name.upper() for name in self.dtype.names or ())

    @property
    def unread(self) -> frozenset[str]:
        """Columns, upper case, whose values have not been looked at."""
        return self.columns - {name.upper() for name in self._read}

    def width(self, column: str) -> int:
        """Values that a column holds in each row."""
        return int(np.prod(self.dtype[self._stored_name(column)].shape))

    def blocks(self, n_row: int) -> Iterator["FitsBlock"]:
        """The rows in order, at most `n_row` at a time; the next are read while the caller works on these.

        They can be read once, and before the next table of the file. Raises CatalogError if the file ends early or is
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

    Attributes
    ----------
    first_row : int
        Number of rows before the block.
    """

    def __init__(self, table: FitsTable, first_row: int, rows: np.ndarray) -> None:
        self._table = table
        self._rows = rows
        self.first_row = first_row

    def __len__(self) -> int:
        return len(self._rows)

    def raw(self, column: str) -> np.ndarray:
        """The values as the file holds them, in its byte order, without copying."""
        name = self._table._stored_name(column)
        self._table._read.add(name)
        return self._rows[name]

    def numbers(self, column: str) -> np.ndarray:
        """The values in native byte order, scaled by TSCAL and TZERO.

        Returns
        -------
        ndarray, (n,) or (n, width)
            Of the column's type, int64 or float64 where it is scaled. What is null, `null` says.

        Raises
        ------
        CatalogError
            If the column holds no plain numbers.
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
        """Where an integer column holds its TNULL; False if it has none."""
        name = self._table._stored_name(column)
        return self._rows[name] == self._table._null[name] if name in self._table._null else False

    def flags(self, column: str) -> np.ndarray:
        """(n,) bool: a logical column, or a number other than 0.

        Raises CatalogError as `numbers`, or if the column holds more or less than one value a row.
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
        """The values as text without padding. Raises CatalogError if the column does not hold text."""
        raw = self.raw(column)
        if raw.dtype.kind != "S" or raw.ndim > 1:
            raise CatalogError(f"{self._table.path}: column {column} holds numbers where text belongs")
        return [value.decode("ascii", "replace").strip(" \0") for value in raw.tolist()]


@contextmanager
def open_tables(path: Path) -> Iterator[Iterator[FitsTable]]:
    """The binary tables of a `.fits` or `.fits.gz` file in order, whatever its name ends in.

    Each is read before the next is asked for; rows left unread are passed over. Behind the last table the rest of the
    file is read, so that a gzip's checksum is verified.

    Raises
    ------
    CatalogError
        If the file is absent, not FITS, damaged, or holds no binary table; also while it goes from table to table.
    """
    with open_stream(path) as stream, closing(_tables(path, stream)) as tables:
        yield tables


@contextmanager
def open_table(path: Path) -> Iterator[FitsTable]:
    """The first binary table of a file, to look at: what stands behind it stays unread. Raises as `open_tables`."""
    with open_tables(path) as tables:
        yield next(tables)


def _tables(path: Path, stream: Stream) -> Generator[FitsTable]:
    primary = first_header(path, stream)
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
        header = next_header(path, stream, header, n_byte_read)
    if not n_table:
        raise NoTableError(f"{path} holds no binary table; remove it or give another path")


def _number(value: object) -> int | float:
    """The value of TSCAL or TZERO; raises ValueError if it is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"a column is scaled by {value!r}")
    return value
