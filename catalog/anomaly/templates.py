"""Libraries of templates, spectra of known kind, as they are stored; `template_files` reads them from files."""

import numpy as np
import pyarrow as pa

from catalog.causes.likeness import Template
from catalog.database.connection import Connection, Database, arrow, scalar
from catalog.errors import CatalogError
from catalog.provenance import canonical_json, sha256_of_text

TEMPLATES = """
SELECT library, name, n_pixel, wavelength_lo, wavelength_hi, file, date_trunc('second', created_at) AS created_at
FROM template
ORDER BY template_id
"""

TEMPLATES_WITH_ARRAYS = """
SELECT template.library, template.name, arrays.wavelength, arrays.relative_flux, arrays.good
FROM template
JOIN template_array AS arrays ON arrays.template_id = template.template_id
WHERE $library IS NULL OR template.library = $library
ORDER BY template.template_id
"""

HASHES = "SELECT library, name, sha256 FROM template ORDER BY template_id"

LIBRARIES = "SELECT DISTINCT library FROM template ORDER BY library"

FORGET_ARRAYS = """
DELETE FROM template_array WHERE template_id IN (SELECT template_id FROM template WHERE library = $library)
"""

FORGET_TEMPLATES = "DELETE FROM template WHERE library = $library"


def templates(database: Database) -> pa.Table:
    """One row per template: library, name, the range where it is real, and its file."""
    with database.read() as connection:
        return arrow(connection, TEMPLATES)


def remove_templates(database: Database, library: str) -> int:
    """Take a library of templates away; returns how many there were. Writes in one transaction.

    Notes
    -----
    Causes that were found with them stay, and are found anew when asked for.
    """
    with database.write() as connection:
        libraries = [name for (name,) in connection.execute(LIBRARIES).fetchall()]
        if library not in libraries:
            there = f"there are: {', '.join(libraries)}" if libraries else "there is none"
            raise CatalogError(f"no library {library} of templates; {there}")
        connection.execute(FORGET_ARRAYS, {"library": library})
        return int(scalar(connection, FORGET_TEMPLATES, {"library": library}))


def read_stored(connection: Connection, library: str | None = None) -> list[Template]:
    """The templates of the database, in the order they were added; None: of all libraries."""
    return [
        Template(
            row["library"],
            row["name"],
            np.asarray(row["wavelength"], np.float64),
            np.asarray(row["relative_flux"], np.float64),
            np.asarray(row["good"], bool),
        )
        for row in arrow(connection, TEMPLATES_WITH_ARRAYS, {"library": library}).to_pylist()
    ]


def digest_of_templates(connection: Connection) -> str:
    """SHA-256 of which templates there are."""
    return sha256_of_text(canonical_json(arrow(connection, HASHES).to_pylist()))
