"""What the README says is so: its SQL and Python run, its commands exist as those of docs/, nothing is left out."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from catalog.cli.main import COMMANDS
from conftest import MANGAIDS, N_STAR, ODD, REPOSITORY
from documented import COOKBOOK, DOCS, MAKEFILE, README, blocks, commands
from files import write_parameters, write_visits

from catalog import Catalog
from catalog.autoencoder.recipes import RECIPES, find_recipe
from catalog.database.views import VIEWS
from catalog.evaluation.truth import TruthFile


@pytest.fixture(scope="module")
def evaluated(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scored database, with an evaluation, parameters, visits, labels and an attached catalog in it."""
    folder = tmp_path_factory.mktemp("evaluated")
    shutil.copy(scored, folder)
    files = [write_parameters(folder / "mastar-goodstars-params-v2.fits", MANGAIDS)]
    files.append(write_visits(folder / "mastarall-visits.fits", MANGAIDS, MJDQUAL=np.full(N_STAR, 2**8, np.int32)))
    Catalog(folder / scored.name).ingest(files)
    Catalog(folder / scored.name).add_label(ODD, "emission-line", "a line above all else", author="nobody")
    (folder / "truth.csv").write_text(f"mangaid,kind\n{ODD},emission-line\n")
    Catalog(folder / scored.name).evaluate(TruthFile(folder / "truth.csv"), baselines=False)
    # As VizieR gives a list of carbon stars.
    listed = Catalog(scored).query(
        "SELECT ra AS _RAJ2000, dec AS _DEJ2000, 'C-H' AS Type FROM star WHERE star_id <= 20"
    )
    listed.write(folder / "li2018.vot", format="votable")
    Catalog(folder / scored.name).attach(
        folder / "li2018.vot", "li2018", sky=("_RAJ2000", "_DEJ2000"), radius=3, epoch=2000
    )
    return folder / scored.name


@pytest.mark.parametrize("sql", blocks("sql", README, *DOCS))
def test_sql_of_the_readme_and_of_docs_runs_and_finds_something(sql: str, evaluated: Path) -> None:
    rows = Catalog(evaluated).query(sql.replace("3-1552457", ODD))
    empty_here = any(text in sql for text in ("source = 'v2 MED'", "n_model_unseen >= 2", "-- may be empty"))
    assert len(rows) or empty_here


@pytest.mark.parametrize("line", commands("make"))
def test_make_targets_of_the_readme_exist(line: str) -> None:
    assert re.search(rf"^{line.split()[1]}:", MAKEFILE, re.M)


@pytest.mark.parametrize("code", blocks("python", README, COOKBOOK))
def test_python_of_readme_and_cookbook_runs(code: str, scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "coniferest" in code:
        pytest.importorskip("coniferest", reason="coniferest is not installed; it is not needed")
    monkeypatch.chdir(scored.parent)
    exec(code, {})  # noqa: S102


@pytest.mark.parametrize("name", [*COMMANDS, *VIEWS])
def test_every_command_and_view_is_in_the_readme(name: str) -> None:
    assert re.search(rf"`(catalog )?{name}\b|\$ catalog {name}|catalog {name}`", README)


def test_the_changelog_names_every_command() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    for name in set(COMMANDS) - {"db"}:
        assert name in changelog


def test_the_recipe_of_the_readme_is_one(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    (tmp_path / "mine.toml").write_text(block)
    recipe = find_recipe(str(tmp_path / "mine.toml"))
    assert (recipe.name, recipe.latent, recipe.noise) == ("mine", 6, 0.1)


def test_every_recipe_is_in_the_readme() -> None:
    for name in RECIPES:
        assert f"| `{name}` |" in README
