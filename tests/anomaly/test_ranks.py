"""Ranks are what numpy finds from the scores: every column of the tables, of the macro and of the views."""

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ranks_by_numpy import assert_standing

from catalog import Catalog
from catalog.anomaly.ranks import rank_pending
from catalog.autoencoder.recipes import PCA
from catalog.database.connection import Database, append, array_column
from catalog.database.migration import upgrade

MODELS = {1: 4, 2: 2}
"""Of the ensembles: the first was trained here, the second elsewhere."""

NAMES = """
INSERT INTO star (star_id, mangaid) SELECT i, '7-' || i FROM range(1, 131) AS r(i);
INSERT INTO dataset
    SELECT i, 'd' || i, 'MaStar', NULL, 'combspec', 60, 1, 9, 9 FROM range(1, 3) AS r(i);
INSERT INTO ensemble VALUES
    (1, 'here', 1, 9, '{}', 'x', TIMESTAMP '2026-01-01', '0', NULL, NULL),
    (2, 'elsewhere', NULL, 9, '{}', 'x', TIMESTAMP '2026-01-01', '0', 1, '{}');
INSERT INTO model_version (model_id, ensemble_id, member, name, seed, n_train, n_validation, status)
    SELECT i, 1 + i // 5, 1 + i % 5, 'MODEL' || i, 1, 1, 1, 'trained' FROM range(1, 7) AS r(i);
"""

DEAL_OUT = """
INSERT INTO gaia_match (star_id, gaia_release, bp_rp0, abs_g, source_file_id)
    SELECT star_id, 'DR2', bp_rp, abs_g_cluster, 1
    FROM (SELECT star_id, row_number() OVER (ORDER BY star_id) AS number FROM star)
    JOIN (
        SELECT bp_rp, abs_g_cluster, row_number() OVER (ORDER BY gaia_dr2_source_id) AS number FROM '{clusters}'
    ) USING (number)
    WHERE number > 10
"""

VARIED = ("spectrum", "gaia_match", "training_split", "training_star", "reconstruction_error", "latent_vector",
          "score_rank", "ensemble_rank")  # fmt: skip


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Two ensembles, two datasets and 130 stars by name, and no spectra."""
    database = Database(tmp_path_factory.mktemp("named") / "c.duckdb")
    upgrade(database)
    with duckdb.connect(database.path) as connection:
        connection.execute(NAMES)
    return database


@settings(
    deadline=None,
    max_examples=15,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 130),
    n_star=st.integers(1, 130),
    error=st.sampled_from(["few values", "continuous", "mostly zero", "one value"]),
    no_chi2=st.sampled_from([0.0, 0.5, 1.0]),
    seen=st.sampled_from([0.0, 0.6, 1.0]),
    absent=st.sampled_from([0.0, 0.3]),
    place=st.sampled_from(["continuous", "with the same", "on a grid", "one"]),
    unknown=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_every_column_of_small_databases_is_what_numpy_finds(
    named: Database, seed: int, n: int, n_star: int, error: str, no_chi2: float, seen: float,
    absent: float, place: str, unknown: float,
) -> None:  # fmt: skip
    """With ties, zero errors, spectra without chi2, stars with several, and models that have not scored all."""
    generator = np.random.default_rng(seed)

    def fill(table: str, **columns: object) -> None:
        append(connection, table, pa.table(columns))

    def some(share: float, *shape: int) -> np.ndarray:
        return generator.random(shape) < share

    def places(n: int, length: int) -> np.ndarray:
        """(n, length) latent vectors or photometry."""
        made = generator.normal(size=(n, length))
        made = {"on a grid": generator.integers(0, 2, (n, length)), "one": np.zeros((n, length))}.get(place, made)
        if place == "with the same":
            made[generator.integers(0, n, n // 3)] = made[0]
        return made.astype(np.float32)

    with named.write() as connection:
        for table in VARIED:
            connection.execute(f"DELETE FROM {table}")
        spectrum_id = np.arange(1, n + 1)
        zero = np.zeros(n, np.int32)
        fill("spectrum", spectrum_id=spectrum_id, dataset_id=1 + some(0.7, n).astype(int),
             star_id=generator.integers(1, n_star + 1, n), n_zero_flux=zero, n_negative_flux=zero,
             n_nonfinite_flux=zero, usable=zero == 0, source_file_id=spectrum_id,
             source_row=spectrum_id)  # fmt: skip
        for release in ("DR2", "EDR3"):
            star_id = 1 + np.flatnonzero(~some(unknown, 130))
            bp_rp0, abs_g = places(len(star_id), 2).T if len(star_id) else np.empty((2, 0), np.float32)
            fill("gaia_match", star_id=star_id, gaia_release=[release] * len(star_id),
                 bp_rp0=pa.array(bp_rp0, mask=some(unknown / 2, len(star_id))), abs_g=4 * abs_g,
                 source_file_id=star_id)  # fmt: skip
        for model in range(1, 1 + sum(MODELS.values())):
            role = np.where(some(seen, n), "train", "validation")
            if model <= MODELS[1]:
                fill("training_split", model_id=np.full(n, model), spectrum_id=spectrum_id, role=role)
            else:
                fill("training_star", model_id=np.full(n, model), mangaid=[f"7-{i}" for i in range(n)], role=role)
            scored = np.flatnonzero(~some(absent, n))
            keys = {"model_id": np.full(len(scored), model), "spectrum_id": spectrum_id[scored]}
            errors = {
                "few values": generator.choice([0, 1e-5, 1e-4, 2e-4, 1e-3], n),
                "continuous": generator.lognormal(-8, 1, n),
                "mostly zero": np.where(some(0.9, n), 0, generator.lognormal(-8, 1, n)),
                "one value": np.full(n, 1e-4),
            }[error]
            chi2 = pa.array(generator.integers(1, 40, n) / 8, mask=some(no_chi2, n))
            fill("reconstruction_error", **keys, error=errors[scored], chi2=chi2.take(pa.array(scored)))
            fill("latent_vector", **keys, latent=array_column(places(n, 10)[scored]))
        rank_pending(connection)
        assert rank_pending(connection) == 0
        assert_standing(connection)


@pytest.fixture(scope="module")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real spectra and their principal components; colours and magnitudes of other real stars are dealt out to them."""
    catalog = Catalog(tmp_path_factory.mktemp("real") / "c.duckdb")
    catalog.ingest([real_data / "real_stars"])
    with catalog.database.write() as connection:
        clusters = real_data / "gaia" / "gaia_dr2_openclusters_cmd.parquet"
        connection.execute(DEAL_OUT.format(clusters=clusters))
    catalog.train("small", replace(PCA, window=(3910.0, 8770.0)), models=5)
    catalog.score("large")
    return catalog.database.path


def test_every_column_of_real_spectra_is_what_numpy_finds(real: Path) -> None:
    with duckdb.connect(real, read_only=True) as connection:
        assert connection.execute("SELECT count(*), max(n_peer) FROM consensus_anomaly").fetchone() == (982, 300)
        assert_standing(connection)


def test_a_rank_of_real_spectra_lies_in_its_interval_and_the_oddest_are_sure(real: Path) -> None:
    with duckdb.connect(real, read_only=True) as connection:
        (found,) = connection.execute(
            """SELECT count(*) FILTER (consensus_rank BETWEEN consensus_rank_lo AND consensus_rank_hi),
               count(*) FILTER (consensus_rank <= 2 AND consensus_rank_lo = consensus_rank_hi) FROM consensus_anomaly"""
        ).fetchall()
    assert found == (982, 2)
