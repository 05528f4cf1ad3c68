"""A million rows of twenty columns to each format: ours, and the obvious script.

`python -m benchmarks.export [N]`: N rows, 1000000 unless told. The obvious way to ECSV and VOTable would take
many minutes for those, so that these two are compared with 20000 rows.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import MaskedColumn, Table
from catalog.cli.main import main as command

from benchmarks.measure import measure, table
from catalog import Catalog

N_ROW = 1_000_000
N_SLOW = 20_000
SLOW = (".ecsv", ".vot")
FORMATS = {".csv": "ascii.csv", ".ecsv": "ascii.ecsv", ".vot": "votable", ".fits": "fits", ".parquet": "parquet"}

COLUMNS = """
CREATE TABLE million AS
SELECT
    '7-' || range AS mangaid,
    CASE WHEN range % 10 > 0 THEN (4e18 + range)::BIGINT END AS source_id,
    range % 7 = 0 AS clean_match,
    CASE WHEN range % 3 = 0 THEN 'Star' END AS simbad_otype,
    'large' AS dataset,
    (range % 100)::INTEGER AS n_model,
    range AS consensus_rank,
    hash(range) / 1e19 * 360 AS ra,
    hash(range + 1) / 1e19 * 90 AS dec,
    hash(range + 2) / 1e19 AS mean_log10_error,
    hash(range + 3) / 1e19 AS mean_percentile,
    (hash(range + 4) / 1e19)::FLOAT AS g_mag,
    (hash(range + 5) / 1e19)::FLOAT AS bp_rp,
    (hash(range + 6) / 1e19)::FLOAT AS abs_g,
    (hash(range + 7) / 1e19)::FLOAT AS parallax,
    (hash(range + 8) / 1e19)::FLOAT AS pmra,
    (hash(range + 9) / 1e19)::FLOAT AS pmdec,
    (hash(range + 10) / 1e19)::FLOAT AS distance_pc,
    (hash(range + 11) / 1e19)::FLOAT AS ebv,
    CASE WHEN range % 5 = 0 THEN (hash(range + 12) / 1e19)::FLOAT END AS teff
FROM range($n_row)
"""


def make(folder: Path, n_row: int) -> None:
    catalog = Catalog(folder / "million.duckdb")
    catalog.upgrade()
    with duckdb.connect(str(catalog.database.path)) as connection:
        connection.execute(COLUMNS, {"n_row": n_row})


def ours(folder: Path, suffix: str, n_row: int) -> None:
    first = f"FROM million WHERE consensus_rank < {n_row}"
    Catalog(folder / "million.duckdb").export(first, folder / f"ours{suffix}", force=True)


def query(folder: Path, format_: str) -> None:
    """The command, its output to nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    database = str(folder / "million.duckdb")
    command(["--database", database, "query", "FROM million", "--format", format_], standalone_mode=False)


def obvious(folder: Path, suffix: str, n_row: int) -> None:
    """The whole answer as an Arrow table, for most formats as an astropy table, and that written."""
    with duckdb.connect(str(folder / "million.duckdb"), read_only=True) as connection:
        rows = connection.execute("FROM million WHERE consensus_rank < $n", {"n": n_row}).to_arrow_table()
    if suffix == ".parquet":
        pq.write_table(rows, folder / f"obvious{suffix}")
        return
    made = Table({name: astropy_column(rows[name]) for name in rows.column_names})
    made.write(folder / f"obvious{suffix}", format=FORMATS[suffix], overwrite=True)


def astropy_column(values: pa.ChunkedArray) -> MaskedColumn:
    text = pa.types.is_string(values.type)
    nothing = "" if text else False if pa.types.is_boolean(values.type) else 0
    filled = values.fill_null(nothing)
    return MaskedColumn(filled.to_pylist() if text else filled.to_numpy(), mask=values.is_null().to_numpy())


def main(n_row: int = N_ROW) -> None:
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, n_row)
        for suffix in FORMATS:
            compared = min(n_row, N_SLOW) if suffix in SLOW else n_row
            for n in sorted({compared, n_row}):
                cells = both(folder, suffix, n, alone=n > compared)
                rows.append(
                    [suffix, n, *("" if cell is None else f"{cell:.{1 if cell < 100 else 0}f}" for cell in cells)]
                )
        printed: list[list[object]] = [
            [format_, *(f"{cell:.0f}" for cell in measured(partial(query, format_=format_), folder))]
            for format_ in ("csv", "ndjson")
        ]
    print(f"### Exporting {n_row} rows of 20 columns\n")
    ways = ["s", "obvious s", "ratio", "peak memory MB", "obvious MB", "ratio", "file MB"]
    print(table(["format", "rows", *ways], rows))
    print("\n### `catalog query` printing the same\n")
    print(table(["format", "s", "peak memory MB"], printed))


def both(folder: Path, suffix: str, n_row: int, *, alone: bool) -> list[float | None]:
    """Seconds and MB of ours and, unless `alone`, of the obvious way, their ratios, and the size of our file in MB."""
    seconds, memory = measured(partial(ours, suffix=suffix, n_row=n_row), folder)
    size = (folder / f"ours{suffix}").stat().st_size / 1e6
    if alone:
        return [seconds, None, None, memory, None, None, size]
    usual, usual_memory = measured(partial(obvious, suffix=suffix, n_row=n_row), folder)
    return [seconds, usual, usual / seconds, memory, usual_memory, usual_memory / memory, size]


def printed_as(cell: float | None) -> str:
    return "" if cell is None else f"{cell:.{1 if cell < 100 else 0}f}"


def measured(work: Callable[[Path], None], folder: Path) -> tuple[float, float]:
    return measure(work, folder, repeats=1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_ROW)
