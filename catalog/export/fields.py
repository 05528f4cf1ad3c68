"""The columns of an exported table: what each holds in the file, and the SQL that makes it so.

DuckDB has more types than any file format. SQL turns each column into one of few kinds: bool, int16, int32, int64,
float32, float64, text, or an array of numbers; what has no kind of its own becomes text that can be read back.
"""

import re
from dataclasses import dataclass, replace

from catalog.database.connection import quoted
from catalog.database.meaning import meaning_of
from catalog.database.relations import Column
from catalog.database.ucd import UCDS
from catalog.export.units import unit_and_description, with_brackets

KINDS = {
    "BOOLEAN": "bool",
    "TINYINT": "int16",
    "UTINYINT": "int16",
    "SMALLINT": "int16",
    "USMALLINT": "int32",
    "INTEGER": "int32",
    "UINTEGER": "int64",
    "BIGINT": "int64",
    "UBIGINT": "int64",
    "HUGEINT": "int64",
    "UHUGEINT": "int64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
}

CASTS = {"int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT", "float32": "FLOAT", "float64": "DOUBLE"}

TEXT = {
    "DATE": "{}::VARCHAR",
    "TIMESTAMP": "replace({}::VARCHAR, ' ', 'T')",
    "TIMESTAMP_S": "replace({}::VARCHAR, ' ', 'T')",
    "TIMESTAMP_MS": "replace({}::VARCHAR, ' ', 'T')",
    "TIMESTAMP_NS": "replace({}::VARCHAR, ' ', 'T')",
    "TIMESTAMP WITH TIME ZONE": "replace(make_timestamp(epoch_us({}))::VARCHAR, ' ', 'T') || 'Z'",
    "BLOB": "lower(hex({}))",
}
"""How a type becomes text; a type that is not here as DuckDB casts it, and what is nested as JSON."""

JSON_NUMBERS = "replace(replace(replace({}::VARCHAR, 'nan', 'NaN'), 'inf', 'Infinity'), 'NULL', 'null')"
"""An array of numbers as JSON, with the NaN and Infinity that Python reads too. DuckDB's own to_json gives a FLOAT the
digits of the double nearest to it."""


@dataclass(frozen=True)
class Field:
    """A column of the file.

    Attributes
    ----------
    name : str
        As in the database.
    kind : str
        bool, int16, int32, int64, float32, float64 or text; of an array, the kind of its elements.
    length : int, optional
        The length of every array; 0: arrays of any length; None: the column has no arrays.
    expression : str
        The SQL that gives the values.
    json : bool
        An array that stands in the file as text.
    time : bool
        Text that is a date or time in ISO 8601.
    unit, ucd, description : str, optional
        What is known of the column; a unit is one that astropy parses.
    """

    name: str
    kind: str
    length: int | None
    expression: str
    json: bool = False
    time: bool = False
    unit: str | None = None
    ucd: str | None = None
    description: str | None = None


def field(column: Column, *, arrays: bool) -> Field:
    """What a column of the database becomes.

    Parameters
    ----------
    column : Column
        Its type as DuckDB spells it, and what its comment says.
    arrays : bool
        The format has arrays of numbers; else they become JSON.
    """
    name = quoted(column.name)
    unit, description = unit_and_description(column.unit, column.description)
    matched = re.fullmatch(r"(.*?)(\[(\d*)\])?", column.type, re.DOTALL)
    element, array, length = matched.groups() if matched else (column.type, None, None)
    kind = kind_of(element)
    if unit and kind not in CASTS:
        description, unit = with_brackets(description, unit), None
    described = Field(column.name, kind, None, name, unit=unit, ucd=UCDS.get(column.name), description=description)
    if kind in CASTS:
        cast = f"{name}::{CASTS[kind]}{array or ''}"
        described = replace(described, expression=cast)
        if array:
            json = replace(described, expression=JSON_NUMBERS.format(cast), json=True)
            described = replace(described if arrays else json, length=int(length or 0))
    elif array or element.startswith(("STRUCT", "MAP", "UNION")):
        described = replace(described, kind="text", expression=f"to_json({name})::VARCHAR")
    elif kind == "text":
        described = replace(described, expression=TEXT.get(element, "{}::VARCHAR").format(name))
    return replace(described, time=not array and element.startswith(("DATE", "TIMESTAMP")))


def kind_of(type_: str) -> str:
    """The kind of a type of DuckDB that is not an array.

    >>> kind_of("UINTEGER"), kind_of("DECIMAL(18,0)"), kind_of("DECIMAL(9,2)"), kind_of("DATE")
    ('int64', 'int64', 'float64', 'text')
    """
    if decimal := re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", type_):
        return "float64" if int(decimal[1]) else "int64"
    return KINDS.get(type_, "text")


def column_of_answer(name: str, type_: str) -> Column:
    """A column of an answer, with what the registry says of its name; nothing where a name means several things."""
    meaning = meaning_of(name)
    return Column(name, type_, meaning.unit if meaning else None, meaning.text if meaning else None)
