"""A model's latent space as figures show it: the look-alikes of one spectrum, and a map of all."""

from typing import Any

import numpy as np
import sqlalchemy as sa
from astropy.table import Table

from catalog.database.connection import arrow
from catalog.database.table import to_table
from catalog.errors import CatalogError

# Named by names: by the numbers of model and spectrum, DuckDB 1.5 takes a hundred times as long.
LOOK_ALIKES = """
SELECT
    found.neighbor_spectrum_id AS spectrum_id,
    spectrum.dataset_id,
    found.neighbor_mangaid AS mangaid,
    spectrum.plate,
    spectrum.mjd,
    found.distance,
    found.neighbor_role AS role
FROM neighbors_of($mangaid, $k, $role) AS found
JOIN spectrum ON spectrum.spectrum_id = found.neighbor_spectrum_id
WHERE found.ensemble = $ensemble AND found.dataset = $dataset AND found.model = $model
    AND found.spectrum_id = $spectrum_id
ORDER BY found.neighbor_rank
"""

COLUMNS = """
SELECT found.table_name, found.column_name
FROM duckdb_columns() AS found
WHERE found.database_name = 'catalog' AND found.table_name IN ('cmd', 'consensus_anomaly')
    AND found.column_name NOT LIKE '%\\_id' ESCAPE '\\'
    AND regexp_matches(found.data_type, 'INT|FLOAT|DOUBLE|DECIMAL|BOOLEAN')
ORDER BY found.table_name, found.column_index
"""

LATENTS = """
SELECT star.mangaid, latent.latent, {table}.{column}::DOUBLE AS color
FROM latent_vector AS latent
JOIN spectrum ON spectrum.spectrum_id = latent.spectrum_id
JOIN star ON star.star_id = spectrum.star_id
{join}
WHERE latent.model_id = $model_id AND spectrum.dataset_id = $dataset_id
ORDER BY latent.spectrum_id
"""

JOINS = {
    "cmd": "LEFT JOIN cmd ON cmd.star_id = spectrum.star_id",
    "consensus_anomaly": """
        LEFT JOIN consensus_anomaly
            ON consensus_anomaly.spectrum_id = latent.spectrum_id AND consensus_anomaly.ensemble_id = $ensemble_id
    """,
}


def look_alikes(
    connection: sa.Connection, spectrum: dict[str, Any], ensemble: sa.Row, model: sa.Row, k: int, role: str | None
) -> list[dict[str, Any]]:
    """The k nearest spectra of other stars of the dataset in the latent space of a model, the nearest first.

    spectrum : row of `find_spectrum`; role : "train": only stars of the model's training split; None: all
    Each has what `read_arrays` needs, its distance (Euclidean) and the role of its star. Read-only. Raises CatalogError
    if there is none.
    """
    wanted = {key: spectrum[key] for key in ("mangaid", "dataset", "spectrum_id")}
    wanted |= {"ensemble": ensemble.name, "model": model.name, "k": k, "role": role}
    found = arrow(connection, LOOK_ALIKES, wanted).to_pylist()
    if not found:
        raise CatalogError(
            f"star {spectrum['mangaid']} has no look-alike in {model.name}: its spectrum in {spectrum['dataset']} is "
            "not usable in the window of the ensemble, or not scored yet"
            + ("" if role is None else ", or no such star of the model's training is in the dataset")
        )
    return found


def latent_map(connection: sa.Connection, model: sa.Row, dataset: sa.Row, color: str) -> Table:
    """The latent vectors of a dataset in one model, projected on the two axes along which they differ most.

    color : a column of numbers of the view cmd or consensus_anomaly
    Columns mangaid, x, y, and color, which is masked where unknown; `meta` has `shares`, of x and y in the variance.
    Read-only. Raises CatalogError for another column, or if the model has scored nothing of the dataset.
    """
    tables = {row["column_name"]: row["table_name"] for row in reversed(arrow(connection, COLUMNS).to_pylist())}
    if color not in tables:
        raise CatalogError(f"no numbers {color} to colour by; there are: {', '.join(reversed(tables))}")
    statement = LATENTS.format(table=tables[color], column=color, join=JOINS[tables[color]])
    wanted = {"model_id": model.model_id, "dataset_id": dataset.dataset_id, "ensemble_id": model.ensemble_id}
    used = {key: value for key, value in wanted.items() if f"${key}" in statement}
    table = to_table(arrow(connection, statement, used))
    if not len(table):
        raise CatalogError(f"{model.name} has scored nothing of {dataset.name}")
    places, shares = principal_axes(np.asarray(table["latent"], np.float64))
    table["x"], table["y"] = places.T
    table.remove_column("latent")
    table.meta = {"shares": shares}
    return table


def principal_axes(vectors: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """(n, 2) places of (n, k) vectors on their two principal axes, and the shares of these in the variance.

    The sign of an axis is chosen so that its largest component is positive: the same vectors give the same map.
    """
    centred = vectors - vectors.mean(axis=0)
    variance, axes = np.linalg.eigh(centred.T @ centred)
    two = axes[:, [-1, -2]]
    two = two * np.where(two[np.abs(two).argmax(axis=0), [0, 1]] < 0, -1, 1)
    total = variance.sum() or 1.0
    return centred @ two, (float(variance[-1] / total), float(variance[-2] / total))
