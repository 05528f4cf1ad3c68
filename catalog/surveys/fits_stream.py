"""The bytes of a FITS file, inflated where they are gzip, its headers, and what to say of a damaged one.

Layout: the FITS standard 4.0, https://fits.gsfc.nasa.gov/fits_standard.html. A file is read from its beginning to its
end once, and never held in memory.
"""

import gzip
import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits
from isal import igzip, isal_zlib

from catalog.errors import CatalogError

Stream = io.BufferedReader | gzip.GzipFile

_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, AssertionError,
           MemoryError, fits.VerifyError)  # fmt: skip
"""What astropy and numpy raise when the cards of a header contradict each other."""

BLOCK = 2880
"""Bytes: headers and data are padded to a multiple of it."""

SKIP = 1 << 20
"""Bytes that are passed over at a time."""

LARGEST_HEADER = 2000 * BLOCK
"""Bytes. 73 columns take 16 kB; without its END, all of a file would be taken for its header."""

END = b"END".ljust(80)


@contextmanager
def open_stream(path: Path) -> Iterator[Stream]:
    """The bytes of a file, inflated if they are gzip. Raises CatalogError if there is no such file."""
    try:
        if not path.is_file():
            raise CatalogError(f"{path} is not a file; give the path of a FITS file")
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


def first_header(path: Path, stream: Stream) -> fits.Header:
    """The primary header, from a stream at its start. Raises CatalogError if it is not that of a FITS file."""
    with headers_of(path):
        if stream.read(6) != b"SIMPLE":
            raise CatalogError(f"{path} is not a FITS file; remove it or give another path")
        stream.seek(0)
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


def next_header(path: Path, stream: Stream, header: fits.Header, n_byte_read: int) -> fits.Header | None:
    """The header behind the data of another; None at the end of the file, which is then read to its end.

    Parameters
    ----------
    path : Path
        The file, to be named in errors.
    stream : Stream
        Its bytes, inside the data.
    header : fits.Header
        In front of the data.
    n_byte_read : int
        How much of the data has been read.

    Raises
    ------
    CatalogError
        If the file is damaged.
    """
    with damage_of(path, "behind its last row"):
        size = _data_size(header)
        _skip(stream, size - n_byte_read)
        # Some writers leave out the padding behind the last data, or put more behind it.
        stream.read(-size % BLOCK)
        if stream.peek(1)[:1] != b"X":
            read_to_end(stream)
            return None
    with headers_of(path):
        return header_in(stream)


def read_to_end(stream: Stream) -> None:
    """Pass over the rest of a file, so that a gzip's checksum is verified."""
    while stream.read(SKIP):
        pass


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
