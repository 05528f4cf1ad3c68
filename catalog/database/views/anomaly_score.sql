SELECT
    ensemble.name AS ensemble,
    model.name AS model,
    dataset.name AS dataset,
    star.mangaid,
    spectrum.plate,
    spectrum.mjd,
    model.ensemble_id,
    scored.model_id,
    spectrum.dataset_id,
    scored.spectrum_id,
    spectrum.star_id,
    star_role.role,
    scored.error,
    CASE WHEN scored.error > 0 THEN log10(scored.error) END AS log10_error,
    scored.chi2,
    rank() OVER (PARTITION BY scored.model_id, spectrum.dataset_id ORDER BY scored.error DESC) AS rank,
    100 * cume_dist() OVER (PARTITION BY scored.model_id, spectrum.dataset_id ORDER BY scored.error) AS percentile,
    CASE
        WHEN star_role.role IS DISTINCT FROM 'train' THEN 100 * cume_dist() OVER (
            PARTITION BY scored.model_id, spectrum.dataset_id, star_role.role IS DISTINCT FROM 'train'
            ORDER BY scored.error
        )
    END AS percentile_unseen,
    scored.error >= quantile_cont(scored.error, 0.99)
        OVER (PARTITION BY scored.model_id, spectrum.dataset_id) AS flagged
FROM reconstruction_error AS scored
JOIN model_version AS model ON model.model_id = scored.model_id
JOIN ensemble ON ensemble.ensemble_id = model.ensemble_id
JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
JOIN star ON star.star_id = spectrum.star_id
LEFT JOIN star_role ON star_role.model_id = scored.model_id AND star_role.star_id = spectrum.star_id
