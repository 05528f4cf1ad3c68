"""The colour-magnitude diagram of a survey: its samples, the oddest stars, and the stars of attached catalogs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import sqlalchemy as sa
from astropy.table import Table

from catalog.database import schema
from catalog.database.connection import Database, arrow
from catalog.database.external import SCHEMA, columns_of, quoted, table_of
from catalog.database.names import find_ensemble, find_external_catalog, find_scored_dataset
from catalog.database.table import to_table
from catalog.errors import CatalogError

MOST_KINDS = 8
"""Of an attached catalog in one figure; more cannot be told apart."""

OTHERS = "others"

PHOTOMETRY = {False: ("cmd.bp_rp0", "cmd.abs_g"), True: ("cmd.bp_rp", "cmd.abs_g_uncorrected")}
"""Colour and magnitude of `cmd`: corrected for extinction, or as observed."""

STARS = """
SELECT
    cmd.mangaid,
    {colour} AS bp_rp,
    {magnitude} AS abs_g,
    cmd.star_id IN (
        SELECT spectrum.star_id
        FROM reconstruction_error AS scored
        JOIN model_version AS model ON model.model_id = scored.model_id
        JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
        WHERE model.ensemble_id = $ensemble_id AND spectrum.dataset_id = $dataset_id
    ) AS scored,
    cmd.star_id IN (
        SELECT star_role.star_id
        FROM star_role
        JOIN model_version AS model ON model.model_id = star_role.model_id
        WHERE model.ensemble_id = $ensemble_id
    ) AS trained
FROM cmd
ORDER BY cmd.star_id
"""

ODDEST = """
SELECT mangaid, min(consensus_rank) AS consensus_rank
FROM consensus_anomaly
WHERE ensemble = $ensemble AND dataset = $dataset
GROUP BY mangaid
ORDER BY consensus_rank
LIMIT $limit
"""

MATCHED = """
SELECT DISTINCT {colour} AS bp_rp, {magnitude} AS abs_g, {kind} AS kind
FROM external_match AS matched
JOIN external_catalog AS catalog ON catalog.external_catalog_id = matched.external_catalog_id
JOIN cmd ON cmd.star_id = matched.star_id
JOIN {table} AS attached ON attached.catalog_row = matched.catalog_row
WHERE catalog.name = $name AND {colour} IS NOT NULL AND {magnitude} IS NOT NULL
"""

KINDS = ("type", "kind", "otype", "class", "subclass")
"""How lists call the column that tells kinds apart, whatever the case."""

# As the Gaia archive and VizieR call them.
OWN_COLOUR = ("bp_rp", "BP-RP")
OWN_MAGNITUDE = ("phot_g_mean_mag", "Gmag")
OWN_PARALLAX = {"parallax": "parallax_error", "Plx": "e_Plx"}

PARALLAX_OVER_ERROR = 5
"""Parallaxes below this give no distance."""

OWN = """
SELECT attached.{colour} AS bp_rp, attached.{magnitude} + 5 * log10(attached.{parallax} / 100) AS abs_g, {kind} AS kind
FROM {table} AS attached
WHERE attached.{colour} IS NOT NULL AND attached.{magnitude} IS NOT NULL AND attached.{parallax} > 0 AND {good}
"""


@dataclass(frozen=True)
class Sample:
    """Stars drawn alike: (n,) colour BP-RP and absolute magnitude M_G, mag."""

    name: str
    bp_rp: np.ndarray
    abs_g: np.ndarray


@dataclass(frozen=True)
class Diagram:
    """What is in the figure.

    observed : colours and magnitudes as observed; else corrected for extinction
    samples : the survey, what was scored last; oddest : single stars, the oddest first
    listed : stars of the survey that are in an attached catalog, by catalog or kind
    own : likewise the rows of these catalogs that have Gaia photometry and a parallax of their own, or none
    remarks : what is not drawn, a line each
    """

    observed: bool
    samples: list[Sample]
    oddest: list[Sample] = field(default_factory=list)
    listed: list[Sample] = field(default_factory=list)
    own: list[Sample] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def diagram(
    database: Database,
    catalogs: Sequence[str] = (),
    dataset: str | None = None,
    ensemble: str | None = None,
    mark: int = 3,
    *,
    observed: bool = False,
) -> Diagram:
    """The colour-magnitude diagram of the survey (the paper's Fig. 1), or of attached catalogs in it (Fig. 11).

    catalogs : names, or NAME:COLUMN, where the values of the column are kinds to be told apart
    dataset, ensemble : whose scores, as in `Catalog.outliers`; before anything is scored, all stars are one sample
    mark : how many of the oddest stars
    observed : as observed, and with the rows of the catalogs that have Gaia photometry of their own
    Read-only. Raises CatalogError for names it does not know, or if no star has photometry.
    """
    colour, magnitude = PHOTOMETRY[observed]
    with database.read() as connection:
        scores = _scores(connection, dataset, ensemble)
        wanted = {"ensemble_id": scores and scores[0].ensemble_id, "dataset_id": scores and scores[1].dataset_id}
        stars = to_table(arrow(connection, STARS.format(colour=colour, magnitude=magnitude), wanted))
        known = ~(np.ma.getmaskarray(stars["bp_rp"]) | np.ma.getmaskarray(stars["abs_g"]))
        if not known.any():
            raise CatalogError("no star has Gaia photometry and a distance; ingest the Gaia cross-match")
        found = Diagram(observed, _samples(stars[known], scores))
        shown = np.asarray(stars["scored"] | stars["trained"]) if scores else np.ones(len(stars), bool)
        if n_unknown := int((shown & ~known).sum()):
            found.remarks.append(f"{n_unknown} stars lack the photometry and are not drawn")
        if scores and mark:
            limits = {"ensemble": scores[0].name, "dataset": scores[1].name, "limit": mark}
            oddest = to_table(arrow(connection, ODDEST, limits))
            found.oddest.extend(_oddest(oddest, stars[known]))
            if n_unplaced := len(oddest) - len(found.oddest):
                found.remarks.append(f"{n_unplaced} of the {len(oddest)} oddest stars lack the photometry")
        for asked in catalogs:
            _add_catalog(connection, found, asked)
    return found


def with_kinds(connection: sa.Connection, name: str) -> str:
    """An attached catalog as `diagram` takes it: NAME:COLUMN if a column of its own tells kinds apart, else NAME.

    Read-only.
    """
    columns = {column.lower(): column for column in columns_of(connection, SCHEMA, name)}
    for kind in KINDS:
        if kind in columns:
            counted = f"SELECT count(DISTINCT {quoted(columns[kind])}) FROM {table_of(name)}"
            if int(connection.exec_driver_sql(counted).scalar() or 0) > 1:
                return f"{name}:{columns[kind]}"
    return name


def _scores(connection: sa.Connection, dataset: str | None, ensemble: str | None) -> tuple[sa.Row, sa.Row] | None:
    """The ensemble and the dataset; None if nobody asked for one and nothing is scored."""
    if dataset is None and ensemble is None:
        scored = sa.select(schema.reconstruction_error.c.model_id).limit(1)
        if connection.execute(scored).first() is None:
            return None
    row = find_ensemble(connection, ensemble, scored=True)
    return row, find_scored_dataset(connection, row, dataset)


def _samples(stars: Table, scores: tuple[sa.Row, sa.Row] | None) -> list[Sample]:
    if scores is None:
        return [_sample("stars", stars)]
    samples = [("training sample", stars[stars["trained"]]), (f"scored: {scores[1].name}", stars[stars["scored"]])]
    return [_sample(name, rows) for name, rows in samples if len(rows)]


def _sample(name: str, rows: Table) -> Sample:
    return Sample(name, np.asarray(rows["bp_rp"], float), np.asarray(rows["abs_g"], float))


def _oddest(oddest: Table, stars: Table) -> list[Sample]:
    places = {mangaid: number for number, mangaid in enumerate(stars["mangaid"].tolist())}
    return [
        _sample(f"{rank}: {mangaid}", stars[[places[mangaid]]])
        for mangaid, rank in zip(oddest["mangaid"].tolist(), oddest["consensus_rank"].tolist(), strict=True)
        if mangaid in places
    ]


def _add_catalog(connection: sa.Connection, found: Diagram, asked: str) -> None:
    name, _, column = asked.partition(":")
    find_external_catalog(connection, name)
    columns = columns_of(connection, SCHEMA, name)
    if column and column not in columns:
        raise CatalogError(f"{name} has no column {column}; it has: {', '.join(columns)}")
    colour, magnitude = PHOTOMETRY[found.observed]
    kind = f"coalesce(attached.{quoted(column)}::VARCHAR, '')" if column else "''"
    fill = {"kind": kind, "table": table_of(name)}
    asked_for = MATCHED.format(colour=colour, magnitude=magnitude, **fill)
    matched = to_table(arrow(connection, asked_for, {"name": name}))
    own = _own(connection, columns, fill) if found.observed else matched[:0]
    if not len(matched) and not len(own):
        found.remarks.append(f"{name}: nothing to draw; none of its rows is a star with photometry")
        return
    kinds = _kinds([*matched["kind"].tolist(), *own["kind"].tolist()])
    for one in dict.fromkeys(kinds.values()):
        for table, samples in ((matched, found.listed), (own, found.own)):
            rows = table[[kinds[value] == one for value in table["kind"].tolist()]]
            samples.append(_sample(f"{name} {one}".strip(), rows))


def _kinds(values: list[str]) -> dict[str, str]:
    """Each kind to what it is called in the figure, in alphabetical order: the commonest by their names."""
    counts = Counter(values)
    kept = [kind for kind, _ in counts.most_common(MOST_KINDS if len(counts) <= MOST_KINDS else MOST_KINDS - 1)]
    return {kind: kind for kind in sorted(kept)} | dict.fromkeys(sorted(counts.keys() - kept), OTHERS)


def _own(connection: sa.Connection, columns: dict[str, str | None], fill: dict[str, str]) -> Table:
    """Rows of a catalog with Gaia photometry and a good parallax of their own; none if it has no such columns."""
    colour = next((name for name in OWN_COLOUR if name in columns), None)
    magnitude = next((name for name in OWN_MAGNITUDE if name in columns), None)
    parallax = next((name for name in OWN_PARALLAX if name in columns), None)
    if colour is None or magnitude is None or parallax is None:
        return Table({"bp_rp": [], "abs_g": [], "kind": []})
    error = OWN_PARALLAX[parallax]
    good = f"attached.{quoted(parallax)} > {PARALLAX_OVER_ERROR} * attached.{quoted(error)}"
    return to_table(
        arrow(
            connection,
            OWN.format(
                colour=quoted(colour),
                magnitude=quoted(magnitude),
                parallax=quoted(parallax),
                good=good if error in columns else "true",
                **fill,
            ),
        )
    )
