"""Files into tables: one command, one transaction."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from catalog.anomaly.ranks import rerank
from catalog.database.connection import Database, InUseError
from catalog.database.healpix import place_spectra
from catalog.database.migration import is_blank, upgrade
from catalog.errors import CatalogError
from catalog.ingest.loader import Ingested, Loader
from catalog.progress import Progress, silent
from catalog.surveys.fits_table import FitsTable, NoTableError, open_tables
from catalog.surveys.product import SurveyProduct, single_product
from catalog.surveys.recognition import PRODUCTS, recognise, recognise_single

MEMORY = "512MB"
"""Loading needs a few row groups of 112 MB; more would only be a cache."""


class NotRecognisedError(CatalogError):
    """A binary table that no product claims."""


def ingest(
    database: Database,
    paths: Iterable[Path],
    dataset: str | None = None,
    progress: Progress = silent,
) -> list[Ingested]:
    """Recognise each file by its columns and load it; folders are searched for FITS files.

    Notes
    -----
    Everything is written in one transaction, and the database created if it is absent; if anything is wrong, nothing
    is changed. A file loaded before (by its SHA-256) is skipped.
    """
    if dataset is not None and not dataset.strip():
        raise CatalogError("the name of the dataset is blank; give --dataset NAME")
    files, skipped = _recognised(paths)
    if database.exists():
        if is_blank(database):
            upgrade(database)
        return _load(database, files, dataset, progress) + skipped
    # A new database appears under its name only when it is complete; killed on the way, the next run goes on with it.
    partial = Database(database.path.with_name(database.path.name + ".partial"))
    try:
        upgrade(partial)
        inode = partial.path.stat().st_ino
        done = _load(partial, files, dataset, progress)
        # Had another process removed it and begun anew, its half would get the name.
        if partial.path.stat().st_ino != inode:
            raise FileNotFoundError
        if database.exists():
            raise CatalogError(f"{database.path} was made by another process meanwhile; run again")
        partial.path.replace(database.path)
    except FileNotFoundError as error:
        raise CatalogError(f"{partial.path} was removed by another process; run again") from error
    except InUseError:
        # The file is that of the other process now, which is making the same database.
        raise
    except BaseException:
        partial.path.unlink(missing_ok=True)
        raise
    return done + skipped


def _load(
    database: Database, files: list[tuple[Path, SurveyProduct]], dataset: str | None, progress: Progress
) -> list[Ingested]:
    with database.write(MEMORY, arrays=True) as connection:
        done = [Loader(connection, path, product, dataset, progress).load() for path, product in files]
        place_spectra(connection)
        if any(product.table == "gaia_match" for _, product in files):
            rerank(connection)
        return done


def _recognised(paths: Iterable[Path]) -> tuple[list[tuple[Path, SurveyProduct]], list[Ingested]]:
    """The files to load, and those in a folder that are of no product known here."""
    files: list[tuple[Path, SurveyProduct]] = []
    skipped: list[Ingested] = []
    for path in paths:
        for file in _fits_files(path):
            try:
                files.append((file, _product_of(file)))
            except (NotRecognisedError, NoTableError) as error:
                if file == path:
                    raise
                skipped.append(Ingested(file, None, skipped=str(error).removeprefix(f"{file} ")))
    return files, skipped


def _product_of(path: Path) -> SurveyProduct:
    """What the first table that is known makes the file, or else its headers."""
    refusal: CatalogError | None = None
    try:
        with open_tables(path) as tables:
            for table in tables:
                if (product := recognise(table.columns)) is not None:
                    return product
                refusal = refusal or NotRecognisedError(_not_recognised(table))
    except NoTableError as error:
        refusal = error
    if (single := recognise_single(path)) is not None:
        return single_product(single)
    # A file without a table raises, one with a table was refused.
    raise refusal or NotRecognisedError(f"{path} is not a product known here")


def _fits_files(path: Path) -> Iterator[Path]:
    try:
        if not path.exists():
            raise CatalogError(f"no file or folder {path}")
        if not path.is_dir():
            yield path
            return
        found = sorted(path.rglob("*"))
    except OSError as error:
        raise CatalogError(f"{path} cannot be looked at: {error.strerror}") from error
    fits_files = [file for file in found if file.name.lower().endswith((".fits", ".fits.gz"))]
    files = [file for file in fits_files if file.is_file() and not file.name.startswith(".")]
    if not files:
        raise CatalogError(f"no .fits or .fits.gz file in folder {path}")
    yield from files


def _not_recognised(table: FitsTable) -> str:
    if not table.columns & {"MANGAID"}:
        return f"{table.path} has no column MANGAID, nor is it a spectrum of BOSS or LAMOST; nothing else is known here"
    possible = [product for product in PRODUCTS if not product.excluded & table.columns]
    nearest = max(possible, key=lambda product: len(product.required & table.columns) / len(product.required))
    missing = ", ".join(sorted(nearest.required - table.columns))
    return f"{table.path} is not a product known here; to be {nearest.name} it lacks column {missing}"
