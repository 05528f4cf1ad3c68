"""What a user asks most, as SQL on the views."""

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
