"""The views, against the same numbers computed by numpy from the rows of the tables."""

import re
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from conftest import MANGAIDS, N_STAR, ODD

from catalog import Catalog
from catalog.anomaly.ranks import rank_pending
from catalog.database.connection import Database, append
from catalog.database.migration import upgrade
from catalog.database.schema import latent_vector, metadata, reconstruction_error, training_split

N_MODEL, N_SPECTRUM = 4, 150


@pytest.fixture(scope="module")
def numbers() -> dict[str, np.ndarray]:
    """Errors (model, spectrum) with ties, latents, and which stars a model has seen."""
    generator = np.random.default_rng(1)
    error = np.round(generator.lognormal(-8, 1, (N_MODEL, N_SPECTRUM)), 5) + 1e-6
    error[:, 5] *= 100
    seen = generator.random((N_MODEL, N_SPECTRUM)) < 0.6
    seen[:, 5] = [True, True, False, True]
    seen[:, 6] = True
    seen[:, 9] = [True, False, False, False]  # by a second spectrum of the star, see `database`
    return {"error": error, "seen": seen, "latent": generator.random((N_MODEL, N_SPECTRUM, 10)).astype(np.float32)}


@pytest.fixture(scope="module")
def database(numbers: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two datasets of the same stars: models trained on 1 (spectra 1 …), scored 2 (spectra 1001 …)."""
    path = tmp_path_factory.mktemp("views") / "c.duckdb"
    database = Database(path)
    upgrade(database)
    with database.write() as connection:

        def fill(table: str, **columns: object) -> None:
            append(connection, metadata.tables[table], pa.table(columns))

        stars = np.arange(1, N_SPECTRUM + 1)
        fill("star", star_id=stars, mangaid=[f"7-{s}" for s in stars], source_file_id=np.ones(N_SPECTRUM, int))
        for dataset_id, name in ((1, "small"), (2, "large")):
            fill("dataset", dataset_id=[dataset_id], name=[name], survey=["MaStar"], product=["combspec"],
                 grid_id=[1], n_spectrum=[N_SPECTRUM], n_usable=[N_SPECTRUM])  # fmt: skip
            zero = np.zeros(N_SPECTRUM, np.int32)
            fill("spectrum", spectrum_id=stars + 1000 * (dataset_id - 1), dataset_id=np.full(N_SPECTRUM, dataset_id),
                 star_id=stars, n_zero_flux=zero, n_negative_flux=zero, n_nonfinite_flux=zero,
                 usable=np.ones(N_SPECTRUM, bool), source_file_id=zero.astype(int), source_row=stars)  # fmt: skip
        connection.execute(
            "INSERT INTO ensemble VALUES (1, 'e', 1, 150, '{}', 'x', TIMESTAMP '2026-01-01', '0', NULL, NULL)"
        )
        for model in range(N_MODEL):
            fill("model_version", model_id=[model + 1], ensemble_id=[1], member=pa.array([model + 1], pa.int32()),
                 name=[f"MODEL{model + 1}"], seed=[1], n_train=pa.array([1], pa.int32()),
                 n_validation=pa.array([1], pa.int32()), status=["trained"])  # fmt: skip
            model_id = np.full(N_SPECTRUM, model + 1)
            role = np.where(numbers["seen"][model], "train", "validation")
            role[9] = "validation"
            append(connection, training_split, pa.table({"model_id": model_id, "spectrum_id": stars, "role": role}))
            scored = {"model_id": model_id, "spectrum_id": stars + 1000}
            append(connection, reconstruction_error, pa.table(scored | {"error": numbers["error"][model]}))
            latent = pa.FixedSizeListArray.from_arrays(numbers["latent"][model].reshape(-1), 10)
            append(connection, latent_vector, pa.table(scored | {"latent": latent}))
            # Spectra of the other dataset, as near as can be to one of this: no neighbours of it all the same.
            copies = pa.FixedSizeListArray.from_arrays(np.tile(numbers["latent"][model][11], 20), 10)
            others = {"model_id": model_id[:20], "spectrum_id": stars[20:40], "latent": copies}
            append(connection, latent_vector, pa.table(others))
        # Star 10 has a second spectrum in `small`, which model 1 was trained on.
        fill("spectrum", spectrum_id=[5000], dataset_id=[1], star_id=[10], n_zero_flux=zero[:1],
             n_negative_flux=zero[:1], n_nonfinite_flux=zero[:1], usable=[True], source_file_id=[1],
             source_row=[1])  # fmt: skip
        fill("training_split", model_id=[1], spectrum_id=[5000], role=["train"])
        # The copies have no errors: a score is an error and a latent vector.
        rank_pending(connection)
    return path


def columns(database: Path, sql: str) -> dict[str, np.ndarray]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchnumpy()


def percentile(values: np.ndarray) -> np.ndarray:
    """Share of values at or below each, in percent."""
    return 100 * np.mean(values[None, :] <= values[:, None], axis=1)


def test_anomaly_score(database: Path, numbers: dict[str, np.ndarray]) -> None:
    for model in range(N_MODEL):
        found = columns(database, f"FROM anomaly_score WHERE model_id = {model + 1} ORDER BY spectrum_id")
        error, seen = numbers["error"][model], numbers["seen"][model]
        assert found["percentile"] == pytest.approx(percentile(error))
        assert found["rank"].tolist() == [1 + int(np.sum(error > value)) for value in error]
        assert found["log10_error"] == pytest.approx(np.log10(error))
        assert found["flagged"].tolist() == (error >= np.quantile(error, 0.99)).tolist()
        unseen = found["percentile_unseen"]
        assert np.ma.getmaskarray(unseen).tolist() == seen.tolist()
        assert np.asarray(unseen[~seen]) == pytest.approx(percentile(error[~seen]))
        assert (found["role"] == "train").tolist() == seen.tolist()
        assert set(found["dataset"]) == {"large"}


def test_consensus_anomaly(database: Path, numbers: dict[str, np.ndarray]) -> None:
    found = columns(database, "FROM consensus_anomaly ORDER BY spectrum_id")
    error = numbers["error"]
    percentiles = np.array([percentile(row) for row in error])
    flagged = np.sum(error >= np.quantile(error, 0.99, axis=1, keepdims=True), axis=0)
    log10 = np.log10(error)
    assert found["n_model"].tolist() == [N_MODEL] * N_SPECTRUM
    assert found["n_flagged"].tolist() == flagged.tolist()
    assert found["mean_percentile"] == pytest.approx(percentiles.mean(axis=0))
    assert found["min_percentile"] == pytest.approx(percentiles.min(axis=0))
    assert found["mean_log10_error"] == pytest.approx(log10.mean(axis=0))
    assert found["std_log10_error"] == pytest.approx(log10.std(axis=0, ddof=1))
    keys = np.round([flagged, percentiles.mean(axis=0), log10.mean(axis=0)], 8)[:, np.argsort(found["consensus_rank"])]
    assert [tuple(key) for key in keys.T] == sorted((tuple(key) for key in keys.T), reverse=True)
    assert sorted(found["consensus_rank"]) == list(range(1, N_SPECTRUM + 1))


def test_consensus_over_the_models_that_have_not_seen_the_star(database: Path, numbers: dict[str, np.ndarray]) -> None:
    found = columns(database, "FROM consensus_anomaly ORDER BY spectrum_id")
    error, seen = numbers["error"], numbers["seen"]
    assert found["n_model_unseen"].tolist() == np.sum(~seen, axis=0).tolist()
    assert (found["n_model_unseen"][5], found["n_model_unseen"][6]) == (1, 0)
    assert np.ma.getmaskarray(found["mean_percentile_unseen"])[6]
    assert np.ma.getmaskarray(found["unseen_rank"])[6]
    only = error[2][~seen[2]]
    assert found["mean_percentile_unseen"][5] == pytest.approx(100 * np.mean(only <= error[2][5]))
    ranked = found["unseen_rank"].compressed()
    assert sorted(ranked) == list(range(1, len(ranked) + 1))


def test_latent_neighbor(database: Path, numbers: dict[str, np.ndarray]) -> None:
    latent = numbers["latent"][1].astype(float)
    found = columns(database, "FROM latent_neighbor WHERE model = 'MODEL2' AND mangaid = '7-12' ORDER BY neighbor_rank")
    distance = np.linalg.norm(latent - latent[11], axis=1)
    nearest = np.argsort(distance)[1:11]
    assert found["neighbor_spectrum_id"].tolist() == (nearest + 1001).tolist()
    assert found["distance"] == pytest.approx(distance[nearest], rel=1e-5)
    assert (found["neighbor_role"] == "train").tolist() == numbers["seen"][1][nearest].tolist()
    assert found["neighbor_mangaid"].tolist() == [f"7-{s + 1}" for s in nearest]


def test_a_filter_on_one_spectrum_does_not_compute_all_pairs(database: Path) -> None:
    """Every way to name one spectrum reaches the scan of the latent vectors, below the product."""
    for where in ("mangaid = '7-12'", "spectrum_id = 1012", "star_id = 12 AND model = 'MODEL2'"):
        with duckdb.connect(database, read_only=True) as connection:
            plan = connection.execute(f"EXPLAIN ANALYZE FROM latent_neighbor WHERE {where}").fetchall()[0][1]
        largest = max(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) rows?", plan))
        assert largest <= 2 * N_MODEL * N_SPECTRUM  # all pairs would be 90,000


def test_error_percentile_and_top_error(database: Path, numbers: dict[str, np.ndarray]) -> None:
    """The paper's Tables 1 and 2."""
    found = columns(database, "FROM error_percentile ORDER BY model_id")
    for percent in (1, 10, 50, 90, 99):
        expected = np.percentile(np.log10(numbers["error"]), percent, axis=1)
        assert found[f"percentile_{percent}"] == pytest.approx(expected)
    top = columns(database, "FROM top_error WHERE model = 'MODEL1' ORDER BY rank")
    assert top["error"][:5] == pytest.approx(np.sort(numbers["error"][0])[::-1][:5])


def test_cmd_has_every_star_once(ingested: Path) -> None:
    found = columns(ingested, "FROM cmd ORDER BY mangaid")
    assert found["mangaid"].tolist() == MANGAIDS
    assert np.asarray(found["abs_g_uncorrected"][:-1]) == pytest.approx(5)  # G 15 at 1000 pc
    for name in ("source_id", "bp_rp", "abs_g", "abs_g_uncorrected"):
        assert np.ma.getmaskarray(found[name]).tolist() == [False] * (N_STAR - 1) + [True]


def test_the_odd_star_of_the_survey_is_first(scored: Path) -> None:
    assert Catalog(scored).outliers(limit=1)["mangaid"][0] == ODD
