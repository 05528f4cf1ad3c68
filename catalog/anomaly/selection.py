"""Which spectra `catalog explain` is asked about, what is known of each, and the causes that are stored.

Light: what is stored is shown without loading a network, see `explain` for what is not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from catalog.anomaly.method import digest_of_rules
from catalog.anomaly.templates import digest_of_templates
from catalog.database.connection import Connection, Database, arrow
from catalog.database.listing import listing_of_scores
from catalog.database.names import find_scored, require_star
from catalog.database.records import Scope, Scored
from catalog.errors import CatalogError

ODDEST = """
SELECT spectrum_id FROM ensemble_rank
WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id
ORDER BY consensus_rank
LIMIT $top
"""

SPECTRA_OF_STARS = """
SELECT ranked.spectrum_id, spectrum.star_id
FROM ensemble_rank AS ranked
JOIN spectrum ON spectrum.spectrum_id = ranked.spectrum_id
WHERE ranked.ensemble_id = $ensemble_id AND ranked.dataset_id = $dataset_id
  AND spectrum.star_id IN (SELECT unnest($star_ids))
"""

# What a cause rests on beside the arrays; where it is as it was, so is the cause.
KNOWN = """
SELECT
    ranked.spectrum_id,
    ranked.n_model,
    ranked.mean_log10_error,
    counted.n_spectrum,
    CASE WHEN ranked.cmd_density IS NOT NULL THEN counted.density_percentile END AS density_percentile,
    ranked.peer_rank,
    nullif(ranked.n_peer, 0) AS n_peer,
    ranked.mean_isolation_percentile AS isolation_percentile,
    cause.spectrum_id IS NOT NULL
        AND cause.n_model = ranked.n_model
        AND cause.mean_log10_error IS NOT DISTINCT FROM ranked.mean_log10_error
        AND cause.n_spectrum = counted.n_spectrum
        AND cause.templates_sha256 = $templates
        AND cause.rules_sha256 IS NOT DISTINCT FROM $rules AS up_to_date
FROM ensemble_rank AS ranked
JOIN (
    SELECT
        spectrum_id,
        count(*) OVER () AS n_spectrum,
        100 * cume_dist() OVER (PARTITION BY cmd_density IS NULL ORDER BY cmd_density) AS density_percentile
    FROM ensemble_rank
    WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id
) AS counted ON counted.spectrum_id = ranked.spectrum_id
LEFT JOIN anomaly_cause AS cause
    ON cause.ensemble_id = ranked.ensemble_id AND cause.spectrum_id = ranked.spectrum_id
WHERE ranked.ensemble_id = $ensemble_id AND ranked.spectrum_id IN (SELECT unnest($spectrum_ids))
ORDER BY ranked.spectrum_id
"""

EXPLAINED = """
SELECT
    consensus.consensus_rank,
    consensus.mangaid,
    consensus.plate,
    consensus.mjd,
    cause.cause,
    cause.confidence,
    cause.rule,
    cause.interval_lo,
    cause.interval_hi,
    cause.evidence,
    cause.template_match,
    cause.nearest_trained,
    consensus.n_flagged,
    consensus.n_model,
    cmd.bp_rp,
    cmd.abs_g,
    star_label.labels
FROM anomaly_cause AS cause
JOIN consensus_anomaly AS consensus
    ON consensus.ensemble_id = cause.ensemble_id AND consensus.spectrum_id = cause.spectrum_id
JOIN cmd ON cmd.star_id = consensus.star_id
LEFT JOIN star_label ON star_label.star_id = consensus.star_id
WHERE cause.ensemble_id = $ensemble_id AND consensus.dataset_id = $dataset_id
  AND cause.spectrum_id IN (SELECT unnest($spectrum_ids))
ORDER BY consensus.consensus_rank
"""


@dataclass(frozen=True)
class Selection:
    """Spectra to explain, and what is known of them.

    Attributes
    ----------
    scored : Scored
        The ensemble and the dataset.
    spectrum_ids : list of int
    known : dict
        spectrum_id to what its cause rests on, as `read_known` gives it.
    """

    scored: Scored
    spectrum_ids: list[int]
    known: dict[int, dict[str, Any]]

    def waiting(self, again: bool) -> list[int]:
        """Those of the spectra without a cause, or with one of other scores, templates or rules; again: all."""
        return [number for number in self.spectrum_ids if again or not self.known[number]["up_to_date"]]


def find_selection(
    connection: Connection, stars: str | Iterable[str] | None, top: int | None, scope: Scope
) -> Selection:
    """The spectra that are meant by stars, or by so many of the oddest.

    Parameters
    ----------
    stars : str or iterable of str, optional
        mangaid of one star, or of several.
    top : int, optional
        So many of the oddest by the consensus, instead of stars.

    Raises
    ------
    CatalogError
        For unknown names, a star without a score, and unless either stars or top is given.
    """
    scored = find_scored(connection, scope)
    if (stars is None) == (top is None):
        raise CatalogError("nothing to explain: name stars, or say how many of the oddest")
    if stars is None:
        spectrum_ids = arrow(connection, ODDEST, scored.ids | {"top": top})["spectrum_id"].to_pylist()
    else:
        named = {require_star(connection, star): star for star in ([stars] if isinstance(stars, str) else stars)}
        of_stars = arrow(connection, SPECTRA_OF_STARS, scored.ids | {"star_ids": list(named)})
        spectrum_ids, star_ids = of_stars["spectrum_id"].to_pylist(), set(of_stars["star_id"].to_pylist())
        if missing := [star for star_id, star in named.items() if star_id not in star_ids]:
            raise CatalogError(
                f"star {missing[0]} has no score of ensemble {scored.ensemble.name} in {scored.dataset.name}: its "
                "spectrum is not usable in the window of the ensemble (see spectrum.bad_run), or not scored yet"
            )
    return Selection(scored, spectrum_ids, read_known(connection, scored, spectrum_ids))


def read_known(connection: Connection, scored: Scored, spectrum_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What the causes of spectra rest on beside their arrays.

    Returns
    -------
    dict
        spectrum_id to n_model, mean_log10_error, n_spectrum of the dataset, what `rarity` takes, and `up_to_date`,
        whether a cause is stored that rests on the same.
    """
    parameters = scored.ids | {
        "spectrum_ids": list(spectrum_ids),
        "templates": digest_of_templates(connection),
        "rules": digest_of_rules(connection, scored),
    }
    return {row["spectrum_id"]: row for row in arrow(connection, KNOWN, parameters).to_pylist()}


def rarity(known: dict[str, Any]) -> dict[str, float | None]:
    """What `diagnose` takes of a row of `read_known`."""
    return {name: known[name] for name in ("density_percentile", "peer_rank", "n_peer", "isolation_percentile")}


def explained(database: Database, selection: Selection, n_new: int) -> pa.Table:
    """The stored causes of the selected spectra, the oddest first; what is said of them has `n_new` as well."""
    with database.read() as connection:
        rows = arrow(connection, EXPLAINED, selection.scored.ids | {"spectrum_ids": selection.spectrum_ids})
    return listing_of_scores(rows, selection.scored, {"n_new": n_new})
