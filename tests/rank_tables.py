"""Ranks made anew after a test has changed scores by SQL, which the ranks cannot know of."""

from pathlib import Path

from catalog.anomaly.ranks import rank_pending
from catalog.database.connection import Database


def stand_anew(database: Path) -> None:
    """Replace the rows of score_rank and ensemble_rank by those of the scores that are there."""
    with Database(database).write() as connection:
        connection.execute("DELETE FROM score_rank")
        connection.execute("DELETE FROM ensemble_rank")
        rank_pending(connection)
