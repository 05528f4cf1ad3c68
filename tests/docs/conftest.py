"""Folders with what the pages take for granted, and what runs a line of a page in the folder of that page.

Stars, the size of the mock survey and the length of a training are changed to those that are here.
"""

import gzip
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from astropy.table import Table
from catalog.cli.main import main
from click.testing import CliRunner
from conftest import MANGAIDS, ODD, RECIPE
from documented import GROUPS, PAGES, Line, blocks
from sharing import copy_database, made_once
from template_files import write_templates

from catalog import Catalog, MockSurvey, find_recipe, to_toml, write_mock

CHANGED = (
    (r"\b(3-1552457|7-17219806|3-33352569|3-23401737|60-1436778955512349056)\b", ODD),
    (r"--stars 2000", "--stars 300"),
    (r"^catalog train .*--recipe.*", r"\g<0> --models 4"),
    (r"^catalog train (?!.*--recipe).*", r"\g<0> --recipe small.toml --models 1"),
    (r"^catalog ensemble import (\S+)$", r"catalog ensemble import \1 --name again"),
)
"""The stars of the pages are the demo's and MaStar's, the paper's ensemble takes hours, and what was exported is here
already."""

NOT_RUN = {
    "catalog download": "fetches from the survey's server; tests/download have one of their own",
    "catalog export cmd --samp": "needs a running TOPCAT or Aladin; tests/export/test_samp.py has a hub",
}

QUESTION = "SELECT mangaid FROM star LIMIT 3"
WITH_PARAMETERS = "SELECT mangaid FROM anomaly WHERE mangaid = $id LIMIT $limit"

PLACES = """SELECT star.mangaid, ra, dec, source_id FROM cmd JOIN star USING (star_id)
            WHERE source_id IS NOT NULL ORDER BY star_id"""


@pytest.fixture(scope="session")
def with_survey(shared: Path, scored: Path, survey: Path) -> Path:
    """A scored database, a survey, lists, a recipe, templates; the same database as that of the demo."""

    def make(folder: Path) -> None:
        database = copy_database(scored, folder)
        shutil.copytree(survey, folder / "mastar")
        with duckdb.connect(database) as connection:
            connection.execute("UPDATE ensemble SET name = 'paper-small'")
        catalog = Catalog(database)
        catalog.templates.add(write_templates(folder / "templates.parquet"), "mine")
        _write_lists(catalog, folder)
        duckdb.sql(f"COPY (SELECT '{ODD}' AS mangaid, 'odd' AS kind) TO '{folder / 'mine.parquet'}'")
        Table({"mangaid": MANGAIDS[:2], "label": ["carbon", "binary"]}).write(folder / "verdicts.csv")
        (folder / "blue-stragglers.csv").write_text("bp_rp,abs_g\n0,0\n1,0\n1,5\n")
        (folder / "small.toml").write_text(to_toml(replace(RECIPE, window=None, epochs=1)))
        demo = folder / "catalog-demo"
        (demo / "files").mkdir(parents=True)
        (demo / "files" / "truth.csv").write_text(f"mangaid,kind\n{ODD},emission-line\n{MANGAIDS[3]},\n")
        copy_database(database, demo)

    return made_once(shared, "with_survey", make)


def _write_lists(catalog: Catalog, folder: Path) -> None:
    """The lists that the pages attach, with the stars that are here."""
    stars = catalog.query(PLACES)
    n = len(stars)
    places = {"_RAJ2000": stars["ra"], "_DEJ2000": stars["dec"], "Type": ["C-H"] * n}
    for name in ("li2018", "roulston2021"):
        Table(places).write(folder / f"{name}.vot", format="votable")
    Table({"id": stars["source_id"], "main_type": ["C*"] * n}).write(folder / "simbad.vot", format="votable")
    Table({"source_id": stars["source_id"]}).write(folder / "gaia-carbon-stars.csv")
    Table({"mangaid": stars["mangaid"], "P": np.ones(n)}).write(folder / "hill2024.csv")
    Table({"ra": stars["ra"], "dec": stars["dec"], "class": ["STAR"] * n}).write(folder / "lamost.csv")
    (folder / "dr8_v1.0_LRS_catalogue.csv.gz").write_bytes(gzip.compress((folder / "lamost.csv").read_bytes()))


@pytest.fixture(scope="session")
def with_mock(shared: Path) -> Path:
    """A mock survey with its answer key, and two databases of it, scored: spectra enough for 20 components."""

    def make(folder: Path) -> None:
        write_mock(folder / "mock", MockSurvey(n_star=300, seed=1, anomaly_fraction=0.02))
        catalog = Catalog(folder / "mock.duckdb")
        catalog.ingest([folder / "mock"])
        recipe = replace(find_recipe("pca"), window=(3700.0, 10200.0))
        catalog.train("small", recipe, models=4, name="paper-small")
        catalog.score("large")
        shutil.copy(folder / "mock.duckdb", folder / "catalog.duckdb")
        shutil.copytree(folder / "mock.weights", folder / "catalog.weights")
        (folder / "mine.toml").write_text(blocks("toml", PAGES["training.md"])[0])
        (folder / "small.toml").write_text(to_toml(replace(RECIPE, epochs=1)))

    return made_once(shared, "with_mock", make)


@pytest.fixture(scope="module")
def run_line(with_survey: Path, with_mock: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Line], None]:
    """Runs a line of a page, in a folder that the page has for itself."""
    folders: dict[str, Path] = {}

    def run(line: Line) -> None:
        for start, reason in NOT_RUN.items():
            if line.text.startswith(start):
                pytest.skip(reason)
        if line.page not in folders:
            folders[line.page] = tmp_path_factory.mktemp("page") / "folder"
            shutil.copytree(with_mock if line.page in GROUPS["training"] else with_survey, folders[line.page])
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folders[line.page])
            patch.setenv("CATALOG_DATABASE", line.database)
            _run(line.text)

    return run


def _run(text: str) -> None:
    for pattern, here in CHANGED:
        text = re.sub(pattern, here, text)
    Path("question.sql").write_text(WITH_PARAMETERS if "--param" in text else QUESTION)
    written = re.search(r"(?:-o|--figure) (\S+)", text)
    done = CliRunner().invoke(main, shlex.split(text)[1:])
    assert done.exit_code == 0, done.output
    assert written is None or Path(written[1]).exists()
