"""An ensemble, trained member by member or, on a GPU, ten together; registered as they are done."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from catalog.autoencoder.checkpoint import Checkpoint
from catalog.autoencoder.features import Features
from catalog.autoencoder.model import Model
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.training import Alone, EpochLosses, Together, train_together
from catalog.autoencoder.weights import save_weights
from catalog.database.connection import Connection, Database, append, arrow
from catalog.database.names import select
from catalog.database.records import ModelVersion
from catalog.ensembles.planning import Member, Plan, members_of, plan_ensemble, planned_spectra
from catalog.errors import CatalogError
from catalog.provenance import canonical_json, sha256_of_text, utc_now
from catalog.spectra.blocks import Window, usable_blocks, wavelength, window
from catalog.version import code_version

MOST_STACKED = 10
"""Members trained together at most: ten of the paper's take 2.5 GB of a GPU, with their optimizers."""

PATIENCE = 600
"""Seconds to wait for somebody who is reading, before a trained model is given up."""


ROLES_OF_SPECTRA = """
SELECT role FROM training_split WHERE model_id = $model_id ORDER BY spectrum_id
"""

REGISTER_RESULT = """
UPDATE model_version
SET
    status = $status,
    epochs = $epochs,
    train_loss = $train_loss,
    validation_loss = $validation_loss,
    weights_file = $weights_file,
    weights_sha256 = $weights_sha256,
    code_version = $code_version,
    versions = $versions,
    started_at = $started_at,
    finished_at = $finished_at
WHERE model_id = $model_id
"""


@dataclass(frozen=True)
class TrainingResult:
    """What a training left behind.

    Attributes
    ----------
    ensemble : str
        Its name.
    n_spectrum : int
        Spectra that each model splits.
    n_trained : int
        Models trained now.
    n_model : int
        Models of the ensemble.
    diverged : tuple of str
        Names of the models whose loss became NaN or infinite, now or earlier.
    """

    ensemble: str
    n_spectrum: int
    n_trained: int
    n_model: int
    diverged: tuple[str, ...] = ()


OnEpoch = Callable[[Plan, Member, EpochLosses], None]
"""Called after every epoch of a member."""


def train_ensemble(
    database: Database,
    dataset: str,
    recipe: Recipe,
    n_model: int,
    name: str | None = None,
    on_plan: Callable[[Plan], None] = lambda plan: None,
    on_epoch: OnEpoch = lambda plan, member, epoch: None,
) -> TrainingResult:
    """Train an ensemble, or what an interrupted run left untrained.

    Notes
    -----
    The splits and seeds are written first, in one transaction; then each finished model in one of its own, its
    weights in a file beside the database. A checkpoint in the same folder says how far the current training is. The
    file is not locked while a model trains. A model that diverges is registered as such, and the next one trained.
    Where the backend has a GPU, models are trained as a `Stack`, and those of a stack are registered together.
    """
    plan = plan_ensemble(database, dataset, recipe, n_model, name)
    on_plan(plan)
    if plan.untrained:
        _train_untrained(database, plan, on_epoch)
    return TrainingResult(plan.name, plan.n_spectrum, len(plan.untrained), plan.n_model, _diverged(database, plan))


def _train_untrained(database: Database, plan: Plan, on_epoch: OnEpoch) -> None:
    recipe = plan.recipe
    folder = database.make_weights_folder()
    splits, pixels = _splits(database, plan)
    n_pixel = len(pixels.wavelength)
    with Features(folder, plan.n_spectrum, n_pixel, len(recipe.photometry)) as features:
        digest = _read(database, plan, pixels, features)
        models: Together | None = None
        sizes = [int(split.sum()) for split in splits]
        for group in groups(sizes, recipe.batch_size, _most_together(recipe)):
            members, in_training = [plan.untrained[index] for index in group], [splits[index] for index in group]
            # Members that follow each other share what was compiled.
            if models is None or len(models) != len(group):
                models = _models(recipe, n_pixel, len(group))
            started = utc_now()
            checkpoint = _checkpoint(folder, models, members, in_training, digest)
            histories = train_together(
                models,
                features,
                in_training,
                [member.seed for member in members],
                lambda index, epoch, members=members: on_epoch(plan, members[index], epoch),  # type: ignore[misc]
                checkpoint,
            )
            _register(database, members, models, histories, started)
            checkpoint.remove()


def groups(n_train: list[int], batch_size: int, most: int) -> list[list[int]]:
    """Indices of the members that are trained together, at most `most`, in the order of their first ones.

    They make as many steps in an epoch: Adam would move a member that has no batch any more.

    Parameters
    ----------
    n_train : list of int
        Sizes of their training splits.
    batch_size : int
        Spectra in a step.
    most : int
        Members in a group.

    Examples
    --------
    >>> groups([2000, 2030, 1999, 2001], 32, most=10)
    [[0, 2, 3], [1]]
    """
    of_steps: dict[int, list[int]] = {}
    for index, n in enumerate(n_train):
        of_steps.setdefault(math.ceil(n / batch_size), []).append(index)
    return sorted(
        members[start : start + most] for members in of_steps.values() for start in range(0, len(members), most)
    )


def _most_together(recipe: Recipe) -> int:
    """On a CPU a stack would take ten times the memory and no less time."""
    if not recipe.layers:
        return 1
    from catalog.autoencoder.backend import has_gpu  # loads TensorFlow

    return MOST_STACKED if has_gpu() else 1


def _models(recipe: Recipe, n_pixel: int, n_model: int) -> Together:
    if n_model == 1:
        return Alone(Model(recipe, n_pixel))
    from catalog.autoencoder.stack import Stack  # loads TensorFlow

    return Stack(recipe, n_pixel, n_model)


def _diverged(database: Database, plan: Plan) -> tuple[str, ...]:
    """Names of the models that have; raises CatalogError if that is all of them."""
    with database.read() as connection:
        models = members_of(connection, plan.ensemble_id)
    diverged = tuple(model.name for model in models if model.status == "diverged")
    if len(diverged) == len(models):
        raise CatalogError(
            f"the loss of every model of ensemble {plan.name} became NaN; lower learning_rate in the recipe"
        )
    return diverged


def _checkpoint(
    folder: Path, models: Together, members: list[Member], in_training: list[np.ndarray], features_sha256: str
) -> Checkpoint:
    course = {
        "recipe": models.recipe.sha256,
        "seeds": [member.seed for member in members],
        "splits": [hashlib.sha256(split.tobytes()).hexdigest() for split in in_training],
        "features": features_sha256,
        "versions": models.versions(),
    }
    return Checkpoint(folder, sha256_of_text(canonical_json(course)))


def _read(database: Database, plan: Plan, pixels: Window, features: Features) -> str:
    """Fill in f = ln F (n, n_pixel) of the spectra that the ensemble splits, in the order of their ids.

    Returns a digest of ids and values.
    """
    digest = hashlib.sha256()
    found = 0
    with database.read() as connection:
        planned = planned_spectra(connection, plan.ensemble_id)
        digest.update(planned.tobytes())
        photometry = plan.recipe.photometry
        for block in usable_blocks(connection, plan.dataset_id, pixels, flux_only=True, photometry=photometry):
            in_plan = np.isin(block.spectrum_id, planned)
            if in_plan.any():
                values = log_flux(block.flux[in_plan])
                rows = np.searchsorted(planned, block.spectrum_id[in_plan])
                features.put(rows, values)
                features.photometry[rows] = block.photometry[in_plan]
                digest.update(values.data)
                found += len(values)
    if found != len(planned):
        raise CatalogError(
            f"{len(planned) - found} spectra of ensemble {plan.name} are gone; train under another --name"
        )
    digest.update(features.photometry.data)
    return digest.hexdigest()


def _splits(database: Database, plan: Plan) -> tuple[list[np.ndarray], Window]:
    """Which of the spectra each member trains on, (n,) bool each, and the window they are taken from."""
    splits = []
    with database.read() as connection:
        pixels = window(wavelength(connection, plan.dataset_id), plan.recipe.window)
        for member in plan.untrained:
            roles = arrow(connection, ROLES_OF_SPECTRA, {"model_id": member.model_id})["role"].to_pylist()
            splits.append(np.array([role == "train" for role in roles]))
    return splits, pixels


def _register(
    database: Database, members: list[Member], models: Together, histories: list[list[EpochLosses]], started: datetime
) -> None:
    """Weights to their files, then the models' rows and their epochs in one transaction."""
    results = [_result(database, models, index, history) for index, history in enumerate(histories)]
    elsewhere = []
    with database.write(patience=PATIENCE) as connection:
        for member, result, history in zip(members, results, histories, strict=True):
            found = select(connection, ModelVersion, "model_id = $model_id", {"model_id": member.model_id})
            # An ensemble made after a removal may have the same ids, but not the same seeds.
            if not found or found[0].seed != member.seed:
                raise CatalogError(
                    f"the ensemble of MODEL{member.number} was removed meanwhile; its result is given up"
                )
            if found[0].status != "planned":
                elsewhere.append(f"MODEL{member.number}")
                continue
            row = result | {
                "model_id": member.model_id,
                "epochs": len(history),
                "code_version": code_version(),
                "versions": canonical_json(models.versions()),
                "started_at": started,
                "finished_at": utc_now(),
            }
            connection.execute(REGISTER_RESULT, row)
            _append_epochs(connection, member, history)
    if elsewhere:
        raise CatalogError(f"another process trained {', '.join(elsewhere)} meanwhile; what it found is kept")


def _result(database: Database, models: Together, index: int, history: list[EpochLosses]) -> dict[str, object]:
    """What a model's row says of its training; writes its weights."""
    if history[-1].diverged:
        unknown = ("train_loss", "validation_loss", "weights_file", "weights_sha256")
        return {"status": "diverged"} | dict.fromkeys(unknown)
    weights_file, weights_sha256 = save_weights(database.make_weights_folder(), models.get_weights(index))
    return {
        "status": "trained",
        "train_loss": history[-1].train_loss,
        "validation_loss": history[-1].validation_loss,
        # Relative to the database, so that both can be moved together.
        "weights_file": str(weights_file.relative_to(database.path.parent)),
        "weights_sha256": weights_sha256,
    }


def _append_epochs(connection: Connection, member: Member, history: list[EpochLosses]) -> None:
    # The epoch in which a model diverged has no loss.
    finite = [epoch for epoch in history if not epoch.diverged]
    columns = {
        "model_id": pa.array([member.model_id] * len(finite), pa.int64()),
        "epoch": pa.array([epoch.number for epoch in finite], pa.int32()),
        "train_loss": pa.array([epoch.train_loss for epoch in finite]),
        "validation_loss": pa.array([epoch.validation_loss for epoch in finite]),
        "seconds": pa.array([epoch.seconds for epoch in finite], pa.float32()),
    }
    append(connection, "training_epoch", pa.table(columns))
