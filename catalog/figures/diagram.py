"""The colour-magnitude diagram of a survey: its samples, the oddest stars, and the stars of attached catalogs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from pyarrow.compute import field as column_of

from catalog.database.connection import Connection, Database, arrow, quoted, scalar
from catalog.database.external import SCHEMA, columns_of, table_of
from catalog.database.names import find_attached_catalog, find_scored
from catalog.database.records import Scope, Scored
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

ODDEST_STARS = """
SELECT mangaid, min(consensus_rank) AS consensus_rank
FROM consensus_anomaly
WHERE ensemble = $ensemble AND dataset = $dataset
GROUP BY mangaid
ORDER BY consensus_rank
LIMIT $limit
"""

STARS_OF_CATALOG = """
SELECT DISTINCT {colour} AS bp_rp, {magnitude} AS abs_g, {kind} AS kind
FROM external_match AS matched
JOIN external_catalog AS catalog ON catalog.external_catalog_id = matched.external_catalog_id
JOIN cmd ON cmd.star_id = matched.star_id
JOIN {table} AS attached ON attached.catalog_row = matched.catalog_row
WHERE catalog.name = $name AND {colour} IS NOT NULL AND {magnitude} IS NOT NULL
"""

KIND_COLUMNS = ("type", "kind", "otype", "class", "subclass")
"""How lists call the column that tells kinds apart, whatever the case."""

# As the Gaia archive and VizieR call them.
OWN_COLOUR = ("bp_rp", "BP-RP")
OWN_MAGNITUDE = ("phot_g_mean_mag", "Gmag")
OWN_PARALLAX = {"parallax": "parallax_error", "Plx": "e_Plx"}

PARALLAX_OVER_ERROR = 5
"""Parallaxes below this give no distance."""

ROWS_OF_CATALOG = """
SELECT attached.{colour} AS bp_rp, attached.{magnitude} + 5 * log10(attached.{parallax} / 100) AS abs_g, {kind} AS kind
FROM {table} AS attached
WHERE attached.{colour} IS NOT NULL AND attached.{magnitude} IS NOT NULL AND attached.{parallax} > 0 AND {good}
"""

HAS_SCORES = "SELECT count(*) > 0 FROM ensemble_rank"


@dataclass(frozen=True)
class Sample:
    """Stars drawn alike.

    Attributes
    ----------
    name : str
        What they are, for the legend.
    bp_rp : ndarray, (n,) float64
        Colour BP-RP, mag.
    abs_g : ndarray, (n,) float64
        Absolute magnitude M_G, mag.
    """

    name: str
    bp_rp: np.ndarray
    abs_g: np.ndarray


@dataclass(frozen=True)
class Diagram:
    """What is in the figure.

    Attributes
    ----------
    observed : bool
        Colours and magnitudes as observed; else corrected for extinction.
    samples : list of Sample
        The survey, what was scored last.
    oddest : list of Sample
        Single stars, the oddest first.
    listed : list of Sample
        Stars of the survey that are in an attached catalog, by catalog or kind.
    own : list of Sample
        Likewise the rows of these catalogs that have Gaia photometry and a parallax of their own; it may be empty.
    remarks : list of str
        What is not drawn, a line each.
    """

    observed: bool
    samples: list[Sample]
    oddest: list[Sample] = field(default_factory=list)
    listed: list[Sample] = field(default_factory=list)
    own: list[Sample] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def diagram(
    database: Database, catalogs: Sequence[str] = (), scope: Scope = Scope(), mark: int = 3, *, observed: bool = False
) -> Diagram:
    """The colour-magnitude diagram of the survey (the paper's Fig. 1), or of attached catalogs in it (Fig. 11).

    Parameters
    ----------
    database : Database
        What is asked.
    catalogs : sequence of str
        Names, or NAME:COLUMN, where the values of the column are kinds to be told apart.
    scope : Scope
        Whose scores, as in `Catalog.outliers`; before anything is scored, all stars are one sample.
    mark : int
        How many of the oddest stars.
    observed : bool
        As observed, and with the rows of the catalogs that have Gaia photometry of their own.

    Raises
    ------
    CatalogError
        For names it does not know, or if no star has photometry.
    """
    colour, magnitude = PHOTOMETRY[observed]
    with database.read() as connection:
        scored = _find_scored(connection, scope)
        ids = {"ensemble_id": None, "dataset_id": None} if scored is None else scored.ids
        stars = arrow(connection, STARS.format(colour=colour, magnitude=magnitude), ids)
        placed = _placed(stars)
        if not len(placed):
            raise CatalogError("no star has Gaia photometry and a distance; ingest the Gaia cross-match")
        found = Diagram(observed, _samples(placed, scored))
        shown = stars if scored is None else stars.filter(column_of("scored") | column_of("trained"))
        if n_unknown := len(shown) - len(_placed(shown)):
            found.remarks.append(f"{n_unknown} stars lack the photometry and are not drawn")
        if scored is not None and mark:
            oddest = arrow(connection, ODDEST_STARS, scored.names | {"limit": mark})
            found.oddest.extend(_oddest(oddest, placed))
            if n_unplaced := len(oddest) - len(found.oddest):
                found.remarks.append(f"{n_unplaced} of the {len(oddest)} oddest stars lack the photometry")
        for catalog in catalogs:
            _add_catalog(connection, found, catalog)
    return found


def with_kinds(connection: Connection, name: str) -> str:
    """An attached catalog as `diagram` takes it: NAME:COLUMN if a column of its own tells kinds apart, else NAME."""
    columns = {column.lower(): column for column in columns_of(connection, SCHEMA, name)}
    for kind in KIND_COLUMNS:
        if kind in columns:
            n_kind = f"SELECT count(DISTINCT {quoted(columns[kind])}) FROM {table_of(name)}"
            if scalar(connection, n_kind) > 1:
                return f"{name}:{columns[kind]}"
    return name


def _find_scored(connection: Connection, scope: Scope) -> Scored | None:
    """The ensemble and the dataset; None if neither is named and nothing is scored."""
    if scope == Scope() and not scalar(connection, HAS_SCORES):
        return None
    return find_scored(connection, scope)


def _placed(stars: pa.Table) -> pa.Table:
    """The stars with a place in the diagram."""
    return stars.filter(column_of("bp_rp").is_valid() & column_of("abs_g").is_valid())


def _samples(placed: pa.Table, scored: Scored | None) -> list[Sample]:
    if scored is None:
        return [_sample("stars", placed)]
    samples = {
        "training sample": placed.filter(column_of("trained")),
        f"scored: {scored.dataset.name}": placed.filter(column_of("scored")),
    }
    return [_sample(name, rows) for name, rows in samples.items() if len(rows)]


def _sample(name: str, rows: pa.Table) -> Sample:
    bp_rp, abs_g = (rows[column].cast(pa.float64()).to_numpy() for column in ("bp_rp", "abs_g"))
    return Sample(name, bp_rp, abs_g)


def _oddest(oddest: pa.Table, placed: pa.Table) -> list[Sample]:
    numbers = {mangaid: number for number, mangaid in enumerate(placed["mangaid"].to_pylist())}
    return [
        _sample(f"{row['consensus_rank']}: {row['mangaid']}", placed.slice(numbers[row["mangaid"]], 1))
        for row in oddest.to_pylist()
        if row["mangaid"] in numbers
    ]


def _add_catalog(connection: Connection, found: Diagram, catalog: str) -> None:
    """Put the stars of a catalog, given as NAME or NAME:COLUMN, into the diagram."""
    name, _, column = catalog.partition(":")
    find_attached_catalog(connection, name)
    columns = columns_of(connection, SCHEMA, name)
    if column and column not in columns:
        raise CatalogError(f"{name} has no column {column}; it has: {', '.join(columns)}")
    colour, magnitude = PHOTOMETRY[found.observed]
    kind = f"coalesce(attached.{quoted(column)}::VARCHAR, '')" if column else "''"
    filled = STARS_OF_CATALOG.format(colour=colour, magnitude=magnitude, kind=kind, table=table_of(name))
    matched = arrow(connection, filled, {"name": name})
    statement = _rows_of_catalog(columns, kind, table_of(name)) if found.observed else None
    own = matched.slice(0, 0) if statement is None else arrow(connection, statement)
    if not len(matched) and not len(own):
        found.remarks.append(f"{name}: nothing to draw; none of its rows is a star with photometry")
        return
    shown_as = _kinds([*matched["kind"].to_pylist(), *own["kind"].to_pylist()])
    for one in dict.fromkeys(shown_as.values()):
        for rows, samples in ((matched, found.listed), (own, found.own)):
            of_kind = pa.array([shown_as[value] == one for value in rows["kind"].to_pylist()], pa.bool_())
            samples.append(_sample(f"{name} {one}".strip(), rows.filter(of_kind)))


def _kinds(values: list[str]) -> dict[str, str]:
    """Each kind to what it is called in the figure, in alphabetical order: the commonest by their names."""
    counts = Counter(values)
    kept = [kind for kind, _ in counts.most_common(MOST_KINDS if len(counts) <= MOST_KINDS else MOST_KINDS - 1)]
    return {kind: kind for kind in sorted(kept)} | dict.fromkeys(sorted(counts.keys() - kept), OTHERS)


def _rows_of_catalog(columns: dict[str, str | None], kind: str, table: str) -> str | None:
    """SQL for the rows of a catalog with Gaia photometry and a good parallax; None if it has no such columns."""
    colour = next((name for name in OWN_COLOUR if name in columns), None)
    magnitude = next((name for name in OWN_MAGNITUDE if name in columns), None)
    parallax = next((name for name in OWN_PARALLAX if name in columns), None)
    if colour is None or magnitude is None or parallax is None:
        return None
    error = OWN_PARALLAX[parallax]
    good = f"attached.{quoted(parallax)} > {PARALLAX_OVER_ERROR} * attached.{quoted(error)}"
    return ROWS_OF_CATALOG.format(
        colour=quoted(colour),
        magnitude=quoted(magnitude),
        parallax=quoted(parallax),
        good=good if error in columns else "true",
        kind=kind,
        table=table,
    )
