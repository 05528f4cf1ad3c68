"""Named regions of the colour-magnitude diagram: which there are, and those that users add."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from astropy.table import Table

from catalog.database import schema
from catalog.database.connection import Database, append, arrow
from catalog.database.names import find_region
from catalog.database.table import to_table
from catalog.errors import CatalogError
from catalog.provenance import utc_now

Vertex = tuple[float, float]
"""Gaia BP-RP and absolute G, mag."""

COLUMNS = ("bp_rp", "abs_g")

LARGEST = 100
"""No colour and no magnitude is further from 0, mag; a larger number is a mistake."""

SMALLEST = 1e-6
"""Area in mag² below which the vertices lie in one line."""

REGIONS = """
SELECT
    region.name AS region,
    region.corrected,
    region.builtin,
    len(region.polygon) AS n_vertex,
    counted.n_star,
    counted.n_without_photometry,
    region.description
FROM cmd_region AS region
JOIN cmd_region_count AS counted ON counted.region = region.name
ORDER BY region.builtin DESC, region.created_at, region.name
"""


def regions(database: Database) -> Table:
    """One row per region: name, which photometry it takes, vertices, stars in it, and what it rests on.

    Those that came with the catalog stand first. Read-only. Raises CatalogError like `Database.read`.
    """
    with database.read() as connection:
        return to_table(arrow(connection, REGIONS))


def add_region(
    database: Database,
    name: str,
    polygon: str | Path | Iterable[Sequence[float]],
    *,
    corrected: bool = False,
    description: str | None = None,
) -> None:
    """Add a region.

    polygon : CSV file with columns bp_rp and abs_g, or (n, 2) vertices in order, mag; the last is joined to the first
    corrected : the vertices are colour and magnitude corrected for extinction
    description : what it is and rests on; by default the name of the file
    Writes in one transaction. Raises CatalogError if there is a region of that name, or if the polygon is none:
    fewer than 3 vertices, something else than magnitudes, edges that cross, no area.
    """
    if not name.isprintable() or name != name.strip() or not name:
        raise CatalogError(f"{name!r} is no name for a region; give one without blanks around it")
    if isinstance(polygon, str | Path):
        vertices = read_polygon(Path(polygon))
        description = description or f"from {Path(polygon).name}"
    else:
        vertices = checked_polygon(polygon, "polygon")
    with database.write() as connection:
        region = schema.cmd_region.c
        if connection.execute(sa.select(region.name).where(region.name == name)).first():
            raise CatalogError(f"there is a region {name} already; give another name, or remove that one first")
        row = {
            "name": [name],
            "polygon": [[dict(zip(COLUMNS, vertex, strict=True)) for vertex in vertices]],
            "corrected": [corrected],
            "description": pa.array([description], pa.string()),
            "created_at": [utc_now()],
            "builtin": [False],
        }
        append(connection, schema.cmd_region, pa.table(row))


def remove_region(database: Database, name: str) -> None:
    """Remove a region that somebody has added; those that came with the catalog stay.

    They are the same in every database, so that their names can be cited. Writes in one transaction. Raises
    CatalogError if there is none of that name, or if it came with the catalog.
    """
    with database.write() as connection:
        if find_region(connection, name).builtin:
            raise CatalogError(f"region {name} came with the catalog and stays; add yours under another name")
        connection.execute(schema.cmd_region.delete().where(schema.cmd_region.c.name == name))


def read_polygon(path: Path) -> list[Vertex]:
    """The vertices in a CSV file with columns bp_rp and abs_g, in mag; other columns are left alone.

    A last vertex that repeats the first is left out. Read-only. Raises CatalogError, which names the file and the row
    (the first below the header is 1), if the file cannot be read or holds no polygon.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file, skipinitialspace=True, strict=True))
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CatalogError(f"{path} is no CSV file: {error}") from error
    header, *rows = [[text.strip() for text in line] for line in lines if line] or [[]]
    for column in COLUMNS:
        if header.count(column) != 1:
            raise CatalogError(f"{path} has no column {column}; its first line must name bp_rp and abs_g")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise CatalogError(f"{path}, row {number}: {len(row)} values for {len(header)} columns")
    places = [header.index(column) for column in COLUMNS]
    return checked_polygon([[row[place] for place in places] for row in rows], str(path))


def checked_polygon(vertices: Iterable[Sequence[float | str]], source: str) -> list[Vertex]:
    """Vertices as numbers, without a last one that repeats the first.

    vertices : (n, 2), mag, numbers or their text
    source : where they are from, for the message
    Edges may touch, not cross: vertices in a wrong order would otherwise give a region that nobody meant. Read-only.
    Raises CatalogError, which names the row, from 1, if they are no polygon.
    """
    polygon = [_vertex(row, f"{source}, row {number}") for number, row in enumerate(vertices, start=1)]
    if len(polygon) > 1 and polygon[0] == polygon[-1]:
        polygon.pop()
    if len(set(polygon)) < 3:
        raise CatalogError(f"{source} has {len(set(polygon))} different vertices; a polygon has at least 3")
    if crossing := _crossing(np.array(polygon)):
        one, other = crossing
        raise CatalogError(
            f"{source}: the edges that begin at rows {one} and {other} cross; give the vertices in order, or make "
            "two regions"
        )
    colour, magnitude = np.array(polygon).T
    if abs(colour @ np.roll(magnitude, -1) - magnitude @ np.roll(colour, -1)) < 2 * SMALLEST:
        raise CatalogError(f"{source}: the vertices lie in one line and enclose nothing")
    return polygon


def _vertex(row: Sequence[float | str], where: str) -> Vertex:
    if len(row) != len(COLUMNS):
        raise CatalogError(f"{where}: {len(row)} values; a vertex has two, bp_rp and abs_g")
    bp_rp, abs_g = (_magnitude(value, f"{where}: {column}") for value, column in zip(row, COLUMNS, strict=True))
    return bp_rp, abs_g


def _magnitude(value: float | str, where: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    # NaN fails as well.
    if not abs(number) < LARGEST:
        raise CatalogError(f"{where} is {str(value) or 'blank'}; give a number in mag, with a point")
    return number


def _crossing(polygon: np.ndarray) -> tuple[int, int] | None:
    """Numbers, from 1, of two edges of (n, 2) vertices that cross in a point inside both; None: none do."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    for number, (one, other) in enumerate(zip(start, end, strict=True)):
        divided = _side(one, other, start) * _side(one, other, end) < 0
        dividing = _side(start, end, one) * _side(start, end, other) < 0
        crossed = np.flatnonzero(divided & dividing)
        if len(crossed):
            return number + 1, int(crossed[0]) + 1
    return None


def _side(one: np.ndarray, other: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Sign of the side of the line from one to other on which a point lies, 0 on the line; (…, 2) each."""
    along, across = other - one, point - one
    return np.sign(along[..., 0] * across[..., 1] - along[..., 1] * across[..., 0])
