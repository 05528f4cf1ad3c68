"""The views: one .sql file each, rebuilt whenever a database is migrated."""

from importlib.resources import files

import sqlalchemy as sa

VIEWS = (
    "star_role",
    "cmd",
    "anomaly_score",
    "consensus_anomaly",
    "latent_neighbor",
    "error_percentile",
    "top_error",
)
"""Each stands after the views it reads from."""


def definition(view: str) -> str:
    """The SELECT of a view. Read-only."""
    return (files("catalog.database") / "views" / f"{view}.sql").read_text(encoding="utf-8")


def recreate_views(connection: sa.Connection) -> None:
    """Replace every view by the one of this code.

    Writes inside the connection's transaction; views made by the user stay.
    """
    for view in VIEWS:
        connection.exec_driver_sql(f"CREATE OR REPLACE VIEW {view} AS {definition(view)}")
