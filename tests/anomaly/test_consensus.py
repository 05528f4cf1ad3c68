"""The constants of the consensus are those of its SQL."""

import re
from pathlib import Path

import duckdb

from catalog.anomaly.consensus import DIGITS, FLAGGED_FROM
from catalog.database.views import MACROS, definition


def test_sql_rounds_every_mean_to_the_same_digits() -> None:
    sql = definition("consensus")
    digits = re.findall(r"^\s*round\(.*, (\d+)\) AS", sql, re.MULTILINE)
    assert digits == [str(DIGITS)] * len(digits)
    assert len(digits) == len(re.findall(r"\b(?:avg|stddev_samp)\(", sql)) > 0


def test_the_tables_are_the_macro_at_the_same_threshold(scored: Path) -> None:
    flags = "SELECT spectrum_id, n_flagged FROM {} ORDER BY spectrum_id"
    of_models = "(SELECT spectrum_id, count(*) FILTER (flagged) AS n_flagged FROM score_rank GROUP BY spectrum_id)"
    with duckdb.connect(scored, read_only=True) as connection:
        stored, summed, here, elsewhere = (
            connection.execute(flags.format(relation)).fetchall()
            for relation in ("ensemble_rank", of_models, f"consensus({FLAGGED_FROM})", f"consensus({FLAGGED_FROM - 9})")
        )
    assert stored == summed == here != elsewhere
    assert MACROS["consensus"]["threshold"] == str(FLAGGED_FROM)
