"""An ensemble, trained member by member or, on a GPU, ten together; registered as they are done."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from catalog.autoencoder.checkpoint import Checkpoint
from catalog.autoencoder.features import Features
from catalog.autoencoder.model import Model
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.training import Alone, EpochLosses, Together, train_together
from catalog.autoencoder.weights import make_weights_folder, save_weights
from catalog.database import schema
from catalog.database.connection import Database, append
from catalog.ensembles.planning import Member, Plan, plan_ensemble, planned_spectra
from catalog.errors import CatalogError
from catalog.provenance import __version__, canonical_json, sha256_of_text, utc_now
from catalog.spectra.blocks import Window, usable_blocks, wavelength, window

MOST_STACKED = 10
"""Members trained together at most: ten of the paper's take 2.5 GB of a GPU, with their optimizers."""

PATIENCE = 600
"""Seconds to wait for somebody who is reading, before a trained model is given up."""


@dataclass(frozen=True)
class TrainingResult:
    """What a training left behind.

    n_trained : models trained now; n_model : models of the ensemble
    diverged : names of the models whose loss was no number any more, now or earlier
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

    The splits and seeds are written first, in one transaction; then each finished model in one of its own, its
    weights in a file beside the database. A checkpoint in the same folder says how far the model under way is. The
    file is not locked while a model trains. A model that diverges is registered as such, and the next one trained.
    Where the backend has a GPU, models are trained as a `Stack`, and those of a stack are registered together.
    Raises CatalogError if the dataset is unknown or has too few usable spectra, if the name stands for another recipe
    or dataset, or if every model has diverged.
    """
    plan = plan_ensemble(database, dataset, recipe, n_model, name)
    on_plan(plan)
    if plan.untrained:
        folder = make_weights_folder(database.path)
        splits, pixels = _splits(database, plan)
        with Features(folder, plan.n_spectrum, len(pixels.wavelength), len(recipe.photometry)) as features:
            digest = _read(database, plan, pixels, features)
            models: Together | None = None
            sizes = [int(split.sum()) for split in splits]
            for group in groups(sizes, recipe.batch_size, _most_together(recipe)):
                members, in_training = [plan.untrained[index] for index in group], [splits[index] for index in group]
                # Members that follow each other share what was compiled.
                if models is None or len(models) != len(group):
                    models = _models(recipe, len(pixels.wavelength), len(group))
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
    return TrainingResult(plan.name, plan.n_spectrum, len(plan.untrained), plan.n_model, _diverged(database, plan))


def groups(n_train: list[int], batch_size: int, most: int) -> list[list[int]]:
    """Indices of the members that are trained together, at most `most`, in the order of their first ones.

    n_train : sizes of their training splits
    They make as many steps in an epoch: Adam would move a member that has no batch any more.

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
    model = schema.model_version.c
    with database.read() as connection:
        found = connection.execute(
            sa.select(model.name, model.status).where(model.ensemble_id == plan.ensemble_id).order_by(model.member)
        ).all()
    diverged = tuple(row.name for row in found if row.status == "diverged")
    if len(diverged) == len(found):
        raise CatalogError(
            f"the loss of every model of ensemble {plan.name} is no number any more; lower learning_rate in the recipe"
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
            wanted = np.isin(block.spectrum_id, planned)
            if wanted.any():
                values = log_flux(block.flux[wanted])
                rows = np.searchsorted(planned, block.spectrum_id[wanted])
                features.put(rows, values)
                features.photometry[rows] = block.photometry[wanted]
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
    split = schema.training_split.c
    chosen = []
    with database.read() as connection:
        pixels = window(wavelength(connection, plan.dataset_id), plan.recipe.window)
        for member in plan.untrained:
            rows = connection.execute(
                sa.select(split.role).where(split.model_id == member.model_id).order_by(split.spectrum_id)
            ).scalars()
            chosen.append(np.array([role == "train" for role in rows]))
    return chosen, pixels


def _register(
    database: Database, members: list[Member], models: Together, histories: list[list[EpochLosses]], started: datetime
) -> None:
    """Weights to their files, then the models' rows and their epochs in one transaction."""
    results = [_result(database, models, index, history) for index, history in enumerate(histories)]
    elsewhere = []
    model = schema.model_version
    with database.write(patience=PATIENCE) as connection:
        for member, result, history in zip(members, results, histories, strict=True):
            planned = connection.execute(sa.select(model).where(model.c.model_id == member.model_id)).first()
            # An ensemble made after a removal may have the same ids, but not the same seeds.
            if planned is None or planned.seed != member.seed:
                raise CatalogError(
                    f"the ensemble of MODEL{member.number} was removed meanwhile; its result is given up"
                )
            if planned.status != "planned":
                elsewhere.append(f"MODEL{member.number}")
                continue
            connection.execute(
                model.update()
                .where(model.c.model_id == member.model_id)
                .values(
                    epochs=len(history),
                    code_version=__version__,
                    versions=models.versions(),
                    started_at=started,
                    finished_at=utc_now(),
                    **result,
                )
            )
            _append_epochs(connection, member, history)
    if elsewhere:
        raise CatalogError(f"another process trained {', '.join(elsewhere)} meanwhile; what it found is kept")


def _result(database: Database, models: Together, index: int, history: list[EpochLosses]) -> dict[str, object]:
    """What a model's row says of its training; writes its weights."""
    if history[-1].diverged:
        return {"status": "diverged"}
    weights_file, weights_sha256 = save_weights(database.path, models.get_weights(index))
    return {
        "status": "trained",
        "train_loss": history[-1].train_loss,
        "validation_loss": history[-1].validation_loss,
        "weights_file": weights_file,
        "weights_sha256": weights_sha256,
    }


def _append_epochs(connection: sa.Connection, member: Member, history: list[EpochLosses]) -> None:
    # What is no number any more is no loss either.
    finite = [epoch for epoch in history if not epoch.diverged]
    append(
        connection,
        schema.training_epoch,
        pa.table(
            {
                "model_id": pa.array([member.model_id] * len(finite), pa.int64()),
                "epoch": pa.array([epoch.number for epoch in finite], pa.int32()),
                "train_loss": pa.array([epoch.train_loss for epoch in finite]),
                "validation_loss": pa.array([epoch.validation_loss for epoch in finite]),
                "seconds": pa.array([epoch.seconds for epoch in finite], pa.float32()),
            }
        ),
    )
