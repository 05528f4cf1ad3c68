"""Runs the migrations in one transaction; views and comments, which belong to the code, follow the newest one."""

from collections.abc import Collection
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from catalog.database.comments import write_comments
from catalog.database.connection import Database
from catalog.database.external import recreate_external_views
from catalog.database.schema import REVISION, REVISION_TABLE, metadata
from catalog.database.views import recreate_views


def rebuild_views(ctx: MigrationContext, step: object, heads: Collection[Any], run_args: object) -> None:
    if REVISION in heads and ctx.connection is not None:
        recreate_views(ctx.connection)
        write_comments(ctx.connection)
        recreate_external_views(ctx.connection)


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=REVISION_TABLE,
        compare_type=True,
        compare_server_default=True,
        on_version_apply=rebuild_views,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    path = context.get_x_argument(as_dictionary=True).get("database", "catalog.duckdb")
    with Database(path).connect(read_only=False) as opened:
        run(opened)
