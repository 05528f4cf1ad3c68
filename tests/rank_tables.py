"""Standings made anew after a test has changed scores by SQL, which the standings cannot know of."""

from pathlib import Path

from catalog.anomaly.ranks import rank_pending
from catalog.database.connection import Database


def stand_anew(database: Path) -> None:
    """Replace the rows of score_standing and consensus_standing by those of the scores that are there."""
    with Database(database).write() as connection:
        connection.exec_driver_sql("DELETE FROM score_standing")
        connection.exec_driver_sql("DELETE FROM consensus_standing")
        rank_pending(connection)
