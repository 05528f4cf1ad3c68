SELECT
    ensemble.name AS ensemble,
    model.name AS model,
    dataset.name AS dataset,
    star.mangaid,
    spectrum.plate,
    spectrum.mjd,
    model.ensemble_id,
    scored.model_id,
    ranked.dataset_id,
    scored.spectrum_id,
    spectrum.star_id,
    star_role.role,
    scored.error,
    CASE WHEN scored.error > 0 THEN log10(scored.error) END AS log10_error,
    ranked.rank,
    ranked.percentile,
    ranked.percentile_unseen,
    ranked.flagged,
    scored.chi2,
    ranked.chi2_percentile,
    ranked.relative_error,
    ranked.relative_percentile,
    ranked.isolation,
    ranked.isolation_percentile
FROM reconstruction_error AS scored
JOIN score_rank AS ranked
    ON ranked.model_id = scored.model_id AND ranked.spectrum_id = scored.spectrum_id
JOIN model_version AS model ON model.model_id = scored.model_id
JOIN ensemble ON ensemble.ensemble_id = model.ensemble_id
JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
JOIN dataset ON dataset.dataset_id = ranked.dataset_id
JOIN star ON star.star_id = spectrum.star_id
LEFT JOIN star_role ON star_role.model_id = scored.model_id AND star_role.star_id = spectrum.star_id
