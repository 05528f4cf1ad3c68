"""Causes of an anomaly, and templates.

Why: which spectra are odd is a question to the models; why, is one to the residuals, the uncertainties, the star's
place among others and to templates of known kinds. The answer rests on a look at the arrays, which no view can take, so
it is a row (`anomaly_cause`), with all the numbers it rests on. Templates are a user's; they are compared again with
every spectrum, so they are kept with their arrays (`template`, `template_array`). How far to trust a verdict, an
evaluation measures with planted oddities (`planted_verdict`).
NULL in old rows means: there are no old rows; in new ones, what follows from ivar is NULL where there is none, and
`confidence` and `rule` where no rule holds. A spectrum without a row was not explained yet; an evaluation of planted
oddities without rows in `planted_verdict` was made before.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE anomaly_cause (
        ensemble_id BIGINT NOT NULL,
        spectrum_id BIGINT NOT NULL,
        cause VARCHAR NOT NULL,
        rule VARCHAR,
        confidence DOUBLE,
        evidence VARCHAR[] NOT NULL,
        interval_lo DOUBLE NOT NULL,
        interval_hi DOUBLE NOT NULL,
        interval_fraction DOUBLE NOT NULL,
        half_fraction DOUBLE NOT NULL,
        interval_excess DOUBLE NOT NULL,
        interval_spread DOUBLE NOT NULL,
        interval_overlap DOUBLE NOT NULL,
        window_share STRUCT("name" VARCHAR, share DOUBLE)[] NOT NULL,
        residual_chi2 DOUBLE,
        interval_chi2 DOUBLE,
        sigma_ratio DOUBLE,
        masked_fraction DOUBLE NOT NULL,
        roughness DOUBLE NOT NULL,
        sign JSON NOT NULL,
        density_percentile DOUBLE,
        nearest_trained VARCHAR[],
        template_match STRUCT(
            library VARCHAR, "name" VARCHAR, reduced_chi2 DOUBLE, rms DOUBLE, scale DOUBLE, ebv DOUBLE
        )[] NOT NULL,
        n_model BIGINT NOT NULL,
        mean_log10_error DOUBLE,
        n_spectrum BIGINT NOT NULL,
        templates_sha256 VARCHAR NOT NULL,
        created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
        code_version VARCHAR NOT NULL
    )
    """,
    """
    CREATE TABLE template (
        template_id BIGINT NOT NULL,
        library VARCHAR NOT NULL,
        "name" VARCHAR NOT NULL,
        n_pixel INTEGER NOT NULL,
        wavelength_lo DOUBLE NOT NULL,
        wavelength_hi DOUBLE NOT NULL,
        file VARCHAR NOT NULL,
        sha256 VARCHAR NOT NULL,
        created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
        code_version VARCHAR NOT NULL,
        PRIMARY KEY (template_id)
    )
    """,
    """
    CREATE TABLE template_array (
        template_id BIGINT NOT NULL,
        wavelength DOUBLE[] NOT NULL,
        relative_flux REAL[] NOT NULL,
        good BOOLEAN[] NOT NULL
    )
    """,
    """
    CREATE TABLE planted_verdict (
        evaluation_id BIGINT NOT NULL,
        kind VARCHAR NOT NULL,
        strength DOUBLE NOT NULL,
        right_cause VARCHAR,
        cause VARCHAR NOT NULL,
        rule VARCHAR,
        n_planted BIGINT NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
