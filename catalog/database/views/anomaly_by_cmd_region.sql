SELECT
    member.region,
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
        PARTITION BY member.region, consensus.ensemble_id, consensus.dataset_id ORDER BY consensus.consensus_rank
    ) AS region_rank,
    count(*) OVER (PARTITION BY member.region, consensus.ensemble_id, consensus.dataset_id) AS n_in_region,
    consensus.consensus_rank,
    consensus.n_model,
    consensus.n_flagged,
    consensus.mean_log10_error,
    consensus.std_log10_error,
    consensus.mean_percentile,
    consensus.min_percentile,
    consensus.n_model_unseen,
    consensus.mean_percentile_unseen,
    consensus.unseen_rank,
    member.corrected,
    cmd.bp_rp,
    cmd.bp_rp0,
    cmd.abs_g,
    cmd.abs_g_uncorrected
FROM cmd_region_star AS member
JOIN consensus_anomaly AS consensus ON consensus.star_id = member.star_id
JOIN cmd ON cmd.star_id = member.star_id
