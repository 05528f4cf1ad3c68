"""Two processes at one database: one waits its turn or is told to, and neither harms the other."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from files import smooth_flux, write_combspec, write_gaia, write_mastarall
from ingested_rows import IDS, contents, one

from catalog import Catalog

pytestmark = pytest.mark.skipif(os.name != "posix", reason="file locks are tested as POSIX has them")

INGEST = """
import sys
from pathlib import Path
from catalog import Catalog

def pause(path, done, total):
    print("reading", flush=True)
    sys.stdin.readline()

Catalog(sys.argv[1]).ingest([Path(path) for path in sys.argv[2:]], progress=pause)
print("done", flush=True)
"""

READ = """
import sys
from catalog.database.connection import Database

with Database(sys.argv[1]).read() as connection:
    print("reading", flush=True)
    sys.stdin.readline()
    print(connection.execute("SELECT count(*) FROM star").fetchone()[0], flush=True)
"""


@contextmanager
def starting(program: str, *arguments: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that pauses in the middle of its work, and goes on with every line of its standard input."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def paused(program: str, *arguments: Path) -> Iterator[subprocess.Popen[str]]:
    """The same, in the middle of its work."""
    with starting(program, *arguments) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        yield process


def end(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Let it go on to its end; what it said, and its errors."""
    said, errors = process.communicate("\n" * 9, timeout=120)
    return said.splitlines()[-1] if said else "", errors


def refused(done: subprocess.CompletedProcess[str], holder: subprocess.Popen[str]) -> bool:
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.returncode == 2 and f"in use by process {holder.pid}" in done.stderr


@pytest.fixture
def stars(tmp_path: Path) -> Path:
    return write_mastarall(tmp_path / "mastarall.fits", IDS)


@pytest.fixture
def spectra(tmp_path: Path) -> Path:
    return write_combspec(tmp_path / "lsfpercent60.0.fits", IDS, smooth_flux(4))


@pytest.fixture
def gaia(tmp_path: Path) -> Path:
    return write_gaia(tmp_path / "edr3.fits", IDS)


def test_a_reader_keeps_what_it_reads(tmp_path: Path, stars: Path, spectra: Path, run: Callable) -> None:
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([stars])
    before = contents(database)
    with paused(READ, database) as reader:
        assert refused(run("--database", database, "ingest", spectra), reader)
        assert contents(database) == before
        assert end(reader) == ("4", "")
    assert run("--database", database, "ingest", spectra).returncode == 0


def test_two_readers_do_not_mind_each_other(tmp_path: Path, stars: Path, run: Callable) -> None:
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([stars])
    with paused(READ, database) as reader:
        done = run("--database", database, "query", "SELECT count(*) AS n FROM star")
        assert (done.returncode, done.stdout.split()) == (0, ["n", "4"])
        assert end(reader) == ("4", "")


def test_a_query_does_not_disturb_an_ingest(tmp_path: Path, stars: Path, spectra: Path, run: Callable) -> None:
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([stars])
    with paused(INGEST, database, spectra) as writer:
        assert refused(run("--database", database, "query", "SELECT 1"), writer)
        assert end(writer) == ("done", "")
    assert one(database, "SELECT count(*) FROM spectrum") == (4,)


def test_a_second_ingest_loads_nothing(tmp_path: Path, stars: Path, spectra: Path, gaia: Path, run: Callable) -> None:
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([stars])
    with paused(INGEST, database, spectra) as writer:
        assert refused(run("--database", database, "ingest", gaia), writer)
        assert end(writer) == ("done", "")
    assert one(database, "SELECT count(*) FROM spectrum") == (4,)
    assert one(database, "SELECT count(*) FROM gaia_match") == (0,)
    assert run("--database", database, "ingest", gaia).returncode == 0
    whole = tmp_path / "whole.duckdb"
    Catalog(whole).ingest([stars, spectra, gaia])
    assert contents(database) == contents(whole)


def test_a_second_ingest_leaves_a_new_database_to_the_first(
    tmp_path: Path, spectra: Path, gaia: Path, run: Callable
) -> None:
    database = tmp_path / "c.duckdb"
    with paused(INGEST, database, spectra) as first:
        assert refused(run("--database", database, "ingest", gaia), first)
        assert end(first) == ("done", "")
    assert one(database, "SELECT count(*) FROM spectrum") == (4,)
    assert sorted(path.name for path in tmp_path.glob("c.duckdb*")) == ["c.duckdb"]


def test_an_ingest_that_says_done_has_its_rows_in_a_new_database(
    tmp_path: Path, stars: Path, spectra: Path, gaia: Path, run: Callable
) -> None:
    """One is refused while the first creates the database, and one more begins before the first ends."""
    database = tmp_path / "c.duckdb"
    with paused(INGEST, database, spectra) as first:
        run("--database", database, "ingest", gaia)
        with starting(INGEST, database, stars) as second:
            second.stdout.readline()  # it reads, or is refused
            said, _ = end(first)
            said_second, _ = end(second)
    assert "done" in (said, said_second)
    if said == "done":
        assert one(database, "SELECT count(*) FROM spectrum") == (4,)
    if said_second == "done":
        assert one(database, "SELECT count(*) FROM star WHERE n_visits IS NOT NULL") == (4,)


def test_two_at_once_do_the_work_once(tmp_path: Path, stars: Path, spectra: Path) -> None:
    database, whole = tmp_path / "c.duckdb", tmp_path / "whole.duckdb"
    Catalog(database).ingest([stars])
    Catalog(whole).ingest([stars, spectra])
    command = [sys.executable, "-m", "catalog.cli", "--database", str(database), "ingest", str(spectra)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    ends = []
    for process in both:
        _, errors = process.communicate(timeout=120)
        ends.append(process.returncode)
        assert process.returncode == 0 or ("in use by" in errors and len(errors.splitlines()) == 1), errors
    assert 0 in ends
    assert contents(database) == contents(whole)
