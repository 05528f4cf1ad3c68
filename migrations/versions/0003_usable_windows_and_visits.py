"""Which pixels of a spectrum are unusable, and the visits to a star.

Why: how many spectra a wavelength window keeps, and why the others fall out, is a question about rows, not about
gigabytes of arrays; and the survey's table of visits (GOODVISITS) had no place.
NULL in old rows means: nothing; `bad_run` of old rows is filled here from the arrays, of which only those of spectra
not usable over the full range are read: 1 s for 2,800 of them.

`bad_run` is a list in `spectrum` and not a table of its own, since it is always asked for together with the spectrum;
most have one run or two, and the worst, noise around 0, some hundred: 4 kB beside arrays of 55 kB.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE spectrum ADD COLUMN bad_run STRUCT("first" INTEGER, "last" INTEGER, fault VARCHAR)[]
    """,
    """
    UPDATE spectrum SET bad_run = [] WHERE usable
    """,
    # The number of a pixel less its number among those of the same fault is the same throughout a run.
    """
    UPDATE spectrum SET bad_run = found.bad_run
    FROM (
        WITH pixel AS (
            SELECT spectrum_id, unnest(flux) AS flux, unnest(range(1, 4564)) AS pixel
            FROM spectrum_array
            WHERE spectrum_id IN (SELECT spectrum_id FROM spectrum WHERE NOT usable)
        ),

        bad AS (
            SELECT
                spectrum_id,
                pixel,
                CASE WHEN flux = 0 THEN 'zero' WHEN isfinite(flux) THEN 'negative' ELSE 'non-finite' END AS fault
            FROM pixel
            WHERE NOT (isfinite(flux) AND flux > 0)
        ),

        numbered AS (
            SELECT spectrum_id, pixel, fault,
                pixel - row_number() OVER (PARTITION BY spectrum_id, fault ORDER BY pixel) AS run
            FROM bad
        ),

        run AS (
            SELECT spectrum_id, fault, min(pixel)::INTEGER AS first, max(pixel)::INTEGER AS last
            FROM numbered
            GROUP BY spectrum_id, fault, run
        )

        SELECT spectrum_id, list({'first': first, 'last': last, 'fault': fault} ORDER BY first) AS bad_run
        FROM run
        GROUP BY spectrum_id
    ) AS found
    WHERE spectrum.spectrum_id = found.spectrum_id
    """,
    """
    CREATE TABLE visit (
        star_id BIGINT NOT NULL,
        plate INTEGER,
        ifudesign VARCHAR,
        mjd INTEGER,
        exptime REAL,
        n_exposure INTEGER,
        n_exposure_used INTEGER,
        velocity REAL,
        velocity_error REAL,
        velocity_errcode INTEGER,
        star_velocity REAL,
        star_velocity_error REAL,
        star_velocity_errcode INTEGER,
        n_velocity INTEGER,
        velocity_varies BOOLEAN,
        velocity_change REAL,
        mjdqual INTEGER,
        snr REAL,
        snr10 REAL,
        bad_pixel_fraction REAL,
        bp_rp_error REAL,
        coord_source VARCHAR,
        source_file_id BIGINT NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
