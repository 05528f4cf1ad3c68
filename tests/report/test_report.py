"""One HTML file that holds the paper for a database: whole, alone, for everybody, and with the SQL that made it."""

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from conftest import MANGAIDS
from files import WAVELENGTH, smooth_flux, write_combspec, write_table
from report_reading import Page, read

from catalog import Catalog
from catalog.autoencoder.recipe import Recipe
from catalog.errors import CatalogError
from catalog.evaluation.truth import TruthFile

NOW = datetime(2026, 11, 22, 12, 30)
WINDOW = (3700.0, 10200.0)
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def quick(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The small survey, scored by two models of principal components, which nobody waits for."""
    catalog = Catalog(shutil.copy(ingested, tmp_path_factory.mktemp("quick")))
    catalog.train("small", Recipe("pca", WINDOW, components=4, layers=(), latent=4, epochs=1), 2, "test")
    catalog.score("large")
    return catalog


def oddest(catalog: Catalog) -> str:
    """The star of rank 1."""
    return str(catalog.outliers("large", limit=1)["mangaid"][0])


@pytest.fixture(scope="module")
def full(quick: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A database with all that a report can show; names and notes that are HTML."""
    folder = tmp_path_factory.mktemp("full")
    shutil.copytree(quick.database.path.parent, folder, dirs_exist_ok=True)
    catalog = Catalog(folder / quick.database.path.name)
    odd = oddest(catalog)
    catalog.add_label(odd, SCRIPT, note='"><img src=x onerror=alert(1)>', author="A & B")
    kinds = Table({"mangaid": [MANGAIDS[1], odd], "kind": ["CH", SCRIPT]})
    kinds.write(folder / "a & <b>.ecsv")
    catalog.attach(folder / "a & <b>.ecsv", "carbon", mangaid="mangaid")
    (folder / "truth.csv").write_text(f"mangaid,kind\n{odd},emission-line\n")
    catalog.evaluate(TruthFile(folder / "truth.csv"), baselines=False)
    catalog.explain([odd])
    return catalog


@pytest.fixture
def visits(quick: Catalog, copy_of: Callable, tmp_path: Path) -> Catalog:
    """With two more datasets: `visits`, two of one star and one of another; `bare`, two spectra without ivar."""
    catalog = Catalog(copy_of(quick.database.path))
    folder = tmp_path / "files"
    folder.mkdir()
    flux = smooth_flux(5, seed=4)
    star, other = MANGAIDS[3:5]
    columns = {"PLATE": np.array([9000, 9001, 9000], np.int32), "MJD": np.array([58000, 58001, 58000], np.int32)}
    write_combspec(
        folder / "mastar-goodspec.fits", [star, star, other], flux[:3], IFUDESIGN=np.array(["12701"] * 3), **columns
    )
    bare = {"MANGAID": np.array([star, other]), "WAVE": np.tile(WAVELENGTH, (2, 1)), "FLUX": flux[3:]}
    write_table(folder / "bare.fits", bare)
    catalog.ingest([folder / "mastar-goodspec.fits"])
    catalog.ingest([folder / "bare.fits"], dataset="bare")
    for dataset in ("visits", "bare"):
        catalog.score(dataset)
    return catalog


@pytest.fixture(scope="module")
def file(full: Catalog) -> Path:
    file = full.database.path.parent / "report.html"
    full.report(file, top=2, now=NOW)
    return file


@pytest.fixture(scope="module")
def page(file: Path) -> Page:
    return read(file)


def questions(page: Page) -> list[str]:
    """Every SQL that a report prints."""
    return [text for tag, text in page.texts if tag == "code" and text.startswith(("SELECT", "WITH"))]


def missing(page: Page) -> str:
    """All that is said not to be there, with the commands."""
    return " ".join(text for tag, text in page.texts if tag in ("p", "code"))


def test_the_page_is_whole_and_named(page: Page) -> None:
    assert page.faults == []
    assert page.open == []
    assert page.all("html") == [{"lang": "en"}]
    assert page.text("title") == ["Anomalous stellar spectra in large, by ensemble test"]
    assert "22 November 2026, 12:30 UTC" in page.text("p")[0]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    inner = {link["href"] for link in page.all("a") if link["href"].startswith("#")}
    assert inner <= {f"#{name}" for name in ids}


def test_headings_go_down_one_level_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(next_ <= level + 1 for level, next_ in pairwise(levels))


def test_everything_of_the_paper_is_there(page: Page) -> None:
    captions = " ".join(page.text("span") + page.text("figcaption"))
    for number in (1, 2, 3, 4, 5, 7, 10, 11):
        assert f"Fig. {number})" in captions
    assert "Table 1." in captions
    assert "Table 2." in captions
    assert len(page.text("h3")) == 2


def test_every_figure_says_what_it_shows(page: Page, full: Catalog) -> None:
    alts = [image["alt"] for image in page.all("img")]
    assert len(alts) == 5 + 3 * 2 + 1 + 3
    assert all(len(alt) > 60 for alt in alts)
    assert len(set(alts)) == len(alts)
    assert any(f"Marked with large symbols: {oddest(full)} at" in alt for alt in alts)


def test_kinds_of_an_attached_catalog_are_told_apart(page: Page) -> None:
    assert any("kinds told apart by kind of carbon" in caption for caption in page.text("figcaption"))
    assert any("and for the kinds of kind of carbon" in image["alt"] for image in page.all("img"))


def test_the_window_has_all_its_digits(page: Page) -> None:
    assert any("3700 to 10200 Å in vacuum" in text for _, text in page.texts)
    assert not any("e+0" in text for tag, text in page.texts if tag != "code")


def test_tables_have_captions_and_named_rows(page: Page) -> None:
    assert len(page.text("caption")) == len(page.all("table"))
    scopes = {cell["scope"] for cell in page.all("th")}
    assert scopes == {"col", "row"}
    assert all({"tabindex", "aria-label"} <= box.keys() for box in page.all("div") if box.get("class") == "scroll")


def test_nothing_is_loaded_from_elsewhere(page: Page, file: Path) -> None:
    assert {tag for tag, _ in page.elements} & {"script", "link", "iframe", "object", "base", "svg", "form"} == set()
    loaded = [
        value for _, found in page.elements for name, value in found.items() if name in ("src", "srcset", "poster")
    ]
    assert all(url.startswith("data:image/png;base64,") for url in loaded)
    assert not any(name.startswith("on") for _, found in page.elements for name in found)
    (style,) = page.text("style")
    assert "url(" not in style
    assert "@import" not in style
    assert all(link["href"].startswith(("https://", "#")) for link in page.all("a"))
    assert file.stat().st_size < 10_000_000


def test_names_that_are_html_stay_text(page: Page) -> None:
    shown = [text for _, text in page.texts]
    assert any(SCRIPT in text for text in shown)
    assert any('"><img src=x' in text for text in shown)
    assert "a & <b>.ecsv" in shown


def test_its_sql_runs_as_it_stands_and_gives_what_is_shown(page: Page, full: Catalog) -> None:
    printed = questions(page)
    assert len(printed) > 20
    answers = [full.query(sql) for sql in printed]
    assert sum(len(answer) > 0 for answer in answers) > len(answers) / 2
    (percentiles,) = (answer for answer in answers if "percentile_99" in answer.colnames)
    assert f"{percentiles['percentile_50'][0]:.3f}".replace("-", "\N{MINUS SIGN}") in page.text("td")


def test_the_oddest_come_first_with_links(page: Page, full: Catalog) -> None:
    names = [text for tag, text in page.texts if tag == "a" and text in MANGAIDS]
    assert names[0] == oddest(full)
    hosts = {link["href"].split("/")[2] for link in page.all("a") if link["href"].startswith("https://")}
    assert {"simbad.cds.unistra.fr", "aladin.cds.unistra.fr"} <= hosts


def test_the_same_database_gives_the_same_file(full: Catalog, file: Path, tmp_path: Path) -> None:
    full.report(tmp_path / "again.html", top=2, now=NOW)
    assert (tmp_path / "again.html").read_bytes() == file.read_bytes()


def test_a_cause_is_shown_with_its_facts_where_it_is_stored(page: Page, full: Catalog) -> None:
    (cause,) = full.query("SELECT cause, evidence FROM anomaly_cause")
    assert any(text.startswith(f"Cause: {cause['cause']} (") for text in page.text("p"))
    assert set(cause["evidence"]) <= set(page.text("li"))
    explained = [text for text in page.text("code") if text.startswith("catalog explain 7-")]
    assert len(explained) == 1


def test_an_empty_database_says_how_to_begin(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "empty.duckdb")
    catalog.upgrade()
    catalog.report(tmp_path / "report.html")
    page = read(tmp_path / "report.html")
    assert page.faults == []
    assert {"catalog ingest PATH", "catalog train --dataset NAME"} <= set(page.text("code"))
    assert page.all("img") == []
    for sql in questions(page):
        catalog.query(sql)


def test_an_ensemble_that_has_scored_nothing_says_how(quick: Catalog, copy_of: Callable, tmp_path: Path) -> None:
    catalog = Catalog(copy_of(quick.database.path))
    with catalog.database.write() as connection:
        for table in ("reconstruction_error", "latent_vector", "score_rank", "ensemble_rank"):
            connection.execute(f"DELETE FROM {table}")
    catalog.report(tmp_path / "report.html")
    page = read(tmp_path / "report.html")
    assert "catalog score --dataset NAME --ensemble test" in page.text("code")
    assert len(page.all("img")) == 2


def test_without_ivar_evaluation_catalogs_and_causes(visits: Catalog, tmp_path: Path) -> None:
    visits.report(tmp_path / "report.html", "bare", top=1)
    page = read(tmp_path / "report.html")
    said = missing(page)
    assert page.faults == []
    assert "has no ivar" in said
    assert "catalog evaluate --ensemble test --dataset bare" in said
    assert "catalog attach FILE" in said
    assert "catalog explain" in said


def test_a_star_without_gaia_photometry(quick: Catalog, copy_of: Callable, tmp_path: Path) -> None:
    catalog = Catalog(copy_of(quick.database.path))
    with catalog.database.write() as connection:
        connection.execute("DELETE FROM gaia_match")
    catalog.report(tmp_path / "report.html", top=1)
    page = read(tmp_path / "report.html")
    assert "No scored star has Gaia photometry" in missing(page)


def test_several_visits_of_a_star_are_told_apart(visits: Catalog, tmp_path: Path) -> None:
    visits.report(tmp_path / "report.html", "visits", top=3)
    page = read(tmp_path / "report.html")
    titles = page.text("h3")
    assert len(set(titles)) == len(titles) == 3
    assert any("plate 9000, MJD 58000" in title for title in titles)


def test_a_file_that_is_there_stays(full: Catalog, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("mine")
    with pytest.raises(CatalogError, match=r"report\.html is there already; give another file, or --force"):
        full.report(target)
    assert target.read_text() == "mine"
    with pytest.raises(CatalogError, match="no folder"):
        full.report(tmp_path / "absent" / "report.html")
    with pytest.raises(CatalogError, match="there are: large"):
        full.report(tmp_path / "other.html", "absent")
    with pytest.raises(CatalogError, match=r"report\.pdf: a report is HTML; give a name that ends in \.html"):
        full.report(tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_nothing(full: Catalog, tmp_path: Path) -> None:
    def fail(what: str, done: int, total: int) -> None:
        if what == "ensemble":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        full.report(tmp_path / "report.html", top=1, progress=fail)
    assert list(tmp_path.iterdir()) == []
