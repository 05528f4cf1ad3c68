"""Is a file what it should be? By its own checksums, its structure, and the one that the survey publishes."""

import hashlib
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from astropy.io import fits

from catalog.surveys.download.checksums import Checksum
from catalog.surveys.download.server import BLOCK

GZIP = 31
"""What zlib calls a deflate stream in gzip's wrapping, whose CRC-32 and length it then verifies."""

FITS_BLOCK = 2880

Bytes = Callable[[int, int], object]
"""Called with bytes done and bytes in all."""


def defect_of(
    path: Path, compressed: bool, checksum: Checksum | None, progress: Bytes = lambda done, total: None
) -> str | None:
    """What is wrong with a FITS file, or None. All of it is read once, in blocks of 1 MiB.

    Parameters
    ----------
    path : Path
        The file.
    compressed : bool
        It should be gzipped.
    checksum : Checksum, optional
        The published one, if there is one.
    progress : callable
        Called with bytes done and bytes in all.
    """
    digest = hashlib.sha1(usedforsecurity=False)
    content = blocks = _blocks(path, digest.update, progress)
    if compressed:
        content = _inflated(blocks)
    start, size = b"", 0
    try:
        for block in content:
            start += block[: 6 - len(start)]
            size += len(block)
    except (zlib.error, EOFError) as error:
        return f"its gzip stream is damaged ({error})"
    if start != b"SIMPLE":
        return f"it is not a FITS file, it begins with {start!r}"
    if size % FITS_BLOCK:
        return f"its {size} bytes are not a multiple of {FITS_BLOCK}"
    if not compressed and _ends_early(path):
        return "it ends before its last table does"
    if checksum is not None and digest.hexdigest() != checksum.sha1:
        return f"its SHA-1 is not the one in {checksum.source}"
    return None


def looks_whole(path: Path, compressed: bool) -> bool:
    """False if the first bytes or the size tell that it is not a FITS file, or not all of one. Six bytes are read."""
    with path.open("rb") as file:
        start = file.read(6)
    if compressed:
        return start.startswith(b"\x1f\x8b")
    return start == b"SIMPLE" and path.stat().st_size % FITS_BLOCK == 0


def _blocks(path: Path, update: Callable[[bytes], None], progress: Bytes) -> Iterator[bytes]:
    done, total = 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            update(block)
            yield block
            done += len(block)
            progress(done, total)


def _inflated(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """What a gzip stream of one or more members holds, at most 1 MiB at a time.

    Raises zlib.error and EOFError for a damaged one.
    """
    inflater = zlib.decompressobj(GZIP)
    for block in blocks:
        while block:
            if inflater.eof:
                block = block.lstrip(b"\0")  # padding, as tapes have
                if not block:
                    break
                inflater = zlib.decompressobj(GZIP)
            yield inflater.decompress(block, BLOCK)
            block = inflater.unconsumed_tail or inflater.unused_data
    yield inflater.flush()
    if not inflater.eof:
        raise EOFError("it ends early")


def _ends_early(path: Path) -> bool:
    """Do its headers announce more than it holds?"""
    with warnings.catch_warnings(action="ignore"):
        # astropy says it by a warning, and has others for headers that are merely unusual.
        warnings.filterwarnings("error", message="File may have been truncated")
        try:
            with fits.open(path, lazy_load_hdus=False, memmap=True):
                return False
        except (fits.VerifyError, OSError, ValueError, TypeError, KeyError, UserWarning):
            return True
