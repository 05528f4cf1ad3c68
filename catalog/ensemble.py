"""An ensemble, trained member by member, each registered when it is done."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from catalog import __version__
from catalog.autoencoder.checkpoint import Checkpoint
from catalog.autoencoder.features import Features
from catalog.autoencoder.model import Model
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.training import Epoch, train
from catalog.autoencoder.weights import make_weights_folder, save_weights
from catalog.database import schema
from catalog.database.connection import Database, append
from catalog.errors import CatalogError
from catalog.planning import Member, Plan, plan_ensemble, planned_spectra
from catalog.provenance import canonical_json, sha256_of_text, utc_now
from catalog.spectra import Window, usable_blocks, wavelength, window

PATIENCE = 600
"""Seconds to wait for somebody who is reading, before a trained model is given up."""


@dataclass(frozen=True)
class Trained:
    """What a training left behind.

    n_trained : models trained now; n_model : models of the ensemble
    diverged : names of the models whose loss was no number any more, now or earlier
    """

    ensemble: str
    n_spectrum: int
    n_trained: int
    n_model: int
    diverged: tuple[str, ...] = ()


Progress = Callable[[Plan, Member, Epoch], None]
"""Called after every epoch of a member."""


def train_ensemble(
    database: Database,
    dataset: str,
    recipe: Recipe,
    n_model: int,
    name: str | None = None,
    on_plan: Callable[[Plan], None] = lambda plan: None,
    on_epoch: Progress = lambda plan, member, epoch: None,
) -> Trained:
    """Train an ensemble, or what an interrupted run left untrained.

    The splits and seeds are written first, in one transaction; then each finished model in one of its own, its
    weights in a file beside the database. A checkpoint in the same folder says how far the model under way is. The
    file is not locked while a model trains. A model that diverges is registered as such, and the next one trained.
    Raises CatalogError if the dataset is unknown or has too few usable spectra, if the name stands for another recipe
    or dataset, or if every model has diverged.
    """
    plan = plan_ensemble(database, dataset, recipe, n_model, name)
    on_plan(plan)
    if plan.members:
        folder = make_weights_folder(database.path)
        splits, pixels = _splits(database, plan)
        with Features(folder, plan.n_spectrum, len(pixels.wavelength), len(recipe.photometry)) as features:
            digest = _read(database, plan, pixels, features)
            model = Model(recipe, len(pixels.wavelength))
            for member, in_training in zip(plan.members, splits, strict=True):
                started = utc_now()
                checkpoint = _checkpoint(folder, model, member, in_training, digest)
                history = train(
                    model,
                    features,
                    in_training,
                    member.seed,
                    lambda epoch, member=member: on_epoch(plan, member, epoch),  # type: ignore[misc]
                    checkpoint,
                )
                _register(database, member, model, history, started)
                checkpoint.remove()
    return Trained(plan.name, plan.n_spectrum, len(plan.members), plan.n_model, _diverged(database, plan))


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
    folder: Path, model: Model, member: Member, in_training: np.ndarray, features_sha256: str
) -> Checkpoint:
    course = {
        "recipe": model.recipe.sha256,
        "seed": member.seed,
        "split": hashlib.sha256(in_training.tobytes()).hexdigest(),
        "features": features_sha256,
        "versions": model.versions(),
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
        for member in plan.members:
            rows = connection.execute(
                sa.select(split.role).where(split.model_id == member.model_id).order_by(split.spectrum_id)
            ).scalars()
            chosen.append(np.array([role == "train" for role in rows]))
    return chosen, pixels


def _register(database: Database, member: Member, trained: Model, history: list[Epoch], started: datetime) -> None:
    """Weights to their file, then the model's row and its epochs in one transaction."""
    diverged = history[-1].diverged
    values: dict[str, object] = {"status": "diverged"}
    if not diverged:
        weights_file, weights_sha256 = save_weights(database.path, trained.get_weights())
        values = {
            "status": "trained",
            "train_loss": history[-1].train_loss,
            "validation_loss": history[-1].validation_loss,
            "weights_file": weights_file,
            "weights_sha256": weights_sha256,
        }
    model = schema.model_version
    with database.write(patience=PATIENCE) as connection:
        planned = connection.execute(sa.select(model).where(model.c.model_id == member.model_id)).first()
        # An ensemble made after a removal may have the same ids, but not the same seeds.
        if planned is None or planned.seed != member.seed:
            raise CatalogError(f"the ensemble of MODEL{member.number} was removed meanwhile; its result is given up")
        if planned.status != "planned":
            raise CatalogError(f"MODEL{member.number} was trained by another process meanwhile; its result is kept")
        connection.execute(
            model.update()
            .where(model.c.model_id == member.model_id)
            .values(
                epochs=len(history),
                code_version=__version__,
                versions=trained.versions(),
                started_at=started,
                finished_at=utc_now(),
                **values,
            )
        )
        # What is no number any more is no loss either.
        finite = history[:-1] if diverged else history
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
