"""Where an exported table comes from, to stand in its file."""

from catalog.database.connection import Connection, Database, arrow
from catalog.database.records import Scope
from catalog.database.revision import revision
from catalog.provenance import canonical_json, utc_now, versions_of
from catalog.version import code_version

ENSEMBLES = """
SELECT
    ensemble.name,
    ensemble.recipe ->> '$.name' AS recipe,
    ensemble.recipe_sha256,
    coalesce(dataset.name, ensemble.origin ->> '$.dataset.name') AS trained_on
FROM ensemble
LEFT JOIN dataset ON dataset.dataset_id = ensemble.dataset_id
WHERE $ensemble IS NULL OR ensemble.name = $ensemble
ORDER BY ensemble.ensemble_id
"""

DATASETS = "SELECT name, survey, release, product FROM dataset WHERE $dataset IS NULL OR name = $dataset ORDER BY ALL"


def about(
    database: Database, connection: Connection, sql: str, title: str, description: str | None, scope: Scope
) -> dict[str, str]:
    """What is said in a file of where its rows come from, by name.

    Parameters
    ----------
    database, connection : Database, Connection
        The file, and the same opened for reading.
    sql : str
        What the rows are the answer to.
    title, description : str
        Of the table; None: it is some answer.
    scope : Scope
        The dataset and the ensemble that all rows are of; None: all of the database are named.

    Notes
    -----
    The first eight letters of each name are a keyword of FITS.
    """
    return {
        "title": title,
        "description": description or "An answer of a catalog of anomalous stellar spectra",
        "sql": sql,
        "database": database.path.name,
        "revision": revision(connection) or "",
        "ensembles": canonical_json(arrow(connection, ENSEMBLES, {"ensemble": scope.ensemble}).to_pylist()),
        "datasets": canonical_json(arrow(connection, DATASETS, {"dataset": scope.dataset}).to_pylist()),
        "creator": f"stellar-anomaly-catalog {code_version()}",
        "versions": canonical_json(versions_of("duckdb", "pyarrow", "numpy", "astropy")),
        "date": f"{utc_now():%Y-%m-%dT%H:%M:%S}",
    }
