-- A star is seen by a model if any of its spectra was in that model's training split:
-- `small` and `large` hold the same stars, so its error is then partly learned away.
-- Of an imported model the stars are known, by id, and not their spectra.
WITH part (model_id, star_id, role) AS (
    SELECT
        split.model_id,
        spectrum.star_id,
        split.role
    FROM training_split AS split
    JOIN spectrum ON spectrum.spectrum_id = split.spectrum_id
    UNION ALL
    SELECT
        elsewhere.model_id,
        star.star_id,
        elsewhere.role
    FROM training_star AS elsewhere
    JOIN star ON star.mangaid = elsewhere.mangaid
)

SELECT
    part.model_id,
    part.star_id,
    CASE WHEN bool_or(part.role = 'train') THEN 'train' ELSE 'validation' END AS role
FROM part
GROUP BY part.model_id, part.star_id
