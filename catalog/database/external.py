"""Tables of other people's catalogs, in a schema of their own, and the view that joins each with the anomalies."""

import logging
from collections.abc import Collection, Iterable

from catalog.database.connection import Connection, literal, quoted
from catalog.database.meaning import RELATIONS, meaning
from catalog.database.views import MACROS, VIEWS

SCHEMA = "external"

BASE = "anomaly"
"""What the rows of a catalog are joined with."""

MATCH_COLUMNS = ("catalog_row", "separation_arcsec", "n_candidate")

LOG = logging.getLogger("catalog")

ATTACHED = "SELECT name FROM external_catalog ORDER BY external_catalog_id"


def table_of(name: str) -> str:
    """The table of an attached catalog, as SQL."""
    return f'{SCHEMA}."{name}"'


def view_of(name: str) -> str:
    """Name of the view that joins an attached catalog with the anomalies."""
    return f"anomaly_{name}"


def reserved_views() -> frozenset[str]:
    """Names in this code of which no view of an attached catalog can be."""
    return frozenset({*VIEWS, *MACROS, *RELATIONS})


def recreate_external_views(connection: Connection) -> None:
    """Replace the view of every attached catalog, since the views that it reads from may have other columns now.

    A catalog whose table somebody has dropped, or whose view would bear the name of one of ours, is left out, which
    the logger `catalog` says. Writes inside the connection's transaction.
    """
    for (name,) in connection.execute(ATTACHED).fetchall():
        if columns_of(connection, SCHEMA, name) and view_of(name) not in reserved_views():
            recreate_external_view(connection, name)
        else:
            LOG.warning(
                "attached catalog %s has no view: its table is gone, or the name is taken; attach it anew", name
            )


def recreate_external_view(connection: Connection, name: str) -> None:
    """Replace the view `anomaly_NAME`: the anomalies that are in an attached catalog, with all its columns.

    These bear the name of the catalog in front, always, so that no column of ours, now or later, takes their name.
    Writes inside the connection's transaction.
    """
    ours = columns_of(connection, "main", BASE)
    theirs = columns_of(connection, SCHEMA, name)
    theirs.pop("catalog_row")
    names = distinct((f"{name}_{column}" for column in theirs), taken={*ours, *MATCH_COLUMNS})
    selected = (
        [f'base."{column}"' for column in ours]
        + [f"matched.{column}" for column in MATCH_COLUMNS]
        + [f"attached.{quoted(column)} AS {quoted(new)}" for column, new in zip(theirs, names, strict=True)]
    )
    connection.execute(
        f"""CREATE OR REPLACE VIEW {view_of(name)} AS
        SELECT {", ".join(selected)}
        FROM {BASE} AS base
        JOIN external_match AS matched ON matched.star_id = base.star_id
        JOIN external_catalog AS catalog
            ON catalog.external_catalog_id = matched.external_catalog_id AND catalog.name = '{name}'
        JOIN {table_of(name)} AS attached ON attached.catalog_row = matched.catalog_row"""
    )
    comments = ours | {column: meaning("external_match", column).comment for column in MATCH_COLUMNS}
    comments |= dict(zip(names, theirs.values(), strict=True))
    text = f"Per ensemble and scored spectrum of a star that is in the attached catalog {name}: {BASE}, and the catalog"
    connection.execute(f"COMMENT ON VIEW {view_of(name)} IS {literal(text)}")
    comment_columns(connection, view_of(name), comments)


def columns_of(connection: Connection, schema_name: str, relation: str) -> dict[str, str | None]:
    """Columns of a table or view, in order, and their comments; none if it is not there."""
    found = connection.execute(
        """SELECT column_name, comment FROM duckdb_columns()
        WHERE database_name = current_database() AND schema_name = $schema AND table_name = $relation
        ORDER BY column_index""",
        {"schema": schema_name, "relation": relation},
    )
    return dict(found.fetchall())


def comment_columns(connection: Connection, relation: str, comments: dict[str, str | None]) -> None:
    """Write what is known of the columns of a table or view. Writes inside the connection's transaction."""
    for column, comment in comments.items():
        if comment:
            connection.execute(f"COMMENT ON COLUMN {relation}.{quoted(column)} IS {literal(comment)}")


def distinct(names: Iterable[str], taken: Collection[str] = ()) -> list[str]:
    """The names, with _1, _2, … behind those that are taken; SQL does not tell Gmag from gmag.

    >>> distinct(["Gmag", "gmag", "ra"], taken=["ra"])
    ['Gmag', 'gmag_1', 'ra_1']
    """
    used = {name.lower() for name in taken}
    chosen = []
    for name in names:
        new, number = name, 0
        while new.lower() in used:
            number += 1
            new = f"{name}_{number}"
        used.add(new.lower())
        chosen.append(new)
    return chosen
