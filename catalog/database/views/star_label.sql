SELECT label.star_id, star.mangaid, list(DISTINCT label.label ORDER BY label.label) AS labels
FROM label
JOIN star ON star.star_id = label.star_id
GROUP BY label.star_id, star.mangaid
