"""Attaching a catalog: its table, its matches and its view, in one transaction; and taking it away again."""

import re
from pathlib import Path

from catalog.crossmatch import matching
from catalog.crossmatch.listed import Attached, describe_attached
from catalog.crossmatch.match_by import ByGaia, MatchBy, OnSky
from catalog.crossmatch.tables import load, require_format
from catalog.database.connection import Connection, Database, insert, next_id, scalar
from catalog.database.external import (
    SCHEMA,
    columns_of,
    recreate_external_view,
    reserved_views,
    table_of,
    view_of,
)
from catalog.database.names import find_attached_catalog, select
from catalog.database.records import AttachedCatalog
from catalog.errors import CatalogError
from catalog.provenance import sha256_of_file, sha256_of_text, utc_now
from catalog.version import code_version

ASSUMED_EPOCH = 2000.0
"""Of positions that a file does not date: that of most lists in the literature."""

ROW_GROUP_SIZE = 122_880
"""DuckDB's own: rows of catalogs are short, unlike those of spectra."""

NAME = r"[a-z][a-z0-9_]{0,39}"

IS_WORD_OF_SQL = """
SELECT count(*) > 0 FROM duckdb_keywords() WHERE keyword_category = 'reserved' AND keyword_name = $name
"""

DELETE_MATCHES = """
DELETE FROM external_match
WHERE external_catalog_id IN (SELECT external_catalog_id FROM external_catalog WHERE name = $name)
"""

DELETE_CATALOG = "DELETE FROM external_catalog WHERE name = $name"


def attach(database: Database, file: Path, name: str, by: MatchBy, *, every: bool = False) -> Attached:
    """Make a file the table external.NAME, find which of its rows are our stars, and join it with the anomalies.

    Notes
    -----
    Every star of the database is looked for. A catalog of that name is replaced; the same file, attached in the same
    way, is matched anew only if stars have come or changed. Writes the table, its row in `external_catalog`, its rows
    in `external_match` and the view anomaly_NAME, in one transaction.
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
        stars_sha256 = sha256_of_text(f"{by} {every} {matching.collect_stars(connection, by)}")
        there = columns_of(connection, SCHEMA, name)
        if there and old is not None and (old.file, old.sha256, old.asked_sha256) == (file.name, sha256, stars_sha256):
            return describe_attached(connection, name, new=False)
        _forget(connection, name)
        contents, columns = load(connection, file, name)
        n_row = scalar(connection, f"SELECT count(*) FROM {table_of(name)}")
        if not n_row:
            raise CatalogError(f"{file} has no rows")
        epoch, remarks = _epoch(by, contents.epoch)
        external_catalog_id = next_id(connection, "external_catalog", "external_catalog_id")
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
            "asked_sha256": stars_sha256,
            "attached_at": utc_now(),
            "code_version": code_version(),
        }
        insert(connection, "external_catalog", row)
        recreate_external_view(connection, name)
        replaced = old.file if old is not None and old.sha256 != sha256 else None
        remarks = (*contents.remarks, *remarks, *matched.remarks)
        return describe_attached(connection, name, new=True, replaced=replaced, remarks=remarks)


def detach(database: Database, name: str) -> None:
    """Take an attached catalog away: its table, its matches and its view. The file stays."""
    with database.write() as connection:
        find_attached_catalog(connection, name)
        _forget(connection, name)
        connection.execute(f"DROP VIEW IF EXISTS {view_of(name)}")
        connection.execute(f"DROP TABLE IF EXISTS {table_of(name)}")


def require_name(name: str) -> None:
    """Raise CatalogError unless a catalog can have the name."""
    if not re.fullmatch(NAME, name):
        raise CatalogError(
            f"{name!r} is not a valid name for a catalog; give small letters, digits and _, beginning with a letter, "
            "40 at most"
        )
    if view_of(name) in reserved_views():
        raise CatalogError(f"a catalog cannot be {name}: the view {view_of(name)} is one of ours; give another name")


def _old(connection: Connection, name: str) -> AttachedCatalog | None:
    """The attached catalog of that name; None: there is none, and nothing else bears the name."""
    if scalar(connection, IS_WORD_OF_SQL, {"name": name}):
        raise CatalogError(f"a catalog cannot be {name}, which is a word of SQL; give another name")
    found = select(connection, AttachedCatalog, "name = $name", {"name": name})
    if found:
        return found[0]
    for place, relation in ((SCHEMA, name), ("main", view_of(name))):
        if columns_of(connection, place, relation):
            raise CatalogError(f"there is a {place}.{relation} that was not attached; drop it or give another name")
    return None


def _forget(connection: Connection, name: str) -> None:
    """Delete the rows of an attached catalog and of its matches; its table and its view stay."""
    connection.execute(DELETE_MATCHES, {"name": name})
    connection.execute(DELETE_CATALOG, {"name": name})


def _epoch(by: MatchBy, stated: float | None) -> tuple[float | None, tuple[str, ...]]:
    """Epoch of the catalog's positions, and what to say of it."""
    if not isinstance(by, OnSky):
        return None, ()
    if by.epoch is not None:
        return by.epoch, ()
    if stated is not None:
        return stated, (f"its positions are of epoch {stated:g}, as the file says",)
    return ASSUMED_EPOCH, (f"its positions are taken to be of epoch {ASSUMED_EPOCH:g}; --epoch YEAR if they are not",)
