"""Which code this is, to the commit: what stands in a row beside what it wrote, and decides nothing.

A module of its own, since what only asks must not wait for `subprocess`.
"""

import os
import subprocess
from functools import cache
from pathlib import Path

from catalog.provenance import __version__

PROGRAM = ("catalog", "cli", "migrations")
"""Folders of the repository that the program is in."""

PATIENCE = 10
"""Seconds to wait for git, which may lie on a slow disk."""


@cache
def code_version() -> str:
    """The release, and where the package runs from a git checkout, the commit: 0.2.0+g1a2b3c4.

    Asks git, once in a process. With `.dirty` if tracked files of the program differ from the commit.
    """
    commit = commit_of(Path(__file__).parents[1])
    return __version__ if commit is None else f"{__version__}+g{commit}"


def commit_of(repository: Path) -> str | None:
    """The short commit of a checkout, with `.dirty` if the program in it differs; None if git has nothing to say.

    Parameters
    ----------
    repository : Path
        The folder that holds the program's folders, and `.git`; a repository further up is none of ours.
    """
    if not (repository / ".git").exists():
        return None
    # Nothing of whoever has called us, as git does from a hook; and no lock, no daemon, nothing written.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    git = ["git", f"--git-dir={repository / '.git'}", f"--work-tree={repository}", "--no-optional-locks"]
    status = ["-c", "core.fsmonitor=false", "status", "--porcelain=v2", "--branch", "--untracked-files=no"]
    try:
        done = subprocess.run(  # noqa: S603  # our own words, and the folder that this file lies in
            [*git, *status, "--", *PROGRAM],
            cwd=repository,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    lines = done.stdout.splitlines()
    commits = [line.split()[-1] for line in lines if line.startswith("# branch.oid ")]
    if not commits or commits[0] == "(initial)":
        return None
    changed = any(not line.startswith("#") for line in lines)
    return commits[0][:7] + (".dirty" if changed else "")
