SELECT
    ensemble.name AS ensemble,
    dataset.name AS dataset,
    star.mangaid,
    spectrum.plate,
    spectrum.mjd,
    consensus.ensemble_id,
    consensus.dataset_id,
    consensus.spectrum_id,
    spectrum.star_id,
    consensus.consensus_rank,
    consensus.consensus_rank_lo,
    consensus.consensus_rank_hi,
    consensus.n_model,
    consensus.n_flagged,
    consensus.mean_log10_error,
    consensus.std_log10_error,
    consensus.mean_percentile,
    consensus.min_percentile,
    consensus.n_model_unseen,
    consensus.mean_percentile_unseen,
    consensus.unseen_rank,
    consensus.median_chi2,
    consensus.chi2_rank,
    consensus.median_relative_error,
    consensus.relative_rank,
    consensus.mean_isolation_percentile,
    consensus.isolation_rank,
    consensus.cmd_density,
    consensus.n_peer,
    consensus.peer_rank
FROM ensemble_rank AS consensus
JOIN ensemble ON ensemble.ensemble_id = consensus.ensemble_id
JOIN spectrum ON spectrum.spectrum_id = consensus.spectrum_id
JOIN dataset ON dataset.dataset_id = consensus.dataset_id
JOIN star ON star.star_id = spectrum.star_id
