"""A file on its way: NAME.part, and beside it NAME.part.json, which says of what it is the beginning."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from catalog.surveys.download.products import ProductError
from catalog.surveys.download.server import FileVersion


def part_path(path: Path) -> Path:
    """Where a file is until it is complete."""
    return path.with_name(path.name + ".part")


def version_path(path: Path) -> Path:
    """Where it says of which version of the file the part is."""
    return path.with_name(path.name + ".part.json")


class Part:
    """The part of a file that has come, locked against other processes; see `locked_part`.

    Every method that writes raises OSError if the disk is full.

    Attributes
    ----------
    path : Path
        Where it is.
    furthest : int
        The most bytes that it has had.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._final = path
        self._file = file
        self.path = part_path(path)
        self.furthest = self.size

    @property
    def size(self) -> int:
        """Bytes that have come."""
        return os.fstat(self._file.fileno()).st_size

    @property
    def version(self) -> FileVersion | None:
        """Of what the bytes are the beginning; None if that is lost."""
        try:
            return FileVersion.from_json(version_path(self._final).read_text(encoding="utf-8"))
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def begin(self, version: FileVersion) -> None:
        """Forget what has come, and begin a file anew."""
        # In this order: killed in between, there are no bytes that belong to another file than the one named.
        self.clear()
        version_path(self._final).write_text(version.to_json(), encoding="utf-8")

    def append(self, block: bytes) -> None:
        """Write behind what has come."""
        rest = memoryview(block)
        self._file.seek(0, os.SEEK_END)
        while rest:
            rest = rest[self._file.write(rest) :]
        self.furthest = max(self.furthest, self.size)

    def clear(self) -> None:
        """Forget what has come."""
        self._file.truncate(0)

    def finish(self) -> None:
        """Give the file its name; what is there under it is complete, even after a power cut."""
        os.fsync(self._file.fileno())
        self.path.replace(self._final)
        version_path(self._final).unlink(missing_ok=True)


@contextmanager
def locked_part(path: Path) -> Iterator[Part]:
    """The part of the file that is to be `path`, empty if there was none; if it stays empty, it goes away again.

    Raises ProductError if another process has it, OSError if it cannot be written.
    """
    part = part_path(path)
    while True:
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
        with file:
            try:
                # A lock ends with its process, however that ends; a lock file would stay behind after a kill.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ProductError(f"{path} is being downloaded by another process; wait for that to end") from error
            # Meanwhile another process may have finished the file that was opened here, and renamed it.
            if not _is(part, file):
                continue
            try:
                yield Part(path, file)
            finally:
                if _is(part, file) and not os.fstat(file.fileno()).st_size:
                    part.unlink()
                    version_path(path).unlink(missing_ok=True)
            return


def _is(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
