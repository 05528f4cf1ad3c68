"""Files of templates: read in three formats, and kept as rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from astropy.table import Table

from catalog.causes.likeness import FEWEST, Template
from catalog.database.connection import Database, append, next_id
from catalog.errors import CatalogError
from catalog.provenance import sha256_of_file, utc_now
from catalog.version import code_version

SPELLINGS = {
    "name": ("name", "id", "label"),
    "wavelength": ("wavelength", "wave_vac", "wave"),
    "flux": ("flux",),
    "good": ("good",),
}
"""Of the columns of a file of templates: the first that is there. `good` may be absent."""

HASHES_OF_LIBRARY = "SELECT DISTINCT sha256 FROM template WHERE library = $library"


def add_templates(database: Database, path: Path, library: str) -> int:
    """Keep the templates of a file as a library; returns how many. Writes in one transaction.

    Notes
    -----
    Either a row of the file is a template and its columns are arrays, or a row is a pixel; without a name, the file is
    one template of its name. The same file under the same name is kept once.
    """
    if not library.strip() or not library.isprintable():
        raise CatalogError(f"{library!r} is not a valid name for a library; give a word")
    found = read_templates(path, library)
    digest = sha256_of_file(path)
    with database.write() as connection:
        there = {sha256 for (sha256,) in connection.execute(HASHES_OF_LIBRARY, {"library": library}).fetchall()}
        if there == {digest}:
            return 0
        if there:
            raise CatalogError(
                f"there is a library {library} already, from another file; give another name, or first run: "
                f"catalog templates remove {library}"
            )
        first = next_id(connection, "template", "template_id")
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
            "code_version": [code_version()] * len(found),
        }
        append(connection, "template", pa.table(rows))
        arrays: dict[str, Any] = keys | {
            "wavelength": pa.array([template.wavelength for template in found], pa.list_(pa.float64())),
            "relative_flux": pa.array([template.flux.astype(np.float32) for template in found], pa.list_(pa.float32())),
            "good": pa.array([template.good for template in found], pa.list_(pa.bool_())),
        }
        append(connection, "template_array", pa.table(arrays))
    return len(found)


def read_templates(path: Path, library: str) -> list[Template]:
    """The templates in a file.

    Parameters
    ----------
    path : Path
        Parquet, FITS or ECSV with columns name, wavelength (vacuum Angstrom), flux and perhaps good, which is false
        where the flux is not real.
    library : str
        Name of the library that they become.

    Raises
    ------
    CatalogError
        If the file is none of these, if a template is not a spectrum, or if two have one name; it names the row.
    """
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
    known = {name for spellings in SPELLINGS.values() for name in spellings}
    try:
        if path.suffix == ".parquet":
            rows = parquet.read_table(path)
            there = {name: rows[name].to_pylist() for name in rows.column_names if name in known}
        else:
            table = Table.read(path, format={".ecsv": "ascii.ecsv"}.get(path.suffix, "fits"))
            there = {name: list(table[name]) for name in table.colnames if name in known}
    except (OSError, ValueError, pa.ArrowException) as error:
        raise CatalogError(f"{path} cannot be read as Parquet, FITS or ECSV: {error}") from error
    found = {
        column: next((there[name] for name in spellings if name in there), None)
        for column, spellings in SPELLINGS.items()
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
