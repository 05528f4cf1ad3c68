"""A built wheel installs with working migrations, and puts nothing but `catalog` beside everybody else's packages."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import REPOSITORY

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
