-- The paper (section 3.3): objects with large errors consistently across the models. Flags count first, since the paper
-- asks for large errors and not for a large mean: a spectrum that one model finds absurd and nine ordinary has one flag.
-- The mean percentile, and not the mean error, decides between equals, since the scale of errors differs between models.
-- Beside it the same over the models that have not seen the star, and the ranks by the other scores.
-- Means are rounded, so that they are the same digits, and equal ones tie, in whatever order DuckDB adds them up.
-- An error is at or above a percentile, as numpy interpolates it, if so many are not above it: quantile_cont is off by a
-- digit where equal errors stand on either side.
WITH population AS (
    SELECT ranked.model_id, ranked.dataset_id, count(*) AS n
    FROM score_rank AS ranked
    GROUP BY ranked.model_id, ranked.dataset_id
),

agreement AS (
    SELECT
        model.ensemble_id,
        ranked.dataset_id,
        ranked.spectrum_id,
        count(*) AS n_model,
        count(*) FILTER (100 * (population.n - ranked.rank) >= (population.n - 1) * threshold) AS n_flagged,
        round(avg(CASE WHEN scored.error > 0 THEN log10(scored.error) END), 9) AS mean_log10_error,
        round(stddev_samp(CASE WHEN scored.error > 0 THEN log10(scored.error) END), 9) AS std_log10_error,
        round(avg(ranked.percentile), 9) AS mean_percentile,
        min(ranked.percentile) AS min_percentile,
        count(ranked.percentile_unseen) AS n_model_unseen,
        round(avg(ranked.percentile_unseen), 9) AS mean_percentile_unseen,
        median(scored.chi2) AS median_chi2,
        round(avg(ranked.chi2_percentile), 9) AS mean_chi2_percentile,
        median(ranked.relative_error) AS median_relative_error,
        round(avg(ranked.relative_percentile), 9) AS mean_relative_percentile,
        round(avg(ranked.isolation_percentile), 9) AS mean_isolation_percentile
    FROM score_rank AS ranked
    JOIN reconstruction_error AS scored
        ON scored.model_id = ranked.model_id AND scored.spectrum_id = ranked.spectrum_id
    JOIN model_version AS model ON model.model_id = ranked.model_id
    JOIN population ON population.model_id = ranked.model_id AND population.dataset_id = ranked.dataset_id
    GROUP BY model.ensemble_id, ranked.dataset_id, ranked.spectrum_id
)

SELECT
    agreement.ensemble_id,
    agreement.dataset_id,
    agreement.spectrum_id,
    row_number() OVER (
        PARTITION BY agreement.ensemble_id, agreement.dataset_id
        ORDER BY
            agreement.n_flagged DESC,
            agreement.mean_percentile DESC,
            agreement.mean_log10_error DESC,
            agreement.spectrum_id
    ) AS consensus_rank,
    agreement.n_model,
    agreement.n_flagged,
    agreement.mean_log10_error,
    agreement.std_log10_error,
    agreement.mean_percentile,
    agreement.min_percentile,
    agreement.n_model_unseen,
    agreement.mean_percentile_unseen,
    CASE
        WHEN agreement.n_model_unseen > 0 THEN row_number() OVER (
            PARTITION BY agreement.ensemble_id, agreement.dataset_id
            ORDER BY
                agreement.mean_percentile_unseen DESC NULLS LAST,
                agreement.mean_log10_error DESC,
                agreement.spectrum_id
        )
    END AS unseen_rank,
    agreement.median_chi2,
    CASE
        WHEN agreement.median_chi2 IS NOT NULL THEN row_number() OVER (
            PARTITION BY agreement.ensemble_id, agreement.dataset_id
            ORDER BY
                agreement.mean_chi2_percentile DESC NULLS LAST,
                agreement.median_chi2 DESC,
                agreement.spectrum_id
        )
    END AS chi2_rank,
    agreement.median_relative_error,
    CASE
        WHEN agreement.median_relative_error IS NOT NULL THEN row_number() OVER (
            PARTITION BY agreement.ensemble_id, agreement.dataset_id
            ORDER BY
                agreement.mean_relative_percentile DESC NULLS LAST,
                agreement.median_relative_error DESC,
                agreement.spectrum_id
        )
    END AS relative_rank,
    agreement.mean_isolation_percentile,
    CASE
        WHEN agreement.mean_isolation_percentile IS NOT NULL THEN row_number() OVER (
            PARTITION BY agreement.ensemble_id, agreement.dataset_id
            ORDER BY
                agreement.mean_isolation_percentile DESC NULLS LAST,
                agreement.spectrum_id
        )
    END AS isolation_rank
FROM agreement
