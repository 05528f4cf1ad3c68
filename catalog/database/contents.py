"""What is in a database: its tables, views and macros as it describes them itself, and its datasets."""

import pyarrow as pa

from catalog.database.connection import Database, arrow
from catalog.database.listing import OWN_WORDS, listing
from catalog.database.relations import columns, find_relation, relations
from catalog.errors import CatalogError

CONTENTS = """
SELECT
    (SELECT count(*) FROM star) AS n_star,
    (SELECT list(format('{} ({} spectra)', name, n_spectrum) ORDER BY dataset_id) FROM dataset) AS datasets,
    (SELECT list(name ORDER BY ensemble_id) FROM ensemble) AS ensembles
"""

DATASETS = """
SELECT
    dataset.name AS dataset,
    dataset.release,
    dataset.product,
    dataset.lsf_percentile,
    dataset.n_spectrum,
    dataset.n_usable
FROM dataset ORDER BY dataset.dataset_id
"""


def contents(database: Database, name: str | None = None) -> pa.Table:
    """One row per table, view and macro; with a name, one per column of that one.

    What is said of the latter has `name`, `kind` and `comment` of the relation. Raises CatalogError if there is none of
    that name.
    """
    with database.read() as connection:
        if name is None:
            found = relations(connection)
            called = [one.name + (f"({', '.join(one.arguments)})" if one.kind == "macro" else "") for one in found]
            return _texts(kind=[one.kind for one in found], name=called, comment=[one.comment for one in found])
        relation = find_relation(connection, name)
        described = columns(connection, relation)
    rows = _texts(
        column=[column.name for column in described],
        type=[column.type for column in described],
        unit=[column.unit for column in described],
        comment=[column.description for column in described],
    )
    return listing(rows, {"name": relation.name, "kind": relation.kind, "comment": relation.comment})


def summary(database: Database) -> str:
    """Stars, datasets and ensembles of a database in a line, or why nobody can say; raises nothing."""
    if not database.exists():
        return "not there yet"
    try:
        with database.read() as connection:
            (found,) = arrow(connection, CONTENTS).to_pylist()
    except CatalogError as error:
        return str(error)
    parts = [f"{found['n_star']} stars", *(found["datasets"] or ["no dataset"])]
    return ", ".join([*parts, *(f"ensemble {name}" for name in found["ensembles"] or [])])


def datasets(database: Database) -> pa.Table:
    """One row per dataset: its release, product, spectra and how many are usable."""
    with database.read() as connection:
        return arrow(connection, DATASETS)


def _texts(**columns: list[str | None] | list[str]) -> pa.Table:
    # What these columns are called elsewhere means other things there.
    schema = pa.schema([pa.field(name, pa.string(), metadata={OWN_WORDS: b""}) for name in columns])
    return pa.table(list(columns.values()), schema=schema)
