"""What the README and docs/ say: their blocks and their commands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "docs").glob("*.md"))}
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")

GROUPS = {
    "begin": ("README.md", "getting-started.md", "mastar.md"),
    "training": ("training.md", "evaluate.md"),
    "ask": (
        "sql.md", "scores.md", "neighbors.md", "explain.md", "labels.md", "catalogs.md", "cookbook.md", "export.md",
    ),
    "show": ("figures.md",),
}  # fmt: skip
"""Pages whose commands run in one file of tests/docs each, so that workers share them; a page needs no other."""


@dataclass(frozen=True)
class Line:
    """A command of a page, and the database that the page has said by then."""

    page: str
    text: str
    database: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"


def blocks(language: str, *documents: str) -> list[str]:
    """The blocks of a language; by default those of the README and of every page."""
    return re.findall(rf"```{language}\n(.*?)```", "\n".join(documents or [README, *PAGES.values()]), re.S)


def typed(page: str) -> list[str]:
    """What a reader of a page types into a shell, in its order."""
    text = README if page == "README.md" else PAGES[page]
    lines = [line for block in blocks("console", text) for line in block.splitlines()]
    return [line[2:].split("#")[0].strip() for line in lines if line.startswith("$ ")]


def commands(page: str) -> Iterator[Line]:
    """The lines of a page that call `catalog`."""
    database = "catalog.duckdb"
    for line in typed(page):
        if line.startswith("export CATALOG_DATABASE="):
            database = line.partition("=")[2]
        elif line == "unset CATALOG_DATABASE":
            database = "catalog.duckdb"
        elif line.startswith("catalog "):
            yield Line(page, line, database)


def commands_of(group: str) -> list[Line]:
    """The commands of the pages of a group."""
    return [line for page in GROUPS[group] for line in commands(page)]
