"""One epoch of the paper's recipe: ours, plain Keras, and the arithmetic alone."""

import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.measure import measure, table
from catalog.autoencoder.network import Autoencoder
from catalog.autoencoder.recipe import Recipe

N_SPECTRUM, N_PIXEL, BATCH = 2000, 4563, 32
UNITS = (N_PIXEL, 2048, 512, 128, 32, 10, 32, 128, 512, 2048, N_PIXEL)


def features() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 0, (N_SPECTRUM, N_PIXEL)).astype(np.float32)


def ours(_folder: Path) -> float:
    network, spectra, order = Autoencoder(Recipe(), N_PIXEL), features(), np.arange(N_SPECTRUM)
    network.train_epoch(spectra, order)  # compiles
    start = time.perf_counter()
    network.train_epoch(spectra, order)
    return time.perf_counter() - start


def plain_keras_fit(_folder: Path) -> float:
    from catalog.autoencoder.backend import keras

    network, spectra = Autoencoder(Recipe(), N_PIXEL), features()
    network.model.compile(optimizer=keras.optimizers.Adam(0.001), loss="mse")
    network.model.fit(spectra[:BATCH], spectra[:BATCH], batch_size=BATCH, verbose=0)
    start = time.perf_counter()
    network.model.fit(spectra, spectra, batch_size=BATCH, epochs=1, verbose=0)
    return time.perf_counter() - start


def arithmetic_alone(_folder: Path) -> float:
    """The matrix products of forward and backward pass, in numpy."""
    generator = np.random.default_rng(0)
    layers = [
        (
            generator.random((a, b), np.float32),
            generator.random((BATCH, a), np.float32),
            generator.random((BATCH, b), np.float32),
        )
        for a, b in pairwise(UNITS)
    ]
    start = time.perf_counter()
    for _ in range(0, N_SPECTRUM, BATCH):
        for weights, inputs, gradient in layers:
            inputs @ weights
            gradient @ weights.T
            inputs.T @ gradient
    return time.perf_counter() - start


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        results = {work.__name__: measure(work, Path(folder)) for work in (ours, plain_keras_fit, arithmetic_alone)}
    reference = results["ours"][0]
    rows = [
        [work.replace("_", " "), f"{seconds:.1f}", f"{seconds / reference:.2f}", f"{memory:.0f}"]
        for work, (seconds, memory) in results.items()
    ]
    print(f"### One epoch of the paper's recipe, {N_SPECTRUM} spectra\n")
    print(table(["way", "s", "relative to ours", "peak memory MB"], rows))


if __name__ == "__main__":
    main()
