"""What is exported is read back by astropy, value by value; and by STILTS where it is installed."""

import csv
import json
import math
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.table import Table
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from catalog import Catalog

BIG = 2**63 - 1
COLUMNS = {
    "id": "BIGINT",
    "small": "SMALLINT",
    "yes": "BOOLEAN",
    "x": "DOUBLE",
    "y": "FLOAT",
    "text": "VARCHAR",
    "list": "DOUBLE[]",
    "numbers": "INTEGER[]",
    "pair": "FLOAT[2]",
}
floats = st.none() | st.sampled_from([0.0, -1.5, 0.1, 1e300, 5e-324, math.nan, math.inf, -math.inf]) | st.floats()
float32s = st.none() | st.floats(width=32)
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
TEXTS = ["", " ", '"', "'", "a,b", "two\nlines", "\r", "\\n", "Å ☉ 😀", "NULL", "--", "\x85", "\u2028"]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.none() | st.sampled_from([BIG, -BIG, 2**53 + 1, 0]) | st.integers(-BIG, BIG),
            "small": st.none() | st.integers(-(2**15) + 1, 2**15 - 1),
            "yes": st.none() | st.booleans(),
            "x": floats,
            "y": float32s,
            "text": texts | st.sampled_from(TEXTS),
            "list": st.none() | st.lists(st.floats(), max_size=3),
            "numbers": st.none() | st.lists(st.integers(-(2**31), 2**31 - 1), max_size=3),
            "pair": st.none() | st.lists(st.floats(width=32), min_size=2, max_size=2),
        }
    ),
    max_size=30,
)
Rows = list[dict[str, Any]]


def literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, float):
        return f"'{value!r}'::DOUBLE"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return str(value).lower() if isinstance(value, bool) else f"({value})"


def sql_of(rows: Rows) -> str:
    casts = ", ".join(f'{name}::{type_} AS "{name}"' for name, type_ in COLUMNS.items())
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    values = ", ".join(f"({', '.join(literal(row[name]) for name in COLUMNS)})" for row in rows)
    nothing = f"({', '.join(['NULL'] * len(COLUMNS))})"
    return f"SELECT {casts} FROM (VALUES {values or nothing}) AS given ({names}) WHERE {bool(rows)}"


def plain(value: Any) -> Any:
    """As Python has it, None for NULL."""
    if value is None or value is np.ma.masked:
        return None
    if isinstance(value, bytes):
        return value.decode("ascii")
    if isinstance(value, np.ndarray):
        return None if np.ma.getmaskarray(value).all() and value.size else [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def of_table(table: Table) -> Rows:
    columns = {name: [plain(value) for value in table[name]] for name in COLUMNS}
    for name, values in columns.items():
        if table[name].ndim == 1:
            null = np.ma.getmaskarray(np.ma.asarray(table[name]))
            columns[name] = [None if is_null else value for value, is_null in zip(values, null, strict=True)]
    return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def read_votable(path: Path) -> Rows:
    return of_table(Table.read(path, format="votable"))


def read_fits(path: Path) -> Rows:
    table = Table.read(path, format="fits", unit_parse_strict="silent")
    rows = of_table(table)
    if table["yes"].dtype.kind == "u":
        rows = [row | {"yes": None if row["yes"] is None else bool(row["yes"])} for row in rows]
    if "escapes" in str(table.meta.get("TCOMM6", "")):
        for row in rows:
            row["text"] = row["text"] and row["text"].encode("ascii").decode("unicode_escape")
    return rows


def read_ecsv(path: Path) -> Rows:
    return of_table(Table.read(path, format="ascii.ecsv"))


def read_parquet(path: Path) -> Rows:
    return pq.read_table(path).to_pylist()  # type: ignore[no-any-return]


def read_csv(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        (_, *lines) = csv.reader(file)
    reads: dict[str, Callable[[str], Any]] = {
        "BIGINT": int,
        "SMALLINT": int,
        "BOOLEAN": "true".__eq__,
        "DOUBLE": float,
        "FLOAT": float,
        "VARCHAR": str,
    }
    return [
        {
            name: None if not value else reads.get(type_, json.loads)(value)
            for (name, type_), value in zip(COLUMNS.items(), line, strict=True)
        }
        for line in lines
    ]


LOST = {
    ".vot": {"text": ("", None)},
    ".fits": {"text": ("", None), "list": ([], None), "numbers": ([], None), "pair": ([math.nan] * 2, None)},
    ".ecsv": {},
    ".parquet": {},
    ".csv": {"text": ("", None)},
}
"""What a format, or the reader used here, cannot tell from NULL."""
NAN_IS_NULL = (".vot", ".fits")
"""Formats whose NaN astropy masks."""


LINE_BREAKS = "\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]"
"""What astropy reads as a newline in ECSV."""


def told_apart(row: dict[str, Any], suffix: str) -> str:
    """A row with equal values for what the format does not tell apart, as text, since NaN does not equal NaN."""
    row = {name: row[name] for name in COLUMNS}
    row["y"] = None if row["y"] is None else float(np.float32(row["y"]))
    row["pair"] = None if row["pair"] is None else [float(np.float32(value)) for value in row["pair"]]
    if suffix == ".fits" and row["text"] is not None:
        row["text"] = row["text"].rstrip(" ")
    if suffix == ".ecsv" and row["text"] is not None:
        row["text"] = re.sub(LINE_BREAKS, "\n", row["text"]).strip()
    for name in ("x", "y"):
        if suffix in NAN_IS_NULL and row[name] is not None and math.isnan(row[name]):
            row[name] = None
    if suffix == ".vot" and row["list"] is not None:
        row["list"] = [math.nan if value is None else value for value in row["list"]]
    for name, (empty, null) in LOST[suffix].items():
        row[name] = null if repr(row[name]) == repr(empty) else row[name]
    return repr(row)


READ = {".vot": read_votable, ".fits": read_fits, ".ecsv": read_ecsv, ".parquet": read_parquet, ".csv": read_csv}


@pytest.mark.parametrize("suffix", READ)
@settings(
    max_examples=8,
    phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS)
@example(rows=[])
@example(rows=[dict.fromkeys(COLUMNS)])
def test_values_come_back(ingested: Path, tmp_path: Path, suffix: str, rows: Rows) -> None:
    path = tmp_path / f"answer{suffix}"
    Catalog(ingested).export(sql_of(rows), path, force=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = READ[suffix](path)
    assert [told_apart(row, suffix) for row in found] == [told_apart(row, suffix) for row in rows]
