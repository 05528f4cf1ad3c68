"""Ranks: the rows of score_rank and ensemble_rank, made from errors and latent vectors."""

from typing import Any

import numpy as np
import pyarrow as pa

from catalog.anomaly.consensus import FLAGGED_FROM
from catalog.anomaly.method import digest_of_ranks
from catalog.anomaly.nearest import Queries, nearest
from catalog.anomaly.peers import rank_among_peers
from catalog.anomaly.stability import rank_intervals
from catalog.database.connection import Connection, append, array_rows, arrow, execute_with, insert
from catalog.provenance import utc_now
from catalog.version import code_version

N_ALIKE = 50
"""Nearest training spectra whose median error is what to expect of a spectrum."""

NTH = 10
"""The neighbour at whose distance a spectrum is called isolated."""

SCORES_OF_MODEL = """
SELECT
    scored.spectrum_id,
    spectrum.star_id,
    scored.error,
    latent.latent,
    star_role.role IS NOT DISTINCT FROM 'train' AS seen
FROM reconstruction_error AS scored
JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
JOIN latent_vector AS latent ON latent.model_id = scored.model_id AND latent.spectrum_id = scored.spectrum_id
LEFT JOIN star_role ON star_role.model_id = scored.model_id AND star_role.star_id = spectrum.star_id
WHERE scored.model_id = $model_id AND spectrum.dataset_id = $dataset_id
ORDER BY scored.spectrum_id
"""

FORGET_RANKS = "DELETE FROM score_rank WHERE model_id = $model_id AND dataset_id = $dataset_id"

FORGET_NEIGHBORS = "DELETE FROM neighbor WHERE model_id = $model_id AND dataset_id = $dataset_id"

# A percentile is the share of the values at or below; where there is no value, there is none. An error is at or above
# the 99th percentile, as numpy interpolates it, if so many are not above it: quantile_cont is off by a digit where
# equal errors stand on either side, and would flag none of them.
INSERT_RANKS = """
INSERT INTO score_rank
SELECT
    $model_id,
    $dataset_id,
    scored.spectrum_id,
    rank() OVER (ORDER BY scored.error DESC),
    100 * cume_dist() OVER (ORDER BY scored.error),
    CASE WHEN NOT around.seen THEN 100 * cume_dist() OVER (PARTITION BY around.seen ORDER BY scored.error) END,
    100 * (count(*) OVER () - rank() OVER (ORDER BY scored.error DESC)) >= $flagged_from * (count(*) OVER () - 1),
    CASE
        WHEN scored.chi2 IS NOT NULL
            THEN 100 * cume_dist() OVER (PARTITION BY scored.chi2 IS NULL ORDER BY scored.chi2)
    END,
    around.relative_error,
    CASE
        WHEN around.relative_error IS NOT NULL
            THEN 100 * cume_dist() OVER (PARTITION BY around.relative_error IS NULL ORDER BY around.relative_error)
    END,
    around.isolation,
    CASE
        WHEN around.isolation IS NOT NULL
            THEN 100 * cume_dist() OVER (PARTITION BY around.isolation IS NULL ORDER BY around.isolation)
    END
FROM _incoming AS around
JOIN reconstruction_error AS scored ON scored.spectrum_id = around.spectrum_id
WHERE scored.model_id = $model_id
"""

FORGET_CONSENSUS = "DELETE FROM ensemble_rank WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id"

CONSENSUS_AND_PLACE = f"""
SELECT consensus.*, spectrum.star_id, cmd.bp_rp0, cmd.abs_g
FROM consensus({FLAGGED_FROM}) AS consensus
JOIN spectrum ON spectrum.spectrum_id = consensus.spectrum_id
JOIN cmd ON cmd.star_id = spectrum.star_id
WHERE consensus.ensemble_id = $ensemble_id AND consensus.dataset_id = $dataset_id
ORDER BY consensus.spectrum_id
"""

RANKS_OF_MEMBERS = """
SELECT ranked.model_id, ranked.spectrum_id, ranked.percentile, ranked.flagged
FROM score_rank AS ranked
JOIN model_version AS model ON model.model_id = ranked.model_id
WHERE model.ensemble_id = $ensemble_id AND ranked.dataset_id = $dataset_id
"""

# Scores are only ever added, or removed with their model or dataset, so that their number says whether all are there;
# whether the ranks are as this code makes them, their digest says. Ranks from before there were digests have none.
PENDING = """
WITH scored AS (
    SELECT model.ensemble_id, scored.model_id, spectrum.dataset_id, count(*) AS n
    FROM reconstruction_error AS scored
    JOIN model_version AS model ON model.model_id = scored.model_id
    JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
    GROUP BY ALL
),

ranked AS (
    SELECT model_id, dataset_id, count(*) AS n FROM score_rank GROUP BY ALL
),

agreed AS (
    SELECT ensemble_id, dataset_id, sum(n_model) AS n FROM ensemble_rank GROUP BY ALL
)

SELECT
    scored.ensemble_id,
    scored.dataset_id,
    list(scored.model_id ORDER BY scored.model_id)
        FILTER (ranked.n IS DISTINCT FROM scored.n) AS with_new_scores,
    list(scored.model_id ORDER BY scored.model_id)
        FILTER (ranked.n IS DISTINCT FROM scored.n OR method.method_sha256 IS DISTINCT FROM $method_sha256) AS models
FROM scored
LEFT JOIN ranked ON ranked.model_id = scored.model_id AND ranked.dataset_id = scored.dataset_id
LEFT JOIN agreed ON agreed.ensemble_id = scored.ensemble_id AND agreed.dataset_id = scored.dataset_id
LEFT JOIN rank_method AS method ON method.ensemble_id = scored.ensemble_id AND method.dataset_id = scored.dataset_id
GROUP BY scored.ensemble_id, scored.dataset_id
HAVING models IS NOT NULL OR any_value(agreed.n) IS DISTINCT FROM sum(scored.n)
ORDER BY scored.ensemble_id, scored.dataset_id
"""

FORGET_METHOD = "DELETE FROM rank_method WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id"

# Other code has made the ranks of the single models; these are still to be made again.
RENEW_METHOD = """
UPDATE rank_method SET created_at = $created_at, code_version = $code_version
WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id AND method_sha256 = $method_sha256
"""

RANKED_PAIRS = "SELECT DISTINCT ensemble_id, dataset_id FROM ensemble_rank ORDER BY ALL"


def rank_scores(connection: Connection, model_id: int, dataset_id: int) -> None:
    """Rank every score of a model on a dataset among them.

    Replaces the rows of score_rank, in the connection's transaction.
    """
    ids = {"model_id": model_id, "dataset_id": dataset_id}
    scores = arrow(connection, SCORES_OF_MODEL, ids)
    latent = array_rows(scores["latent"])
    star_id, error, seen = (scores[name].to_numpy() for name in ("star_id", "error", "seen"))
    around = {
        "spectrum_id": scores["spectrum_id"],
        "seen": scores["seen"],
        "relative_error": _or_null(error / error_alike(latent, star_id, error, seen)),
        "isolation": _or_null(isolation(latent, star_id)),
    }
    connection.execute(FORGET_RANKS, ids)
    execute_with(connection, INSERT_RANKS, pa.table(around), ids | {"flagged_from": FLAGGED_FROM})


def error_alike(
    latent: np.ndarray, star_id: np.ndarray, error: np.ndarray, seen: np.ndarray, queries: Queries | None = None
) -> np.ndarray:
    """Median error of the spectra of other stars that are nearest in latent space.

    Parameters
    ----------
    latent : ndarray, (n, n_latent)
    star_id, error : ndarray, (n,)
    seen : ndarray, (n,) bool
        Whether the model was trained on the star. Only these count, if they are enough: oddities that the model has not
        seen would make each other look ordinary.
    queries : Queries, optional
        Other spectra to find the error for; None: of these spectra themselves.

    Returns
    -------
    ndarray, (n,), or (m,) of the queries
        NaN where there is no other star.
    """
    among = seen if np.count_nonzero(seen) >= N_ALIKE else np.ones(len(seen), bool)
    typical = np.full(len(error) if queries is None else len(queries[1]), np.nan)
    for found in nearest(latent, star_id, N_ALIKE, among, queries):
        errors = np.where(found.index >= 0, error[found.index], np.nan)
        some = (found.index >= 0).any(axis=1)
        typical[found.rows][some] = np.nanmedian(errors[some], axis=1)
    # A model that makes its training spectra exactly gives nothing to compare with.
    return np.where(typical > 0, typical, np.nan)


def isolation(latent: np.ndarray, star_id: np.ndarray, queries: Queries | None = None) -> np.ndarray:
    """Distance in latent space to the 10th nearest spectrum of another star.

    Parameters
    ----------
    latent : ndarray, (n, n_latent)
    star_id : ndarray, (n,)
    queries : Queries, optional
        Other spectra to find the distance for; None: of these spectra themselves.

    Returns
    -------
    ndarray, (n,), or (m,) of the queries
        NaN where there are fewer than ten.
    """
    distance = np.full(len(star_id) if queries is None else len(queries[1]), np.nan)
    for found in nearest(latent, star_id, NTH, queries=queries):
        last = found.distance[:, -1]
        distance[found.rows] = np.where(np.isfinite(last), last, np.nan)
    return distance


def rank_consensus(connection: Connection, ensemble_id: int, dataset_id: int) -> None:
    """What the models of an ensemble agree on, for every spectrum of a dataset that they have scored.

    Replaces the rows of ensemble_rank, in the connection's transaction.
    """
    ids = {"ensemble_id": ensemble_id, "dataset_id": dataset_id}
    consensus = arrow(connection, CONSENSUS_AND_PLACE, ids)
    order = consensus["consensus_rank"].to_numpy()
    columns = {name: consensus[name] for name in consensus.column_names}
    columns |= _intervals(arrow(connection, RANKS_OF_MEMBERS, ids), consensus["spectrum_id"].to_numpy(), order)
    bp_rp0, abs_g = (columns.pop(name).fill_null(np.nan).to_numpy() for name in ("bp_rp0", "abs_g"))
    peers = rank_among_peers(bp_rp0, abs_g, columns.pop("star_id").to_numpy(), order)
    columns |= {
        "cmd_density": _or_null(peers.density),
        "n_peer": pa.array(peers.n_peer),
        "peer_rank": _or_null(peers.rank).cast(pa.int64()),
    }
    connection.execute(FORGET_CONSENSUS, ids)
    append(connection, "ensemble_rank", pa.table(columns))


def _intervals(members: pa.Table, spectrum_id: np.ndarray, order: np.ndarray) -> dict[str, pa.Array]:
    """Columns with the ends of the interval of every rank; none for a single model.

    members : rows of RANKS_OF_MEMBERS; spectrum_id : (n,) increasing; order : (n,) consensus rank.
    """
    model_id = np.unique(members["model_id"].to_numpy())
    if len(model_id) < 2:
        return {}
    at = (
        np.searchsorted(model_id, members["model_id"].to_numpy()),
        np.searchsorted(spectrum_id, members["spectrum_id"].to_numpy()),
    )
    percentile = np.full((len(model_id), len(spectrum_id)), np.nan)
    flagged = np.zeros(percentile.shape, bool)
    percentile[at], flagged[at] = members["percentile"].to_numpy(), members["flagged"].to_numpy()
    lowest, highest = rank_intervals(percentile, flagged, order)
    return {"consensus_rank_lo": pa.array(lowest), "consensus_rank_hi": pa.array(highest)}


def rank_pending(connection: Connection, only: tuple[int, int] | None = None) -> int:
    """Bring the ranks of every ensemble and dataset up to their scores and to this code; returns how many were not.

    Writes inside the connection's transaction. Removes the rows of neighbor of models with new scores, which may be
    nearer.

    Parameters
    ----------
    only : tuple of int, optional
        ensemble_id and dataset_id; None: all of them.
    """
    pending = connection.execute(PENDING, {"method_sha256": digest_of_ranks()}).fetchall()
    waiting = [row for row in pending if only is None or row[:2] == only]
    for ensemble_id, dataset_id, with_new_scores, models in waiting:
        for model_id in models or ():
            rank_scores(connection, model_id, dataset_id)
        for model_id in with_new_scores or ():
            connection.execute(FORGET_NEIGHBORS, {"model_id": model_id, "dataset_id": dataset_id})
        rank_consensus(connection, ensemble_id, dataset_id)
        ids = {"ensemble_id": ensemble_id, "dataset_id": dataset_id}
        connection.execute(FORGET_METHOD, ids)
        insert(connection, "rank_method", ids | _made_now())
    return len(waiting)


def rerank(connection: Connection) -> None:
    """Rank every spectrum among its peers again, after photometry has changed.

    Writes inside the connection's transaction.
    """
    for ensemble_id, dataset_id in connection.execute(RANKED_PAIRS).fetchall():
        rank_consensus(connection, ensemble_id, dataset_id)
        connection.execute(RENEW_METHOD, {"ensemble_id": ensemble_id, "dataset_id": dataset_id} | _made_now())


def _made_now() -> dict[str, Any]:
    return {"method_sha256": digest_of_ranks(), "created_at": utc_now(), "code_version": code_version()}


def _or_null(values: np.ndarray) -> pa.Array:
    return pa.array(values, mask=~np.isfinite(values))
