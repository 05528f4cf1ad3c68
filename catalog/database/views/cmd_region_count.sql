WITH unplaced AS (
    SELECT
        count(*) FILTER (cmd.bp_rp0 IS NULL OR cmd.abs_g IS NULL) AS n_corrected,
        count(*) FILTER (cmd.bp_rp IS NULL OR cmd.abs_g_uncorrected IS NULL) AS n_uncorrected
    FROM cmd
)

SELECT
    region.name AS region,
    region.corrected,
    count(member.star_id) AS n_star,
    CASE WHEN region.corrected THEN any_value(unplaced.n_corrected) ELSE any_value(unplaced.n_uncorrected) END
        AS n_without_photometry
FROM cmd_region AS region
CROSS JOIN unplaced
LEFT JOIN cmd_region_star AS member ON member.region = region.name
GROUP BY region.name, region.corrected
