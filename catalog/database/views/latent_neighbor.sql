-- Grouped by every column that a user may filter on, so that DuckDB moves the filter below the product:
-- one spectrum then costs one pass over its model's latent vectors, not all pairs. The filter must be a constant
-- (mangaid = '7-17219806'): a subquery or a join comes too late, after all pairs.
WITH nearest AS (
    SELECT
        asked.ensemble,
        asked.model,
        asked.dataset,
        asked.mangaid,
        asked.plate,
        asked.mjd,
        asked.model_id,
        asked.dataset_id,
        asked.spectrum_id,
        asked.star_id,
        min_by(
            {'spectrum_id': other.spectrum_id, 'star_id': other_spectrum.star_id,
             'distance': array_distance(asked.latent, other.latent)},
            array_distance(asked.latent, other.latent),
            10
        ) AS neighbors
    FROM latent_space AS asked
    JOIN latent_vector AS other ON other.model_id = asked.model_id
    JOIN spectrum AS other_spectrum ON other_spectrum.spectrum_id = other.spectrum_id
    WHERE other_spectrum.dataset_id = asked.dataset_id AND other_spectrum.star_id <> asked.star_id
    GROUP BY ALL
),

ranked AS (
    SELECT
        nearest.ensemble,
        nearest.model,
        nearest.dataset,
        nearest.mangaid,
        nearest.plate,
        nearest.mjd,
        nearest.model_id,
        nearest.dataset_id,
        nearest.spectrum_id,
        nearest.star_id,
        unnest(nearest.neighbors) AS neighbor,
        generate_subscripts(nearest.neighbors, 1) AS neighbor_rank
    FROM nearest
)

SELECT
    ranked.ensemble,
    ranked.model,
    ranked.dataset,
    ranked.mangaid,
    ranked.plate,
    ranked.mjd,
    ranked.model_id,
    ranked.dataset_id,
    ranked.spectrum_id,
    ranked.star_id,
    ranked.neighbor_rank,
    ranked.neighbor.spectrum_id AS neighbor_spectrum_id,
    neighbor_star.mangaid AS neighbor_mangaid,
    ranked.neighbor.distance AS distance,
    star_role.role AS neighbor_role
FROM ranked
JOIN star AS neighbor_star ON neighbor_star.star_id = ranked.neighbor.star_id
LEFT JOIN star_role ON star_role.model_id = ranked.model_id AND star_role.star_id = ranked.neighbor.star_id
