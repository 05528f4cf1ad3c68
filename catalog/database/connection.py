"""The database file: opened late, closed early, one transaction at a time."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from catalog.database.schema import REVISION, REVISION_TABLE
from catalog.errors import CatalogError
from catalog.provenance import canonical_json

ROW_GROUP_SIZE = 2048
"""Rows that DuckDB holds before it writes them. Its default of 122,880 would hold 6.7 GB of spectra, and repeated
ingests would leave files twice the size of their data; 2048, the smallest it takes, holds 112 MB. The file does not
remember it, so every opening for writing states it."""

SMALLER, FASTER = "alp", "alp,alprd"
"""Ways of compressing that DuckDB need not try. ALP is for decimal numbers, which measured fluxes are not. ALPRD saves
a tenth of the file and costs a quarter of the time: it is for files of less than a row group, whose rows the next
file writes once more, into a larger one."""


class InUseError(CatalogError):
    """Another process has the file open."""


class Database:
    """One DuckDB file and the ways to open it.

    Nothing is held between calls: while a process has the file open for writing, no other can even read it.

    >>> Database("absent.duckdb").exists()
    False
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def exists(self) -> bool:
        """True if the file is there. Read-only."""
        try:
            return self.path.exists()
        except OSError as error:
            raise CatalogError(f"{self.path} cannot be looked at: {error.strerror}") from error

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A read-only connection.

        Never writes to the file; a user's SQL goes through `catalog.question`. Raises CatalogError if the file is
        absent, locked, no catalog, or of another revision.
        """
        self._require_file()
        with self.connect(read_only=True) as connection:
            require_revision(self.path, connection)
            yield connection

    @contextmanager
    def write(
        self, memory: str = "2GB", patience: float = 0, *, arrays: bool = False, row_group_size: int = ROW_GROUP_SIZE
    ) -> Iterator[sa.Connection]:
        """A connection with one transaction: committed at the end, rolled back if anything is raised.

        memory : what DuckDB may hold; it keeps what it has written or read up to this limit, by default most of the
            machine's memory
        patience : seconds to wait for another process that has the file open
        arrays : made for a stream of spectra; see `expect_rows` too
        row_group_size : larger for tables without arrays, which are then written in half the time
        Locks the file against every other process. Raises CatalogError like `read`.
        """
        self._require_file()
        if patience:
            self._wait(patience)
        with self.connect(read_only=False, row_group_size=row_group_size) as connection:
            connection.exec_driver_sql(f"SET memory_limit = '{memory}'")
            if arrays:
                # DuckDB's threads get into each other's way over large vectors, and one leaves room for those that
                # read and decode.
                connection.exec_driver_sql("SET threads = 1")
            require_revision(self.path, connection)
            yield connection

    @contextmanager
    def connect(self, *, read_only: bool, row_group_size: int = ROW_GROUP_SIZE) -> Iterator[sa.Connection]:
        """A connection with one transaction, whatever the revision: for migrations; use `read` or `write`.

        Creates the file if it is absent and not opened read-only.
        """
        # Attached to an in-memory database, because only ATTACH takes a row group size.
        engine = sa.create_engine("duckdb:///:memory:", poolclass=StaticPool, json_serializer=canonical_json)
        # Absolute, since DuckDB would take the `a:` of a relative `a:b.duckdb` for the name of an extension.
        path = str(self.path.absolute()).replace("'", "''")
        option = "READ_ONLY" if read_only else f"ROW_GROUP_SIZE {row_group_size}"

        @event.listens_for(engine, "connect")
        def attach(connection: duckdb.DuckDBPyConnection, _record: object) -> None:
            # Its bar would go to standard output, among the data.
            connection.execute("SET enable_progress_bar = false")
            # Large sorts spill beside the database, not into the working directory.
            connection.execute(f"SET temp_directory = '{path}.tmp'")
            connection.execute(f"ATTACH '{path}' AS catalog ({option})")
            connection.execute("USE catalog")

        try:
            with engine.begin() as connection:
                yield connection
        except (duckdb.Error, DBAPIError) as error:
            message = _explain(self.path, error)
            if message is None:
                raise
            raise (InUseError if " is in use by " in message else CatalogError)(message) from error
        finally:
            engine.dispose()

    def _wait(self, patience: float) -> None:
        """Return when no other process has the file open, or when patience has run out."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            try:
                with self.connect(read_only=False):
                    return
            except InUseError:
                time.sleep(0.2)

    def _require_file(self) -> None:
        if not self.exists():
            raise CatalogError(f"no database at {self.path}; create one with: catalog ingest PATH")


def require_revision(path: Path, connection: sa.Connection) -> None:
    """Raise CatalogError unless the database has the revision of this code. Read-only."""
    found = revision(connection)
    if found is None:
        raise CatalogError(f"{path} is a DuckDB file but not a catalog; choose another with --database")
    if found < REVISION:
        raise CatalogError(f"{path} has revision {found}, this version needs {REVISION}; run: catalog db upgrade")
    if found > REVISION:
        raise CatalogError(
            f"{path} has revision {found}, newer than the {REVISION} of this version; "
            "run: pip install --upgrade stellar-anomaly-catalog"
        )


def revision(connection: sa.Connection) -> str | None:
    """Revision of the database, None if it has none. Read-only."""
    if REVISION_TABLE not in sa.inspect(connection).get_table_names():
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {REVISION_TABLE}").scalar()
    return None if found is None else str(found)


def expect_rows(connection: sa.Connection, n_row: int) -> None:
    """Have the spectra that follow compressed for a file of so many: see SMALLER, FASTER."""
    ways = FASTER if n_row >= ROW_GROUP_SIZE else SMALLER
    connection.exec_driver_sql(f"SET disabled_compression_methods = '{ways}'")


def append(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    """Add rows to a table by column name; columns that `rows` lacks become NULL.

    rows : Arrow table; array columns as FixedSizeList.
    Writes inside the connection's transaction.
    """
    names = ", ".join(rows.column_names)
    execute_with(connection, f"INSERT INTO {table.name} ({names}) SELECT {names} FROM _incoming", rows)


def execute_with(
    connection: sa.Connection, statement: str, _incoming: pa.Table, parameters: Mapping[str, object] | None = None
) -> None:
    """Run SQL that reads an Arrow table as `_incoming`, without a copy.

    Writes what the statement writes, inside the connection's transaction.
    """
    # DuckDB finds the table as a local variable of this function. Registering it instead would keep every table
    # alive until the transaction ends, since a dropped name lives on for older readers. The setting lets DuckDB
    # look past the dialect's own frame.
    raw = raw_connection(connection)
    raw.execute("SET python_scan_all_frames = true")
    raw.execute(statement, parameters)
    raw.execute("SET python_scan_all_frames = false")


def raw_connection(connection: sa.Connection) -> duckdb.DuckDBPyConnection:
    """DuckDB's own connection, in the same transaction: the door for Arrow."""
    return connection.connection.dbapi_connection  # type: ignore[return-value]


def arrow(connection: sa.Connection, statement: str, parameters: Any = None) -> pa.Table:
    """The rows of a statement of SQL as one Arrow table, in the connection's transaction."""
    # In blocks, because a single table is made ready for a million rows: 34 GB for arrays of 4563.
    return raw_connection(connection).execute(statement, parameters).to_arrow_reader(2048).read_all()


def array_column(values: np.ndarray) -> pa.FixedSizeListArray:
    """(n, length) numbers as an Arrow column for an array column of DuckDB, without a copy. Read-only."""
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])


def array_rows(column: pa.ChunkedArray) -> np.ndarray:
    """(n, length) numbers of an array column without NULL. Read-only."""
    length = column.type.list_size
    parts = [chunk.flatten().to_numpy().reshape(len(chunk), length) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty((0, length))


def next_id(connection: sa.Connection, key: sa.Column) -> int:
    """First unused number of a key column; safe because a database has one writer. Read-only."""
    largest = connection.execute(sa.select(sa.func.max(key))).scalar()
    return 1 if largest is None else largest + 1


def _explain(path: Path, error: Exception) -> str | None:
    """The user's sentence for a DuckDB error that is not ours, or None."""
    text = str(error.orig if isinstance(error, DBAPIError) else error)
    if held := re.search(r"lock is held in (\S+) \(PID (\d+)\)", text):
        return f"{path} is in use by process {held[2]} ({Path(held[1]).name}); wait for it or end it, then run again"
    if "Could not set lock" in text:
        return f"{path} is in use by another process; wait for it or end it, then run again"
    if "Out of Memory" in text:
        return f"{path}: this needs more memory than is allowed to DuckDB or left on the machine; ask for fewer rows"
    if re.search("corrupt|checksum|read enough bytes|storage version|version number", text, re.IGNORECASE):
        return f"{path} is damaged or of another DuckDB version: {text.splitlines()[0]}"
    if "not a valid DuckDB database" in text:
        return f"{path} is not a DuckDB file; choose another with --database"
    if "Cannot open file" in text or "Could not read from file" in text:
        return f"{path} cannot be opened: {text.splitlines()[0].removeprefix('IO Error: ')}"
    if "No space left" in text or "Could not write" in text or "File too large" in text:
        return f"{path} cannot be written, the disk is full or the file may not grow; nothing was changed"
    return None
