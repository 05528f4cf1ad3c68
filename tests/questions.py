"""SQL that several tests ask."""

ENDLESS = "SELECT count(*) FROM range(10000000) AS a, range(10000000) AS b WHERE hash(a.range, b.range) = 1"
