"""Datasets, ensembles, models, regions and stars by the names a user gives.

A wrong name is answered with those that exist.
"""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, TypeVar

from catalog.database.connection import Connection, arrow, scalar
from catalog.database.records import AttachedCatalog, Dataset, Ensemble, ModelVersion, Region, Scope, Scored
from catalog.errors import CatalogError

T = TypeVar("T", AttachedCatalog, Dataset, Ensemble, ModelVersion, Region)

TABLES: dict[type, str] = {
    AttachedCatalog: "external_catalog",
    Dataset: "dataset",
    Ensemble: "ensemble",
    ModelVersion: "model_version",
    Region: "cmd_region",
}

NEWEST = "ensemble_id = (SELECT max(ensemble_id) FROM ensemble)"

NEWEST_SCORED = "ensemble_id = (SELECT max(ensemble_id) FROM ensemble_rank)"

SCORED_DATASETS = """
SELECT name FROM dataset
WHERE dataset_id IN (SELECT dataset_id FROM ensemble_rank WHERE ensemble_id = $ensemble_id)
ORDER BY name
"""

DATASETS_OF_STAR = """
dataset_id IN (SELECT dataset_id FROM spectrum WHERE star_id = $star_id) ORDER BY name
"""

ALIKE = """
SELECT mangaid FROM star WHERE starts_with(mangaid, $beginning) ORDER BY mangaid LIMIT 3
"""

TRAINED = "ensemble_id = $ensemble_id AND status = 'trained' ORDER BY member"

SCORED_BY = """
model_id IN (SELECT model_id FROM score_rank WHERE dataset_id = $dataset_id) AND ensemble_id = $ensemble_id
ORDER BY member
"""


def select(connection: Connection, kind: type[T], condition: str, parameters: dict[str, Any] | None = None) -> list[T]:
    """The rows of a kind for which a condition in SQL, of our own making, holds; it may end in an ORDER BY."""
    names = ", ".join(field.name for field in fields(kind))
    rows = arrow(connection, f"SELECT {names} FROM {TABLES[kind]} WHERE {condition}", parameters).to_pylist()
    for row in rows:
        for name in ("recipe", "origin"):
            if row.get(name) is not None:
                row[name] = json.loads(row[name])
    return [kind(**row) for row in rows]


def find_dataset(connection: Connection, name: str) -> Dataset:
    """The dataset of that name. Raises CatalogError if there is none."""
    return _find(connection, Dataset, name, "dataset", "catalog ingest PATH")


def find_ensemble(connection: Connection, name: str | None, *, scored: bool = False) -> Ensemble:
    """The ensemble of that name; None: the newest, or with `scored` the newest that has scored anything.

    Raises CatalogError if there is none.
    """
    if name is not None:
        return _find(connection, Ensemble, name, "ensemble", "catalog train --dataset NAME")
    found = (select(connection, Ensemble, NEWEST_SCORED) if scored else []) or select(connection, Ensemble, NEWEST)
    if not found:
        raise CatalogError("no ensemble in this database; train one with: catalog train --dataset NAME")
    return found[0]


def find_region(connection: Connection, name: str) -> Region:
    """The region of the colour-magnitude diagram of that name. Raises CatalogError if there is none."""
    return _find(connection, Region, name, "region", "catalog region add NAME --polygon FILE")


def find_attached_catalog(connection: Connection, name: str) -> AttachedCatalog:
    """The attached catalog of that name. Raises CatalogError if there is none."""
    return _find(connection, AttachedCatalog, name, "attached catalog", "catalog attach FILE --name NAME")


def find_scored(connection: Connection, scope: Scope) -> Scored:
    """The ensemble and the dataset that a question about scores is about.

    Raises CatalogError if the ensemble has not scored the dataset, or scored several and no name is given.
    """
    ensemble = find_ensemble(connection, scope.ensemble, scored=True)
    rows = connection.execute(SCORED_DATASETS, {"ensemble_id": ensemble.ensemble_id}).fetchall()
    names = [name for (name,) in rows]
    name = scope.dataset
    if name is not None:
        found = find_dataset(connection, name)
        if name not in names:
            raise CatalogError(
                f"ensemble {ensemble.name} has not scored {name}; "
                f"run: catalog score --dataset {name} --ensemble {ensemble.name}"
            )
        return Scored(ensemble, found)
    if not names:
        raise CatalogError(f"ensemble {ensemble.name} has scored nothing yet; run: catalog score --dataset NAME")
    if len(names) > 1:
        raise CatalogError(f"ensemble {ensemble.name} has scored {', '.join(names)}; choose one with --dataset")
    return Scored(ensemble, find_dataset(connection, names[0]))


def find_star_dataset(connection: Connection, mangaid: str, name: str | None) -> Dataset:
    """The dataset of that name; None: the only one with a spectrum of the star.

    Raises CatalogError if there is none, or several and no name is given.
    """
    if name is not None:
        return find_dataset(connection, name)
    found = select(connection, Dataset, DATASETS_OF_STAR, {"star_id": require_star(connection, mangaid)})
    if not found:
        raise CatalogError(f"star {mangaid} has no spectrum in this database")
    if len(found) > 1:
        raise CatalogError(f"star {mangaid} is in {', '.join(row.name for row in found)}; choose one dataset")
    return found[0]


def require_star(connection: Connection, mangaid: str) -> int:
    """star_id of a star. Raises CatalogError, with ids that begin alike, if it is unknown."""
    found = scalar(connection, "SELECT star_id FROM star WHERE mangaid = $mangaid", {"mangaid": mangaid.strip()})
    if found is None:
        rows = connection.execute(ALIKE, {"beginning": mangaid[:4]}).fetchall()
        alike = ", ".join(name for (name,) in rows)
        hint = f"; ids that begin alike: {alike}" if alike else ""
        raise CatalogError(f"no star {mangaid} in this database{hint}")
    return int(found)


def find_models(connection: Connection, ensemble: Ensemble, names: Sequence[str] | None = None) -> list[ModelVersion]:
    """The trained models of an ensemble; None: all of them, else in the order given.

    Raises CatalogError if there is none, or none of a name.
    """
    found = select(connection, ModelVersion, TRAINED, {"ensemble_id": ensemble.ensemble_id})
    models = {model.name: model for model in found}
    if not models:
        raise CatalogError(f"no model of ensemble {ensemble.name} is trained; run its catalog train command again")
    for name in names or ():
        if name not in models:
            raise CatalogError(f"no model {name} in ensemble {ensemble.name}; there are: {', '.join(models)}")
    return [models[name] for name in dict.fromkeys(models if names is None else names)]


def scored_models(connection: Connection, scored: Scored) -> list[ModelVersion]:
    """The models of an ensemble whose scores of the dataset have ranks, by their number."""
    return select(connection, ModelVersion, SCORED_BY, scored.ids)


def _find(connection: Connection, kind: type[T], name: str, noun: str, command: str) -> T:
    found = select(connection, kind, "name = $name", {"name": name})
    if not found:
        rows = connection.execute(f"SELECT name FROM {TABLES[kind]} ORDER BY name").fetchall()
        names = ", ".join(there for (there,) in rows)
        existing = f"there are: {names}" if names else f"there is none yet; run: {command}"
        raise CatalogError(f"no {noun} {name}; {existing}")
    return found[0]
