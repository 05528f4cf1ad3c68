"""A file that appears complete or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from catalog.errors import CatalogError


def require_writable(path: Path, *, force: bool) -> None:
    """Raise CatalogError unless a file can be written there; asked before the long work.

    Parameters
    ----------
    path : Path
        The file to be.
    force : bool
        A file that is there may be replaced.
    """
    if not path.parent.is_dir():
        raise CatalogError(f"no folder {path.parent} for {path.name}; create it first")
    if path.is_dir():
        raise CatalogError(f"{path} is a folder; name a file in it")
    if path.exists() and not force:
        raise CatalogError(f"{path} is there already; give another name, or --force to replace it")
    if not os.access(path.parent, os.W_OK):
        raise CatalogError(f"{path} cannot be written; choose another folder")


@contextmanager
def whole_file(path: Path, consequence: str = "nothing was written") -> Iterator[IO[bytes]]:
    """A file to write to, which gets its name at the end, if nothing was raised.

    It stands beside its place meanwhile; what is there under the name stays until then, and is replaced.

    Parameters
    ----------
    path : Path
        The file to be.
    consequence : str
        What a fault on the disk means for the user, to end its message.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise CatalogError(f"{path} cannot be written: {error.strerror or error}; {consequence}") from error
    finally:
        partial.unlink(missing_ok=True)
