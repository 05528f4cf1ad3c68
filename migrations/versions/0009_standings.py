"""Where each score stands among those of its dataset, as rows.

Why: percentiles, ranks and the consensus were computed by the views at every question, which took more than a second
for 60,000 spectra and a minute for a million; and what lies near a spectrum, in latent space or in the colour-magnitude
diagram, cannot be computed by a view at all. Scores are only ever added by `catalog score`, which knows when to make
these rows again. `neighbor` has the look-alikes of all spectra, where somebody has asked for them.
NULL in old rows means: there are no old rows. Of scores that were there before, `catalog db upgrade` makes these rows
right after the revision, as does the next `catalog score`.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE score_standing (
        model_id BIGINT NOT NULL,
        dataset_id BIGINT NOT NULL,
        spectrum_id BIGINT NOT NULL,
        rank BIGINT NOT NULL,
        percentile DOUBLE NOT NULL,
        percentile_unseen DOUBLE,
        flagged BOOLEAN NOT NULL,
        chi2_percentile DOUBLE,
        relative_error DOUBLE,
        relative_percentile DOUBLE,
        isolation DOUBLE,
        isolation_percentile DOUBLE
    )
    """,
    """
    CREATE TABLE consensus_standing (
        ensemble_id BIGINT NOT NULL,
        dataset_id BIGINT NOT NULL,
        spectrum_id BIGINT NOT NULL,
        consensus_rank BIGINT NOT NULL,
        consensus_rank_lo BIGINT,
        consensus_rank_hi BIGINT,
        n_model BIGINT NOT NULL,
        n_flagged BIGINT NOT NULL,
        mean_log10_error DOUBLE,
        std_log10_error DOUBLE,
        mean_percentile DOUBLE NOT NULL,
        min_percentile DOUBLE NOT NULL,
        n_model_unseen BIGINT NOT NULL,
        mean_percentile_unseen DOUBLE,
        unseen_rank BIGINT,
        median_chi2 DOUBLE,
        chi2_rank BIGINT,
        median_relative_error DOUBLE,
        relative_rank BIGINT,
        mean_isolation_percentile DOUBLE,
        isolation_rank BIGINT,
        cmd_density DOUBLE,
        n_peer BIGINT NOT NULL,
        peer_rank BIGINT
    )
    """,
    """
    CREATE TABLE neighbor (
        model_id BIGINT NOT NULL,
        dataset_id BIGINT NOT NULL,
        spectrum_id BIGINT NOT NULL,
        neighbor_rank INTEGER NOT NULL,
        neighbor_spectrum_id BIGINT NOT NULL,
        distance DOUBLE NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
