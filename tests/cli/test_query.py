"""`catalog query`: parameters, limits, formats without loss, stopped in time."""

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from questions import ENDLESS

ODDITIES = """
SELECT
    [9223372036854775807] AS list,
    {'id': 9223372036854775807, 'bytes': 'a\\xAA'::BLOB} AS struct,
    170141183460469231731687303715884105727 AS hugeint,
    12345678901234567890.123456789 AS decimal,
    MAP {'id': 9007199254740993} AS map,
    'a\\xAA'::BLOB AS bytes,
    TIMESTAMP '2020-01-02 03:04:05.678901' AS time,
    [0.1, NULL]::FLOAT[2] AS floats,
    'quote " and\nnew line, ü' AS text,
    NULL AS nothing,
    '' AS empty,
    true AS yes
"""


def test_nothing_is_lost_in_json(ingested: Path, run: Callable) -> None:
    (row,) = json.loads(run("--database", ingested, "query", ODDITIES, "--format", "json").stdout)
    assert row == {
        "list": ["9223372036854775807"],
        "struct": {"id": "9223372036854775807", "bytes": "61aa"},
        "hugeint": "170141183460469231731687303715884105727",
        "decimal": "12345678901234567890.123456789",
        "map": [["id", "9007199254740993"]],
        "bytes": "61aa",
        "time": "2020-01-02 03:04:05.678901",
        "floats": [pytest.approx(0.1), None],
        "text": 'quote " and\nnew line, ü',
        "nothing": None,
        "empty": "",
        "yes": True,
    }
    assert json.loads(run("--database", ingested, "query", ODDITIES, "--format", "ndjson").stdout) == row


def test_nothing_is_lost_in_csv(ingested: Path, run: Callable) -> None:
    (row,) = csv.DictReader(io.StringIO(run("--database", ingested, "query", ODDITIES).stdout))
    assert json.loads(row["list"]) == [2**63 - 1]
    assert json.loads(row["struct"]) == {"id": 2**63 - 1, "bytes": "61aa"}
    assert (row["hugeint"], row["bytes"]) == (str(2**127 - 1), "61aa")
    assert (row["text"], row["nothing"], row["yes"]) == ('quote " and\nnew line, ü', "", "True")


@pytest.mark.parametrize("format_", ["csv", "json", "ndjson"])
def test_every_row_comes_once_whatever_the_blocks(ingested: Path, run: Callable, format_: str) -> None:
    done = run("--database", ingested, "query", "SELECT range AS n FROM range(5000)", "--format", format_)
    if format_ == "csv":
        rows = [int(row["n"]) for row in csv.DictReader(io.StringIO(done.stdout))]
    else:
        text = done.stdout if format_ == "json" else f"[{','.join(done.stdout.splitlines())}]"
        rows = [row["n"] for row in json.loads(text)]
    assert rows == list(range(5000))


@pytest.mark.parametrize(("format_", "text"), [("csv", "n\n"), ("json", "[\n]\n"), ("ndjson", "")])
def test_no_rows(ingested: Path, run: Callable, format_: str, text: str) -> None:
    done = run("--database", ingested, "query", "SELECT 1 AS n WHERE false", "--format", format_)
    assert (done.stdout, done.returncode) == (text, 0)


def test_a_limit_is_said(ingested: Path, run: Callable) -> None:
    ask = ("--database", ingested, "query", "SELECT range AS n FROM range(150)")
    done = run(*ask, "--limit", "3")
    assert (done.stdout, done.stderr) == ("n\n0\n1\n2\n", "the first 3 rows; for all of them: --limit 0\n")
    assert run(*ask, "--limit", "150").stderr == ""
    assert len(run(*ask).stdout.splitlines()) == 151


def test_a_terminal_gets_a_hundred_rows_and_a_note(ingested: Path) -> None:
    command = [sys.executable, "-m", "catalog.cli", "--database", str(ingested), "query"]
    for arguments, shown in (([], 100), (["--limit", "0"], 150)):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*command, "SELECT 'row' || range AS n FROM range(150)", *arguments], stdout=theirs, stderr=subprocess.PIPE
        )
        os.close(theirs)
        text = b""
        try:
            while block := os.read(ours, 65536):
                text += block
        except OSError:
            pass  # what Linux says at the end
        _, talk = process.communicate()
        assert text.count(b"row") == shown
        assert (b"--limit 0" in talk) == (shown == 100)


def test_values_of_parameters(ingested: Path, run: Callable) -> None:
    sql = "SELECT mangaid, $n + 1 AS n FROM star WHERE mangaid = $id"
    done = run("--database", ingested, "query", sql, "--param", "id=7-00000007", "--param", "n=9007199254740993")
    assert done.stdout == "mangaid,n\n7-00000007,9007199254740994\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["SELECT $id"], "the query needs $id; give each a value, as in --param id=VALUE"),
        (["SELECT 1", "--param", "id=1"], "the query has no $id"),
        (["SELECT $id", "--param", "id"], "id is no parameter; give it as NAME=VALUE"),
        (["SELECT $id", "--param", "id=1", "--param", "id=2"], "two values for $id"),
        (["SELECT 1; DROP TABLE star"], "2 statements"),
        (["FROM read_csv('/etc/passwd')"], "disabled by configuration"),
        ([ENDLESS, "--timeout", "0.5"], "not complete after 0.5 s"),
    ],
)
def test_mistakes_are_answered_in_one_line(ingested: Path, run: Callable, arguments: list[str], message: str) -> None:
    done = run("--database", ingested, "query", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_timing(ingested: Path, run: Callable) -> None:
    done = run("--database", ingested, "query", "FROM range(7)", "--timing")
    assert done.stderr.startswith("7 rows in 0.")
    assert done.stdout.startswith("range\n0\n")


def until_open(process: int, database: Path) -> None:
    """Return a second after a process has opened a file, however long it takes to start."""
    for _ in range(600):
        if any(os.path.realpath(opened) == str(database.resolve()) for opened in Path(f"/proc/{process}/fd").iterdir()):
            break
        time.sleep(0.1)
    time.sleep(1)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what a process has open is looked up as Linux shows it")
@pytest.mark.parametrize("sql", [ENDLESS, "SELECT a.range FROM range(10000000) AS a, range(10000000) AS b"])
def test_ctrl_c_stops_at_once_with_one_line(ingested: Path, sql: str) -> None:
    command = [sys.executable, "-m", "catalog.cli", "--database", str(ingested), "query", sql, "--format", "csv"]
    # Tests that run in the background of a shell ignore Ctrl-C, and so would what they start.
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until_open(process.pid, ingested)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=20)
    assert time.monotonic() - start < 5
    assert talk.strip() == "Aborted!"
    assert process.returncode == 1


def test_what_has_no_name_or_is_deep_inside_is_written_whole(ingested: Path, run: Callable) -> None:
    sql = """SELECT row(1, 2) AS unnamed, MAP {'a': '\\xAA'::BLOB} AS map, MAP {'a': MAP {'b': 0.1::FLOAT}} AS deep,
             INTERVAL 1 DAY AS day"""
    (row,) = json.loads(run("--database", ingested, "query", sql, "--format", "json").stdout)
    assert row == {"unnamed": [1, 2], "map": [["a", "aa"]], "deep": [["a", [["b", 0.1]]]], "day": [0, 1, 0]}


def test_nothing_is_written_of_an_answer_that_cannot_begin(ingested: Path, run: Callable) -> None:
    done = run("--database", ingested, "query", "SELECT DATE 'infinity' AS d", "--format", "csv")
    assert (done.returncode, done.stdout) == (2, "")
