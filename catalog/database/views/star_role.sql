-- A star is seen by a model if any of its spectra was in that model's training split:
-- `small` and `large` hold the same stars, so its error is then partly learned away.
SELECT
    split.model_id,
    spectrum.star_id,
    CASE WHEN bool_or(split.role = 'train') THEN 'train' ELSE 'validation' END AS role
FROM training_split AS split
JOIN spectrum ON spectrum.spectrum_id = split.spectrum_id
GROUP BY split.model_id, spectrum.star_id
