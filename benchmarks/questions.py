"""How long questions take in a large catalog: `python -m benchmarks.questions [N_SPECTRUM …]`.

Made-up scores of ten models on 60,000 and on 1,000,000 spectra, or on as many as asked for. faiss is compared with
where it is installed.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.measure import REPEATS, measure, table
from catalog import Catalog
from catalog.anomaly.nearest import nearest
from catalog.anomaly.ranks import rank_pending
from catalog.database.connection import Database
from catalog.database.migration import upgrade

N_MODEL = 10
N_TRAINED = 2000
K = 10

# Photometry spread over the diagram; latent vectors of four numbers in ten, as the models' are in effect.
FILL = """
INSERT INTO dataset VALUES (1, 'large', 'MaStar', 'made up', 'combspec', 90, 1, $n, $n);
INSERT INTO star (star_id, mangaid, ra, dec, source_file_id)
    SELECT i, '7-' || i, random() * 360, random() * 180 - 90, 1 FROM range($n) AS r(i);
INSERT INTO gaia_match (star_id, gaia_release, g_mag, bp_rp, bp_rp0, abs_g, distance_pc, source_file_id)
    SELECT i, 'EDR3', 15, random() * 4, random() * 4, random() * 16 - 3, 1000, 1 FROM range($n) AS r(i);
INSERT INTO spectrum (spectrum_id, dataset_id, star_id, n_zero_flux, n_negative_flux, n_nonfinite_flux, usable,
        source_file_id, source_row)
    SELECT i, 1, i, 0, 0, 0, true, 1, i FROM range($n) AS r(i);
INSERT INTO ensemble VALUES (1, 'made-up', 1, $n, '{}', 'x', TIMESTAMP '2026-01-01', '0', NULL, NULL);
INSERT INTO model_version (model_id, ensemble_id, member, name, seed, n_train, n_validation, status)
    SELECT m, 1, m, 'MODEL' || m, 1, 1, 1, 'trained' FROM range(1, 11) AS r(m);
INSERT INTO training_split
    SELECT m, (m + 17 * i) % $n, 'train' FROM range(1, 11) AS r(m), range($trained) AS s(i);
CREATE TEMP TABLE made AS
    SELECT i, exp(3 * random() - 10) AS odd, random() AS a, random() AS b, random() AS c, random() AS d
    FROM range($n) AS r(i);
INSERT INTO reconstruction_error
    SELECT m, i, odd * exp(random() / 2), 1 + random() FROM range(1, 11) AS r(m), made;
INSERT INTO latent_vector
    SELECT m, i, [a, b, c, d, a * b, b * c + m, c * d, sin(a * m), cos(b), exp(d)]::FLOAT[10]
    FROM range(1, 11) AS r(m), made;
DROP TABLE made;
"""

PLAIN = "SELECT model_id, spectrum_id, error FROM reconstruction_error ORDER BY model_id, spectrum_id"

NEIGHBORS = f"FROM neighbors_of('7-1234', {K}, NULL) WHERE ensemble = 'made-up' AND dataset = 'large'"


def fill(path: Path, n: int) -> None:
    upgrade(Database(path))
    with duckdb.connect(path) as connection:
        connection.execute("SELECT setseed(0.5)")
        for statement in FILL.split(";")[:-1]:
            used = {"n": n, "trained": N_TRAINED}
            connection.execute(statement, {name: value for name, value in used.items() if f"${name}" in statement})


def stand(folder: Path) -> None:
    with Database(folder / "c.duckdb").write() as connection:
        rank_pending(connection)


def plain_consensus(path: Path) -> np.ndarray:
    """The hundred oddest, by a script that reads all errors."""
    with duckdb.connect(path, read_only=True) as connection:
        rows = connection.execute(PLAIN).fetchnumpy()
    error = rows["error"].reshape(N_MODEL, -1)
    order = np.argsort(error, axis=1)
    percentile = np.empty(error.shape)
    np.put_along_axis(percentile, order, np.arange(1, error.shape[1] + 1) * 100.0 / error.shape[1], axis=1)
    flags = (error >= np.quantile(error, 0.99, axis=1, keepdims=True)).sum(axis=0)
    return np.lexsort((-np.log10(error).mean(axis=0), -percentile.mean(axis=0), -flags))[:100]


def seconds(ask: Callable[[], object]) -> float:
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def ask(n: int, folder: Path) -> list[list[object]]:
    path = folder / "c.duckdb"
    fill(path, n)
    standing, memory = measure(stand, folder, repeats=1)
    catalog = Catalog(path)

    def sql(statement: str) -> Callable[[], object]:
        return lambda: catalog.query(statement)

    questions: dict[str, Callable[[], object]] = {
        "consensus, the first 100": lambda: catalog.outliers(limit=100),
        "outliers in the region `giants`": lambda: catalog.outliers(region="giants", limit=100),
        "outliers with BP-RP from 2 to 3, by relative error": lambda: catalog.outliers(bp_rp=(2, 3), by="relative"),
        "every region's first three": sql("FROM anomaly_by_cmd_region WHERE region_rank <= 3"),
        "10 neighbours of one spectrum in all models": sql(NEIGHBORS),
        "20 neighbours of one spectrum, the models merged": lambda: catalog.neighbors("7-1234", model=None, k=20),
        "consensus(99.5), all of it": sql("SELECT count(n_flagged) FROM consensus(99.5)"),
        "Table 1": catalog.error_percentiles,
        "Table 2": catalog.top_errors,
        "the first 100 by a script that reads all errors": lambda: plain_consensus(path),
    }
    rows: list[list[object]] = [[question, f"{seconds(answer):.2f}"] for question, answer in questions.items()]
    rows.append(["standings of all scores, once, after scoring", f"{standing:.0f} ({memory:.0f} MB)"])
    return rows


def all_pairs(n: int) -> list[list[object]]:
    """Seconds for the ten nearest of n latent vectors, by us and by others that are exact as well."""
    generator = np.random.default_rng(0)
    hidden = generator.random((n, 4))
    alike = np.column_stack([hidden, hidden[:, :1] * hidden[:, 1:4], np.sin(3 * hidden[:, :3])]).astype(np.float32)
    star_id = np.arange(n)
    rows: list[list[object]] = []
    for name, latent in (
        ("four numbers in ten, as the models' are", alike),
        ("ten independent numbers", generator.standard_normal((n, 10)).astype(np.float32)),
    ):
        ours = seconds(lambda latent=latent: list(nearest(latent, star_id, K)))  # type: ignore[misc]
        others = {method: f"{seconds(search):.1f}" for method, search in _others(latent).items()}
        rows.append(
            [name, f"{ours:.1f}", others["scikit-learn, brute force"], others.get("faiss, flat", "not installed")]
        )
    return rows


def _others(latent: np.ndarray) -> dict[str, Callable[[], object]]:
    from sklearn.neighbors import NearestNeighbors

    brute = NearestNeighbors(n_neighbors=K + 1, algorithm="brute")
    searches: dict[str, Callable[[], object]] = {
        "scikit-learn, brute force": lambda: brute.fit(latent).kneighbors(latent)
    }
    try:
        import faiss
    except ImportError:
        return searches

    def flat() -> object:
        index = faiss.IndexFlatL2(latent.shape[1])
        index.add(latent)
        return index.search(latent, K + 1)

    return searches | {"faiss, flat": flat}


def main(sizes: tuple[int, ...] = (60_000, 1_000_000)) -> None:
    columns = []
    for n in sizes:
        with tempfile.TemporaryDirectory() as folder:
            columns.append(ask(n, Path(folder)))
        print(f"    {n} done", file=sys.stderr)
    print(f"### Questions to a large catalog\n\nSeconds, made-up scores of {N_MODEL} models; medians of {REPEATS}.\n")
    header = ["question", *(f"{n:,} spectra" for n in sizes)]
    print(table(header, [[rows[0][0], *(row[1] for row in rows)] for rows in zip(*columns, strict=True)]))
    print(f"\nThe {K} nearest of every one of {sizes[0]:,} spectra in one model, seconds:\n")
    print(table(["latent vectors", "ours (k-d tree)", "scikit-learn, brute force", "faiss, flat"], all_pairs(sizes[0])))


if __name__ == "__main__":
    main(*([tuple(map(int, sys.argv[1:]))] if sys.argv[1:] else []))
