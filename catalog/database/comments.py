"""COMMENTs of every table, view and column, written from the registry whenever a database is migrated."""

import sqlalchemy as sa

from catalog.database.meaning import RELATIONS, meaning
from catalog.database.schema import metadata
from catalog.database.views import VIEWS


def write_comments(connection: sa.Connection) -> None:
    """Describe the tables and views of this code in the database itself.

    Writes inside the connection's transaction.
    """
    for table in metadata.sorted_tables:
        _describe(connection, "TABLE", table.name, [column.name for column in table.columns])
    inspector = sa.inspect(connection)
    for view in VIEWS:
        _describe(connection, "VIEW", view, [column["name"] for column in inspector.get_columns(view)])


def _describe(connection: sa.Connection, kind: str, relation: str, columns: list[str]) -> None:
    connection.exec_driver_sql(f"COMMENT ON {kind} {relation} IS {_literal(RELATIONS[relation])}")
    for column in columns:
        comment = _literal(meaning(relation, column).comment)
        connection.exec_driver_sql(f'COMMENT ON COLUMN {relation}."{column}" IS {comment}')


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
