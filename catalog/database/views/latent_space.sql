SELECT
    ensemble.name AS ensemble,
    model.name AS model,
    dataset.name AS dataset,
    star.mangaid,
    spectrum.plate,
    spectrum.mjd,
    model.ensemble_id,
    latent.model_id,
    spectrum.dataset_id,
    latent.spectrum_id,
    spectrum.star_id,
    latent.latent
FROM latent_vector AS latent
JOIN model_version AS model ON model.model_id = latent.model_id
JOIN ensemble ON ensemble.ensemble_id = model.ensemble_id
JOIN spectrum ON spectrum.spectrum_id = latent.spectrum_id
JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
JOIN star ON star.star_id = spectrum.star_id
