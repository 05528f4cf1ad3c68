"""Look-alikes of all spectra, as rows of the table `neighbor`."""

import numpy as np
import pyarrow as pa

from catalog.anomaly.nearest import nearest
from catalog.anomaly.neighbors import require_k
from catalog.anomaly.ranks import FORGET_NEIGHBORS
from catalog.database.connection import Connection, Database, append, array_rows, arrow, scalar
from catalog.database.names import find_scored, scored_models
from catalog.database.records import Scope
from catalog.progress import Progress, silent

LATENTS = """
SELECT latent.spectrum_id, spectrum.star_id, latent.latent
FROM latent_vector AS latent
JOIN spectrum ON spectrum.spectrum_id = latent.spectrum_id
WHERE latent.model_id = $model_id AND spectrum.dataset_id = $dataset_id
ORDER BY latent.spectrum_id
"""

# As many as were asked for, or as the spectrum with the most others has.
IS_COMPLETE = """
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


def neighbors_of_all(database: Database, k: int, scope: Scope, progress: Progress = silent) -> tuple[str, str, int]:
    """The k nearest neighbours of every scored spectrum, in every model's latent space, as rows of `neighbor`.

    Notes
    -----
    A model whose rows are there already is passed over. Writes one transaction per model, so that what is done stays.
    """
    require_k(k)
    with database.read() as connection:
        scored = find_scored(connection, scope)
        models = scored_models(connection, scored)
    added = 0
    for number, model in enumerate(models):
        progress(model.name, number, len(models))
        ids = {"model_id": model.model_id, "dataset_id": scored.dataset.dataset_id}
        with database.write() as connection:
            if not scalar(connection, IS_COMPLETE, ids | {"k": k}):
                connection.execute(FORGET_NEIGHBORS, ids)
                added += _append_neighbors(connection, ids, k)
    progress("", len(models), len(models))
    return scored.ensemble.name, scored.dataset.name, added


def _append_neighbors(connection: Connection, ids: dict[str, int], k: int) -> int:
    rows = arrow(connection, LATENTS, ids)
    spectrum_id, star_id = rows["spectrum_id"].to_numpy(), rows["star_id"].to_numpy()
    added = 0
    for found in nearest(array_rows(rows["latent"]), star_id, k):
        there = found.index >= 0
        own = np.broadcast_to(spectrum_id[found.rows, None], there.shape)
        rank = np.broadcast_to(np.arange(1, k + 1, dtype=np.int32), there.shape)
        columns = {
            "model_id": np.full(there.sum(), ids["model_id"]),
            "dataset_id": np.full(there.sum(), ids["dataset_id"]),
            "spectrum_id": own[there],
            "neighbor_rank": rank[there],
            "neighbor_spectrum_id": spectrum_id[found.index[there]],
            "distance": found.distance[there],
        }
        append(connection, "neighbor", pa.table(columns))
        added += int(there.sum())
    return added
