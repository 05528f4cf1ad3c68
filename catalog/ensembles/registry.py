"""The ensembles of a database: a list of them, everything about one, its losses, its recipe."""

import json
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from catalog.autoencoder.recipe import Recipe
from catalog.database.connection import Connection, Database, arrow
from catalog.database.listing import listing
from catalog.database.names import find_ensemble
from catalog.database.records import Ensemble
from catalog.ensembles.manifest import SourceFile, TrainingData
from catalog.errors import CatalogError
from catalog.provenance import canonical_json

LOSSES_BY_EPOCH = """
SELECT model.name AS model, model.member, epoch.epoch, epoch.train_loss, epoch.validation_loss, epoch.seconds
FROM training_epoch AS epoch
JOIN model_version AS model ON model.model_id = epoch.model_id
WHERE model.ensemble_id = $ensemble_id
ORDER BY model.member, epoch.epoch
"""

ALL_ENSEMBLES = """
SELECT
    ensemble.name AS ensemble,
    ensemble.recipe ->> '$.name' AS recipe_name,
    coalesce(dataset.name, ensemble.origin ->> '$.dataset.name') AS trained_on,
    ensemble.origin ->> '$.file' AS imported_from,
    (ensemble.recipe ->> '$.window[0]')::DOUBLE AS window_lo,
    (ensemble.recipe ->> '$.window[1]')::DOUBLE AS window_hi,
    count(*) FILTER (model.status = 'trained') AS n_trained,
    count(model.model_id) AS n_model,
    ensemble.n_spectrum,
    median(model.validation_loss) FILTER (model.status = 'trained') AS median_validation_loss,
    any_value(scored.datasets) AS scored,
    date_trunc('second', ensemble.created_at) AS created_at
FROM ensemble
LEFT JOIN dataset ON dataset.dataset_id = ensemble.dataset_id
LEFT JOIN model_version AS model ON model.ensemble_id = ensemble.ensemble_id
LEFT JOIN (
    SELECT model.ensemble_id, string_agg(DISTINCT dataset.name, ', ' ORDER BY dataset.name) AS datasets
    FROM reconstruction_error AS scored
    JOIN model_version AS model ON model.model_id = scored.model_id
    JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
    JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
    GROUP BY model.ensemble_id
) AS scored ON scored.ensemble_id = ensemble.ensemble_id
GROUP BY ALL
ORDER BY any_value(ensemble.ensemble_id)
"""

MODELS_OF_ENSEMBLE = """
SELECT
    model.member,
    model.name,
    model.status,
    model.seed,
    model.n_train,
    model.n_validation,
    model.epochs,
    model.train_loss,
    model.validation_loss,
    (SELECT sum(epoch.seconds) FROM training_epoch AS epoch WHERE epoch.model_id = model.model_id) AS seconds,
    model.weights_file,
    model.weights_sha256,
    model.code_version,
    model.versions,
    model.started_at,
    model.finished_at
FROM model_version AS model
WHERE model.ensemble_id = $ensemble_id
ORDER BY model.member
"""

SCORED_DATASETS = """
SELECT
    dataset.name AS dataset,
    count(DISTINCT scored.model_id) AS n_model,
    count(DISTINCT scored.spectrum_id) AS n_spectrum,
    count(*) AS n_score
FROM reconstruction_error AS scored
JOIN model_version AS model ON model.model_id = scored.model_id
JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
WHERE model.ensemble_id = $ensemble_id
GROUP BY dataset.name
ORDER BY dataset.name
"""

TRAINING_DATASET = """
SELECT name, survey, release, product, lsf_percentile FROM dataset WHERE dataset_id = $dataset_id
"""

# Those of the spectra that were split, not of others that the dataset was given since.
TRAINING_SOURCE_FILES = """
SELECT DISTINCT source_file.name, source_file.size, source_file.sha256
FROM model_version AS model
JOIN training_split AS split ON split.model_id = model.model_id
JOIN spectrum ON spectrum.spectrum_id = split.spectrum_id
JOIN source_file ON source_file.source_file_id = spectrum.source_file_id
WHERE model.ensemble_id = $ensemble_id
ORDER BY ALL
"""


def ensembles(database: Database) -> pa.Table:
    """One row per ensemble, in the order they came; one without a window works on the full range."""
    with database.read() as connection:
        return listing(arrow(connection, ALL_ENSEMBLES), units={"window_lo": "Angstrom", "window_hi": "Angstrom"})


def describe_ensemble(database: Database, name: str) -> dict[str, Any]:
    """Everything about an ensemble: recipe, the data it was trained on, its models, and what they scored."""
    with database.read() as connection:
        ensemble = find_ensemble(connection, name)
        parameters = {"ensemble_id": ensemble.ensemble_id}
        models = arrow(connection, MODELS_OF_ENSEMBLE, parameters).to_pylist()
        scored = arrow(connection, SCORED_DATASETS, parameters).to_pylist()
        dataset = asdict(trained_on(connection, ensemble))
    for model in models:
        model["versions"] = json.loads(model["versions"] or "null")
    origin = ensemble.origin and {key: value for key, value in ensemble.origin.items() if key != "dataset"}
    return {
        "name": ensemble.name,
        "created_at": ensemble.created_at,
        "code_version": ensemble.code_version,
        "origin": origin,
        "recipe": ensemble.recipe,
        "recipe_sha256": ensemble.recipe_sha256,
        "dataset": dataset,
        "n_spectrum": ensemble.n_spectrum,
        "models": models,
        "scored": scored,
    }


def losses(database: Database, ensemble: str | None = None) -> pa.Table:
    """Losses of an ensemble's models, epoch by epoch, None: the newest. Raises CatalogError if no model has any."""
    with database.read() as connection:
        row = find_ensemble(connection, ensemble)
        rows = arrow(connection, LOSSES_BY_EPOCH, {"ensemble_id": row.ensemble_id})
    if not len(rows):
        raise CatalogError(f"no model of ensemble {row.name} is trained; run its catalog train command again")
    return listing(rows, {"ensemble": row.name})


def recipe_of(ensemble: Ensemble) -> Recipe:
    """The recipe of an ensemble; what an older version did not name has its default."""
    return Recipe.from_json(canonical_json(ensemble.recipe))


def trained_on(connection: Connection, ensemble: Ensemble) -> TrainingData:
    """The dataset that an ensemble was trained on, here or elsewhere, and the files its spectra came from."""
    if ensemble.origin is not None:
        dataset = ensemble.origin["dataset"]
        source_files = dataset["source_files"]
    else:
        (dataset,) = arrow(connection, TRAINING_DATASET, {"dataset_id": ensemble.dataset_id}).to_pylist()
        parameters = {"ensemble_id": ensemble.ensemble_id}
        source_files = arrow(connection, TRAINING_SOURCE_FILES, parameters).to_pylist()
    return TrainingData(**(dataset | {"source_files": [SourceFile(**source_file) for source_file in source_files]}))
