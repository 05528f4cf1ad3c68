"""A file of rows as a table of the database: every column, its unit and its description."""

from pathlib import Path

import pyarrow as pa

from catalog.crossmatch import astropy_files, duckdb_files
from catalog.crossmatch.columns import Contents, InMemory, ListColumn
from catalog.database.connection import Connection, execute_with, quoted
from catalog.database.external import comment_columns, distinct, table_of
from catalog.errors import CatalogError

ROW = "catalog_row"

READERS = {
    ".csv": duckdb_files.read_csv,
    ".ecsv": astropy_files.read_ecsv,
    ".fit": astropy_files.read_fits,
    ".fits": astropy_files.read_fits,
    ".parquet": duckdb_files.read_parquet,
    ".vot": astropy_files.read_votable,
    ".votable": astropy_files.read_votable,
    ".xml": astropy_files.read_votable,
}
"""Formats by the ending of the name; all but Parquet may be compressed, with .gz behind it."""

BLOCK = 50_000
"""Rows that are handed to DuckDB at a time."""


def require_format(path: Path) -> None:
    """Raise CatalogError unless the ending of a name is that of a format that can be read."""
    ending = path.name.lower().removesuffix(".gz")
    if Path(ending).suffix not in READERS or path.name.lower().endswith(".parquet.gz"):
        raise CatalogError(f"{path}: an attached file is one of {', '.join(READERS)}; rename or convert it")


def load(connection: Connection, path: Path, name: str) -> tuple[Contents, dict[str, ListColumn]]:
    """Make the table external.NAME of a file, in place of the one that is there.

    Writes inside the connection's transaction.

    Returns
    -------
    contents : Contents
        What the file holds.
    columns : dict
        Its columns under the names they have in the table: those of the file, with a number behind them where SQL
        would not tell two apart, and `catalog_row` in front, from 1.

    Raises
    ------
    CatalogError
        If the file cannot be read, has no rows, or has two columns of one name.
    """
    reader = READERS[Path(path.name.lower().removesuffix(".gz")).suffix]
    contents = reader(path, connection)
    names = [column.name.strip() for column in contents.columns]
    if twice := astropy_files.repeated([each for each in names if each]):
        raise CatalogError(f"{path} has two columns {twice}; rename one")
    chosen = distinct((each or f"column_{number}" for number, each in enumerate(names, start=1)), taken=[ROW])
    if isinstance(contents.rows, InMemory):
        _append_blocks(connection, contents.rows, table_of(name), chosen)
    else:
        selected = [f"{value} AS {quoted(each)}" for value, each in zip(contents.rows.expressions, chosen, strict=True)]
        with duckdb_files.reading(path):
            connection.execute(
                f"""CREATE OR REPLACE TABLE {table_of(name)} AS
                SELECT row_number() OVER () AS {ROW}, {", ".join(selected)} FROM {contents.rows.source}"""
            )
    columns = dict(zip(chosen, contents.columns, strict=True))
    comments: dict[str, str | None] = {ROW: "Row of the file, from 1"}
    comment_columns(connection, table_of(name), comments | {each: column.comment for each, column in columns.items()})
    return contents, columns


def _append_blocks(connection: Connection, rows: InMemory, table: str, names: list[str]) -> None:
    for first in range(0, max(rows.n_row, 1), BLOCK):
        last = min(first + BLOCK, rows.n_row)
        block = pa.table([pa.array(range(first + 1, last + 1), pa.int64()), *rows.rows(first, last)], [ROW, *names])
        if first == 0:
            execute_with(connection, f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM _incoming", block)
        else:
            execute_with(connection, f"INSERT INTO {table} SELECT * FROM _incoming", block)
