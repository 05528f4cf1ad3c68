"""Rank tables by the name of what they hold.

Why: `score_standing` and `consensus_standing` were words of this program alone. They are `score_rank`, the ranks of one
model's scores, and `ensemble_rank`, the ranks by what the models of an ensemble agree on. Views under the old names
stay, so that SQL that somebody has written goes on.
NULL in old rows means: what it meant before; no column is added or changed.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE score_standing RENAME TO score_rank",
    "ALTER TABLE consensus_standing RENAME TO ensemble_rank",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
