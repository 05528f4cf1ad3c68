"""Where each score stands.

Why: to be written with what it adds.
NULL in old rows means: there are no old rows.
"""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
