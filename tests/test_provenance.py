"""Which code wrote something: the release, which is one everywhere, and the commit where there is one."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from conftest import ODD, RECIPE, REPOSITORY

from catalog import Catalog
from catalog.autoencoder.recipes import PCA
from catalog.database.schema import metadata
from catalog.evaluation.truth import TruthFile
from catalog.provenance import __version__
from catalog.version import code_version, commit_of

Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder with the program's folders, a file in each, and one beside them."""
    for name in ("catalog/provenance.py", "cli/main.py", "migrations/env.py", "docs/guide.md"):
        (tmp_path / "repository" / name).parent.mkdir(parents=True)
        (tmp_path / "repository" / name).write_text("1\n")
    return tmp_path / "repository"


@pytest.fixture
def git(repository: Path) -> Git:
    """Runs git in that folder; it is a repository with one commit."""

    def run(*arguments: str) -> str:
        who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *who, *arguments], cwd=repository, capture_output=True, text=True, check=True)  # noqa: S607
        return done.stdout.strip()

    run("init", "--quiet")
    run("add", ".")
    run("commit", "--quiet", "-m", "first")
    return run


@pytest.fixture
def asked_anew() -> Iterator[None]:
    """A process that has not asked git yet."""
    code_version.cache_clear()
    yield
    code_version.cache_clear()


def test_a_checkout_has_its_commit(repository: Path, git: Git) -> None:
    assert commit_of(repository) == git("rev-parse", "HEAD")[:7]


@pytest.mark.parametrize("name", ["catalog/provenance.py", "cli/main.py", "migrations/env.py"])
def test_a_file_of_the_program_that_differs_makes_it_dirty(repository: Path, git: Git, name: str) -> None:
    commit = git("rev-parse", "HEAD")[:7]
    (repository / name).write_text("2\n")
    assert commit_of(repository) == f"{commit}.dirty"
    git("add", ".")
    assert commit_of(repository) == f"{commit}.dirty"
    git("commit", "--quiet", "-m", "second")
    assert commit_of(repository) == git("rev-parse", "HEAD")[:7] != commit


def test_a_file_that_is_gone_makes_it_dirty(repository: Path, git: Git) -> None:
    (repository / "cli" / "main.py").unlink()
    assert commit_of(repository) == git("rev-parse", "HEAD")[:7] + ".dirty"


def test_what_is_not_the_program_or_not_tracked_does_not(repository: Path, git: Git) -> None:
    (repository / "docs" / "guide.md").write_text("2\n")
    (repository / "catalog" / "mine.py").write_text("2\n")
    assert commit_of(repository) == git("rev-parse", "HEAD")[:7]


def test_asking_writes_nothing_into_the_repository(repository: Path, git: Git) -> None:
    file = repository / "catalog" / "provenance.py"
    file.write_text(file.read_text())  # the index would be refreshed
    before = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}
    commit_of(repository)
    assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == before


def test_a_worktree_is_a_checkout_too(repository: Path, git: Git, tmp_path: Path) -> None:
    git("worktree", "add", "--quiet", str(tmp_path / "other"))
    assert (tmp_path / "other" / ".git").is_file()
    assert commit_of(tmp_path / "other") == git("rev-parse", "HEAD")[:7]


def test_a_hook_of_another_repository_does_not_mislead(
    repository: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "another" / "index"))
    assert commit_of(repository) is not None


def test_without_a_repository_there_is_no_commit(repository: Path) -> None:
    assert commit_of(repository) is None


def test_a_repository_further_up_is_another_one(repository: Path, git: Git) -> None:
    """As of a project that has its environment, with this package in it, in its own folder."""
    (repository / "site" / "catalog").mkdir(parents=True)
    assert commit_of(repository / "site") is None
    (repository / "site" / ".git").mkdir()  # empty: none, and not the one above either
    assert commit_of(repository / "site") is None


def test_without_git_there_is_no_commit(repository: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert commit_of(repository) is None


def test_before_the_first_commit_there_is_none(repository: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=repository, check=True)  # noqa: S607
    assert commit_of(repository) is None


def test_a_git_that_fails_or_hangs_is_as_none(
    repository: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in ("exit 1", "exec sleep 30", r"printf '# branch.oid \377\n'", "echo"):
        program = tmp_path / "bin" / "git"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
        with monkeypatch.context() as patch:
            patch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
            patch.setattr("catalog.version.PATIENCE", 0.5)
            assert commit_of(repository) is None, line


@pytest.mark.parametrize(("commit", "expected"), [("1a2b3c4", "+g1a2b3c4"), ("1a2b3c4.dirty", "+g1a2b3c4.dirty"),
                                                  (None, "")])  # fmt: skip
def test_the_code_version_is_the_release_with_the_commit(
    commit: str | None, expected: str, asked_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.version.commit_of", lambda _: commit)
    assert code_version() == f"{__version__}{expected}"


def test_git_is_asked_once_in_a_process(asked_anew: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("catalog.version.commit_of", lambda folder: asked.append(folder))
    code_version()
    code_version()
    assert asked == [REPOSITORY]


@pytest.mark.parametrize("words", [["outliers"], ["query", "SELECT 1"], ["neighbors", ODD], ["db", "status"]])
def test_a_command_that_only_asks_starts_no_program(scored: Path, words: list[str]) -> None:
    program = (
        "import sys; from catalog.cli.main import main; main(sys.argv[1:], standalone_mode=False); "
        "assert not {'subprocess', 'catalog.version'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--database", str(scored), *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_everything_that_is_written_says_which_code_wrote_it(
    survey: Path, tmp_path: Path, asked_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog.version.commit_of", lambda _: "1a2b3c4")
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([survey])
    catalog.train("small", replace(PCA, window=RECIPE.window), models=4)
    catalog.score("large")
    catalog.explain(ODD)
    (tmp_path / "list.csv").write_text(f"mangaid,kind\n{ODD},line\n")
    catalog.evaluate(TruthFile(tmp_path / "list.csv"), baselines=False)
    catalog.attached.add(tmp_path / "list.csv", "mine", mangaid="mangaid")
    wavelength = np.arange(4000.0, 5000.0)
    template = Table({"name": ["one"] * 1000, "wavelength": wavelength, "flux": wavelength})
    template.write(tmp_path / "library.ecsv")
    catalog.templates.add(tmp_path / "library.ecsv", "mine")
    having = [table.name for table in metadata.sorted_tables if "code_version" in table.columns]
    assert len(having) == 8
    for table in having:
        found = catalog.query(f"SELECT DISTINCT code_version FROM {table}")
        assert found["code_version"].tolist() == [f"{__version__}+g1a2b3c4"], table


def test_the_command_says_release_and_code_version(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout == f"catalog, version {__version__}, code {code_version()}\n"


def test_the_release_is_the_same_everywhere() -> None:
    """In what is installed as well: install again if only that differs."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    released = re.findall(r"^version: (\S+)\ndate-released: (\d{4}-\d\d-\d\d)$", citation, re.M)
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d[^\]]*)\] - (\d{4}-\d\d-\d\d)$", changelog, re.M)[:1]
    assert released == newest
    assert [name for name, _ in released] == [project["version"]]
    assert __version__ == version("stellar-anomaly-catalog") == project["version"]
