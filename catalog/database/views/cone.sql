-- The haversine form keeps its digits for the smallest angles, at the poles and across right ascension 0.
-- Only stars of the right declinations are computed; a hair more of them, lest rounding loses one on the rim.
WITH near_dec AS (
    SELECT
        star.star_id,
        star.mangaid,
        star.ra,
        star.dec,
        3600 * degrees(2 * asin(least(1, sqrt(
            power(sin(radians(star.dec - dec_deg) / 2), 2)
            + cos(radians(star.dec)) * cos(radians(dec_deg)) * power(sin(radians(star.ra - ra_deg) / 2), 2)
        )))) AS separation_arcsec
    FROM star
    WHERE star.dec BETWEEN dec_deg - radius_arcsec / 3600.0 - 1e-9 AND dec_deg + radius_arcsec / 3600.0 + 1e-9
)

SELECT
    near_dec.star_id,
    near_dec.mangaid,
    near_dec.ra,
    near_dec.dec,
    near_dec.separation_arcsec
FROM near_dec
WHERE near_dec.separation_arcsec <= radius_arcsec
