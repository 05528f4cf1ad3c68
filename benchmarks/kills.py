"""`catalog ingest`, killed at random moments again and again: the database holds all of the files or none of them.

    python -m benchmarks.kills [N]

Two databases, one absent at first and one with part of the files, take turns. What a kill leaves is where the next run
begins, until a run comes to its end before it is killed; then the database is as at first again.
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
from typing import Any

import numpy as np

from benchmarks.measure import table
from catalog import Catalog
from catalog.surveys.mock.survey import MockSurvey, write_mock
from tests.ingested_rows import contents

N_KILL = 200
N_STAR = 100
SEED = 20260303

IN_COMMIT = 0.25
"""Part of the kills that wait for the last row, since a commit is over so soon; the others fall anywhere."""

PHASES = ("start-up", "creation", "reading", "commit", "rename", "end", "too late")


def main() -> None:
    n_kill = int(sys.argv[1]) if len(sys.argv) > 1 else N_KILL
    generator = np.random.default_rng(SEED)
    start = time.perf_counter()
    counts: Counter[tuple[str, str, str]] = Counter()
    left: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mock(folder / "files", MockSurvey(N_STAR, 1, 0.05, visits=True))
        databases = [Killed(folder, part) for part in (False, True)]
        for number in range(n_kill):
            database = databases[number % 2]
            phase, state = database.kill(generator)
            counts[database.kind, phase, state] += 1
            left.update(database.left)
            print(number + 1, database.kind, phase, state, *database.left, sep=", ", file=sys.stderr, flush=True)
        for database in databases:
            database.complete()
    seconds = time.perf_counter() - start
    rows = [[*key, counts[key]] for key in sorted(counts, key=lambda key: (key[0], PHASES.index(key[1]), key[2]))]
    print(f"### Kills during an ingest ({n_kill}, seed {SEED}, {N_STAR} stars, {seconds:.0f} s)\n")
    print(table(["database at first", "killed during", "state afterwards", "kills"], rows))
    print(
        f"\nLeft beside the database: {dict(left) or 'nothing'}. Every completed run: the rows of an uninterrupted one."
    )
    for database in databases:
        print(f"Uninterrupted, {database.kind}: {database.seconds:.1f} s, of which commit {database.commit:.2f} s.")


class Killed:
    """A database whose ingests are killed.

    part : whether it holds part of the files at first
    seconds, commit : an uninterrupted run, and its end from the last row on
    left : what the last kill left beside the database
    """

    def __init__(self, folder: Path, part: bool) -> None:
        self.kind = "with part of the files" if part else "absent"
        self.files = folder / "files"
        self.folder = folder / ("part" if part else "absent")
        self.folder.mkdir()
        self.errors = folder / "errors.txt"
        self.path = self.folder / "catalog.duckdb"
        self.first: Path | None = None
        self.old: dict[str, list[tuple]] | None = None
        self.left: list[str] = []
        if part:
            self.first = folder / "first.duckdb"
            Catalog(self.first).ingest(sorted(self.files.glob("*.fits*"))[1::2])
            self.old = contents(self.first)
        runs = [self._uninterrupted() for _ in range(2)]
        self.seconds, self.commit = max(runs)
        self.new = contents(self.path)
        self._reset()

    def kill(self, generator: np.random.Generator) -> tuple[str, str]:
        """Kill a run at a random moment; returns the phase it was in, and whether the rows are "old" or "new".

        Raises AssertionError if the database is neither, or if something else is left.
        """
        begin = time.perf_counter()
        process, markers = self._start()
        with process, os.fdopen(markers) as stream:
            seen = []
            if generator.random() < IN_COMMIT:
                for line in stream:
                    seen.append(line.strip())
                    if seen[-1] == "commit":
                        break
                delay = generator.uniform(0, 1.2 * self.commit)
            else:
                delay = generator.uniform(0, self.seconds) - (time.perf_counter() - begin)
            try:
                process.wait(max(delay, 0))
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
            seen += [line.strip() for line in stream]
        names = {file.name.removeprefix(self.path.name) for file in self.folder.iterdir()}
        assert names <= {"", ".wal", ".partial", ".partial.wal", ".tmp", ".partial.tmp"}, names  # noqa: S101
        self.left = sorted(names - {""})
        state = self._state()
        phase = seen[-1] if seen else "start-up"
        if process.returncode != -signal.SIGKILL:
            phase = "too late"
            assert process.returncode == 0, self.errors.read_text()  # noqa: S101
            assert (state, self.left) == ("new", []), (state, self.left)  # noqa: S101
            self._reset()
        return phase, state

    def complete(self) -> None:
        """Let a run come to its end. Raises AssertionError if its rows are not those of an uninterrupted one."""
        process, markers = self._start()
        assert process.wait() == 0, self.errors.read_text()  # noqa: S101
        os.close(markers)
        assert self._state() == "new"  # noqa: S101
        assert [file.name for file in self.folder.iterdir()] == [self.path.name]  # noqa: S101

    def _state(self) -> str:
        found = contents(self.path) if self.path.exists() else None
        if found == self.new:
            return "new"
        assert found == self.old, {name: len(rows) for name, rows in (found or {}).items()}  # noqa: S101
        return "old"

    def _reset(self) -> None:
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        if self.first is not None:
            shutil.copyfile(self.first, self.path)

    def _uninterrupted(self) -> tuple[float, float]:
        self._reset()
        start = time.perf_counter()
        process, markers = self._start()
        commit = start
        with os.fdopen(markers) as stream:
            for line in stream:
                if line.strip() == "commit":
                    commit = time.perf_counter()
        assert process.wait() == 0, self.errors.read_text()  # noqa: S101
        end = time.perf_counter()
        return end - start, end - commit

    def _start(self) -> tuple[subprocess.Popen[bytes], int]:
        """The command in a process of its own, and the pipe where it says which phase begins."""
        read, write = os.pipe()
        command = [sys.executable, "-m", "benchmarks.kills", "ingest", str(write), str(self.path), str(self.files)]
        process = subprocess.Popen(command, pass_fds=[write], stderr=self.errors.open("w"))
        os.close(write)
        return process, read


def ingest(pipe: int, database: str, files: str) -> None:
    """`catalog --database DATABASE ingest FILES`, that writes a line to the pipe where a phase begins."""
    from catalog.cli.main import main as catalog

    from catalog.ingest import files as ingest
    from catalog.ingest import loader

    def marked(function: Callable[..., Any], before: str, after: str = "") -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: object, **options: object) -> object:
            os.write(pipe, f"{before}\n".encode())
            result = function(*arguments, **options)
            if after:
                os.write(pipe, f"{after}\n".encode())
            return result

        return call

    n_file = len([path for path in Path(files).iterdir() if ".fits" in path.name])
    loaded = []
    load = loader.Loader.load

    def counted(self: loader.Loader) -> loader.Ingested:
        os.write(pipe, b"reading\n")
        done = load(self)
        loaded.append(done)
        if len(loaded) == n_file:
            os.write(pipe, b"commit\n")
        return done

    loader.Loader.load = counted  # type: ignore[method-assign]
    ingest.upgrade = marked(ingest.upgrade, "creation")
    Path.replace = marked(Path.replace, "rename", "end")  # type: ignore[method-assign]
    catalog(["--database", database, "ingest", files], prog_name="catalog")


if __name__ == "__main__":
    if sys.argv[1:2] == ["ingest"]:
        ingest(int(sys.argv[2]), *sys.argv[3:])
    else:
        main()
