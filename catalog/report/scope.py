"""What a report is about, and how it asks: SQL with its values written in, so that it runs as it is printed."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.database.connection import Database, arrow, literal, scalar
from catalog.database.names import find_ensemble, find_scored
from catalog.database.records import Ensemble, Scope, Scored
from catalog.report.document import Question

Row = dict[str, Any]

HAS_ENSEMBLE = "SELECT count(*) > 0 FROM ensemble"

HAS_SCORED = "SELECT count(*) > 0 FROM ensemble_rank WHERE ensemble_id = $ensemble_id"


@dataclass(frozen=True)
class ReportScope:
    """What a report is about.

    Attributes
    ----------
    database : Database
        What is asked.
    ensemble : Ensemble, optional
        None: there is none yet.
    scored : Scored, optional
        The ensemble with the dataset whose scores are shown; None: it has scored nothing.
    top : int
        How many of the oddest spectra are listed.
    """

    database: Database
    ensemble: Ensemble | None
    scored: Scored | None
    top: int

    @property
    def names(self) -> dict[str, Any]:
        """The names that a question about scores is asked with, and that the figures take."""
        if self.scored is not None:
            return self.scored.names
        return {} if self.ensemble is None else {"ensemble": self.ensemble.name}

    @property
    def scope(self) -> Scope:
        """The same as functions that answer about scores take it."""
        return Scope(**self.names)

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
        """The rows of a statement.

        Parameters
        ----------
        title : str
            Names the question in the report.
        statement : str
            SQL with parameters $ensemble, $dataset and others.
        **values
            Of its parameters beside `$ensemble` and `$dataset`.
        """
        sql = filled(statement, self.scope.names | values)
        self.questions.append(Question(title, sql))
        with self.scope.database.read() as connection:
            rows: list[Row] = arrow(connection, sql).to_pylist()
        return rows


def find_report_scope(database: Database, scope: Scope, top: int) -> ReportScope:
    """The named ensemble, or the newest that has scored, or else the newest; and the dataset that it has scored.

    Raises CatalogError for names it does not know, or if several datasets are scored and none is named.
    """
    with database.read() as connection:
        if scope == Scope() and not scalar(connection, HAS_ENSEMBLE):
            return ReportScope(database, None, None, top)
        ensemble = find_ensemble(connection, scope.ensemble, scored=True)
        has_scored = scalar(connection, HAS_SCORED, {"ensemble_id": ensemble.ensemble_id})
        if scope.dataset is None and not has_scored:
            return ReportScope(database, ensemble, None, top)
        return ReportScope(database, ensemble, find_scored(connection, scope), top)


def filled(statement: str, values: Mapping[str, Any]) -> str:
    """SQL with its parameters written out.

    Examples
    --------
    >>> filled("SELECT $name, $k, $role, '$.name'", {"name": "it's", "k": 5, "role": None})
    "SELECT 'it''s', 5, NULL, '$.name'"
    """
    return re.sub(
        r"\$(\w+)", lambda found: _written(values[found[1]]) if found[1] in values else found[0], statement
    ).strip()


def _written(value: Any) -> str:
    """A value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return literal(value) if isinstance(value, str) else str(value)
