"""Every command of the README and of docs/ runs, in the order of the page, on files as it names them.

Stars, the size of the mock survey and the length of a training are changed to those that are here.
"""

import gzip
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from astropy.table import Table
from catalog.cli.main import main
from click.testing import CliRunner
from conftest import MANGAIDS, ODD
from documented import blocks, commands
from template_files import write_templates

from catalog import Catalog

CHANGED = (
    (r"\b(7-17219806|3-33352569|3-2375390|60-1436778955512349056)\b", ODD),
    (r"--stars 2000", "--stars 300"),
    (r"--recipe conditional", "--recipe conditional --window 3700 10200"),
    (r"^catalog train .*--recipe.*", r"\g<0> --models 4"),
    (r"^catalog train (?!.*--recipe).*", r"\g<0> --models 1 --epochs 1"),
    (r"^catalog ensemble import (\S+)$", r"catalog ensemble import \1 --name again"),
)
"""The stars of the pages are MaStar's, the paper's ensemble takes hours, and what was exported is here already."""

NOT_RUN = {
    "catalog download": "fetches from the survey's server; tests/download have one of their own",
    "catalog export cmd --samp": "needs a running TOPCAT or Aladin; tests/export/test_samp.py has a hub",
}

QUESTION = "SELECT mangaid FROM star LIMIT 3"
WITH_PARAMETERS = "SELECT mangaid FROM anomaly WHERE mangaid = $id LIMIT $limit"

PLACES = """SELECT star.mangaid, ra, dec, source_id FROM cmd JOIN star USING (star_id)
            WHERE source_id IS NOT NULL ORDER BY star_id"""

LINES = commands("catalog")
WITH_MASTAR = LINES.index("catalog download --list")
"""The lines before this one are about the mock survey, which has a database of its own, with spectra enough for 20
components."""


@pytest.fixture(scope="module")
def workplace(scored: Path, survey: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with what the pages take for granted: a database, a survey, lists, a recipe, templates."""
    folder = tmp_path_factory.mktemp("workplace")
    database = folder / "catalog.duckdb"
    shutil.copy(scored, database)
    shutil.copytree(scored.with_suffix(".weights"), database.with_suffix(".weights"))
    shutil.copytree(survey, folder / "mastar")
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE ensemble SET name = 'paper-small'")
    catalog = Catalog(database)
    catalog.add_templates(write_templates(folder / "templates.parquet"), "mine")
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
    duckdb.sql(f"COPY (SELECT '{ODD}' AS mangaid, 'odd' AS kind) TO '{folder / 'mine.parquet'}'")
    Table({"mangaid": MANGAIDS[:2], "label": ["carbon", "binary"]}).write(folder / "verdicts.csv")
    (folder / "blue-stragglers.csv").write_text("bp_rp,abs_g\n0,0\n1,0\n1,5\n")
    (folder / "mine.toml").write_text(blocks("toml")[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.mark.parametrize("number", range(len(LINES)), ids=LINES)
def test_it_runs(number: int, workplace: Path) -> None:
    line = LINES[number]
    for start, reason in NOT_RUN.items():
        if line.startswith(start):
            pytest.skip(reason)
    for pattern, here in CHANGED:
        line = re.sub(pattern, here, line)
    (workplace / "question.sql").write_text(WITH_PARAMETERS if "--param" in line else QUESTION)
    database = "mock.duckdb" if number < WITH_MASTAR or "--recipe" in line else "catalog.duckdb"
    written = re.search(r"(?:-o|--figure) (\S+)", line)
    if written and Path(written[1]).is_file():
        Path(written[1]).unlink()  # the README and docs/ write some of the same files
    done = CliRunner().invoke(main, ["--database", database, *shlex.split(line)[1:]])
    assert done.exit_code == 0, done.output
    assert written is None or Path(written[1]).exists()
