"""Loading `.fits.gz` spectra: ours, what a user would write, and the limits of the machine."""

import gzip
import os
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from astropy.io import fits

from benchmarks.measure import measure, table
from catalog import Catalog
from catalog.surveys.mock import MockSurvey, write_mock
from catalog.surveys.mock.survey import LARGE, SMALL

N_STAR = 3000
MORE = 4
"""Times as many stars, to see whether memory grows."""
CHUNK = 1 << 22


def ours(folder: Path) -> None:
    database = folder / "ours.duckdb"
    database.unlink(missing_ok=True)
    Catalog(database).ingest([folder / "files" / LARGE, folder / "files" / SMALL])


def whole_file_with_astropy(folder: Path) -> None:
    database = folder / "astropy.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(database) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            "CREATE TABLE spectrum (mangaid TEXT, flux FLOAT[4563], ivar FLOAT[4563], mask INTEGER[4563])"
        )
        for name in (LARGE, SMALL):
            rows = fits.getdata(folder / "files" / name, 1)
            columns = {"mangaid": pa.array([str(mangaid).strip() for mangaid in rows["MANGAID"]])}
            for column, dtype in (("FLUX", "f4"), ("IVAR", "f4"), ("MASK", "i4")):
                values = np.ascontiguousarray(rows[column].astype(dtype))
                columns[column.lower()] = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), 4563)
            arrow = pa.table(columns)  # noqa: F841  # read by name in the SQL
            connection.execute("INSERT INTO spectrum SELECT * FROM arrow")


def inflate_only(folder: Path) -> None:
    for name in (LARGE, SMALL):
        with gzip.open(folder / "files" / name) as stream:
            while stream.read(CHUNK):
                pass


def write_only(folder: Path) -> None:
    size = (folder / "ours.duckdb").stat().st_size
    with (folder / "raw").open("wb") as file:
        for _ in range(0, size, CHUNK):
            file.write(os.urandom(1) * CHUNK)
        os.fsync(file.fileno())


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mock(folder / "files", MockSurvey(N_STAR))
        n_spectrum = sum(fits.getheader(folder / "files" / file, 1)["NAXIS2"] for file in (LARGE, SMALL))
        raw = n_spectrum * 4563 * 12
        results = {
            work.__name__: measure(work, folder) for work in (ours, whole_file_with_astropy, inflate_only, write_only)
        }
        write_mock(folder / "more" / "files", MockSurvey(MORE * N_STAR))
        results[f"ours, {MORE} times as many"] = measure(ours, folder / "more", repeats=1)
        sizes = {path.stem: path.stat().st_size for path in folder.glob("*.duckdb")}
        reference = results["ours"][0]
        rows = [
            [work.replace("_", " "), f"{seconds:.1f}", f"{seconds / reference:.2f}", f"{memory:.0f}",
             f"{sizes[key] / raw:.2f}" if (key := work.split("_")[-1]) in sizes else ""]
            for work, (seconds, memory) in results.items()
        ]  # fmt: skip
        print(f"### Loading {n_spectrum} combined spectra ({raw / 1e6:.0f} MB of arrays) from `.fits.gz`\n")
        print(table(["way", "s", "relative to ours", "peak memory MB", "file / arrays"], rows))


if __name__ == "__main__":
    main()
