"""One file into tables, inside the transaction of a connection."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from catalog import __version__
from catalog.database import schema
from catalog.database.connection import append, array_column, execute_with, next_id
from catalog.errors import CatalogError
from catalog.provenance import sha256_of_file, utc_now
from catalog.quality import quality
from catalog.surveys.fits_table import FitsTable, open_table
from catalog.surveys.product import MOCK, Arrays, Block, Origin, Product

ROWS_PER_BLOCK = 512
"""Rows read at a time: 28 MB of arrays on the MaStar grid."""

NEW_STARS = """
INSERT INTO star (star_id, mangaid, source_file_id)
SELECT $first + row_number() OVER (ORDER BY min(incoming.position)) - 1, incoming.mangaid, $source_file_id
FROM _incoming AS incoming
ANTI JOIN star ON star.mangaid = incoming.mangaid
GROUP BY incoming.mangaid
"""

# Two rows of a block may name one star: any_value takes the first that is not NULL.
COMPLETE_STARS = """
UPDATE star SET {assignments}
FROM (SELECT mangaid, {values} FROM _incoming GROUP BY mangaid) AS known
WHERE star.mangaid = known.mangaid
"""

INSERT_ROWS = """
INSERT INTO {table} (star_id, source_file_id, {columns})
SELECT star.star_id, $source_file_id, {incoming}
FROM _incoming AS incoming
JOIN star ON star.mangaid = incoming.mangaid
ORDER BY incoming.position
"""

FORGET_REPLACED = """
DELETE FROM {table} USING _incoming AS incoming, star
WHERE star.mangaid = incoming.mangaid AND {table}.star_id = star.star_id
  AND {table}.{key} = incoming.{key} AND {table}.source_file_id <> $source_file_id
"""

# What makes two rows of one star the same thing; a file that repeats one is at fault.
KEYS = {
    "spectrum": "dataset_id, plate, ifudesign, mjd",
    "gaia_match": "gaia_release",
    "stellar_parameter": "source",
}

REPEATED = """
SELECT star.mangaid, count(*) AS n
FROM {table}
JOIN star ON star.star_id = {table}.star_id
GROUP BY star.mangaid, {keys}
HAVING count(*) > 1
ORDER BY star.mangaid
LIMIT 1
"""

LOADED_INTO = """
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


@dataclass(frozen=True)
class Ingested:
    """What became of one file.

    dataset : for spectra, the dataset they are in
    n_usable : for spectra, those usable over the full range
    skipped : why nothing was read, or None
    """

    path: Path
    product: str | None
    dataset: str | None = None
    n_row: int = 0
    n_usable: int | None = None
    skipped: str | None = None


Progress = Callable[[Path, int, int], None]
"""Called with a file, its rows read so far, and all its rows."""


class Loader:
    """Loads one file inside the transaction of a connection; the caller commits or rolls back."""

    def __init__(
        self, connection: sa.Connection, path: Path, product: Product, dataset: str | None, progress: Progress
    ) -> None:
        self.connection = connection
        self.path = path
        self.product = product
        self.dataset = dataset
        self.progress = progress
        self.source_file_id = next_id(connection, schema.source_file.c.source_file_id)
        self.dataset_id: int | None = None

    def load(self) -> Ingested:
        """Read the file into its tables, unless a file of the same SHA-256 was loaded before.

        Raises CatalogError if it is damaged, or if its rows are not what the database can hold.
        """
        digest = sha256_of_file(self.path)
        if before := self._loaded_before(digest):
            return before
        with open_table(self.path) as table:
            origin = self._origin(table)
            self._describe_file(table, digest)
            for block in self.product.read(table, ROWS_PER_BLOCK):
                if block.arrays is not None and origin is not None:
                    self._load_spectra(block, block.arrays, origin)
                else:
                    self._load_rows(block)
                self.progress(self.path, block.first_row + len(block.rows), table.n_row)
            self._refuse_repeated(table.n_row)
            return self._ingested(table.n_row)

    def _loaded_before(self, digest: str) -> Ingested | None:
        row = self.connection.execute(
            sa.select(schema.source_file.c.name, schema.source_file.c.ingested_at).where(
                schema.source_file.c.sha256 == digest
            )
        ).first()
        if row is None:
            return None
        when = row.ingested_at.strftime("%Y-%m-%d %H:%M")
        holder = self.connection.exec_driver_sql(LOADED_INTO, {"sha256": digest}).scalar()
        if self.dataset is not None and holder is not None and holder != self.dataset:
            raise CatalogError(f"{self.path} is loaded already, into dataset {holder}; a file is loaded once")
        return Ingested(self.path, self.product.name, skipped=f"already loaded as {row.name} on {when} UTC")

    def _origin(self, table: FitsTable) -> Origin | None:
        if self.product.origin is None:
            return None
        origin = self.product.origin(table)
        name = self.dataset or origin.name
        if name is None:
            raise CatalogError(
                f"{self.path}: neither its columns nor its name (lsfpercent60.0 is small) tell the dataset; "
                "give --dataset NAME"
            )
        return Origin(name, origin.survey, origin.release, origin.lsf_percentile)

    def _describe_file(self, table: FitsTable, digest: str) -> None:
        self.connection.execute(
            schema.source_file.insert().values(
                source_file_id=self.source_file_id,
                name=self.path.name,
                size=self.path.stat().st_size,
                sha256=digest,
                product=self.product.name,
                n_row=table.n_row,
                ingested_at=utc_now(),
                code_version=__version__,
            )
        )

    def _load_rows(self, block: Block) -> None:
        """Rows without arrays: the star's part to `star`, the rest to the product's table."""
        rows = self._load_stars(block.rows)
        if self.product.table == "star":
            return
        target = schema.metadata.tables[self.product.table]
        self._execute(FORGET_REPLACED.format(table=target.name, key=KEYS[target.name]), rows)
        self._insert(target, rows)

    def _load_spectra(self, block: Block, arrays: Arrays, origin: Origin) -> None:
        if self.dataset_id is None:
            self.dataset_id = self._dataset(origin, arrays.wavelength)
        n = len(block.rows)
        first = next_id(self.connection, schema.spectrum.c.spectrum_id)
        spectrum_id = pa.array(np.arange(first, first + n))
        rows = block.rows
        for name, counted in quality(arrays).items():
            # What the survey says of a spectrum stands; where it is silent, our own count fills in.
            if name in rows.column_names:
                given = pc.coalesce(rows[name], counted)
                rows = rows.set_column(rows.schema.get_field_index(name), name, given)
            else:
                rows = rows.append_column(name, counted)
        rows = rows.append_column("spectrum_id", spectrum_id)
        rows = rows.append_column("dataset_id", pa.array(np.full(n, self.dataset_id)))
        rows = rows.append_column("source_row", pa.array(np.arange(block.first_row + 1, block.first_row + n + 1)))
        self._insert(schema.spectrum, self._load_stars(rows))
        columns = {"spectrum_id": spectrum_id, "flux": array_column(arrays.flux)}
        if arrays.ivar is not None:
            columns["ivar"] = array_column(arrays.ivar)
        if arrays.mask is not None:
            columns["mask"] = array_column(arrays.mask)
        append(self.connection, schema.spectrum_array, pa.table(columns))

    def _load_stars(self, rows: pa.Table) -> pa.Table:
        """Add the stars nobody knew and complete the others; returns the rows with their position in the block."""
        rows = rows.append_column("position", pa.array(np.arange(len(rows))))
        self._execute(NEW_STARS, rows, first=next_id(self.connection, schema.star.c.star_id))
        known = [name for name in rows.column_names if name in schema.star.c and name != "mangaid"]
        if known:
            order = "known.{0}, star.{0}" if self.product.authoritative else "star.{0}, known.{0}"
            assignments = [f"{name} = coalesce({order.format(name)})" for name in known]
            if self.product.authoritative:
                assignments.append("source_file_id = $source_file_id")
            values = ", ".join(f"any_value({name}) AS {name}" for name in known)
            self._execute(COMPLETE_STARS.format(assignments=", ".join(assignments), values=values), rows)
        return rows

    def _insert(self, target: sa.Table, rows: pa.Table) -> None:
        columns = [name for name in rows.column_names if name in target.c]
        incoming = ", ".join(f"incoming.{name}" for name in columns)
        self._execute(INSERT_ROWS.format(table=target.name, columns=", ".join(columns), incoming=incoming), rows)

    def _execute(self, statement: str, rows: pa.Table, **parameters: object) -> None:
        used = {"source_file_id": self.source_file_id} | parameters
        execute_with(self.connection, statement, rows, {k: v for k, v in used.items() if f"${k}" in statement})

    def _dataset(self, origin: Origin, wavelength: np.ndarray) -> int:
        """The id of the dataset, made if it is new. Raises CatalogError if the file does not belong in it."""
        if len(wavelength) != schema.N_PIXEL:
            raise CatalogError(
                f"{self.path}: its spectra have {len(wavelength)} pixels; a catalog holds spectra of {schema.N_PIXEL}"
            )
        grid_id = self._grid(wavelength)
        found = self.connection.execute(sa.select(schema.dataset).where(schema.dataset.c.name == origin.name)).first()
        if found is None:
            dataset_id = next_id(self.connection, schema.dataset.c.dataset_id)
            self.connection.execute(
                schema.dataset.insert().values(
                    dataset_id=dataset_id,
                    name=origin.name,
                    survey=origin.survey,
                    release=origin.release,
                    product=self.product.name,
                    lsf_percentile=origin.lsf_percentile,
                    grid_id=grid_id,
                    n_spectrum=0,
                    n_usable=0,
                )
            )
            return dataset_id
        if found.grid_id != grid_id:
            raise CatalogError(
                f"{self.path} lies on another wavelength grid than dataset {origin.name}; give another --dataset NAME"
            )
        if MOCK in (found.release, origin.release) and found.release != origin.release:
            raise CatalogError(
                f"{self.path} is of release {origin.release}, dataset {origin.name} of {found.release}; keep mock and "
                "real spectra in databases of their own"
            )
        if (found.product, found.lsf_percentile) != (self.product.name, origin.lsf_percentile):
            raise CatalogError(
                f"{self.path} is {self.product.name} at resolution percentile {origin.lsf_percentile}, dataset "
                f"{origin.name} is {found.product} at {found.lsf_percentile}; give another --dataset NAME"
            )
        return int(found.dataset_id)

    def _grid(self, wavelength: np.ndarray) -> int:
        grids = self.connection.execute(
            sa.select(schema.wavelength_grid.c.grid_id, schema.wavelength_grid.c.wavelength)
        )
        for grid_id, known in grids:
            if np.array_equal(np.asarray(known), wavelength):
                return int(grid_id)
        grid_id = next_id(self.connection, schema.wavelength_grid.c.grid_id)
        log10 = np.log10(wavelength)
        append(
            self.connection,
            schema.wavelength_grid,
            pa.table(
                {
                    "grid_id": [grid_id],
                    "n_pixel": [len(wavelength)],
                    "log10_start": [float(log10[0])],
                    "log10_step": [float(np.mean(np.diff(log10)))],
                    "wavelength": [wavelength],
                }
            ),
        )
        return grid_id

    def _refuse_repeated(self, n_row: int) -> None:
        if self.product.table == "star":
            self._refuse_repeated_stars(n_row)
            return
        keys = KEYS[self.product.table]
        statement = REPEATED.format(table=self.product.table, keys=keys)
        if found := self.connection.exec_driver_sql(statement).first():
            raise CatalogError(
                f"{self.path}: star {found.mangaid} would stand {found.n} times in {self.product.table} with the same "
                f"{keys.replace('_id', '')}; remove the repeated rows, or load spectra under another --dataset NAME"
            )

    def _refuse_repeated_stars(self, n_row: int) -> None:
        n_star = self.connection.execute(
            sa.select(sa.func.count()).where(schema.star.c.source_file_id == self.source_file_id)
        ).scalar_one()
        if n_star < n_row:
            raise CatalogError(f"{self.path}: its {n_row} rows name {n_star} stars; remove the repeated rows")

    def _ingested(self, n_row: int) -> Ingested:
        if self.product.origin is None:
            return Ingested(self.path, self.product.name, n_row=n_row)
        if self.dataset_id is None:
            raise CatalogError(f"{self.path} holds no spectrum")
        self.connection.exec_driver_sql(COUNT_SPECTRA, {"dataset_id": self.dataset_id})
        of_file = schema.spectrum.c.source_file_id == self.source_file_id
        n_usable = self.connection.execute(sa.select(sa.func.count()).where(of_file, schema.spectrum.c.usable)).scalar()
        name = self.connection.execute(
            sa.select(schema.dataset.c.name).where(schema.dataset.c.dataset_id == self.dataset_id)
        ).scalar()
        return Ingested(self.path, self.product.name, name, n_row, n_usable)
