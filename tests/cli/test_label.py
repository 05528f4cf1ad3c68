"""`catalog label` and `catalog labels`."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import MANGAIDS

ONE, OTHER = MANGAIDS[:2]


def rows(done: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))  # type: ignore[attr-defined]


def test_a_star_is_labelled_listed_and_the_label_taken_back(ingested: Path, copy_of: Callable, run: Callable) -> None:
    ask = ("--database", copy_of(ingested))
    done = run(*ask, "label", ONE, "carbon star", "--note", "C2, Swan", "--author", "A. Suzuki")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        f"{ONE} labelled carbon star; to take it back: "
        f"catalog label {ONE} 'carbon star' --remove --author 'A. Suzuki'\n"
    )
    listed = rows(run(*ask, "labels"))
    assert [list(row.values())[:4] for row in listed] == [[ONE, "carbon star", "C2, Swan", "A. Suzuki"]]
    assert rows(run(*ask, "labels", "--label", "binary")) == []
    done = run(*ask, "label", ONE, "carbon star", "--remove", "--author", "A. Suzuki")
    assert done.stderr == f"label carbon star of {ONE} removed\n"
    assert rows(run(*ask, "labels")) == []


def test_what_is_listed_is_what_a_file_of_labels_is(
    ingested: Path, copy_of: Callable, run: Callable, tmp_path: Path
) -> None:
    ask = ("--database", copy_of(ingested))
    (tmp_path / "v.csv").write_text(f"mangaid,label\n{ONE},carbon\n{OTHER},binary\n")
    done = run(*ask, "label", "--from", tmp_path / "v.csv", "--author", "A")
    assert (done.returncode, done.stderr) == (0, f"2 new labels from {tmp_path / 'v.csv'}\n")
    (tmp_path / "w.csv").write_text(run(*ask, "labels", "--format", "csv").stdout)
    assert run(*ask, "label", "--from", tmp_path / "w.csv").stderr == f"0 new labels from {tmp_path / 'w.csv'}\n"
    assert len(rows(run(*ask, "labels"))) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["label"], "give a star and a label, or --from FILE"),
        (["label", ONE], "give a star and a label, or --from FILE"),
        (["label", ONE, "carbon", "--from", "v.csv"], "--from takes stars, labels and notes from the file"),
        (["label", "7-x", "carbon"], "no star 7-x in this database"),
        (["label", ONE, " "], "label ' ' is not valid; give a word or a few"),
        (["label", ONE, "carbon", "--remove"], "it has: none"),
        (["label", "--from", "absent.csv"], "absent.csv cannot be read"),
    ],
)
def test_mistakes(ingested: Path, run: Callable, copy_of: Callable, arguments: list[str], message: str) -> None:
    done = run("--database", copy_of(ingested), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
