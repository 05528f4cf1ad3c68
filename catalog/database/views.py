"""The views, plain and with arguments: one .sql file each, rebuilt whenever a database is migrated."""

from importlib.resources import files

import sqlalchemy as sa

VIEWS = (
    "star_role",
    "star_label",
    "cmd",
    "cmd_region_star",
    "cmd_region_count",
    "anomaly_score",
    "consensus_anomaly",
    "anomaly_by_cmd_region",
    "anomaly",
    "latent_space",
    "latent_neighbor",
    "error_percentile",
    "top_error",
    "visit_flag",
)
"""Each stands after the views it reads from."""

MACROS = {
    "consensus": {"threshold": "99"},
    "neighbors_of": {"star_mangaid": "''", "n_neighbor": "1", "with_role": "NULL"},
    "consensus_neighbors_of": {"star_mangaid": "''", "n_neighbor": "1"},
    "window_usable": {"lo": "0", "hi": "1"},
    "cone": {"ra_deg": "0", "dec_deg": "0", "radius_arcsec": "1"},
}
"""Views with arguments, which DuckDB calls table macros: name, and arguments with a value that each can have."""


def definition(view: str) -> str:
    """The SELECT of a view or macro. Read-only."""
    return (files("catalog.database") / "views" / f"{view}.sql").read_text(encoding="utf-8")


def recreate_views(connection: sa.Connection) -> None:
    """Replace every view and macro by the one of this code.

    Writes inside the connection's transaction; views made by the user stay.
    """
    for view in VIEWS:
        connection.exec_driver_sql(f"CREATE OR REPLACE VIEW {view} AS {definition(view)}")
    for macro, arguments in MACROS.items():
        connection.exec_driver_sql(
            f"CREATE OR REPLACE MACRO {macro}({', '.join(arguments)}) AS TABLE {definition(macro)}"
        )


def columns_of_macro(connection: sa.Connection, macro: str) -> list[str]:
    """Names of the columns that a macro gives. Read-only."""
    anything = ", ".join(MACROS[macro].values())
    return [row[0] for row in connection.exec_driver_sql(f"DESCRIBE FROM {macro}({anything})")]
