"""`catalog download`: killed it goes on, one line for what cannot be had, and a listing that needs no network."""

import csv
import io
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from catalog.cli.main import main
from click.testing import CliRunner, Result
from files import write_combspec, write_mastarall
from http_server import Site, Trouble, site

from catalog.surveys.download.products import PAPER_FILES, PRODUCTS

SMALL, MASTARALL = (
    next(product.path for product in PRODUCTS if product.name == name) for name in ("small", "mastarall")
)


@pytest.fixture
def sas(tmp_path: Path) -> Iterator[Site]:
    """A server with `small` and `mastarall`, the latter of 1.3 MB."""
    noise = np.random.default_rng(1).integers(0, 2**31, (3, 100_000), np.int32)
    folder = tmp_path / "source"
    folder.mkdir()
    with site() as server:
        mangaids = ["7-0", "7-1", "7-2"]
        server.files[SMALL] = write_combspec(folder / "s.fits.gz", mangaids, np.ones((3, 4563))).read_bytes()
        server.files[MASTARALL] = write_mastarall(folder / "m.fits", mangaids, NOISE=noise).read_bytes()
        yield server


def start(server: Site, folder: Path, *names: str, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "catalog.cli", "download", *names, "-o", str(folder), "--base-url", server.url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


def attend_to_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def here(*arguments: str | Path) -> Result:
    """Runs the command in this process, which is quicker."""
    return CliRunner().invoke(main, ["download", *map(str, arguments)])


def wait_for_bytes(path: Path, process: subprocess.Popen[str]) -> None:
    while not (path.exists() and path.stat().st_size > 50_000):
        assert process.poll() is None
        time.sleep(0.01)


def test_one_line_per_file_and_nothing_else(sas: Site, run: Callable, tmp_path: Path) -> None:
    fetch = ("download", "mastarall", "small", "-o", tmp_path / "mastar", "--base-url", sas.url)
    done = run(*fetch)
    assert (done.returncode, done.stdout) == (0, "")
    lines = done.stderr.splitlines()
    assert re.fullmatch(
        rf"mastarall: .*/mastar/{MASTARALL}, 1.21 MB at [\d.]+ [kM]B/s, verified by FITS structure", lines[0]
    )
    assert re.fullmatch(
        rf"small: .*/mastar/{SMALL}, [\d.]+ kB at [\d.]+ [kM]?B/s, verified by gzip checksum and FITS structure",
        lines[1],
    )
    again = run(*fetch)
    assert again.returncode == 0
    assert [line.rpartition(", ")[2] for line in again.stderr.splitlines()] == ["skipped; its size is the server's"] * 2


def test_killed_it_goes_on_where_it_was(sas: Site, tmp_path: Path) -> None:
    folder = tmp_path / "mastar"
    part = folder / f"{MASTARALL}.part"
    sas.troubles[MASTARALL] = [Trouble(gate=threading.Event())]
    process = start(sas, folder, "mastarall")
    wait_for_bytes(part, process)
    process.kill()
    process.communicate()
    came = part.stat().st_size
    assert 0 < came < len(sas.files[MASTARALL])
    assert not (folder / MASTARALL).exists()
    assert here("mastarall", "-o", folder, "--base-url", sas.url).exit_code == 0
    first, second = sas.asked(MASTARALL)
    assert (first.range_, second.range_) == (None, f"bytes={came}-")
    assert [path.name for path in folder.iterdir()] == [MASTARALL]
    assert (folder / MASTARALL).read_bytes() == sas.files[MASTARALL]


def test_interrupted_it_says_how_to_go_on(sas: Site, tmp_path: Path) -> None:
    sas.always[MASTARALL] = Trouble(gate=threading.Event())
    # Tests that run in the background of a shell ignore Ctrl-C, and so would what they start.
    process = start(sas, tmp_path / "mastar", "mastarall", preexec_fn=attend_to_interrupts)
    wait_for_bytes(tmp_path / "mastar" / f"{MASTARALL}.part", process)
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate()
    assert process.returncode == 1
    assert talk.startswith(f"what has come is kept in {tmp_path / 'mastar'}; the same command goes on from there\n")
    assert "Traceback" not in talk


def test_two_at_once_do_not_mix(sas: Site, run: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "mastar"
    sas.always[MASTARALL] = Trouble(gate=(gate := threading.Event()))
    first = start(sas, folder, "mastarall")
    wait_for_bytes(folder / f"{MASTARALL}.part", first)
    second = run("download", "mastarall", "small", "-o", folder, "--base-url", sas.url)
    assert second.returncode == 2
    talk, error = second.stderr.splitlines()
    assert talk.startswith("small: ")
    assert error == f"Error: {folder / MASTARALL} is being downloaded by another process; wait for that to end"
    gate.set()
    first.communicate()
    assert first.returncode == 0
    assert len(sas.asked(MASTARALL)) == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == sas.files


def test_a_full_disk_is_one_line_and_keeps_what_came(sas: Site, tmp_path: Path) -> None:
    def limit_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, 1 << 19))

    folder = tmp_path / "mastar"
    process = start(sas, folder, "mastarall", preexec_fn=limit_files)
    _, talk = process.communicate()
    assert process.returncode == 2
    assert re.fullmatch(r"Error: .* cannot be written \(.*File too large.*\); free some space .*kept\n", talk)
    assert (folder / f"{MASTARALL}.part").stat().st_size == 1 << 19
    assert here("mastarall", "-o", folder, "--base-url", sas.url).exit_code == 0
    assert sas.asked(MASTARALL)[-1].range_ == f"bytes={1 << 19}-"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_ours_is_one_line(sas: Site, run: Callable, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o500)
    done = run("download", "small", "-o", tmp_path / "theirs", "--base-url", sas.url)
    assert done.returncode == 2
    assert re.fullmatch(r"Error: .* cannot be written .*\n", done.stderr)


def test_what_is_not_there_is_one_line_after_the_others(sas: Site, tmp_path: Path) -> None:
    done = here("large", "small", "-o", tmp_path / "mastar", "--base-url", sas.url)
    assert done.exit_code == 2
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == ["small", "Error"]
    assert "404 Not Found; its path is inferred" in done.stderr


def test_the_listing_says_what_is_there(sas: Site, tmp_path: Path) -> None:
    (tmp_path / f"{MASTARALL}.part").write_bytes(bytes(1000))
    done = here("--list", "-o", tmp_path, "--base-url", sas.url, "--format", "json")
    assert done.exit_code == 0
    rows = {row["product"]: row for row in json.loads(done.stdout)}
    assert list(rows) == [product.name for product in PRODUCTS]
    assert {name for name, row in rows.items() if row["default"]} == set(PAPER_FILES)
    size = len(sas.files[MASTARALL])
    assert (rows["mastarall"]["state"], rows["small"]["state"]) == ("partial", "absent")
    assert (rows["mastarall"]["size"], rows["mastarall"]["size_from"]) == (pytest.approx(size / 1e6), "server")
    assert (rows["visits"]["size"], rows["visits"]["size_from"]) == (5760, "known")
    assert (rows["lsf75"]["size"], rows["lsf75"]["size_from"], rows["lsf75"]["path"]) == (None, "", "inferred")
    assert f"{len(PRODUCTS)} products, 0 complete: 5.77 GB in all and 8 of unknown size" in done.stderr
    assert re.search("does not say the size of large, .*visit-parameters: 404 Not Found\n", done.stderr)
    assert {asked.method for asked in sas.log} == {"HEAD"}


def test_the_listing_works_without_network(tmp_path: Path) -> None:
    with site() as server:
        url = server.url
    done = here("--list", "-o", tmp_path / "absent", "--base-url", url)
    assert done.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["size_from"] for row in rows} == {"", "known"}
    assert "visit-parameters: no connection (Connection refused)\n" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_listing_takes_names(tmp_path: Path) -> None:
    with site() as server:
        url = server.url
    done = here("--list", "large", "visits", "-o", tmp_path, "--base-url", url, "--format", "table")
    assert [line.split()[0] for line in done.stdout.splitlines()[2:]] == ["large", "visits"]


def test_an_unknown_name_is_one_line(tmp_path: Path) -> None:
    done = here("tiny", "-o", tmp_path)
    assert done.exit_code == 2
    assert re.fullmatch(r"Error: no product tiny; there are: small, large, .*, visit-parameters\n", done.stderr)
    assert list(tmp_path.iterdir()) == []
