"""Answers as grids: which columns, under which headings, with how many digits."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.report.document import Cell, Grid, Heading, Link
from catalog.report.scope import Row

UNKNOWN = "\N{EN DASH}"

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class GridColumn:
    """A column of a grid.

    Attributes
    ----------
    heading : str
        Its name.
    of : str or callable
        The name of a column of the answer, or a function of a row.
    form : str
        Of its numbers, as in a format string.
    kind : str, optional
        As of a `Heading`; None: found out from what is in it.
    """

    heading: str
    of: str | Callable[[Row], Any]
    form: str = ""
    kind: str | None = None

    def cell(self, row: Row) -> Cell:
        """What stands in a row."""
        value = row[self.of] if isinstance(self.of, str) else self.of(row)
        if isinstance(value, Link | tuple):
            return value or UNKNOWN
        return text(value, self.form)


def grid(caption: str, rows: Sequence[Row], columns: Sequence[GridColumn], named_by: int = 0) -> Grid:
    """The rows as a grid. A column is of numbers if all that is known in it are numbers.

    Parameters
    ----------
    caption : str
        Stands above it.
    rows : sequence of Row
        Of the answer.
    columns : sequence of GridColumn
        From left to right.
    named_by : int
        The column that says what each row is about.
    """
    headings = [Heading(column.heading, column.kind or _kind(column, rows)) for column in columns]
    return Grid(caption, headings, [[column.cell(row) for column in columns] for row in rows], named_by)


def text(value: Any, form: str = "") -> str:
    """A value as it is printed.

    Examples
    --------
    >>> text(-3.8234, ".3f"), text(None), text(10), text(True), text(["a", "b"]), text(0.000123)
    ('\N{MINUS SIGN}3.823', '\N{EN DASH}', '10', 'yes', 'a, b', '0.000123')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(text, value)) or UNKNOWN
    if isinstance(value, int | float):
        return format(value, form or (".4g" if isinstance(value, float) else "")).replace("-", MINUS)
    return str(value)


def interval(lo: Any, hi: Any, form: str = "") -> str:
    """Two ends as one text.

    Examples
    --------
    >>> interval(1, 4), interval(None, None)
    ('1 to 4', '\N{EN DASH}')
    """
    return UNKNOWN if lo is None or hi is None else f"{text(lo, form)} to {text(hi, form)}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """A number and its noun.

    Examples
    --------
    >>> counted(1, "star"), counted(23000, "star"), counted(2, "spectrum", "spectra")
    ('1 star', '23,000 stars', '2 spectra')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _kind(column: GridColumn, rows: Sequence[Row]) -> str:
    values = [row[column.of] for row in rows if row[column.of] is not None] if isinstance(column.of, str) else []
    numeric = bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return "number" if numeric else "text"
