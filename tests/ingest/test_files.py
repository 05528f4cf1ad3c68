"""Ingest completes or changes nothing, in any order, killed or not, and does the work once."""

import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import duckdb
import numpy as np
import pytest
from astropy.io import fits
from files import (
    smooth_flux,
    write_combspec,
    write_mastarall,
)
from ingested_rows import IDS, contents, one

from catalog import Catalog
from catalog.errors import CatalogError


def test_any_order_of_files_gives_the_same_rows(folder: Path, tmp_path: Path) -> None:
    files = sorted(folder.glob("*.fits*"))[:5]
    files = [file for file in files if file.name != "other.fits"]
    expected = None
    for number, order in enumerate(list(permutations(files))[::5]):
        database = tmp_path / f"{number}.duckdb"
        Catalog(database).ingest(order)
        found = contents(database)
        expected = expected or found
        assert found == expected


def test_a_file_loaded_before_is_skipped_even_under_another_name(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([folder])
    before = contents(catalog.database.path)
    (folder / "mastarall.fits").rename(folder / "renamed.fits")
    done = catalog.ingest([folder])
    assert all(file.skipped for file in done)
    assert "already loaded as mastarall.fits" in next(f.skipped for f in done if f.path.name == "renamed.fits")
    assert contents(catalog.database.path) == before


def test_a_folder_may_hold_other_fits_files(folder: Path, tmp_path: Path) -> None:
    done = Catalog(tmp_path / "c.duckdb").ingest([folder])
    assert [file.path.name for file in done if file.skipped] == ["other.fits"]


def test_one_bad_file_leaves_the_others_unloaded_and_the_database_as_it_was(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([folder / "mastarall.fits"])
    before = contents(catalog.database.path)
    spectra = folder / "mastar-combspec-lsfpercent90.0.fits.gz"
    spectra.write_bytes(spectra.read_bytes()[:-20_000])
    with pytest.raises(CatalogError, match="truncated"):
        catalog.ingest([folder])
    assert contents(catalog.database.path) == before


def test_a_failure_leaves_no_new_database(folder: Path, tmp_path: Path) -> None:
    spectra = folder / "mastar-combspec-lsfpercent90.0.fits.gz"
    spectra.write_bytes(spectra.read_bytes()[:-20_000])
    with pytest.raises(CatalogError, match="truncated"):
        Catalog(tmp_path / "c.duckdb").ingest([spectra])
    assert not (tmp_path / "c.duckdb").exists()


@pytest.fixture(scope="module")
def two_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two files of 600 spectra, enough for several blocks of each."""
    files = tmp_path_factory.mktemp("two")
    flux = smooth_flux(600)
    mangaid = [f"7-{number}" for number in range(600)]
    write_combspec(files / "lsfpercent60.0.fits", mangaid, flux)
    write_combspec(files / "lsfpercent90.0.fits", mangaid, flux[::-1])
    return files


@pytest.fixture(scope="module")
def uninterrupted(two_files: Path, tmp_path_factory: pytest.TempPathFactory) -> object:
    whole = Catalog(tmp_path_factory.mktemp("whole") / "whole.duckdb")
    whole.ingest([two_files])
    return contents(whole.database.path)


KILLED = """
import os, signal, sys
from pathlib import Path
from catalog import Catalog

calls = 0

def kill(what, done, total):
    global calls
    calls += 1
    if calls == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

Catalog(sys.argv[1]).ingest([Path(sys.argv[2])], progress=kill)
"""
"""Dies behind a block: in the first file, at its end, in the second."""


@pytest.mark.parametrize("block", [1, 3, 5])
def test_killed_and_run_again_gives_the_rows_of_an_uninterrupted_run(
    two_files: Path, uninterrupted: object, tmp_path: Path, block: int
) -> None:
    database = tmp_path / "killed.duckdb"
    done = subprocess.run([sys.executable, "-c", KILLED, database, two_files, str(block)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not database.exists()
    Catalog(database).ingest([two_files])
    assert contents(database) == uninterrupted


def test_a_full_disk_changes_nothing(tmp_path: Path, run: Callable) -> None:
    """A limit on the size of files stands for the disk: writing past it fails in the same place."""
    write_combspec(tmp_path / "lsfpercent60.0.fits", [f"7-{i}" for i in range(300)], smooth_flux(300))
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([write_mastarall(tmp_path / "mastarall.fits", IDS)])
    before = contents(database)
    limit = f"ulimit -f {(database.stat().st_size + 4_000_000) // 1024}"
    command = f"{limit}; trap '' XFSZ; exec {sys.executable} -m catalog.cli --database {database} ingest {tmp_path}"
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "disk is full" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert contents(database) == before


def test_a_table_of_the_user_does_not_come_between(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.upgrade()
    with duckdb.connect(catalog.database.path) as connection:
        connection.execute("CREATE TABLE incoming AS SELECT '9-9' AS mangaid, 1 AS position")
    catalog.ingest([write_mastarall(tmp_path / "mastarall.fits", IDS)])
    assert one(catalog.database.path, "SELECT count(*), count(*) FILTER (mangaid = '9-9') FROM star") == (4, 0)


def test_a_creation_that_was_killed_is_gone_on_with(tmp_path: Path) -> None:
    """What a killed run can leave: an empty file, or a new database under its provisional name."""
    path = write_mastarall(tmp_path / "mastarall.fits", IDS)
    duckdb.connect(tmp_path / "empty.duckdb").close()
    Catalog(tmp_path / "left.duckdb.partial").upgrade()
    for name in ("empty", "left"):
        Catalog(tmp_path / f"{name}.duckdb").ingest([path])
        assert one(tmp_path / f"{name}.duckdb", "SELECT count(*) FROM star") == (4,)
    assert not list(tmp_path.glob("*.partial"))


def test_a_loaded_file_is_not_loaded_into_another_dataset(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    path = write_combspec(tmp_path / "lsfpercent60.0.fits", IDS, smooth_flux(4))
    catalog.ingest([path])
    with pytest.raises(CatalogError, match="loaded already, into dataset small"):
        catalog.ingest([path], dataset="mine")
    with pytest.raises(CatalogError, match="blank"):
        catalog.ingest([path], dataset=" ")


def test_a_folder_may_hold_images_and_hidden_files(folder: Path, tmp_path: Path) -> None:
    fits.PrimaryHDU(np.ones((3, 3))).writeto(folder / "image.fits")
    (folder / "._mastarall.fits").write_bytes(b"\0")
    (folder / "gone.fits").symlink_to(folder / "nowhere")
    done = Catalog(tmp_path / "c.duckdb").ingest([folder])
    assert sorted(file.path.name for file in done if file.skipped) == ["image.fits", "other.fits"]


def test_repeated_ingests_stay_near_the_size_of_their_data(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.upgrade()
    empty = catalog.database.path.stat().st_size
    for part in range(4):
        path = tmp_path / f"part{part}.fits"
        write_combspec(path, [f"7-{part}-{i}" for i in range(300)], smooth_flux(300, seed=part))
        catalog.ingest([path], dataset="small")
    raw = 1200 * 4563 * 12
    assert catalog.database.path.stat().st_size - empty < 1.1 * raw


def test_memory_does_not_grow_with_the_number_of_spectra(tmp_path: Path) -> None:
    peaks = []
    for n in (1200, 3600):
        path = tmp_path / f"{n}.fits"
        write_combspec(path, [f"7-{i}" for i in range(n)], np.broadcast_to(smooth_flux(1), (n, 4563)))
        tracemalloc.start()
        Catalog(tmp_path / f"{n}.duckdb").ingest([path], dataset="small")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # How many blocks wait for DuckDB at once differs with what else the machine does: one is a tenth.
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.skipif(os.name != "posix", reason="file locks are tested as POSIX has them")
def test_a_locked_database_names_its_holder(tmp_path: Path, run: Callable) -> None:
    database = tmp_path / "c.duckdb"
    path = write_mastarall(tmp_path / "mastarall.fits", IDS)
    Catalog(database).ingest([path])
    hold = f"import duckdb, sys; c = duckdb.connect({str(database)!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        for command in (["ingest", path], ["outliers"], ["db", "upgrade"]):
            done = run("--database", database, *command)
            assert done.returncode == 2
            assert f"in use by process {holder.pid}" in done.stderr
            assert len(done.stderr.splitlines()) == 1
        assert holder.stdin is not None
        holder.stdin.close()
