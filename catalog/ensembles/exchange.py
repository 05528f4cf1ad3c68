"""Ensembles out of one database and into another, where they score other spectra."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from catalog.autoencoder.recipe import Recipe
from catalog.database.connection import Connection, Database, append, arrow, insert, next_id, scalar
from catalog.database.names import find_ensemble, select
from catalog.database.records import Ensemble
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
from catalog.files.whole import whole_file
from catalog.provenance import canonical_json, sha256_of_text, utc_now
from catalog.spectra.blocks import trained_wavelength
from catalog.spectra.datasets import grid_of

TRAINED_MODELS = """
SELECT
    model_id, member, name, seed, n_train, n_validation, epochs, train_loss, validation_loss, weights_file,
    weights_sha256, code_version, versions, started_at, finished_at
FROM model_version
WHERE ensemble_id = $ensemble_id AND status = 'trained'
ORDER BY member
"""

N_MODEL = "SELECT count(*) FROM model_version WHERE ensemble_id = $ensemble_id"

EPOCHS_OF_MODEL = """
SELECT epoch, train_loss, validation_loss, seconds FROM training_epoch WHERE model_id = $model_id ORDER BY epoch
"""

# Of an imported model, also stars that this database does not have.
STARS_OF_MODEL = """
SELECT star.mangaid, star_role.role
FROM star_role
JOIN star ON star.star_id = star_role.star_id
WHERE star_role.model_id = $model_id
UNION
SELECT mangaid, role FROM training_star WHERE model_id = $model_id
"""

N_STAR_HERE = """
SELECT count(*) FROM star WHERE mangaid IN (SELECT unnest($mangaid))
"""

IDENTITY_OF_MODELS = """
SELECT member, seed, weights_sha256
FROM model_version
WHERE ensemble_id = $ensemble_id AND status = 'trained'
ORDER BY member
"""


@dataclass(frozen=True)
class Exported:
    """What was written to a file.

    Attributes
    ----------
    ensemble : str
        Its name.
    path : Path
        The file.
    size : int
        Of the file, bytes.
    n_trained : int
        Models in the file: those of the ensemble that are trained.
    n_model : int
        Models of the ensemble.
    """

    ensemble: str
    path: Path
    size: int
    n_trained: int
    n_model: int


@dataclass(frozen=True)
class Imported:
    """What was taken from a file.

    Attributes
    ----------
    ensemble : str
        Its name here.
    n_model : int
        Models that came with it.
    trained_on : str
        Name of the dataset that they were trained on.
    n_star : int
        Stars that they were trained or validated on.
    n_star_here : int
        Those of them that this database has.
    already : bool
        The same ensemble was here under this name, and nothing was written.
    """

    ensemble: str
    n_model: int
    trained_on: str
    n_star: int
    n_star_here: int
    already: bool


def export_ensemble(database: Database, name: str, path: Path, *, force: bool = False) -> Exported:
    """Write the trained models of an ensemble, with all that is known of them, to one file, complete or not at all.

    Notes
    -----
    The same ensemble gives the same bytes. Scores and evaluations stay behind.
    """
    if path.exists() and (path.is_dir() or (database.path.exists() and path.samefile(database.path))):
        raise CatalogError(f"{path} is {'a folder' if path.is_dir() else 'the database'}; choose another file")
    if path.exists() and not force:
        raise CatalogError(f"{path} is there already; choose another file, or replace it with --force")
    with database.read() as connection:
        ensemble = find_ensemble(connection, name)
        parameters = {"ensemble_id": ensemble.ensemble_id}
        rows = arrow(connection, TRAINED_MODELS, parameters).to_pylist()
        n_model = int(scalar(connection, N_MODEL, parameters))
        if not rows:
            raise CatalogError(f"ensemble {name} has no trained model; run its catalog train command again")
        stars = {row["member"]: _stars(connection, row["model_id"]) for row in rows}
        manifest = _manifest(connection, ensemble, rows, stars)
    weights = {row["weights_sha256"]: database.path.parent / row["weights_file"] for row in rows}
    write_archive(path, manifest, stars, weights)
    return Exported(name, path, path.stat().st_size, len(rows), n_model)


def import_ensemble(database: Database, path: Path, name: str | None = None) -> Imported:
    """Register the ensemble of a file that `export_ensemble` wrote, under its name or another.

    Notes
    -----
    Everything is verified first. Then the weights are written, then all rows in one transaction: killed before its
    end, the database is as it was. The same ensemble under the same name is imported once.
    """
    file = read_archive(path)
    name = name or file.manifest.name
    _require_usable(file, name)
    with database.read() as connection:
        already = _is_here(connection, file, name)
        mangaid = sorted({star for stars in file.stars.values() for role in ROLES for star in stars[role]})
        n_star_here = int(scalar(connection, N_STAR_HERE, {"mangaid": mangaid}))
    if not already:
        folder = database.make_weights_folder()
        for sha256 in sorted({model.weights_sha256 for model in file.manifest.models}):
            _store_weights(folder, path, sha256)
        with database.write() as connection:
            already = _is_here(connection, file, name)
            if not already:
                _insert(connection, file, name, folder.name)
    trained = file.manifest.dataset.name
    return Imported(name, len(file.manifest.models), trained, len(mangaid), n_star_here, already)


def _stars(connection: Connection, model_id: int) -> Stars:
    rows = arrow(connection, STARS_OF_MODEL, {"model_id": model_id}).to_pylist()
    return {role: sorted(row["mangaid"] for row in rows if row["role"] == role) for role in ROLES}


def _manifest(
    connection: Connection, ensemble: Ensemble, rows: list[dict[str, Any]], stars: dict[int, Stars]
) -> Manifest:
    models = []
    for row in rows:
        history = arrow(connection, EPOCHS_OF_MODEL, {"model_id": row["model_id"]}).to_pylist()
        columns = {key: value for key, value in row.items() if key not in ("model_id", "weights_file")}
        columns["versions"] = json.loads(row["versions"] or "null")
        columns["history"] = [ArchivedEpoch(**epoch) for epoch in history]
        columns["stars_sha256"] = sha256_of_text(stars_text(stars[row["member"]]))
        models.append(Model(**columns))
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
        raise CatalogError(f"{name!r} is not a valid name for an ensemble; give one with --name")
    try:
        Recipe.from_json(json.dumps(file.manifest.recipe))
    except (TypeError, ValueError, CatalogError) as error:
        raise CatalogError(
            f"{file.path}: this version cannot apply its recipe ({error}); "
            "run: pip install --upgrade stellar-anomaly-catalog"
        ) from error


def _is_here(connection: Connection, file: Archive, name: str) -> bool:
    """True if the ensemble is there under this name. Raises CatalogError if another is."""
    found = select(connection, Ensemble, "name = $name", {"name": name})
    if not found:
        return False
    (ensemble,) = found
    models = arrow(connection, IDENTITY_OF_MODELS, {"ensemble_id": ensemble.ensemble_id}).to_pylist()
    known = [(model["member"], model["seed"], model["weights_sha256"]) for model in models]
    given = sorted((model.member, model.seed, model.weights_sha256) for model in file.manifest.models)
    if (ensemble.recipe_sha256, known) != (file.manifest.recipe_sha256, given):
        raise CatalogError(
            f"another ensemble is called {name} in this database; "
            f"run: catalog ensemble import {file.path} --name ANOTHER"
        )
    return True


def _store_weights(folder: Path, path: Path, sha256: str) -> None:
    """The weights of that SHA-256 from the file into the folder, complete or not at all.

    Also if they are there: a fresh file is not taken for one that a killed training left.
    """
    with whole_file(folder / f"{sha256}.npz", "nothing was imported") as file:
        for block in weights_blocks(path, sha256):
            file.write(block)


def _insert(connection: Connection, file: Archive, name: str, weights_folder: str) -> None:
    manifest = file.manifest
    ensemble_id = next_id(connection, "ensemble", "ensemble_id")
    ensemble = {
        "ensemble_id": ensemble_id,
        "name": name,
        "n_spectrum": manifest.n_spectrum,
        "recipe": canonical_json(manifest.recipe),
        "recipe_sha256": manifest.recipe_sha256,
        "created_at": manifest.created_at,
        "code_version": manifest.code_version,
        "grid_id": grid_of(connection, np.array(manifest.wavelength)),
        "origin": canonical_json(_origin(file, utc_now())),
    }
    insert(connection, "ensemble", ensemble)
    for model in manifest.models:
        model_id = next_id(connection, "model_version", "model_id")
        row = {key: value for key, value in vars(model).items() if key not in ("history", "stars_sha256", "versions")}
        row |= {
            "model_id": model_id,
            "ensemble_id": ensemble_id,
            "status": "trained",
            "versions": canonical_json(model.versions),
            "weights_file": str(Path(weights_folder) / f"{model.weights_sha256}.npz"),
        }
        insert(connection, "model_version", row)
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


def _append_epochs(connection: Connection, model_id: int, history: list[ArchivedEpoch]) -> None:
    if history:
        rows = [vars(epoch) | {"model_id": model_id} for epoch in history]
        append(connection, "training_epoch", pa.Table.from_pylist(rows))


def _append_stars(connection: Connection, model_id: int, stars: Stars) -> None:
    mangaid = [star for role in ROLES for star in stars[role]]
    roles = [role for role in ROLES for _ in stars[role]]
    if mangaid:
        columns = {"model_id": pa.array([model_id] * len(mangaid)), "mangaid": mangaid, "role": roles}
        append(connection, "training_star", pa.table(columns))
