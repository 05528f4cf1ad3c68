SELECT
    score.ensemble,
    score.model,
    score.dataset,
    score.mangaid,
    score.plate,
    score.mjd,
    score.model_id,
    score.dataset_id,
    score.spectrum_id,
    score.rank,
    score.error
FROM anomaly_score AS score
WHERE score.rank <= 5
