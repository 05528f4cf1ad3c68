"""Ranks are made whenever scores or photometry come, once, all or none, and go with what they are of."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import alembic.command
import duckdb
import numpy as np
import pytest
from conftest import MANGAIDS, N_STAR, ODD, RECIPE
from files import smooth_flux, write_combspec, write_gaia
from ranks_by_numpy import assert_standing

from catalog import Catalog
from catalog.anomaly.ranks import rank_pending
from catalog.autoencoder.recipes import PCA
from catalog.database.connection import Database
from catalog.database.migration import alchemy, configuration
from catalog.database.revision import REVISION
from catalog.errors import CatalogError

RANK_TABLES = ("score_rank", "ensemble_rank")

FIFTH = """
INSERT INTO model_version FROM model_version SELECT * REPLACE (5 AS model_id) WHERE member = 1;
INSERT INTO training_split FROM training_split SELECT 5, spectrum_id, role WHERE model_id = 2;
INSERT INTO latent_vector FROM latent_vector SELECT 5, spectrum_id, latent WHERE model_id = 3;
INSERT INTO reconstruction_error FROM reconstruction_error SELECT 5, spectrum_id, error / 2, chi2 WHERE model_id = 4;
"""


def rows(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def contents(database: Path, *tables: str) -> dict[str, list[tuple]]:
    return {table: rows(database, f"FROM {table} ORDER BY ALL") for table in tables}


@pytest.fixture(scope="module")
def trained(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ensemble of four, of principal components, that has scored nothing."""
    path = tmp_path_factory.mktemp("trained") / "c.duckdb"
    shutil.copy(ingested, path)
    Catalog(path).train("small", replace(PCA, window=RECIPE.window), models=4, name="test")
    return path


@pytest.fixture(scope="module")
def ranked(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, which has scored `large` and `small`, with the look-alikes of all."""
    path = tmp_path_factory.mktemp("ranked") / "c.duckdb"
    shutil.copy(trained, path)
    shutil.copytree(trained.with_suffix(".weights"), path.with_suffix(".weights"))
    catalog = Catalog(path)
    for dataset in ("large", "small"):
        catalog.score(dataset)
        catalog.neighbors_of_all(3, dataset)
    return path


def killed(database: Path, where: str, what: str, call: int = 1) -> None:
    """Do something, in parts of 16 spectra, and be killed at a call of a function."""
    module, function = where.rsplit(".", 1)
    code = f"""import itertools, os, signal
from catalog import Catalog
from catalog.anomaly import scoring
from catalog.spectra import blocks
import {module} as module
blocks.ROWS_PER_BLOCK, scoring.BLOCKS_PER_PART = 16, 1
calls, function = itertools.count(1), module.{function}

def until_killed(*arguments, **named):
    if next(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*arguments, **named)

module.{function} = until_killed
Catalog({str(database)!r}).{what}"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL


KILLS = {
    "in the first part": ("catalog.anomaly.scoring.append", 1, 0),
    "in the second part": ("catalog.anomaly.scoring.append", 3, 15),
    "between the scores and their ranks": ("catalog.anomaly.scoring.rank_pending", 1, 39),
    "while the scores of the second model are ranked": ("catalog.anomaly.ranks.rank_scores", 2, 39),
    "while the consensus is ranked": ("catalog.anomaly.ranks.rank_among_peers", 1, 39),
}
"""The function at whose call it is killed, which call, and how many spectra are scored by then: one of the
first 16 is not usable."""


@pytest.mark.parametrize(("where", "call", "n_done"), KILLS.values(), ids=KILLS)
def test_killed_before_there_is_a_consensus_there_is_none_until_it_is_run_again(
    trained: Path, ranked: Path, copy_of: Callable[[Path], Path], where: str, call: int, n_done: int
) -> None:
    database = copy_of(trained)
    killed(database, where, "score('large')", call)
    assert rows(database, "SELECT count(*) FROM reconstruction_error") == [(n_done * 4,)]
    for view in ("consensus_anomaly", "anomaly_score"):
        assert rows(database, f"SELECT count(*) FROM {view}") == [(0,)]
    with pytest.raises(CatalogError, match="has not scored large; run: catalog score"):
        Catalog(database).outliers("large")
    assert Catalog(database).score("large").n_score == (39 - n_done) * 4
    # The last digits of an error depend on which spectra are computed together.
    of_large = """SELECT model_id, spectrum_id, error FROM reconstruction_error JOIN spectrum USING (spectrum_id)
                  WHERE dataset_id = 2 ORDER BY ALL"""
    assert rows(ranked, "SELECT dataset_id FROM dataset WHERE name = 'large'") == [(2,)]
    assert np.allclose(rows(database, of_large), rows(ranked, of_large), rtol=1e-3, atol=1e-12)
    assert rows(database, "SELECT count(*) FROM ensemble_rank") == [(39,)]
    with duckdb.connect(database, read_only=True) as connection:
        assert_standing(connection)


@pytest.mark.parametrize(("where", "call"), [kill[:2] for name, kill in KILLS.items() if "part" not in name])
def test_killed_while_spectra_are_added_the_old_consensus_is_shown_until_it_is_run_again(
    ranked: Path, copy_of: Callable[[Path], Path], tmp_path: Path, where: str, call: int
) -> None:
    database = copy_of(ranked)
    Catalog(database).ingest([write_combspec(tmp_path / "new-lsfpercent90.0.fits", ["7-new"], smooth_flux(1, seed=8))])
    killed(database, where, "score('large')", call)
    assert contents(database, "ensemble_rank") == contents(ranked, "ensemble_rank")
    assert Catalog(database).outliers("large", limit=1)["mangaid"][0] == ODD
    Catalog(database).score("large")
    assert rows(database, "SELECT count(*) FROM ensemble_rank WHERE dataset_id = 2") == [(40,)]
    with duckdb.connect(database, read_only=True) as connection:
        assert_standing(connection)


def test_more_spectra_move_the_others_and_take_the_look_alikes_along(
    ranked: Path, copy_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Those of the other dataset stay."""
    database = copy_of(ranked)
    of_small = [f"SELECT * FROM {table} WHERE dataset_id = 1 ORDER BY ALL" for table in (*RANK_TABLES, "neighbor")]
    before = [rows(database, sql) for sql in of_small]
    assert all(before)
    catalog = Catalog(database)
    path = write_combspec(tmp_path / "new-lsfpercent90.0.fits", ["7-a", "7-b"], smooth_flux(2, seed=8))
    catalog.ingest([path])
    ranks = "SELECT max(rank), count(*) FROM score_rank WHERE dataset_id = 2 GROUP BY model_id"
    assert rows(database, ranks) == [(39, 39)] * 4
    assert catalog.score("large").n_score == 8
    assert rows(database, ranks) == [(41, 41)] * 4
    assert rows(database, "SELECT count(*) FROM neighbor WHERE dataset_id = 2") == [(0,)]
    assert [rows(database, sql) for sql in of_small] == before
    with duckdb.connect(database, read_only=True) as connection:
        assert_standing(connection)


def test_a_model_that_comes_later_is_one_more_in_the_consensus(ranked: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(ranked)
    with duckdb.connect(database) as connection:
        connection.execute(FIFTH)
    with Database(database).write() as connection:
        assert rank_pending(connection) == 2
        assert_standing(connection)
    assert rows(database, "SELECT DISTINCT n_model FROM ensemble_rank") == [(5,)]


def test_scoring_twice_does_nothing_the_second_time(ranked: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(ranked)
    before = database.read_bytes()
    assert Catalog(database).score("large").n_score == 0
    assert database.read_bytes() == before


def other_photometry(path: Path) -> Path:
    """The cross-match with other colours and magnitudes; without the last star, as the first."""
    generator = np.random.default_rng(4)
    colour, magnitude = generator.uniform(0, 3, N_STAR), generator.uniform(-3, 9, N_STAR)
    return write_gaia(path, MANGAIDS, BPRPC=colour.astype(np.float32), M_G=magnitude.astype(np.float32))


PEERS = "SELECT spectrum_id, n_peer, peer_rank, cmd_density FROM ensemble_rank ORDER BY ALL"
OTHERS = "SELECT * EXCLUDE (n_peer, peer_rank, cmd_density) FROM ensemble_rank ORDER BY ALL"


def test_new_photometry_ranks_among_new_peers(ranked: Path, copy_of: Callable[[Path], Path], tmp_path: Path) -> None:
    database = copy_of(ranked)
    Catalog(database).ingest([other_photometry(tmp_path / "gaia.fits")])
    assert rows(database, PEERS) != rows(ranked, PEERS)
    assert rows(database, OTHERS) == rows(ranked, OTHERS)
    assert contents(database, "score_rank", "neighbor") == contents(ranked, "score_rank", "neighbor")
    with duckdb.connect(database, read_only=True) as connection:
        assert_standing(connection)


MADE = "SELECT ensemble_id, dataset_id, method_sha256, created_at, code_version FROM rank_method ORDER BY ALL"


def test_new_photometry_is_told_of_the_ranks_unless_other_code_made_them(
    ranked: Path, copy_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    """Those are still to be made again, and are by the next who scores."""
    database = copy_of(ranked)
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE rank_method SET method_sha256 = 'of old', code_version = '0' WHERE dataset_id = 2")
    before = rows(database, MADE)
    Catalog(database).ingest([other_photometry(tmp_path / "gaia.fits")])
    first, second = rows(database, MADE)
    assert (first[:3], second) == (before[0][:3], before[1])
    assert first[3] > before[0][3]
    Catalog(database).score("large")
    assert [row[:3] for row in rows(database, MADE)] == [row[:3] for row in rows(ranked, MADE)]


@pytest.mark.parametrize(
    ("where", "call"),
    [
        ("catalog.anomaly.ranks.rank_scores", 2),
        ("catalog.anomaly.ranks.rank_among_peers", 1),
        ("catalog.anomaly.ranks.insert", 1),
        ("catalog.anomaly.ranks.insert", 2),
    ],
)
def test_killed_while_ranks_of_other_code_are_made_again_the_old_ones_are_shown(
    ranked: Path, copy_of: Callable[[Path], Path], where: str, call: int
) -> None:
    database = copy_of(ranked)
    with duckdb.connect(database) as connection:
        connection.execute("DELETE FROM rank_method")
        connection.execute("UPDATE score_rank SET isolation = 7")
    old = contents(database, *RANK_TABLES)
    killed(database, where, "upgrade()", call)
    assert contents(database, *RANK_TABLES, "rank_method") == old | {"rank_method": []}
    assert Catalog(database).upgrade() == (REVISION, REVISION)
    assert contents(database, *RANK_TABLES, "neighbor") == contents(ranked, *RANK_TABLES, "neighbor")
    made = rows(database, MADE)
    assert [row[:3] for row in made] == [row[:3] for row in rows(ranked, MADE)]
    Catalog(database).upgrade()
    assert rows(database, MADE) == made


def test_new_photometry_and_new_peers_come_together_or_not_at_all(
    ranked: Path, copy_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    database = copy_of(ranked)
    path = other_photometry(tmp_path / "gaia.fits")
    cut = tmp_path / "lsfpercent90.0.fits"
    cut.write_bytes(write_combspec(tmp_path / "whole.fits", ["7-new"], smooth_flux(1)).read_bytes()[:40_000])
    with pytest.raises(CatalogError):
        Catalog(database).ingest([path, cut])
    for where in ("catalog.ingest.files.rerank", "catalog.anomaly.ranks.rank_among_peers"):
        killed(database, where, f"ingest([{str(path)!r}])")
    assert contents(database, "gaia_match", *RANK_TABLES) == contents(ranked, "gaia_match", *RANK_TABLES)


@pytest.mark.parametrize(("kind", "name"), [("ensemble", "test"), ("dataset", "small")])
def test_an_ensemble_takes_its_ranks_along(ranked: Path, copy_of: Callable[[Path], Path], kind: str, name: str) -> None:
    """And so does the dataset that it was trained on."""
    database = copy_of(ranked)
    Catalog(database).remove(kind, name)  # type: ignore[arg-type]
    assert list(contents(database, *RANK_TABLES, "rank_method", "neighbor").values()) == [[], [], [], []]


def test_a_dataset_takes_its_ranks_along_and_no_others(ranked: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(ranked)
    Catalog(database).remove("dataset", "large")
    for table in (*RANK_TABLES, "rank_method", "neighbor"):
        of_small = f"FROM {table} WHERE dataset_id = 1 ORDER BY ALL"
        assert rows(database, f"FROM {table} ORDER BY ALL") == rows(ranked, of_small) != []


@pytest.fixture
def old(ranked: Path, tmp_path: Path) -> Path:
    """A database of the revision before there were ranks, with the scores of another."""
    path = tmp_path / "old.duckdb"
    config = configuration()
    with alchemy(Database(path)) as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "0008")
    with duckdb.connect(path) as connection:
        connection.execute(f"ATTACH '{ranked}' AS new (READ_ONLY)")
        tables = """SELECT table_name FROM duckdb_tables()
                    WHERE database_name = 'old' AND table_name NOT IN ('schema_version', 'cmd_region')"""
        for (table,) in connection.execute(tables).fetchall():
            names = ", ".join(row[0] for row in connection.execute(f"DESCRIBE old.{table}").fetchall())
            connection.execute(f"INSERT INTO old.{table} ({names}) SELECT {names} FROM new.main.{table}")
    return path


def test_an_upgrade_makes_the_ranks_of_old_scores(ranked: Path, old: Path, run: Callable) -> None:
    done = run("--database", old, "db", "upgrade")
    assert (done.returncode, done.stdout) == (0, "")
    assert contents(old, *RANK_TABLES) == contents(ranked, *RANK_TABLES)


def test_an_upgrade_that_is_killed_on_the_way_completes_when_it_is_run_again(ranked: Path, old: Path) -> None:
    """The revision is there already; only the ranks are not."""
    killed(old, "catalog.anomaly.ranks.rank_pending", "upgrade()")
    assert list(contents(old, *RANK_TABLES).values()) == [[], []]
    assert Catalog(old).upgrade() == (REVISION, REVISION)
    assert contents(old, *RANK_TABLES) == contents(ranked, *RANK_TABLES)
