"""Attaching a catalog: its table, its matches and its view, in one transaction; and taking it away again."""

import re
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from astropy.table import Table

from catalog.crossmatch import matching
from catalog.crossmatch.match_by import ByGaia, MatchBy, OnSky
from catalog.crossmatch.tables import load, require_format
from catalog.database import schema
from catalog.database.connection import Database, arrow, next_id
from catalog.database.external import (
    SCHEMA,
    columns_of,
    recreate_external_view,
    reserved_views,
    table_of,
    view_of,
)
from catalog.database.names import find_external_catalog
from catalog.database.table import to_table
from catalog.errors import CatalogError
from catalog.provenance import __version__, sha256_of_file, sha256_of_text, utc_now

ASSUMED_EPOCH = 2000.0
"""Of positions that a file does not date: that of most lists in the literature."""

ROW_GROUP_SIZE = 122_880
"""DuckDB's own: rows of catalogs are short, unlike those of spectra."""

NAME = r"[a-z][a-z0-9_]{0,39}"

ATTACHED = """
SELECT
    catalog.name AS catalog,
    catalog.file,
    catalog.n_row,
    catalog.matched_by,
    array_to_string(catalog.matched_columns, ', ') AS matched_columns,
    catalog.id_release,
    catalog.radius_arcsec,
    catalog.catalog_epoch,
    catalog.every_match,
    count(DISTINCT found.star_id) FILTER (found.catalog_row IS NOT NULL) AS n_star_matched,
    count(DISTINCT found.star_id) FILTER (found.n_candidate > 1) AS n_star_ambiguous,
    count(*) FILTER (found.n_candidate = 0) AS n_star_unmatched,
    count(*) FILTER (found.star_id IS NOT NULL AND found.n_candidate IS NULL) AS n_star_unknown,
    (SELECT count(*) FROM star) - count(DISTINCT found.star_id) AS n_star_not_asked,
    catalog.n_row_unusable,
    catalog.attached_at
FROM external_catalog AS catalog
LEFT JOIN external_match AS found ON found.external_catalog_id = catalog.external_catalog_id
GROUP BY ALL
ORDER BY catalog.name
"""

# Rows that are several stars at once.
SHARED = """
SELECT count(*) FROM (
    SELECT catalog_row FROM external_match
    JOIN external_catalog USING (external_catalog_id)
    WHERE name = $name AND catalog_row IS NOT NULL
    GROUP BY catalog_row HAVING count(*) > 1
)
"""


@dataclass(frozen=True)
class Attached:
    """What was attached.

    new : false if the same file was attached in the same way and no star has changed since: nothing was done
    replaced : the file that had the name before; None: no other
    n_star : stars that were asked; n_matched of them have a row, n_ambiguous more than one that fits, n_unknown lack
        the id or the position that was asked for
    n_row_shared : rows that are the match of several stars; n_row_unusable : rows without a usable id or position
    remarks : what else a user should know, a line each
    """

    name: str
    n_row: int
    n_column: int
    n_star: int
    n_matched: int
    n_ambiguous: int
    n_unknown: int
    n_row_shared: int
    n_row_unusable: int
    new: bool
    replaced: str | None = None
    remarks: tuple[str, ...] = ()


def attach(database: Database, file: Path, name: str, by: MatchBy, *, every: bool = False) -> Attached:
    """Make a file the table external.NAME, find which of its rows are our stars, and join it with the anomalies.

    every : keep every row that fits a star, not only the nearest, or the first with its id
    Every star of the database is asked. A catalog of that name is replaced; the same file, attached in the same by,
    is matched anew only if stars have come or changed. Writes the table, its row in `external_catalog`, its rows in
    `external_match` and the view anomaly_NAME, in one transaction. Raises CatalogError if the file cannot be read,
    lacks the columns, or the name cannot be given.
    """
    require_name(name)
    require_format(file)
    try:
        size, sha256 = file.stat().st_size, sha256_of_file(file)
    except OSError as error:
        raise CatalogError(f"{file} cannot be read: {error.strerror}") from error
    if not size:
        raise CatalogError(f"{file} is empty")
    with database.write(row_group_size=ROW_GROUP_SIZE) as connection:
        old = _old(connection, name)
        asked = sha256_of_text(f"{by} {every} {matching.ask(connection, by)}")
        there = columns_of(connection, SCHEMA, name)
        if there and old is not None and (old.file, old.sha256, old.asked_sha256) == (file.name, sha256, asked):
            return _attached(connection, name, new=False)
        _forget(connection, name)
        contents, columns = load(connection, file, name)
        n_row = connection.exec_driver_sql(f"SELECT count(*) FROM {table_of(name)}").scalar()
        if not n_row:
            raise CatalogError(f"{file} has no rows")
        epoch, remarks = _epoch(by, contents.epoch)
        external_catalog_id = next_id(connection, schema.external_catalog.c.external_catalog_id)
        matched = matching.match(connection, name, external_catalog_id, by, epoch, columns, every=every)
        row = {
            "external_catalog_id": external_catalog_id,
            "name": name,
            "file": file.name,
            "size": size,
            "sha256": sha256,
            "n_row": n_row,
            "n_row_unusable": matched.n_row_unusable,
            "matched_by": by.kind,
            "matched_columns": [by.ra, by.dec] if isinstance(by, OnSky) else [by.column],
            "id_release": by.release if isinstance(by, ByGaia) else None,
            "radius_arcsec": by.radius if isinstance(by, OnSky) else None,
            "catalog_epoch": epoch,
            "every_match": every,
            "asked_sha256": asked,
            "attached_at": utc_now(),
            "code_version": __version__,
        }
        connection.execute(schema.external_catalog.insert(), row)
        recreate_external_view(connection, name)
        replaced = old.file if old is not None and old.sha256 != sha256 else None
        remarks = (*contents.remarks, *remarks, *matched.remarks)
        return _attached(connection, name, new=True, replaced=replaced, remarks=remarks)


def detach(database: Database, name: str) -> None:
    """Take an attached catalog away: its table, its matches and its view. The file stays.

    Writes in one transaction. Raises CatalogError if there is none of that name.
    """
    with database.write() as connection:
        find_external_catalog(connection, name)
        _forget(connection, name)
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {view_of(name)}")
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table_of(name)}")


def attached(database: Database) -> Table:
    """One row per attached catalog: its file, how it was matched, and how many stars were found. Read-only."""
    with database.read() as connection:
        return to_table(arrow(connection, ATTACHED))


def require_name(name: str) -> None:
    """Raise CatalogError unless a catalog can have the name. Read-only."""
    if not re.fullmatch(NAME, name):
        raise CatalogError(
            f"{name!r} is no name for a catalog; give small letters, digits and _, beginning with a letter, 40 at most"
        )
    if view_of(name) in reserved_views():
        raise CatalogError(f"a catalog cannot be {name}: the view {view_of(name)} is one of ours; give another name")


def _old(connection: sa.Connection, name: str) -> sa.Row | None:
    """The attached catalog of that name; None: there is none, and nothing else bears the name."""
    reserved = "SELECT 1 FROM duckdb_keywords() WHERE keyword_category = 'reserved' AND keyword_name = $name"
    if connection.exec_driver_sql(reserved, {"name": name}).first():
        raise CatalogError(f"a catalog cannot be {name}, which is a word of SQL; give another name")
    table = schema.external_catalog
    old = connection.execute(sa.select(table).where(table.c.name == name)).first()
    if old is None:
        for place, relation in ((SCHEMA, name), ("main", view_of(name))):
            if columns_of(connection, place, relation):
                raise CatalogError(f"there is a {place}.{relation} that was not attached; drop it or give another name")
    return old


def _forget(connection: sa.Connection, name: str) -> None:
    catalog, match = schema.external_catalog, schema.external_match
    ids = sa.select(catalog.c.external_catalog_id).where(catalog.c.name == name).scalar_subquery()
    connection.execute(match.delete().where(match.c.external_catalog_id == ids))
    connection.execute(catalog.delete().where(catalog.c.name == name))


def _epoch(by: MatchBy, stated: float | None) -> tuple[float | None, tuple[str, ...]]:
    """Epoch of the catalog's positions, and what to say of it."""
    if not isinstance(by, OnSky):
        return None, ()
    if by.epoch is not None:
        return by.epoch, ()
    if stated is not None:
        return stated, (f"its positions are of epoch {stated:g}, as the file says",)
    return ASSUMED_EPOCH, (f"its positions are taken to be of epoch {ASSUMED_EPOCH:g}; --epoch YEAR if they are not",)


def _attached(
    connection: sa.Connection,
    name: str,
    *,
    new: bool,
    replaced: str | None = None,
    remarks: tuple[str, ...] = (),
) -> Attached:
    row = next(each for each in arrow(connection, ATTACHED).to_pylist() if each["catalog"] == name)
    shared = connection.exec_driver_sql(SHARED, {"name": name}).scalar()
    return Attached(
        name=name,
        n_row=row["n_row"],
        n_column=len(columns_of(connection, SCHEMA, name)) - 1,
        n_star=row["n_star_matched"] + row["n_star_unmatched"] + row["n_star_unknown"],
        n_matched=row["n_star_matched"],
        n_ambiguous=row["n_star_ambiguous"],
        n_unknown=row["n_star_unknown"],
        n_row_shared=int(shared or 0),
        n_row_unusable=row["n_row_unusable"],
        new=new,
        replaced=replaced,
        remarks=remarks,
    )
