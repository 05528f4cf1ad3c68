"""What is in a database, as tables to be shown."""

from astropy.table import MaskedColumn, Table

from catalog.database.connection import Database
from catalog.database.relations import columns, find_relation, relations


def contents(database: Database, name: str | None = None) -> Table:
    """One row per table, view and macro; with a name, one per column of that one.

    Text that is not there is masked; `meta` of the latter has `name`, `kind` and `comment` of the relation. Read-only.
    Raises CatalogError if there is none of that name.
    """
    with database.read() as connection:
        if name is None:
            found = relations(connection)
            called = [one.name + (f"({', '.join(one.arguments)})" if one.kind == "macro" else "") for one in found]
            return Table(
                {
                    "kind": [one.kind for one in found],
                    "name": called,
                    "comment": _text([one.comment for one in found]),
                }
            )
        relation = find_relation(connection, name)
        described = columns(connection, relation)
    return Table(
        {
            "column": _text([column.name for column in described]),
            "type": _text([column.type for column in described]),
            "unit": _text([column.unit for column in described]),
            "comment": _text([column.description for column in described]),
        },
        meta={"name": relation.name, "kind": relation.kind, "comment": relation.comment},
    )


def _text(values: list[str | None]) -> MaskedColumn:
    return MaskedColumn([value or "" for value in values], mask=[value is None for value in values], dtype=str)
