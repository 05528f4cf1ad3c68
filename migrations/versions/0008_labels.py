"""Labels, and the place of a spectrum on the sky.

Why: what somebody has seen in a spectrum is a result that no computation gives back, so it is a row: a label of a star,
by an author (`label`). And a pixel number on the sky (`spectrum.healpix_29`) lets one ask for a part of the sky, and
partition an export, without trigonometry.
NULL in old rows means: nothing; `healpix_29` of old rows is filled here from the positions of their stars, and is NULL,
as in new rows, where a star has none. `star.source_file_id` may be NULL from now on, and is in no old row: a labelled
star stays, with its labels, when the file that gave it is removed.

One row per star, label and author; there is no constraint for it, since an index on a table blocks later changes to it.
`spectrum` is made anew: DuckDB cannot alter a table that was updated in the same transaction, as revision 0003 does.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from alembic import op
from astropy import units as u
from astropy_healpix import lonlat_to_healpix
from duckdb.func import ARROW

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = (
    "spectrum_id, dataset_id, star_id, plate, ifudesign, mjd, snr, max_flux, n_zero_flux, n_negative_flux, "
    "n_nonfinite_flux, n_masked, n_zero_ivar, bad_pixel_fraction, first_good_pixel, last_good_pixel, mjdqual, usable, "
    "reject_reason, source_file_id, source_row, bad_run"
)

STATEMENTS = (
    """
    CREATE TABLE placed_spectrum (
        spectrum_id BIGINT NOT NULL,
        dataset_id BIGINT NOT NULL,
        star_id BIGINT NOT NULL,
        plate INTEGER,
        ifudesign VARCHAR,
        mjd INTEGER,
        snr REAL,
        max_flux REAL,
        n_zero_flux INTEGER NOT NULL,
        n_negative_flux INTEGER NOT NULL,
        n_nonfinite_flux INTEGER NOT NULL,
        n_masked INTEGER,
        n_zero_ivar INTEGER,
        bad_pixel_fraction REAL,
        first_good_pixel INTEGER,
        last_good_pixel INTEGER,
        mjdqual INTEGER,
        usable BOOLEAN NOT NULL,
        reject_reason VARCHAR,
        source_file_id BIGINT NOT NULL,
        source_row BIGINT NOT NULL,
        bad_run STRUCT("first" INTEGER, "last" INTEGER, fault VARCHAR)[],
        healpix_29 BIGINT
    )
    """,
    f"INSERT INTO placed_spectrum ({COLUMNS}) SELECT {COLUMNS} FROM spectrum",
    "DROP TABLE spectrum",
    "ALTER TABLE placed_spectrum RENAME TO spectrum",
    "ALTER TABLE star ALTER COLUMN source_file_id DROP NOT NULL",
    """
    CREATE TABLE label (
        star_id BIGINT NOT NULL,
        label VARCHAR NOT NULL,
        note VARCHAR,
        author VARCHAR NOT NULL,
        created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL
    )
    """,
)

# Pixels of order 29, nested: the code of this revision, which does not change when that of the catalog does.
PLACE = """
UPDATE spectrum SET healpix_29 = place.healpix_29
FROM (
    SELECT star_id, healpix_29_of(ra, dec) AS healpix_29 FROM star WHERE isfinite(ra) AND dec BETWEEN -90 AND 90
) AS place
WHERE spectrum.star_id = place.star_id
"""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    raw: Any = op.get_bind().connection.dbapi_connection
    raw.create_function("healpix_29_of", _place, ["DOUBLE", "DOUBLE"], "BIGINT", type=ARROW)
    raw.execute(PLACE)
    raw.remove_function("healpix_29_of")


def _place(ra: pa.ChunkedArray, dec: pa.ChunkedArray) -> pa.Array:
    pixels = lonlat_to_healpix(ra.to_numpy() * u.deg, dec.to_numpy() * u.deg, 2**29, order="nested")
    return pa.array(np.asarray(pixels, dtype=np.int64))
