"""Look-alikes: the nearest of other stars in latent space, of one star or of all, against all distances by numpy.

Latent vectors are whole numbers here, so that a distance is the same in whatever precision and ties are ties.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from catalog import Catalog
from catalog.anomaly.neighbors import look_alikes, nearest_trained
from catalog.anomaly.ranks import rank_pending
from catalog.database.connection import Database, append, array_column
from catalog.database.migration import upgrade
from catalog.database.names import find_scored, scored_models
from catalog.database.records import Scope
from catalog.errors import CatalogError

N, N_MODEL = 36, 3

NAMES = """
INSERT INTO star (star_id, mangaid) SELECT i, '7-' || i FROM range(1, 31) AS r(i);
INSERT INTO dataset VALUES
    (1, 'small', 'MaStar', NULL, 'combspec', 60, 1, 9, 9), (2, 'visits', 'MaStar', NULL, 'goodspec', NULL, 1, 36, 36);
INSERT INTO ensemble VALUES (1, 'e', 1, 9, '{}', 'x', TIMESTAMP '2026-01-01', '0', NULL, NULL);
INSERT INTO model_version (model_id, ensemble_id, member, name, seed, n_train, n_validation, status)
    SELECT i, 1, i, 'MODEL' || i, 1, 1, 1, 'trained' FROM range(1, 4) AS r(i);
"""

STAR = np.array([*range(1, 30), *range(1, 8)])
"""Of the spectra 101, 102, …: seven stars have two, star 30 has none."""

LATENT = np.random.default_rng(6).integers(0, 4, (N_MODEL, N, 10)).astype(np.float32)
LATENT[:, 9] = LATENT[:, 8]  # two that look the same
SCORED = np.ones((N_MODEL, N), bool)
SCORED[2, 20:24] = False
ROLE = np.array([["train", "validation", None][(star + model) % 3] for model in range(3) for star in range(31)], object)
ROLE = ROLE.reshape(3, 31)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three models that scored 36 spectra of 29 stars; of star 1 also a spectrum in another dataset."""
    database = Database(tmp_path_factory.mktemp("neighbors") / "c.duckdb")
    upgrade(database)
    with duckdb.connect(database.path) as connection:
        connection.execute(NAMES)
    with database.write() as connection:

        def fill(table: str, **columns: object) -> None:
            append(connection, table, pa.table(columns))

        zero = np.zeros(N + 30, np.int32)
        fill("spectrum", spectrum_id=np.r_[101 : 101 + N, 1:31], dataset_id=np.r_[np.full(N, 2), np.ones(30, int)],
             star_id=np.r_[STAR, 1:31], plate=np.arange(N + 30, dtype=np.int32), n_zero_flux=zero, n_negative_flux=zero,
             n_nonfinite_flux=zero, usable=zero == 0, source_file_id=zero.astype(int),
             source_row=zero.astype(int))  # fmt: skip
        for model in range(N_MODEL):
            stars = np.flatnonzero(ROLE[model, 1:] != None) + 1  # noqa: E711
            fill("training_split", model_id=np.full(len(stars), model + 1), spectrum_id=stars, role=ROLE[model, stars])
            scored = np.flatnonzero(SCORED[model])
            keys = {"model_id": np.full(len(scored), model + 1), "spectrum_id": 101 + scored}
            fill("reconstruction_error", **keys, error=1e-4 * (1 + scored))
            fill("latent_vector", **keys, latent=array_column(LATENT[model, scored]))
        # Two spectra of another dataset, as near as can be.
        fill("reconstruction_error", model_id=[1, 1], spectrum_id=[1, 2], error=[1.0, 2.0])
        fill("latent_vector", model_id=[1, 1], spectrum_id=[1, 2], latent=array_column(LATENT[0, :2]))
        rank_pending(connection)
    return database.path


@pytest.fixture
def catalog(made: Path, tmp_path: Path) -> Catalog:
    return Catalog(shutil.copy(made, tmp_path))


def rows(catalog: Catalog, sql: str) -> list[tuple]:
    with duckdb.connect(catalog.database.path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def distances(model: int, spectrum: int, role: str | None = None) -> np.ndarray:
    """(N,) in latent space; NaN to those that are no neighbours."""
    distance = np.linalg.norm(LATENT[model].astype(float) - LATENT[model, spectrum], axis=1)
    other = SCORED[model] & (STAR[spectrum] != STAR)
    if role is not None:
        other &= ROLE[model, STAR] == role
    return np.where(other, distance, np.nan)


@pytest.mark.parametrize("role", [None, "train", "validation"])
@pytest.mark.parametrize("k", [1, 5, 11, 34, 1000])
def test_of_one_star_in_one_model(made: Path, role: str | None, k: int) -> None:
    """Both spectra of the star have their own."""
    table = Catalog(made).neighbors("7-3", "MODEL2", k, "visits", role=role)
    for spectrum in (2, 31):
        found = table[table["plate"] == spectrum]
        distance = distances(1, spectrum, role)
        expected = np.sort(distance[~np.isnan(distance)])[:k]
        assert found["neighbor_rank"].tolist() == list(range(1, len(expected) + 1))
        assert np.asarray(found["distance"]) == pytest.approx(expected)
        index = np.asarray(found["neighbor_plate"])
        assert distance[index] == pytest.approx(expected)
        assert len(set(index.tolist())) == len(index)
        assert found["neighbor_mangaid"].tolist() == [f"7-{star}" for star in STAR[index]]
        roles = [None if np.ma.is_masked(value) else str(value) for value in found["neighbor_role"]]
        assert roles == ROLE[1, STAR[index]].tolist()


def test_a_role_leaves_out_what_is_nearer(made: Path) -> None:
    """The nearest of all is not always one that the model was trained on."""
    everyone, seen = (Catalog(made).neighbors("7-9", k=3, dataset="visits", role=role) for role in (None, "train"))
    assert everyone["neighbor_mangaid"][0] == "7-10"
    assert everyone["distance"][0] == 0
    assert set(seen["neighbor_role"]) == {"train"}
    assert min(seen["distance"]) > 0


@pytest.mark.parametrize("role", [None, "train"])
def test_look_alikes_of_a_spectrum_are_its_neighbours_with_what_reads_their_arrays(
    made: Path, role: str | None
) -> None:
    table = Catalog(made).neighbors("7-3", "MODEL2", 5, "visits", role=role)
    for spectrum in (2, 31):
        with Database(made).read() as connection:
            scored = find_scored(connection, Scope("visits"))
            row = {"mangaid": "7-3", "dataset": "visits", "spectrum_id": 101 + spectrum}
            found = look_alikes(connection, row, scored.ensemble, scored_models(connection, scored)[1], 5, role)
        own = table[table["plate"] == spectrum]
        assert [one["distance"] for one in found] == own["distance"].tolist()
        assert [(one["mangaid"], one["plate"]) for one in found] == list(
            zip(own["neighbor_mangaid"], own["neighbor_plate"], strict=True)
        )
        assert [one["spectrum_id"] for one in found] == (101 + own["neighbor_plate"]).tolist()
        assert {one["dataset_id"] for one in found} == {2}


def test_of_many_spectra_the_nearest_that_their_best_model_was_trained_on(made: Path) -> None:
    """Here all models have the same error, so that any of them is the best."""
    with Database(made).read() as connection:
        scored = find_scored(connection, Scope("visits"))
        found = nearest_trained(connection, scored, [101, 103, 132], 3)
        assert nearest_trained(connection, scored, [], 3) == {}
    assert set(found) == {101, 103, 132}
    for spectrum_id, stars in found.items():
        assert len(stars) == 3
        near = []
        for model in range(N_MODEL):
            distance = distances(model, spectrum_id - 101, "train")
            third = np.sort(distance)[2]
            near.append({f"7-{star}" for star in STAR[distance <= third]})
        assert any(set(stars) <= names for names in near)


def place_in(model: int, spectrum: int) -> np.ndarray:
    """(N,) place of each in the order of distance, the same for equal distances; NaN for no neighbour."""
    distance = distances(model, spectrum)
    nearer = (np.round(distance[None, :], 9) < np.round(distance[:, None], 9)).sum(axis=1)
    return np.where(np.isnan(distance), np.nan, 1.0 + nearer)


@pytest.mark.parametrize("k", [1, 5, 34])
@pytest.mark.parametrize("star", [3, 20, 22])
def test_of_one_star_in_all_models(made: Path, k: int, star: int) -> None:
    """By the mean of the places, of which there are two where the third model has not scored one or the other."""
    table = Catalog(made).neighbors(f"7-{star}", None, k, "visits")
    for spectrum in np.flatnonzero(star == STAR):
        found = table[table["plate"] == spectrum]
        models = [model for model in range(N_MODEL) if SCORED[model, spectrum]]
        places = np.array([place_in(model, spectrum) for model in models])
        n_model = np.sum(~np.isnan(places), axis=0)
        mean = np.nansum(places, axis=0) / np.maximum(n_model, 1)
        order = np.lexsort((np.arange(N), mean, -n_model))
        order = order[n_model[order] > 0][:k]
        assert found["neighbor_rank"].tolist() == list(range(1, len(order) + 1))
        assert found["neighbor_plate"].tolist() == order.tolist()
        assert found["n_model"].tolist() == n_model[order].tolist()
        assert np.asarray(found["mean_rank"]) == pytest.approx(mean[order])


def test_of_all(catalog: Catalog) -> None:
    calls: list[tuple] = []
    assert catalog.neighbors_of_all(12, "visits", progress=lambda *call: calls.append(call)) == ("e", "visits", 1248)
    assert calls == [("MODEL1", 0, 3), ("MODEL2", 1, 3), ("MODEL3", 2, 3), ("", 3, 3)]
    found = rows(catalog, "FROM neighbor ORDER BY model_id, spectrum_id, neighbor_rank")
    assert len(found) == 12 * SCORED.sum()
    at = iter(found)
    for model in range(N_MODEL):
        for spectrum in np.flatnonzero(SCORED[model]):
            distance = distances(model, spectrum)
            for rank, expected in enumerate(np.sort(distance)[:12], 1):
                row = next(at)
                assert row[:4] == (model + 1, 2, 101 + spectrum, rank)
                assert (row[5], distance[row[4] - 101]) == pytest.approx((expected, expected))


def test_of_all_is_what_the_macro_says(catalog: Catalog) -> None:
    catalog.neighbors_of_all(34, "visits")
    both = """SELECT model_id, spectrum_id, neighbor_spectrum_id, round(distance::DOUBLE, 5) FROM {}
              WHERE dataset_id = 2 AND spectrum_id IN (103, 132) ORDER BY ALL"""
    assert rows(catalog, both.format("neighbor")) == rows(catalog, both.format("neighbors_of('7-3', 34, NULL)"))


@pytest.mark.parametrize("k", [10, 34, 35, 1000])
def test_of_all_twice_does_the_work_once(catalog: Catalog, k: int) -> None:
    """Also where there are fewer than k others: of a star with two spectra are 34, of one with one 35."""
    assert catalog.neighbors_of_all(k, "visits")[2] > 0
    before = catalog.database.path.read_bytes()
    assert catalog.neighbors_of_all(k, "visits")[2] == 0
    assert catalog.database.path.read_bytes() == before


def test_another_k_replaces_them(catalog: Catalog) -> None:
    deepest = "SELECT max(neighbor_rank), count(*) FROM neighbor"
    for k in (3, 5, 2):
        catalog.neighbors_of_all(k, "visits")
        assert rows(catalog, deepest) == [(k, k * SCORED.sum())]


def test_of_all_leaves_the_other_dataset_alone(catalog: Catalog) -> None:
    assert catalog.neighbors_of_all(5, "small") == ("e", "small", 2)
    assert catalog.neighbors_of_all(5, "small")[2] == 0
    catalog.neighbors_of_all(5, "visits")
    pair = "SELECT spectrum_id, neighbor_rank, neighbor_spectrum_id FROM neighbor WHERE dataset_id = 1 ORDER BY ALL"
    assert rows(catalog, pair) == [(1, 1, 2), (2, 1, 1)]


def test_killed_on_the_way_models_that_are_done_are_kept(catalog: Catalog) -> None:
    code = f"""import os, signal
from catalog import Catalog
Catalog({str(catalog.database.path)!r}).neighbors_of_all(
    4, "visits", progress=lambda model, done, total: done == 2 and os.kill(os.getpid(), {int(signal.SIGKILL)}))"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    n_row = "SELECT model_id, count(*) FROM neighbor GROUP BY ALL ORDER BY ALL"
    assert rows(catalog, n_row) == [(1, 144), (2, 144)]
    assert catalog.neighbors_of_all(4, "visits")[2] == 128
    assert rows(catalog, n_row) == [(1, 144), (2, 144), (3, 128)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k 0: give 1 to 1000"),
        ({"k": 1001}, "k 1001: give 1 to 1000"),
        ({"role": "test"}, "role test: give train or validation"),
        ({"model": None, "role": "train"}, "a role is that of one model; name the model, or leave the role out"),
        ({"model": "MODEL9"}, "no model MODEL9 has scored visits; there are: MODEL1, MODEL2, MODEL3"),
        ({"mangaid": "7-99"}, "no star 7-99 in this database"),
        ({"mangaid": "7-30"}, "star 7-30 has no neighbours in visits; its spectrum is absent or not usable"),
        ({"mangaid": "7-30", "model": None}, "star 7-30 has no neighbours in visits"),
        ({"mangaid": "7-21", "model": "MODEL3"}, "star 7-21 has no neighbours in visits"),
        ({"mangaid": "7-1", "dataset": "small", "role": "train"}, "no neighbours among those of role train in small"),
        ({"dataset": None}, "ensemble e has scored small, visits; choose one with --dataset"),
        ({"dataset": "large"}, "no dataset large; there are: small, visits"),
        ({"ensemble": "best"}, "no ensemble best; there are: e"),
    ],
)  # fmt: skip
def test_mistakes_are_named(made: Path, arguments: dict, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Catalog(made).neighbors(**({"mangaid": "7-3", "dataset": "visits"} | arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, "visits"), "k 0: give 1 to 1000"),
        ((1001, "visits"), "k 1001"),
        ((5, "large"), "no dataset large"),
        ((5, "visits", "best"), "no ensemble best"),
    ],
)
def test_mistakes_about_all_are_named_and_nothing_is_written(catalog: Catalog, arguments: tuple, message: str) -> None:
    before = catalog.database.path.read_bytes()
    with pytest.raises(CatalogError, match=message):
        catalog.neighbors_of_all(*arguments)
    assert catalog.database.path.read_bytes() == before


def test_spaces_around_an_id_do_no_harm(made: Path) -> None:
    one, other = (Catalog(made).neighbors(name, dataset="visits") for name in ("7-3", " 7-3 "))
    assert list(map(tuple, one.iterrows())) == list(map(tuple, other.iterrows()))
