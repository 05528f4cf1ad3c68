"""An ensemble goes from one database to another as it is: models, scores, and which stars it has seen."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import MANGAIDS, ODD
from ensemble_rows import with_ensemble
from files import smooth_flux, write_combspec
from ingested_rows import contents, one

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.evaluation.truth import TruthFile
from catalog.provenance import canonical_json, sha256_of_file, sha256_of_text

MODELS = (
    "SELECT * EXCLUDE (model_id, ensemble_id, weights_file) FROM model_version WHERE status = 'trained' ORDER BY ALL"
)
EPOCHS = """SELECT member, training_epoch.* EXCLUDE (model_id)
            FROM training_epoch JOIN model_version USING (model_id) ORDER BY ALL"""
ENSEMBLE = "SELECT * EXCLUDE (ensemble_id, dataset_id, grid_id, origin) FROM ensemble"
ROLES = """SELECT member, mangaid, role FROM star_role JOIN star USING (star_id) JOIN model_version USING (model_id)
           WHERE status = 'trained' ORDER BY ALL"""
SCORES = """SELECT model, mangaid, error, chi2, latent, role, percentile_unseen, flagged
            FROM anomaly_score JOIN latent_vector USING (model_id, spectrum_id) WHERE dataset = 'large' ORDER BY ALL"""
CONSENSUS = "SELECT * FROM consensus_anomaly WHERE dataset = 'large' ORDER BY consensus_rank"


def rows(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def n_rows(database: Path, *tables: str) -> list[int]:
    return [one(database, f"SELECT count(*) FROM {table}")[0] for table in tables]


def weights(database: Path) -> list[str]:
    return sorted(path.name for path in database.with_suffix(".weights").glob("*"))


def everything(database: Path) -> dict[str, list[tuple]]:
    """Every row of every table."""
    with duckdb.connect(database, read_only=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall() for table in tables}


@pytest.fixture(scope="module")
def home(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database that the ensemble is from, with models nobody can score with."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(ingested, folder / "home.duckdb")
    return with_ensemble(folder / "home.duckdb")


@pytest.fixture(scope="module")
def exported(home: Path) -> Path:
    Catalog(home).export_ensemble("test", home.with_name("test.zip"))
    return home.with_name("test.zip")


@pytest.fixture
def away(ingested: Path, tmp_path: Path) -> Path:
    """Another database with the same stars, and no ensemble."""
    shutil.copy(ingested, tmp_path / "away.duckdb")
    return tmp_path / "away.duckdb"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    Catalog(tmp_path / "empty.duckdb").upgrade()
    return tmp_path / "empty.duckdb"


def test_everything_about_the_models_comes_along(home: Path, exported: Path, away: Path) -> None:
    done = Catalog(away).import_ensemble(exported)
    assert (done.ensemble, done.n_model, done.trained_on, done.already) == ("test", 2, "small", False)
    assert (done.n_star, done.n_star_here) == (30, 30)
    for sql in (ENSEMBLE, MODELS, EPOCHS, ROLES):
        assert rows(away, sql) == rows(home, sql)
    for file, sha256 in rows(away, "SELECT weights_file, weights_sha256 FROM model_version"):
        assert sha256_of_file(away.parent / file) == sha256
    assert contents(away) == contents(home)  # the same grid as well


def test_where_it_came_from_is_a_row(exported: Path, away: Path) -> None:
    Catalog(away).import_ensemble(exported, "theirs")
    dataset_id, n_pixel, origin = one(
        away, "SELECT dataset_id, n_pixel, origin FROM ensemble JOIN wavelength_grid USING (grid_id)"
    )
    assert (dataset_id, n_pixel) == (None, 4563)
    origin = json.loads(origin)
    assert (origin["file"], origin["name"], origin["sha256"]) == ("test.zip", "test", sha256_of_file(exported))
    assert (origin["dataset"]["name"], origin["dataset"]["survey"]) == ("small", "MaStar")
    assert [file["name"] for file in origin["dataset"]["source_files"]] == ["lsfpercent60.0.fits.gz"]


def test_no_path_goes_into_the_file(home: Path, exported: Path) -> None:
    assert str(home.parent).encode() not in exported.read_bytes()
    assert b"home.weights" not in exported.read_bytes()


def test_the_same_ensemble_gives_the_same_bytes(home: Path, exported: Path, away: Path, tmp_path: Path) -> None:
    Catalog(home).export_ensemble("test", tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == exported.read_bytes()
    Catalog(away).import_ensemble(exported)
    Catalog(away).export_ensemble("test", tmp_path / "from-there.zip")
    assert (tmp_path / "from-there.zip").read_bytes() == exported.read_bytes()


def test_scores_and_roles_are_the_same_there(scored: Path, away: Path, tmp_path: Path) -> None:
    Catalog(scored).export_ensemble("test", tmp_path / "test.zip")
    catalog = Catalog(away)
    catalog.import_ensemble(tmp_path / "test.zip")
    assert catalog.score("large").n_score == 117
    assert rows(away, SCORES) == rows(scored, SCORES)
    assert rows(away, CONSENSUS) == rows(scored, CONSENSUS)
    assert catalog.outliers()["mangaid"][0] == ODD
    assert len(catalog.neighbors(ODD)) == 5
    (tmp_path / "truth.csv").write_text(f"mangaid,kind\n{ODD},emission-line\n")
    assert len(catalog.evaluate(TruthFile(tmp_path / "truth.csv"), baselines=False))
    catalog.remove("ensemble", "test")
    assert n_rows(away, "ensemble", "model_version", "training_star", "reconstruction_error", "evaluation") == [0] * 5
    assert not away.with_suffix(".weights").exists()


def test_stars_that_come_later_are_seen_or_not_as_they_were(
    home: Path, exported: Path, empty: Path, survey: Path
) -> None:
    done = Catalog(empty).import_ensemble(exported)
    assert (done.n_star, done.n_star_here) == (30, 0)
    assert rows(empty, ROLES) == []
    Catalog(empty).ingest([survey / "lsfpercent90.0.fits.gz"])
    assert rows(empty, ROLES) == rows(home, ROLES)
    assert n_rows(empty, "wavelength_grid") == [1]


def test_a_star_with_several_spectra_is_seen_if_any_was(tmp_path: Path, empty: Path) -> None:
    catalog = Catalog(tmp_path / "visits.duckdb")
    mangaid = [f"7-{number // 3}" for number in range(30)]
    visit = {"PLATE": np.arange(30), "MJD": np.arange(30)}
    catalog.ingest([write_combspec(tmp_path / "goodspec.fits", mangaid, smooth_flux(30), **visit)], dataset="small")
    with_ensemble(catalog.database.path)
    assert len(rows(catalog.database.path, ROLES)) == 20
    catalog.export_ensemble("test", tmp_path / "test.zip")
    Catalog(empty).import_ensemble(tmp_path / "test.zip")
    Catalog(empty).ingest([tmp_path / "goodspec.fits"])
    assert rows(empty, ROLES) == rows(catalog.database.path, ROLES)


def test_another_grid_comes_along_and_stays_with_its_ensemble(exported: Path, empty: Path, survey: Path) -> None:
    catalog = Catalog(empty)
    catalog.import_ensemble(exported)
    catalog.ingest([survey])
    catalog.remove("dataset", "small")
    catalog.remove("dataset", "large")
    assert n_rows(empty, "wavelength_grid", "ensemble", "training_star") == [1, 1, 60]
    catalog.remove("ensemble", "test")
    assert n_rows(empty, "wavelength_grid", "ensemble", "training_star") == [0, 0, 0]


def test_twice_does_the_work_once(exported: Path, away: Path) -> None:
    Catalog(away).import_ensemble(exported)
    before = everything(away)
    assert Catalog(away).import_ensemble(exported).already
    assert everything(away) == before


def test_at_home_it_is_already_there(home: Path, exported: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(home)
    with duckdb.connect(database) as connection:
        connection.execute("DELETE FROM model_version WHERE status = 'planned'")
    before = everything(database)
    assert Catalog(database).import_ensemble(exported).already
    assert everything(database) == before


def test_under_another_name_it_is_another(home: Path, exported: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(home)
    assert not Catalog(database).import_ensemble(exported, "theirs").already
    assert sorted(weights(database)) == sorted(weights(home))  # the same files
    assert list(Catalog(database).ensembles()["ensemble"]) == ["test", "theirs"]
    Catalog(database).remove("ensemble", "theirs")
    assert weights(database) == weights(home)


def test_another_of_the_same_name_is_kept(exported: Path, home: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(home)
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE model_version SET seed = 1 WHERE member = 2")
    before = everything(database)
    with pytest.raises(CatalogError, match=r"another ensemble is called test .* import .*test\.zip --name ANOTHER"):
        Catalog(database).import_ensemble(exported)
    assert everything(database) == before


@pytest.mark.parametrize("name", ["  ", "a\nb"])
def test_names_that_nobody_could_type_are_refused(exported: Path, empty: Path, name: str) -> None:
    with pytest.raises(CatalogError, match="is not a valid name for an ensemble"):
        Catalog(empty).import_ensemble(exported, name)


def test_a_recipe_of_a_newer_version_is_refused(home: Path, empty: Path, copy_of: Callable, tmp_path: Path) -> None:
    recipe = canonical_json({"name": "paper", "telepathy": True})
    database = copy_of(home)
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE ensemble SET recipe = ?, recipe_sha256 = ?", [recipe, sha256_of_text(recipe)])
    Catalog(database).export_ensemble("test", tmp_path / "newer.zip")
    with pytest.raises(
        CatalogError, match=r"newer\.zip: this version cannot apply its recipe .*telepathy.*pip install"
    ):
        Catalog(empty).import_ensemble(tmp_path / "newer.zip")
    assert not empty.with_suffix(".weights").exists()


def test_a_damaged_file_changes_nothing(exported: Path, empty: Path, tmp_path: Path) -> None:
    whole = exported.read_bytes()
    (tmp_path / "damaged.zip").write_bytes(whole[:-3000] + b"x" + whole[-2999:])
    before = everything(empty)
    with pytest.raises(CatalogError, match=r"damaged\.zip is not, or no longer"):
        Catalog(empty).import_ensemble(tmp_path / "damaged.zip")
    assert everything(empty) == before
    assert not empty.with_suffix(".weights").exists()


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files is set as POSIX has it")
def test_a_full_disk_changes_nothing(exported: Path, empty: Path) -> None:
    """A limit on the size of files stands for the disk: writing past it fails in the same place."""
    program = f"exec {sys.executable} -m catalog.cli --database {empty} ensemble import {exported}"
    command = ["/bin/bash", "-c", f"ulimit -f 1; trap '' XFSZ; {program}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert done.stderr.endswith("cannot be written: File too large; nothing was imported\n")
    assert n_rows(empty, "ensemble") == [0]
    assert weights(empty) == []


KILLED = """import os, signal
from catalog import Catalog
from catalog.ensembles import exchange
whole, calls = exchange.{function}, [0]
def killed(*arguments, **options):
    calls[0] += 1
    if calls[0] == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*arguments, **options)
exchange.{function} = killed
Catalog({database!r}).import_ensemble({path!r})
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are tested as POSIX has them")
@pytest.mark.parametrize(
    ("function", "call", "n_weights"),
    [
        ("_store_weights", 1, 0),
        ("_store_weights", 2, 1),
        ("_insert", 1, 2),
        ("_append_epochs", 2, 2),
        ("Imported", 1, 2),
    ],
    ids=["before it writes", "between weights", "before the rows", "among the rows", "behind the transaction"],
)
def test_a_kill_leaves_all_rows_or_none(exported: Path, away: Path, function: str, call: int, n_weights: int) -> None:
    before = everything(away)
    code = KILLED.format(function=function, call=call, database=str(away), path=str(exported))
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert len(weights(away)) == n_weights
    done = function == "Imported"
    assert (everything(away) == before) is not done
    assert Catalog(away).import_ensemble(exported).already is done
    assert n_rows(away, "ensemble", "model_version", "training_star", "training_epoch") == [1, 2, 60, 4]
    assert len(weights(away)) == 2


def test_killed_in_the_middle_of_the_weights(exported: Path, empty: Path) -> None:
    code = f"""import os, signal
from catalog import Catalog
from catalog.ensembles import exchange
def blocks(*_):
    yield b"x"
    os.kill(os.getpid(), signal.SIGKILL)
exchange.weights_blocks = blocks
Catalog({str(empty)!r}).import_ensemble({str(exported)!r})"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert [".partial-" in name for name in weights(empty)] == [True]
    assert n_rows(empty, "ensemble") == [0]
    Catalog(empty).import_ensemble(exported)
    assert len([name for name in weights(empty) if name.endswith(".npz")]) == 2


def test_an_export_is_complete_or_not_there(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "test.zip"
    code = f"""import os, signal
from catalog import Catalog
os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
Catalog({str(home)!r}).export_ensemble("test", {str(path)!r})"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert not path.exists()
    Catalog(home).export_ensemble("test", path)
    assert path.exists()


def test_an_export_replaces_only_what_it_may(home: Path, exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "test.zip"
    path.write_text("something else")
    with pytest.raises(CatalogError, match=r"test\.zip is there already; .*--force"):
        Catalog(home).export_ensemble("test", path)
    assert path.read_text() == "something else"
    Catalog(home).export_ensemble("test", path, force=True)
    assert path.read_bytes() == exported.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["test.zip"]
    for target, message in ((home, "is the database"), (tmp_path, "is a folder")):
        with pytest.raises(CatalogError, match=message):
            Catalog(home).export_ensemble("test", target, force=True)
    with pytest.raises(CatalogError, match="cannot be written: No such file or directory; nothing was exported"):
        Catalog(home).export_ensemble("test", tmp_path / "absent" / "test.zip")


def test_what_is_not_trained_yet_stays_behind(home: Path, copy_of: Callable[[Path], Path], tmp_path: Path) -> None:
    database = copy_of(home)
    done = Catalog(database).export_ensemble("test", tmp_path / "test.zip")
    assert (done.n_trained, done.n_model) == (2, 3)
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE model_version SET status = 'planned'")
    with pytest.raises(CatalogError, match="ensemble test has no trained model; run its catalog train command again"):
        Catalog(database).export_ensemble("test", tmp_path / "none.zip")


@pytest.mark.parametrize("message", ["are not there", "are not those that were trained"])
def test_an_export_without_its_weights_says_which(
    home: Path, copy_of: Callable[[Path], Path], tmp_path: Path, message: str
) -> None:
    database = copy_of(home)
    for path in database.with_suffix(".weights").iterdir():
        path.write_bytes(b"others") if "those" in message else path.unlink()
    with pytest.raises(CatalogError, match=rf"the weights .*\.npz {message}; copy the folder"):
        Catalog(database).export_ensemble("test", tmp_path / "test.zip")
    assert list(tmp_path.glob("*test.zip*")) == []


def test_an_imported_ensemble_is_not_trained_further(exported: Path, away: Path) -> None:
    Catalog(away).import_ensemble(exported)
    with pytest.raises(CatalogError, match="ensemble test was made with another recipe, seed or dataset"):
        Catalog(away).train("small", models=3, name="test")


def test_every_star_is_known_by_its_id(exported: Path, away: Path) -> None:
    Catalog(away).import_ensemble(exported)
    assert {star for (star,) in rows(away, "SELECT mangaid FROM training_star")} == set(MANGAIDS[:30])
