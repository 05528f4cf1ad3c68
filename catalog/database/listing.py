"""A listing: rows as an Arrow table, with what is said of them as a whole and the units of its columns.

Arrow is what DuckDB gives and what the command line prints; other forms are made of it in `table`.
"""

import json
from typing import Any

import pyarrow as pa

from catalog.database.meaning import meaning_of
from catalog.database.records import Scored
from catalog.errors import CatalogError

ABOUT = b"about"
UNIT = b"unit"

OF_VISITS = ("plate", "mjd", "neighbor_plate", "neighbor_mjd")
"""Columns that say nothing where no spectrum is of a single visit."""


def listing(rows: pa.Table, about: dict[str, Any] | None = None, units: dict[str, str] | None = None) -> pa.Table:
    """Rows with what is said of them, values by name that JSON can hold, and with the units of some columns."""
    for name, unit in (units or {}).items():
        index = rows.schema.get_field_index(name)
        rows = rows.set_column(index, rows.field(index).with_metadata({UNIT: unit.encode()}), rows.column(index))
    said = about_of(rows) | (about or {})
    return rows.replace_schema_metadata({ABOUT: json.dumps(said).encode()} if said else None)


def listing_of_scores(rows: pa.Table, scored: Scored, about: dict[str, Any] | None = None) -> pa.Table:
    """Rows about scores, with the names of ensemble and dataset; plate and mjd only if spectra are of visits."""
    unsaid = [name for name in OF_VISITS if name in rows.column_names and rows[name].null_count == len(rows)]
    return listing(rows.drop_columns(unsaid), scored.names | (about or {}))


def about_of(rows: pa.Table) -> dict[str, Any]:
    """What is said of the rows as a whole.

    >>> about_of(listing(pa.table({"mangaid": ["7-1"]}), {"dataset": "large"}))
    {'dataset': 'large'}
    """
    said: dict[str, Any] = json.loads((rows.schema.metadata or {}).get(ABOUT, b"{}"))
    return said


def unit_of(field: pa.Field) -> str | None:
    """The unit of a column: its own, or that of every column of its name; None: dimensionless, or unknown.

    >>> unit_of(pa.field("ra", pa.float64())), unit_of(pa.field("mangaid", pa.string()))
    ('deg', None)
    """
    own = (field.metadata or {}).get(UNIT)
    if own is not None:
        return str(own.decode())
    meaning = meaning_of(field.name)
    return None if meaning is None else meaning.unit


def require_distinct(rows: pa.Table) -> None:
    """Raise CatalogError if two columns have one name."""
    repeated = [name for name in rows.column_names if rows.column_names.count(name) > 1]
    if repeated:
        raise CatalogError(f"column {repeated[0]} appears twice in the answer; name one with AS")
