"""Files into tables: one command, one transaction."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from catalog.database.connection import Database
from catalog.database.migration import upgrade
from catalog.errors import CatalogError
from catalog.loader import Ingested, Loader, Progress
from catalog.surveys import PRODUCTS, recognise
from catalog.surveys.fits_table import FitsTable, open_table
from catalog.surveys.product import Product

MEMORY = "512MB"
"""Loading needs a few row groups of 112 MB; more would only be a cache."""


def ingest(
    database: Database,
    paths: Iterable[Path],
    dataset: str | None = None,
    progress: Progress = lambda path, done, total: None,
) -> list[Ingested]:
    """Recognise each file by its columns and load it; folders are searched for FITS files.

    dataset : name for the dataset of the spectra, instead of the usual one
    Returns one entry per file. Writes everything in one transaction, and creates the database if it is absent;
    if anything is wrong, nothing is changed. A file loaded before (by its SHA-256) is skipped.
    Raises CatalogError for input that cannot be read.
    """
    files, skipped = _recognised(paths)
    created = not database.exists()
    try:
        if created:
            upgrade(database)
        with database.write(MEMORY) as connection:
            done = [Loader(connection, path, product, dataset, progress).load() for path, product in files]
    except BaseException:
        if created:
            database.path.unlink(missing_ok=True)
        raise
    return done + skipped


def _recognised(paths: Iterable[Path]) -> tuple[list[tuple[Path, Product]], list[Ingested]]:
    """The files to load, and those of folders that are no product we know."""
    files: list[tuple[Path, Product]] = []
    skipped: list[Ingested] = []
    for path in paths:
        for file in _fits_files(path):
            with open_table(file) as table:
                product = recognise(table.columns)
                if product is not None:
                    files.append((file, product))
                elif file == path:
                    raise CatalogError(_not_recognised(table))
                else:
                    skipped.append(Ingested(file, None, skipped="its columns belong to no product known here"))
    return files, skipped


def _fits_files(path: Path) -> Iterator[Path]:
    if not path.exists():
        raise CatalogError(f"no file or folder {path}")
    if not path.is_dir():
        yield path
        return
    files = sorted(file for file in path.rglob("*") if file.name.lower().endswith((".fits", ".fits.gz")))
    if not files:
        raise CatalogError(f"no .fits or .fits.gz file in folder {path}")
    yield from files


def _not_recognised(table: FitsTable) -> str:
    if not table.columns & {"MANGAID"}:
        return f"{table.path} has no column MANGAID; no product known here lacks it"
    nearest = max(PRODUCTS, key=lambda product: len(product.required & table.columns) / len(product.required))
    missing = ", ".join(sorted(nearest.required - table.columns))
    return f"{table.path} is no product known here; to be {nearest.name} it lacks column {missing}"
