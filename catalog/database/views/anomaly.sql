-- Gaia's row is that of `cmd`, so that the rule for the newest release stands once.
-- Parameters: the median of the methods, of the newest version that has the star ('v2 MED' before 'v1 MED' before 'MED').
WITH parameter AS (
    SELECT
        stellar_parameter.star_id,
        stellar_parameter.source,
        stellar_parameter.teff,
        stellar_parameter.teff_error,
        stellar_parameter.logg,
        stellar_parameter.logg_error,
        stellar_parameter.fe_h,
        stellar_parameter.fe_h_error,
        stellar_parameter.alpha_fe,
        stellar_parameter.alpha_fe_error
    FROM stellar_parameter
    WHERE regexp_full_match(stellar_parameter.source, '(v[0-9]+ )?MED')
    QUALIFY row_number() OVER (
        PARTITION BY stellar_parameter.star_id
        ORDER BY try_cast(regexp_extract(stellar_parameter.source, '[0-9]+') AS INTEGER) DESC NULLS LAST
    ) = 1
),

-- A cause rests on the scores that there were; where others have come, it is no longer known.
scored AS (
    SELECT ranked.ensemble_id, ranked.dataset_id, count(ranked.spectrum_id) AS n_spectrum
    FROM ensemble_rank AS ranked
    GROUP BY ranked.ensemble_id, ranked.dataset_id
),

-- A position as text that a URL takes: blank and sign encoded.
place AS (
    SELECT
        star.star_id,
        star.ra,
        star.dec,
        url_encode(printf('%.7f %+.7f', star.ra, star.dec)) AS position
    FROM star
)

SELECT
    consensus.ensemble,
    consensus.dataset,
    consensus.mangaid,
    consensus.plate,
    consensus.mjd,
    place.ra,
    place.dec,
    spectrum.healpix_29,
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
    consensus.peer_rank,
    spectrum.snr,
    spectrum.bad_pixel_fraction,
    cmd.gaia_release,
    cmd.source_id,
    cmd.g_mag,
    cmd.bp_rp,
    cmd.bp_rp0,
    cmd.abs_g,
    cmd.abs_g_uncorrected,
    gaia.parallax,
    gaia.parallax_error,
    gaia.pmra,
    gaia.pmdec,
    cmd.distance_pc,
    cmd.ebv,
    cmd.clean_match,
    gaia.simbad_main_id,
    cmd.simbad_otype,
    gaia.spectral_type,
    parameter.source AS parameter_source,
    parameter.teff,
    parameter.teff_error,
    parameter.logg,
    parameter.logg_error,
    parameter.fe_h,
    parameter.fe_h_error,
    parameter.alpha_fe,
    parameter.alpha_fe_error,
    cause.cause,
    cause.confidence AS cause_confidence,
    cause.evidence AS cause_evidence,
    star_label.labels,
    CASE
        WHEN gaia.simbad_main_id IS NOT NULL
            THEN 'https://simbad.cds.unistra.fr/simbad/sim-id?Ident=' || url_encode(gaia.simbad_main_id)
        ELSE 'https://simbad.cds.unistra.fr/simbad/sim-coo?Coord=' || place.position
            || '&CooFrame=ICRS&Radius=5&Radius.unit=arcsec'
    END AS simbad_url,
    'https://aladin.cds.unistra.fr/AladinLite/?target=' || place.position || '&fov=0.05' AS aladin_url,
    'https://gea.esac.esa.int/tap-server/tap/sync?REQUEST=doQuery&LANG=ADQL&FORMAT=csv&QUERY=SELECT%20%2A%20FROM%20gaia'
        || lower(cmd.gaia_release) || '.gaia_source%20WHERE%20source_id%3D' || cmd.source_id AS gaia_url,
    printf('https://skyserver.sdss.org/dr17/VisualTools/explore/summary?ra=%.7f&dec=%.7f', place.ra, place.dec)
        AS sdss_url,
    consensus.ensemble_id,
    consensus.dataset_id,
    consensus.spectrum_id,
    consensus.star_id
FROM consensus_anomaly AS consensus
JOIN spectrum ON spectrum.spectrum_id = consensus.spectrum_id
JOIN place ON place.star_id = consensus.star_id
JOIN cmd ON cmd.star_id = consensus.star_id
LEFT JOIN gaia_match AS gaia ON gaia.star_id = cmd.star_id AND gaia.gaia_release = cmd.gaia_release
JOIN scored ON scored.ensemble_id = consensus.ensemble_id AND scored.dataset_id = consensus.dataset_id
LEFT JOIN parameter ON parameter.star_id = consensus.star_id
LEFT JOIN star_label ON star_label.star_id = consensus.star_id
LEFT JOIN anomaly_cause AS cause
    ON cause.ensemble_id = consensus.ensemble_id AND cause.spectrum_id = consensus.spectrum_id
    AND cause.n_model = consensus.n_model AND cause.n_spectrum = scored.n_spectrum
    AND cause.mean_log10_error IS NOT DISTINCT FROM consensus.mean_log10_error
