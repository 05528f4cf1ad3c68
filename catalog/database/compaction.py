"""A database file without the blocks that removed rows leave free."""

import os
import shutil
from pathlib import Path

from catalog.database.connection import ROW_GROUP_SIZE, Connection, Database, literal, quoted, scalar
from catalog.errors import CatalogError

MEMORY = "1GB"

TABLES = """
SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'catalog' AND NOT internal ORDER BY ALL
"""


def compact(database: Database) -> tuple[int, int]:
    """Rewrite the file without free blocks, if that makes it smaller; returns its size before and after, in bytes.

    Everything in it stays, also tables and views of the user. The copy stands beside the file under its name with
    `.compact`, and takes its place when it is complete: killed on the way, or on a full disk, the old file stays.
    Locks the file against every other process. Raises CatalogError as `Database.write`, or if the copy differs.
    """
    with database.read():
        pass  # is there, and of this revision
    path = database.path.resolve()
    copy = path.with_name(path.name + ".compact")
    before = path.stat().st_size
    try:
        copy.unlink(missing_ok=True)
        with database.connect(read_only=False) as connection:
            # A cursor of its own, since a transaction writes to one file only.
            with connection.duplicate() as cursor:
                _copy(cursor, copy)
            after = copy.stat().st_size
            if after >= before:
                return before, before
            shutil.copymode(path, copy)
            with copy.open("rb") as file:
                os.fsync(file.fileno())
            # While the lock is held, so that nobody writes to the old file in between.
            copy.replace(path)
            return before, after
    except OSError as error:
        raise CatalogError(f"{copy} cannot be written ({error.strerror}); nothing was changed") from error
    finally:
        for leftover in (copy, copy.with_name(copy.name + ".wal")):
            leftover.unlink(missing_ok=True)


def _copy(cursor: Connection, target: Path) -> None:
    cursor.execute(f"SET memory_limit = '{MEMORY}'")
    # Whatever a killed process left in the write-ahead log is in the file before the file is replaced.
    cursor.execute("CHECKPOINT catalog")
    cursor.execute(f"ATTACH {literal(str(target))} AS compact (ROW_GROUP_SIZE {ROW_GROUP_SIZE})")
    cursor.execute("COPY FROM DATABASE catalog TO compact")
    for schema, table in cursor.execute(TABLES).fetchall():
        counts = [
            scalar(cursor, f"SELECT count(*) FROM {file}.{quoted(schema)}.{quoted(table)}")
            for file in ("catalog", "compact")
        ]
        if counts[0] != counts[1]:
            raise CatalogError(f"the copy of table {table} lacks rows; nothing was changed")
    cursor.execute("DETACH compact")
