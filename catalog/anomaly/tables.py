"""The paper's Tables 1 and 2."""

import pyarrow as pa

from catalog.database.connection import Database, arrow
from catalog.database.listing import listing_of_scores
from catalog.database.names import find_scored
from catalog.database.records import Scope

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


def error_percentiles(database: Database, scope: Scope) -> pa.Table:
    """Percentiles of log10 error, one row per model (Table 1)."""
    return _table(database, PERCENTILES, scope)


def top_errors(database: Database, scope: Scope) -> pa.Table:
    """The five spectra with the highest errors of every model (Table 2)."""
    return _table(database, TOP, scope)


def _table(database: Database, statement: str, scope: Scope) -> pa.Table:
    with database.read() as connection:
        scored = find_scored(connection, scope)
        return listing_of_scores(arrow(connection, statement, scored.names), scored)
