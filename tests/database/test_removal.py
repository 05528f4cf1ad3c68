"""A dataset or an ensemble goes with all that depends on it and nothing else; killed or refused, nothing goes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from files import write_visit_parameters
from ingested_rows import contents, one

from catalog import Catalog
from catalog.database.removal import DEPENDENT
from catalog.database.schema import metadata
from catalog.errors import CatalogError
from catalog.surveys.mock.survey import MockSurvey, write_mock

# Two ensembles, one on each dataset, of two models each, that scored `large`, and an evaluation of each.
MODELS = """
INSERT INTO ensemble VALUES
    (1, 'on-small', 1, 9, '{}', 'x', TIMESTAMP '2026-01-01', '0', NULL, NULL),
    (2, 'on-large', 2, 9, '{}', 'x', TIMESTAMP '2026-01-01', '0', NULL, NULL);
INSERT INTO model_version (model_id, ensemble_id, member, name, seed, n_train, n_validation, status, weights_file)
    SELECT i, 1 + i // 3, 1, 'MODEL1', 1, 1, 1, 'trained', 'c.weights/' || repeat(i::VARCHAR, 64) || '.npz'
    FROM range(1, 5) AS r(i);
INSERT INTO training_epoch SELECT model_id, 1, 1, 1, 1 FROM model_version;
INSERT INTO training_split
    SELECT model_id, spectrum_id, 'train' FROM model_version
    JOIN ensemble USING (ensemble_id) JOIN spectrum USING (dataset_id);
INSERT INTO reconstruction_error
    SELECT model_id, spectrum_id, 1, NULL FROM model_version, spectrum WHERE dataset_id = 2;
INSERT INTO latent_vector
    SELECT model_id, spectrum_id, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] FROM reconstruction_error;
INSERT INTO evaluation
    SELECT ensemble_id, ensemble_id, 2, 'truth', NULL, NULL, 1, 1, '{}', 0, 2, 9, 9, '0', '{}', TIMESTAMP '2026-01-01',
        NULL
    FROM ensemble;
INSERT INTO recovery (evaluation_id, method, members, n_odd, n_unranked, n_ordinary)
    SELECT evaluation_id, 'pca', 'all', 1, 0, 9 FROM evaluation;
INSERT INTO planted_verdict SELECT evaluation_id, 'ch-star', 1, 'carbon', 'carbon', NULL, 1 FROM evaluation;
INSERT INTO model_agreement SELECT ensemble_id, 2 * ensemble_id - 1, 2 * ensemble_id, 1, 1 FROM ensemble;
"""

HOME = {
    "dataset_id": "dataset",
    "ensemble_id": "ensemble",
    "model_id": "model_version",
    "other_model_id": "model_version",
    "spectrum_id": "spectrum",
    "neighbor_spectrum_id": "spectrum",
    "template_id": "template",
    "evaluation_id": "evaluation",
    "external_catalog_id": "external_catalog",
    "star_id": "star",
    "grid_id": "wavelength_grid",
    "source_file_id": "source_file",
}
"""Every key and the table it is the key of."""

FOREIGN = ("source_id", "simbad_main_id")
"""Numbers and names that others gave."""


def dangling(database: Path) -> list[tuple[str, str]]:
    """Keys that name a row which is not there."""
    with duckdb.connect(database, read_only=True) as connection:
        return [
            (table.name, key)
            for table in metadata.sorted_tables
            for key in [column.name for column in table.columns]
            if key.endswith("_id") and table.name != HOME.get(key) and key not in FOREIGN
            if connection.execute(
                f"SELECT count(*) FROM {table.name} WHERE {key} IS NOT NULL AND {key} NOT IN "
                f"(SELECT {key.removeprefix('other_').removeprefix('neighbor_')} FROM {HOME[key]})"
            ).fetchone()
            != (0,)
        ]


def rows(database: Path, *tables: str) -> list[int]:
    return [one(database, f"SELECT count(*) FROM {table}")[0] for table in tables]


def weights(database: Path) -> set[str]:
    return {path.name[0] for path in database.with_suffix(".weights").glob("*")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_mock(folder / "files", MockSurvey(20, visits=True))
    database = folder / "c.duckdb"
    # In this order, so that `small` is dataset 1 and `large` is 2.
    Catalog(database).ingest([*sorted((folder / "files").glob("*combspec*")), folder / "files"])
    with duckdb.connect(database) as connection:
        connection.execute(MODELS)
    (folder / "c.weights").mkdir()
    for model in range(1, 5):
        (folder / "c.weights" / f"{str(model) * 64}.npz").write_bytes(b"weights")
    assert dangling(database) == []
    return database


@pytest.fixture
def database(made: Path, tmp_path: Path) -> Path:
    shutil.copy(made, tmp_path)
    shutil.copytree(made.with_suffix(".weights"), tmp_path / "c.weights")
    return tmp_path / "c.duckdb"


def test_every_table_is_thought_of() -> None:
    assert set(DEPENDENT) | {
        "wavelength_grid",
        "cmd_region",
        "external_catalog",
        "label",
        "template",
        "template_array",
    } == set(metadata.tables)


def test_a_dataset_goes_with_all_that_depends_on_it(database: Path) -> None:
    catalog = Catalog(database)
    (n_small,) = one(database, "SELECT count(*) FROM spectrum WHERE dataset_id = 1")
    gone = catalog.remove("dataset", "small")
    assert (gone.ensembles, gone.n_model, gone.n_score, gone.n_evaluation) == (("on-small",), 2, 40, 1)
    assert (gone.n_spectrum, len(gone.source_files), gone.n_star) == (n_small, 1, 0)
    assert list(catalog.status()[0]["dataset"]) == ["large", "visits"]
    assert list(catalog.status()[1]["ensemble"]) == ["on-large"]
    assert rows(database, "star", "reconstruction_error", "recovery", "model_agreement") == [20, 40, 1, 1]
    assert dangling(database) == []
    assert weights(database) == {"3", "4"}


def test_scores_of_a_dataset_go_with_it_also_those_of_ensembles_that_stay(database: Path) -> None:
    gone = Catalog(database).remove("dataset", "large")
    assert (gone.ensembles, gone.n_score, gone.n_evaluation) == (("on-large",), 80, 2)
    assert rows(database, "ensemble", "model_version", "reconstruction_error", "latent_vector") == [1, 2, 0, 0]
    assert dangling(database) == []
    assert weights(database) == {"1", "2"}


def test_an_ensemble_goes_alone(database: Path) -> None:
    before = contents(database)
    gone = Catalog(database).remove("ensemble", "on-large")
    assert (gone.ensembles, gone.n_model, gone.n_spectrum, gone.source_files) == (("on-large",), 2, 0, ())
    assert rows(database, "ensemble", "model_version", "evaluation", "recovery") == [1, 2, 1, 1]
    assert contents(database) == before
    assert dangling(database) == []
    assert weights(database) == {"1", "2"}


def test_an_imported_ensemble_depends_on_no_dataset(database: Path) -> None:
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE ensemble SET dataset_id = NULL, grid_id = 1, origin = '{}' WHERE name = 'on-small'")
        connection.execute("INSERT INTO training_star SELECT model_id, '7-1', 'train' FROM model_version")
    catalog = Catalog(database)
    for name in ("small", "large", "visits"):
        catalog.remove("dataset", name)
    assert rows(database, "ensemble", "model_version", "training_star", "wavelength_grid") == [1, 2, 2, 1]
    assert dangling(database) == []
    assert weights(database) == {"1", "2"}
    catalog.remove("ensemble", "on-small")
    assert rows(database, "ensemble", "model_version", "training_star") == [0, 0, 0]


def test_what_was_removed_can_be_loaded_again(made: Path, database: Path) -> None:
    before = contents(database)
    catalog = Catalog(database)
    for name in ("small", "large", "visits"):
        catalog.remove("dataset", name)
    assert rows(database, "spectrum", "spectrum_array", "wavelength_grid", "star") == [0, 0, 0, 20]
    assert dangling(database) == []
    catalog.ingest([made.with_name("files")])
    assert contents(database) == before


def test_stars_that_nothing_else_names_go(made: Path, tmp_path: Path) -> None:
    """Without the survey's table of stars, the spectra give them."""
    (small,) = made.with_name("files").glob("*percent60*")
    (large,) = made.with_name("files").glob("*percent90*")
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([small])
    (n_small,) = one(catalog.database.path, "SELECT count(*) FROM star")
    assert catalog.dependents("dataset", "small").n_star == n_small
    catalog.ingest([large])
    assert catalog.remove("dataset", "small").n_star == 0
    assert dangling(catalog.database.path) == []  # those that `large` names are now from its file
    assert catalog.remove("dataset", "large").n_star == 20
    left = sorted(set(metadata.tables) - {"cmd_region"})
    assert rows(catalog.database.path, *left) == [0] * len(left)


def test_stars_that_parameters_of_visits_name_stay(made: Path, tmp_path: Path) -> None:
    (small,) = made.with_name("files").glob("*percent60*")
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([small])
    (mangaid,) = one(catalog.database.path, "SELECT min(mangaid) FROM star")
    catalog.ingest([write_visit_parameters(tmp_path / "params-v2.fits", [mangaid])])
    catalog.remove("dataset", "small")
    assert rows(catalog.database.path, "star", "visit_parameter", "source_file") == [1, 5, 1]
    assert dangling(catalog.database.path) == []


def test_all_or_nothing(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = database.read_bytes()
    monkeypatch.setattr("catalog.database.removal.FORGET_GRIDS", "SELECT error('the power fails')")
    with pytest.raises(Exception, match="the power fails"):
        Catalog(database).remove("dataset", "small")
    monkeypatch.undo()
    assert database.read_bytes() == before
    assert weights(database) == {"1", "2", "3", "4"}


@pytest.mark.parametrize(
    ("before", "behind", "gone"),
    [("kill()", "pass", False), ("pass", "kill()", True)],
    ids=["before the transaction ends", "behind it"],
)
def test_a_kill_leaves_all_or_nothing(database: Path, before: str, behind: str, gone: bool) -> None:
    """Weights without rows are harmless, and go with a later removal."""
    code = f"""import os, signal
from contextlib import contextmanager
from catalog import Catalog
from catalog.database.connection import Database
write, kill = Database.write, lambda: os.kill(os.getpid(), signal.SIGKILL)
@contextmanager
def killed(database):
    with write(database) as connection:
        yield connection
        {before}
    {behind}
Database.write = killed
Catalog({str(database)!r}).remove("dataset", "small")"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert rows(database, "dataset", "ensemble", "evaluation") == ([2, 1, 1] if gone else [3, 2, 2])
    assert dangling(database) == []
    assert weights(database) == {"1", "2", "3", "4"}


def test_nothing_goes_that_nobody_agreed_to(database: Path) -> None:
    catalog = Catalog(database)
    agreed = catalog.dependents("ensemble", "on-small")
    with duckdb.connect(database) as connection:
        connection.execute("DELETE FROM reconstruction_error WHERE model_id = 1 AND spectrum_id % 2 = 0")
    with pytest.raises(CatalogError, match="has changed meanwhile; nothing was removed"):
        catalog.remove("ensemble", "on-small", agreed)
    assert rows(database, "ensemble") == [2]


def test_weights_left_by_a_killed_run_go_and_fresh_ones_stay(database: Path) -> None:
    """A training writes its weights before it registers them; only old ones are nobody's."""
    folder = database.with_suffix(".weights")
    for name in (f"{'a' * 64}.npz", f"{'b' * 64}.npz", ".partial-1", "notes.txt"):
        (folder / name).write_bytes(b"x")
    long_ago = time.time() - 7200
    for path in folder.iterdir():
        if path.name[0] != "b":
            os.utime(path, (long_ago, long_ago))
    Catalog(database).remove("ensemble", "on-small")
    assert weights(database) == {"3", "4", "b", "n"}


def test_a_killed_training_may_go_on_from_its_checkpoint_after_weeks(database: Path) -> None:
    folder = database.with_suffix(".weights")
    for number, days in enumerate((1, 20, 40)):
        for suffix in ("npz", "partial"):
            path = folder / f".training-{str(number) * 64}.{suffix}"
            path.write_bytes(b"x")
            os.utime(path, (time.time() - days * 86400,) * 2)
    Catalog(database).remove("ensemble", "on-small")
    left = {path.name[10] for path in folder.glob(".training-*")}
    assert left == {"0", "1"}


def test_weights_of_another_model_or_database_stay(database: Path) -> None:
    """The same weights are one file; and catalog.backup has its weights where catalog.duckdb has them."""
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE model_version SET weights_file = 'c.weights/' || repeat('3', 64) || '.npz'")
    Catalog(database).remove("ensemble", "on-small")
    assert "3" in weights(database)
    shutil.copy(database, database.with_suffix(".backup"))
    Catalog(database).remove("ensemble", "on-large")
    assert "3" in weights(database)


def test_a_folder_of_weights_that_is_gone_is_no_hindrance(database: Path) -> None:
    shutil.rmtree(database.with_suffix(".weights"))
    Catalog(database).remove("dataset", "small")
    assert dangling(database) == []


def test_unknown_names(database: Path) -> None:
    with pytest.raises(CatalogError, match="no dataset tiny; there are: large, small, visits"):
        Catalog(database).dependents("dataset", "tiny")
    with pytest.raises(CatalogError, match="no ensemble small; there are: on-large, on-small"):
        Catalog(database).remove("ensemble", "small")
