"""Named regions of the colour-magnitude diagram: which there are, and those that users add."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from catalog.database.connection import Connection, Database, append, arrow
from catalog.database.names import find_region
from catalog.errors import CatalogError
from catalog.files.small_table import read_small_table
from catalog.provenance import utc_now

Vertex = tuple[float, float]
"""Gaia BP-RP and absolute G, mag."""

COORDINATES = ("bp_rp", "abs_g")

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


def regions(database: Database) -> pa.Table:
    """One row per region, those that came with the catalog first: its vertices, stars in it, what it rests on."""
    with database.read() as connection:
        return arrow(connection, REGIONS)


def add_region(
    database: Database,
    name: str,
    polygon: str | Path | Iterable[Sequence[float]],
    *,
    corrected: bool = False,
    description: str | None = None,
) -> None:
    """Add a region, of a CSV file or of vertices. Writes one row."""
    if not name.isprintable() or name != name.strip() or not name:
        raise CatalogError(f"{name!r} is not a valid name for a region; give one without blanks around it")
    if isinstance(polygon, str | Path):
        vertices = read_polygon(Path(polygon))
        description = description or f"from {Path(polygon).name}"
    else:
        vertices = checked_polygon(polygon, "polygon")
    with database.write() as connection:
        _require_free(connection, name)
        row = {
            "name": [name],
            "polygon": [[dict(zip(COORDINATES, vertex, strict=True)) for vertex in vertices]],
            "corrected": [corrected],
            "description": pa.array([description], pa.string()),
            "created_at": [utc_now()],
            "builtin": [False],
        }
        append(connection, "cmd_region", pa.table(row))


def remove_region(database: Database, name: str) -> None:
    """Remove a region that somebody has added. Writes: one row goes.

    Notes
    -----
    Those that came with the catalog stay: they are the same in every database, so that their names can be cited.
    """
    with database.write() as connection:
        if find_region(connection, name).builtin:
            raise CatalogError(f"region {name} came with the catalog and stays; add yours under another name")
        connection.execute("DELETE FROM cmd_region WHERE name = $name", {"name": name})


def read_polygon(path: Path) -> list[Vertex]:
    """The vertices in a CSV file with columns bp_rp and abs_g, in mag; other columns are left alone.

    A last vertex that repeats the first is left out.

    Raises
    ------
    CatalogError
        If the file cannot be read or holds no polygon; it names the file and the line.
    """
    rows = read_small_table(path, COORDINATES, blanks=True)
    vertices = [[row[column] for column in COORDINATES] for _, row in rows]
    return checked_polygon(vertices, str(path), [line for line, _ in rows])


def checked_polygon(
    vertices: Iterable[Sequence[float | str]], source: str, lines: Sequence[int] | None = None
) -> list[Vertex]:
    """Vertices as numbers, without a last one that repeats the first.

    Edges may touch, not cross: vertices in a wrong order would otherwise give a region that nobody meant.

    Parameters
    ----------
    vertices : iterable, (n, 2)
        mag, numbers or their text.
    source : str
        Where they are from, for the message.
    lines : sequence of int, optional
        Line of the file that each stands on; None: they are from no file, and counted from 1.

    Raises
    ------
    CatalogError
        If they are not a polygon: fewer than 3 vertices, something else than magnitudes, edges that cross, no area.
        It names the line, or the row.
    """
    rows = list(vertices)
    kind, places = ("row", range(1, len(rows) + 1)) if lines is None else ("line", lines)
    polygon = [_vertex(row, f"{source}, {kind} {place}") for row, place in zip(rows, places, strict=True)]
    if len(polygon) > 1 and polygon[0] == polygon[-1]:
        polygon.pop()
    if len(set(polygon)) < 3:
        raise CatalogError(f"{source} has {len(set(polygon))} different vertices; a polygon has at least 3")
    if crossing := _crossing(np.array(polygon)):
        one, other = (places[index] for index in crossing)
        raise CatalogError(
            f"{source}: the edges that begin at {kind}s {one} and {other} cross; give the vertices in order, or make "
            "two regions"
        )
    colour, magnitude = np.array(polygon).T
    if abs(colour @ np.roll(magnitude, -1) - magnitude @ np.roll(colour, -1)) < 2 * SMALLEST:
        raise CatalogError(f"{source}: the vertices lie in one line and enclose nothing")
    return polygon


def _require_free(connection: Connection, name: str) -> None:
    if connection.execute("SELECT 1 FROM cmd_region WHERE name = $name", {"name": name}).fetchone():
        raise CatalogError(f"there is a region {name} already; give another name, or remove that one first")


def _vertex(row: Sequence[float | str], where: str) -> Vertex:
    if len(row) != len(COORDINATES):
        raise CatalogError(f"{where}: {len(row)} values; a vertex has two, bp_rp and abs_g")
    bp_rp, abs_g = (_magnitude(value, f"{where}: {column}") for value, column in zip(row, COORDINATES, strict=True))
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
    """Two edges of (n, 2) vertices that cross in a point inside both, by the vertex that begins them; None: none do."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    for index, (one, other) in enumerate(zip(start, end, strict=True)):
        divided = _side(one, other, start) * _side(one, other, end) < 0
        dividing = _side(start, end, one) * _side(start, end, other) < 0
        crossed = np.flatnonzero(divided & dividing)
        if len(crossed):
            return index, int(crossed[0])
    return None


def _side(one: np.ndarray, other: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Sign of the side of the line from one to other on which a point lies, 0 on the line; (…, 2) each."""
    along, across = other - one, point - one
    return np.sign(along[..., 0] * across[..., 1] - along[..., 1] * across[..., 0])
