"""The consensus anomalies, by the score and in the part of the colour-magnitude diagram that somebody asks for."""

import numpy as np
import pyarrow as pa

from catalog.database.connection import Connection, Database, arrow, scalar
from catalog.database.listing import listing_of_scores
from catalog.database.names import find_region, find_scored
from catalog.database.records import Scope, Scored
from catalog.errors import CatalogError

BY = {
    "error": "consensus_rank",
    "unseen": "unseen_rank",
    "chi2": "chi2_rank",
    "relative": "relative_rank",
    "isolation": "isolation_rank",
    "peers": "peer_rank",
}
"""Scores to order by, and the column of the view consensus_anomaly that has the rank; the paper's is the error."""

OUTLIERS = """
SELECT
    consensus.consensus_rank,
    consensus.consensus_rank_lo,
    consensus.consensus_rank_hi,
    consensus.mangaid,
    consensus.plate,
    consensus.mjd,
    consensus.n_flagged,
    consensus.n_model,
    consensus.mean_percentile,
    consensus.mean_log10_error,
    consensus.unseen_rank,
    consensus.n_model_unseen,
    consensus.chi2_rank,
    consensus.median_chi2,
    consensus.relative_rank,
    consensus.isolation_rank,
    consensus.peer_rank,
    cmd.bp_rp,
    cmd.abs_g,
    cmd.simbad_otype,
    star_label.labels
FROM consensus_anomaly AS consensus
JOIN cmd ON cmd.star_id = consensus.star_id
LEFT JOIN star_label ON star_label.star_id = consensus.star_id
WHERE consensus.ensemble = $ensemble AND consensus.dataset = $dataset
  AND consensus.{rank} IS NOT NULL
  AND ($bp_rp_lo IS NULL OR cmd.bp_rp BETWEEN $bp_rp_lo AND $bp_rp_hi)
  AND ($abs_g_lo IS NULL OR cmd.abs_g BETWEEN $abs_g_lo AND $abs_g_hi)
  AND ($region IS NULL OR consensus.star_id IN (
      SELECT member.star_id FROM cmd_region_star AS member WHERE member.region = $region
  ))
ORDER BY consensus.{rank}, consensus.consensus_rank
LIMIT $limit
"""

WITHOUT_PHOTOMETRY = """
SELECT count(*)
FROM consensus_anomaly AS consensus
JOIN cmd ON cmd.star_id = consensus.star_id
WHERE consensus.ensemble = $ensemble AND consensus.dataset = $dataset
  AND CASE
      WHEN $corrected THEN cmd.bp_rp0 IS NULL OR cmd.abs_g IS NULL
      ELSE cmd.bp_rp IS NULL OR cmd.abs_g_uncorrected IS NULL
  END
"""

Range = tuple[float, float]
"""Magnitudes, both ends included."""


def outliers(
    database: Database,
    scope: Scope,
    bp_rp: Range | None = None,
    abs_g: Range | None = None,
    limit: int = 20,
    region: str | None = None,
    by: str = "error",
) -> pa.Table:
    """Consensus anomalies, the oddest first; arguments and what is said of them as at `Catalog.outliers`."""
    if by not in BY:
        raise CatalogError(f"no score {by}; there are: {', '.join(BY)}")
    lo_bp_rp, hi_bp_rp = _range("bp_rp", bp_rp)
    lo_abs_g, hi_abs_g = _range("abs_g", abs_g)
    with database.read() as connection:
        scored = find_scored(connection, scope)
        about = {"by": by} if region is None else {"by": by} | _about_region(connection, region, scored)
        parameters = scored.names | {
            "bp_rp_lo": lo_bp_rp,
            "bp_rp_hi": hi_bp_rp,
            "abs_g_lo": lo_abs_g,
            "abs_g_hi": hi_abs_g,
            "region": region,
            "limit": limit,
        }
        return listing_of_scores(arrow(connection, OUTLIERS.format(rank=BY[by]), parameters), scored, about)


def _about_region(connection: Connection, name: str, scored: Scored) -> dict[str, object]:
    """What is said of a region, and of the scored spectra that cannot be placed in it or beside it."""
    region = find_region(connection, name)
    parameters = scored.names | {"corrected": region.corrected}
    n_without_photometry = scalar(connection, WITHOUT_PHOTOMETRY, parameters)
    return {"region": name, "corrected": region.corrected, "n_without_photometry": n_without_photometry}


def _range(name: str, limits: Range | None) -> tuple[float | None, float | None]:
    if limits is None:
        return None, None
    if not (np.isfinite(limits).all() and limits[0] <= limits[1]):
        raise CatalogError(f"{name} from {limits[0]:g} to {limits[1]:g} holds nothing; give the smaller number first")
    return limits
