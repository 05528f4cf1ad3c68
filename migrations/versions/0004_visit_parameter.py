"""Stellar parameters of single visits.

Why: the survey gives parameters of every good visit beside those of the star (mastar-goodvisits-...-params), and they
had no place; without them nobody sees whether an odd spectrum is odd in its parameters on that night only.
`star_id`, `plate`, `ifudesign` and `mjd` say which visit, as in `visit`, and `source` which version and method; the
values and their errors are those of `stellar_parameter`. For a visit the method LH gives its errors upwards and
downwards, which `_error_up` and `_error_down` keep as they are: one number made of both would be in no file.
NULL in old rows means: there are no old rows, a file of such parameters was not loaded before; in new ones, `_error` is
NULL where the errors are two-sided, and `_error_up` and `_error_down` are NULL where there is one for both directions.

`stellar_parameter` has no such columns, since the parameters of stars have one error each, LH's as well.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

VISIT_PARAMETER = """
    CREATE TABLE visit_parameter (
        star_id BIGINT NOT NULL,
        plate INTEGER,
        ifudesign VARCHAR,
        mjd INTEGER,
        source VARCHAR NOT NULL,
        teff REAL,
        teff_error REAL,
        teff_error_up REAL,
        teff_error_down REAL,
        logg REAL,
        logg_error REAL,
        logg_error_up REAL,
        logg_error_down REAL,
        fe_h REAL,
        fe_h_error REAL,
        fe_h_error_up REAL,
        fe_h_error_down REAL,
        alpha_fe REAL,
        alpha_fe_error REAL,
        alpha_fe_error_up REAL,
        alpha_fe_error_down REAL,
        source_file_id BIGINT NOT NULL
    )
"""


def upgrade() -> None:
    op.execute(VISIT_PARAMETER)
