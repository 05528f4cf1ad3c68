"""`catalog mock`: a survey to ingest, and one line for what cannot be made."""

import csv
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest


def test_a_mock_survey_is_ingested_like_a_real_one(run: Callable, tmp_path: Path) -> None:
    made = run("mock", "-o", tmp_path / "mock", "--stars", "60", "--anomaly-fraction", "0.2", "--seed", "7")
    assert (made.returncode, made.stdout) == (0, "")
    assert str(tmp_path / "mock" / "truth.csv") in made.stderr
    with (tmp_path / "mock" / "truth.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), sum(bool(row["kind"]) for row in rows)) == (60, 12)
    ingested = run("--database", tmp_path / "c.duckdb", "ingest", tmp_path / "mock")
    assert ingested.returncode == 0
    assert "60 spectra into dataset large" in ingested.stderr
    status = run("--database", tmp_path / "c.duckdb", "db", "status", "--format", "csv").stdout
    assert ",mock," in status


def test_twice_does_the_work_once(run: Callable, tmp_path: Path) -> None:
    run("mock", "-o", tmp_path, "--stars", "5")
    assert "has this survey already" in run("mock", "-o", tmp_path, "--stars", "5").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--stars", "0"], "a survey of 0 stars; give 1 star or more"),
        (["--stars", "-3"], "a survey of -3 stars"),
        (["--anomaly-fraction", "2"], "anomaly fraction 2; give 0 to 1"),
        (["--seed", "-1"], "seed -1; give 0 or more"),
    ],
)
def test_senseless_numbers_are_one_line(run: Callable, tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run("mock", "-o", tmp_path / "mock", *arguments)
    assert done.returncode == 2
    assert re.fullmatch(rf"Error: {re.escape(message)}.*\n", done.stderr)
    assert not (tmp_path / "mock").exists()


def test_a_folder_with_other_files_is_one_line(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("dear")
    done = run("mock", "-o", tmp_path, "--stars", "5")
    assert done.returncode == 2
    assert done.stderr == f"Error: {tmp_path / 'thesis.tex'} is not of a mock survey; give a new or an empty folder\n"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_full_disk_is_one_line_and_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    def limit_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    command = [sys.executable, "-m", "catalog.cli", "mock", "-o", str(tmp_path), "--stars", "100"]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit_files)
    assert done.returncode == 2
    assert re.fullmatch(r"Error: .* cannot be written \(.*File too large.*\); .*\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_killed_it_begins_anew(run: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "mock"
    command = [sys.executable, "-m", "catalog.cli", "mock", "-o", str(folder), "--stars", "2000"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (folder.is_dir() and any(path.stat().st_size for path in folder.iterdir())):
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert {path.suffix for path in folder.iterdir()} == {".part"}
    assert run("mock", "-o", folder, "--stars", "8").returncode == 0
    assert not [path for path in folder.iterdir() if path.suffix == ".part"]
