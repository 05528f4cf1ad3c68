-- The dataset is compared in the aggregate and not in the join: DuckDB would join the spectra of the dataset with the star
-- first, and take three times as long. Names are among the groups so that a question for one ensemble computes no other;
-- what else is told of a spectrum is not, since every column of the groups costs a tenth.
WITH nearest AS (
    SELECT
        asked.ensemble,
        asked.model,
        asked.dataset,
        asked.model_id,
        asked.spectrum_id,
        min_by(
            {'spectrum_id': other.spectrum_id, 'star_id': other_spectrum.star_id,
             'distance': array_distance(asked.latent, other.latent)},
            array_distance(asked.latent, other.latent),
            n_neighbor
        ) FILTER (
            other_spectrum.dataset_id = asked.dataset_id AND other_spectrum.star_id <> asked.star_id
        ) AS neighbors
    FROM latent_space AS asked
    JOIN latent_vector AS other ON other.model_id = asked.model_id
    JOIN spectrum AS other_spectrum ON other_spectrum.spectrum_id = other.spectrum_id
    WHERE asked.mangaid = trim(star_mangaid)
      AND (with_role IS NULL OR (other.model_id, other_spectrum.star_id) IN (
          SELECT (star_role.model_id, star_role.star_id) FROM star_role WHERE star_role.role = with_role
    ))
    GROUP BY asked.ensemble, asked.model, asked.dataset, asked.model_id, asked.spectrum_id
),

ranked AS (
    SELECT
        nearest.ensemble,
        nearest.model,
        nearest.dataset,
        nearest.model_id,
        nearest.spectrum_id,
        unnest(nearest.neighbors) AS neighbor,
        generate_subscripts(nearest.neighbors, 1) AS neighbor_rank
    FROM nearest
)

SELECT
    ranked.ensemble,
    ranked.model,
    ranked.dataset,
    trim(star_mangaid) AS mangaid,
    spectrum.plate,
    spectrum.mjd,
    model.ensemble_id,
    ranked.model_id,
    spectrum.dataset_id,
    ranked.spectrum_id,
    ranked.neighbor_rank,
    ranked.neighbor.spectrum_id AS neighbor_spectrum_id,
    neighbor_star.mangaid AS neighbor_mangaid,
    ranked.neighbor.distance AS distance,
    star_role.role AS neighbor_role
FROM ranked
JOIN spectrum ON spectrum.spectrum_id = ranked.spectrum_id
JOIN model_version AS model ON model.model_id = ranked.model_id
JOIN star AS neighbor_star ON neighbor_star.star_id = ranked.neighbor.star_id
LEFT JOIN star_role ON star_role.model_id = ranked.model_id AND star_role.star_id = ranked.neighbor.star_id
