"""Which rows of an attached catalog are which stars, as rows of `external_match`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from catalog.crossmatch import sky
from catalog.crossmatch.columns import ListColumn
from catalog.crossmatch.match_by import RELEASES, ByGaia, ByMangaid, MatchBy, OnSky
from catalog.database.connection import Connection, arrow, execute_with, quoted, scalar
from catalog.database.external import table_of
from catalog.errors import CatalogError

STARS_TO_MATCH = {
    ByGaia: """
        SELECT star.star_id, gaia.source_id AS key, gaia.source_id IS NOT NULL AS known
        FROM star
        LEFT JOIN gaia_match AS gaia
            ON gaia.star_id = star.star_id AND gaia.gaia_release IN (SELECT unnest($releases))
        QUALIFY row_number() OVER (PARTITION BY star.star_id ORDER BY gaia.source_id NULLS LAST) = 1
    """,
    ByMangaid: "SELECT star.star_id, star.mangaid AS key, true AS known FROM star",
    OnSky: """
        SELECT
            star.star_id, star.ra, star.dec, star.epoch::DOUBLE AS epoch, gaia.pmra::DOUBLE AS pmra,
            gaia.pmdec::DOUBLE AS pmdec, star.ra IS NOT NULL AND star.dec IS NOT NULL AS known
        FROM star
        LEFT JOIN gaia_match AS gaia
            ON gaia.star_id = star.star_id AND gaia.pmra IS NOT NULL AND gaia.pmdec IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY star.star_id ORDER BY gaia.gaia_release = 'DR2', gaia.gaia_release) = 1
    """,
}
"""Every star with what is compared; `known`: it has that. By how the match is made."""

# Over all of them: it says whether any star has changed.
FINGERPRINT = """
SELECT sha256(coalesce(string_agg(star_to_match::VARCHAR, chr(10) ORDER BY star_id), '')) FROM star_to_match
"""

COUNT_OTHER_RELEASE = """
SELECT count(*)
FROM star_to_match
WHERE NOT known AND star_id IN (SELECT gaia_match.star_id FROM gaia_match WHERE gaia_match.source_id IS NOT NULL)
"""

PAIR_BY_KEY = """
CREATE TEMP TABLE pair AS
SELECT star.star_id, listed.catalog_row, NULL::DOUBLE AS separation_arcsec
FROM star_to_match AS star
JOIN listed ON listed.key = star.key
"""

PAIR_ON_SKY = "CREATE TEMP TABLE pair AS SELECT star_id, catalog_row, separation_arcsec FROM _incoming"

MATCH = """
INSERT INTO external_match (external_catalog_id, star_id, catalog_row, separation_arcsec, n_candidate)
SELECT
    $external_catalog_id,
    star.star_id,
    pair.catalog_row,
    pair.separation_arcsec,
    CASE WHEN star.known THEN count(pair.catalog_row) OVER (PARTITION BY star.star_id) END
FROM star_to_match AS star
LEFT JOIN pair ON pair.star_id = star.star_id
QUALIFY $every OR row_number() OVER (
    PARTITION BY star.star_id ORDER BY pair.separation_arcsec NULLS LAST, pair.catalog_row
) = 1
ORDER BY star.star_id, pair.separation_arcsec, pair.catalog_row
"""

# Types of columns, as DuckDB calls them.
INTEGER = r"[A-Z]*INT(EGER)?"
DECIMAL = r"FLOAT|DOUBLE|DECIMAL\(.*\)"


@dataclass(frozen=True)
class Matched:
    """What a match says of itself.

    Attributes
    ----------
    n_row_unusable : int
        Rows without a usable id or position.
    remarks : tuple of str
        What else a user should know, a line each.
    """

    n_row_unusable: int
    remarks: tuple[str, ...] = ()


def collect_stars(connection: Connection, by: MatchBy) -> str:
    """Put every star, with what is compared, into the temporary table `star_to_match`, and give its SHA-256.

    Writes nothing that stays.
    """
    releases = {"releases": list(RELEASES[by.release])} if isinstance(by, ByGaia) else None
    connection.execute(f"CREATE TEMP TABLE star_to_match AS {STARS_TO_MATCH[type(by)]}", releases)
    return str(scalar(connection, FINGERPRINT))


def match(
    connection: Connection,
    name: str,
    external_catalog_id: int,
    by: MatchBy,
    epoch: float | None,
    columns: dict[str, ListColumn],
    *,
    every: bool,
) -> Matched:
    """Write what is found for every star in `star_to_match`: its row, or all that fit, or that there is none.

    Writes inside the connection's transaction.

    Parameters
    ----------
    connection : Connection
        In which `collect_stars` was called.
    name : str
        Of the catalog, whose table is there.
    external_catalog_id : int
        The number that it gets.
    by : MatchBy
        What is compared.
    epoch : float, optional
        Of the catalog's positions, yr.
    columns : dict
        Those of the catalog, by their name in the table.
    every : bool
        Keep every row that fits a star, not only the nearest, or the first with its id.

    Raises
    ------
    CatalogError
        If a column is absent or does not hold what it should.
    """
    if isinstance(by, OnSky):
        matched = _pair_on_sky(connection, name, by, epoch, columns)
    else:
        matched = _pair_by_key(connection, name, by, columns)
    connection.execute(MATCH, {"external_catalog_id": external_catalog_id, "every": every})
    return matched


def find_column(connection: Connection, name: str, columns: dict[str, ListColumn], wanted: str) -> tuple[str, str]:
    """Name in the table and type of a column, wanted by its name in the file or in the table, as SQL takes it.

    Raises CatalogError if there is none.
    """
    exact = [each for each, column in columns.items() if wanted in (each, column.name)]
    alike = [each for each in columns if each.lower() == wanted.lower()]
    if not exact + alike:
        shown = ", ".join(list(columns)[:40]) + (", …" if len(columns) > 40 else "")
        raise CatalogError(f"{name} has no column {wanted}; it has: {shown}")
    found = (exact + alike)[0]
    return found, str(scalar(connection, f"SELECT typeof({quoted(found)}) FROM {table_of(name)} LIMIT 1"))


def _pair_by_key(connection: Connection, name: str, by: ByGaia | ByMangaid, columns: dict[str, ListColumn]) -> Matched:
    column, type_ = find_column(connection, name, columns, by.column)
    key = _gaia_key(column, type_, by.release) if isinstance(by, ByGaia) else _mangaid_key(column, type_)
    connection.execute(f"CREATE TEMP TABLE listed AS SELECT catalog_row, {key} AS key FROM {table_of(name)}")
    ((n_unusable, n_row),) = connection.execute("SELECT count(*) FILTER (key IS NULL), count(*) FROM listed").fetchall()
    what = f"{by.release} id of Gaia" if isinstance(by, ByGaia) else "MaNGA id"
    if n_unusable == n_row:
        raise CatalogError(f"column {column} holds no {what} in any of its {n_row} rows; name another column")
    connection.execute(PAIR_BY_KEY)
    if not isinstance(by, ByGaia):
        return Matched(n_unusable)
    n_other = scalar(connection, COUNT_OTHER_RELEASE)
    if not n_other:
        return Matched(n_unusable)
    others = f"{n_other} stars have a Gaia id of another release only, and were not compared with ids of {by.release}"
    return Matched(n_unusable, (others,))


def _gaia_key(column: str, type_: str, release: str) -> str:
    """Ids never pass through a float, in which they lose digits."""
    if re.fullmatch(DECIMAL, type_):
        raise CatalogError(
            f"column {column} holds decimal numbers, in which Gaia ids lose digits; write it as integers or as text"
        )
    if type_ == "VARCHAR":
        said = "DR2" if release == "DR2" else "E?DR3"
        digits = f"regexp_extract({quoted(column)}, '^\\s*(?:Gaia\\s+{said}\\s+)?(\\d+)\\s*$', 1)"
    elif re.fullmatch(INTEGER, type_):
        digits = quoted(column)
    else:
        raise CatalogError(f"column {column} holds {type_}, not Gaia ids; name a column of integers or of text")
    return f"CASE WHEN TRY_CAST({digits} AS BIGINT) > 0 THEN TRY_CAST({digits} AS BIGINT) END"


def _mangaid_key(column: str, type_: str) -> str:
    if type_ != "VARCHAR":
        raise CatalogError(f"column {column} holds {type_}; MaNGA ids are text, as 7-17219806")
    return f"nullif(trim({quoted(column)}), '')"


def _pair_on_sky(
    connection: Connection, name: str, by: OnSky, epoch: float | None, columns: dict[str, ListColumn]
) -> Matched:
    coordinates = []
    for wanted in (by.ra, by.dec):
        column, type_ = find_column(connection, name, columns, wanted)
        unit = columns[column].unit
        if not re.fullmatch(f"{DECIMAL}|{INTEGER}", type_):
            raise CatalogError(
                f"column {column} holds {'text' if type_ == 'VARCHAR' else type_}, not numbers; give a column in "
                "decimal degrees, hours or radians"
            )
        coordinates.append(f"{quoted(column)}::DOUBLE * {sky.degrees_per(unit, column)!r}")
    stars = arrow(connection, "SELECT * FROM star_to_match WHERE known ORDER BY star_id")
    ra, dec, at, pmra, pmdec = (sky.float64(stars[key]) for key in ("ra", "dec", "epoch", "pmra", "pmdec"))
    places = sky.at_epoch(ra, dec, at, pmra, pmdec, float(epoch or 0))
    rows = _positions(connection, name, *coordinates)
    star, row, separation, n_unusable = sky.pairs_within(places, rows, by.radius)
    n_row = scalar(connection, f"SELECT count(*) FROM {table_of(name)}")
    if n_unusable == n_row:
        raise CatalogError(f"no row of {name} has a position in {by.ra} and {by.dec}; name other columns")
    pairs = {
        "star_id": stars["star_id"].combine_chunks().take(pa.array(star)),
        "catalog_row": row,
        "separation_arcsec": separation,
    }
    execute_with(connection, PAIR_ON_SKY, pa.table(pairs))
    return Matched(n_unusable)


def _positions(
    connection: Connection, name: str, ra: str, dec: str
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Row number, ra and dec in deg of a catalog, in blocks."""
    statement = f"SELECT catalog_row, {ra} AS ra, {dec} AS dec FROM {table_of(name)}"
    for block in connection.execute(statement).to_arrow_reader(sky.BLOCK):
        yield block["catalog_row"].to_numpy(), sky.float64(block["ra"]), sky.float64(block["dec"])
