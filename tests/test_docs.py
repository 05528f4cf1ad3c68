"""What the README and docs/ say is so: SQL and Python run, commands exist, nothing is left out, the site builds."""

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from catalog.cli.main import COMMANDS
from conftest import MANGAIDS, N_STAR, ODD, REPOSITORY
from documented import GROUPS, MAKEFILE, PAGES, README, blocks, commands, typed
from files import write_parameters, write_visits
from sharing import copy_database

from catalog import RULES, Catalog
from catalog.autoencoder.recipes import RECIPES, find_recipe
from catalog.database.meaning import RELATIONS, meaning
from catalog.database.schema import metadata
from catalog.database.views import MACROS, VIEWS
from catalog.evaluation.truth import TruthFile

LARGEST_PICTURE = 150_000

COLUMNS_OF_RELATIONS = "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'main'"

EVERYTHING = "\n".join([README, *PAGES.values()])


@pytest.fixture(scope="module")
def evaluated(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scored database, with an evaluation, parameters, visits, labels and an attached catalog in it."""
    folder = tmp_path_factory.mktemp("evaluated")
    path = copy_database(scored, folder)
    files = [write_parameters(folder / "mastar-goodstars-params-v2.fits", MANGAIDS)]
    files.append(write_visits(folder / "mastarall-visits.fits", MANGAIDS, MJDQUAL=np.full(N_STAR, 2**8, np.int32)))
    catalog = Catalog(path)
    catalog.ingest(files)
    catalog.labels.add(ODD, "emission-line", "a line above all else", author="nobody")
    (folder / "files").mkdir()
    truth = folder / "files" / "truth.csv"
    truth.write_text(f"mangaid,kind\n{ODD},emission-line\n")
    catalog.evaluate(TruthFile(truth), baselines=False)
    # As VizieR gives a list of carbon stars.
    listed = catalog.query("SELECT ra AS _RAJ2000, dec AS _DEJ2000, 'C-H' AS Type FROM star WHERE star_id <= 20")
    listed.write(folder / "li2018.vot", format="votable")
    catalog.attached.add(folder / "li2018.vot", "li2018", sky=("_RAJ2000", "_DEJ2000"), radius=3, epoch=2000)
    return path


@pytest.mark.parametrize("sql", blocks("sql"))
def test_sql_of_the_readme_and_of_docs_runs_and_finds_something(sql: str, evaluated: Path) -> None:
    rows = Catalog(evaluated).query(sql.replace("3-1552457", ODD))
    empty_here = any(text in sql for text in ("source = 'v2 MED'", "n_model_unseen >= 2", "-- may be empty"))
    assert len(rows) or empty_here


@pytest.mark.parametrize("line", [line for page in ("README.md", *PAGES) for line in typed(page) if "make " in line])
def test_make_targets_of_the_pages_exist(line: str) -> None:
    assert re.search(rf"^{line.split()[1]}:", MAKEFILE, re.M)


@pytest.mark.parametrize("code", blocks("python", README, *(PAGES[page] for page in PAGES if page != "walk.md")))
def test_python_of_the_readme_and_of_docs_runs(code: str, scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "coniferest" in code:
        pytest.importorskip("coniferest", reason="coniferest is not installed; it is not needed")
    monkeypatch.chdir(scored.parent)
    exec(code, {})  # noqa: S102


def test_commands_of_every_page_run_in_one_file_of_tests() -> None:
    with_commands = [page for page in ("README.md", *PAGES) if list(commands(page))]
    assert sorted(page for pages in GROUPS.values() for page in pages) == sorted(with_commands)
    assert {path.stem for path in (REPOSITORY / "tests" / "docs").glob("test_*.py")} == {f"test_{g}" for g in GROUPS}


@pytest.mark.parametrize("name", [*COMMANDS, *VIEWS])
def test_every_command_and_view_is_in_the_readme_or_in_docs(name: str) -> None:
    assert re.search(rf"`(catalog )?{name}\b|\$ catalog {name}|catalog {name}`", EVERYTHING)


def test_the_changelog_names_every_command() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    for name in set(COMMANDS) - {"db"}:
        assert name in changelog


def test_the_recipe_of_the_pages_is_one(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    (tmp_path / "mine.toml").write_text(block)
    recipe = find_recipe(str(tmp_path / "mine.toml"))
    assert (recipe.name, recipe.latent, recipe.noise) == ("mine", 6, 0.1)


def test_every_recipe_is_in_the_table() -> None:
    for name in RECIPES:
        assert f"| `{name}` |" in PAGES["training.md"]


def test_the_readme_is_short_and_its_picture_small() -> None:
    assert len(README.splitlines()) <= 150
    (picture,) = re.findall(r"!\[.+?\]\((.+?)\)", README)
    assert (REPOSITORY / picture).stat().st_size < LARGEST_PICTURE


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", README):
        assert (REPOSITORY / target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_goes_in_what_comes_out_and_what_to_do_when_it_fails(page: str) -> None:
    assert "\n- **Goes in:**" in PAGES[page]
    assert "\n- **Comes out:**" in PAGES[page]
    assert "## When it fails\n" in PAGES[page]


@pytest.fixture(scope="module")
def texts_of_the_program() -> str:
    return "\n".join([*said_by("catalog"), *said_by("cli"), MAKEFILE])


def said_by(folder: str) -> Iterator[str]:
    """The texts in the code of a folder, of one with gaps what is between them."""
    for path in sorted((REPOSITORY / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


@pytest.mark.parametrize("page", PAGES)
def test_messages_of_a_page_are_those_of_the_program(page: str, texts_of_the_program: str) -> None:
    messages = re.findall(r"^\| `(.+?)` \|", PAGES[page].partition("## When it fails\n")[2], re.M)
    for message in messages:
        for part in message.split("…"):
            assert part in texts_of_the_program, message


@pytest.fixture(scope="module")
def site(evaluated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with the small database in the place of the demo's."""
    building, config = (
        pytest.importorskip(name, reason="mkdocs is not installed: pip install .[docs]")
        for name in ("mkdocs.commands.build", "mkdocs.config")
    )
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CATALOG_DEMO", str(evaluated.parent))
        building.build(config.load_config(str(REPOSITORY / "mkdocs.yml"), strict=True, site_dir=str(folder)))
    return folder


def words(page: Path) -> str:
    """The text of a page without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def test_every_page_is_built_and_in_the_navigation(site: Path) -> None:
    nav = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2].partition("\nhooks:")[0]
    assert sorted(re.findall(r"[\w-]+\.md", nav)) == sorted(PAGES)
    assert {path.stem for path in site.glob("*.html")} == {Path(page).stem for page in PAGES} | {"404"}


def test_whoever_reads_the_site_needs_no_network(site: Path) -> None:
    for page in site.glob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"([^\"]+)\"", page.read_text("utf-8"))
        assert loaded
        assert [url for url in loaded if "//" in url] == [], page.name
    assert (site / "search" / "search_index.js").stat().st_size > 100_000


def test_nothing_in_the_pages_is_left_to_be_built(site: Path) -> None:
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "built:" not in text
        for picture in re.findall(r"<img[^>]* src=\"([^\"]+)\"", text):
            assert (site / picture).stat().st_size > 1000, picture


def test_the_schema_has_every_relation_with_the_meaning_of_every_column(site: Path, evaluated: Path) -> None:
    text = (site / "schema.html").read_text(encoding="utf-8")
    said = words(site / "schema.html")
    rows = Catalog(evaluated).query(COLUMNS_OF_RELATIONS)
    known = set(rows["table_name"]) & set(RELATIONS)
    assert known >= {*VIEWS, *metadata.tables}
    for name in [*known, *MACROS]:
        assert f'<h3 id="{name}">' in text
        assert " ".join(RELATIONS[name].split()) in said
    for row in rows[np.isin(rows["table_name"], sorted(known))]:
        described = meaning(row["table_name"], row["column_name"])
        assert row["column_name"] in said
        assert " ".join(described.text.split()) in said, row["column_name"]
    assert "li2018" not in said


def test_the_commands_are_all_there_with_their_options(site: Path) -> None:
    said = words(site / "commands.html")
    for name in COMMANDS:
        assert f"catalog {name}" in said
    assert "catalog plot reconstruction [OPTIONS] MANGAID" in said
    assert "Score to order by, see above. [default: error]" in said


def test_the_rules_are_those_of_the_program(site: Path) -> None:
    said = words(site / "explain.html")
    for rule in RULES:
        assert rule.name in said
        assert all(str(condition) in said for condition in rule.conditions)


def test_questions_have_answers(site: Path) -> None:
    assert "All rows in the demo" in words(site / "scores.html")
    assert "The first 5 of" in words(site / "sql.html")
    assert ODD in words(site / "scores.html")


def test_the_reference_has_what_a_program_calls(site: Path) -> None:
    said = words(site / "python.html")
    for name in ("outliers", "explain", "evaluate", "add_file", "import_file", "reconstruction", "anomaly_fraction"):
        assert name in said
    assert "The same as labels.add" not in said


def test_measurements_and_rooms_are_taken_over(site: Path) -> None:
    assert "Scoring 6,500 spectra with ten models" in words(site / "results.html")
    assert "a small file per command" in words(site / "architecture.html")
