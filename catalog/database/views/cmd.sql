-- A star without a match in its newest release keeps that row: asked, no match.
SELECT
    star.star_id,
    star.mangaid,
    gaia.gaia_release,
    gaia.source_id,
    gaia.g_mag,
    gaia.bp_rp,
    gaia.bp_rp0,
    gaia.abs_g,
    CASE
        WHEN gaia.distance_pc > 0 THEN gaia.g_mag - 5 * log10(gaia.distance_pc) + 5
    END AS abs_g_uncorrected,
    gaia.distance_pc,
    gaia.ebv,
    gaia.clean_match,
    gaia.simbad_otype
FROM star
LEFT JOIN gaia_match AS gaia ON gaia.star_id = star.star_id
QUALIFY row_number() OVER (PARTITION BY star.star_id ORDER BY gaia.gaia_release = 'EDR3' DESC) = 1
