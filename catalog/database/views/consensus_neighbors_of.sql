-- Distances are of each model's own scale, so the models are merged by rank: the mean over the models of the place of a
-- spectrum in the order of distance.
WITH asked AS (
    SELECT
        space.ensemble,
        space.dataset,
        space.mangaid,
        space.plate,
        space.mjd,
        space.ensemble_id,
        space.model_id,
        space.dataset_id,
        space.spectrum_id,
        space.star_id,
        space.latent
    FROM latent_space AS space
    WHERE space.mangaid = trim(star_mangaid)
),

place AS (
    SELECT
        asked.ensemble,
        asked.dataset,
        asked.mangaid,
        asked.plate,
        asked.mjd,
        asked.ensemble_id,
        asked.dataset_id,
        asked.spectrum_id,
        other.spectrum_id AS neighbor_spectrum_id,
        other_spectrum.star_id AS neighbor_star_id,
        rank() OVER (
            PARTITION BY asked.ensemble_id, asked.dataset_id, asked.spectrum_id, asked.model_id, asked.ensemble, asked.dataset
            ORDER BY array_distance(asked.latent, other.latent)
        ) AS model_rank
    FROM asked
    JOIN latent_vector AS other ON other.model_id = asked.model_id
    JOIN spectrum AS other_spectrum ON other_spectrum.spectrum_id = other.spectrum_id
    WHERE other_spectrum.dataset_id = asked.dataset_id AND other_spectrum.star_id <> asked.star_id
),

merged AS (
    SELECT
        place.ensemble,
        place.dataset,
        place.mangaid,
        place.plate,
        place.mjd,
        place.ensemble_id,
        place.dataset_id,
        place.spectrum_id,
        place.neighbor_spectrum_id,
        place.neighbor_star_id,
        count(*) AS n_model,
        avg(place.model_rank) AS mean_rank
    FROM place
    GROUP BY ALL
)

SELECT
    merged.ensemble,
    merged.dataset,
    merged.mangaid,
    merged.plate,
    merged.mjd,
    merged.ensemble_id,
    merged.dataset_id,
    merged.spectrum_id,
    row_number() OVER (
        PARTITION BY merged.ensemble_id, merged.dataset_id, merged.spectrum_id, merged.ensemble, merged.dataset
        ORDER BY merged.n_model DESC, merged.mean_rank, merged.neighbor_spectrum_id
    ) AS neighbor_rank,
    merged.neighbor_spectrum_id,
    neighbor_star.mangaid AS neighbor_mangaid,
    merged.n_model,
    merged.mean_rank
FROM merged
JOIN star AS neighbor_star ON neighbor_star.star_id = merged.neighbor_star_id
QUALIFY neighbor_rank <= n_neighbor
