"""External catalogs and their matches.

Why: to be written with what it adds.
NULL in old rows means: there are no old rows.
"""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
