"""Datasets and ensembles out of the database, with everything that depends on them."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from catalog.database.connection import Connection, Database
from catalog.database.names import find_dataset, find_ensemble
from catalog.errors import CatalogError

Kind = Literal["dataset", "ensemble"]

LEFTOVERS = {
    r"[0-9a-f]{64}\.npz|(\.[0-9a-f]{64}\.npz)?\.partial-\d+": 3600,
    r"\.training-[0-9a-f]{64}\.(npz|partial)": 30 * 24 * 3600,
}
"""Names of files without a model, and the age in seconds from which on they are nobody's: a training writes weights
just before it registers the model, but a killed one may go on from its checkpoint after weeks."""

# What goes, in temporary tables: first named, then counted, then deleted.
MARK = (
    """
    CREATE TEMP TABLE gone_dataset AS
    SELECT dataset_id, name FROM dataset WHERE $kind = 'dataset' AND name = $name
    """,
    """
    CREATE TEMP TABLE gone_ensemble AS
    SELECT ensemble_id, name FROM ensemble
    WHERE ($kind = 'ensemble' AND name = $name) OR dataset_id IN (SELECT dataset_id FROM gone_dataset)
    """,
    """
    CREATE TEMP TABLE gone_model AS
    SELECT model_id, weights_file FROM model_version WHERE ensemble_id IN (SELECT ensemble_id FROM gone_ensemble)
    """,
    """
    CREATE TEMP TABLE gone_evaluation AS
    SELECT evaluation_id FROM evaluation
    WHERE ensemble_id IN (SELECT ensemble_id FROM gone_ensemble)
       OR dataset_id IN (SELECT dataset_id FROM gone_dataset)
    """,
    """
    CREATE TEMP TABLE gone_spectrum AS
    SELECT spectrum_id, source_file_id FROM spectrum WHERE dataset_id IN (SELECT dataset_id FROM gone_dataset)
    """,
    """
    CREATE TEMP TABLE gone_source_file AS
    SELECT source_file_id, name FROM source_file WHERE source_file_id IN (SELECT source_file_id FROM gone_spectrum)
    """,
    # The rows that still name a star, and the files they are from. What somebody has seen in a star cannot be loaded
    # again: it stays for its labels.
    """
    CREATE TEMP TABLE still_named AS
    SELECT star_id, min(source_file_id) AS source_file_id
    FROM (
        SELECT star_id, source_file_id FROM spectrum
        UNION ALL SELECT star_id, source_file_id FROM visit
        UNION ALL SELECT star_id, source_file_id FROM gaia_match
        UNION ALL SELECT star_id, source_file_id FROM stellar_parameter
        UNION ALL SELECT star_id, source_file_id FROM visit_parameter
    ) AS named
    WHERE source_file_id NOT IN (SELECT source_file_id FROM gone_source_file)
    GROUP BY star_id
    """,
    """
    CREATE TEMP TABLE gone_star AS
    SELECT star_id FROM star
    WHERE (source_file_id IS NULL OR source_file_id IN (SELECT source_file_id FROM gone_source_file))
      AND star_id NOT IN (SELECT star_id FROM still_named)
      AND star_id NOT IN (SELECT star_id FROM label)
    """,
)

COUNT = """
SELECT
    (SELECT list(name ORDER BY name) FROM gone_ensemble),
    (SELECT count(*) FROM gone_model),
    (SELECT count(*) FROM reconstruction_error
     WHERE model_id IN (SELECT model_id FROM gone_model)
        OR spectrum_id IN (SELECT spectrum_id FROM gone_spectrum)),
    (SELECT count(*) FROM gone_evaluation),
    (SELECT count(*) FROM gone_spectrum),
    (SELECT list(name ORDER BY name) FROM gone_source_file),
    (SELECT count(*) FROM gone_star)
"""

WEIGHTS = "SELECT DISTINCT weights_file FROM gone_model WHERE weights_file IS NOT NULL"

# Every table, with the keys by which its rows go; regions of the colour-magnitude diagram depend on nothing and stay,
# and so do labels, with their stars, and templates.
DEPENDENT = {
    "reconstruction_error": ("model", "spectrum"),
    "latent_vector": ("model", "spectrum"),
    "score_rank": ("model", "spectrum"),
    "neighbor": ("model", "spectrum"),
    "ensemble_rank": ("ensemble", "spectrum"),
    "rank_method": ("ensemble", "dataset"),
    "anomaly_cause": ("ensemble", "spectrum"),
    "training_split": ("model", "spectrum"),
    "training_star": ("model",),
    "training_epoch": ("model",),
    "model_agreement": ("evaluation",),
    "recovery": ("evaluation",),
    "planted_verdict": ("evaluation",),
    "evaluation": ("evaluation",),
    "model_version": ("model",),
    "ensemble": ("ensemble",),
    "spectrum_array": ("spectrum",),
    "spectrum": ("spectrum",),
    "external_match": ("star",),
    "visit": ("source_file",),
    "gaia_match": ("source_file",),
    "stellar_parameter": ("source_file",),
    "visit_parameter": ("source_file",),
    "star": ("star",),
    "source_file": ("source_file",),
    "dataset": ("dataset",),
}

# A star that stays is from now on from a file that is still there, or, if it stays for its labels, from none.
ADOPT_STARS = """
UPDATE star SET source_file_id = (
    SELECT still_named.source_file_id FROM still_named WHERE still_named.star_id = star.star_id
)
WHERE star.source_file_id IN (SELECT source_file_id FROM gone_source_file)
"""

FORGET_GRIDS = """
DELETE FROM wavelength_grid
WHERE grid_id NOT IN (SELECT grid_id FROM dataset)
  AND grid_id NOT IN (SELECT grid_id FROM ensemble WHERE grid_id IS NOT NULL)
"""


@dataclass(frozen=True)
class Dependents:
    """What goes with a dataset or an ensemble.

    ensembles : those trained on the dataset, or the ensemble itself, with n_model models and their weights
    n_score : errors, and as many latent vectors, of those models and of the spectra
    source_files : files that are forgotten, so that they can be loaded again
    n_star : stars that nothing else names and nobody has labelled
    """

    ensembles: tuple[str, ...]
    n_model: int
    n_score: int
    n_evaluation: int
    n_spectrum: int
    source_files: tuple[str, ...]
    n_star: int


def dependents_of(database: Database, kind: Kind, name: str) -> Dependents:
    """What would go with a dataset or an ensemble. Raises CatalogError if there is none of that name."""
    with database.read() as connection:
        return _mark(connection, kind, name)


def remove(database: Database, kind: Kind, name: str, expected: Dependents | None = None) -> Dependents:
    """Remove a dataset or an ensemble with what depends on it; returns what went.

    expected : what somebody has agreed to; None: whatever there is
    Stars stay, save those that only the dataset's files named and nobody has labelled. Writes in one transaction, then
    removes the weights of the models, and those that a killed run left. Raises CatalogError if there is none of that
    name, or if what would go is no longer what is expected.
    """
    with database.write() as connection:
        gone = _mark(connection, kind, name)
        if expected not in (None, gone):
            raise CatalogError(f"what depends on {kind} {name} has changed meanwhile; nothing was removed, run again")
        weights = [file for (file,) in connection.execute(WEIGHTS).fetchall()]
        connection.execute(ADOPT_STARS)
        for table, keys in DEPENDENT.items():
            among = " OR ".join(f"{key}_id IN (SELECT {key}_id FROM gone_{key})" for key in keys)
            connection.execute(f"DELETE FROM {table} WHERE {among}")
        connection.execute(FORGET_GRIDS)
        kept = {file for (file,) in connection.execute("SELECT weights_file FROM model_version").fetchall()}
    _remove_weights(database, [file for file in weights if file not in kept], kept)
    return gone


def _mark(connection: Connection, kind: Kind, name: str) -> Dependents:
    if kind == "dataset":
        find_dataset(connection, name)
    else:
        find_ensemble(connection, name)
    for statement in MARK:
        used = {key: value for key, value in (("kind", kind), ("name", name)) if f"${key}" in statement}
        connection.execute(statement, used)
    ((ensembles, n_model, n_score, n_evaluation, n_spectrum, files, n_star),) = connection.execute(COUNT).fetchall()
    return Dependents(tuple(ensembles or ()), n_model, n_score, n_evaluation, n_spectrum, tuple(files or ()), n_star)


def _remove_weights(database: Database, weights: list[str], kept: set[str | None]) -> None:
    """Remove these files, and old ones that are neither kept nor of a training that may still register them."""
    folder, beside = database.weights_folder, database.path.parent
    try:
        if not folder.is_dir() or _shared(database.path):
            return
        files = [beside / name for name in weights]
        for file in folder.iterdir():
            age = time.time() - file.stat().st_mtime
            old = any(re.fullmatch(name, file.name) and age > limit for name, limit in LEFTOVERS.items())
            if old and str(file.relative_to(beside)) not in kept:
                files.append(file)
        for file in files:
            file.unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()
    except OSError as error:
        raise CatalogError(
            f"the rows are removed, but weights in {folder} cannot be ({error.strerror}); remove them yourself"
        ) from error


def _shared(database: Path) -> bool:
    """True if another database has its weights in the same folder, as catalog.backup beside catalog.duckdb."""
    for other in database.parent.iterdir():
        if other.stem == database.stem and other != database and other.is_file():
            with other.open("rb") as file:
                if file.read(12)[8:] == b"DUCK":
                    return True
    return False
