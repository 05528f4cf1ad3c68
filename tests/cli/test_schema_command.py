"""`catalog schema`: a list, and the columns of one."""

import json
from collections.abc import Callable
from pathlib import Path


def test_a_list(ingested: Path, run: Callable) -> None:
    rows = json.loads(run("--database", ingested, "schema", "--format", "json").stdout)
    assert {"kind": "view", "name": "cmd"}.items() <= next(row for row in rows if row["name"] == "cmd").items()
    assert next(row["kind"] for row in rows if row["name"] == "window_usable(lo, hi)") == "macro"


def test_the_columns_of_one(ingested: Path, run: Callable) -> None:
    done = run("--database", ingested, "schema", "star")
    assert "ra,DOUBLE,deg," in done.stdout
    assert done.stderr == "One row per star\n"


def test_an_unknown_name_is_answered_in_one_line(ingested: Path, run: Callable) -> None:
    done = run("--database", ingested, "schema", "stars")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
