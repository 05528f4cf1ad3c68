"""Causes of an anomaly, and templates.

Why: to be written with what it adds.
NULL in old rows means: there are no old rows.
"""

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
