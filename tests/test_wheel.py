"""A built wheel installs with working migrations, and puts nothing but `catalog` beside everybody else's packages."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import REPOSITORY

from catalog import Catalog
from catalog.database.revision import REVISION


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(source)], check=True)  # noqa: S607
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(source)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_only_package_is_catalog(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        assert "catalog/py.typed" in archive.namelist()
    assert {top for top in tops if not top.endswith(".dist-info")} == {"catalog"}


def test_a_command_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    Catalog(tmp_path / "c.duckdb").upgrade()
    command = [sys.executable, "-m", "catalog.cli", "--database", str(tmp_path / "c.duckdb"), "schema", "star"]
    environment = {"PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.startswith("column,type,unit,comment\nstar_id,BIGINT,"), done.stderr


def test_every_folder_with_a_module_is_a_package_of_the_wheel(wheel: Path) -> None:
    """An editable installation finds a folder that is not named; a wheel leaves it out."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.endswith(".py")}
    folders = {"catalog": "catalog", "cli": "catalog/cli", "migrations": "catalog/migrations"}
    written = {
        f"{inside}/{path.relative_to(REPOSITORY / folder).as_posix()}"
        for folder, inside in folders.items()
        for path in (REPOSITORY / folder).rglob("*.py")
    }
    assert written - packed == set()


def test_migrations_and_views_run_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import catalog, sys; from pathlib import Path; assert Path(catalog.__file__).is_relative_to(sys.argv[1]);"
        "c = catalog.Catalog('c.duckdb'); print(*c.upgrade()); print(len(c.query('FROM consensus_anomaly')));"
        "from catalog.surveys.mock.survey import MockSurvey, write_mock; print(write_mock(Path('mock'), MockSurvey(3)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "site")],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"None {REVISION}\n0\nTrue\n", done.stderr
