"""What is made once and read by all workers: in a folder that they share, behind a lock."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

from catalog.database.connection import Database


def made_once(base: Path, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of that name, made by the first that asks while the others wait.

    Parameters
    ----------
    base : Path
        Shared by all workers.
    name : str
        What is made.
    make : callable
        Fills the folder that it is given; if it fails, the next one that asks tries again.
    """
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = base / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            make(partial)
            partial.replace(folder)
    return folder


def copy_database(database: Path, folder: Path) -> Path:
    """A copy of a database with its weights, to be changed."""
    copied = folder / database.name
    shutil.copy(database, copied)
    weights = Database(database).weights_folder
    if weights.is_dir():
        shutil.copytree(weights, Database(copied).weights_folder)
    return copied


def refuse_writing(shared: Path) -> Callable[..., object]:
    """`Database.connect`, save that nobody writes to what all read: another worker would find it locked or changed."""
    connect = Database.connect

    def guarded(self: Database, *, read_only: bool, **options: int) -> object:
        inside = self.path.resolve().is_relative_to(shared)
        if inside and not read_only and not any(part.endswith(".partial") for part in self.path.resolve().parts):
            raise AssertionError(f"a test writes to {self.path}, which is shared; take a copy")
        return connect(self, read_only=read_only, **options)

    return guarded
