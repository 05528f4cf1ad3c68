"""The columns of an exported table: what each holds in the file, and the SQL that makes it so.

DuckDB has more types than any file format. SQL turns each column into one of few kinds: bool, int16, int32, int64,
float32, float64, text, or an array of numbers; what has no kind of its own becomes text that can be read back.
"""

import re
from dataclasses import dataclass, replace

from catalog.database.meaning import MEANINGS
from catalog.database.relations import Column, quoted
from catalog.database.table import AMBIGUOUS
from catalog.database.ucd import UCDS

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
"""How a type becomes text; where nothing is said, as DuckDB casts it, and what is nested as JSON."""

# As JSON, with the NaN and Infinity that Python reads too; DuckDB's own to_json gives a FLOAT the digits of the double
# nearest to it.
JSON_NUMBERS = "replace(replace(replace({}::VARCHAR, 'nan', 'NaN'), 'inf', 'Infinity'), 'NULL', 'null')"


@dataclass(frozen=True)
class Field:
    """A column of the file.

    kind : bool, int16, int32, int64, float32, float64 or text; of an array, that of its elements
    length : None: no array; 0: arrays of any length; else the length of every array
    expression : the SQL that gives the values
    json : an array that stands in the file as text
    time : text that is a date or time in ISO 8601
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

    arrays : the format has arrays of numbers; else they become JSON
    Read-only.
    """
    name = quoted(column.name)
    found = re.fullmatch(r"(.*?)(\[(\d*)\])?", column.type, re.DOTALL)
    element, array, length = found.groups() if found else (column.type, None, None)
    kind = kind_of(element)
    made = Field(column.name, kind, None, name, ucd=UCDS.get(column.name), description=column.description)
    if kind in CASTS:
        cast = f"{name}::{CASTS[kind]}{array or ''}"
        made = replace(made, expression=cast, unit=column.unit)
        if array:
            json = replace(made, expression=JSON_NUMBERS.format(cast), json=True)
            made = replace(made if arrays else json, length=int(length or 0))
    elif array or element.startswith(("STRUCT", "MAP", "UNION")):
        made = replace(made, kind="text", expression=f"to_json({name})::VARCHAR")
    elif kind == "text":
        made = replace(made, expression=TEXT.get(element, "{}::VARCHAR").format(name))
    return replace(made, time=not array and element.startswith(("DATE", "TIMESTAMP")))


def kind_of(type_: str) -> str:
    """The kind of a type of DuckDB that is no array. Read-only.

    >>> kind_of("UINTEGER"), kind_of("DECIMAL(18,0)"), kind_of("DECIMAL(9,2)"), kind_of("DATE")
    ('int64', 'int64', 'float64', 'text')
    """
    if decimal := re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", type_):
        return "float64" if int(decimal[1]) else "int64"
    return KINDS.get(type_, "text")


def known(name: str, type_: str) -> Column:
    """A column of an answer, with what the registry says of its name; nothing where a name means several things."""
    meaning = None if name in AMBIGUOUS else MEANINGS.get(name)
    return Column(name, type_, meaning.unit if meaning else None, meaning.text if meaning else None)
