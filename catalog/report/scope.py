"""What a report is about, and how it asks: SQL with its values written in, so that it runs as it is printed."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from catalog.database import schema
from catalog.database.connection import Database, arrow
from catalog.database.external import literal
from catalog.database.names import find_ensemble, find_scored_dataset
from catalog.report.document import Question

Row = dict[str, Any]


@dataclass(frozen=True)
class ReportScope:
    """The ensemble and the dataset of a report; None: there is none yet, or it has scored nothing.

    top : how many of the oddest spectra it lists
    """

    database: Database
    ensemble: sa.Row | None
    dataset: sa.Row | None
    top: int

    @property
    def names(self) -> dict[str, Any]:
        """The names that a question about scores is asked with, and that the figures take."""
        named = {"ensemble": self.ensemble, "dataset": self.dataset}
        return {key: row.name for key, row in named.items() if row is not None}

    @property
    def options(self) -> str:
        """The same as options of a command."""
        return " ".join(f"--{key} {shlex.quote(name)}" for key, name in self.names.items())


class Asker:
    """Asks the database and remembers what was asked, for the section that shows the answers."""

    def __init__(self, scope: ReportScope) -> None:
        self.scope = scope
        self.questions: list[Question] = []

    def ask(self, title: str, statement: str, **values: Any) -> list[Row]:
        """The rows of a statement. Read-only.

        values : of its parameters, beside `$ensemble` and `$dataset`
        """
        sql = filled(statement, self.scope.names | values)
        self.questions.append(Question(title, sql))
        with self.scope.database.read() as connection:
            rows: list[Row] = arrow(connection, sql).to_pylist()
        return rows


def find_scope(database: Database, ensemble: str | None, dataset: str | None, top: int) -> ReportScope:
    """The scope of a report: the named ensemble or the newest that has scored, and the dataset that it has scored.

    Read-only. Raises CatalogError for names it does not know, or if several datasets are scored and none is named.
    """
    with database.read() as connection:
        any_ensemble = connection.execute(sa.select(schema.ensemble.c.ensemble_id).limit(1)).first()
        if ensemble is None and dataset is None and any_ensemble is None:
            return ReportScope(database, None, None, top)
        found = find_ensemble(connection, ensemble, scored=True)
        model = schema.model_version.c
        of_ensemble = sa.select(model.model_id).where(model.ensemble_id == found.ensemble_id)
        error = schema.reconstruction_error.c
        scored = connection.execute(sa.select(error.model_id).where(error.model_id.in_(of_ensemble)).limit(1)).first()
        if scored is None and dataset is None:
            return ReportScope(database, found, None, top)
        return ReportScope(database, found, find_scored_dataset(connection, found, dataset), top)


def filled(statement: str, values: Mapping[str, Any]) -> str:
    """SQL with its parameters written out. Read-only.

    >>> filled("SELECT $name, $k, $role, '$.name'", {"name": "it's", "k": 5, "role": None})
    "SELECT 'it''s', 5, NULL, '$.name'"
    """
    return re.sub(
        r"\$(\w+)", lambda found: _literal(values[found[1]]) if found[1] in values else found[0], statement
    ).strip()


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return literal(value) if isinstance(value, str) else str(value)
