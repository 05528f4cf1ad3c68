"""An ensemble: planned as rows, trained member by member, each registered when it is done."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from catalog import __version__
from catalog.autoencoder.backend import keras
from catalog.autoencoder.network import Autoencoder
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.training import Epoch, train
from catalog.autoencoder.weights import make_weights_folder, save_weights
from catalog.database import schema
from catalog.database.connection import Database, append, arrow, next_id
from catalog.database.names import find_dataset
from catalog.errors import CatalogError
from catalog.provenance import utc_now, versions_of
from catalog.spectra import usable_blocks, wavelength, window

FEWEST_SPECTRA = 10
SPLIT_STREAM = 0
PATIENCE = 600
"""Seconds to wait for somebody who is reading, before a trained model is given up."""


@dataclass(frozen=True)
class Member:
    """A model still to be trained."""

    model_id: int
    number: int
    seed: int


@dataclass(frozen=True)
class Trained:
    """What a training left behind.

    n_trained : models trained now; n_model : models of the ensemble
    """

    ensemble: str
    n_spectrum: int
    n_trained: int
    n_model: int


@dataclass(frozen=True)
class Plan:
    """An ensemble with its splits chosen, and the members without weights."""

    ensemble_id: int
    name: str
    dataset_id: int
    recipe: Recipe
    n_model: int
    n_spectrum: int
    members: list[Member]


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
    weights in a file beside the database. The file is not locked while a model trains.
    Raises CatalogError if the dataset is unknown or has too few usable spectra, or if the name stands for
    another recipe or dataset.
    """
    plan = plan_ensemble(database, dataset, recipe, n_model, name)
    on_plan(plan)
    if plan.members:
        make_weights_folder(database.path)
        spectrum_id, features = _features(database, plan)
        splits = _splits(database, plan, spectrum_id)
        network = Autoencoder(recipe, features.shape[1])
        for member, in_training in zip(plan.members, splits, strict=True):
            started = utc_now()
            history = train(
                network,
                features,
                in_training,
                recipe,
                member.seed,
                lambda epoch, member=member: on_epoch(plan, member, epoch),  # type: ignore[misc]
            )
            _register(database, member, network, history, started)
    return Trained(plan.name, plan.n_spectrum, len(plan.members), plan.n_model)


def plan_ensemble(database: Database, dataset: str, recipe: Recipe, n_model: int, name: str | None = None) -> Plan:
    """Find or make the ensemble and its members up to `n_model`, each with its seed and random split.

    Writes in one transaction. Raises CatalogError as `train_ensemble`.
    """
    if n_model < 1:
        raise CatalogError(f"{n_model} models: give at least 1")
    if recipe.latent != schema.N_LATENT:
        raise CatalogError(f"latent {recipe.latent}: a catalog holds latent vectors of {schema.N_LATENT} numbers")
    name = name or _default_name(recipe, dataset)
    with database.write() as connection:
        row = find_dataset(connection, dataset)
        ensemble = connection.execute(sa.select(schema.ensemble).where(schema.ensemble.c.name == name)).first()
        if ensemble is None:
            spectrum_id = _usable(connection, row.dataset_id, recipe)
            if len(spectrum_id) < FEWEST_SPECTRA:
                raise CatalogError(
                    f"dataset {dataset} has {len(spectrum_id)} spectra usable {_window_text(recipe)}, "
                    "too few to train on; give a narrower --window LO HI"
                )
            ensemble_id = next_id(connection, schema.ensemble.c.ensemble_id)
            connection.execute(
                schema.ensemble.insert().values(
                    ensemble_id=ensemble_id,
                    name=name,
                    dataset_id=row.dataset_id,
                    n_spectrum=len(spectrum_id),
                    recipe=asdict(recipe),
                    recipe_sha256=recipe.sha256,
                    created_at=utc_now(),
                    code_version=__version__,
                )
            )
        else:
            if ensemble.recipe_sha256 != recipe.sha256 or ensemble.dataset_id != row.dataset_id:
                raise CatalogError(
                    f"ensemble {name} was made with another recipe, seed or dataset; choose another --name"
                )
            ensemble_id = ensemble.ensemble_id
            spectrum_id = _planned_spectra(connection, ensemble_id)
        existing = connection.execute(_members(ensemble_id)).all()
        for number in range(len(existing) + 1, n_model + 1):
            _plan_member(connection, ensemble_id, number, recipe, spectrum_id)
        members = connection.execute(_members(ensemble_id)).all()
    waiting = [
        Member(member.model_id, member.member, member.seed)
        for member in members
        if member.status == "planned" and member.member <= n_model
    ]
    return Plan(ensemble_id, name, row.dataset_id, recipe, len(members), len(spectrum_id), waiting)


def _default_name(recipe: Recipe, dataset: str) -> str:
    changed = recipe != Recipe()
    return f"{recipe.name}-{dataset}" + (f"-{recipe.sha256[:6]}" if changed else "")


def _window_text(recipe: Recipe) -> str:
    return f"from {recipe.window[0]:g} to {recipe.window[1]:g} Å" if recipe.window else "over the full range"


def _members(ensemble_id: int) -> sa.Select:
    model = schema.model_version
    return sa.select(model).where(model.c.ensemble_id == ensemble_id).order_by(model.c.member)


def _usable(connection: sa.Connection, dataset_id: int, recipe: Recipe) -> np.ndarray:
    """Ids of the spectra usable in the recipe's window, ascending."""
    pixels = window(wavelength(connection, dataset_id), recipe.window)
    found = [block.spectrum_id for block in usable_blocks(connection, dataset_id, pixels, flux_only=True)]
    return np.sort(np.concatenate([np.empty(0, np.int64), *found]))


def _planned_spectra(connection: sa.Connection, ensemble_id: int) -> np.ndarray:
    """Ids of the spectra that the members of an ensemble split among themselves, ascending."""
    split, model = schema.training_split.c, schema.model_version.c
    rows = connection.execute(
        sa.select(split.spectrum_id)
        .join(schema.model_version, model.model_id == split.model_id)
        .where(model.ensemble_id == ensemble_id, model.member == 1)
        .order_by(split.spectrum_id)
    ).scalars()
    return np.fromiter(rows, np.int64)


def _plan_member(
    connection: sa.Connection, ensemble_id: int, number: int, recipe: Recipe, spectrum_id: np.ndarray
) -> None:
    seed = int(np.random.SeedSequence([recipe.seed, number]).generate_state(1)[0])
    chosen = _random_split(connection, spectrum_id, recipe, seed)
    n_train = int(chosen.sum())
    model_id = next_id(connection, schema.model_version.c.model_id)
    connection.execute(
        schema.model_version.insert().values(
            model_id=model_id,
            ensemble_id=ensemble_id,
            member=number,
            name=f"MODEL{number}",
            seed=seed,
            n_train=n_train,
            n_validation=len(spectrum_id) - n_train,
            status="planned",
        )
    )
    append(
        connection,
        schema.training_split,
        pa.table(
            {
                "model_id": pa.array(np.full(len(spectrum_id), model_id)),
                "spectrum_id": pa.array(spectrum_id),
                "role": pa.array(np.where(chosen, "train", "validation")),
            }
        ),
    )


def _random_split(connection: sa.Connection, spectrum_id: np.ndarray, recipe: Recipe, seed: int) -> np.ndarray:
    """(n,) bool, the training split: whole stars in random order until the recipe's share of the spectra is reached."""
    known = arrow(connection, "SELECT spectrum_id, star_id FROM spectrum ORDER BY spectrum_id")
    row = np.searchsorted(known["spectrum_id"].to_numpy(), spectrum_id)
    _, star, n_of_star = np.unique(known["star_id"].to_numpy()[row], return_inverse=True, return_counts=True)
    order = np.random.default_rng([seed, SPLIT_STREAM]).permutation(len(n_of_star))
    in_training = np.zeros(len(n_of_star), bool)
    in_training[order[np.cumsum(n_of_star[order]) <= recipe.n_train(len(spectrum_id))]] = True
    chosen: np.ndarray = in_training[star]
    if not 0 < chosen.sum() < len(chosen):
        raise CatalogError(
            f"split {recipe.split[0]} : {recipe.split[1]} of {len(chosen)} spectra leaves one side empty"
        )
    return chosen


def _features(database: Database, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Ids (n,) ascending and f = ln F (n, n_pixel) of the spectra that the ensemble splits."""
    with database.read() as connection:
        planned = _planned_spectra(connection, plan.ensemble_id)
        pixels = window(wavelength(connection, plan.dataset_id), plan.recipe.window)
        features = np.empty((len(planned), len(pixels.wavelength)), np.float32)
        found = 0
        for block in usable_blocks(connection, plan.dataset_id, pixels, flux_only=True):
            wanted = np.isin(block.spectrum_id, planned)
            features[np.searchsorted(planned, block.spectrum_id[wanted])] = log_flux(block.flux[wanted])
            found += int(wanted.sum())
    if found != len(planned):
        raise CatalogError(
            f"{len(planned) - found} spectra of ensemble {plan.name} are gone; train under another --name"
        )
    return planned, features


def _splits(database: Database, plan: Plan, spectrum_id: np.ndarray) -> list[np.ndarray]:
    """Which of the spectra each member trains on, (n,) bool each."""
    split = schema.training_split.c
    chosen = []
    with database.read() as connection:
        for member in plan.members:
            rows = connection.execute(
                sa.select(split.spectrum_id).where(split.model_id == member.model_id, split.role == "train")
            ).scalars()
            chosen.append(np.isin(spectrum_id, np.fromiter(rows, np.int64)))
    return chosen


def _register(
    database: Database, member: Member, network: Autoencoder, history: list[Epoch], started: datetime
) -> None:
    """Weights to their file, then the model's row and its epochs in one transaction."""
    weights_file, weights_sha256 = save_weights(database.path, network.get_weights())
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
                status="trained",
                epochs=len(history),
                train_loss=history[-1].train_loss,
                validation_loss=history[-1].validation_loss,
                weights_file=weights_file,
                weights_sha256=weights_sha256,
                code_version=__version__,
                versions=versions_of("numpy", "keras", keras.backend.backend()),
                started_at=started,
                finished_at=utc_now(),
            )
        )
        append(
            connection,
            schema.training_epoch,
            pa.table(
                {
                    "model_id": pa.array([member.model_id] * len(history), pa.int64()),
                    "epoch": pa.array([epoch.number for epoch in history], pa.int32()),
                    "train_loss": pa.array([epoch.train_loss for epoch in history]),
                    "validation_loss": pa.array([epoch.validation_loss for epoch in history]),
                    "seconds": pa.array([epoch.seconds for epoch in history], pa.float32()),
                }
            ),
        )
