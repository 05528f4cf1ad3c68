"""A view, a table or an answer into a file, in blocks."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from catalog.database.connection import Database
from catalog.database.names import find_dataset, find_ensemble
from catalog.database.question import answer, checked
from catalog.database.relations import Column, Relation, columns, find_relation, quoted, relations
from catalog.errors import CatalogError
from catalog.export.fields import field, known
from catalog.export.file import complete, require_writable
from catalog.export.fits import write_fits
from catalog.export.parquet import write_parquet
from catalog.export.provenance import about
from catalog.export.spool import Spool
from catalog.export.text import write_csv, write_ecsv
from catalog.export.votable import write_votable


@dataclass(frozen=True)
class Format:
    """A file format; `arrays`: it has arrays of numbers."""

    write: Callable[[IO[bytes], Spool], None]
    arrays: bool


VOTABLE = Format(write_votable, arrays=True)

FORMATS = {
    ".vot": VOTABLE,
    ".xml": VOTABLE,
    ".fits": Format(write_fits, arrays=True),
    ".ecsv": Format(write_ecsv, arrays=False),
    ".parquet": Format(write_parquet, arrays=True),
    ".csv": Format(write_csv, arrays=False),
}


@dataclass(frozen=True)
class ExportedTable:
    """What was written; size in bytes."""

    path: Path
    n_row: int
    n_column: int
    size: int


def export(
    database: Database,
    what: str,
    file: str | Path,
    *,
    dataset: str | None = None,
    ensemble: str | None = None,
    force: bool = False,
) -> ExportedTable:
    """Write a table, a view or the answer to a SELECT to a file, whose name's end says in which format.

    dataset, ensemble : only the rows of these, of a view that has such columns
    The database stays as it is; the file appears complete or not at all. Raises CatalogError if the name or the SQL is
    wrong, if the file is there and not `force`, or if it cannot be written.
    """
    path = Path(file)
    format_ = format_of(path)
    require_writable(path, force=force)
    with (
        spooled(database, what, path.parent, format_, dataset=dataset, ensemble=ensemble) as spool,
        complete(path) as target,
    ):
        format_.write(target, spool)
    return ExportedTable(path, spool.n_row, len(spool.fields), path.stat().st_size)


def format_of(path: Path) -> Format:
    """The format that the end of a file's name says. Raises CatalogError, with all formats, if it says none."""
    if path.suffix.lower() not in FORMATS:
        raise CatalogError(f"{path}: the name of an export ends in one of {', '.join(FORMATS)}")
    return FORMATS[path.suffix.lower()]


@contextmanager
def spooled(
    database: Database,
    what: str,
    folder: Path,
    format_: Format,
    *,
    dataset: str | None = None,
    ensemble: str | None = None,
) -> Iterator[Spool]:
    """The rows as they will stand in a file of that format, on disk in a folder; the database is closed again.

    Read-only. Raises CatalogError as `export`.
    """
    with database.read() as connection:
        relation = None if _is_sql(connection, what) else find_relation(connection, what)
        if relation is None:
            if dataset or ensemble:
                raise CatalogError("--dataset and --ensemble are for a view; say them in the SQL")
            sql, found, title = checked(what).query.strip().rstrip(";"), None, "answer"
        else:
            found = columns(connection, relation)
            sql, title = _filtered(connection, relation, found, dataset, ensemble), relation.name
        comment = relation.comment if relation else None
        said = about(database, connection, sql, title, comment, dataset, ensemble)
    if found is None:
        with answer(database, f"DESCRIBE FROM (\n{sql}\n)", timeout=None) as described:
            found = [known(row["column_name"], row["column_type"]) for row in described.read_all().to_pylist()]
    fields = [field(column, arrays=format_.arrays) for column in found]
    expressions = ", ".join(f"{one.expression} AS {quoted(one.name)}" for one in fields)
    with tempfile.TemporaryFile(dir=folder) as file:
        spool = Spool(file, fields, said)
        with answer(database, f"SELECT {expressions} FROM (\n{sql}\n)", timeout=None) as rows:
            spool.fill(rows.schema, rows.blocks())
        yield spool


def _is_sql(connection: sa.Connection, what: str) -> bool:
    """True for what is no name in the database, and has a blank or a bracket in it."""
    names = {relation.name.lower() for relation in relations(connection)}
    return what.strip().lower() not in names and re.search(r"[\s(]", what.strip()) is not None


def _filtered(
    connection: sa.Connection, relation: Relation, found: list[Column], dataset: str | None, ensemble: str | None
) -> str:
    if relation.kind == "macro":
        arguments = ", ".join(relation.arguments)
        raise CatalogError(f'{relation.name} takes arguments; give --sql "FROM {relation.name}({arguments})"')
    names = {column.name for column in found}
    conditions = []
    for column, name, find in (("ensemble", ensemble, find_ensemble), ("dataset", dataset, find_dataset)):
        if name is None:
            continue
        if column not in names:
            raise CatalogError(f"{relation.name} has no column {column}; leave --{column} out")
        text = find(connection, name).name.replace("'", "''")
        conditions.append(f"{column} = '{text}'")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"FROM {relation.sql}{where}"
