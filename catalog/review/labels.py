"""Labels: what people have seen in a star."""

import csv
import getpass
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa
from astropy.table import Table

from catalog.database import schema
from catalog.database.connection import Database, arrow, execute_with
from catalog.database.names import require_star
from catalog.database.table import to_table
from catalog.errors import CatalogError
from catalog.provenance import utc_now

COLUMNS = ("mangaid", "label", "note", "author")
"""Of a file of labels; it may lack the last two."""

NAMED = 5
"""Unknown stars of a file that an error names."""

LABELS = """
SELECT star.mangaid, label.label, label.note, label.author, label.created_at
FROM label
JOIN star ON star.star_id = label.star_id
WHERE $label IS NULL OR label.label = $label
ORDER BY label.created_at, star.mangaid, label.label, label.author
"""

GIVEN = "CREATE TEMP TABLE given AS SELECT line, mangaid, label, note, author FROM _incoming"

UNKNOWN = "SELECT line, mangaid FROM given ANTI JOIN star ON star.mangaid = given.mangaid ORDER BY line"

# A file may say the same twice: the later note stands.
VERDICT = """
CREATE TEMP TABLE verdict AS
SELECT star.star_id, given.label, max_by(given.note, given.line) FILTER (given.note IS NOT NULL) AS note, given.author
FROM given
JOIN star ON star.mangaid = given.mangaid
GROUP BY star.star_id, given.label, given.author
"""

SAME = "label.star_id = verdict.star_id AND label.label = verdict.label AND label.author = verdict.author"

NOTE_AGAIN = f"UPDATE label SET note = verdict.note FROM verdict WHERE {SAME} AND verdict.note IS NOT NULL"

NEW = f"""
INSERT INTO label (star_id, label, note, author, created_at)
SELECT verdict.star_id, verdict.label, verdict.note, verdict.author, $now FROM verdict ANTI JOIN label ON {SAME}
"""


@dataclass(frozen=True)
class StarLabel:
    """A label of a star; line : where it stands in its file."""

    mangaid: str
    label: str
    note: str | None
    author: str
    line: int = 0


def labels(database: Database, label: str | None = None) -> Table:
    """One row per star, label and author, in the order they were given; all, or those of one label. Read-only."""
    with database.read() as connection:
        return to_table(arrow(connection, LABELS, {"label": label}))


def add_label(database: Database, mangaid: str, label: str, note: str | None = None, author: str | None = None) -> None:
    """Label a star.

    note : whatever there is to say about it; author : None: the login name
    Writes one row. The same label by the same author again replaces the note, if one is given, and keeps its date.
    Raises CatalogError for an unknown star or a label without a word.
    """
    given = StarLabel(mangaid.strip(), _word(label, "label"), (note or "").strip() or None, _author(author))
    with database.write() as connection:
        require_star(connection, given.mangaid)
        _add(connection, [given])


def add_labels(database: Database, path: Path, author: str | None = None) -> int:
    """Label the stars of a file, all or none; returns how many labels are new.

    path : CSV or ECSV with columns mangaid and label, and perhaps note and author, as `labels` lists them
    author : of the rows without one; None: the login name
    Writes as `add_label`, in one transaction. Raises CatalogError, which names the line, if the file cannot be read,
    lacks a column or a value, or names an unknown star.
    """
    given = read_labels(path, author)
    with database.write() as connection:
        return _add(connection, given, path)


def remove_label(database: Database, mangaid: str, label: str, author: str | None = None) -> None:
    """Take a label back that an author has given; None: the login name.

    Writes: one row goes. Raises CatalogError, which says what labels the star has, if it has not this one.
    """
    by = _author(author)
    with database.write() as connection:
        of_star = schema.label.c.star_id == require_star(connection, mangaid)
        same = (of_star, schema.label.c.label == label.strip(), schema.label.c.author == by)
        if not connection.execute(schema.label.delete().where(*same).returning(schema.label.c.label)).all():
            rows = connection.execute(sa.select(schema.label.c.label, schema.label.c.author).where(of_star)).all()
            there = ", ".join(sorted(f"{row.label} by {row.author}" for row in rows)) or "none"
            raise CatalogError(f"star {mangaid} has no label {label} by {by} (--author); it has: {there}")


def read_labels(path: Path, author: str | None = None) -> list[StarLabel]:
    """The labels in a CSV or ECSV file; ids are text. Read-only. Raises CatalogError as `add_labels`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(file)
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path} is not text in UTF-8") from error
    # The header of an ECSV file; not astropy, which would not say in which line a row stands.
    comments = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    comma = path.suffix.lower() != ".ecsv" or re.search(r"^# delimiter: ','", "".join(lines[:comments]), re.M)
    reader = csv.reader(lines[comments:], delimiter="," if comma else " ", skipinitialspace=True, strict=True)
    found: list[StarLabel] = []
    header: list[str] | None = None
    line = comments + 1
    try:
        for row in reader:
            values = [value.strip() for value in row]
            if header is None:
                header = _header(path, values)
            elif any(values):
                found.append(_label(values, header, author, f"{path}, line {line}", line))
            line = comments + reader.line_num + 1
    except csv.Error as error:
        raise CatalogError(f"{path}, line {line}: {error}") from error
    if not found:
        raise CatalogError(f"{path} holds no label; its first line names mangaid and label, the others are labels")
    return found


def _header(path: Path, header: list[str]) -> list[str]:
    for column in COLUMNS:
        if header.count(column) > 1 or (column in COLUMNS[:2] and column not in header):
            raise CatalogError(f"{path} has {header.count(column)} columns {column}; its first line must name it once")
    return header


def _label(values: list[str], header: list[str], author: str | None, where: str, line: int) -> StarLabel:
    if len(values) != len(header):
        raise CatalogError(f"{where}: {len(values)} values for {len(header)} columns")
    row = dict(zip(header, values, strict=True))
    if not row["mangaid"]:
        raise CatalogError(f"{where}: mangaid is blank")
    return StarLabel(
        row["mangaid"],
        _word(row["label"], f"{where}: label"),
        row.get("note") or None,
        row.get("author") or _author(author),
        line,
    )


def _word(text: str, what: str) -> str:
    if not text.strip() or not text.strip().isprintable():
        raise CatalogError(f"{what} {text!r} is none; give a word or a few, in one line")
    return text.strip()


def _author(author: str | None) -> str:
    if author is not None:
        return _word(author, "author")
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise CatalogError("this user has no login name; say who gives the label with --author NAME") from error


def _add(connection: sa.Connection, given: list[StarLabel], path: Path | None = None) -> int:
    rows = {"line": pa.array([label.line for label in given], pa.int64())}
    rows |= {name: pa.array([getattr(label, name) for label in given], pa.string()) for name in COLUMNS}
    execute_with(connection, GIVEN, pa.table(rows))
    if unknown := connection.exec_driver_sql(UNKNOWN).all():
        first = ", ".join(f"line {row.line} ({row.mangaid})" for row in unknown[:NAMED])
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        raise CatalogError(f"{path}: no such star in this database: {first}{more}; nothing was labelled")
    connection.exec_driver_sql(VERDICT)
    connection.exec_driver_sql(NOTE_AGAIN)
    return connection.exec_driver_sql(NEW, {"now": utc_now()}).scalar_one()
