"""Weights in files named by their SHA-256.

NumPy's format rather than Keras's: the same weights give the same bytes, so that a resumed training can be shown
to equal an uninterrupted one, and they can be read without Keras.
"""

import hashlib
import io
import math
import struct
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from catalog.errors import CatalogError
from catalog.files.whole import whole_file

READERS = 2
"""Threads that read and verify weights, which takes longer than most of what is done with them."""


def save_weights(folder: Path, weights: list[np.ndarray]) -> tuple[Path, str]:
    """Write weights into a folder under their SHA-256; returns the file and the SHA-256.

    The file appears complete or not at all. Writing the same weights twice leaves one file.
    """
    content = io.BytesIO()
    np.savez(content, *weights)
    digest = hashlib.sha256(content.getbuffer()).hexdigest()
    target = folder / f"{digest}.npz"
    with whole_file(target, "nothing was registered") as file:
        file.write(content.getbuffer())
    return target, digest


def load_weights(file: Path, sha256: str) -> list[np.ndarray]:
    """Read weights and verify them; the arrays cannot be changed.

    Raises CatalogError if the file is absent or was changed.
    """
    return _arrays(file, _verified(file, sha256))


def load_each(files: Iterable[tuple[Path, str]]) -> Iterator[list[np.ndarray]]:
    """The weights of several models in their order, each read and verified while those before it are used.

    Parameters
    ----------
    files : iterable of (Path, str)
        File and SHA-256 of each, as `load_weights` takes them.

    Raises
    ------
    CatalogError
        At its place, as `load_weights`.
    """
    with ThreadPoolExecutor(READERS) as readers:
        waiting: deque[tuple[Path, Future[bytes]]] = deque()
        for file, sha256 in files:
            waiting.append((file, readers.submit(_verified, file, sha256)))
            if len(waiting) > READERS:
                yield _next_of(waiting)
        while waiting:
            yield _next_of(waiting)


def _next_of(waiting: deque[tuple[Path, Future[bytes]]]) -> list[np.ndarray]:
    # Not in the threads: NumPy parses a header as Python, which in 3.11 fails when two threads do so at once.
    path, content = waiting.popleft()
    return _arrays(path, content.result())


def _verified(path: Path, sha256: str) -> bytes:
    if not path.is_file():
        raise CatalogError(f"the weights {path} are not there; {_advice(path)}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CatalogError(f"the weights {path} cannot be read ({error}); {_advice(path)}") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CatalogError(f"the weights {path} are not those that were trained (SHA-256 differs); {_advice(path)}")
    return content


def _advice(path: Path) -> str:
    folder = path.parent.name
    return f"copy the folder {folder} along with the database, or remove the ensemble and train or import it again"


def _arrays(path: Path, content: bytes) -> list[np.ndarray]:
    """The arrays of a .npz file as they lie in it; np.load copies them, which takes four times as long as verifying."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {member.filename: member for member in archive.infolist()}
        return [_array(content, members[f"arr_{index}.npy"]) for index in range(len(members))]
    except (KeyError, ValueError, struct.error, zipfile.BadZipFile) as error:
        raise CatalogError(f"the weights {path} cannot be read ({error}); {_advice(path)}") from error


def _array(content: bytes, member: zipfile.ZipInfo) -> np.ndarray:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    # What stands before a member: 30 bytes, of which these two are lengths, its name, and what else is said of it.
    n_name, n_extra = struct.unpack_from("<HH", content, member.header_offset + 26)
    header = io.BytesIO(content)
    header.seek(member.header_offset + 30 + n_name + n_extra)
    if np.lib.format.read_magic(header) != (1, 0):
        raise ValueError(f"{member.filename} is in another format than ours")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(header)
    values = np.frombuffer(content, dtype, math.prod(shape), header.tell())
    return values.reshape(shape, order="F" if by_columns else "C")
