"""An evaluation as rows: found again if it was done before, written in one transaction if not."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from catalog.anomaly.method import with_ranks
from catalog.database.connection import Connection, Database, append, arrow, insert, next_id, scalar
from catalog.database.records import ModelVersion, Scored
from catalog.digests import digest_of_code
from catalog.evaluation.agreement import Agreement
from catalog.evaluation.methods import METHODS
from catalog.evaluation.recovery import Estimate, Recovery
from catalog.evaluation.stored import Stored
from catalog.provenance import canonical_json, utc_now, versions_of
from catalog.version import code_version

PATIENCE = 600
"""Seconds to wait for somebody who is reading, before a computed result is given up."""

PACKAGES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "jax": "jax",
    "torch": "torch",
}
"""Module to package: what may have computed the rows, if it was loaded."""

RECOVERY = """
SELECT recovery.*
FROM recovery
WHERE evaluation_id = $evaluation_id
ORDER BY kind NULLS LAST, strength NULLS LAST, list_position($methods, method), members
"""

AGREEMENT = """
SELECT model.name AS model, other.name AS other_model, agreement.spearman, agreement.top_1_overlap
FROM model_agreement AS agreement
JOIN model_version AS model ON model.model_id = agreement.model_id
JOIN model_version AS other ON other.model_id = agreement.other_model_id
WHERE agreement.evaluation_id = $evaluation_id
ORDER BY model.member, other.member
"""

VERDICTS = """
SELECT kind, strength, right_cause, cause, rule, n_planted
FROM planted_verdict
WHERE evaluation_id = $evaluation_id
ORDER BY kind, strength, n_planted DESC, cause, rule
"""

BESIDE = {
    "agreement": pa.schema(
        {"model": pa.string(), "other_model": pa.string(), "spearman": pa.float64(), "top_1_overlap": pa.float64()}
    ),
    "verdicts": pa.schema(
        {
            "kind": pa.string(),
            "strength": pa.float64(),
            "right_cause": pa.string(),
            "cause": pa.string(),
            "rule": pa.string(),
            "n_planted": pa.int64(),
        }
    ),
}
"""Columns of what `read_evaluation` gives beside the rows of `recovery`, also where there is no row."""

IDENTITY = (
    "ensemble_id",
    "dataset_id",
    "mode",
    "truth_sha256",
    "seed",
    "n_member",
    "n_spectrum",
    "n_score",
    "method_sha256",
)
"""Beside `settings`, the columns in which two evaluations differ if their results may."""

METHOD = (
    "evaluation",
    "anomaly/consensus.py",
    "anomaly/nearest.py",
    "anomaly/ranks.py",
    "autoencoder/preprocessing.py",
    "autoencoder/scoring.py",
    "causes",
    "database/views/cmd.sql",
    "database/views/consensus.sql",
    "database/views/star_role.sql",
    "extinction.py",
    "spectra/quality.py",
    "surveys/mock/features.py",
    "surveys/mock/oddities.py",
)
"""What makes an evaluation from scores, ranks and spectra, by name: none of it is loaded for that."""

# The settings as text, which canonical JSON makes the same for the same settings.
SAME_EVALUATION = f"""
SELECT evaluation_id FROM evaluation
WHERE settings::VARCHAR = $settings
  AND {" AND ".join(f"{name} IS NOT DISTINCT FROM ${name}" for name in IDENTITY)}
"""


@dataclass(frozen=True)
class RecoveryRow:
    """Recovery of one kind and strength by one method and set of members; None: all together."""

    method: str
    members: str
    kind: str | None
    strength: float | None
    recovery: Recovery


@dataclass(frozen=True)
class VerdictCount:
    """How many of the planted spectra of a kind and strength a rule gives a cause.

    Attributes
    ----------
    kind, strength : str, float
        What was planted.
    right_cause : str, optional
        None for a kind of which the right cause is not known.
    cause : str
        That of the verdict.
    rule : str, optional
        None where no rule holds.
    n_planted : int
        Spectra with this verdict.
    """

    kind: str
    strength: float
    right_cause: str | None
    cause: str
    rule: str | None
    n_planted: int


@dataclass(frozen=True)
class Results:
    """What an evaluation has found: the rows that are written below its own.

    Attributes
    ----------
    recovery : sequence of RecoveryRow
        Of every kind, strength, method and set of members.
    agreement : sequence of Agreement
        Between the models, by their numbers.
    verdicts : sequence of VerdictCount
        Of planted oddities; empty for a truth table.
    """

    recovery: Sequence[RecoveryRow]
    agreement: Sequence[Agreement]
    verdicts: Sequence[VerdictCount]


def columns_of(
    connection: Connection, stored: Stored, columns: Mapping[str, Any], settings: Mapping[str, Any], seed: int
) -> dict[str, Any]:
    """The row of `evaluation`, but for what is known only when it is written.

    Parameters
    ----------
    connection : Connection
        Says what made the ranks that are evaluated.
    stored : Stored
        The scores that are evaluated.
    columns : mapping
        The columns that say what they are evaluated with; those that it lacks are NULL.
    settings : mapping
        What else the results depend on, values that JSON can hold.
    seed : int
        Of all that is random.
    """
    return {
        "ensemble_id": stored.ensemble.ensemble_id,
        "dataset_id": stored.dataset.dataset_id,
        "truth_sha256": None,
        "settings": canonical_json(settings),
        "seed": seed,
        "n_member": len(stored.models),
        "n_spectrum": len(stored.spectrum_id),
        "n_score": int(np.count_nonzero(~np.isnan(stored.error))),
        "method_sha256": with_ranks(connection, Scored(stored.ensemble, stored.dataset), digest_of_code(*METHOD)),
        **columns,
    }


def find_evaluation(connection: Connection, row: Mapping[str, Any]) -> int | None:
    """evaluation_id of an evaluation that cannot differ from that of a row of `columns_of`; None: there is none yet."""
    found = scalar(connection, SAME_EVALUATION, {name: row[name] for name in (*IDENTITY, "settings")})
    return None if found is None else int(found)


def write_evaluation(
    database: Database, row: Mapping[str, Any], results: Results, models: Sequence[ModelVersion]
) -> int:
    """Write an evaluation and everything below it.

    Writes in one transaction. If another process wrote the same meanwhile, that one stays alone.

    Parameters
    ----------
    row : mapping
        Its row, from `columns_of`.
    results : Results
        What stands below it.
    models : sequence of ModelVersion
        Those that the agreements number.

    Returns
    -------
    int
        Its evaluation_id.
    """
    with database.write(patience=PATIENCE) as connection:
        found = find_evaluation(connection, row)
        if found is not None:
            return found
        evaluation_id = next_id(connection, "evaluation", "evaluation_id")
        versions = versions_of(*(package for module, package in PACKAGES.items() if module in sys.modules))
        own = {
            "evaluation_id": evaluation_id,
            "code_version": code_version(),
            "versions": canonical_json(versions),
            "created_at": utc_now(),
        }
        insert(connection, "evaluation", own | dict(row))
        _append(connection, "recovery", evaluation_id, (_recovery(row) for row in results.recovery))
        _append(connection, "model_agreement", evaluation_id, (_agreement(pair, models) for pair in results.agreement))
        _append(connection, "planted_verdict", evaluation_id, map(asdict, results.verdicts))
    return evaluation_id


def read_evaluation(database: Database, evaluation_id: int) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Rows of `recovery` of an evaluation, the agreement between its models by their names, and verdicts."""
    parameters = {"evaluation_id": evaluation_id}
    with database.read() as connection:
        recovery = arrow(connection, RECOVERY, parameters | {"methods": list(METHODS)})
        agreement, verdicts = (arrow(connection, statement, parameters) for statement in (AGREEMENT, VERDICTS))
    return recovery, agreement, verdicts


def _append(connection: Connection, table: str, evaluation_id: int, rows: Iterable[Mapping[str, Any]]) -> None:
    found = [{"evaluation_id": evaluation_id, **row} for row in rows]
    if found:
        # Every column by name, since NaN is how numpy says NULL.
        columns = {name: pa.array([row[name] for row in found], from_pandas=True) for name in found[0]}
        append(connection, table, pa.table(columns))


def _agreement(pair: Agreement, models: Sequence[ModelVersion]) -> dict[str, Any]:
    return {
        "model_id": models[pair.model].model_id,
        "other_model_id": models[pair.other].model_id,
        "spearman": pair.spearman,
        "top_1_overlap": pair.top_1_overlap,
    }


def _recovery(row: RecoveryRow) -> dict[str, Any]:
    recovery = row.recovery
    columns = {
        "method": row.method,
        "members": row.members,
        "kind": row.kind,
        "strength": row.strength,
        "n_odd": recovery.n_odd,
        "n_unranked": recovery.n_unranked,
        "n_ordinary": recovery.n_ordinary,
    }
    estimates = {f"recall_{name}": estimate for name, estimate in recovery.recall.items()}
    estimates |= {"median_percentile": recovery.median_percentile, "auc": recovery.auc}
    for name, estimate in estimates.items():
        columns |= _interval(name, estimate)
    return columns


def _interval(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_lo": estimate.lo, f"{name}_hi": estimate.hi}
