"""Where an exported table comes from, to stand in its file."""

import sqlalchemy as sa

from catalog.database.connection import Database, arrow, revision
from catalog.provenance import __version__, canonical_json, utc_now, versions_of

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
    database: Database,
    connection: sa.Connection,
    sql: str,
    title: str,
    description: str | None,
    dataset: str | None = None,
    ensemble: str | None = None,
) -> dict[str, str]:
    """What is said in a file of where it comes from; the first eight letters of each name are a keyword of FITS.

    dataset, ensemble : the only ones that the rows are of; None: all of the database are named
    Read-only.
    """
    return {
        "title": title,
        "description": description or "An answer of a catalog of anomalous stellar spectra",
        "sql": sql,
        "database": database.path.name,
        "revision": revision(connection) or "",
        "ensembles": canonical_json(arrow(connection, ENSEMBLES, {"ensemble": ensemble}).to_pylist()),
        "datasets": canonical_json(arrow(connection, DATASETS, {"dataset": dataset}).to_pylist()),
        "creator": f"stellar-anomaly-catalog {__version__}",
        "versions": canonical_json(versions_of("duckdb", "pyarrow", "numpy", "astropy")),
        "date": f"{utc_now():%Y-%m-%dT%H:%M:%S}",
    }
