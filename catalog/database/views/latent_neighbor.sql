-- Grouped by every column that a user may filter on, so that DuckDB moves the filter below the product:
-- one spectrum then costs one pass over its model's latent vectors, not all pairs. The filter must be a constant
-- (mangaid = '7-17219806'): a subquery or a join comes too late, after all pairs.
WITH nearest AS (
    SELECT
        ensemble.name AS ensemble,
        model.name AS model,
        dataset.name AS dataset,
        star.mangaid,
        spectrum.plate,
        spectrum.mjd,
        latent.model_id,
        spectrum.dataset_id,
        latent.spectrum_id,
        spectrum.star_id,
        min_by(
            {'spectrum_id': other.spectrum_id, 'star_id': other_spectrum.star_id,
             'distance': array_distance(latent.latent, other.latent)},
            array_distance(latent.latent, other.latent),
            10
        ) AS neighbors
    FROM latent_vector AS latent
    JOIN model_version AS model ON model.model_id = latent.model_id
    JOIN ensemble ON ensemble.ensemble_id = model.ensemble_id
    JOIN spectrum ON spectrum.spectrum_id = latent.spectrum_id
    JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
    JOIN star ON star.star_id = spectrum.star_id
    JOIN latent_vector AS other ON other.model_id = latent.model_id
    JOIN spectrum AS other_spectrum ON other_spectrum.spectrum_id = other.spectrum_id
    WHERE other_spectrum.dataset_id = spectrum.dataset_id AND other_spectrum.star_id <> spectrum.star_id
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
