"""What the README and docs/ say: their blocks and their commands."""

import re

from conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
DOCS = [path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "docs").glob("*.md"))]
COOKBOOK = (REPOSITORY / "docs" / "cookbook.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def blocks(language: str, *documents: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", "\n".join(documents or [README]), re.S)


def commands(program: str) -> list[str]:
    lines = [line for block in blocks("console", README, *DOCS) for line in block.splitlines()]
    return [line[2:].split("#")[0].strip() for line in lines if line.startswith(f"$ {program} ")]
