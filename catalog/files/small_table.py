"""A small table of a user, CSV or ECSV, read with the line of every row, so that a fault can be named."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from catalog.errors import CatalogError

Row = tuple[int, dict[str, str]]
"""Line of the file on which a row begins, from 1, and its values by column, without blanks around them."""


def read_small_table(
    path: Path, required: Sequence[str], optional: Sequence[str] = (), *, blanks: bool = False
) -> list[Row]:
    """The rows of a CSV or ECSV file, all values as text; blank lines are passed over.

    Not with astropy, which would not say on which line a row stands, nor keep ids as text.

    Parameters
    ----------
    path : Path
        UTF-8, with or without a byte order mark; lines that begin with # in front of the header are passed over.
    required, optional : sequence of str
        Columns that the header must name once, and those that it may name once; others are left alone.
    blanks : bool
        Rows of which every value is blank, as spreadsheets leave them behind the others, are rows too.

    Raises
    ------
    CatalogError
        If it cannot be read, lacks a column or names it twice, or a row has more or fewer values than the header.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(file)
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path} is not text in UTF-8") from error
    comments = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    comma = path.suffix.lower() != ".ecsv" or re.search(r"^# delimiter: ','", "".join(lines[:comments]), re.M)
    reader = csv.reader(lines[comments:], delimiter="," if comma else " ", skipinitialspace=True, strict=True)
    header: list[str] | None = None
    rows: list[Row] = []
    line = comments + 1
    try:
        for record in reader:
            values = [value.strip() for value in record]
            if header is None:
                header = _checked_header(path, values, required, optional)
            elif any(values) or (blanks and len(values) > 1):
                if len(values) != len(header):
                    raise CatalogError(f"{path}, line {line}: {len(values)} values for {len(header)} columns")
                rows.append((line, dict(zip(header, values, strict=True))))
            line = comments + reader.line_num + 1
    except csv.Error as error:
        raise CatalogError(f"{path}, line {line}: {error}") from error
    if header is None:
        raise CatalogError(f"{path} is empty; its first line must name the columns {', '.join(required or optional)}")
    return rows


def _checked_header(path: Path, header: list[str], required: Sequence[str], optional: Sequence[str]) -> list[str]:
    for column in (*required, *optional):
        n = header.count(column)
        if n > 1 or (n == 0 and column in required):
            raise CatalogError(
                f"{path} has {n or 'no'} column{'s' if n else ''} {column}; its first line must name it once"
            )
    return header
