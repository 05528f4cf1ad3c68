"""Rooms of the house and the imports between them: `python -m benchmarks.rooms [CHECKOUT…]`.

A room is a folder or a loose module of `catalog/`, and each of `cli/`, `migrations/` and `benchmarks/`. An arrow goes
from one room to another that it imports, wherever the import stands. Arrows run downward where the rooms can be put in
an order in which each imports only those below it; an arrow is upward if both its rooms lie on one circle.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

Arrows = dict[tuple[str, str], set[str]]
"""Importing and imported room, to the modules that import."""

BESIDE = {"cli": "catalog.cli", "migrations": "catalog.migrations", "benchmarks": "benchmarks"}
"""Folders at the top of the repository, and the packages that they are."""


def modules(root: Path) -> dict[str, Path]:
    """Every module of the program by its dotted name."""
    found = {}
    for folder, package in {"catalog": "catalog", **BESIDE}.items():
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root / folder).with_suffix("").parts
            name = ".".join([package, *parts]).removesuffix(".__init__")
            found[name] = path
    return found


def room_of(module: str) -> str:
    """The room that a module stands in.

    >>> room_of("catalog.database.names"), room_of("catalog.errors"), room_of("catalog.cli.main"), room_of("catalog")
    ('database', 'errors', 'cli', '__init__')
    """
    for room, package in BESIDE.items():
        if module == package or module.startswith(f"{package}."):
            return room
    return module.split(".")[1] if "." in module else "__init__"


def imported(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of the program that a module imports, at its top or inside functions."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                if inner in known or base in known:
                    yield inner if inner in known else base


def arrows(root: Path) -> Arrows:
    """The arrows between the rooms of a checkout."""
    known = modules(root)
    found: Arrows = {}
    for name, path in known.items():
        for other in imported(name, path, known):
            pair = room_of(name), room_of(other)
            if pair[0] != pair[1]:
                found.setdefault(pair, set()).add(name)
    return found


def reachable(start: str, found: Arrows) -> set[str]:
    """Rooms that a room imports, directly or through others."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        room = waiting.pop()
        for importing, other in found:
            if importing == room and other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def upward(found: Arrows) -> list[tuple[str, str]]:
    """The arrows that lie on a circle."""
    below = {room: reachable(room, found) for pair in found for room in pair}
    return sorted(pair for pair in found if pair[0] in below[pair[1]])


def main() -> None:
    """Print a row per checkout, as Markdown."""
    print("| checkout | modules loose in catalog/ | folders | rooms | arrows | upward |\n|---|---|---|---|---|---|")
    for argument in sys.argv[1:] or ["."]:
        root = Path(argument)
        found = arrows(root)
        loose = [path for path in (root / "catalog").glob("*.py") if path.name != "__init__.py"]
        folders = [path for path in (root / "catalog").iterdir() if (path / "__init__.py").is_file()]
        rooms = {room_of(name) for name in modules(root)}
        circles = upward(found)
        print(f"| {argument} | {len(loose)} | {len(folders)} | {len(rooms)} | {len(found)} | {len(circles)} |")
        for pair in circles:
            print(f"  {pair[0]} -> {pair[1]}: {', '.join(sorted(found[pair]))}", file=sys.stderr)


if __name__ == "__main__":
    main()
