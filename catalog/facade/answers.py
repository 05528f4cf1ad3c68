"""Listings in the form that a catalog was opened with."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from catalog.database.connection import Database

if TYPE_CHECKING:
    from catalog.database.table import TableForm


class Answers:
    """A part of the entrance that answers with tables.

    Attributes
    ----------
    database : Database
        The file that is asked.
    """

    def __init__(self, database: Database, form: "TableForm") -> None:
        self.database = database
        self._form = form

    def _answer(self, rows: pa.Table, form: "TableForm | None" = None) -> Any:
        """The rows in the form asked for; None: in that of the catalog."""
        if (form or self._form) == "arrow":
            return rows
        from catalog.database.table import table_as  # loads astropy

        return table_as(rows, form or self._form)

    def _with_tables(self, answer: Any, schemas: Mapping[str, pa.Schema]) -> Any:
        """A table of astropy whose `meta` has tables too, where a listing can only have lists of rows."""
        if self._form != "table":
            return answer
        from catalog.database.table import to_table  # loads astropy

        for name, schema in schemas.items():
            answer.meta[name] = to_table(pa.Table.from_pylist(answer.meta[name], schema=schema))
        return answer
