"""The database file: opened late, closed early, one transaction at a time."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from catalog.database.records import ModelVersion
from catalog.database.revision import require_revision
from catalog.errors import CatalogError

Connection = duckdb.DuckDBPyConnection
"""What `Database.read` and `Database.write` give: DuckDB's own, in a transaction, with the catalog as its database."""

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

    Examples
    --------
    >>> Database("absent.duckdb").exists()
    False
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def exists(self) -> bool:
        """True if the file is there."""
        try:
            return self.path.exists()
        except OSError as error:
            raise CatalogError(f"{self.path} cannot be looked at: {error.strerror}") from error

    @property
    def weights_folder(self) -> Path:
        """Folder of the weights of its models: catalog.duckdb has catalog.weights."""
        return self.path.with_suffix(".weights")

    def make_weights_folder(self) -> Path:
        """The folder, made if it is absent, so that a fault shows before a model is trained and not after."""
        try:
            self.weights_folder.mkdir(exist_ok=True)
        except OSError as error:
            raise CatalogError(
                f"{self.weights_folder} cannot be made a folder for weights: {error.strerror}"
            ) from error
        return self.weights_folder

    def weights_of(self, model: ModelVersion) -> tuple[Path, str]:
        """File of the weights of a trained model, and their SHA-256."""
        return self.path.parent / str(model.weights_file), str(model.weights_sha256)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only connection.

        A user's SQL goes through `catalog.database.question`.

        Raises
        ------
        CatalogError
            If the file is absent, locked, not a catalog, or of another revision.
        """
        self._require_file()
        with self.connect(read_only=True) as connection:
            require_revision(self.path, connection)
            yield connection

    @contextmanager
    def write(
        self, memory: str = "2GB", patience: float = 0, *, arrays: bool = False, row_group_size: int = ROW_GROUP_SIZE
    ) -> Iterator[Connection]:
        """A connection with one transaction: committed at the end, rolled back if anything is raised.

        Locks the file against every other process.

        Parameters
        ----------
        memory : str
            What DuckDB may hold; it keeps what it has written or read up to this limit, by default most of the
            machine's memory.
        patience : float
            Seconds to wait for another process that has the file open.
        arrays : bool
            Made for a stream of spectra; see `expect_rows` too.
        row_group_size : int
            Larger for tables without arrays, which are then written in half the time.

        Raises
        ------
        CatalogError
            Like `read`.
        """
        self._require_file()
        if patience:
            self._wait(patience)
        with self.connect(read_only=False, row_group_size=row_group_size) as connection:
            connection.execute(f"SET memory_limit = '{memory}'")
            if arrays:
                # DuckDB's threads get into each other's way over large vectors, and one leaves room for those that
                # read and decode.
                connection.execute("SET threads = 1")
            require_revision(self.path, connection)
            yield connection

    @contextmanager
    def connect(self, *, read_only: bool, row_group_size: int = ROW_GROUP_SIZE) -> Iterator[Connection]:
        """A connection with one transaction, whatever the revision; use `read` or `write`.

        Creates the file if it is absent and not opened read-only.
        """
        with self.errors_explained(), duckdb.connect() as connection:
            self.open_in(connection, read_only=read_only, row_group_size=row_group_size)
            connection.begin()
            try:
                yield connection
            except BaseException:
                _roll_back(connection)
                raise
            connection.commit()

    def open_in(self, connection: Connection, *, read_only: bool = False, row_group_size: int = ROW_GROUP_SIZE) -> None:
        """Open the file in a connection to an in-memory database, because only ATTACH takes a row group size."""
        # Absolute, since DuckDB would take the `a:` of a relative `a:b.duckdb` for the name of an extension.
        path = literal(str(self.path.absolute()))
        # Its bar would go to standard output, among the data.
        connection.execute("SET enable_progress_bar = false")
        # Large sorts spill beside the database, not into the working directory.
        connection.execute(f"SET temp_directory = {literal(f'{self.path.absolute()}.tmp')}")
        connection.execute(
            f"ATTACH {path} AS catalog ({'READ_ONLY' if read_only else f'ROW_GROUP_SIZE {row_group_size}'})"
        )
        connection.execute("USE catalog")

    @contextmanager
    def errors_explained(self) -> Iterator[None]:
        """Errors of DuckDB that a user can do something about are raised as CatalogError."""
        try:
            yield
        except duckdb.Error as error:
            message = explanation(self.path, str(error))
            if message is None:
                raise
            raise (InUseError if " is in use by " in message else CatalogError)(message) from error

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


def _roll_back(connection: Connection) -> None:
    try:
        connection.rollback()
    except duckdb.Error:
        # A connection that has lost its file has no transaction to undo; what was raised says why.
        return


def expect_rows(connection: Connection, n_row: int) -> None:
    """Have the spectra that follow compressed for a file of so many: see SMALLER, FASTER."""
    ways = FASTER if n_row >= ROW_GROUP_SIZE else SMALLER
    connection.execute(f"SET disabled_compression_methods = '{ways}'")


def append(connection: Connection, table: str, _incoming: pa.Table) -> None:
    """Add rows to a table by column name; columns that they lack become NULL.

    Writes inside the connection's transaction. Array columns come as FixedSizeList.
    """
    names = ", ".join(_incoming.column_names)
    # DuckDB finds the rows as a local variable of this function. Registering them instead would keep every table
    # alive until the transaction ends, since a dropped name lives on for older readers.
    connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM _incoming")


def insert(connection: Connection, table: str, row: dict[str, Any]) -> None:
    """Add one row of plain values to a table. Writes inside the connection's transaction."""
    names = ", ".join(row)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f'${name}' for name in row)})", row)


def execute_with(
    connection: Connection, statement: str, _incoming: pa.Table, parameters: dict[str, Any] | None = None
) -> None:
    """Run SQL that reads an Arrow table as `_incoming`, without a copy.

    Writes what the statement writes, inside the connection's transaction.
    """
    connection.execute(statement, parameters)


def scalar(connection: Connection, statement: str, parameters: Any = None) -> Any:
    """The first value of the first row of a statement of SQL; None if there is no row."""
    row = connection.execute(statement, parameters).fetchone()
    return None if row is None else row[0]


def arrow(connection: Connection, statement: str, parameters: Any = None) -> pa.Table:
    """The rows of a statement of SQL as one Arrow table, in the connection's transaction."""
    # In blocks, because a single table is made ready for a million rows: 34 GB for arrays of 4563.
    return connection.execute(statement, parameters).to_arrow_reader(2048).read_all()


def array_column(values: np.ndarray) -> pa.FixedSizeListArray:
    """(n, length) numbers as an Arrow column for an array column of DuckDB, without a copy."""
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])


def array_rows(column: pa.ChunkedArray) -> np.ndarray:
    """(n, length) numbers of an array column without NULL."""
    length = column.type.list_size
    parts = [chunk.flatten().to_numpy().reshape(len(chunk), length) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty((0, length))


def next_id(connection: Connection, table: str, key: str) -> int:
    """First unused number of a key column; safe because a database has one writer."""
    return int(scalar(connection, f"SELECT coalesce(max({key}), 0) + 1 FROM {table}"))


def quoted(name: str) -> str:
    """A name as SQL.

    >>> quoted('my "list"')
    '"my ""list\"""'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL.

    >>> literal("Barnard's star")
    "'Barnard''s star'"
    """
    return "'" + text.replace("'", "''") + "'"


def explanation(path: Path, text: str) -> str | None:
    """The user's sentence for an error of DuckDB that is not ours; None if it is a fault of ours."""
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
