"""Libraries of templates: spectra of known kind, read from a file and kept as rows."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import sqlalchemy as sa
from astropy.table import Table

from catalog.causes.likeness import FEWEST, Template
from catalog.database import schema
from catalog.database.connection import Database, append, arrow, next_id
from catalog.database.table import to_table
from catalog.errors import CatalogError
from catalog.provenance import __version__, canonical_json, sha256_of_file, sha256_of_text, utc_now

COLUMNS = {
    "name": ("name", "id", "label"),
    "wavelength": ("wavelength", "wave_vac", "wave"),
    "flux": ("flux",),
    "good": ("good",),
}
"""Of a file of templates, under these names: the first that is there. `good` may be absent."""

LISTED = """
SELECT library, name, n_pixel, wavelength_lo, wavelength_hi, file, date_trunc('second', created_at) AS created_at
FROM template
ORDER BY template_id
"""

STORED = """
SELECT template.library, template.name, arrays.wavelength, arrays.relative_flux, arrays.good
FROM template
JOIN template_array AS arrays ON arrays.template_id = template.template_id
WHERE $library IS NULL OR template.library = $library
ORDER BY template.template_id
"""

DIGEST = "SELECT library, name, sha256 FROM template ORDER BY template_id"


def add_templates(database: Database, path: Path, library: str) -> int:
    """Keep the templates of a file as a library; returns how many.

    path : Parquet, FITS or ECSV with columns name, wavelength (vacuum Angstrom), flux and perhaps good, which is false
        where the flux is not real. Either a row is a template and its columns are arrays, or a row is a pixel; without
        a name, the file is one template of its name
    Writes in one transaction; the same file under the same name is kept once. Raises CatalogError if the file is none
    of these, if a template is no spectrum, or if there is another library of that name.
    """
    if not library.strip() or not library.isprintable():
        raise CatalogError(f"{library!r} is no name for a library; give a word")
    found = read_templates(path, library)
    digest = sha256_of_file(path)
    with database.write() as connection:
        table = schema.template
        there = connection.execute(sa.select(table.c.sha256).where(table.c.library == library)).scalars().all()
        if there:
            if set(there) == {digest}:
                return 0
            raise CatalogError(
                f"there is a library {library} already, from another file; give another name, or first run: "
                f"catalog templates remove {library}"
            )
        first = next_id(connection, table.c.template_id)
        keys = {"template_id": pa.array(range(first, first + len(found)), pa.int64())}
        ends = [template.wavelength[template.good][[0, -1]].tolist() for template in found]
        rows: dict[str, Any] = keys | {
            "library": [library] * len(found),
            "name": [template.name for template in found],
            "n_pixel": pa.array([int(template.good.sum()) for template in found], pa.int32()),
            "wavelength_lo": [lo for lo, _ in ends],
            "wavelength_hi": [hi for _, hi in ends],
            "file": [path.name] * len(found),
            "sha256": [digest] * len(found),
            "created_at": [utc_now()] * len(found),
            "code_version": [__version__] * len(found),
        }
        append(connection, table, pa.table(rows))
        arrays: dict[str, Any] = keys | {
            "wavelength": pa.array([template.wavelength for template in found], pa.list_(pa.float64())),
            "relative_flux": pa.array([template.flux.astype(np.float32) for template in found], pa.list_(pa.float32())),
            "good": pa.array([template.good for template in found], pa.list_(pa.bool_())),
        }
        append(connection, schema.template_array, pa.table(arrays))
    return len(found)


def remove_templates(database: Database, library: str) -> int:
    """Take a library of templates away; returns how many there were.

    Writes in one transaction; causes that were found with them stay, and are found anew when asked for. Raises
    CatalogError if there is none of that name.
    """
    with database.write() as connection:
        table, arrays = schema.template, schema.template_array
        ids = connection.execute(sa.select(table.c.template_id).where(table.c.library == library)).scalars().all()
        if not ids:
            names = connection.execute(sa.select(table.c.library).distinct().order_by(table.c.library)).scalars().all()
            there = f"there are: {', '.join(names)}" if names else "there is none"
            raise CatalogError(f"no library {library} of templates; {there}")
        connection.execute(arrays.delete().where(arrays.c.template_id.in_(ids)))
        connection.execute(table.delete().where(table.c.template_id.in_(ids)))
    return len(ids)


def templates(database: Database) -> Table:
    """One row per template: library, name, the range where it is real, and its file. Read-only."""
    with database.read() as connection:
        return to_table(arrow(connection, LISTED))


def read_stored(connection: sa.Connection, library: str | None = None) -> list[Template]:
    """The templates of the database, in the order they were added; None: of all libraries. Read-only."""
    return [
        Template(
            row["library"],
            row["name"],
            np.asarray(row["wavelength"], np.float64),
            np.asarray(row["relative_flux"], np.float64),
            np.asarray(row["good"], bool),
        )
        for row in arrow(connection, STORED, {"library": library}).to_pylist()
    ]


def digest_of_templates(connection: sa.Connection) -> str:
    """SHA-256 of which templates there are. Read-only."""
    return sha256_of_text(canonical_json(arrow(connection, DIGEST).to_pylist()))


def read_templates(path: Path, library: str) -> list[Template]:
    """The templates in a file, as `add_templates` takes them. Read-only. Raises CatalogError, which names the row."""
    columns = _columns(path)
    if not len(columns["flux"]):
        raise CatalogError(f"{path} has no rows; a row is a template, or a pixel of one")
    if np.ndim(columns["flux"][0]) == 0:
        columns = _gathered(columns, path)
    found = []
    for number, (name, wavelength, flux, good) in enumerate(zip(*columns.values(), strict=True), start=1):
        found.append(_checked(f"{path}, row {number}", library, str(name), wavelength, flux, good))
    names = [template.name for template in found]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise CatalogError(f"{path} has two templates {repeated[0]}; names must differ")
    return found


def _columns(path: Path) -> dict[str, Sequence[Any]]:
    """Name, wavelength, flux and good of a file's rows; good None where the file does not say."""
    try:
        if path.suffix == ".parquet":
            rows = parquet.read_table(path)
            there = {name: rows[name].to_pylist() for name in rows.column_names if name in _spellings()}
        else:
            made = Table.read(path, format={".ecsv": "ascii.ecsv"}.get(path.suffix, "fits"))
            there = {name: list(made[name]) for name in made.colnames if name in _spellings()}
    except (OSError, ValueError, pa.ArrowException) as error:
        raise CatalogError(f"{path} cannot be read as Parquet, FITS or ECSV: {error}") from error
    found = {
        column: next((there[name] for name in spellings if name in there), None)
        for column, spellings in COLUMNS.items()
    }
    for column in ("wavelength", "flux"):
        if found[column] is None:
            raise CatalogError(f"{path} has no column {column}; a file of templates has name, wavelength and flux")
    n_row = len(found["flux"] or ())
    return {
        "name": found["name"] if found["name"] is not None else [path.name.split(".")[0]] * n_row,
        "wavelength": found["wavelength"] or (),
        "flux": found["flux"] or (),
        "good": found["good"] if found["good"] is not None else [None] * n_row,
    }


def _spellings() -> Iterable[str]:
    return [name for spellings in COLUMNS.values() for name in spellings]


def _gathered(columns: dict[str, Sequence[Any]], path: Path) -> dict[str, Sequence[Any]]:
    """Rows of pixels as rows of templates, by name, in the order of the file."""
    gathered: dict[str, list[list[Any]]] = {}
    for name, wavelength, flux, good in zip(*columns.values(), strict=True):
        pixels = gathered.setdefault(str(name), [[], [], []])
        for values, value in zip(pixels, (wavelength, flux, True if good is None else good), strict=True):
            values.append(value)
    wavelengths, fluxes, goods = zip(*gathered.values(), strict=True)
    return {"name": list(gathered), "wavelength": wavelengths, "flux": fluxes, "good": goods}


def _checked(where: str, library: str, name: str, wavelength: Any, flux: Any, good: Any) -> Template:
    try:
        at, light = np.asarray(wavelength, np.float64), np.asarray(flux, np.float64)
    except (TypeError, ValueError) as error:
        raise CatalogError(f"{where}: wavelength and flux of {name} are not numbers") from error
    real = np.ones(at.shape, bool) if good is None else np.asarray(good, bool)
    if at.ndim != 1 or not at.shape == light.shape == real.shape:
        raise CatalogError(f"{where}: wavelength, flux and good of {name} are not of one length")
    # Whole numbers of pixels may be padded with NaN to the length of the longest template.
    kept = np.isfinite(at)
    at, light, real = at[kept], light[kept], real[kept] & np.isfinite(light[kept])
    if np.any(np.diff(at) <= 0):
        raise CatalogError(f"{where}: the wavelengths of {name} do not increase")
    if np.count_nonzero(real) < FEWEST // 3:
        raise CatalogError(f"{where}: {name} has {np.count_nonzero(real)} good pixels; a template has at least 100")
    return Template(library, name, at, np.where(real, light, 0.0), real)
