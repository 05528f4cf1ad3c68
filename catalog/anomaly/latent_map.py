"""A map of a model's latent space."""

import numpy as np
import pyarrow as pa

from catalog.database.connection import Connection, array_rows, arrow
from catalog.database.listing import listing
from catalog.database.records import Dataset, ModelVersion
from catalog.errors import CatalogError

NUMERIC_COLUMNS = """
SELECT found.table_name, found.column_name
FROM duckdb_columns() AS found
WHERE found.database_name = 'catalog' AND found.table_name IN ('cmd', 'consensus_anomaly')
    AND found.column_name NOT LIKE '%\\_id' ESCAPE '\\'
    AND regexp_matches(found.data_type, 'INT|FLOAT|DOUBLE|DECIMAL|BOOLEAN')
ORDER BY found.table_name, found.column_index
"""

LATENTS_AND_COLOR = """
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
"""Of the view that has the colour."""


def latent_map(connection: Connection, model: ModelVersion, dataset: Dataset, color: str) -> pa.Table:
    """The latent vectors of a dataset in one model, projected on the two axes along which they differ most.

    Parameters
    ----------
    color : str
        A column of numbers of the view cmd or consensus_anomaly.

    Returns
    -------
    pyarrow.Table
        Columns mangaid, color (NULL where unknown), x and y; what is said of it has `shares`, of x and y in the
        variance.

    Raises
    ------
    CatalogError
        For another column, or if the model has scored nothing of the dataset.
    """
    tables = {row["column_name"]: row["table_name"] for row in reversed(arrow(connection, NUMERIC_COLUMNS).to_pylist())}
    if color not in tables:
        raise CatalogError(f"no numbers {color} to colour by; there are: {', '.join(reversed(tables))}")
    statement = LATENTS_AND_COLOR.format(table=tables[color], column=color, join=JOINS[tables[color]])
    ids = {"model_id": model.model_id, "dataset_id": dataset.dataset_id, "ensemble_id": model.ensemble_id}
    rows = arrow(connection, statement, {key: value for key, value in ids.items() if f"${key}" in statement})
    if not len(rows):
        raise CatalogError(f"{model.name} has scored nothing of {dataset.name}")
    places, shares = principal_axes(array_rows(rows["latent"]).astype(np.float64))
    rows = rows.drop_columns(["latent"])
    for name, values in zip(("x", "y"), places.T, strict=True):
        rows = rows.append_column(name, pa.array(values))
    return listing(rows, {"shares": list(shares)})


def principal_axes(vectors: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Places of vectors on their two principal axes.

    Parameters
    ----------
    vectors : ndarray, (n, k)

    Returns
    -------
    places : ndarray, (n, 2)
        The sign of an axis is chosen so that its largest component is positive: the same vectors give the same map.
    shares : tuple of float
        Shares of the two axes in the variance.
    """
    centred = vectors - vectors.mean(axis=0)
    variance, axes = np.linalg.eigh(centred.T @ centred)
    two = axes[:, [-1, -2]]
    two = two * np.where(two[np.abs(two).argmax(axis=0), [0, 1]] < 0, -1, 1)
    total = variance.sum() or 1.0
    return centred @ two, (float(variance[-1] / total), float(variance[-2] / total))
