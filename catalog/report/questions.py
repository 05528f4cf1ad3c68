"""What a report asks, as SQL on the tables and views; values are written in before it is asked and printed."""

COUNTS = """
SELECT
    (SELECT count(*) FROM star) AS n_star,
    (SELECT count(*) FROM spectrum) AS n_spectrum,
    (SELECT count(*) FROM gaia_match WHERE source_id IS NOT NULL) AS n_gaia,
    (SELECT count(*) FROM ensemble) AS n_ensemble,
    (SELECT count(DISTINCT star_id) FROM label) AS n_labelled,
    (SELECT count(*) FROM anomaly_cause) AS n_cause,
    (SELECT count(*) > 0 FROM dataset WHERE release = 'mock') AS is_mock
"""

COUNTS_OF_FLAGGED = """
SELECT
    count(*) AS n_spectrum,
    max(n_model) AS n_model,
    count(*) FILTER (n_flagged > 0) AS n_any,
    count(*) FILTER (2 * n_flagged >= n_model) AS n_half,
    count(*) FILTER (n_flagged = n_model) AS n_all,
    min_by(mangaid, consensus_rank) AS oddest
FROM consensus_anomaly
WHERE ensemble = $ensemble AND dataset = $dataset
"""

DATASETS = """
SELECT name AS dataset, survey, release, product, lsf_percentile, n_spectrum, n_usable
FROM dataset
ORDER BY dataset_id
"""

REASONS_OF_REJECTION = """
SELECT dataset.name AS dataset, reject_reason, count(*) AS n_spectrum
FROM spectrum
JOIN dataset USING (dataset_id)
WHERE NOT usable
GROUP BY dataset_id, dataset.name, reject_reason
ORDER BY dataset_id, n_spectrum DESC, reject_reason
"""

KEPT_BY_WINDOW = """
SELECT dataset, n_pixel, n_spectrum, n_usable, n_empty_end, n_zero_inside, n_negative, n_nonfinite
FROM window_usable($lo, $hi)
ORDER BY dataset_id
"""

SOURCE_FILES = """
SELECT name, product, n_row, size, sha256, code_version
FROM source_file
ORDER BY source_file_id
"""

RECIPE_OF_ENSEMBLE = """
SELECT
    ensemble.name AS ensemble,
    coalesce(dataset.name, ensemble.origin ->> '$.dataset.name') AS trained_on,
    ensemble.origin ->> '$.file' AS imported_from,
    ensemble.n_spectrum,
    ensemble.recipe
FROM ensemble
LEFT JOIN dataset USING (dataset_id)
WHERE ensemble.name = $ensemble
"""

MODELS_OF_ENSEMBLE = """
SELECT
    model.name AS model, model.status, model.seed, model.n_train, model.n_validation, model.epochs, model.train_loss,
    model.validation_loss,
    (SELECT sum(seconds) FROM training_epoch WHERE training_epoch.model_id = model.model_id) AS seconds
FROM model_version AS model
JOIN ensemble USING (ensemble_id)
WHERE ensemble.name = $ensemble
ORDER BY model.member
"""

LOSSES_OF_MODELS = """
SELECT model.name AS model, epoch.epoch, epoch.train_loss, epoch.validation_loss
FROM training_epoch AS epoch
JOIN model_version AS model USING (model_id)
JOIN ensemble USING (ensemble_id)
WHERE ensemble.name = $ensemble
ORDER BY model.member, epoch.epoch
"""

SPECTRUM_OF_MIDDLE_RANK = """
SELECT mangaid, plate, mjd, spectrum_id, consensus_rank
FROM consensus_anomaly
WHERE ensemble = $ensemble AND dataset = $dataset
ORDER BY consensus_rank
OFFSET (SELECT count(*) // 2 FROM consensus_anomaly WHERE ensemble = $ensemble AND dataset = $dataset)
LIMIT 1
"""

PHOTOMETRY_OF_SCORED_STARS = """
SELECT
    count(*) AS n_star,
    count(*) FILTER (bp_rp0 IS NOT NULL AND abs_g IS NOT NULL) AS n_placed,
    min(bp_rp0) FILTER (abs_g IS NOT NULL) AS bp_rp0_lo,
    max(bp_rp0) FILTER (abs_g IS NOT NULL) AS bp_rp0_hi,
    min(abs_g) FILTER (bp_rp0 IS NOT NULL) AS abs_g_lo,
    max(abs_g) FILTER (bp_rp0 IS NOT NULL) AS abs_g_hi
FROM cmd
WHERE star_id IN (SELECT star_id FROM consensus_anomaly WHERE ensemble = $ensemble AND dataset = $dataset)
"""

STARS_OF_REGIONS = """
SELECT region, n_star, n_without_photometry
FROM cmd_region_count
ORDER BY region
"""

ODDEST_OF_REGIONS = """
SELECT region, n_in_region, region_rank, consensus_rank, mangaid, n_flagged, n_model, bp_rp0, abs_g
FROM anomaly_by_cmd_region
WHERE ensemble = $ensemble AND dataset = $dataset AND region_rank <= 3
ORDER BY region, region_rank
"""

ODDEST_SPECTRA = """
SELECT
    consensus_rank, consensus_rank_lo, consensus_rank_hi, mangaid, plate, mjd, n_flagged, n_model, mean_percentile,
    mean_log10_error, unseen_rank, n_model_unseen, chi2_rank, median_chi2, relative_rank, isolation_rank, peer_rank,
    n_peer, ra, dec, gaia_release, source_id, bp_rp, bp_rp0, abs_g, ebv, distance_pc, teff, logg, fe_h,
    parameter_source, snr, bad_pixel_fraction, simbad_main_id, simbad_otype, spectral_type, cause, cause_confidence,
    labels, simbad_url, aladin_url, gaia_url, sdss_url, spectrum_id
FROM anomaly
WHERE ensemble = $ensemble AND dataset = $dataset
ORDER BY consensus_rank
LIMIT $top
"""

SCORES_OF_SPECTRUM = """
SELECT model, role, error, percentile, flagged, chi2
FROM anomaly_score
WHERE ensemble = $ensemble AND dataset = $dataset AND spectrum_id = $spectrum_id
ORDER BY model_id
"""

LOOK_ALIKES_OF_SPECTRUM = """
SELECT
    found.neighbor_rank, found.neighbor_mangaid AS mangaid, found.distance, cmd.bp_rp0, cmd.abs_g, cmd.simbad_otype,
    consensus.consensus_rank
FROM neighbors_of($mangaid, 5, 'train') AS found
JOIN consensus_anomaly AS consensus
    ON consensus.ensemble_id = found.ensemble_id AND consensus.spectrum_id = found.neighbor_spectrum_id
JOIN cmd ON cmd.star_id = consensus.star_id
WHERE found.ensemble = $ensemble AND found.dataset = $dataset AND found.model = $model
    AND found.spectrum_id = $spectrum_id
ORDER BY found.neighbor_rank
"""

CAUSE_OF_SPECTRUM = """
SELECT cause, rule, confidence, evidence, interval_lo, interval_hi, template_match
FROM anomaly_cause
JOIN ensemble USING (ensemble_id)
WHERE ensemble.name = $ensemble AND spectrum_id = $spectrum_id
"""

LABELS_OF_STAR = """
SELECT label, note, author
FROM label
JOIN star USING (star_id)
WHERE mangaid = $mangaid
ORDER BY label.created_at, label, author
"""

CATALOGS_OF_STAR = """
SELECT catalog.name AS catalog, matched.catalog_row, matched.separation_arcsec
FROM external_match AS matched
JOIN external_catalog AS catalog USING (external_catalog_id)
JOIN star USING (star_id)
WHERE star.mangaid = $mangaid AND matched.catalog_row IS NOT NULL
ORDER BY catalog.name, matched.catalog_row
"""

RANKS_OF_CATALOGS = """
SELECT catalog.name AS catalog, count(*) AS n_scored, count(*) FILTER (n_flagged > 0) AS n_flagged,
    min(consensus_rank) AS best_rank, min_by(mangaid, consensus_rank) AS best, median(consensus_rank) AS median_rank
FROM external_catalog AS catalog
JOIN (
    SELECT DISTINCT external_catalog_id, star_id FROM external_match WHERE catalog_row IS NOT NULL
) AS matched USING (external_catalog_id)
JOIN consensus_anomaly AS consensus USING (star_id)
WHERE ensemble = $ensemble AND dataset = $dataset
GROUP BY catalog.name
ORDER BY catalog.name
"""

NEWEST_EVALUATION = """
SELECT evaluation_id, mode, truth_file, truth_sha256, n_listed, n_matched, seed, n_member, evaluation.n_spectrum
FROM evaluation
JOIN ensemble ON ensemble.ensemble_id = evaluation.ensemble_id
JOIN dataset ON dataset.dataset_id = evaluation.dataset_id
WHERE ensemble.name = $ensemble AND dataset.name = $dataset
ORDER BY evaluation_id DESC
LIMIT 1
"""

RECOVERY_OF_EVALUATION = """
SELECT kind, method, n_odd, recall_1, recall_1_lo, recall_1_hi, recall_5, recall_5_lo, recall_5_hi, auc, auc_lo, auc_hi
FROM recovery
WHERE evaluation_id = $evaluation_id AND members = 'all' AND strength IS NULL
ORDER BY kind NULLS LAST, method
"""

PROVENANCE_OF_MODELS = """
SELECT model.name AS model, model.seed, model.weights_sha256, model.code_version, model.versions
FROM model_version AS model
JOIN ensemble USING (ensemble_id)
WHERE ensemble.name = $ensemble
ORDER BY model.member
"""

HASH_OF_RECIPE = """
SELECT name AS ensemble, recipe_sha256, code_version
FROM ensemble
WHERE name = $ensemble
"""

REVISION_OF_DATABASE = """
SELECT version_num AS revision FROM schema_version
"""
