"""External catalogs and their matches.

Why: whether an anomaly is in a list of carbon stars, or has a type in SIMBAD, is asked of other people's catalogs. A
catalog becomes a table of its own in the schema `external`, with all its columns; `external_catalog` says which file
it was and how it was matched, `external_match` which row is which star. A star that was asked and has no match has a
row there too, so that it differs from one that was loaded later and not asked.
NULL in old rows means: there are no old rows; in new ones, `external_match.catalog_row` is NULL where nothing matched.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    "CREATE SCHEMA IF NOT EXISTS external",
    """
    CREATE TABLE external_catalog (
        external_catalog_id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        file VARCHAR NOT NULL,
        size BIGINT NOT NULL,
        sha256 VARCHAR NOT NULL,
        n_row BIGINT NOT NULL,
        n_row_unusable BIGINT NOT NULL,
        matched_by VARCHAR NOT NULL,
        matched_columns VARCHAR[] NOT NULL,
        id_release VARCHAR,
        radius_arcsec DOUBLE,
        catalog_epoch DOUBLE,
        every_match BOOLEAN NOT NULL,
        asked_sha256 VARCHAR NOT NULL,
        attached_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
        code_version VARCHAR NOT NULL,
        PRIMARY KEY (external_catalog_id),
        UNIQUE (name)
    )
    """,
    """
    CREATE TABLE external_match (
        external_catalog_id BIGINT NOT NULL,
        star_id BIGINT NOT NULL,
        catalog_row BIGINT,
        separation_arcsec DOUBLE,
        n_candidate BIGINT
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
