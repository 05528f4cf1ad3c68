"""An ensemble as rows and files, with weights that are any bytes, for tests that do not score."""

import hashlib
from pathlib import Path

import duckdb

from catalog.provenance import canonical_json, sha256_of_text

RECIPE = {"name": "paper", "window": [3700.0, 10200.0], "epochs": 2, "learning_rate": 0.001, "split": [2000, 770]}
SEEDS = {1: 2**32 - 1, 2: 7}

ENSEMBLE = """
INSERT INTO ensemble
    SELECT 1, $name, dataset_id, 30, $recipe, $sha256, TIMESTAMP '2026-01-02 03:04:05.678901', '0.1', NULL, NULL
    FROM dataset WHERE name = 'small'
"""

MODEL = """
INSERT INTO model_version VALUES (
    $member, 1, $member, 'MODEL' || $member, $seed, 20, 10, 'trained', 2, 0.1 / $member, 1e-3 / $member, $file, $sha256,
    '0.1', '{"keras":"3.10.0","python":"3.11.9"}', TIMESTAMP '2026-01-02 04:00:00', TIMESTAMP '2026-01-02 05:00:00.5'
)
"""

PLANNED = """
INSERT INTO model_version (model_id, ensemble_id, member, name, seed, n_train, n_validation, status)
    VALUES (3, 1, 3, 'MODEL3', 9, 20, 10, 'planned')
"""

OF_ALL = """
INSERT INTO training_epoch
    SELECT model_id, epoch, 0.3 / (model_id + epoch), 0.7 / (model_id + epoch), 1.25
    FROM model_version, range(1, 3) AS r(epoch) WHERE status = 'trained';
INSERT INTO training_split
    SELECT model_id, spectrum_id, CASE WHEN (spectrum_id + model_id) % 3 = 0 THEN 'validation' ELSE 'train' END
    FROM model_version JOIN ensemble USING (ensemble_id) JOIN spectrum USING (dataset_id);
"""


def weights_of(member: int) -> bytes:
    return hashlib.sha512(bytes([member])).digest() * 40


def with_ensemble(database: Path, name: str = "test", *, planned: bool = True) -> Path:
    """Two trained models, and with `planned` one that is not, on the dataset `small` of a database that has none."""
    folder = database.with_suffix(".weights")
    folder.mkdir()
    recipe = canonical_json(RECIPE)
    with duckdb.connect(database) as connection:
        connection.execute(ENSEMBLE, {"name": name, "recipe": recipe, "sha256": sha256_of_text(recipe)})
        for member, seed in SEEDS.items():
            sha256 = hashlib.sha256(weights_of(member)).hexdigest()
            (folder / f"{sha256}.npz").write_bytes(weights_of(member))
            values = {"member": member, "seed": seed, "file": f"{folder.name}/{sha256}.npz", "sha256": sha256}
            connection.execute(MODEL, values)
        if planned:
            connection.execute(PLANNED)
        connection.execute(OF_ALL)
    return database
