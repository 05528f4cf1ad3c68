SELECT
    score.ensemble,
    score.model,
    score.dataset,
    score.ensemble_id,
    score.model_id,
    score.dataset_id,
    count(*) AS n_spectrum,
    quantile_cont(score.log10_error, 0.01) AS percentile_1,
    quantile_cont(score.log10_error, 0.10) AS percentile_10,
    quantile_cont(score.log10_error, 0.50) AS percentile_50,
    quantile_cont(score.log10_error, 0.90) AS percentile_90,
    quantile_cont(score.log10_error, 0.99) AS percentile_99
FROM anomaly_score AS score
GROUP BY ALL
