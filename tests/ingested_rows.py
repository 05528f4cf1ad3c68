"""The rows that ingest writes, to compare two databases, for tests."""

from pathlib import Path

import duckdb

IDS = ["13-0", "3-33352569", "7-00370620", "60-1436778955512349056"]


ROWS = {
    "star": "SELECT * EXCLUDE (star_id, source_file_id) FROM star",
    "gaia": "SELECT mangaid, * EXCLUDE (star_id, source_file_id) FROM gaia_match JOIN star USING (star_id)",
    "parameter": """SELECT mangaid, p.* EXCLUDE (star_id, source_file_id)
                    FROM stellar_parameter p JOIN star USING (star_id)""",
    "visit_parameter": """SELECT mangaid, p.* EXCLUDE (star_id, source_file_id)
                          FROM visit_parameter p JOIN star USING (star_id)""",
    "visit": "SELECT mangaid, visit.* EXCLUDE (star_id, source_file_id) FROM visit JOIN star USING (star_id)",
    "spectrum": """SELECT mangaid, dataset.name, spectrum.* EXCLUDE (spectrum_id, dataset_id, star_id, source_file_id),
                   hash(flux), hash(ivar), hash(mask)
                   FROM spectrum JOIN spectrum_array USING (spectrum_id) JOIN star USING (star_id)
                   JOIN dataset USING (dataset_id)""",
    "dataset": "SELECT * EXCLUDE (dataset_id, grid_id) FROM dataset",
    "source_file": "SELECT * EXCLUDE (source_file_id, ingested_at) FROM source_file",
    "wavelength_grid": "SELECT * FROM wavelength_grid",
}


def contents(database: Path) -> dict[str, list[tuple]]:
    """Every row of the ingested tables, without the numbers that depend on the order of the files."""
    with duckdb.connect(database, read_only=True) as connection:
        return {name: sorted(connection.execute(sql).fetchall(), key=repr) for name, sql in ROWS.items()}


def one(database: Path, sql: str) -> tuple:
    with duckdb.connect(database, read_only=True) as connection:
        (row,) = connection.execute(sql).fetchall()
        return row
