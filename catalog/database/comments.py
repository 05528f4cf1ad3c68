"""COMMENTs of every table, view, macro and column, written from the registry whenever a database is migrated."""

import sqlalchemy as sa

from catalog.database.meaning import RELATIONS, meaning
from catalog.database.schema import metadata
from catalog.database.views import MACROS, VIEWS, columns_of_macro


def write_comments(connection: sa.Connection) -> None:
    """Describe the tables, views and macros of this code in the database itself.

    Writes inside the connection's transaction.
    """
    for table in metadata.sorted_tables:
        _describe(connection, "TABLE", table.name, [column.name for column in table.columns])
    inspector = sa.inspect(connection)
    for view in VIEWS:
        _describe(connection, "VIEW", view, [column["name"] for column in inspector.get_columns(view)])
    for macro, arguments in MACROS.items():
        # DuckDB takes no comments on a macro's columns, so its own holds theirs.
        columns = [f"{column}: {meaning(macro, column).comment}" for column in columns_of_macro(connection, macro)]
        text = "; ".join([f"{macro}({', '.join(arguments)}): {RELATIONS[macro]}", *columns])
        connection.exec_driver_sql(f"COMMENT ON MACRO TABLE {macro} IS {_literal(text)}")


def _describe(connection: sa.Connection, kind: str, relation: str, columns: list[str]) -> None:
    connection.exec_driver_sql(f"COMMENT ON {kind} {relation} IS {_literal(RELATIONS[relation])}")
    for column in columns:
        comment = _literal(meaning(relation, column).comment)
        connection.exec_driver_sql(f'COMMENT ON COLUMN {relation}."{column}" IS {comment}')


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
