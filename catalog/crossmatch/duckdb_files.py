"""CSV and Parquet, which DuckDB streams: they are never held in memory."""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import votable
from astropy.table import meta

from catalog.crossmatch.astropy_files import fields_of, read_ecsv
from catalog.crossmatch.columns import Contents, ListColumn, Streamed
from catalog.database.connection import Connection, literal, quoted
from catalog.errors import CatalogError

SEPARATORS = ",;\t|"

NULLS = ["", "null", "NULL", "NaN", "nan"]
"""Values of CSV files that stand for an unknown one."""

WHOLE = r"\s*-?(0|[1-9]\d{0,37})\s*"

OTHER = r"\s*[+-]?(0\d+|\d{20,}|0x.*|.*_.*)\s*"
"""What DuckDB would take for a number, though it would not read back as it is written."""

# Whole numbers are told by their letters: to cast what is not a number takes DuckDB ten times as long.
TYPE_OF_COLUMN = """
CASE
    WHEN count({v}) = 0 THEN 'VARCHAR'
    WHEN bool_and({v} IS NULL OR regexp_full_match({v}, '{whole}')) THEN
        CASE
            WHEN bool_or(
                CASE WHEN len({v}) > 18 AND regexp_full_match({v}, '{whole}') THEN TRY_CAST({v} AS BIGINT) IS NULL END
            ) THEN 'HUGEINT'
            ELSE 'BIGINT'
        END
    WHEN bool_and({v} IS NULL OR TRY_CAST({v} AS DOUBLE) IS NOT NULL)
        AND NOT bool_or(regexp_full_match({v}, '{other}')) THEN 'DOUBLE'
    ELSE 'VARCHAR'
END
"""


def read_csv(path: Path, connection: Connection) -> Contents:
    """A CSV file with a line of names; a column is whole numbers, numbers or text, by all its values.

    Separated by commas, semicolons, tabs or bars, as the line of names is. The file is read once for the types; an
    ECSV file by this name is read as one.

    Raises
    ------
    CatalogError
        If the file is not a CSV file in UTF-8.
    """
    names, separator = _header(path)
    if names is None:
        return read_ecsv(path, connection)
    internal = [f"c{number}" for number in range(len(names))]
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in internal)
    source = f"""read_csv({_literal_path(path)}, auto_detect = false, header = true, delim = {literal(separator)},
        quote = '"', escape = '"', nullstr = {NULLS}, hive_partitioning = false, columns = {{{types}}})"""
    type_of_each = (TYPE_OF_COLUMN.format(v=name, whole=WHOLE, other=OTHER) for name in internal)
    with reading(path):
        found = connection.execute(f"SELECT {', '.join(type_of_each)} FROM {source}").fetchone()
    cast = [_cleaned(f"{name}::{type_}", type_) for name, type_ in zip(internal, found or (), strict=True)]
    return Contents([ListColumn(name) for name in names], Streamed(cast, source))


def read_parquet(path: Path, connection: Connection) -> Contents:
    """A Parquet file, with the units and descriptions that astropy or TOPCAT put into it.

    Raises CatalogError if it is not a Parquet file.
    """
    source = f"read_parquet({_literal_path(path)}, hive_partitioning = false)"
    with reading(path):
        schema = pq.read_schema(path)
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        said = {column.name: column for column in _said(schema.metadata or {})}
    columns, expressions = [], []
    for name, (internal, type_) in zip(schema.names, (row[:2] for row in described), strict=True):
        # astropy writes what is masked as a value, and in a column beside it that it is masked.
        if name.endswith(".mask") and name.removesuffix(".mask") in said:
            continue
        value = _cleaned(quoted(internal), type_)
        masked = f"{name}.mask"
        columns.append(said.get(name, ListColumn(name)))
        expressions.append(f"CASE WHEN NOT {quoted(masked)} THEN {value} END" if masked in said else value)
    return Contents(columns, Streamed(expressions, source))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise CatalogError, in one line, for what DuckDB and Arrow say of a file that is not what its name says."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.NotImplementedException) as error:
        said = re.split(r"\n?Possible |\n+LINE ", str(error).removeprefix("Invalid Input Error: "))[0]
        lines = [line for line in said.splitlines() if not line.startswith("Original Line")]
        raise CatalogError(f"{path} cannot be read: {' '.join(lines)[:300]}") from error
    except pa.ArrowInvalid as error:
        raise CatalogError(f"{path} is not a Parquet file: {str(error).splitlines()[0]}") from error


def _header(path: Path) -> tuple[list[str] | None, str]:
    """The names in the first line and what separates them; None if it is the first line of an ECSV file."""
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            line = file.readline()
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
        raise CatalogError(f"{path} is not a CSV file in UTF-8: {error}") from error
    if line.startswith("# %ECSV"):
        return None, ""
    if not line.strip():
        raise CatalogError(f"{path}: the first line is blank; a CSV file begins with the names of its columns")
    separator = max(SEPARATORS, key=line.count)
    return [name.strip() for name in next(csv.reader([line], delimiter=separator))], separator


def _cleaned(expression: str, type_: str) -> str:
    """What is unknown becomes NULL: NaN, and text that is blank."""
    if type_ in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN NOT isnan({expression}) THEN {expression} END"
    if type_ == "BLOB":
        # Text that astropy holds as bytes.
        return f"nullif(trim(TRY(decode({expression}))), '')"
    return f"nullif(trim({expression}), '')" if type_ == "VARCHAR" else expression


def _said(metadata: dict[bytes, bytes]) -> list[ListColumn]:
    if (yaml := metadata.get(b"table_meta_yaml")) is not None:
        header = meta.get_header_from_yaml(yaml.decode().splitlines())
        return [ListColumn(row["name"], row.get("unit"), row.get("description")) for row in header["datatype"]]
    if (xml := metadata.get(b"IVOA.VOTable-Parquet.content")) is not None:
        return fields_of(votable.parse(io.BytesIO(xml)).get_first_table())
    return []


def _literal_path(path: Path) -> str:
    # DuckDB would take these signs for a pattern of names.
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path.absolute())))
