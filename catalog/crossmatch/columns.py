"""What the readers of files hand over."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class ListColumn:
    """A column of a file: its name there, and what the file says of it."""

    name: str
    unit: str | None = None
    description: str | None = None

    @property
    def comment(self) -> str | None:
        """As the COMMENTs of our own columns: description, then the unit in square brackets.

        Examples
        --------
        >>> ListColumn("RAdeg", "deg", "Right ascension").comment
        'Right ascension [deg]'
        """
        unit = f"[{self.unit}]" if self.unit else ""
        return " ".join(f"{self.description or ''} {unit}".split()) or None


@dataclass(frozen=True)
class Streamed:
    """Rows that DuckDB reads: an expression per column, and what stands behind FROM."""

    expressions: list[str]
    source: str


@dataclass(frozen=True)
class InMemory:
    """Rows that astropy has read.

    Attributes
    ----------
    n_row : int
        How many there are.
    rows : callable
        Called with the first row and the one behind the last, it gives one Arrow array per column.
    """

    n_row: int
    rows: Callable[[int, int], list[pa.Array]]


@dataclass(frozen=True)
class Contents:
    """The columns of a file, and its rows.

    Attributes
    ----------
    columns : list of ListColumn
        In the order of the file.
    rows : Streamed or InMemory
        As DuckDB or astropy reads them.
    epoch : float, optional
        Of the positions in it, yr; None: the file does not say.
    remarks : tuple of str
        What a user should know, a line each.
    """

    columns: list[ListColumn]
    rows: Streamed | InMemory
    epoch: float | None = None
    remarks: tuple[str, ...] = ()
