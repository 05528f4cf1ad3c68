"""Look-alikes: the nearest in latent space (the paper's Fig. 10), of one star at once, or of all as rows."""

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from astropy.table import Table

from catalog.anomaly.nearest import nearest
from catalog.database import schema
from catalog.database.connection import Database, append, array_rows, arrow
from catalog.database.names import find_ensemble, find_scored_dataset, require_star
from catalog.database.table import of_scores, to_table
from catalog.errors import CatalogError
from catalog.progress import Progress, silent

MOST = 1000
"""Neighbours that can be asked for."""

ROLES = ("train", "validation")

NEIGHBORS = """
SELECT
    neighbor.model,
    neighbor.plate,
    neighbor.mjd,
    neighbor.neighbor_rank,
    neighbor.neighbor_mangaid,
    neighbor_spectrum.plate AS neighbor_plate,
    neighbor_spectrum.mjd AS neighbor_mjd,
    neighbor.distance,
    neighbor.neighbor_role,
    cmd.bp_rp,
    cmd.abs_g,
    consensus.consensus_rank,
    star_label.labels
FROM neighbors_of($mangaid, $k, $role) AS neighbor
JOIN spectrum AS neighbor_spectrum ON neighbor_spectrum.spectrum_id = neighbor.neighbor_spectrum_id
JOIN cmd ON cmd.star_id = neighbor_spectrum.star_id
LEFT JOIN star_label ON star_label.star_id = neighbor_spectrum.star_id
LEFT JOIN ensemble_rank AS consensus
    ON consensus.spectrum_id = neighbor.neighbor_spectrum_id AND consensus.ensemble_id = neighbor.ensemble_id
WHERE neighbor.ensemble = $ensemble AND neighbor.dataset = $dataset AND neighbor.model = $model
ORDER BY neighbor.spectrum_id, neighbor.neighbor_rank
"""

CONSENSUS_NEIGHBORS = """
SELECT
    neighbor.plate,
    neighbor.mjd,
    neighbor.neighbor_rank,
    neighbor.neighbor_mangaid,
    neighbor_spectrum.plate AS neighbor_plate,
    neighbor_spectrum.mjd AS neighbor_mjd,
    neighbor.mean_rank,
    neighbor.n_model,
    cmd.bp_rp,
    cmd.abs_g,
    consensus.consensus_rank,
    star_label.labels
FROM consensus_neighbors_of($mangaid, $k) AS neighbor
JOIN spectrum AS neighbor_spectrum ON neighbor_spectrum.spectrum_id = neighbor.neighbor_spectrum_id
JOIN cmd ON cmd.star_id = neighbor_spectrum.star_id
LEFT JOIN star_label ON star_label.star_id = neighbor_spectrum.star_id
LEFT JOIN ensemble_rank AS consensus
    ON consensus.spectrum_id = neighbor.neighbor_spectrum_id AND consensus.ensemble_id = neighbor.ensemble_id
WHERE neighbor.ensemble = $ensemble AND neighbor.dataset = $dataset
ORDER BY neighbor.spectrum_id, neighbor.neighbor_rank
"""

MODELS = """
SELECT model.model_id, model.name
FROM model_version AS model
WHERE model.ensemble_id = $ensemble_id
  AND model.model_id IN (SELECT model_id FROM score_rank WHERE dataset_id = $dataset_id)
ORDER BY model.member
"""

LATENT = """
SELECT latent.spectrum_id, spectrum.star_id, latent.latent
FROM latent_vector AS latent
JOIN spectrum ON spectrum.spectrum_id = latent.spectrum_id
WHERE latent.model_id = $model_id AND spectrum.dataset_id = $dataset_id
ORDER BY latent.spectrum_id
"""

# As many as were asked for, or as the spectrum with the most others has.
COMPLETE = """
WITH star AS (
    SELECT spectrum.star_id, count(*) AS n
    FROM latent_vector AS latent
    JOIN spectrum ON spectrum.spectrum_id = latent.spectrum_id
    WHERE latent.model_id = $model_id AND spectrum.dataset_id = $dataset_id
    GROUP BY spectrum.star_id
)

SELECT least($k, (SELECT sum(n) - min(n) FROM star)) = (
    SELECT coalesce(max(neighbor_rank), 0) FROM neighbor WHERE model_id = $model_id AND dataset_id = $dataset_id
)
"""

FORGET = "DELETE FROM neighbor WHERE model_id = $model_id AND dataset_id = $dataset_id"


def neighbors(
    database: Database,
    mangaid: str,
    model: str | None = "MODEL1",
    k: int = 5,
    dataset: str | None = None,
    ensemble: str | None = None,
    role: str | None = None,
) -> Table:
    """The k nearest neighbours of a star in one model's latent space, or by the mean of their ranks in all.

    model : None: all models, merged
    role : "train": among the stars that the model was trained on; "validation"; None: among all
    Read-only. Raises CatalogError for unknown names, and if the star was not scored.
    """
    if not 1 <= k <= MOST:
        raise CatalogError(f"k {k}: give 1 to {MOST}")
    if role is not None and role not in ROLES:
        raise CatalogError(f"role {role}: give train or validation")
    if role is not None and model is None:
        raise CatalogError("a role is that of one model; name the model, or leave the role out")
    with database.read() as connection:
        require_star(connection, mangaid)
        row = find_ensemble(connection, ensemble, scored=True)
        found = find_scored_dataset(connection, row, dataset)
        asked = {"mangaid": mangaid.strip(), "k": k, "ensemble": row.name, "dataset": found.name}
        table = to_table(
            arrow(connection, CONSENSUS_NEIGHBORS, asked)
            if model is None
            else arrow(connection, NEIGHBORS, asked | {"model": model, "role": role})
        )
        names = [other.name for other in _models(connection, row, found)]
    if not len(table):
        if model is not None and model not in names:
            raise CatalogError(f"no model {model} has scored {found.name}; there are: {', '.join(names)}")
        among = f" among those of role {role}" if role else ""
        raise CatalogError(
            f"star {mangaid} has no neighbours{among} in {found.name}; its spectrum is absent or not usable "
            f"in the window of ensemble {row.name}, or no other star is scored"
        )
    return of_scores(table, row, found)


def neighbors_of_all(
    database: Database,
    k: int = 10,
    dataset: str | None = None,
    ensemble: str | None = None,
    progress: Progress = silent,
) -> tuple[str, str, int]:
    """The k nearest neighbours of every scored spectrum, in every model's latent space, as rows of `neighbor`.

    Returns the names of ensemble and dataset, and the number of rows added. A model whose rows are there already is
    passed over. Writes one transaction per model. Raises CatalogError for unknown names.
    """
    if not 1 <= k <= MOST:
        raise CatalogError(f"k {k}: give 1 to {MOST}")
    with database.read() as connection:
        row = find_ensemble(connection, ensemble, scored=True)
        found = find_scored_dataset(connection, row, dataset)
        models = _models(connection, row, found)
    added = 0
    for number, model in enumerate(models):
        progress(model.name, number, len(models))
        asked = {"model_id": model.model_id, "dataset_id": found.dataset_id}
        with database.write() as connection:
            if not connection.exec_driver_sql(COMPLETE, asked | {"k": k}).scalar_one():
                connection.exec_driver_sql(FORGET, asked)
                added += _append_neighbors(connection, asked, k)
    progress("", len(models), len(models))
    return row.name, found.name, added


def _append_neighbors(connection: sa.Connection, of: dict[str, int], k: int) -> int:
    rows = arrow(connection, LATENT, of)
    spectrum_id, star_id = rows["spectrum_id"].to_numpy(), rows["star_id"].to_numpy()
    added = 0
    for found in nearest(array_rows(rows["latent"]), star_id, k):
        there = found.index >= 0
        own = np.broadcast_to(spectrum_id[found.rows, None], there.shape)
        rank = np.broadcast_to(np.arange(1, k + 1, dtype=np.int32), there.shape)
        columns = {
            "model_id": np.full(there.sum(), of["model_id"]),
            "dataset_id": np.full(there.sum(), of["dataset_id"]),
            "spectrum_id": own[there],
            "neighbor_rank": rank[there],
            "neighbor_spectrum_id": spectrum_id[found.index[there]],
            "distance": found.distance[there],
        }
        append(connection, schema.neighbor, pa.table(columns))
        added += int(there.sum())
    return added


def _models(connection: sa.Connection, ensemble: sa.Row, dataset: sa.Row) -> list[sa.Row]:
    asked = {"ensemble_id": ensemble.ensemble_id, "dataset_id": dataset.dataset_id}
    return list(connection.exec_driver_sql(MODELS, asked).all())
