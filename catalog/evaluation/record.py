"""An evaluation as rows: found again if it was done before, written in one transaction if not."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from astropy.table import Table

from catalog.database import schema
from catalog.database.connection import Database, append, arrow, next_id
from catalog.database.table import to_table
from catalog.evaluation.agreement import Agreement
from catalog.evaluation.methods import METHODS
from catalog.evaluation.recovery import Estimate, Recovery
from catalog.evaluation.stored import Stored
from catalog.evaluation.verdicts import VerdictCount
from catalog.provenance import __version__, canonical_json, utc_now, versions_of

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

ANSWER = """
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


@dataclass(frozen=True)
class RecoveryRow:
    """Recovery of one kind and strength by one method and set of members; None: all together."""

    method: str
    members: str
    kind: str | None
    strength: float | None
    recovery: Recovery


IDENTITY = (
    "ensemble_id",
    "dataset_id",
    "mode",
    "truth_sha256",
    "seed",
    "n_member",
    "n_spectrum",
    "n_score",
    "code_version",
)
"""Beside `settings`, the columns in which two evaluations differ if their results may."""


def columns_of(stored: Stored, asked: Mapping[str, Any], settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The row of `evaluation`, but for what is known only when it is written.

    asked : its columns that say what is evaluated; those it lacks are NULL
    Read-only.
    """
    return {
        "ensemble_id": stored.ensemble.ensemble_id,
        "dataset_id": stored.dataset.dataset_id,
        "truth_sha256": None,
        "settings": dict(settings),
        "seed": seed,
        "n_member": len(stored.models),
        "n_spectrum": len(stored.spectrum_id),
        "n_score": int(np.count_nonzero(~np.isnan(stored.error))),
        "code_version": __version__,
        **asked,
    }


def find_evaluation(connection: sa.Connection, wanted: Mapping[str, Any]) -> int | None:
    """evaluation_id of an evaluation that cannot differ from the wanted row, None if there is none. Read-only."""
    table = schema.evaluation
    # As text, which canonical JSON makes the same for the same settings.
    same = [sa.cast(table.c.settings, sa.String) == canonical_json(wanted["settings"])]
    same += [table.c[name].is_not_distinct_from(wanted[name]) for name in IDENTITY]
    found = connection.execute(sa.select(table.c.evaluation_id).where(*same)).scalar()
    return None if found is None else int(found)


def write_evaluation(
    database: Database,
    wanted: Mapping[str, Any],
    rows: Iterable[RecoveryRow],
    agreements: Iterable[Agreement],
    verdicts: Iterable[VerdictCount],
    models: list[dict],
) -> int:
    """Write an evaluation and everything below it; returns its evaluation_id.

    wanted : its row, from `columns_of`
    models : rows of model_version that the agreements number
    Writes in one transaction. If another process wrote the same meanwhile, that one stays alone.
    """
    with database.write(patience=PATIENCE) as connection:
        found = find_evaluation(connection, wanted)
        if found is not None:
            return found
        evaluation_id = next_id(connection, schema.evaluation.c.evaluation_id)
        versions = versions_of(*(package for module, package in PACKAGES.items() if module in sys.modules))
        own = {"evaluation_id": evaluation_id, "versions": versions, "created_at": utc_now()}
        connection.execute(schema.evaluation.insert().values(**own, **wanted))
        _append(connection, schema.recovery, [{"evaluation_id": evaluation_id, **_columns(row)} for row in rows])
        _append(
            connection,
            schema.model_agreement,
            [
                {
                    "evaluation_id": evaluation_id,
                    "model_id": models[agreement.model]["model_id"],
                    "other_model_id": models[agreement.other]["model_id"],
                    "spearman": agreement.spearman,
                    "top_1_overlap": agreement.top_1_overlap,
                }
                for agreement in agreements
            ],
        )
        counted = [{"evaluation_id": evaluation_id, **asdict(verdict)} for verdict in verdicts]
        _append(connection, schema.planted_verdict, counted)
    return evaluation_id


def read_evaluation(database: Database, evaluation_id: int) -> tuple[Table, Table, Table]:
    """Rows of `recovery` of an evaluation, the agreement between its models by their names, and verdicts. Read-only."""
    wanted = {"evaluation_id": evaluation_id}
    with database.read() as connection:
        recovered = to_table(arrow(connection, ANSWER, wanted | {"methods": list(METHODS)}))
        agreement, verdicts = (to_table(arrow(connection, statement, wanted)) for statement in (AGREEMENT, VERDICTS))
    return recovered, agreement, verdicts


def _append(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        # Every column by name, since NaN is how numpy says NULL.
        columns = {name: pa.array([row[name] for row in rows], from_pandas=True) for name in rows[0]}
        append(connection, table, pa.table(columns))


def _columns(row: RecoveryRow) -> dict[str, Any]:
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
