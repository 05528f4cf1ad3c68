"""What a user asks most, as SQL on the views."""

OUTLIERS = """
SELECT
    consensus.consensus_rank,
    consensus.mangaid,
    consensus.plate,
    consensus.mjd,
    consensus.n_flagged,
    consensus.n_model,
    consensus.mean_percentile,
    consensus.mean_log10_error,
    consensus.unseen_rank,
    consensus.n_model_unseen,
    cmd.bp_rp,
    cmd.abs_g,
    cmd.simbad_otype
FROM consensus_anomaly AS consensus
JOIN cmd ON cmd.star_id = consensus.star_id
WHERE consensus.ensemble = $ensemble AND consensus.dataset = $dataset
  AND ($bp_rp_lo IS NULL OR cmd.bp_rp BETWEEN $bp_rp_lo AND $bp_rp_hi)
  AND ($abs_g_lo IS NULL OR cmd.abs_g BETWEEN $abs_g_lo AND $abs_g_hi)
  AND ($region IS NULL OR consensus.star_id IN (
      SELECT member.star_id FROM cmd_region_star AS member WHERE member.region = $region
  ))
ORDER BY consensus.consensus_rank
LIMIT $limit
"""

WITHOUT_PHOTOMETRY = """
SELECT count(*)
FROM spectrum
JOIN cmd ON cmd.star_id = spectrum.star_id
WHERE spectrum.dataset_id = $dataset_id
  AND CASE
      WHEN $corrected THEN cmd.bp_rp0 IS NULL OR cmd.abs_g IS NULL
      ELSE cmd.bp_rp IS NULL OR cmd.abs_g_uncorrected IS NULL
  END
  AND spectrum.spectrum_id IN (
      SELECT scored.spectrum_id
      FROM reconstruction_error AS scored
      JOIN model_version AS model ON model.model_id = scored.model_id
      WHERE model.ensemble_id = $ensemble_id
  )
"""

NEIGHBORS = """
SELECT
    neighbor.model,
    neighbor.plate,
    neighbor.mjd,
    neighbor.neighbor_rank,
    neighbor.neighbor_mangaid,
    neighbor_spectrum.plate AS neighbor_plate,
    neighbor_spectrum.mjd AS neighbor_mjd,
    neighbor.distance,
    neighbor.neighbor_role,
    cmd.bp_rp,
    cmd.abs_g,
    consensus.consensus_rank
FROM latent_neighbor AS neighbor
JOIN spectrum AS neighbor_spectrum ON neighbor_spectrum.spectrum_id = neighbor.neighbor_spectrum_id
JOIN cmd ON cmd.star_id = neighbor_spectrum.star_id
JOIN consensus_anomaly AS consensus
    ON consensus.spectrum_id = neighbor.neighbor_spectrum_id AND consensus.ensemble = neighbor.ensemble
WHERE neighbor.mangaid = $mangaid AND neighbor.model = $model
  AND neighbor.ensemble = $ensemble AND neighbor.dataset = $dataset
  AND neighbor.neighbor_rank <= $k
ORDER BY neighbor.spectrum_id, neighbor.neighbor_rank
"""

SPECTRUM = """
SELECT
    spectrum.spectrum_id,
    star.mangaid,
    dataset.name AS dataset,
    dataset.dataset_id,
    spectrum.plate,
    spectrum.mjd,
    source_file.name AS source_file,
    source_file.sha256,
    spectrum.source_row
FROM spectrum
JOIN star ON star.star_id = spectrum.star_id
JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
JOIN source_file ON source_file.source_file_id = spectrum.source_file_id
WHERE spectrum.star_id = $star_id AND spectrum.dataset_id = $dataset_id
  AND ($plate IS NULL OR spectrum.plate = $plate) AND ($mjd IS NULL OR spectrum.mjd = $mjd)
ORDER BY spectrum.plate, spectrum.mjd
"""

ARRAYS = """
SELECT flux, ivar, mask FROM spectrum_array WHERE spectrum_id = $spectrum_id
"""

STATUS = """
SELECT
    dataset.name AS dataset,
    dataset.release,
    dataset.product,
    dataset.lsf_percentile,
    dataset.n_spectrum,
    dataset.n_usable
FROM dataset ORDER BY dataset.dataset_id
"""

LOSSES = """
SELECT model.name AS model, model.member, epoch.epoch, epoch.train_loss, epoch.validation_loss, epoch.seconds
FROM training_epoch AS epoch
JOIN model_version AS model ON model.model_id = epoch.model_id
WHERE model.ensemble_id = $ensemble_id
ORDER BY model.member, epoch.epoch
"""

WINDOW_USABLE = """
SELECT
    found.dataset,
    found.n_pixel,
    found.n_spectrum,
    found.n_usable,
    found.n_empty_end,
    found.n_zero_inside,
    found.n_negative,
    found.n_nonfinite
FROM window_usable($lo, $hi) AS found
WHERE found.dataset = $dataset
"""
