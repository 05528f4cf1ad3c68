"""Look-alikes of single spectra: the nearest in latent space (the paper's Fig. 10), asked of the database.

Those of all spectra are computed in `all_neighbors`.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from catalog.database.connection import Connection, Database, arrow
from catalog.database.listing import listing_of_scores
from catalog.database.names import find_scored, require_star, scored_models
from catalog.database.records import Ensemble, ModelVersion, Scope, Scored
from catalog.errors import CatalogError

MOST = 1000
"""Neighbours that can be asked for."""

ROLES = ("train", "validation")
"""What a star can have been to a model."""

# What the two questions about a star have in common: the pair, and what is known of the neighbour's star.
PAIR = """
    neighbor.plate,
    neighbor.mjd,
    neighbor.neighbor_rank,
    neighbor.neighbor_mangaid,
    neighbor_spectrum.plate AS neighbor_plate,
    neighbor_spectrum.mjd AS neighbor_mjd"""

KNOWN = """
    cmd.bp_rp,
    cmd.abs_g,
    consensus.consensus_rank,
    star_label.labels"""

JOINS_OF_KNOWN = """
JOIN spectrum AS neighbor_spectrum ON neighbor_spectrum.spectrum_id = neighbor.neighbor_spectrum_id
JOIN cmd ON cmd.star_id = neighbor_spectrum.star_id
LEFT JOIN star_label ON star_label.star_id = neighbor_spectrum.star_id
LEFT JOIN ensemble_rank AS consensus
    ON consensus.spectrum_id = neighbor.neighbor_spectrum_id AND consensus.ensemble_id = neighbor.ensemble_id"""

NEIGHBORS_IN_MODEL = f"""
SELECT
    neighbor.model,{PAIR},
    neighbor.distance,
    neighbor.neighbor_role,{KNOWN}
FROM neighbors_of($mangaid, $k, $role) AS neighbor{JOINS_OF_KNOWN}
WHERE neighbor.ensemble = $ensemble AND neighbor.dataset = $dataset AND neighbor.model = $model
ORDER BY neighbor.spectrum_id, neighbor.neighbor_rank
"""

NEIGHBORS_IN_ALL_MODELS = f"""
SELECT{PAIR},
    neighbor.mean_rank,
    neighbor.n_model,{KNOWN}
FROM consensus_neighbors_of($mangaid, $k) AS neighbor{JOINS_OF_KNOWN}
WHERE neighbor.ensemble = $ensemble AND neighbor.dataset = $dataset
ORDER BY neighbor.spectrum_id, neighbor.neighbor_rank
"""

# Named by names: by the numbers of model and spectrum, DuckDB 1.5 takes a hundred times as long. Without what is known
# of the stars, which a figure does not show.
LOOK_ALIKES = """
SELECT
    neighbor.neighbor_spectrum_id AS spectrum_id,
    spectrum.dataset_id,
    neighbor.neighbor_mangaid AS mangaid,
    spectrum.plate,
    spectrum.mjd,
    neighbor.distance,
    neighbor.neighbor_role AS role
FROM neighbors_of($mangaid, $k, $role) AS neighbor
JOIN spectrum ON spectrum.spectrum_id = neighbor.neighbor_spectrum_id
WHERE neighbor.ensemble = $ensemble AND neighbor.dataset = $dataset AND neighbor.model = $model
    AND neighbor.spectrum_id = $spectrum_id
ORDER BY neighbor.neighbor_rank
"""

# The paper looks for neighbours in the model that reproduces the star best (section 4.2.2). Not with the macro, which
# takes one star at a time: this is many spectra, each in a model of its own, in one pass over their latent vectors.
NEAREST_TRAINED = """
WITH best AS (
    SELECT scored.spectrum_id, min_by(scored.model_id, scored.error) AS model_id
    FROM reconstruction_error AS scored
    JOIN model_version AS model ON model.model_id = scored.model_id
    WHERE model.ensemble_id = $ensemble_id AND scored.spectrum_id IN (SELECT unnest($spectrum_ids))
    GROUP BY scored.spectrum_id
)

SELECT
    best.spectrum_id,
    min_by(star.mangaid, array_distance(latent.latent, other.latent), $n) AS nearest
FROM best
JOIN latent_vector AS latent ON latent.model_id = best.model_id AND latent.spectrum_id = best.spectrum_id
JOIN spectrum ON spectrum.spectrum_id = best.spectrum_id
JOIN latent_vector AS other ON other.model_id = best.model_id
JOIN spectrum AS other_spectrum ON other_spectrum.spectrum_id = other.spectrum_id
JOIN star_role ON star_role.model_id = best.model_id AND star_role.star_id = other_spectrum.star_id
JOIN star ON star.star_id = other_spectrum.star_id
WHERE other_spectrum.dataset_id = $dataset_id AND other_spectrum.star_id <> spectrum.star_id
  AND star_role.role = 'train'
GROUP BY best.spectrum_id
"""


def neighbors(
    database: Database,
    mangaid: str,
    model: str | None = "MODEL1",
    k: int = 5,
    scope: Scope = Scope(),
    role: str | None = None,
) -> pa.Table:
    """The k nearest neighbours of a star in one model's latent space, or by the mean of their ranks in all."""
    require_k(k)
    if role is not None and role not in ROLES:
        raise CatalogError(f"role {role}: give train or validation")
    if role is not None and model is None:
        raise CatalogError("a role is that of one model; name the model, or leave the role out")
    with database.read() as connection:
        require_star(connection, mangaid)
        scored = find_scored(connection, scope)
        parameters = scored.names | {"mangaid": mangaid.strip(), "k": k}
        if model is None:
            rows = arrow(connection, NEIGHBORS_IN_ALL_MODELS, parameters)
        else:
            rows = arrow(connection, NEIGHBORS_IN_MODEL, parameters | {"model": model, "role": role})
        names = [other.name for other in scored_models(connection, scored)]
    if not len(rows):
        dataset, ensemble = scored.dataset.name, scored.ensemble.name
        if model is not None and model not in names:
            raise CatalogError(f"no model {model} has scored {dataset}; there are: {', '.join(names)}")
        among = f" among those of role {role}" if role else ""
        raise CatalogError(
            f"star {mangaid} has no neighbours{among} in {dataset}; its spectrum is absent or not usable "
            f"in the window of ensemble {ensemble}, or no other star is scored"
        )
    return listing_of_scores(rows, scored)


def look_alikes(
    connection: Connection, spectrum: dict[str, Any], ensemble: Ensemble, model: ModelVersion, k: int, role: str | None
) -> list[dict[str, Any]]:
    """The k nearest spectra of other stars of the dataset in the latent space of a model, the nearest first.

    Parameters
    ----------
    spectrum : dict
        Row of `find_spectrum`.
    role : str, optional
        "train": only stars of the model's training split; None: all.

    Returns
    -------
    list of dict
        What `read_arrays` needs of each, its distance (Euclidean) and the role of its star.

    Raises
    ------
    CatalogError
        If the spectrum has no look-alike.
    """
    parameters = {key: spectrum[key] for key in ("mangaid", "dataset", "spectrum_id")}
    parameters |= {"ensemble": ensemble.name, "model": model.name, "k": k, "role": role}
    found: list[dict[str, Any]] = arrow(connection, LOOK_ALIKES, parameters).to_pylist()
    if not found:
        raise CatalogError(
            f"star {spectrum['mangaid']} has no look-alike in {model.name}: its spectrum in {spectrum['dataset']} is "
            "not usable in the window of the ensemble, or not scored yet"
            + ("" if role is None else ", or no such star of the model's training is in the dataset")
        )
    return found


def nearest_trained(
    connection: Connection, scored: Scored, spectrum_ids: Sequence[int], n: int
) -> dict[int, list[str]]:
    """The n stars nearest to each spectrum among those that the model with the least error was trained on.

    Returns
    -------
    dict
        spectrum_id to mangaid, the nearest first. A spectrum is absent if no such star is in the dataset.
    """
    if not spectrum_ids:
        return {}
    found = arrow(connection, NEAREST_TRAINED, scored.ids | {"spectrum_ids": list(spectrum_ids), "n": n})
    return dict(zip(found["spectrum_id"].to_pylist(), found["nearest"].to_pylist(), strict=True))


def require_k(k: int) -> None:
    """Raise CatalogError unless so many neighbours can be asked for."""
    if not 1 <= k <= MOST:
        raise CatalogError(f"k {k}: give 1 to {MOST}")
