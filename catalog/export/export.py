"""A view, a table or an answer into a file, in blocks."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from catalog.database.connection import Connection, Database, literal, quoted
from catalog.database.names import find_dataset, find_ensemble
from catalog.database.question import answer, checked
from catalog.database.records import Scope
from catalog.database.relations import Column, Relation, columns, find_relation, relations
from catalog.errors import CatalogError
from catalog.export.fields import column_of_answer, field
from catalog.export.fits import write_fits
from catalog.export.parquet import write_parquet
from catalog.export.provenance import about
from catalog.export.spool import Spool
from catalog.export.text import write_csv, write_ecsv
from catalog.export.votable import write_votable
from catalog.files.whole import require_writable, whole_file


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes
    ----------
    write : callable
        Writes the rows of a spool to an open file.
    arrays : bool
        It has arrays of numbers.
    """

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
    """What was written; `size` in bytes."""

    path: Path
    n_row: int
    n_column: int
    size: int


def export(
    database: Database, what: str, file: str | Path, *, scope: Scope = Scope(), force: bool = False
) -> ExportedTable:
    """Write a table, a view or the answer to a SELECT to a file, whose name's end says in which format."""
    path = Path(file)
    format_ = format_of(path)
    require_writable(path, force=force)
    with (
        spooled(database, what, path.parent, format_, scope) as spool,
        whole_file(path) as target,
    ):
        format_.write(target, spool)
    return ExportedTable(path, spool.n_row, len(spool.fields), path.stat().st_size)


def format_of(path: Path) -> Format:
    """The format that the end of a file's name says. Raises CatalogError, with all formats, if it says none."""
    if path.suffix.lower() not in FORMATS:
        raise CatalogError(f"{path}: the name of an export ends in one of {', '.join(FORMATS)}")
    return FORMATS[path.suffix.lower()]


@contextmanager
def spooled(database: Database, what: str, folder: Path, format_: Format, scope: Scope = Scope()) -> Iterator[Spool]:
    """The rows as they will stand in a file of a format, on disk; the database is closed again.

    Parameters
    ----------
    what : str
        The name of a table or a view, or a SELECT.
    folder : Path
        Where the rows are kept meanwhile, in a file without a name.
    format_ : Format
        What the rows are made ready for.
    scope : Scope
        Only the rows of this dataset and of this ensemble, of a view that has such columns.

    Raises
    ------
    CatalogError
        If the name or the SQL is wrong, or the relation has no column that the scope needs.
    """
    with database.read() as connection:
        relation = None if _is_sql(connection, what) else find_relation(connection, what)
        if relation is None:
            if scope.dataset or scope.ensemble:
                raise CatalogError("--dataset and --ensemble are for a view; say them in the SQL")
            sql, described, title = checked(what).query.strip().rstrip(";"), None, "answer"
        else:
            described = columns(connection, relation)
            sql, title = _filtered(connection, relation, described, scope), relation.name
        said = about(database, connection, sql, title, relation.comment if relation else None, scope)
    if described is None:
        with answer(database, f"DESCRIBE FROM (\n{sql}\n)", timeout=None) as found:
            rows = found.read_all().to_pylist()
        described = [column_of_answer(row["column_name"], row["column_type"]) for row in rows]
    fields = [field(column, arrays=format_.arrays) for column in described]
    expressions = ", ".join(f"{one.expression} AS {quoted(one.name)}" for one in fields)
    with tempfile.TemporaryFile(dir=folder) as file:
        spool = Spool(file, fields, said)
        with answer(database, f"SELECT {expressions} FROM (\n{sql}\n)", timeout=None) as found:
            spool.fill(found.schema, found.blocks())
        yield spool


def _is_sql(connection: Connection, what: str) -> bool:
    """True for what is no name in the database, and has a blank or a bracket in it."""
    names = {relation.name.lower() for relation in relations(connection)}
    return what.strip().lower() not in names and re.search(r"[\s(]", what.strip()) is not None


def _filtered(connection: Connection, relation: Relation, described: list[Column], scope: Scope) -> str:
    if relation.kind == "macro":
        arguments = ", ".join(relation.arguments)
        raise CatalogError(f'{relation.name} takes arguments; give --sql "FROM {relation.name}({arguments})"')
    names = {column.name for column in described}
    conditions = []
    for column, name, find in (("ensemble", scope.ensemble, find_ensemble), ("dataset", scope.dataset, find_dataset)):
        if name is None:
            continue
        if column not in names:
            raise CatalogError(f"{relation.name} has no column {column}; leave --{column} out")
        conditions.append(f"{column} = {literal(find(connection, name).name)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"FROM {relation.sql}{where}"
