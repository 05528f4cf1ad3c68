"""What stored ranks and causes rest on in the code, as digests; where one is another now, the rows are made again.

Light: it names modules and loads none of them.
"""

from catalog.database.connection import Connection, scalar
from catalog.database.records import Scored
from catalog.digests import digest_of_code
from catalog.provenance import sha256_of_text

RANKS = (
    "anomaly/ranks.py",
    "anomaly/nearest.py",
    "anomaly/peers.py",
    "anomaly/stability.py",
    "anomaly/consensus.py",
    "database/views/consensus.sql",
    "database/views/cmd.sql",
    "database/views/star_role.sql",
)
"""What makes the rows of score_rank and ensemble_rank from scores."""

RULES = (
    "causes",
    "extinction.py",
    "anomaly/explain.py",
    "anomaly/neighbors.py",
    "anomaly/selection.py",
    "database/views/cmd.sql",
    "database/views/star_role.sql",
)
"""What makes the rows of anomaly_cause from scores, ranks, reconstructions and templates."""

RANKED_BY = """
SELECT method_sha256 FROM rank_method WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id
"""


def digest_of_ranks() -> str:
    """SHA-256 of the code that ranks are made by now."""
    return digest_of_code(*RANKS)


def digest_of_rules(connection: Connection, scored: Scored) -> str:
    """SHA-256 of the code that causes are found by now, and of what made the stored ranks that it asks about."""
    return with_ranks(connection, scored, digest_of_code(*RULES))


def with_ranks(connection: Connection, scored: Scored, digest: str) -> str:
    """SHA-256 of a digest and of what made the stored ranks, which may be other code than there is now."""
    ranked_by = scalar(connection, RANKED_BY, scored.ids)
    return sha256_of_text(f"{digest} {ranked_by}")
