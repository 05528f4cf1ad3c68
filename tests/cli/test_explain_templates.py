"""`catalog explain` and `catalog templates`, as a user types them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.table import Table
from conftest import MANGAIDS, ODD

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_one_star_some_from_a_pipe_and_the_oddest(
    run: Run, scored: Path, copy_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    database = copy_of(scored)
    told = run("--database", database, "explain", ODD, "--format", "table")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(f"{ODD}: ")
    assert "  - half of the error lies between " in told.stdout
    assert "ensemble test on dataset large: 1 explained now" in told.stderr
    ids = f"mangaid,rank\n{ODD},1\n{MANGAIDS[5]},2\n"
    piped = run("--database", database, "explain", "--from", "-", "--format", "ndjson", input=ids)
    rows = [json.loads(line) for line in piped.stdout.splitlines()]
    assert {row["mangaid"] for row in rows} == {ODD, MANGAIDS[5]}
    assert "1 explained now" in piped.stderr
    assert len(run("--database", database, "explain", "--top", "2").stdout.splitlines()) == 3


def test_the_rules_are_a_table(run: Run, scored: Path) -> None:
    listed = run("--database", scored, "explain", "--rules", "--format", "ndjson")
    rules = {row["rule"]: row for row in map(json.loads, listed.stdout.splitlines())}
    assert rules["C2 alone"]["conditions"] == "c2 > 0.3 and c2_significance > 3 and tio_head < 0.4"
    assert rules["C2 alone"]["confidence"] is None
    assert rules["fringes"]["cause"] == "instrument"


def test_what_is_asked_must_be_one_thing(run: Run, scored: Path) -> None:
    for arguments in ((), (ODD, "--top", "3")):
        asked = run("--database", scored, "explain", *arguments)
        assert asked.returncode == 2
        assert "give stars by their MANGAID, or --top N, or --from FILE" in asked.stderr


def test_a_library_comes_and_goes(run: Run, ingested: Path, copy_of: Callable[[Path], Path], tmp_path: Path) -> None:
    database, file = copy_of(ingested), tmp_path / "mean.fits"
    Table({"name": ["m"], "wavelength": [np.arange(4000.0, 8000.0)], "flux": [np.ones(4000)]}).write(file)
    added = run("--database", database, "templates", "add", file, "--library", "means")
    assert (added.returncode, added.stderr) == (0, "1 templates added to means\n")
    again = run("--database", database, "templates", "add", file, "--library", "means")
    assert again.stderr == "library means is there already, from this file\n"
    listed = run("--database", database, "templates", "list", "--format", "csv").stdout.splitlines()
    assert listed[1].startswith("means,m,4000,4000.0,7999.0,mean.fits,")
    removed = run("--database", database, "templates", "remove", "means")
    assert removed.stderr == "1 templates of means removed\n"
    refused = run("--database", database, "templates", "remove", "means")
    assert refused.returncode == 2
    assert "no library means of templates; there is none" in refused.stderr
