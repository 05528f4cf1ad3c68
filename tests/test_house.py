"""The walls of the house: which room may know which, and what its functions look like from outside."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ODD, REPOSITORY

from benchmarks.rooms import arrows, modules, reachable, room_of, upward
from catalog import Catalog

GROUND = {"digests", "errors", "extinction", "files", "prefetch", "progress", "provenance", "version"}

ORDER = (
    *sorted(GROUND - {"version"}), "version", "autoencoder", "causes", "surveys", "database", "spectra", "crossmatch",
    "review", "ensembles", "anomaly", "export", "ingest", "evaluation", "figures", "report", "facade", "__init__",
    "cli",
)  # fmt: skip
"""Every room of the catalog, each above all that it may import."""

MOST_PARAMETERS = 8

ENTRANCE = {"facade", "cli"}
"""Where a function may take what a user says, one word after the other; figures/plots.py is a part of it too."""


@pytest.fixture(scope="module")
def house() -> dict[tuple[str, str], set[str]]:
    found = arrows(REPOSITORY)
    assert len(found) > 80  # or nothing was read
    return found


def test_arrows_run_downward_only(house: dict) -> None:
    assert upward(house) == []
    wrong = {
        pair: names
        for pair, names in house.items()
        if pair[0] not in ("benchmarks", "migrations") and ORDER.index(pair[0]) < ORDER.index(pair[1])
    }
    assert wrong == {}


@pytest.mark.parametrize("room", ["surveys", "autoencoder", "causes"])
def test_arrays_and_files_know_nothing_of_the_database(house: dict, room: str) -> None:
    assert reachable(room, house) <= GROUND


def test_nothing_below_the_entrance_knows_it(house: dict) -> None:
    assert {pair[0] for pair in house if pair[1] == "facade"} <= {"__init__", "benchmarks"}
    assert {pair[0] for pair in house if pair[1] == "cli"} <= {"benchmarks"}


def test_the_command_line_takes_what_it_needs_from_the_entrance(house: dict) -> None:
    assert {pair[1] for pair in house if pair[0] == "cli"} == {"__init__"}


def test_only_schema_and_migrations_know_sqlalchemy() -> None:
    for name, path in modules(REPOSITORY).items():
        if "import sqlalchemy" in path.read_text(encoding="utf-8"):
            assert name in ("catalog.database.schema", "catalog.database.migration") or room_of(name) == "migrations"


def test_a_revision_stands_alone() -> None:
    for path in (REPOSITORY / "migrations" / "versions").glob("0*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                assert not any(name.split(".")[0] == "catalog" for name in names), path.name


def test_every_folder_says_what_lives_there_and_what_may_not_come_in() -> None:
    for init in (REPOSITORY / "catalog").glob("*/__init__.py"):
        docstring = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or ""
        assert len(docstring.splitlines()) >= 3, init


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for name, path in modules(REPOSITORY).items():
        if room_of(name) in ENTRANCE | {"benchmarks", "migrations"} or name == "catalog.figures.plots":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield name, node


def test_below_the_entrance_what_goes_together_is_a_value() -> None:
    long = []
    for name, node in functions():
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        n = len([argument for argument in arguments if argument.arg not in ("self", "cls")])
        if n > MOST_PARAMETERS:
            long.append(f"{name}.{node.name} has {n} parameters")
    assert long == []


def test_reading_is_the_rule_and_not_said_of_every_function() -> None:
    said = []
    for name, path in modules(REPOSITORY).items():
        if room_of(name) in ("cli", "benchmarks", "migrations"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and "Read-only." in (ast.get_docstring(node) or ""):
                said.append(f"{name}.{node.name}")
    assert said == []


@pytest.fixture(scope="module")
def explained(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scored database, with the causes of its odd star in it."""
    path = tmp_path_factory.mktemp("explained") / scored.name
    shutil.copy(scored, path)
    shutil.copytree(scored.with_suffix(".weights"), path.with_suffix(".weights"))
    Catalog(path).explain(ODD)
    return path


HEAVY = {"tensorflow", "keras", "sklearn", "scipy", "matplotlib", "alembic", "astropy", "sqlalchemy", "rich"}

QUICK = {
    "query": ["query", "SELECT 1"],
    "outliers": ["outliers"],
    "outliers of a region": ["outliers", "--region", "giants"],
    "neighbors": ["neighbors", "{odd}"],
    "neighbors by all models": ["neighbors", "{odd}", "--consensus"],
    "explain of what is stored": ["explain", "{odd}"],
    "labels": ["labels"],
    "regions": ["region", "list"],
    "schema": ["schema"],
    "schema of one": ["schema", "consensus_anomaly"],
    "ensembles": ["ensembles"],
    "status": ["db", "status"],
    "attached lists": ["attach", "--list"],
    "table 1": ["table", "percentiles"],
    "templates": ["templates", "list"],
}
"""Commands that only ask."""


@pytest.mark.parametrize("command", QUICK)
def test_a_command_that_only_asks_loads_nothing_heavy(command: str, explained: Path) -> None:
    arguments = ["--database", str(explained), *(word.format(odd=ODD) for word in QUICK[command])]
    program = (
        "import sys; from catalog.cli.main import main; main(sys.argv[1:], standalone_mode=False); "
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stderr.splitlines()[-1] == "[]"


def test_help_loads_nothing_at_all() -> None:
    """Not even what every question needs: how long it takes is what Python and click take."""
    loaded = HEAVY | {"duckdb", "numpy", "pyarrow"}
    program = (
        "import sys; from catalog.cli.main import main; main(['--help'], standalone_mode=False); "
        f"print(sorted({loaded!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Train and score:" in done.stdout
    assert done.stderr == "[]\n"
