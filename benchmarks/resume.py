"""`catalog train`, killed at random moments again and again: the models are those of an uninterrupted run.

    python -m benchmarks.resume [N] [SEED]

Two recipes, a network on pixels with noise and one on components, take turns. A run that was killed is started again in
the same folder, where the next kill awaits it, until one comes to its end before it is killed; then the folder is as at
first again.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import numpy as np

from benchmarks.measure import table
from catalog import Catalog
from catalog.database.connection import Database
from catalog.provenance import sha256_of_file
from catalog.surveys.mock.survey import MockSurvey, write_mock

N_KILL = 50
N_STAR = 60
N_MODEL = 2
SEED = 20260303

IN_A_MOMENT = {"writing a checkpoint": 0.2, "registering": 0.15}
"""Part of the kills that wait for what is over so soon; the others fall anywhere."""

PHASES = (
    "before the plan",
    "training, no checkpoint",
    "training, after a checkpoint",
    "writing a checkpoint",
    "registering",
    "end",
)

RECIPES = {
    "pixels": """
window = [3700, 10200]
layers = [64, 16]
noise = 0.05
batch_size = 8
epochs = 250
""",
    "components": """
like = "fast"
window = [3700, 10200]
components = 16
layers = [32]
balanced = false
batch_size = 8
epochs = 300
""",
}

MODELS = """
SELECT member, seed, n_train, n_validation, status, epochs, train_loss, validation_loss, weights_sha256
FROM model_version WHERE status <> 'planned' ORDER BY member
"""
EPOCHS = "SELECT model_id, epoch, train_loss, validation_loss FROM training_epoch ORDER BY ALL"
SPLITS = "SELECT * FROM training_split ORDER BY ALL"
FILES = "SELECT weights_file, weights_sha256 FROM model_version WHERE status = 'trained'"


def main() -> None:
    n_kill, seed = ([int(argument) for argument in sys.argv[1:]] + [N_KILL, SEED][len(sys.argv) - 1 :])[:2]
    generator = np.random.default_rng(seed)
    start = time.perf_counter()
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mock(folder / "files", MockSurvey(N_STAR, 1, 0.05))
        Catalog(folder / "first.duckdb").ingest([folder / "files"])
        trainings = [Killed(folder, kind, text) for kind, text in RECIPES.items()]
        number = 0
        while counts.total() < n_kill:
            training = trainings[number % len(trainings)]
            number += 1
            phase = training.kill(generator)
            if phase is not None:
                counts[training.kind, phase] += 1
            print(number, training.kind, phase or "complete", *training.left, sep=", ", file=sys.stderr, flush=True)
        for training in trainings:
            training.complete()
    seconds = time.perf_counter() - start
    rows = [[phase, *(counts[training.kind, phase] for training in trainings)] for phase in PHASES]
    print(f"### Kills during a training ({n_kill}, seed {seed}, {N_STAR} stars, {N_MODEL} models, {seconds:.0f} s)\n")
    print(table(["killed during", *(training.kind for training in trainings)], rows))
    print("\nEvery completed run: the weights' SHA-256, losses and splits of an uninterrupted one, bit for bit.\n")
    for training in trainings:
        print(
            f"{training.kind}: {training.seconds:.1f} s uninterrupted; {training.n_start} runs, {training.n_resumed} "
            f"models resumed from a checkpoint, {training.n_complete} completed. Left beside the weights: "
            f"{dict(training.leftovers) or 'nothing'}."
        )


class Killed:
    """A training whose runs are killed.

    seconds, moments : an uninterrupted run, and how long its moments are that kills wait for
    n_start, n_resumed, n_complete : runs, models that went on from a checkpoint, runs that came to their end
    left : what the last kill left in the folder of the weights, beside weights
    leftovers : what was still there after a run that came to its end
    """

    def __init__(self, folder: Path, kind: str, recipe: str) -> None:
        self.kind = kind
        self.first = folder / "first.duckdb"
        self.recipe = folder / f"{kind}.toml"
        self.recipe.write_text(recipe)
        self.folder = folder / kind
        self.path = self.folder / "catalog.duckdb"
        self.errors = folder / f"{kind}.txt"
        self.left: list[str] = []
        self.leftovers: Counter[str] = Counter()
        self.n_start = self.n_resumed = self.n_complete = 0
        self.moments: dict[str, list[float]] = {phase: [] for phase in IN_A_MOMENT}
        self._uninterrupted()  # fills the caches of the disk
        self.models, self.epochs, self.splits = (self._rows(sql) for sql in (MODELS, EPOCHS, SPLITS))
        assert len(self.models) == N_MODEL  # noqa: S101
        self.seconds = self._uninterrupted()
        self._compare()
        assert self.leftovers.total() == 0, self.leftovers  # noqa: S101
        self.n_complete = 0
        self._reset()

    def kill(self, generator: np.random.Generator) -> str | None:
        """Kill a run at a random moment; returns the phase it was in, or None if it had come to its end.

        Raises AssertionError if what is registered are not models of an uninterrupted run.
        """
        begin = time.perf_counter()
        waited_for = generator.choice(["", *IN_A_MOMENT], p=[1 - sum(IN_A_MOMENT.values()), *IN_A_MOMENT.values()])
        nth = int(generator.integers(1, 3))
        process, markers = self._start()
        with process, os.fdopen(markers) as stream:
            seen = []
            if waited_for:
                for line in stream:
                    seen.append(line.strip())
                    if seen.count(waited_for) == nth:
                        break
                delay = generator.uniform(0, 1.2 * median(self.moments[waited_for]))
            else:
                delay = generator.uniform(0, self.seconds) - (time.perf_counter() - begin)
            try:
                process.wait(max(delay, 0))
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            seen += [line.strip() for line in stream]
        self._count(seen)
        self.left = self._left()
        if process.returncode == -signal.SIGKILL:
            found = self._rows(MODELS)
            assert found == self.models[: len(found)], found  # noqa: S101
            assert len(found) >= seen.count("registered")  # noqa: S101
            return _phase(seen, len(found))
        assert process.returncode == 0, self.errors.read_text()  # noqa: S101
        self._compare()
        self._reset()
        return None

    def complete(self) -> None:
        """Let a run come to its end. Raises AssertionError if its models are not those of an uninterrupted one."""
        process, markers = self._start()
        with os.fdopen(markers) as stream:
            self._count([line.strip() for line in stream])
        assert process.wait() == 0, self.errors.read_text()  # noqa: S101
        self._compare()

    def _compare(self) -> None:
        for sql, expected in ((MODELS, self.models), (EPOCHS, self.epochs), (SPLITS, self.splits)):
            assert self._rows(sql) == expected, f"{self.kind}: {sql}"  # noqa: S101
        for file, digest in self._rows(FILES):
            assert sha256_of_file(self.folder / file) == digest  # noqa: S101
        self.n_complete += 1
        self.leftovers.update(self._left())

    def _count(self, seen: list[str]) -> None:
        self.n_start += 1
        self.n_resumed += seen.count("resumed")

    def _left(self) -> list[str]:
        """What is in the folder of the weights beside weights, by kind: names hold digests and process ids."""
        weights = Database(self.path).weights_folder
        if not weights.is_dir():
            return []
        registered = {Path(file).name for file, _ in self._rows(FILES)}
        return sorted(_kind(file.name) for file in weights.iterdir() if file.name not in registered)

    def _rows(self, sql: str) -> list[tuple]:
        with duckdb.connect(self.path, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def _reset(self) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir()
        shutil.copyfile(self.first, self.path)

    def _uninterrupted(self) -> float:
        self._reset()
        start = time.perf_counter()
        process, markers = self._start()
        began: tuple[str, float] = ("", start)
        with os.fdopen(markers) as stream:
            for line in stream:
                phase, now = began[0], time.perf_counter()
                if phase in self.moments:
                    self.moments[phase].append(now - began[1])
                began = (line.strip(), now)
        assert process.wait() == 0, self.errors.read_text()  # noqa: S101
        return time.perf_counter() - start

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        """The command in a process of its own, and the pipe where it says which phase begins."""
        read, write = os.pipe()
        command = [sys.executable, "-m", "benchmarks.resume", "train", str(write), str(self.path), str(self.recipe)]
        process = subprocess.Popen(command, pass_fds=[write], stderr=self.errors.open("w"))
        os.close(write)
        return process, read


def _phase(seen: list[str], n_trained: int) -> str:
    """The phase that the last line leaves a run in."""
    last = seen[-1] if seen else "before the plan"
    if last in ("resumed", "written"):
        return "training, after a checkpoint"
    if last == "forgotten" and n_trained == N_MODEL:
        return "end"
    if last == "registered":  # its checkpoint is still there
        return "registering"
    return "training, no checkpoint" if last in ("planned", "fresh", "forgotten") else last


def _kind(name: str) -> str:
    if name.startswith(".training-"):
        return "checkpoint" if name.endswith(".npz") else "part of a checkpoint"
    return "part of a file of weights" if ".partial-" in name else "weights of no model"


def train(pipe: int, database: str, recipe: str) -> None:
    """`catalog --database DATABASE train --recipe RECIPE`, that writes a line to the pipe where a phase begins."""
    from catalog.cli.main import main as catalog

    from catalog.autoencoder.checkpoint import Checkpoint
    from catalog.ensembles import training as ensemble

    def say(phase: str) -> None:
        os.write(pipe, f"{phase}\n".encode())

    def marked(function: Callable[..., Any], before: str, after: str) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: object, **options: object) -> object:
            if before:
                say(before)
            result = function(*arguments, **options)
            say(after)
            return result

        return call

    read = Checkpoint.read

    def told(self: Checkpoint) -> object:
        found = read(self)
        say("fresh" if found is None else "resumed")
        return found

    Checkpoint.read = told  # type: ignore[method-assign,assignment]
    Checkpoint.write = marked(Checkpoint.write, "writing a checkpoint", "written")  # type: ignore[method-assign]
    Checkpoint.remove = marked(Checkpoint.remove, "", "forgotten")  # type: ignore[method-assign]
    ensemble.plan_ensemble = marked(ensemble.plan_ensemble, "", "planned")
    ensemble._register = marked(ensemble._register, "registering", "registered")
    options = ["--dataset", "small", "--recipe", recipe, "--models", str(N_MODEL)]
    catalog(["--database", database, "train", *options], prog_name="catalog")


if __name__ == "__main__":
    if sys.argv[1:2] == ["train"]:
        train(int(sys.argv[2]), *sys.argv[3:])
    else:
        main()
