-- The paper (section 3.3): objects with large errors consistently across the models.
-- Beside it the same over the models that have not seen the star.
-- Means are rounded, so that they are the same digits, and equal ones tie, in whatever order DuckDB adds them up.
WITH consensus AS (
    SELECT
        score.ensemble,
        score.dataset,
        score.mangaid,
        score.plate,
        score.mjd,
        score.ensemble_id,
        score.dataset_id,
        score.spectrum_id,
        score.star_id,
        count(*) AS n_model,
        count(*) FILTER (score.flagged) AS n_flagged,
        round(avg(score.log10_error), 9) AS mean_log10_error,
        round(stddev_samp(score.log10_error), 9) AS std_log10_error,
        round(avg(score.percentile), 9) AS mean_percentile,
        min(score.percentile) AS min_percentile,
        count(score.percentile_unseen) AS n_model_unseen,
        round(avg(score.percentile_unseen), 9) AS mean_percentile_unseen
    FROM anomaly_score AS score
    GROUP BY ALL
)

SELECT
    consensus.ensemble,
    consensus.dataset,
    consensus.mangaid,
    consensus.plate,
    consensus.mjd,
    consensus.ensemble_id,
    consensus.dataset_id,
    consensus.spectrum_id,
    consensus.star_id,
    row_number() OVER (
        PARTITION BY consensus.ensemble_id, consensus.dataset_id
        ORDER BY
            consensus.n_flagged DESC,
            consensus.mean_percentile DESC,
            consensus.mean_log10_error DESC,
            consensus.spectrum_id
    ) AS consensus_rank,
    consensus.n_model,
    consensus.n_flagged,
    consensus.mean_log10_error,
    consensus.std_log10_error,
    consensus.mean_percentile,
    consensus.min_percentile,
    consensus.n_model_unseen,
    consensus.mean_percentile_unseen,
    CASE
        WHEN consensus.n_model_unseen > 0 THEN row_number() OVER (
            PARTITION BY consensus.ensemble_id, consensus.dataset_id
            ORDER BY
                consensus.mean_percentile_unseen DESC NULLS LAST,
                consensus.mean_log10_error DESC,
                consensus.spectrum_id
        )
    END AS unseen_rank
FROM consensus
