"""A truth table in any format; ids stay what is written."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from catalog.errors import CatalogError
from catalog.evaluation.truth import TruthFile, TruthLabel, in_octaves
from catalog.evaluation.truth_files import read_truth

IDS = ["7-00370620", "0012345678901234567", "60-1981443102866159232", "3-1"]
KINDS = ["carbon", "", "AGB", ""]


def table(**columns: object) -> Table:
    return Table({"mangaid": IDS, "kind": MaskedColumn(KINDS, mask=[False, True, False, False])} | columns)


@pytest.mark.parametrize("name", ["t.csv", "t.ecsv", "t.fits", "t.fits.gz", "t.vot", "t.xml"])
def test_every_format_says_the_same(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    formats = {".csv": "ascii.csv", ".vot": "votable", ".xml": "votable"}
    table(strength=[0.5, np.nan, 2.0, 1.0]).write(path, format=formats.get(path.suffix))
    labels = read_truth(TruthFile(path)).labels
    assert labels == dict(
        zip(IDS, [TruthLabel("carbon", 0.5), TruthLabel(""), TruthLabel("AGB", 2.0), TruthLabel("")], strict=True)
    )


def test_ids_of_digits_alone_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,class\n0012,odd\n1981443102866159232,\n  7-5 ,odd\n")
    assert list(read_truth(TruthFile(path, "id", "class")).labels) == ["0012", "1981443102866159232", "7-5"]
    Table({"mangaid": [1981443102866159233], "kind": ["odd"]}).write(tmp_path / "t.fits")
    assert list(read_truth(TruthFile(tmp_path / "t.fits")).labels) == ["1981443102866159233"]


def test_the_same_said_twice_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("mangaid,kind\n7-1,odd\n7-1,odd\n7-2,\n")
    truth = read_truth(TruthFile(tmp_path / "t.csv"))
    assert (len(truth.labels), truth.kinds) == (2, ["odd"])


def test_a_strength_in_words_is_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("mangaid,kind,strength\n7-1,odd,strong\n7-2,odd,1\n")
    assert {label.strength for label in read_truth(TruthFile(tmp_path / "t.csv")).labels.values()} == {None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("star,kind\n7-1,odd\n", "has no column mangaid; it has: star, kind"),
        ("mangaid,type\n7-1,odd\n", "has no column kind; it has: mangaid, type"),
        ("mangaid,kind\n7-1,\n7-2,\n", "names no kind for any of its 2 ids in column kind"),
        ("mangaid,kind\n7-1,odd\n7-1,odder\n", "lists 7-1 twice, as odd and as odder"),
        ("mangaid,kind\n7-1,odd\n7-1,\n", "lists 7-1 twice, as odd and as ordinary"),
        ("mangaid,kind,strength\n7-1,odd,1\n7-1,odd,2\n", "twice, as odd of strength 1 and as odd of strength 2"),
        ("mangaid,kind\n7-1,odd\n7-2,odd,2,3\n", r"t\.csv, line 3: 4 values for 2 columns"),
        ("mangaid,kind,kind\n7-1,odd,odd\n", "has 2 columns kind; its first line must name it once"),
        ("", "is empty; its first line must name the columns"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(CatalogError, match=message):
        read_truth(TruthFile(tmp_path / "t.csv"))


def test_files_that_are_not_tables(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"absent\.csv cannot be read: No such file"):
        read_truth(TruthFile(tmp_path / "absent.csv"))
    with pytest.raises(CatalogError, match="cannot be read: Is a directory"):
        read_truth(TruthFile(tmp_path))
    for name in ("t.fits", "t.vot", "t.ecsv"):
        (tmp_path / name).write_bytes(b"\x00\xffnothing")
        with pytest.raises(CatalogError, match=rf"{name} (is not a table|cannot be read)"):
            read_truth(TruthFile(tmp_path / name))


def test_ids_with_a_decimal_point_are_refused(tmp_path: Path) -> None:
    Table({"mangaid": [1.98e18], "kind": ["odd"]}).write(tmp_path / "t.fits")
    with pytest.raises(CatalogError, match="ids lose digits"):
        read_truth(TruthFile(tmp_path / "t.fits"))


def test_a_continuum_of_strengths_is_told_apart_by_factors_of_two() -> None:
    strengths = np.geomspace(0.2, 5, 40).tolist()
    assert set(in_octaves(strengths).values()) == {0.25, 0.5, 1.0, 2.0, 4.0}


@pytest.mark.parametrize("module", ["truth", "injection", "methods"])
def test_what_is_evaluated_can_be_named_without_loading_anything_heavy(module: str) -> None:
    code = (
        f"import sys, catalog.evaluation.{module}; print({{'astropy', 'scipy', 'sklearn', 'keras'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_byte_order_mark_and_comments_above_the_header_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("\ufeff# of a colleague\nmangaid,kind\n\n7-1,odd\n", encoding="utf-8")
    assert read_truth(TruthFile(tmp_path / "t.csv")).labels == {"7-1": TruthLabel("odd")}
