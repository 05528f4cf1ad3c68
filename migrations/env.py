"""Runs the migrations in one transaction; views and comments, which belong to the code, follow the newest one."""

from collections.abc import Collection
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from catalog.database.connection import Database
from catalog.database.migration import alchemy, raw_connection, rebuild_views
from catalog.database.revision import REVISION, REVISION_TABLE
from catalog.database.schema import metadata


def follow(ctx: MigrationContext, step: object, heads: Collection[Any], run_args: object) -> None:
    if REVISION in heads and ctx.connection is not None:
        rebuild_views(raw_connection(ctx.connection))


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=REVISION_TABLE,
        compare_type=True,
        compare_server_default=True,
        on_version_apply=follow,
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    path = context.get_x_argument(as_dictionary=True).get("database", "catalog.duckdb")
    with alchemy(Database(path)) as opened:
        run(opened)
