"""A report into a file: complete, or not at all."""

import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from catalog.database.connection import Database
from catalog.database.records import Scope
from catalog.errors import CatalogError
from catalog.files.whole import whole_file
from catalog.progress import Progress, silent
from catalog.provenance import utc_now
from catalog.report.gathering import gather
from catalog.report.rendering import render
from catalog.report.scope import find_report_scope

SUFFIXES = (".html", ".htm")


@dataclass(frozen=True)
class Written:
    """A report that was written.

    Attributes
    ----------
    path : Path
        Its file.
    size : int
        In bytes.
    seconds : float
        How long it took.
    """

    path: Path
    size: int
    seconds: float


def write_report(
    database: Database,
    file: Path,
    scope: Scope,
    top: int,
    *,
    force: bool = False,
    now: datetime | None = None,
    progress: Progress = silent,
) -> Written:
    """The paper for a database, as one HTML file that needs nothing else. Writes the file, complete or not at all."""
    started = time.monotonic()
    _require_writable(file, force=force)
    report_scope = find_report_scope(database, scope, top)
    before = _state(database)
    report = gather(report_scope, now or utc_now(), progress)
    # Every question is a transaction of its own, so that a change in between would mix two states.
    if _state(database) != before:
        raise CatalogError(f"{database.path} was changed while the report was made; run it again")
    # Of characters that no text in a database is refused for, a few cannot be encoded.
    content = render(report).encode("utf-8", "replace")
    with whole_file(file) as written:
        written.write(content)
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
    """Size of its file and when it was changed, to see whether anything was."""
    found = database.path.stat()
    return found.st_size, found.st_mtime_ns
