"""What is recovered of known anomalies.

Why: how well an ensemble finds anomalies is a result like its scores, so it becomes rows, with everything that it
depends on: scores, truth table or planted oddities, baselines, seed, versions.
NULL in old rows means: there are no old rows; in new ones, what the column's comment says.

`recovery` has an interval as three columns, since a query that compares methods reads a number and not a structure.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE evaluation (
        evaluation_id BIGINT NOT NULL,
        ensemble_id BIGINT NOT NULL,
        dataset_id BIGINT NOT NULL,
        mode VARCHAR NOT NULL,
        truth_file VARCHAR,
        truth_sha256 VARCHAR,
        n_listed BIGINT,
        n_matched BIGINT,
        settings JSON NOT NULL,
        seed BIGINT NOT NULL,
        n_member INTEGER NOT NULL,
        n_spectrum BIGINT NOT NULL,
        n_score BIGINT NOT NULL,
        code_version VARCHAR NOT NULL,
        versions JSON NOT NULL,
        created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
        PRIMARY KEY (evaluation_id)
    )
    """,
    """
    CREATE TABLE recovery (
        evaluation_id BIGINT NOT NULL,
        method VARCHAR NOT NULL,
        members VARCHAR NOT NULL,
        kind VARCHAR,
        strength DOUBLE,
        n_odd BIGINT NOT NULL,
        n_unranked BIGINT NOT NULL,
        n_ordinary BIGINT NOT NULL,
        recall_0_5 DOUBLE,
        recall_0_5_lo DOUBLE,
        recall_0_5_hi DOUBLE,
        recall_1 DOUBLE,
        recall_1_lo DOUBLE,
        recall_1_hi DOUBLE,
        recall_2 DOUBLE,
        recall_2_lo DOUBLE,
        recall_2_hi DOUBLE,
        recall_5 DOUBLE,
        recall_5_lo DOUBLE,
        recall_5_hi DOUBLE,
        median_percentile DOUBLE,
        median_percentile_lo DOUBLE,
        median_percentile_hi DOUBLE,
        auc DOUBLE,
        auc_lo DOUBLE,
        auc_hi DOUBLE
    )
    """,
    """
    CREATE TABLE model_agreement (
        evaluation_id BIGINT NOT NULL,
        model_id BIGINT NOT NULL,
        other_model_id BIGINT NOT NULL,
        spearman DOUBLE,
        top_1_overlap DOUBLE
    )
    """,
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)
