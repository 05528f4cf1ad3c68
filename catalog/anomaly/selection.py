"""What `catalog explain` is asked: which spectra of which ensemble, and what is known of each beside its arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from catalog.anomaly.templates import digest_of_templates
from catalog.autoencoder.recipe import Recipe
from catalog.database.connection import arrow
from catalog.database.names import find_ensemble, find_scored_dataset, require_star
from catalog.ensembles.registry import find_models
from catalog.errors import CatalogError
from catalog.provenance import canonical_json
from catalog.spectra.blocks import Window, trained_wavelength, window

N_NEAREST = 3
"""How many training stars a row keeps."""

TOP = """
SELECT spectrum_id FROM ensemble_rank
WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id
ORDER BY consensus_rank
LIMIT $top
"""

OF_STARS = """
SELECT standing.spectrum_id, spectrum.star_id
FROM ensemble_rank AS standing
JOIN spectrum ON spectrum.spectrum_id = standing.spectrum_id
WHERE standing.ensemble_id = $ensemble_id AND standing.dataset_id = $dataset_id
  AND spectrum.star_id IN (SELECT unnest($star_ids))
"""

# What a row rests on beside the arrays; where it is as it was, so is the row.
STANDING = """
SELECT
    standing.spectrum_id,
    standing.n_model,
    standing.mean_log10_error,
    counted.n_spectrum,
    CASE WHEN standing.cmd_density IS NOT NULL THEN counted.density_percentile END AS density_percentile,
    standing.peer_rank,
    nullif(standing.n_peer, 0) AS n_peer,
    standing.mean_isolation_percentile AS isolation_percentile,
    cause.spectrum_id IS NOT NULL
        AND cause.n_model = standing.n_model
        AND cause.mean_log10_error IS NOT DISTINCT FROM standing.mean_log10_error
        AND cause.n_spectrum = counted.n_spectrum
        AND cause.templates_sha256 = $templates AS up_to_date
FROM ensemble_rank AS standing
JOIN (
    SELECT
        spectrum_id,
        count(*) OVER () AS n_spectrum,
        100 * cume_dist() OVER (PARTITION BY cmd_density IS NULL ORDER BY cmd_density) AS density_percentile
    FROM ensemble_rank
    WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id
) AS counted ON counted.spectrum_id = standing.spectrum_id
LEFT JOIN anomaly_cause AS cause
    ON cause.ensemble_id = standing.ensemble_id AND cause.spectrum_id = standing.spectrum_id
WHERE standing.ensemble_id = $ensemble_id AND standing.spectrum_id IN (SELECT unnest($spectrum_ids))
ORDER BY standing.spectrum_id
"""

# The paper looks for neighbours in the model that reproduces the star best (section 4.2.2).
NEAREST = """
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

MODELS = """
SELECT model.name
FROM model_version AS model
WHERE model.ensemble_id = $ensemble_id
  AND model.model_id IN (SELECT model_id FROM score_rank WHERE dataset_id = $dataset_id)
ORDER BY model.member
"""


@dataclass(frozen=True)
class Selection:
    """What is asked of which ensemble: its rows, models and window, and the spectra with what is known of each."""

    ensemble: sa.Row
    dataset: sa.Row
    recipe: Recipe
    pixels: Window
    models: list[sa.Row]
    spectrum_ids: list[int]
    standing: dict[int, dict[str, Any]]


def find_selection(
    connection: sa.Connection,
    stars: str | Iterable[str] | None,
    top: int | None,
    dataset: str | None,
    ensemble: str | None,
) -> Selection:
    """What is meant by stars, or by so many of the oddest, as `explain` takes them. Read-only. Raises CatalogError."""
    row = find_ensemble(connection, ensemble, scored=True)
    found = find_scored_dataset(connection, row, dataset)
    known = {"ensemble_id": row.ensemble_id, "dataset_id": found.dataset_id}
    if (stars is None) == (top is None):
        raise CatalogError("nothing to explain: name stars, or say how many of the oddest")
    if stars is None:
        spectrum_ids = arrow(connection, TOP, known | {"top": top})["spectrum_id"].to_pylist()
    else:
        named = {require_star(connection, star): star for star in ([stars] if isinstance(stars, str) else stars)}
        of_stars = arrow(connection, OF_STARS, known | {"star_ids": list(named)})
        spectrum_ids = of_stars["spectrum_id"].to_pylist()
        if missing := [star for star_id, star in named.items() if star_id not in of_stars["star_id"].to_pylist()]:
            raise CatalogError(
                f"star {missing[0]} has no score of ensemble {row.name} in {found.name}: its spectrum is not usable in "
                f"the window of the ensemble (see spectrum.bad_run), or not scored yet"
            )
    recipe = Recipe.from_json(canonical_json(row.recipe))
    pixels = window(trained_wavelength(connection, row), recipe.window)
    wanted = known | {"spectrum_ids": spectrum_ids, "templates": digest_of_templates(connection)}
    standing = {standing["spectrum_id"]: standing for standing in arrow(connection, STANDING, wanted).to_pylist()}
    names = arrow(connection, MODELS, known)["name"].to_pylist()
    return Selection(row, found, recipe, pixels, find_models(connection, row, names), spectrum_ids, standing)


def nearest_trained(
    connection: sa.Connection, selection: Selection, spectrum_ids: Sequence[int]
) -> dict[int, list[str]]:
    """spectrum_id to the nearest stars that the model with the least error was trained on. Read-only."""
    known = {"ensemble_id": selection.ensemble.ensemble_id, "dataset_id": selection.dataset.dataset_id, "n": N_NEAREST}
    if not spectrum_ids:
        return {}
    found = arrow(connection, NEAREST, known | {"spectrum_ids": list(spectrum_ids)}).to_pylist()
    return {row["spectrum_id"]: row["nearest"] for row in found}


def rarity(standing: dict[str, Any]) -> dict[str, float | None]:
    """What `diagnose` takes of a row of STANDING. Read-only."""
    return {name: standing[name] for name in ("density_percentile", "peer_rank", "n_peer", "isolation_percentile")}
