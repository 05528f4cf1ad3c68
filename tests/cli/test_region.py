"""`catalog region`, and `catalog outliers --region`."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest


def rows(done: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))  # type: ignore[attr-defined]


@pytest.fixture
def polygon(tmp_path: Path) -> Path:
    (tmp_path / "box.csv").write_text("bp_rp,abs_g\n1,0\n2,0\n2,9\n1,9\n")
    return tmp_path / "box.csv"


def test_a_region_is_added_listed_asked_for_and_removed(
    scored: Path, copy_of: Callable, polygon: Path, run: Callable
) -> None:
    ask = ("--database", copy_of(scored))
    done = run(*ask, "region", "add", "box", "--polygon", polygon, "--description", "a box")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "region box added; its anomalies: catalog outliers --region box\n"

    listed = rows(run(*ask, "region", "list"))
    assert [row["region"] for row in listed][-2:] == ["white-dwarfs", "box"]
    assert listed[-1]["description"] == "a box"

    done = run(*ask, "outliers", "--region", "box", "--limit", "99", "--format", "json")
    found = json.loads(done.stdout)
    assert found
    assert all(1 <= row["bp_rp"] < 2 for row in found)
    assert done.stderr.splitlines() == [
        "ensemble test on dataset large",
        "region box; left out for want of Gaia photometry: 1 spectra",
    ]

    assert run(*ask, "region", "remove", "box").stderr == "region box removed\n"
    assert len(rows(run(*ask, "region", "list"))) == 6


def test_a_region_that_comes_with_the_catalog(scored: Path, run: Callable) -> None:
    done = run("--database", scored, "outliers", "--region", "main-sequence")
    assert rows(done)
    assert "for want of Gaia photometry corrected for extinction: 1 spectra" in done.stderr
    done = run("--database", scored, "outliers", "--region", "white-dwarfs")
    assert rows(done) == []


def test_corrected_says_which_photometry(scored: Path, copy_of: Callable, polygon: Path, run: Callable) -> None:
    ask = ("--database", copy_of(scored))
    run(*ask, "region", "add", "box", "--polygon", polygon, "--corrected")
    (row,) = (row for row in rows(run(*ask, "region", "list")) if row["region"] == "box")
    assert (row["corrected"], row["description"]) == ("True", "from box.csv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["outliers", "--region", "dwarfs"], "no region dwarfs; there are: agb, giants, hot-subdwarfs, main-sequence"),
        (["region", "remove", "dwarfs"], "no region dwarfs; there are: agb, giants"),
        (["region", "remove", "agb"], "region agb came with the catalog and stays"),
        (["region", "add", "agb", "--polygon", "{polygon}"], "there is a region agb already"),
        (["region", "add", " ", "--polygon", "{polygon}"], "is not a valid name for a region"),
        (["region", "add", "mine", "--polygon", "absent.csv"], "absent.csv cannot be read: No such file"),
        (["region", "add", "mine", "--polygon", "{folder}"], "cannot be read: Is a directory"),
        (["region", "add", "mine", "--polygon", "{folder}/bad.csv"], "bad.csv, line 3: abs_g is nan; give a number"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    scored: Path, copy_of: Callable, polygon: Path, run: Callable, arguments: list[str], message: str
) -> None:
    (polygon.parent / "bad.csv").write_text("bp_rp,abs_g\n1,0\n2,nan\n2,9\n")
    places = {"polygon": polygon, "folder": polygon.parent}
    done = run("--database", copy_of(scored), *(argument.format(**places) for argument in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
