"""Bringing a database file to the revision of this code, with Alembic; the one place that opens it with SQLAlchemy."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

import alembic.command
import duckdb
import sqlalchemy as sa
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from catalog.database.comments import write_comments
from catalog.database.connection import Connection, Database
from catalog.database.external import recreate_external_views
from catalog.database.revision import REVISION, require_revision, revision
from catalog.database.views import recreate_views
from catalog.errors import CatalogError

HAS_TABLES = "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal LIMIT 1"


def configuration() -> Config:
    """Alembic's configuration, with the migrations of the installed package."""
    config = Config()
    config.set_main_option("script_location", str(files("catalog.migrations")).replace("%", "%%"))
    return config


def is_blank(database: Database) -> bool:
    """True if the file holds no table at all, as one does whose creation was killed."""
    with database.connect(read_only=True) as connection:
        return connection.execute(HAS_TABLES).fetchone() is None


def upgrade(database: Database) -> tuple[str | None, str]:
    """Create the database or bring it to the newest revision, and rebuild its views and comments.

    Writes in one transaction; creates the file if absent.

    Returns
    -------
    tuple of str
        The revision before (None: new) and after.

    Raises
    ------
    CatalogError
        If the file is locked, unreadable, of another program, or newer than this code.
    """
    if not database.path.parent.is_dir():
        raise CatalogError(f"no folder {database.path.parent} for the database; create it first")
    with alchemy(database) as connection:
        raw = raw_connection(connection)
        before = revision(raw)
        if before is None and raw.execute(HAS_TABLES).fetchone():
            raise CatalogError(f"{database.path} is a DuckDB file with other tables; choose another with --database")
        if before is not None and before > REVISION:
            require_revision(database.path, raw)
        config = configuration()
        config.attributes["connection"] = connection
        with _users_own_named(database):
            alembic.command.upgrade(config, "head")
        if before == REVISION:
            rebuild_views(raw)
        return before, REVISION


@contextmanager
def alchemy(database: Database) -> Iterator[sa.Connection]:
    """A connection of SQLAlchemy with one transaction, whatever the revision; creates the file if it is absent."""
    engine = sa.create_engine("duckdb:///:memory:", poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def attach(connection: duckdb.DuckDBPyConnection, _record: object) -> None:
        database.open_in(connection)

    with database.errors_explained():
        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            # What DuckDB said, so that it is explained as everywhere else.
            raise (error.orig or error) from error
        finally:
            engine.dispose()


@contextmanager
def _users_own_named(database: Database) -> Iterator[None]:
    """What DuckDB says of a table or an index of the user that stands in the way of a migration is said to the user."""
    try:
        yield
    except DBAPIError as error:
        if not isinstance(error.orig, duckdb.CatalogException | duckdb.DependencyException):
            raise
        said = str(error.orig).splitlines()[0]
        raise CatalogError(
            f"{database.path} cannot be migrated, something of your own is in the way ({said}); rename or drop it; "
            "nothing was changed"
        ) from error


def raw_connection(connection: sa.Connection) -> Connection:
    """DuckDB's own connection, in the same transaction."""
    return connection.connection.dbapi_connection  # type: ignore[return-value]


def rebuild_views(connection: Connection) -> None:
    """Make the views, the comments and the views of attached catalogs anew, as this code has them.

    Writes inside the connection's transaction.
    """
    recreate_views(connection)
    write_comments(connection)
    recreate_external_views(connection)
