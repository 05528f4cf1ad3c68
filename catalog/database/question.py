"""A user's SQL: one statement that only reads, stopped in time, answered in blocks."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from catalog.database.connection import Database
from catalog.errors import CatalogError

TIMEOUT = 300.0
"""Seconds after which an answer is stopped."""

BLOCK = 2048
"""Rows of a block: a vector of DuckDB's, and 112 MB where each row is a spectrum with its errors and mask."""

LIMITS = (
    "SET memory_limit = '2GB'",
    "SET max_temp_directory_size = '16GB'",  # a product sorted without end would fill the disk within the timeout
    # No statement fetches or installs an extension, nor reads the variables of this program as tables.
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
)
NO_FILES = "SET enable_external_access = false"
LOCK = "SET lock_configuration = true"

WRITES = re.compile(r"\b(enable|disable)_logging\b", re.IGNORECASE)
"""Functions that a SELECT can call and that write: a log of the queries, into files."""

NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")

Parameters = Mapping[str, Any] | Sequence[Any] | None
T = TypeVar("T")


class Answer:
    """The rows of a question, block by block; each can be read once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, worker: ThreadPoolExecutor, timeout: float) -> None:
        self._connection = connection
        self._worker = worker
        self._timeout = timeout
        self._expired = threading.Event()
        self._reader: pa.RecordBatchReader | None = None
        self.n_row = 0
        self.complete = False

    @property
    def schema(self) -> pa.Schema:
        """Names and Arrow types of the columns."""
        return self._reader.schema  # type: ignore[union-attr]

    def blocks(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Blocks of rows, at least one, which may be empty; with `limit`, no more rows than that.

        Afterwards `n_row` says how many there were, and `complete` whether they are all. Raises CatalogError if the
        statement fails on its way, or has taken too long.
        """
        while (block := self._wait(self._next)) is not None:
            if limit is not None and self.n_row + block.num_rows > limit:
                yield block[: limit - self.n_row]
                self.n_row = limit
                return
            self.n_row += block.num_rows
            yield block
        if not self.n_row:
            yield pa.RecordBatch.from_arrays([pa.array([], field.type) for field in self.schema], schema=self.schema)
        self.complete = True

    def read_all(self) -> pa.Table:
        """All rows as one Arrow table."""
        return pa.Table.from_batches(self.blocks(), self.schema)

    def ask(self, statement: str, parameters: Parameters) -> None:
        """Begin the statement. Raises CatalogError if it is wrong."""

        def begin() -> pa.RecordBatchReader:
            return self._connection.execute(statement, parameters).to_arrow_reader(BLOCK)

        self._reader = self._wait(begin)

    def expire(self) -> None:
        """Stop the statement."""
        self._expired.set()
        self._connection.interrupt()

    def close(self) -> None:
        """Leave what was not read."""
        # A reader that is alive would keep the file open.
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _next(self) -> pa.RecordBatch | None:
        return next((block for block in self._reader if block.num_rows), None)  # type: ignore[union-attr]

    def _wait(self, work: Callable[[], T]) -> T:
        # In a thread of its own, since this one hears Ctrl-C only while it waits in Python.
        result = self._worker.submit(work)
        try:
            return result.result()
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise CatalogError(self._sentence(str(error))) from error
        except KeyboardInterrupt:
            self._connection.interrupt()
            raise

    def _sentence(self, text: str) -> str:
        if self._expired.is_set():
            return f"the answer was not complete after {self._timeout:g} s; ask for less, or set a longer timeout"
        if "Out of Memory" in text:
            return "the answer needs more memory or room for sorting than a query is given; ask for fewer rows"
        return _without_place(text)


@contextmanager
def answer(
    database: Database,
    sql: str,
    parameters: Parameters = None,
    *,
    external: bool = False,
    timeout: float | None = TIMEOUT,
) -> Iterator[Answer]:
    """The answer to a user's SQL, to be read within the context.

    parameters : values of `$name`, or of `?` in order
    external : let it read other files of this machine
    timeout : seconds, for the statement and for whoever reads the answer; None: no end
    Read-only by construction: it must be one SELECT (or FROM, SHOW, DESCRIBE) on a file opened read-only. Raises
    CatalogError if it is not, if parameters are missing or too many, and as `Answer.blocks`.
    """
    statement = checked(sql)
    require_parameters(statement, parameters)
    with database.read() as connection, ThreadPoolExecutor(1) as worker:
        for setting in (*LIMITS, *([] if external else [NO_FILES]), LOCK):
            connection.execute(setting)
        found = Answer(connection, worker, timeout or 0)
        timer = threading.Timer(timeout, found.expire) if timeout else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            found.ask(statement.query, parameters)
            yield found
        finally:
            if timer:
                timer.cancel()
            found.close()


def _without_place(text: str) -> str:
    """What DuckDB says is wrong, and what it proposes, in one line; not the SQL that it repeats below."""
    return " ".join(text.partition("\n\n")[0].split())


def checked(sql: str) -> duckdb.Statement:
    """The single statement of a text, if it only reads. Raises CatalogError if it does not."""
    # DuckDB lets even a read-only connection COPY over its own file, or attach it anew for writing.
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise CatalogError(_without_place(str(error))) from error
    if len(statements) != 1:
        raise CatalogError(f"{len(statements)} statements in the query; give one")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise CatalogError(f"a query is read-only; it cannot {statements[0].type.name}, begin with SELECT or FROM")
    if written := WRITES.search(sql):
        raise CatalogError(f"a query is read-only; it cannot call {written[0]}")
    return statements[0]


def require_parameters(statement: duckdb.Statement, parameters: Parameters) -> None:
    """Raise CatalogError if a statement lacks values of its parameters, or has too many."""
    if parameters is None or isinstance(parameters, Mapping):
        given = set(parameters or ())
    else:
        given = {str(number) for number in range(1, len(parameters) + 1)}
    if missing := sorted(statement.named_parameters - given):
        names = ", ".join(f"${name}" for name in missing)
        raise CatalogError(f"the query needs {names}; give each a value, as in --param {missing[0]}=VALUE")
    if unknown := sorted(given - statement.named_parameters):
        names = ", ".join(f"${name}" for name in unknown)
        raise CatalogError(f"the query has no {names}; leave the value out, or use the name in the SQL")


def parameter(text: str) -> tuple[str, int | float | str]:
    """Name and value of `NAME=VALUE`: a number if it is written like one, text if not, or in single quotes.

    Raises CatalogError if there is no name.

    >>> parameter("limit=5"), parameter("mangaid=7-17219806"), parameter("id='007'"), parameter("x=-1e-3")
    (('limit', 5), ('mangaid', '7-17219806'), ('id', '007'), ('x', -0.001))
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise CatalogError(f"{text} is no parameter; give it as NAME=VALUE")
    if not NUMBER.fullmatch(value):
        quoted = len(value) > 1 and value[0] == value[-1] == "'"
        return name.strip(), value[1:-1] if quoted else value
    return name.strip(), int(value) if re.fullmatch(r"[+-]?\d+", value) else float(value)
