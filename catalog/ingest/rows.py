"""One table of a file into tables of the catalog: its stars, and the rows that name them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.database.connection import Connection, append, array_column, execute_with, next_id
from catalog.errors import CatalogError
from catalog.spectra.datasets import dataset_of
from catalog.surveys.product import Arrays, Block, DatasetOrigin, SurveyProduct

COLUMNS_OF_TABLE = "SELECT column_name FROM (DESCRIBE {table})"

INSERT_NEW_STARS = """
INSERT INTO star (star_id, mangaid, source_file_id)
SELECT $first + row_number() OVER (ORDER BY min(incoming.position)) - 1, incoming.mangaid, $source_file_id
FROM _incoming AS incoming
ANTI JOIN star ON star.mangaid = incoming.mangaid
GROUP BY incoming.mangaid
"""

# Two rows of a block may name one star: any_value takes the first that is not NULL.
COMPLETE_STARS = """
UPDATE star SET {assignments}
FROM (SELECT {values} FROM _incoming GROUP BY mangaid) AS known
WHERE star.mangaid = known.mangaid
"""

INSERT_ROWS = """
INSERT INTO {table} (star_id, source_file_id, {columns})
SELECT star.star_id, $source_file_id, {incoming}
FROM _incoming AS incoming
JOIN star ON star.mangaid = incoming.mangaid
ORDER BY incoming.position
"""

DELETE_REPLACED = """
DELETE FROM {table} USING _incoming AS incoming, star
WHERE star.mangaid = incoming.mangaid AND {table}.star_id = star.star_id
  AND {same} AND {table}.source_file_id <> $source_file_id
"""

# What makes two rows of one star the same thing; a file in which one occurs twice is at fault.
KEYS = {
    "spectrum": ("dataset_id", "plate", "ifudesign", "mjd"),
    "visit": ("plate", "ifudesign", "mjd"),
    "gaia_match": ("gaia_release",),
    "stellar_parameter": ("source",),
    "visit_parameter": ("plate", "ifudesign", "mjd", "source"),
}

FIND_REPEATED = """
SELECT star.mangaid, count(*) AS n
FROM {table}
JOIN star ON star.star_id = {table}.star_id
GROUP BY star.mangaid, {keys}
HAVING count(*) > 1
ORDER BY star.mangaid
LIMIT 1
"""


class RowLoader:
    """Loads one table of a file inside the transaction of a connection.

    Parameters
    ----------
    connection : Connection
        Whose transaction it is.
    path : Path
        The file, to be named in errors.
    product : SurveyProduct
        What the table is.
    origin : DatasetOrigin, optional
        For spectra, the dataset they belong to.
    source_file_id : int
        The number of the file.

    Attributes
    ----------
    dataset_id : int, optional
        For spectra, the dataset they went into, once a block is loaded.
    """

    def __init__(
        self,
        connection: Connection,
        path: Path,
        product: SurveyProduct,
        origin: DatasetOrigin | None,
        source_file_id: int,
    ) -> None:
        self.connection = connection
        self.path = path
        self.product = product
        self.origin = origin
        self.source_file_id = source_file_id
        self.dataset_id: int | None = None
        self._n_row = 0
        self._mangaids: list[pa.ChunkedArray] = []
        self._columns: dict[str, frozenset[str]] = {}

    def load(self, block: Block, counts: dict[str, pa.Array]) -> None:
        """Add the rows of a block, and the stars that they name.

        Writes inside the connection's transaction.

        Parameters
        ----------
        block : Block
            Consecutive rows of the table.
        counts : dict
            For spectra, their quality: an Arrow array (n,) for each column of the table `spectrum` that it fills.

        Raises
        ------
        CatalogError
            If its spectra do not belong in the dataset.
        """
        self._n_row += len(block.rows)
        if block.arrays is not None and self.origin is not None:
            self._load_spectra(block, block.arrays, self.origin, counts)
            return
        rows = self._load_stars(block.rows)
        if self.product.table == "star":
            self._mangaids.append(rows["mangaid"])
            return
        table = self.product.table
        same = " AND ".join(f"{table}.{key} IS NOT DISTINCT FROM incoming.{key}" for key in KEYS[table])
        self._execute(DELETE_REPLACED.format(table=table, same=same), rows)
        self._insert(table, rows)

    def refuse_repeated(self) -> None:
        """Raise CatalogError if a row occurs twice; to be called after the last block."""
        if self.product.table == "star":
            n_star = pc.count_distinct(pa.chunked_array(self._mangaids, pa.string())).as_py()
            if n_star < self._n_row:
                raise CatalogError(f"{self.path}: its {self._n_row} rows name {n_star} stars; remove the repeated rows")
            return
        keys = ", ".join(KEYS[self.product.table])
        statement = FIND_REPEATED.format(table=self.product.table, keys=keys)
        if found := self.connection.execute(statement).fetchone():
            mangaid, n = found
            advice = ", or load spectra under another --dataset NAME" if self.origin else ""
            raise CatalogError(
                f"{self.path}: star {mangaid} would stand {n} times in {self.product.table} with the same "
                f"{keys.replace('_id', '')}; remove the repeated rows{advice}"
            )

    def _load_spectra(self, block: Block, arrays: Arrays, origin: DatasetOrigin, counts: dict[str, pa.Array]) -> None:
        if self.dataset_id is None:
            self.dataset_id = dataset_of(self.connection, self.path, self.product, origin, arrays.wavelength)
        n = len(block.rows)
        first = next_id(self.connection, "spectrum", "spectrum_id")
        spectrum_id = pa.array(np.arange(first, first + n))
        rows = block.rows
        for name, counted in counts.items():
            # What the survey says of a spectrum is kept; where it says nothing, our own count fills in.
            if name in rows.column_names:
                given = pc.coalesce(rows[name], counted)
                rows = rows.set_column(rows.schema.get_field_index(name), name, given)
            else:
                rows = rows.append_column(name, counted)
        rows = rows.append_column("spectrum_id", spectrum_id)
        rows = rows.append_column("dataset_id", pa.array(np.full(n, self.dataset_id)))
        rows = rows.append_column("source_row", pa.array(np.arange(block.first_row + 1, block.first_row + n + 1)))
        self._insert("spectrum", self._load_stars(rows))
        columns = {"spectrum_id": spectrum_id, "flux": array_column(arrays.flux)}
        if arrays.ivar is not None:
            columns["ivar"] = array_column(arrays.ivar)
        if arrays.mask is not None:
            columns["mask"] = array_column(arrays.mask)
        append(self.connection, "spectrum_array", pa.table(columns))

    def _load_stars(self, rows: pa.Table) -> pa.Table:
        """Add the stars that are new and complete the others; returns the rows with their position in the block."""
        rows = rows.append_column("position", pa.array(np.arange(len(rows))))
        self._execute(INSERT_NEW_STARS, rows, first=next_id(self.connection, "star", "star_id"))
        known = [name for name in rows.column_names if name in self._columns_of("star") and name != "mangaid"]
        order = "known.{0}, star.{0}" if self.product.authoritative else "star.{0}, known.{0}"
        assignments = [f"{name} = coalesce({order.format(name)})" for name in known]
        # A star that had stayed for its labels alone is of this file now.
        of_file = "$source_file_id" if self.product.authoritative else "coalesce(star.source_file_id, $source_file_id)"
        assignments.append(f"source_file_id = {of_file}")
        values = ", ".join(["mangaid", *(f"any_value({name}) AS {name}" for name in known)])
        self._execute(COMPLETE_STARS.format(assignments=", ".join(assignments), values=values), rows)
        return rows

    def _insert(self, table: str, rows: pa.Table) -> None:
        columns = [name for name in rows.column_names if name in self._columns_of(table)]
        incoming = ", ".join(f"incoming.{name}" for name in columns)
        self._execute(INSERT_ROWS.format(table=table, columns=", ".join(columns), incoming=incoming), rows)

    def _columns_of(self, table: str) -> frozenset[str]:
        """Columns of a table of the catalog, looked up once."""
        if table not in self._columns:
            found = self.connection.execute(COLUMNS_OF_TABLE.format(table=table)).fetchall()
            self._columns[table] = frozenset(name for (name,) in found)
        return self._columns[table]

    def _execute(self, statement: str, rows: pa.Table, **parameters: object) -> None:
        used = {"source_file_id": self.source_file_id} | parameters
        execute_with(self.connection, statement, rows, {k: v for k, v in used.items() if f"${k}" in statement})
