"""Which ensembles there are, and everything about one."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from astropy import units as u
from ensemble_rows import RECIPE, SEEDS, weights_of, with_ensemble

from catalog import Catalog
from catalog.autoencoder.recipe import Recipe
from catalog.database.connection import Database
from catalog.database.listing import about_of, unit_of
from catalog.database.names import find_ensemble
from catalog.ensembles.registry import ensembles, losses, recipe_of
from catalog.errors import CatalogError
from catalog.provenance import sha256_of_file

SCORES = """
INSERT INTO reconstruction_error
    SELECT model_id, spectrum_id, 1, NULL FROM model_version, spectrum JOIN dataset USING (dataset_id)
    WHERE status = 'trained' AND dataset.name IN ('small', 'large')
"""


@pytest.fixture(scope="module")
def database(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ensemble with two trained models and one planned, that scored both datasets."""
    path = tmp_path_factory.mktemp("registry") / "c.duckdb"
    shutil.copy(ingested, path)
    with_ensemble(path)
    with duckdb.connect(path) as connection:
        connection.execute(SCORES)
    return path


def test_a_database_without_ensembles_lists_none(ingested: Path) -> None:
    assert len(Catalog(ingested).ensembles()) == 0


def test_an_ensemble_is_a_row(database: Path) -> None:
    (row,) = table = Catalog(database).ensembles()
    assert (row["ensemble"], row["recipe_name"], row["trained_on"]) == ("test", "paper", "small")
    assert table["imported_from"].mask.all()
    assert (row["window_lo"], row["window_hi"], table["window_lo"].unit) == (3700, 10200, u.AA)
    assert (row["n_trained"], row["n_model"]) == (2, 3)
    assert row["median_validation_loss"] == pytest.approx(0.75e-3)
    assert row["scored"] == "large, small"
    assert row["created_at"] == datetime(2026, 1, 2, 3, 4, 5)


def test_a_full_range_has_no_limits_and_a_model_that_diverged_no_loss(database: Path, copy_of: Callable) -> None:
    copied = copy_of(database)
    with duckdb.connect(copied) as connection:
        connection.execute("""UPDATE ensemble SET recipe = '{"name":"paper","window":null}'""")
        connection.execute("UPDATE model_version SET status = 'diverged', validation_loss = 'NaN' WHERE member = 2")
    (row,) = table = Catalog(copied).ensembles()
    assert table["window_lo"].mask.all()
    assert (row["n_trained"], row["n_model"]) == (1, 3)
    assert row["median_validation_loss"] == pytest.approx(1e-3)


def test_everything_about_one(database: Path, survey: Path) -> None:
    described = Catalog(database).ensemble("test")
    assert described["recipe"] == RECIPE
    assert described["origin"] is None
    small = survey / "lsfpercent60.0.fits.gz"
    (source_file,) = described["dataset"].pop("source_files")
    assert source_file == {"name": small.name, "size": small.stat().st_size, "sha256": sha256_of_file(small)}
    assert described["dataset"] == {
        "name": "small", "survey": "MaStar", "release": None, "product": "combspec", "lsf_percentile": 60,
    }  # fmt: skip
    trained = described["models"][:2]
    assert [(model["name"], model["seed"], model["status"]) for model in trained] == [
        (f"MODEL{member}", seed, "trained") for member, seed in SEEDS.items()
    ]
    assert {(model["n_train"], model["n_validation"], model["epochs"], model["seconds"]) for model in trained} == {
        (20, 10, 2, 2.5)
    }
    assert trained[0]["versions"] == {"keras": "3.10.0", "python": "3.11.9"}
    file = database.parent / trained[1]["weights_file"]
    assert (file.read_bytes(), sha256_of_file(file)) == (weights_of(2), trained[1]["weights_sha256"])
    planned = described["models"][2]
    assert (planned["status"], planned["weights_file"], planned["seconds"]) == ("planned", None, None)
    assert described["scored"] == [
        {"dataset": "large", "n_model": 2, "n_spectrum": 40, "n_score": 80},
        {"dataset": "small", "n_model": 2, "n_spectrum": 30, "n_score": 60},
    ]


def test_files_that_came_into_the_dataset_later_are_not_what_it_was_trained_on(
    database: Path, copy_of: Callable
) -> None:
    copied = copy_of(database)
    with duckdb.connect(copied) as connection:
        connection.execute("UPDATE spectrum SET source_file_id = 1 + source_file_id WHERE spectrum_id = 1")
        connection.execute("DELETE FROM training_split WHERE spectrum_id = 1")
    assert len(Catalog(copied).ensemble("test")["dataset"]["source_files"]) == 1


def test_an_imported_one_says_where_it_is_from(database: Path, tmp_path: Path) -> None:
    Catalog(database).export_ensemble("test", tmp_path / "theirs.zip")
    catalog = Catalog(tmp_path / "away.duckdb")
    catalog.upgrade()
    catalog.import_ensemble(tmp_path / "theirs.zip", "theirs")
    (row,) = catalog.ensembles()
    assert (row["ensemble"], row["trained_on"], row["imported_from"]) == ("theirs", "small", "theirs.zip")
    assert list(catalog.status()[1]["trained_on"]) == ["small"]
    here, there = catalog.ensemble("theirs"), Catalog(database).ensemble("test")
    assert here.pop("origin").keys() == {"file", "sha256", "imported_at", "name"}
    assert (here.pop("scored"), there.pop("scored") != []) == ([], True)
    there.pop("origin")
    for described in (here, there):
        described["name"] = "either"
        described["models"] = [model | {"weights_file": None} for model in described["models"][:2]]
    assert here == there


def test_an_unknown_name_is_answered_with_those_that_exist(database: Path) -> None:
    with pytest.raises(CatalogError, match="no ensemble best; there are: test"):
        Catalog(database).ensemble("best")


def test_its_recipe_has_the_defaults_for_what_an_older_version_did_not_name(database: Path) -> None:
    with Database(database).read() as connection:
        recipe = recipe_of(find_ensemble(connection, "test"))
    assert recipe == Recipe(window=(3700.0, 10200.0), epochs=2)


def test_lists_are_arrow_with_units_and_what_is_said_of_them(database: Path) -> None:
    listed = ensembles(Database(database))
    assert [unit_of(listed.field(name)) for name in ("window_lo", "window_hi")] == ["Angstrom", "Angstrom"]
    rows = losses(Database(database))
    assert about_of(rows) == {"ensemble": "test"}
    assert rows["model"].to_pylist() == ["MODEL1", "MODEL1", "MODEL2", "MODEL2"]


def test_listing_ensembles_loads_nothing_heavy() -> None:
    """The command line imports it before it knows what is asked."""
    heavy = {"alembic", "astropy", "keras", "matplotlib", "scipy", "sklearn", "sqlalchemy", "tensorflow"}
    program = f"import sys, catalog.ensembles.registry; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
