"""Ensembles that were trained in another database.

Why: an ensemble is a result that others want to apply to their spectra without the spectra it was trained on. Such an
ensemble has no dataset here, but a wavelength grid of its own (`ensemble.grid_id`) and an `origin`; and which stars its
models have seen is known by id (`training_star`), also of stars whose spectra come later or never.
NULL in old rows means: `grid_id` and `origin` are NULL, since every old ensemble was trained here, on the grid of its
dataset, which is not said twice; in new ones, `dataset_id` is NULL where the ensemble was imported.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE ensemble ALTER COLUMN dataset_id DROP NOT NULL",
    "ALTER TABLE ensemble ADD COLUMN grid_id BIGINT",
    "ALTER TABLE ensemble ADD COLUMN origin JSON",
    """
    CREATE TABLE training_star (
        model_id BIGINT NOT NULL,
        mangaid VARCHAR NOT NULL,
        role VARCHAR NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
