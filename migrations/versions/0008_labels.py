"""Labels, and the place of a star on the sky.

Why: to be written with what it adds.
NULL in old rows means: there are no old rows.
"""

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
