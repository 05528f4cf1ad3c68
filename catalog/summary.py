"""What a database holds, in a line."""

from catalog.database.connection import Database
from catalog.errors import CatalogError

CONTENTS = """
SELECT
    (SELECT count(*) FROM star) AS n_star,
    (SELECT list(format('{} ({} spectra)', name, n_spectrum) ORDER BY dataset_id) FROM dataset) AS datasets,
    (SELECT list(name ORDER BY ensemble_id) FROM ensemble) AS ensembles
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
