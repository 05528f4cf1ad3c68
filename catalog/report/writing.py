"""A report into a file: complete, or not at all."""

import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from catalog.database.connection import Database
from catalog.errors import CatalogError
from catalog.progress import Progress, silent
from catalog.provenance import utc_now
from catalog.report.gathering import gather
from catalog.report.rendering import render
from catalog.report.scope import find_scope

SUFFIXES = (".html", ".htm")


@dataclass(frozen=True)
class Written:
    """A report that was written: how large it is, in bytes, and how long that took."""

    path: Path
    size: int
    seconds: float


def write_report(
    database: Database,
    file: Path,
    dataset: str | None = None,
    ensemble: str | None = None,
    top: int = 20,
    *,
    force: bool = False,
    now: datetime | None = None,
    progress: Progress = silent,
) -> Written:
    """The paper for a database, as one HTML file that needs nothing else.

    dataset : None: the only one that the ensemble scored; ensemble : None: the newest that has scored, else the newest
    top : how many of the oddest spectra are listed
    force : replace the file if it is there
    now : the time that it states, UTC; None: the present
    Read-only for the database; writes the file, complete or not at all. Raises CatalogError for unknown names, if the
    file is there or cannot be written, or if the database changes meanwhile.
    """
    started = time.monotonic()
    _require_writable(file, force=force)
    scope = find_scope(database, ensemble, dataset, top)
    before = _state(database)
    report = gather(scope, now or utc_now(), progress)
    if _state(database) != before:
        raise CatalogError(f"{database.path} was changed while the report was made; run it again")
    # Of characters that no text in a database is refused for, a few cannot be encoded.
    content = render(report).encode("utf-8", "replace")
    partial = file.with_name(f".{file.name}.partial-{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(file)
    except OSError as error:
        raise CatalogError(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return Written(file, len(content), time.monotonic() - started)


def _require_writable(file: Path, *, force: bool) -> None:
    """Raise CatalogError unless a report can be written there; asked before the long work."""
    if file.suffix.lower() not in SUFFIXES:
        raise CatalogError(f"{file}: a report is HTML; give a name that ends in {' or '.join(SUFFIXES)}")
    if not file.parent.is_dir():
        raise CatalogError(f"no folder {file.parent} for the report; create it first")
    if file.is_dir() or not os.access(file.parent, os.W_OK):
        raise CatalogError(f"{file} cannot be written; choose another file for the report")
    if file.exists() and not force:
        raise CatalogError(f"{file} is there already; give another file, or --force to replace it")


def _state(database: Database) -> tuple[int, int]:
    found = database.path.stat()
    return found.st_size, found.st_mtime_ns
