"""Scoring with ten models of the paper's size: `python -m benchmarks.scoring [N_SPECTRUM …]`.

Ours, the usual script, the network alone on arrays in memory, and the machine's rate of matrix products.
"""

import shutil
import sys
import tempfile
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.measure import measure, table
from benchmarks.training import units
from catalog import Catalog
from catalog.autoencoder.recipes import PAPER
from catalog.autoencoder.weights import save_weights
from catalog.database.connection import Database, append, array_column
from catalog.database.migration import upgrade
from catalog.database.sizes import N_PIXEL

N_SPECTRUM, LARGER = 6_500, 60_000
N_MODEL = 10
BLOCK = 1024

FLOP = 2 * sum(a * b for a, b in pairwise(units(PAPER)))
"""Of a spectrum through encoder and decoder."""

ENSEMBLE = """
INSERT INTO dataset VALUES (1, 'large', 'MaStar', 'made up', 'combspec', 90, 1, $n, $n);
INSERT INTO star (star_id, mangaid, source_file_id) SELECT i, '7-' || i, 1 FROM range($n) AS r(i);
INSERT INTO spectrum (spectrum_id, dataset_id, star_id, n_zero_flux, n_negative_flux, n_nonfinite_flux, usable,
        first_good_pixel, last_good_pixel, source_file_id, source_row)
    SELECT i, 1, i, 0, 0, 0, true, 1, $n_pixel, 1, i FROM range($n) AS r(i);
INSERT INTO ensemble VALUES (1, 'made-up', 1, $n, $recipe, 'x', TIMESTAMP '2026-01-01', '0', NULL, NULL);
"""

MODEL = """
INSERT INTO model_version (model_id, ensemble_id, member, name, seed, n_train, n_validation, status, weights_file,
        weights_sha256)
    VALUES ($member, 1, $member, 'MODEL' || $member, 1, 1, 1, 'trained', $file, $sha256)
"""


def weights_of(member: int) -> list[np.ndarray]:
    generator = np.random.default_rng(member)
    arrays = []
    for a, b in pairwise(units(PAPER)):
        limit = np.sqrt(6 / (a + b))
        arrays += [generator.uniform(-limit, limit, (a, b)).astype(np.float32), np.zeros(b, np.float32)]
    return arrays


def flux_of(rows: np.ndarray) -> np.ndarray:
    generator = np.random.default_rng(int(rows[0]))
    slope = np.exp(generator.uniform(-1, 1, (len(rows), 1)) * np.linspace(-1, 1, N_PIXEL))
    return (slope * (1 + 0.05 * generator.standard_normal((len(rows), N_PIXEL)))).clip(0.01).astype(np.float32)


def made_up(path: Path, n: int) -> None:
    """A database with n spectra that nobody has scored, and ten models."""
    database = Database(path)
    upgrade(database)
    with duckdb.connect(path) as connection:
        values = {"n": n, "n_pixel": N_PIXEL, "recipe": PAPER.to_json()}
        for statement in ENSEMBLE.split(";")[:-1]:
            used = {name: value for name, value in values.items() if f"${name}" in statement}
            connection.execute(statement, used)
        grid = 10 ** (3.5589 + 1e-4 * np.arange(N_PIXEL))
        connection.execute("INSERT INTO wavelength_grid VALUES (1, ?, 3.5589, 1e-4, ?)", [N_PIXEL, grid.tolist()])
        for member in range(1, N_MODEL + 1):
            file, sha256 = save_weights(database.make_weights_folder(), weights_of(member))
            relative = str(file.relative_to(path.parent))
            connection.execute(MODEL, {"member": member, "file": relative, "sha256": sha256})
    with database.write(arrays=True) as connection:
        for start in range(0, n, BLOCK):
            rows = np.arange(start, min(start + BLOCK, n))
            flux = flux_of(rows)
            ivar = array_column((400 / np.square(flux)).astype(np.float32))
            mask = array_column(np.zeros(flux.shape, np.int32))
            columns = {"spectrum_id": pa.array(rows), "flux": array_column(flux), "ivar": ivar, "mask": mask}
            append(connection, "spectrum_array", pa.table(columns))


def ours(folder: Path) -> float:
    """The command as a whole, save the import of TensorFlow."""
    import catalog.anomaly.scoring
    import catalog.autoencoder.network  # noqa: F401

    fresh = folder / "fresh.duckdb"
    shutil.copy(folder / "c.duckdb", fresh)
    start = time.perf_counter()
    Catalog(fresh).score("large")
    return time.perf_counter() - start


def network_alone(_folder: Path, n: int = N_SPECTRUM) -> float:
    """Ten networks over arrays in memory, the spectra in blocks as we read them."""
    from catalog.autoencoder.model import Model
    from catalog.spectra.blocks import ROWS_PER_BLOCK

    network = Model(PAPER, N_PIXEL)
    spectra = np.log(flux_of(np.arange(n)))
    seconds = 0.0
    network.reconstruct(spectra[:BLOCK])
    for member in range(N_MODEL):
        network.set_weights(weights_of(member))
        start = time.perf_counter()
        for first in range(0, n, ROWS_PER_BLOCK):
            network.reconstruct(spectra[first : first + ROWS_PER_BLOCK])
        seconds += time.perf_counter() - start
    return seconds


def plain(folder: Path) -> float:
    """The usual script: everything in memory, `predict` per model, errors in numpy, an insert per model."""
    from catalog.autoencoder.backend import keras
    from catalog.autoencoder.network import Autoencoder

    fresh = folder / "plain.duckdb"
    shutil.copy(folder / "c.duckdb", fresh)
    network = Autoencoder(PAPER, N_PIXEL)
    start = time.perf_counter()
    with duckdb.connect(fresh) as connection:
        rows = connection.execute("SELECT spectrum_id, flux, ivar FROM spectrum_array").to_arrow_reader(2048).read_all()
        flux, ivar = (
            np.concatenate([chunk.flatten().to_numpy() for chunk in rows[name].chunks]).reshape(-1, N_PIXEL)
            for name in ("flux", "ivar")
        )
        maximum = flux.max(axis=1, keepdims=True)
        log_flux = np.log(flux / maximum)
        for member in range(N_MODEL):
            network.model.set_weights(weights_of(member + 1))
            latent = network.encoder.predict(log_flux, verbose=0)
            residual = np.exp(network.decoder.predict(latent, verbose=0)) - flux / maximum
            scores = pa.table(
                {
                    "model_id": np.full(len(flux), member + 1),
                    "spectrum_id": rows["spectrum_id"],
                    "error": np.mean(residual**2, axis=1, dtype=np.float64),
                    "chi2": np.mean((residual * maximum) ** 2 * ivar, axis=1, dtype=np.float64),
                }
            )
            connection.register("scores", scores)
            connection.execute("INSERT INTO reconstruction_error SELECT * FROM scores")
            latents = {"model_id": scores["model_id"], "spectrum_id": scores["spectrum_id"]}
            connection.register("latents", pa.table(latents | {"latent": array_column(latent)}))
            connection.execute("INSERT INTO latent_vector SELECT * FROM latents")
    seconds = time.perf_counter() - start
    keras.backend.clear_session()
    return seconds


def matrix_rate(_folder: Path) -> float:
    """Seconds for the products of the same flop, of the largest layer's shape, by numpy or TensorFlow, the faster."""
    import tensorflow as tf

    generator = np.random.default_rng(0)
    left = generator.standard_normal((BLOCK, N_PIXEL), np.float32)
    right = generator.standard_normal((N_PIXEL, PAPER.layers[0]), np.float32)
    out = np.empty((BLOCK, PAPER.layers[0]), np.float32)
    left_tensor, right_tensor = tf.constant(left), tf.constant(right)
    best = np.inf
    for product in (lambda: np.matmul(left, right, out=out), lambda: tf.matmul(left_tensor, right_tensor).numpy()):
        for _ in range(20):
            start = time.perf_counter()
            product()
            best = min(best, time.perf_counter() - start)
    return float(best * FLOP * N_SPECTRUM * N_MODEL / (2 * BLOCK * N_PIXEL * PAPER.layers[0]))


def main(sizes: tuple[int, ...] = (N_SPECTRUM, LARGER)) -> None:
    first = sizes[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made_up(folder / "c.duckdb", first)
        limit, _ = measure(matrix_rate, folder)
        limit *= first / N_SPECTRUM
        alone, _ = measure(partial(network_alone, n=first), folder)
        whole, memory = measure(ours, folder)
        usual, usual_memory = measure(plain, folder)
        giga = FLOP * first * N_MODEL / 1e9
        rows = [
            ["the matrix products alone, at the machine's best rate", limit, 0.0],
            ["the networks alone, spectra in memory", alone, 0.0],
            ["`catalog score`", whole, memory],
            ["the usual script (`predict`, everything in memory)", usual, usual_memory],
        ]
        print(f"### Scoring {first:,} spectra with ten models of the paper's size\n")
        cells: list[list[object]] = [
            [what, f"{took:.1f}", f"{took / limit:.2f}", f"{giga / took:.0f}", f"{held:.0f}" if held else ""]
            for what, took, held in rows
        ]
        print(table(["", "s", "of the limit", "Gflop/s", "peak memory, MB"], cells))
    for n in sizes[1:]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made_up(folder / "c.duckdb", n)
            took, memory = measure(ours, folder, repeats=1)
            print(f"\n{n:,} spectra: {took:.0f} s, peak memory {memory:.0f} MB.")


if __name__ == "__main__":
    main(*([tuple(map(int, sys.argv[1:]))] if sys.argv[1:] else []))
