"""An ensemble is planned as rows, trained member by member, and finished after a kill."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from conftest import RECIPE
from files import smooth_flux, write_combspec

from catalog import Catalog
from catalog.autoencoder import backend, checkpoint
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.recipes import CONDITIONAL, FAST, PCA, to_toml
from catalog.autoencoder.stack import Stack
from catalog.autoencoder.training import EpochLosses
from catalog.autoencoder.weights import save_weights
from catalog.ensembles import training as ensemble
from catalog.ensembles.planning import Member, Plan, plan_ensemble
from catalog.errors import CatalogError
from catalog.evaluation.injection import Injection
from catalog.provenance import sha256_of_file, sha256_of_text


def rows(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


TRAINED = """SELECT member, seed, n_train, n_validation, status, epochs, train_loss, validation_loss, weights_sha256
             FROM model_version ORDER BY member"""
EPOCHS = "SELECT model_id, epoch, train_loss, validation_loss FROM training_epoch ORDER BY ALL"
SPLITS = "SELECT * FROM training_split ORDER BY ALL"


def test_everything_about_a_model_is_a_row(scored: Path) -> None:
    """29 of the 30 spectra of `small` are positive over the full range; all 30 within the window."""
    assert rows(scored, "SELECT name, n_spectrum FROM ensemble") == [("test", 30)]
    ((recipe, digest),) = rows(scored, "SELECT recipe::VARCHAR, recipe_sha256 FROM ensemble")
    assert Recipe.from_json(recipe) == RECIPE
    assert sha256_of_text(recipe) == digest
    models = rows(scored, TRAINED)
    assert [(m[0], *m[2:6]) for m in models] == [(n, 22, 8, "trained", RECIPE.epochs) for n in (1, 2, 3)]
    assert len({m[1] for m in models}) == 3
    for name, file, sha256, versions in rows(
        scored, "SELECT name, weights_file, weights_sha256, versions FROM model_version ORDER BY member"
    ):
        assert sha256_of_file(scored.parent / file) == sha256
        assert f"{sha256}.npz" in file, name
        assert {"python", "numpy", "keras", "tensorflow"} <= set(json.loads(versions))
    last = f"SELECT train_loss, validation_loss FROM training_epoch WHERE epoch = {RECIPE.epochs} ORDER BY model_id"
    assert rows(scored, last) == [m[6:8] for m in models]
    assert len(rows(scored, EPOCHS)) == 3 * RECIPE.epochs


def test_splits_are_whole_random_and_in_the_papers_ratio(scored: Path) -> None:
    sizes = "SELECT model_id, role, count(DISTINCT spectrum_id) FROM training_split GROUP BY ALL ORDER BY ALL"
    assert rows(scored, sizes) == [(m, *r) for m in (1, 2, 3) for r in (("train", 22), ("validation", 8))]
    splits = [
        rows(scored, f"SELECT spectrum_id FROM training_split WHERE model_id = {m} AND role = 'train'") for m in (1, 2)
    ]
    assert set(splits[0]) != set(splits[1])


def test_the_paper_rule_without_a_window(ingested: Path, copy_of: Callable[[Path], Path]) -> None:
    plan = plan_ensemble(Catalog(copy_of(ingested)).database, "small", Recipe(), 1)
    assert (plan.n_spectrum, plan.name) == (29, "paper-small")


def test_a_trained_ensemble_is_not_trained_again(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(scored)
    done = Catalog(database).train("small", RECIPE, models=3, name="test")
    assert (done.n_trained, done.n_model) == (0, 3)
    assert rows(database, TRAINED) == rows(scored, TRAINED)


def test_more_models_extend_an_ensemble(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(scored)
    assert Catalog(database).train("small", RECIPE, models=4, name="test").n_trained == 1
    assert rows(database, TRAINED)[:3] == rows(scored, TRAINED)
    assert rows(database, "SELECT max(member) FROM model_version") == [(4,)]


def test_killed_and_run_again_gives_the_models_of_an_uninterrupted_run(ingested: Path, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=60)
    file, database, whole = (tmp_path / name for name in ("recipe.toml", "killed.duckdb", "whole.duckdb"))
    file.write_text(to_toml(recipe))
    for path in (database, whole):
        shutil.copy(ingested, path)
    Catalog(whole).train("small", recipe, 3, "test")
    command = [sys.executable, "-m", "catalog.cli", "--database", str(database), "train", "--dataset", "small"]
    command += ["--recipe", str(file), "--models", "3", "--name", "test"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("MODEL1"):
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    statuses = {status for (status,) in rows(database, "SELECT status FROM model_version")}
    assert "planned" in statuses
    assert subprocess.run(command, capture_output=True, timeout=300).returncode == 0
    for sql in (TRAINED, EPOCHS, SPLITS):
        assert rows(database, sql) == rows(whole, sql)


def test_all_spectra_of_a_star_are_on_one_side_of_the_split(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    mangaid = [f"7-{number // 3}" for number in range(60)]
    visit = {"PLATE": np.arange(60), "MJD": np.arange(60)}
    catalog.ingest([write_combspec(tmp_path / "goodspec.fits", mangaid, smooth_flux(60), **visit)])
    plan_ensemble(catalog.database, "visits", RECIPE, 2)
    both = """SELECT model_id, star_id FROM training_split JOIN spectrum USING (spectrum_id)
              GROUP BY ALL HAVING count(DISTINCT role) > 1"""
    assert rows(catalog.database.path, both) == []
    assert rows(catalog.database.path, "SELECT n_train, n_validation FROM model_version") == [(42, 18)] * 2


def test_a_model_that_another_process_trained_meanwhile_is_kept(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(scored)

    def finish_first(*_: object) -> None:
        with duckdb.connect(database) as connection:
            connection.execute("UPDATE model_version SET status = 'trained' WHERE member = 4")

    with pytest.raises(CatalogError, match="another process trained MODEL4 meanwhile; what it found is kept"):
        Catalog(database).train("small", RECIPE, models=4, name="test", on_epoch=finish_first)
    assert rows(database, EPOCHS) == rows(scored, EPOCHS)


def test_a_reader_at_the_wrong_moment_is_waited_for(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(scored)
    hold = (
        f"import duckdb, time; c = duckdb.connect({str(database)!r}, read_only=True); print(flush=True); time.sleep(3)"
    )
    readers = []

    def read_during_the_last_epoch(_plan: object, _member: object, epoch: EpochLosses) -> None:
        if epoch.number == RECIPE.epochs:
            readers.append(subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE))
            readers[-1].stdout.readline()

    done = Catalog(database).train("small", RECIPE, models=4, name="test", on_epoch=read_during_the_last_epoch)
    assert done.n_trained == len(readers) == 1
    assert readers[0].wait() == 0


def test_a_fault_of_the_weights_folder_shows_before_training(ingested: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(ingested)
    database.with_suffix(".weights").write_text("in the way")
    epochs = []
    with pytest.raises(CatalogError, match="cannot be made a folder"):
        Catalog(database).train("small", RECIPE, models=1, on_epoch=lambda *epoch: epochs.append(epoch))
    assert not epochs


@pytest.mark.parametrize(
    ("dataset", "recipe", "models", "name", "message"),
    [
        ("huge", RECIPE, 1, None, "no dataset huge; there are: large, small"),
        ("small", replace(RECIPE, epochs=3), 1, "test", "another recipe, seed or dataset; choose another --name"),
        ("large", RECIPE, 1, "test", "another recipe, seed or dataset"),
        ("small", Recipe(window=(1000.0, 2000.0)), 1, None, "the grid runs from 3621.6 to 10353.8"),
        ("small", RECIPE, 0, None, "give at least 1"),
        ("small", replace(RECIPE, split=(1, 1000)), 1, None, "leaves one side empty"),
        ("small", replace(RECIPE, split=(1000, 1)), 1, None, "leaves one side empty"),
        ("small", PCA, 3, "balanced", "3 models: .* give at least 4"),
        ("small", FAST, 4, None, "29 spectra usable .* too few for 20 components and a split of 2000 : 770"),
    ],
)
def test_what_cannot_be_trained_says_why(
    scored: Path,
    copy_of: Callable[[Path], Path],
    dataset: str,
    recipe: Recipe,
    models: int,
    name: str | None,
    message: str,
) -> None:
    with pytest.raises(CatalogError, match=message):
        Catalog(copy_of(scored)).train(dataset, recipe, models, name)


def test_too_few_usable_spectra(real_data: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([real_data / "mastar_examples"])
    with pytest.raises(CatalogError, match=r"2 spectra usable over the full range, too few .* keeps 7"):
        catalog.train("visits")


def test_components_are_an_ensemble_like_others(ingested: Path, copy_of: Callable[[Path], Path]) -> None:
    """In the same tables, with what a recipe with fewer latents leaves free 0."""
    database = copy_of(ingested)
    catalog = Catalog(database)
    recipe = replace(PCA, window=RECIPE.window)
    assert catalog.train("small", recipe, models=4, name="first-look").n_trained == 4
    catalog.score("large", "first-look")
    assert rows(database, "SELECT n_model, n_model_unseen FROM consensus_anomaly WHERE n_model_unseen < 4") != []
    unseen = "SELECT DISTINCT n_model, n_model_unseen FROM consensus_anomaly ORDER BY ALL"
    assert rows(database, unseen) == [(4, 3), (4, 4)]
    latents = [latent for (latent,) in rows(database, "SELECT latent FROM latent_vector")]
    assert all(len(latent) == 10 and not any(latent[6:]) and all(latent[:6]) for latent in latents)
    with pytest.raises(CatalogError, match="this ensemble's 4 models are balanced among them"):
        catalog.train("small", recipe, models=5, name="first-look")


def test_a_network_on_components_is_an_ensemble_like_others(ingested: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(ingested)
    catalog = Catalog(database)
    recipe = replace(FAST, components=6, layers=(8,), epochs=3, window=RECIPE.window)
    catalog.train("small", recipe, models=4, name="quick")
    scored = catalog.score("large", "quick")
    assert scored.n_score == 4 * scored.n_usable > 0
    assert rows(database, "SELECT count(*) FROM training_epoch") == [(12,)]


def test_a_conditional_ensemble_is_scored_with_the_photometry_of_the_stars(
    ingested: Path, copy_of: Callable[[Path], Path]
) -> None:
    """Without the Gaia matches it says something else; evaluated, a spectrum has the photometry of its star."""
    database = copy_of(ingested)
    catalog = Catalog(database)
    recipe = replace(CONDITIONAL, components=6, layers=(8,), epochs=3, window=RECIPE.window)
    catalog.train("small", recipe, models=4, name="told")
    catalog.score("large", "told")
    errors = "SELECT error FROM reconstruction_error ORDER BY model_id, spectrum_id"
    told = rows(database, errors)
    table = catalog.evaluate(Injection(kinds=("ch-star",), strengths=(1e-9,), hosts=5), baselines=False)
    assert table.meta["ensemble"] == "told"
    with duckdb.connect(database) as connection:
        connection.execute("DELETE FROM reconstruction_error")
        connection.execute("DELETE FROM latent_vector")
        connection.execute("UPDATE gaia_match SET bp_rp = NULL, abs_g = NULL")
    catalog.score("large", "told")
    untold = rows(database, errors)
    assert len(told) == len(untold)
    assert np.abs(np.log(np.array(told) / np.array(untold))).max() > 0.01


@pytest.mark.parametrize("like", [CONDITIONAL, PCA], ids=["conditional", "pca"])
def test_every_recipe_goes_from_one_database_into_another(
    like: Recipe, ingested: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    small = {"components": 6, "layers": (8,), "epochs": 3} if like.layers else {}
    here, there = (Catalog(shutil.copy(ingested, tmp_path_factory.mktemp(name) / "c.duckdb")) for name in "ab")
    here.train("small", replace(like, window=RECIPE.window, **small), models=4, name="shared")
    here.export_ensemble("shared", here.database.path.with_name("shared.zip"))
    there.import_ensemble(here.database.path.with_name("shared.zip"))
    errors = []
    for catalog in (here, there):
        catalog.score("large", "shared")
        errors.append(
            rows(catalog.database.path, "SELECT error FROM reconstruction_error ORDER BY model_id, spectrum_id")
        )
    assert len(errors[0]) > 0
    assert errors[0] == errors[1]


def test_a_model_that_diverges_is_named_and_the_others_are_trained(
    ingested: Path, copy_of: Callable[[Path], Path]
) -> None:
    database = copy_of(ingested)
    catalog = Catalog(database)
    recipe = Recipe(window=RECIPE.window, layers=(8,), epochs=3)

    def blow_up(plan: Plan, member: Member, epoch: EpochLosses) -> None:
        # The second model goes on from its first epoch with a learning rate that none survives.
        wild = member.number == 2 and not epoch.diverged
        object.__setattr__(plan.recipe, "learning_rate", float("inf") if wild else 0.001)

    done = catalog.train("small", recipe, models=3, name="fragile", on_epoch=blow_up)
    assert done.diverged == ("MODEL2",)
    found = "SELECT name, status, weights_file IS NULL, validation_loss IS NULL FROM model_version ORDER BY member"
    good, bad = ("trained", False, False), ("diverged", True, True)
    assert rows(database, found) == [("MODEL1", *good), ("MODEL2", *bad), ("MODEL3", *good)]
    assert (
        catalog.train("small", Recipe(window=RECIPE.window, layers=(8,), epochs=3), models=3, name="fragile").n_trained
        == 0
    )


SMALL = Recipe(name="small", window=RECIPE.window, layers=(16, 8), latent=3, batch_size=8, epochs=3, seed=3)


@pytest.fixture
def on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend says that there is one; what would be computed there, the CPU computes."""
    monkeypatch.setattr(backend, "has_gpu", lambda: True)


def test_on_a_gpu_an_ensemble_is_trained_together_with_the_same_result(
    ingested: Path, tmp_path: Path, on_a_gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the rounding of float32, from the splits to the scores."""
    catalogs = [Catalog(shutil.copy(ingested, tmp_path / f"{name}.duckdb")) for name in ("stacked", "alone")]
    stacked, alone = (catalog.database.path for catalog in catalogs)
    epochs: list[tuple[int, int]] = []
    done = catalogs[0].train("small", SMALL, 3, on_epoch=lambda _, member, e: epochs.append((member.number, e.number)))
    assert (done.n_trained, done.n_model, done.diverged) == (3, 3, ())
    assert epochs == [(member, epoch) for epoch in (1, 2, 3) for member in (1, 2, 3)]
    monkeypatch.setattr(backend, "has_gpu", lambda: False)
    catalogs[1].train("small", SMALL, 3)
    for catalog in catalogs:
        catalog.score("large")
    assert rows(stacked, SPLITS) == rows(alone, SPLITS)
    same = "SELECT * EXCLUDE (train_loss, validation_loss, weights_file, weights_sha256, started_at, finished_at)"
    assert rows(stacked, f"{same} FROM model_version") == rows(alone, f"{same} FROM model_version")
    for sql in (EPOCHS, "SELECT train_loss, validation_loss FROM model_version ORDER BY member"):
        assert np.array(rows(stacked, sql)) == pytest.approx(np.array(rows(alone, sql)), rel=1e-4)
    errors = "SELECT model_id, spectrum_id, error FROM reconstruction_error ORDER BY ALL"
    assert np.array(rows(stacked, errors)) == pytest.approx(np.array(rows(alone, errors)), rel=1e-3)
    assert rows(stacked, "SELECT count(DISTINCT started_at) FROM model_version") == [(1,)]


def test_a_stack_that_was_killed_goes_on_to_the_same_weights(
    ingested: Path, tmp_path: Path, on_a_gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once within its epochs, and once while its models were registered: none of them then is."""
    monkeypatch.setattr(checkpoint, "LEAST", 0.0)
    monkeypatch.setattr(checkpoint, "PRICE", 1e9)
    whole, killed = (Path(shutil.copy(ingested, tmp_path / f"{name}.duckdb")) for name in ("whole", "killed"))
    Catalog(whole).train("small", SMALL, 3)
    begun: list[int] = []

    def kill(_plan: Plan, member: Member, epoch: EpochLosses) -> None:
        begun.append(epoch.number)
        if (member.number, epoch.number) == (3, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Catalog(killed).train("small", SMALL, 3, on_epoch=kill)
    saved = []

    def kill_at_the_third(*arguments: Any) -> tuple[Path, str]:
        saved.append(arguments)
        if len(saved) == 3:
            raise KeyboardInterrupt
        return save_weights(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ensemble, "save_weights", kill_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            Catalog(killed).train("small", SMALL, 3, on_epoch=lambda _plan, _member, e: begun.append(e.number))
    assert rows(killed, "SELECT DISTINCT status FROM model_version") == [("planned",)]
    done = Catalog(killed).train("small", SMALL, 3, on_epoch=lambda _plan, _member, e: begun.append(e.number))
    assert begun == [1] * 3 + [2] * 6 + [3] * 3
    assert done.n_trained == 3
    for sql in (TRAINED, EPOCHS, SPLITS):
        assert rows(killed, sql) == rows(whole, sql)
    assert {path.suffix for path in killed.with_suffix(".weights").iterdir()} == {".npz"}
    assert len(list(killed.with_suffix(".weights").iterdir())) == 3


def test_of_a_stack_what_diverges_or_is_trained_elsewhere_is_no_loss_to_the_others(
    ingested: Path, copy_of: Callable[[Path], Path], on_a_gpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = copy_of(ingested)
    losses = Stack.losses
    monkeypatch.setattr(Stack, "losses", lambda *arguments: [losses(*arguments)[0], np.nan, *losses(*arguments)[2:]])

    def finish_the_third(_plan: Plan, member: Member, epoch: EpochLosses) -> None:
        if (member.number, epoch.number) == (1, SMALL.epochs):
            with duckdb.connect(database) as connection:
                connection.execute("UPDATE model_version SET status = 'trained', epochs = 77 WHERE member = 3")

    with pytest.raises(CatalogError, match="another process trained MODEL3 meanwhile; what it found is kept"):
        Catalog(database).train("small", SMALL, 4, on_epoch=finish_the_third)
    found = [("trained", 3), ("diverged", 1), ("trained", 77), ("trained", 3)]
    assert rows(database, "SELECT status, epochs FROM model_version ORDER BY member") == found


@pytest.mark.parametrize(
    ("n_train", "most", "expected"),
    [
        ([22] * 3, 1, [[0], [1], [2]]),
        ([22] * 3, 10, [[0, 1, 2]]),
        ([22] * 5, 2, [[0, 1], [2, 3], [4]]),
        ([24, 25, 17, 32, 24], 10, [[0, 2, 4], [1, 3]]),
        ([24, 25, 17, 32, 24], 1, [[0], [1], [2], [3], [4]]),
    ],
)
def test_members_of_as_many_steps_are_trained_together(
    n_train: list[int], most: int, expected: list[list[int]]
) -> None:
    assert ensemble.groups(n_train, 8, most) == expected


def test_an_ensemble_of_which_every_model_diverges(ingested: Path, copy_of: Callable[[Path], Path]) -> None:
    recipe = Recipe(window=RECIPE.window, layers=(8,), epochs=9, learning_rate=1e30)
    with pytest.raises(CatalogError, match=r"every model of ensemble paper-small-.* became NaN; lower learning_rate"):
        Catalog(copy_of(ingested)).train("small", recipe, models=1)


def test_nothing_but_weights_is_left_behind(scored: Path) -> None:
    left = {path.suffix for path in scored.with_suffix(".weights").iterdir()}
    assert left == {".npz"}
    assert len(list(scored.with_suffix(".weights").iterdir())) == 3
