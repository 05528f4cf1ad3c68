"""Bringing a database file to the revision of this code, with Alembic."""

from importlib.resources import files

import alembic.command
import sqlalchemy as sa
from alembic.config import Config

from catalog.database.comments import write_comments
from catalog.database.connection import Database, require_revision, revision
from catalog.database.external import recreate_external_views
from catalog.database.schema import REVISION
from catalog.database.views import recreate_views
from catalog.errors import CatalogError


def configuration() -> Config:
    """Alembic's configuration, with the migrations of the installed package. Read-only."""
    config = Config()
    config.set_main_option("script_location", str(files("catalog.migrations")).replace("%", "%%"))
    return config


def is_blank(database: Database) -> bool:
    """True if the file holds no table at all, as one does whose creation was killed. Read-only."""
    with database.connect(read_only=True) as connection:
        return not sa.inspect(connection).get_table_names()


def upgrade(database: Database) -> tuple[str | None, str]:
    """Create the database or bring it to the newest revision, and rebuild its views and comments.

    Returns the revision before (None: new) and after. Writes in one transaction; creates the file if absent.
    Raises CatalogError if the file is locked, unreadable, of another program, or newer than this code.
    """
    if not database.path.parent.is_dir():
        raise CatalogError(f"no folder {database.path.parent} for the database; create it first")
    with database.connect(read_only=False) as connection:
        before = revision(connection)
        if before is None and sa.inspect(connection).get_table_names():
            raise CatalogError(f"{database.path} is a DuckDB file with other tables; choose another with --database")
        if before is not None and before > REVISION:
            require_revision(database.path, connection)
        config = configuration()
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "head")
        if before == REVISION:
            recreate_views(connection)
            write_comments(connection)
            recreate_external_views(connection)
        return before, REVISION
