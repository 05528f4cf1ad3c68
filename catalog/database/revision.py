"""Which revision of the tables a database has, and which one this code needs."""

from pathlib import Path

import duckdb

from catalog.errors import CatalogError

REVISION = "0012"
"""The revision this code reads and writes; equal to the newest file in migrations/versions."""

REVISION_TABLE = "schema_version"

HAS_REVISION = """
SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = $table
"""


def revision(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Revision of the database; None if it has none."""
    if connection.execute(HAS_REVISION, {"table": REVISION_TABLE}).fetchone() is None:
        return None
    found = connection.execute(f"SELECT version_num FROM {REVISION_TABLE}").fetchone()
    return None if found is None else str(found[0])


def require_revision(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Raise CatalogError unless the database has the revision of this code."""
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
