"""Labels of stars: given, given again, loaded in bulk, taken back; no verdict is lost in silence."""

import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from astropy.table import Table
from conftest import MANGAIDS, N_STAR
from files import smooth_flux, write_combspec, write_gaia, write_mastarall
from hypothesis import given
from hypothesis import strategies as st
from ingested_rows import contents, one

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.review.labels import read_labels

ONE, OTHER = MANGAIDS[:2]


@pytest.fixture
def catalog(ingested: Path, copy_of: Callable) -> Catalog:
    return Catalog(copy_of(ingested))


def rows(catalog: Catalog, label: str | None = None) -> list[tuple]:
    return [tuple(row) for row in catalog.labels(label)["mangaid", "label", "note", "author"].filled("").iterrows()]


def written(folder: Path, text: str, name: str = "verdicts.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_label_has_an_author_and_a_date(catalog: Catalog) -> None:
    catalog.add_label(ONE, "carbon", note="C2 Swan bands")
    assert rows(catalog) == [(ONE, "carbon", "C2 Swan bands", getpass.getuser())]
    (when,) = one(catalog.database.path, "SELECT created_at FROM label")
    assert isinstance(when, datetime)


def test_a_star_has_several_labels_by_several_authors(catalog: Catalog) -> None:
    catalog.add_label(ONE, "carbon", author="A")
    catalog.add_label(ONE, "binary", author="A")
    catalog.add_label(ONE, "carbon", author="B")
    catalog.add_label(OTHER, "binary", author="B")
    assert rows(catalog, "carbon") == [(ONE, "carbon", "", "A"), (ONE, "carbon", "", "B")]
    assert len(rows(catalog)) == 4
    assert rows(catalog, "dust") == []


def test_given_again_it_is_one_row_with_the_new_note_and_the_old_date(catalog: Catalog) -> None:
    catalog.add_label(ONE, "carbon", note="bands?", author="A")
    (when,) = one(catalog.database.path, "SELECT created_at FROM label")
    catalog.add_label(ONE, "carbon", author="A")
    assert rows(catalog) == [(ONE, "carbon", "bands?", "A")]
    catalog.add_label(f" {ONE} ", " carbon ", note="bands", author=" A ")
    assert rows(catalog) == [(ONE, "carbon", "bands", "A")]
    assert one(catalog.database.path, "SELECT created_at FROM label") == (when,)


def test_a_label_is_taken_back_by_who_gave_it(catalog: Catalog) -> None:
    catalog.add_label(ONE, "carbon", author="A")
    catalog.add_label(ONE, "carbon", author="B")
    catalog.remove_label(ONE, "carbon", author="A")
    assert rows(catalog) == [(ONE, "carbon", "", "B")]
    with pytest.raises(CatalogError, match=r"has no label carbon by A \(--author\); it has: carbon by B"):
        catalog.remove_label(ONE, "carbon", author="A")


@pytest.mark.parametrize("label", ["", " ", "car\nbon", "\x00"])
def test_a_label_without_a_word_is_refused(catalog: Catalog, label: str) -> None:
    with pytest.raises(CatalogError, match="give a word or a few, in one line"):
        catalog.add_label(ONE, label)
    with pytest.raises(CatalogError, match="author"):
        catalog.add_label(ONE, "carbon", author=label)
    assert rows(catalog) == []


def test_an_unknown_star_is_answered_with_ids_that_begin_alike(catalog: Catalog) -> None:
    for ask in (catalog.add_label, catalog.remove_label):
        with pytest.raises(CatalogError, match="no star 7-00x in this database; ids that begin alike: 7-00000000"):
            ask("7-00x", "carbon")


def test_nobody_without_a_name_labels(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    with pytest.raises(CatalogError, match="say who gives the label with --author NAME"):
        catalog.add_label(ONE, "carbon")


def test_a_file_of_labels(catalog: Catalog, tmp_path: Path) -> None:
    text = f'\ufeffnote,mangaid,label\n"C2, ""Swan""",{ONE},carbon\n\n,{OTHER},binary\n,{ONE},binary\n'
    assert catalog.add_labels(written(tmp_path, text), author="A") == 3
    expected = {(ONE, "carbon", 'C2, "Swan"', "A"), (OTHER, "binary", "", "A"), (ONE, "binary", "", "A")}
    assert set(rows(catalog)) == expected
    assert catalog.add_labels(written(tmp_path, text), author="A") == 0
    assert set(rows(catalog)) == expected


def test_a_file_that_says_the_same_twice(catalog: Catalog, tmp_path: Path) -> None:
    text = f"mangaid,label,note\n{ONE},carbon,first\n{ONE},carbon,second\n{ONE},carbon,\n"
    assert catalog.add_labels(written(tmp_path, text), author="A") == 1
    assert rows(catalog) == [(ONE, "carbon", "second", "A")]


@pytest.mark.parametrize("delimiter", [" ", ","])
def test_an_ecsv_file_of_astropy(catalog: Catalog, tmp_path: Path, delimiter: str) -> None:
    table = Table({"mangaid": [ONE, OTHER], "label": ["carbon star", "binary"], "note": ["C2, Swan", ""]})
    table.write(tmp_path / "verdicts.ecsv", format="ascii.ecsv", delimiter=delimiter)
    catalog.add_labels(tmp_path / "verdicts.ecsv", author="A")
    assert rows(catalog) == [(ONE, "carbon star", "C2, Swan", "A"), (OTHER, "binary", "", "A")]


WORD = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1)
NOTE = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0")).map(str.strip)


@given(st.lists(st.tuples(WORD, WORD, NOTE), min_size=1))
def test_what_astropy_writes_as_ecsv_is_read_as_it_is(tmp_path_factory: pytest.TempPathFactory, given: list) -> None:
    path = tmp_path_factory.mktemp("ecsv") / "verdicts.ecsv"
    Table(rows=given, names=["mangaid", "label", "note"], dtype=[str, str, str]).write(path, format="ascii.ecsv")
    assert [(row.mangaid, row.label, row.note or "") for row in read_labels(path, "A")] == given


def test_what_is_listed_can_be_loaded_again(catalog: Catalog, tmp_path: Path) -> None:
    catalog.add_label(ONE, "carbon", note='bands, "strong"', author="A")
    catalog.add_label(OTHER, "binary", author="B")
    before = rows(catalog)
    catalog.labels().write(tmp_path / "labels.csv", format="ascii.csv")
    for _, label, _, author in before:
        catalog.remove_label(ONE if label == "carbon" else OTHER, label, author=author)
    assert catalog.add_labels(tmp_path / "labels.csv") == 2
    assert set(rows(catalog)) == set(before)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; its first line must name the columns mangaid, label"),
        ("star,label\n", "has no column mangaid; its first line must name it once"),
        ("mangaid,kind\n", "has no column label"),
        ("mangaid,label,label\n", "has 2 columns label"),
        ("mangaid,label\n", "holds no label; its first line names mangaid and label"),
        ("mangaid,label\n{0},carbon\n{0}\n", "line 3: 1 values for 2 columns"),
        ("mangaid,label\n{0},a,b\n", "line 2: 3 values for 2 columns"),
        ("# mine\nmangaid,label\n{0},carbon\n,binary\n", "line 4: mangaid is blank"),
        ("mangaid,label\n\n{0},\n", "line 3: label '' is not valid"),
        ('mangaid,label\n{0},"car\nbon"\n', r"line 2: label 'car\\nbon' is not valid"),
        ('mangaid,label\n"{0},carbon\n', "line 2: unexpected end of data"),
        ("mangaid,label\n{0},carbon\n7-x,carbon\n7-y,a\n", r"line 3 \(7-x\), line 4 \(7-y\); nothing was labelled"),
        ("mangaid,label\n" + "7-x,a\n" * 9, r"line 6 \(7-x\) and 4 more; nothing was labelled"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_nothing_is_labelled(
    catalog: Catalog, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(CatalogError, match=message) as raised:
        catalog.add_labels(written(tmp_path, text.replace("{0}", ONE)))
    assert str(raised.value).startswith(str(tmp_path / "verdicts.csv"))
    assert rows(catalog) == []


def test_a_file_that_cannot_be_read(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"mangaid,label\n7-1,\xe9toile\n")
    for name, message in (("absent.csv", "cannot be read: No such file"), ("latin.csv", "is not text in UTF-8")):
        with pytest.raises(CatalogError, match=message):
            catalog.add_labels(tmp_path / name)


def test_labels_outlive_their_dataset_and_meet_it_again(tmp_path: Path) -> None:
    """Without the survey's table of stars, only the spectra name the stars: all others go."""
    path = write_combspec(tmp_path / "lsfpercent60.0.fits", MANGAIDS, smooth_flux(N_STAR))
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([path])
    before = contents(catalog.database.path)
    catalog.add_label(ONE, "carbon", author="A")
    assert catalog.dependents("dataset", "small").n_star == N_STAR - 1
    catalog.remove("dataset", "small")
    assert one(catalog.database.path, "SELECT mangaid, source_file_id FROM star") == (ONE, None)
    assert rows(catalog) == [(ONE, "carbon", "", "A")]
    catalog.ingest([path])
    assert contents(catalog.database.path) == before
    assert one(catalog.database.path, "SELECT count(DISTINCT source_file_id), count(source_file_id) FROM star") == (
        1,
        40,
    )
    assert rows(catalog) == [(ONE, "carbon", "", "A")]


def test_a_star_that_stayed_for_its_labels_goes_with_the_next_dataset_once_it_has_none(tmp_path: Path) -> None:
    small = write_combspec(tmp_path / "lsfpercent60.0.fits", MANGAIDS[:3], smooth_flux(3))
    large = write_combspec(tmp_path / "lsfpercent90.0.fits", MANGAIDS[3:5], smooth_flux(2))
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([small, large])
    catalog.add_label(ONE, "carbon", author="A")
    catalog.remove("dataset", "small")
    catalog.remove_label(ONE, "carbon", author="A")
    assert catalog.remove("dataset", "large").n_star == 3
    assert one(catalog.database.path, "SELECT count(*) FROM star") == (0,)


def test_any_later_file_that_names_the_star_takes_it_over(tmp_path: Path) -> None:
    small = write_combspec(tmp_path / "lsfpercent60.0.fits", MANGAIDS[:3], smooth_flux(3))
    for name, write in (("gaia.fits", write_gaia), ("mastarall.fits", write_mastarall)):
        catalog = Catalog(tmp_path / f"{name}.duckdb")
        catalog.ingest([small])
        catalog.add_label(ONE, "carbon", author="A")
        catalog.remove("dataset", "small")
        catalog.ingest([write(tmp_path / name, MANGAIDS)])
        assert one(catalog.database.path, "SELECT count(*), count(source_file_id) FROM star") == (40, 40)
