"""The paper's Tables 1 and 2."""

from astropy.table import Table

from catalog.database.connection import Database, arrow
from catalog.database.names import find_ensemble, find_scored_dataset
from catalog.database.table import of_scores, to_table

PERCENTILES = """
SELECT model, n_spectrum, percentile_1, percentile_10, percentile_50, percentile_90, percentile_99
FROM error_percentile
WHERE ensemble = $ensemble AND dataset = $dataset
ORDER BY model_id
"""

TOP = """
SELECT model, rank, mangaid, plate, mjd, error
FROM top_error
WHERE ensemble = $ensemble AND dataset = $dataset
ORDER BY model_id, rank, spectrum_id
"""


def error_percentiles(database: Database, dataset: str | None = None, ensemble: str | None = None) -> Table:
    """Percentiles of log10 error, one row per model (Table 1). Read-only."""
    return _table(database, PERCENTILES, dataset, ensemble)


def top_errors(database: Database, dataset: str | None = None, ensemble: str | None = None) -> Table:
    """The five spectra with the highest errors of every model (Table 2). Read-only."""
    return _table(database, TOP, dataset, ensemble)


def _table(database: Database, statement: str, dataset: str | None, ensemble: str | None) -> Table:
    with database.read() as connection:
        row = find_ensemble(connection, ensemble, scored=True)
        found = find_scored_dataset(connection, row, dataset)
        asked = {"ensemble": row.name, "dataset": found.name}
        return of_scores(to_table(arrow(connection, statement, asked)), row, found)
