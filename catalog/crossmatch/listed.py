"""Which catalogs are attached, and how many stars were found in each."""

from dataclasses import dataclass

import pyarrow as pa

from catalog.database.connection import Connection, Database, arrow, scalar
from catalog.database.external import SCHEMA, columns_of

ATTACHED = """
SELECT
    catalog.name AS catalog,
    catalog.file,
    catalog.n_row,
    catalog.matched_by,
    array_to_string(catalog.matched_columns, ', ') AS matched_columns,
    catalog.id_release,
    catalog.radius_arcsec,
    catalog.catalog_epoch,
    catalog.every_match,
    count(DISTINCT found.star_id) FILTER (found.catalog_row IS NOT NULL) AS n_star_matched,
    count(DISTINCT found.star_id) FILTER (found.n_candidate > 1) AS n_star_ambiguous,
    count(*) FILTER (found.n_candidate = 0) AS n_star_unmatched,
    count(*) FILTER (found.star_id IS NOT NULL AND found.n_candidate IS NULL) AS n_star_unknown,
    (SELECT count(*) FROM star) - count(DISTINCT found.star_id) AS n_star_not_asked,
    catalog.n_row_unusable,
    catalog.attached_at
FROM external_catalog AS catalog
LEFT JOIN external_match AS found ON found.external_catalog_id = catalog.external_catalog_id
GROUP BY ALL
ORDER BY catalog.name
"""

COUNT_SHARED_ROWS = """
SELECT count(*) FROM (
    SELECT catalog_row FROM external_match
    JOIN external_catalog USING (external_catalog_id)
    WHERE name = $name AND catalog_row IS NOT NULL
    GROUP BY catalog_row HAVING count(*) > 1
)
"""


@dataclass(frozen=True)
class Attached:
    """An attached catalog, as it is after `attach`.

    Attributes
    ----------
    name : str
        Of the catalog.
    n_row, n_column : int
        Of its file.
    n_star : int
        Stars of the database that were looked for in it.
    n_matched, n_ambiguous, n_unknown : int
        How many of them have a row, have more than one that fits, and lack the id or the position that was compared.
    n_row_shared : int
        Rows that are the match of several stars.
    n_row_unusable : int
        Rows without a usable id or position.
    new : bool
        False if the same file was attached in the same way and no star has changed since: nothing was done.
    replaced : str, optional
        The file that had the name before; None: there was no other.
    remarks : tuple of str
        What else a user should know, a line each.
    """

    name: str
    n_row: int
    n_column: int
    n_star: int
    n_matched: int
    n_ambiguous: int
    n_unknown: int
    n_row_shared: int
    n_row_unusable: int
    new: bool
    replaced: str | None = None
    remarks: tuple[str, ...] = ()


def attached(database: Database) -> pa.Table:
    """One row per attached catalog: its file, how it was matched, and how many stars were found."""
    with database.read() as connection:
        return arrow(connection, ATTACHED)


def describe_attached(
    connection: Connection, name: str, *, new: bool, replaced: str | None = None, remarks: tuple[str, ...] = ()
) -> Attached:
    """What is to be said of the attached catalog of that name; `new`, `replaced` and `remarks` as in `Attached`."""
    row = next(each for each in arrow(connection, ATTACHED).to_pylist() if each["catalog"] == name)
    return Attached(
        name=name,
        n_row=row["n_row"],
        n_column=len(columns_of(connection, SCHEMA, name)) - 1,
        n_star=row["n_star_matched"] + row["n_star_unmatched"] + row["n_star_unknown"],
        n_matched=row["n_star_matched"],
        n_ambiguous=row["n_star_ambiguous"],
        n_unknown=row["n_star_unknown"],
        n_row_shared=int(scalar(connection, COUNT_SHARED_ROWS, {"name": name})),
        n_row_unusable=row["n_row_unusable"],
        new=new,
        replaced=replaced,
        remarks=remarks,
    )
