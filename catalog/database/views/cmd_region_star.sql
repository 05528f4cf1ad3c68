-- A star is in a region if the line from it towards redder colours crosses an odd number of edges.
-- One rule for a star on an edge or a vertex: it counts as a hair redder, and on a horizontal edge as a hair fainter;
-- so of two regions on either side of an edge it is in one. An edge is taken from its brighter end, whichever way the
-- polygon goes round, so that both regions do the same sum; and its ends as REAL, which photometry is, so that a star
-- at 0.95 is on an edge at 0.95.
WITH outline AS (
    SELECT
        cmd_region.name AS region,
        cmd_region.corrected,
        cmd_region.polygon::STRUCT(bp_rp REAL, abs_g REAL)[]::STRUCT(bp_rp DOUBLE, abs_g DOUBLE)[] AS polygon
    FROM cmd_region
),

side AS (
    SELECT
        outline.region,
        outline.corrected,
        unnest(outline.polygon) AS one,
        unnest(list_append(outline.polygon[2:], outline.polygon[1])) AS other
    FROM outline
),

edge AS (
    SELECT
        side.region,
        side.corrected,
        least(side.one.abs_g, side.other.abs_g) AS bright,
        greatest(side.one.abs_g, side.other.abs_g) AS faint,
        CASE WHEN side.one.abs_g < side.other.abs_g THEN side.one.bp_rp ELSE side.other.bp_rp END AS bp_rp_bright,
        CASE WHEN side.one.abs_g < side.other.abs_g THEN side.other.bp_rp ELSE side.one.bp_rp END AS bp_rp_faint
    FROM side
),

box AS (
    SELECT
        edge.region,
        edge.corrected,
        min(edge.bright) AS bright,
        max(edge.faint) AS faint,
        min(least(edge.bp_rp_bright, edge.bp_rp_faint)) AS blue,
        max(greatest(edge.bp_rp_bright, edge.bp_rp_faint)) AS red
    FROM edge
    GROUP BY edge.region, edge.corrected
),

place AS (
    SELECT cmd.star_id, cmd.mangaid, true AS corrected, cmd.bp_rp0::DOUBLE AS bp_rp, cmd.abs_g::DOUBLE AS abs_g
    FROM cmd
    UNION ALL
    SELECT cmd.star_id, cmd.mangaid, false, cmd.bp_rp, cmd.abs_g_uncorrected
    FROM cmd
),

-- Most stars are not even in the box around a polygon: this saves half the time.
boxed AS (
    SELECT
        box.region,
        box.corrected,
        place.star_id,
        place.mangaid,
        place.bp_rp,
        place.abs_g
    FROM place
    JOIN box
        ON box.corrected = place.corrected
        AND box.bright <= place.abs_g AND place.abs_g < box.faint
        AND box.blue <= place.bp_rp AND place.bp_rp < box.red
)

SELECT
    boxed.region,
    boxed.corrected,
    boxed.star_id,
    boxed.mangaid
FROM boxed
JOIN edge
    ON edge.region = boxed.region
    AND edge.bright <= boxed.abs_g AND boxed.abs_g < edge.faint
    AND (boxed.bp_rp - edge.bp_rp_bright) * (edge.faint - edge.bright)
        < (boxed.abs_g - edge.bright) * (edge.bp_rp_faint - edge.bp_rp_bright)
GROUP BY ALL
HAVING count(*) % 2 = 1
