"""What a database holds, in a line or as tables."""

from astropy.table import Table

from catalog.database.connection import Database, arrow
from catalog.database.table import to_table
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


def summary(database: Database) -> str:
    """Stars, datasets and ensembles of a database, or why nobody can say. Read-only. Raises nothing."""
    if not database.exists():
        return "not there yet"
    try:
        with database.read() as connection:
            found = connection.exec_driver_sql(CONTENTS).one()
    except CatalogError as error:
        return str(error)
    parts = [f"{found.n_star} stars", *(found.datasets or ["no dataset"])]
    return ", ".join([*parts, *(f"ensemble {name}" for name in found.ensembles or [])])


def datasets(database: Database) -> Table:
    """One row per dataset: its release, product, spectra and how many are usable. Read-only."""
    with database.read() as connection:
        return to_table(arrow(connection, DATASETS))
