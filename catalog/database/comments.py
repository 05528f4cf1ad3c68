"""COMMENTs of every table, view, macro and column, written from the registry whenever a database is migrated."""

from catalog.database.connection import Connection, literal, quoted
from catalog.database.meaning import RELATIONS, meaning
from catalog.database.schema import metadata
from catalog.database.views import MACROS, VIEWS, columns_of_macro


def write_comments(connection: Connection) -> None:
    """Describe the tables, views and macros of this code in the database itself.

    Writes inside the connection's transaction.
    """
    for table in metadata.sorted_tables:
        _describe(connection, "TABLE", table.name, [column.name for column in table.columns])
    for view in VIEWS:
        columns = connection.execute(f"SELECT column_name FROM (DESCRIBE {view})").fetchall()
        _describe(connection, "VIEW", view, [column for (column,) in columns])
    for macro, arguments in MACROS.items():
        # DuckDB takes no comments on a macro's columns, so its own holds theirs.
        described = [f"{column}: {meaning(macro, column).comment}" for column in columns_of_macro(connection, macro)]
        text = "; ".join([f"{macro}({', '.join(arguments)}): {RELATIONS[macro]}", *described])
        connection.execute(f"COMMENT ON MACRO TABLE {macro} IS {literal(text)}")


def _describe(connection: Connection, kind: str, relation: str, columns: list[str]) -> None:
    connection.execute(f"COMMENT ON {kind} {relation} IS {literal(RELATIONS[relation])}")
    for column in columns:
        comment = literal(meaning(relation, column).comment)
        connection.execute(f"COMMENT ON COLUMN {relation}.{quoted(column)} IS {comment}")
