"""Labels: what people have seen in a star."""

import getpass
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from catalog.database.connection import Connection, Database, arrow, execute_with, scalar
from catalog.database.names import require_star
from catalog.errors import CatalogError
from catalog.files.small_table import read_small_table
from catalog.provenance import utc_now

REQUIRED, OPTIONAL = ("mangaid", "label"), ("note", "author")
"""Columns of a file of labels."""

NAMED = 5
"""Unknown stars of a file that an error names."""

LABELS = """
SELECT star.mangaid, label.label, label.note, label.author, label.created_at
FROM label
JOIN star ON star.star_id = label.star_id
WHERE $label IS NULL OR label.label = $label
ORDER BY label.created_at, star.mangaid, label.label, label.author
"""

CREATE_GIVEN = "CREATE TEMP TABLE given AS SELECT line, mangaid, label, note, author FROM _incoming"

UNKNOWN_STARS = "SELECT line, mangaid FROM given ANTI JOIN star ON star.mangaid = given.mangaid ORDER BY line"

# A file may say the same twice: the later note stands.
CREATE_VERDICT = """
CREATE TEMP TABLE verdict AS
SELECT star.star_id, given.label, max_by(given.note, given.line) FILTER (given.note IS NOT NULL) AS note, given.author
FROM given
JOIN star ON star.mangaid = given.mangaid
GROUP BY star.star_id, given.label, given.author
"""

SAME = "label.star_id = verdict.star_id AND label.label = verdict.label AND label.author = verdict.author"

UPDATE_NOTES = f"UPDATE label SET note = verdict.note FROM verdict WHERE {SAME} AND verdict.note IS NOT NULL"

INSERT_NEW = f"""
INSERT INTO label (star_id, label, note, author, created_at)
SELECT verdict.star_id, verdict.label, verdict.note, verdict.author, $now FROM verdict ANTI JOIN label ON {SAME}
"""

DELETE_LABEL = "DELETE FROM label WHERE star_id = $star_id AND label = $label AND author = $author"

LABELS_OF_STAR = "SELECT label || ' by ' || author AS said FROM label WHERE star_id = $star_id"


@dataclass(frozen=True)
class StarLabel:
    """A label of a star.

    Attributes
    ----------
    mangaid, label : str
    note : str, optional
    author : str
    line : int
        Where it stands in its file; 0: in none.
    """

    mangaid: str
    label: str
    note: str | None
    author: str
    line: int = 0


def labels(database: Database, label: str | None = None) -> pa.Table:
    """One row per star, label and author, in the order they were given; all, or those of one label."""
    with database.read() as connection:
        return arrow(connection, LABELS, {"label": label})


def add_label(database: Database, mangaid: str, label: str, note: str | None = None, author: str | None = None) -> None:
    """Label a star. Writes one row, or the note of the row that says the same already."""
    given = StarLabel(mangaid.strip(), _word(label, "label"), (note or "").strip() or None, _author(author))
    with database.write() as connection:
        require_star(connection, given.mangaid)
        _add(connection, [given])


def add_labels(database: Database, path: Path, author: str | None = None) -> int:
    """Label the stars of a file, all or none; returns how many labels are new. Writes in one transaction."""
    given = read_labels(path, author)
    with database.write() as connection:
        return _add(connection, given, path)


def remove_label(database: Database, mangaid: str, label: str, author: str | None = None) -> None:
    """Take a label back that an author has given. Writes: one row goes."""
    by = _author(author)
    with database.write() as connection:
        star_id = require_star(connection, mangaid)
        same = {"star_id": star_id, "label": label.strip(), "author": by}
        if not scalar(connection, DELETE_LABEL, same):
            rows = connection.execute(LABELS_OF_STAR, {"star_id": star_id}).fetchall()
            there = ", ".join(sorted(said for (said,) in rows)) or "none"
            raise CatalogError(f"star {mangaid} has no label {label} by {by} (--author); it has: {there}")


def read_labels(path: Path, author: str | None = None) -> list[StarLabel]:
    """The labels in a CSV or ECSV file.

    Parameters
    ----------
    path : Path
        With columns mangaid and label, and perhaps note and author, as `labels` lists them; ids are text.
    author : str, optional
        Of the rows without one; None: the login name.

    Raises
    ------
    CatalogError
        If the file cannot be read, or lacks a column or a value; it names the file and the line.
    """
    found = [
        _label(row, author, f"{path}, line {line}", line) for line, row in read_small_table(path, REQUIRED, OPTIONAL)
    ]
    if not found:
        raise CatalogError(f"{path} holds no label; its first line names mangaid and label, the others are labels")
    return found


def _label(row: dict[str, str], author: str | None, where: str, line: int) -> StarLabel:
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
        raise CatalogError(f"{what} {text!r} is not valid; give a word or a few, in one line")
    return text.strip()


def _author(author: str | None) -> str:
    if author is not None:
        return _word(author, "author")
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise CatalogError("this user has no login name; say who gives the label with --author NAME") from error


def _add(connection: Connection, given: list[StarLabel], path: Path | None = None) -> int:
    """Add labels that are not there yet, and put new notes to those that are; returns how many are new."""
    rows = {"line": pa.array([label.line for label in given], pa.int64())}
    rows |= {name: pa.array([getattr(label, name) for label in given], pa.string()) for name in REQUIRED + OPTIONAL}
    execute_with(connection, CREATE_GIVEN, pa.table(rows))
    if unknown := connection.execute(UNKNOWN_STARS).fetchall():
        first = ", ".join(f"line {line} ({mangaid})" for line, mangaid in unknown[:NAMED])
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        raise CatalogError(f"{path}: no such star in this database: {first}{more}; nothing was labelled")
    connection.execute(CREATE_VERDICT)
    connection.execute(UPDATE_NOTES)
    return int(scalar(connection, INSERT_NEW, {"now": utc_now()}))
