"""The consensus over arrays is that of the views, and a spectrum can be placed in it without being stored."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import ODD
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rank_tables import stand_anew

from catalog.database.connection import Database
from catalog.database.records import Scope
from catalog.evaluation.consensus import Consensus, Population
from catalog.evaluation.stored import read_scores

VIEW = """SELECT n_flagged, mean_percentile, mean_log10_error, mean_percentile_unseen, consensus_rank, unseen_rank
          FROM consensus_anomaly ORDER BY spectrum_id"""


def view(database: Path) -> dict[str, np.ndarray]:
    with duckdb.connect(database, read_only=True) as connection:
        columns = connection.execute(VIEW).fetchnumpy()
    return {name: np.ma.filled(values.astype(float), np.nan) for name, values in columns.items()}


def assert_equal(found: Consensus, expected: dict[str, np.ndarray]) -> None:
    assert found.n_flagged.tolist() == expected["n_flagged"].tolist()
    for name in ("mean_percentile", "mean_log10_error", "mean_percentile_unseen"):
        assert getattr(found, name) == pytest.approx(expected[name], nan_ok=True)
    assert found.all.rank.tolist() == expected["consensus_rank"].tolist()
    np.testing.assert_array_equal(found.unseen.rank, expected["unseen_rank"])


def test_it_is_the_view_of_a_scored_database(scored: Path) -> None:
    stored = read_scores(Database(scored), Scope("large"))
    consensus = Population(stored.error, stored.seen).consensus
    assert_equal(consensus, view(scored))
    assert stored.mangaid[consensus.all.rank == 1] == ODD


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_view_where_errors_tie_are_zero_or_are_absent(
    scored: Path, copy_of: Callable[[Path], Path], seed: int
) -> None:
    database = copy_of(scored)
    generator = np.random.default_rng(seed)
    with duckdb.connect(database) as connection:
        keys = connection.execute("SELECT model_id, spectrum_id FROM reconstruction_error ORDER BY ALL").fetchall()
        connection.execute("DELETE FROM reconstruction_error")
        for key in keys:
            if generator.random() < 0.9:
                error = float(generator.integers(0, 4)) / 4
                connection.execute("INSERT INTO reconstruction_error VALUES (?, ?, ?, NULL)", [*key, error])
    stand_anew(database)
    stored = read_scores(Database(database), Scope("large"))
    assert np.isnan(stored.error).any()
    assert_equal(Population(stored.error, stored.seen).consensus, view(database))


errors = arrays(np.float64, (3, 12), elements=st.sampled_from([0.0, 1e-5, 1e-4, 2e-4, 1e-3, np.nan]))
seen = arrays(bool, (3, 12))


@settings(deadline=None)
@given(errors, seen)
def test_a_spectrum_that_replaces_itself_keeps_its_place(error: np.ndarray, seen: np.ndarray) -> None:
    population = Population(error, seen)
    host = np.array([4, 0, 4])
    placed = population.place(error[:, host], host)
    for members in ("all", "unseen"):
        np.testing.assert_array_equal(placed.by(members).rank, population.consensus.by(members).rank[host])
    np.testing.assert_array_equal(placed.mean_percentile, population.consensus.mean_percentile[host])


@settings(deadline=None)
@given(errors, seen)
def test_an_error_above_all_comes_first_and_takes_no_place_but_its_own(error: np.ndarray, seen: np.ndarray) -> None:
    population = Population(error, seen)
    host = np.arange(12)
    placed = population.place(np.ones((3, 12)), host)
    scored, unseen = ~np.isnan(error), ~np.isnan(error) & ~seen
    assert placed.all.rank[scored.all(axis=0)].tolist() == [1] * int(scored.all(axis=0).sum())
    assert np.isnan(placed.unseen.rank).tolist() == (~unseen.any(axis=0)).tolist()
    assert placed.all.n_ranked == int(scored.any(axis=0).sum())
    assert np.nanmax(placed.all.percentile, initial=0) <= 100


def test_a_spectrum_is_placed_as_if_it_stood_in_the_dataset() -> None:
    """Against the consensus computed anew with the new error in the host's column."""
    generator = np.random.default_rng(5)
    error, seen = generator.lognormal(-8, 1, (4, 200)), generator.random((4, 200)) < 0.6
    new = generator.lognormal(-7, 1, (4, 200))
    placed = Population(error, seen).place(new, np.arange(200))
    for host in range(0, 200, 7):
        replaced = error.copy()
        replaced[:, host] = new[:, host]
        expected = Population(replaced, seen).consensus
        assert placed.mean_percentile[host] == pytest.approx(expected.mean_percentile[host])
        assert placed.mean_percentile_unseen[host] == pytest.approx(expected.mean_percentile_unseen[host], nan_ok=True)
        # The others keep their percentiles and flags, so a rank may be off by a few.
        assert placed.unseen.rank[host] == pytest.approx(expected.unseen.rank[host], abs=3, nan_ok=True)


def test_what_no_model_has_scored_has_no_rank() -> None:
    population = Population(np.array([[1.0, np.nan, 3.0]]), np.zeros((1, 3), bool))
    assert population.consensus.all.rank.tolist()[::2] == [2, 1]
    assert np.isnan(population.consensus.all.rank[1])
    assert np.isnan(population.place(np.array([[np.nan]]), np.array([0])).all.rank).all()
