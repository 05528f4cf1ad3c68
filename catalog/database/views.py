"""The views, plain and with arguments: one .sql file each, rebuilt whenever a database is migrated."""

from importlib.resources import files

from catalog.database.connection import Connection

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
    "score_standing",
    "consensus_standing",
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
    """The SELECT of a view or macro."""
    return (files("catalog.database") / "views" / f"{view}.sql").read_text(encoding="utf-8")


def recreate_views(connection: Connection) -> None:
    """Replace every view and macro by the one of this code.

    Writes inside the connection's transaction; views made by the user stay.
    """
    for view in VIEWS:
        connection.execute(f"CREATE OR REPLACE VIEW {view} AS {definition(view)}")
    for macro, arguments in MACROS.items():
        connection.execute(f"CREATE OR REPLACE MACRO {macro}({', '.join(arguments)}) AS TABLE {definition(macro)}")


def columns_of_macro(connection: Connection, macro: str) -> list[str]:
    """Names of the columns that a macro gives."""
    anything = ", ".join(MACROS[macro].values())
    return [row[0] for row in connection.execute(f"DESCRIBE FROM {macro}({anything})").fetchall()]
