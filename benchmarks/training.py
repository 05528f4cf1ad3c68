"""One epoch of the paper's recipe: ours, the usual ways, and a limit; then what larger surveys and networks cost."""

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import measure, table
from catalog.autoencoder.features import Features
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.recipes import FAST, PAPER

# Keras is loaded by what needs it, in a process of its own: or torch's memory would be TensorFlow's as well.

N_SPECTRUM, N_PIXEL = 2000, 4563
BLOCK = 1000
SIZES = (500, 2000, 8000, 20000)
SCALES = (0.5, 1.0, 2.0)
FAST_EPOCHS = 5
N_STACKED = 10

COPIED = 2**28
"""Bytes of the arrays whose copy measures the bandwidth: no cache holds them."""


def random_spectra(n: int) -> np.ndarray:
    return np.random.default_rng(n).uniform(-1, 0, (n, N_PIXEL)).astype(np.float32)


def on_disk(folder: Path, n: int) -> Features:
    """The spectra of a training, as `catalog train` keeps them; written in blocks, which no peak memory shows."""
    features = Features(folder, n, N_PIXEL)
    generator = np.random.default_rng(n)
    for start in range(0, n, BLOCK):
        rows = np.arange(start, min(start + BLOCK, n))
        features.put(rows, generator.uniform(-1, 0, (len(rows), N_PIXEL)))
    return features


def ours(folder: Path, n: int = N_SPECTRUM, recipe: Recipe = PAPER) -> float:
    from catalog.autoencoder.network import Autoencoder

    network, generator = Autoencoder(recipe, N_PIXEL), np.random.default_rng(0)
    network.reset(0)
    with on_disk(folder, n) as features:

        def epoch(order: np.ndarray) -> float:
            start = time.perf_counter()
            network.train_epoch(features, order, recipe.learning_rate, generator)
            return time.perf_counter() - start

        epoch(np.arange(recipe.batch_size + n % recipe.batch_size))  # compiles for both sizes of a batch
        return epoch(generator.permutation(n))


def stacked(folder: Path, n: int = N_SPECTRUM, n_model: int = N_STACKED) -> float:
    """Models together, as `catalog train` trains them on a GPU: seconds of each."""
    from catalog.autoencoder.stack import Stack

    stack = Stack(PAPER, N_PIXEL, n_model)
    generators = [np.random.default_rng(index) for index in range(n_model)]
    with on_disk(folder, n) as features:

        def epoch(rows: np.ndarray) -> float:
            start = time.perf_counter()
            stack.train_epoch([rows] * n_model, 1, generators)
            return (time.perf_counter() - start) / n_model

        stack.begin(features, [np.arange(n)] * n_model, list(range(n_model)))
        epoch(np.arange(PAPER.batch_size))  # compiles
        return epoch(np.arange(n))


def ours_on_jax(folder: Path) -> float:
    os.environ["KERAS_BACKEND"] = "jax"
    return ours(folder)


def keras_fit(_folder: Path, **options: Any) -> float:
    """Without options, compile() leaves XLA out on a machine without a GPU."""
    from catalog.autoencoder.network import Autoencoder, keras

    model, spectra = Autoencoder(PAPER, N_PIXEL).model, random_spectra(N_SPECTRUM)
    model.compile(optimizer=keras.optimizers.Adam(PAPER.learning_rate), loss="mse", **options)

    def epoch() -> float:
        start = time.perf_counter()
        model.fit(spectra, spectra, batch_size=PAPER.batch_size, epochs=1, verbose=0)
        return time.perf_counter() - start

    epoch()  # compiles
    return epoch()


def torch_loop(_folder: Path, **options: Any) -> float:
    """Without options, Adam is a dozen passes over the memory."""
    import torch

    layers: list[torch.nn.Module] = []
    for a, b in pairwise(units(PAPER)):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])  # the output is linear
    optimizer = torch.optim.Adam(model.parameters(), lr=PAPER.learning_rate, **options)
    spectra = torch.from_numpy(random_spectra(N_SPECTRUM))

    def epoch() -> float:
        start = time.perf_counter()
        for rows in torch.randperm(N_SPECTRUM).split(PAPER.batch_size):
            batch = spectra[rows]
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(batch), batch)
            loss.backward()
            optimizer.step()
            loss.item()  # as the others, which say it for every batch
        return time.perf_counter() - start

    epoch()
    return epoch()


def matrix_products(_folder: Path) -> float:
    """Those of both passes, in numpy, into memory that is there already."""
    generator = np.random.default_rng(0)
    products: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for number, (a, b) in enumerate(pairwise(units(PAPER))):
        weights, inputs, gradient = (
            generator.random(shape, np.float32) for shape in ((a, b), (PAPER.batch_size, a), (PAPER.batch_size, b))
        )
        products += [(inputs, weights, gradient.copy()), (inputs.T, gradient, weights.copy())]
        if number:  # nobody asks for the gradient of the spectra
            products.append((gradient, weights.T, inputs.copy()))

    def epoch() -> float:
        start = time.perf_counter()
        for _ in range(0, N_SPECTRUM, PAPER.batch_size):
            for left, right, result in products:
                np.matmul(left, right, out=result)
        return time.perf_counter() - start

    epoch()
    return epoch()


def memory_traffic_of_adam(_folder: Path) -> float:
    """Reads weight, gradient and both moments, writes weight and moments: seven times the parameters, every step.

    At the speed of a copy by all cores at once, whose bytes are read and written.
    """
    n_core = os.cpu_count() or 1
    source = np.ones((n_core, COPIED // n_core), np.uint8)
    target = np.empty_like(source)

    def copy(pool: ThreadPoolExecutor) -> float:
        start = time.perf_counter()
        list(pool.map(np.copyto, target, source))
        return time.perf_counter() - start

    with ThreadPoolExecutor(n_core) as pool:
        copy(pool)  # the pages of the target are handed out
        bandwidth = 2 * source.nbytes / min(copy(pool) for _ in range(5))
    n_step = -(-N_SPECTRUM // PAPER.batch_size)
    return 7 * 4 * parameters(PAPER) * n_step / bandwidth


def fast_training(folder: Path, n: int) -> float:
    """One member of the recipe `fast`, from its components to its last epoch, compiling included."""
    from catalog.autoencoder.model import Model
    from catalog.autoencoder.training import train

    recipe = replace(FAST, epochs=FAST_EPOCHS)
    in_training = np.random.default_rng(0).permutation(n) < recipe.n_train(n)
    with on_disk(folder, n) as features:
        start = time.perf_counter()
        train(Model(recipe, N_PIXEL), features, in_training, 0)
        return time.perf_counter() - start


def units(recipe: Recipe) -> tuple[int, ...]:
    """Of every layer, from the spectrum to the spectrum."""
    return (N_PIXEL, *recipe.layers, recipe.latent, *reversed(recipe.layers), N_PIXEL)


def parameters(recipe: Recipe) -> int:
    return sum((a + 1) * b for a, b in pairwise(units(recipe)))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        _ways(Path(name))
        _survey_sizes(Path(name))
        _network_sizes(Path(name))


def _ways(folder: Path) -> None:
    ways: dict[str, tuple[Callable[[Path], float], str]] = {
        "ours": (ours, ""),
        f"ours, {N_STACKED} models stacked, each": (stacked, ""),
        "plain Keras fit": (keras_fit, ""),
        "Keras fit, jit_compile=True": (partial(keras_fit, jit_compile=True), ""),
        "plain PyTorch loop": (torch_loop, "torch"),
        "PyTorch loop, Adam(fused=True)": (partial(torch_loop, fused=True), "torch"),
        "ours, on JAX": (ours_on_jax, "jax"),
        "matrix products alone": (matrix_products, ""),
        "memory traffic of Adam alone": (memory_traffic_of_adam, ""),
    }
    results = {
        way: None if needed and find_spec(needed) is None else measure(work, folder)
        for way, (work, needed) in ways.items()
    }
    limit = [result for way, result in results.items() if way.endswith("alone") and result is not None]
    results["the limit: both"] = (sum(seconds for seconds, _ in limit), max(memory for _, memory in limit))
    reference = results["ours"]
    assert reference is not None  # noqa: S101
    rows: list[list[object]] = [
        [way, "not installed", "", ""]
        if result is None
        else [way, f"{result[0]:.1f}", f"{result[0] / reference[0]:.2f}", f"{result[1]:.0f}"]
        for way, result in results.items()
    ]
    print(f"### One epoch of the paper's recipe, {N_SPECTRUM} spectra\n")
    print(table(["way", "s", "relative to ours", "peak memory MB"], rows))


def _survey_sizes(folder: Path) -> None:
    rows: list[list[object]] = []
    for n in SIZES:
        row: list[object] = [n]
        for work in (ours, fast_training):
            seconds, memory = measure(partial(work, n=n), folder, repeats=1)
            row += [f"{seconds:.1f}", f"{seconds / n * 1000:.2f}", f"{memory:.0f}"]
        rows.append(row)
    print(f"\n### Larger surveys: one epoch of `paper`, and `fast` with {FAST_EPOCHS} epochs from beginning to end\n")
    each = ["s", "ms per spectrum", "peak memory MB"]
    print(table(["spectra", *(f"paper, {what}" for what in each), *(f"fast, {what}" for what in each)], rows))


def _network_sizes(folder: Path) -> None:
    rows: list[list[object]] = []
    for scale in SCALES:
        recipe = replace(PAPER, layers=tuple(int(scale * layer) for layer in PAPER.layers))
        seconds, memory = measure(partial(ours, recipe=recipe), folder, repeats=1)
        million = parameters(recipe) / 1e6
        rows.append(
            [
                "-".join(map(str, (*recipe.layers, recipe.latent))),
                f"{million:.1f}",
                f"{seconds:.1f}",
                f"{seconds / million:.2f}",
                f"{memory:.0f}",
            ]
        )
    print(f"\n### Larger networks: one epoch, {N_SPECTRUM} spectra\n")
    print(table(["encoder", "million parameters", "s", "s per million", "peak memory MB"], rows))


if __name__ == "__main__":
    main()
