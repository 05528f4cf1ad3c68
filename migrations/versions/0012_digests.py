"""Digests of the code that stored results rest on.

Why: whether a cause, an evaluation or a rank is still good was decided by counts, or by the version of the package. It
stays the same while the code changes, and changes while the code stays. Now a digest of the code and its constants
decides: `anomaly_cause.rules_sha256`, `evaluation.method_sha256`, and for the ranks of an ensemble on a dataset a row
of `rank_method`, which also says when and by which version they were made.
NULL in old rows means: it was not recorded what they rest on, so that they are made again when somebody asks for them.
Old ranks have no row in `rank_method`, for the same reason and to the same end.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE anomaly_cause ADD COLUMN rules_sha256 VARCHAR",
    "ALTER TABLE evaluation ADD COLUMN method_sha256 VARCHAR",
    """
    CREATE TABLE rank_method (
        ensemble_id BIGINT NOT NULL,
        dataset_id BIGINT NOT NULL,
        method_sha256 VARCHAR NOT NULL,
        created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
        code_version VARCHAR NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
