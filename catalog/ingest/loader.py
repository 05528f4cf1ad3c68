"""One file into tables, inside the transaction of a connection."""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from catalog.database.connection import Connection, expect_rows, insert, next_id, scalar
from catalog.errors import CatalogError
from catalog.ingest.rows import RowLoader
from catalog.prefetch import prefetch
from catalog.progress import Progress
from catalog.provenance import sha256_of_file, utc_now
from catalog.spectra.quality import quality
from catalog.surveys.fits_table import FitsTable, open_tables
from catalog.surveys.product import Block, DatasetOrigin, SingleSpectrum, SurveyProduct
from catalog.surveys.recognition import recognise
from catalog.version import code_version

ROWS_PER_BLOCK = 256
"""Rows read at a time: 14 MB of arrays on the MaStar grid, 23 MB in the file; some five blocks are under way."""

IS_SIZE_KNOWN = "SELECT count(*) > 0 FROM source_file WHERE size = $size"

FILE_OF_DIGEST = "SELECT name, ingested_at FROM source_file WHERE sha256 = $sha256"

DATASET_OF_DIGEST = """
SELECT any_value(dataset.name)
FROM source_file
JOIN spectrum ON spectrum.source_file_id = source_file.source_file_id
JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
WHERE source_file.sha256 = $sha256
"""

COUNT_SPECTRA = """
UPDATE dataset SET
    n_spectrum = (SELECT count(*) FROM spectrum WHERE spectrum.dataset_id = dataset.dataset_id),
    n_usable = (SELECT count(*) FROM spectrum WHERE spectrum.dataset_id = dataset.dataset_id AND spectrum.usable)
WHERE dataset_id = $dataset_id
"""

COUNT_USABLE = "SELECT count(*) FROM spectrum WHERE source_file_id = $source_file_id AND usable"

NAME_OF_DATASET = "SELECT name FROM dataset WHERE dataset_id = $dataset_id"

log = logging.getLogger("catalog")


@dataclass(frozen=True)
class Ingested:
    """What became of one file.

    Attributes
    ----------
    path : Path
        The file.
    product : str, optional
        The first that it holds; None: none that is known.
    dataset : str, optional
        For spectra, the dataset they are in.
    n_row : int
        Rows read from the file.
    n_usable : int, optional
        For spectra, those usable over the full range.
    skipped : str, optional
        Why nothing was read; None: it was read.
    n_row_of : dict
        Rows read, for each product in the file.
    """

    path: Path
    product: str | None
    dataset: str | None = None
    n_row: int = 0
    n_usable: int | None = None
    skipped: str | None = None
    n_row_of: dict[str, int] = field(default_factory=dict)


class Loader:
    """Loads one file inside the transaction of a connection; the caller commits or rolls back.

    Parameters
    ----------
    connection : Connection
        Whose transaction it is.
    path : Path
        The file.
    product : SurveyProduct
        What the file is, after its first table that is known.
    dataset : str, optional
        Name for the dataset of the spectra, instead of the usual one.
    progress : Progress
        Called with the rows read of each table.
    """

    def __init__(
        self, connection: Connection, path: Path, product: SurveyProduct, dataset: str | None, progress: Progress
    ) -> None:
        self.connection = connection
        self.path = path
        self.product = product
        self.dataset = dataset
        self.progress = progress
        self.source_file_id = next_id(connection, "source_file", "source_file_id")

    def load(self) -> Ingested:
        """Read the tables of the file that are known, in order, unless a file of the same SHA-256 was loaded before.

        Of several tables of one product the first is read: a summary catalog may hold its bad stars behind its good
        ones. What is not read, tables and columns, is named to the logger "catalog", at debug level. Writes inside the
        connection's transaction.

        Raises
        ------
        CatalogError
            If the file is damaged, or if its rows are not what the database can hold.
        """
        with ThreadPoolExecutor(1) as aside:
            # While the file is read: a second reading of a large one would add a tenth to the time.
            digest = aside.submit(sha256_of_file, self.path)
            if self._size_is_known() and (before := self._loaded_before(digest.result())):
                return before
            if self.product.single is not None:
                return self._load_single(self.product.single, digest)
            return self._load_tables(digest)

    def _load_tables(self, digest: "Future[str]") -> Ingested:
        n_row_of: dict[str, int] = {}
        dataset_id: int | None = None
        with open_tables(self.path) as tables:
            for number, table in enumerate(tables, 1):
                product = recognise(table.columns)
                if product is None or product.name in n_row_of:
                    log.debug("%s: table %d %s has no place here, not read", self.path, number, table.name)
                    continue
                n_row_of[product.name] = table.n_row
                dataset_id = self._load_table(table, product) or dataset_id
                if table.unread:
                    columns = ", ".join(sorted(table.unread))
                    log.debug("%s: columns of table %d without a place here: %s", self.path, number, columns)
        self._describe_file(sum(n_row_of.values()), digest.result())
        return self._ingested(n_row_of, dataset_id)

    def _load_single(self, single: SingleSpectrum, digest: "Future[str]") -> Ingested:
        block, origin = single.read(self.path)
        expect_rows(self.connection, 1)
        loader = RowLoader(
            self.connection,
            self.path,
            self.product,
            replace(origin, name=self.dataset or origin.name),
            self.source_file_id,
        )
        loader.load(block, quality(block.arrays) if block.arrays is not None else {})
        self._finish(loader)
        self.progress(self.path.name, 1, 1)
        self._describe_file(1, digest.result())
        return self._ingested({single.name: 1}, loader.dataset_id)

    def _load_table(self, table: FitsTable, product: SurveyProduct) -> int | None:
        """Load one table; for spectra, returns the id of their dataset."""
        loader = RowLoader(self.connection, self.path, product, self._origin(table, product), self.source_file_id)
        expect_rows(self.connection, table.n_row)
        # Three stages at a time: the file is read, a block decoded and counted, the one before it inserted.
        with closing(prefetch(_counted(product.read(table, ROWS_PER_BLOCK)))) as blocks:
            for block, counts in blocks:
                loader.load(block, counts)
                self.progress(self.path.name, block.first_row + len(block.rows), table.n_row)
        self._finish(loader)
        if loader.origin is not None and loader.dataset_id is None:
            raise CatalogError(f"{self.path} holds no spectrum")
        return loader.dataset_id

    def _finish(self, loader: RowLoader) -> None:
        """Refuse rows that occur twice, and count the spectra of their dataset anew."""
        loader.refuse_repeated()
        if loader.dataset_id is not None:
            self.connection.execute(COUNT_SPECTRA, {"dataset_id": loader.dataset_id})

    def _size_is_known(self) -> bool:
        """Whether a file of this size was loaded; if not, nor was this one."""
        return bool(scalar(self.connection, IS_SIZE_KNOWN, {"size": self.path.stat().st_size}))

    def _loaded_before(self, digest: str) -> Ingested | None:
        before = self.connection.execute(FILE_OF_DIGEST, {"sha256": digest}).fetchone()
        if before is None:
            return None
        name, ingested_at = before
        when = ingested_at.strftime("%Y-%m-%d %H:%M")
        holder = scalar(self.connection, DATASET_OF_DIGEST, {"sha256": digest})
        if self.dataset is not None and holder is not None and holder != self.dataset:
            raise CatalogError(f"{self.path} is loaded already, into dataset {holder}; a file is loaded once")
        return Ingested(self.path, self.product.name, skipped=f"already loaded as {name} on {when} UTC")

    def _origin(self, table: FitsTable, product: SurveyProduct) -> DatasetOrigin | None:
        if product.origin is None:
            return None
        origin = product.origin(table)
        name = self.dataset or origin.name
        if name is None:
            raise CatalogError(
                f"{self.path}: neither its columns nor its name (lsfpercent60.0 is small) tell the dataset; "
                "give --dataset NAME"
            )
        return DatasetOrigin(name, origin.survey, origin.release, origin.lsf_percentile)

    def _describe_file(self, n_row: int, digest: str) -> None:
        row = {
            "source_file_id": self.source_file_id,
            "name": self.path.name,
            "size": self.path.stat().st_size,
            "sha256": digest,
            "product": self.product.name,
            "n_row": n_row,
            "ingested_at": utc_now(),
            "code_version": code_version(),
        }
        insert(self.connection, "source_file", row)

    def _ingested(self, n_row_of: dict[str, int], dataset_id: int | None) -> Ingested:
        n_row = sum(n_row_of.values())
        if dataset_id is None:
            return Ingested(self.path, self.product.name, n_row=n_row, n_row_of=n_row_of)
        n_usable = scalar(self.connection, COUNT_USABLE, {"source_file_id": self.source_file_id})
        name = scalar(self.connection, NAME_OF_DATASET, {"dataset_id": dataset_id})
        return Ingested(self.path, self.product.name, name, n_row, n_usable, n_row_of=n_row_of)


def _counted(blocks: Iterator[Block]) -> Iterator[tuple[Block, dict[str, pa.Array]]]:
    """Each block with the quality of its spectra; none for a block without."""
    for block in blocks:
        yield block, quality(block.arrays) if block.arrays is not None else {}
