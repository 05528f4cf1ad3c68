"""Ensembles out of one database and into another, where they score other spectra."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.weights import make_weights_folder
from catalog.database import schema
from catalog.database.connection import Database, append, arrow, next_id
from catalog.database.names import find_ensemble
from catalog.ensembles.archive import (
    ROLES,
    Archive,
    Stars,
    read_archive,
    stars_text,
    weights_blocks,
    write_archive,
)
from catalog.ensembles.manifest import ArchivedEpoch, Manifest, Model
from catalog.ensembles.registry import trained_on
from catalog.errors import CatalogError
from catalog.provenance import sha256_of_text, utc_now
from catalog.spectra.blocks import trained_wavelength
from catalog.spectra.datasets import grid_of

MODELS = """
SELECT
    model_id, member, name, seed, n_train, n_validation, epochs, train_loss, validation_loss, weights_file,
    weights_sha256, code_version, versions, started_at, finished_at
FROM model_version
WHERE ensemble_id = $ensemble_id AND status = 'trained'
ORDER BY member
"""

N_MODEL = "SELECT count(*) FROM model_version WHERE ensemble_id = $ensemble_id"

EPOCHS = """
SELECT epoch, train_loss, validation_loss, seconds FROM training_epoch WHERE model_id = $model_id ORDER BY epoch
"""

# Of an imported model, also stars that this database does not have.
STARS = """
SELECT star.mangaid, star_role.role
FROM star_role
JOIN star ON star.star_id = star_role.star_id
WHERE star_role.model_id = $model_id
UNION
SELECT mangaid, role FROM training_star WHERE model_id = $model_id
"""

STARS_HERE = """
SELECT count(*) FROM star WHERE mangaid IN (SELECT unnest($mangaid))
"""

IDENTITY = """
SELECT member, seed, weights_sha256
FROM model_version
WHERE ensemble_id = $ensemble_id AND status = 'trained'
ORDER BY member
"""


@dataclass(frozen=True)
class Exported:
    """What was written to a file: the trained ones of the models of an ensemble."""

    ensemble: str
    path: Path
    size: int
    n_trained: int
    n_model: int


@dataclass(frozen=True)
class Imported:
    """What was taken from a file.

    n_star : stars that the models were trained or validated on, n_star_here of which this database has
    already : the same ensemble was here under this name, and nothing was written
    """

    ensemble: str
    n_model: int
    trained_on: str
    n_star: int
    n_star_here: int
    already: bool


def export_ensemble(database: Database, name: str, path: Path, *, force: bool = False) -> Exported:
    """Write the trained models of an ensemble, with all that is known of them, to one file.

    force : replace the file if it is there
    The file appears complete or not at all; the same ensemble gives the same bytes. Scores and evaluations stay
    behind. Raises CatalogError if there is no such ensemble or none of its models is trained, if its weights are
    absent or changed, or if the file is there or cannot be written.
    """
    if path.exists() and (path.is_dir() or (database.path.exists() and path.samefile(database.path))):
        raise CatalogError(f"{path} is {'a folder' if path.is_dir() else 'the database'}; choose another file")
    if path.exists() and not force:
        raise CatalogError(f"{path} is there already; choose another file, or replace it with --force")
    with database.read() as connection:
        ensemble = find_ensemble(connection, name)
        wanted = {"ensemble_id": ensemble.ensemble_id}
        rows = arrow(connection, MODELS, wanted).to_pylist()
        n_model = connection.exec_driver_sql(N_MODEL, wanted).scalar_one()
        if not rows:
            raise CatalogError(f"ensemble {name} has no trained model; run its catalog train command again")
        stars = {row["member"]: _stars(connection, row["model_id"]) for row in rows}
        manifest = _manifest(connection, ensemble, rows, stars)
    weights = {row["weights_sha256"]: database.path.parent / row["weights_file"] for row in rows}
    write_archive(path, manifest, stars, weights)
    return Exported(name, path, path.stat().st_size, len(rows), n_model)


def import_ensemble(database: Database, path: Path, name: str | None = None) -> Imported:
    """Register the ensemble of a file that `export_ensemble` wrote, to score spectra of this database with it.

    name : for the ensemble here, instead of the one it has in the file
    Everything is verified first. Then the weights are written, then all rows in one transaction: killed before its
    end, the database is as it was. The same ensemble under the same name is imported once. Raises CatalogError if the
    file is absent, cut short, changed, of another kind or of a newer version, or if the name stands for another
    ensemble.
    """
    file = read_archive(path)
    name = name or file.manifest.name
    _require_usable(file, name)
    with database.read() as connection:
        already = _is_here(connection, file, name)
        mangaid = sorted({star for stars in file.stars.values() for role in ROLES for star in stars[role]})
        n_star_here = arrow(connection, STARS_HERE, {"mangaid": mangaid})[0][0].as_py()
    if not already:
        weights_folder = make_weights_folder(database.path)
        for sha256 in sorted({model.weights_sha256 for model in file.manifest.models}):
            _store_weights(weights_folder, path, sha256)
        with database.write() as connection:
            already = _is_here(connection, file, name)
            if not already:
                _insert(connection, file, name, weights_folder.name)
    trained = file.manifest.dataset.name
    return Imported(name, len(file.manifest.models), trained, len(mangaid), n_star_here, already)


def _stars(connection: sa.Connection, model_id: int) -> Stars:
    rows = arrow(connection, STARS, {"model_id": model_id}).to_pylist()
    return {role: sorted(row["mangaid"] for row in rows if row["role"] == role) for role in ROLES}


def _manifest(connection: sa.Connection, ensemble: sa.Row, rows: list[dict], stars: dict[int, Stars]) -> Manifest:
    models = []
    for row in rows:
        history = arrow(connection, EPOCHS, {"model_id": row["model_id"]}).to_pylist()
        said = {key: value for key, value in row.items() if key not in ("model_id", "weights_file")}
        said["versions"] = json.loads(row["versions"] or "null")
        said["history"] = [ArchivedEpoch(**epoch) for epoch in history]
        said["stars_sha256"] = sha256_of_text(stars_text(stars[row["member"]]))
        models.append(Model(**said))
    return Manifest(
        name=ensemble.name,
        recipe=ensemble.recipe,
        recipe_sha256=ensemble.recipe_sha256,
        n_spectrum=ensemble.n_spectrum,
        created_at=ensemble.created_at,
        code_version=ensemble.code_version,
        dataset=trained_on(connection, ensemble),
        wavelength=trained_wavelength(connection, ensemble).tolist(),
        models=models,
    )


def _require_usable(file: Archive, name: str) -> None:
    """Raise CatalogError for a name that nobody could type, or a recipe that this version does not know."""
    if not name.strip() or not name.isprintable():
        raise CatalogError(f"{name!r} is no name for an ensemble; give one with --name")
    try:
        Recipe.from_json(json.dumps(file.manifest.recipe))
    except (TypeError, ValueError, CatalogError) as error:
        raise CatalogError(
            f"{file.path}: this version cannot apply its recipe ({error}); "
            "run: pip install --upgrade stellar-anomaly-catalog"
        ) from error


def _is_here(connection: sa.Connection, file: Archive, name: str) -> bool:
    """True if the ensemble is there under this name. Raises CatalogError if another is."""
    found = connection.execute(sa.select(schema.ensemble).where(schema.ensemble.c.name == name)).first()
    if found is None:
        return False
    models = arrow(connection, IDENTITY, {"ensemble_id": found.ensemble_id}).to_pylist()
    known = [(model["member"], model["seed"], model["weights_sha256"]) for model in models]
    given = sorted((model.member, model.seed, model.weights_sha256) for model in file.manifest.models)
    if (found.recipe_sha256, known) != (file.manifest.recipe_sha256, given):
        raise CatalogError(
            f"another ensemble is called {name} in this database; "
            f"run: catalog ensemble import {file.path} --name ANOTHER"
        )
    return True


def _store_weights(folder: Path, path: Path, sha256: str) -> None:
    """The weights of that SHA-256 from the file into the folder, complete or not at all.

    Also if they are there: a fresh file is not taken for one that a killed training left.
    """
    partial = folder / f".partial-{os.getpid()}"
    try:
        with partial.open("wb") as target:
            for block in weights_blocks(path, sha256):
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        partial.replace(folder / f"{sha256}.npz")
    except OSError as error:
        raise CatalogError(f"{folder} cannot be written: {error.strerror}; nothing was imported") from error
    finally:
        partial.unlink(missing_ok=True)


def _insert(connection: sa.Connection, file: Archive, name: str, weights_folder: str) -> None:
    manifest = file.manifest
    ensemble_id = next_id(connection, schema.ensemble.c.ensemble_id)
    connection.execute(
        schema.ensemble.insert().values(
            ensemble_id=ensemble_id,
            name=name,
            dataset_id=None,
            n_spectrum=manifest.n_spectrum,
            recipe=manifest.recipe,
            recipe_sha256=manifest.recipe_sha256,
            created_at=manifest.created_at,
            code_version=manifest.code_version,
            grid_id=grid_of(connection, np.array(manifest.wavelength)),
            origin=_origin(file, utc_now()),
        )
    )
    for model in manifest.models:
        model_id = next_id(connection, schema.model_version.c.model_id)
        row = {key: value for key, value in vars(model).items() if key not in ("history", "stars_sha256")}
        weights_file = str(Path(weights_folder) / f"{model.weights_sha256}.npz")
        connection.execute(
            schema.model_version.insert().values(
                **row, model_id=model_id, ensemble_id=ensemble_id, status="trained", weights_file=weights_file
            )
        )
        _append_epochs(connection, model_id, model.history)
        _append_stars(connection, model_id, file.stars[model.member])


def _origin(file: Archive, imported_at: datetime) -> dict[str, Any]:
    return {
        "file": file.path.name,
        "sha256": file.sha256,
        "imported_at": imported_at.isoformat(),
        "name": file.manifest.name,
        "dataset": asdict(file.manifest.dataset),
    }


def _append_epochs(connection: sa.Connection, model_id: int, history: list[ArchivedEpoch]) -> None:
    if history:
        columns = pa.Table.from_pylist([vars(epoch) | {"model_id": model_id} for epoch in history])
        append(connection, schema.training_epoch, columns)


def _append_stars(connection: sa.Connection, model_id: int, stars: Stars) -> None:
    mangaid = [star for role in ROLES for star in stars[role]]
    roles = [role for role in ROLES for _ in stars[role]]
    if mangaid:
        columns = {"model_id": pa.array([model_id] * len(mangaid)), "mangaid": mangaid, "role": roles}
        append(connection, schema.training_star, pa.table(columns))
