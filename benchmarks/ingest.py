"""Loading combined spectra from `.fits.gz`: ours, what a user would write, and ours' own stages alone.

`python -m benchmarks.ingest [N]`: N stars, 20000 unless told; then a quarter and three times as many of ours, to see
what grows.
"""

import gzip
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from astropy.io import fits
from astropy.table import Table

from benchmarks.measure import measure, table
from catalog import Catalog
from catalog.database.connection import append, array_column, expect_rows
from catalog.ingest.files import MEMORY
from catalog.ingest.loader import ROWS_PER_BLOCK
from catalog.spectra.quality import quality
from catalog.surveys.fits_table import open_tables
from catalog.surveys.mock.survey import LARGE, MockSurvey, write_mock
from catalog.surveys.product import Block
from catalog.surveys.recognition import recognise

N_STAR = 20_000
TIMES = (0.25, 3)
CHUNK = 1 << 22


def ours(folder: Path) -> None:
    database = folder / "ours.duckdb"
    database.unlink(missing_ok=True)
    Catalog(database).ingest([folder / LARGE])


def plain_script(folder: Path) -> None:
    """Astropy opens the file, a Table holds it, Arrow hands it to DuckDB as it comes; no checks, no counts."""
    database = folder / "plain.duckdb"
    database.unlink(missing_ok=True)
    with fits.open(folder / LARGE) as hdus:
        rows = Table(hdus[1].data)
    with duckdb.connect(database) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            "CREATE TABLE spectrum (mangaid TEXT, flux FLOAT[4563], ivar FLOAT[4563], mask INTEGER[4563])"
        )
        columns = {"mangaid": pa.array([str(mangaid).strip() for mangaid in rows["MANGAID"]])}
        for column, dtype in (("FLUX", "f4"), ("IVAR", "f4"), ("MASK", "i4")):
            values = np.ascontiguousarray(np.asarray(rows[column]).astype(dtype))
            columns[column.lower()] = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), 4563)
        arrow = pa.table(columns)  # noqa: F841  # read by name in the SQL
        connection.execute("INSERT INTO spectrum SELECT * FROM arrow")


def inflate_alone(folder: Path) -> None:
    with open_tables(folder / LARGE) as tables:
        for found in tables:
            for _ in found.blocks(ROWS_PER_BLOCK):
                pass


def decode_alone(folder: Path) -> None:
    """From the unpacked file, which costs next to nothing to read."""
    for block in _decoded(folder / "unpacked.fits"):
        if block.arrays is not None:
            quality(block.arrays)


def insert_alone(folder: Path) -> None:
    """The same arrays, of one block again and again, into the same table with the same settings."""
    database = folder / "insert.duckdb"
    database.unlink(missing_ok=True)
    catalog = Catalog(database)
    catalog.upgrade()
    n_row = fits.getheader(folder / "unpacked.fits", 1)["NAXIS2"]
    arrays = next(_decoded(folder / "unpacked.fits")).arrays
    if arrays is None or arrays.ivar is None or arrays.mask is None:
        raise ValueError("a mock has all arrays")
    with catalog.database.write(MEMORY, arrays=True) as connection:
        expect_rows(connection, n_row)
        for first in range(0, n_row, len(arrays.flux)):
            keep = slice(0, min(len(arrays.flux), n_row - first))
            rows = pa.table(
                {
                    "spectrum_id": pa.array(np.arange(first, first + len(arrays.flux[keep]))),
                    "flux": array_column(arrays.flux[keep]),
                    "ivar": array_column(arrays.ivar[keep]),
                    "mask": array_column(arrays.mask[keep]),
                }
            )
            append(connection, "spectrum_array", rows)


def _decoded(path: Path) -> Iterator[Block]:
    with open_tables(path) as tables:
        for found in tables:
            product = recognise(found.columns)
            if product is not None:
                yield from product.read(found, ROWS_PER_BLOCK)


def main() -> None:
    n_star = int(sys.argv[1]) if len(sys.argv) > 1 else N_STAR
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mock(folder, MockSurvey(n_star))
        with gzip.open(folder / LARGE) as packed, (folder / "unpacked.fits").open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked, CHUNK)
        ways = (ours, plain_script, inflate_alone, decode_alone, insert_alone)
        results = {(way.__name__.replace("_", " "), n_star): measure(way, folder) for way in ways}
        sizes = {
            "ours": (folder / "ours.duckdb").stat().st_size,
            "plain script": (folder / "plain.duckdb").stat().st_size,
        }
        for times in TIMES:
            n, other = round(times * n_star), folder / str(times)
            write_mock(other, MockSurvey(n))
            results["ours", n] = measure(ours, other)
            shutil.rmtree(other)
    reference = results["ours", n_star][0]
    raw = 4563 * 12
    rows = [
        [way, n, f"{seconds:.1f}", f"{seconds / n * 1e3:.2f}", f"{seconds / reference:.2f}", f"{memory:.0f}",
         f"{sizes[way] / (n * raw):.2f}" if way in sizes and n == n_star else ""]
        for (way, n), (seconds, memory) in results.items()
    ]  # fmt: skip
    print(f"### Loading combined spectra from `.fits.gz`, {raw / 1e3:.0f} kB of arrays each\n")
    print(table(["way", "spectra", "s", "ms a spectrum", "relative to ours", "peak memory MB", "file / arrays"], rows))


if __name__ == "__main__":
    main()
