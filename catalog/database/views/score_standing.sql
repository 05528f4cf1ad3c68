SELECT
    ranked.model_id,
    ranked.dataset_id,
    ranked.spectrum_id,
    ranked.rank,
    ranked.percentile,
    ranked.percentile_unseen,
    ranked.flagged,
    ranked.chi2_percentile,
    ranked.relative_error,
    ranked.relative_percentile,
    ranked.isolation,
    ranked.isolation_percentile
FROM score_rank AS ranked
