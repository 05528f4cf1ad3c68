"""Digests of code: whether what a stored number rests on is still what it was, whatever the release is called.

A constant changed makes another digest; a docstring, a comment or a line break does not.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

READ = (".py", ".csv", ".sql")
"""Endings of what is read of a folder."""

SKIPPED = {"ctx", "kind", "type_comment", "type_params"}
"""Fields of a syntax tree that say nothing more, or that not every version of Python has."""


@cache
def digest_of_code(*paths: str) -> str:
    """SHA-256 of what modules and their data say, the same in every version of Python.

    The source is read and nothing of it imported, once in a process: about 15 ms for a thousand lines.

    Parameters
    ----------
    *paths : str
        From the folder of this package: a module, a data file, or a folder for all that it holds.
    """
    digest = hashlib.sha256()
    for path in paths:
        for name, text in sources(path):
            digest.update(f"{name}\0{said(name, text)}\0".encode())
    return digest.hexdigest()


def sources(path: str) -> Iterator[tuple[str, str]]:
    """Names and texts of a file, or of those in a folder."""
    found = files("catalog").joinpath(*path.split("/"))
    if found.is_dir():
        for name in sorted(file.name for file in found.iterdir() if file.name.endswith(READ)):
            yield f"{path}/{name}", (found / name).read_text(encoding="utf-8")
    else:
        yield path, found.read_text(encoding="utf-8")


def said(name: str, text: str) -> str:
    """What a file says: the syntax of a module without docstrings, SQL without lines of comment, other data as it is.

    >>> said("a.py", "N = 3  # a comment") == said("b.py", "'A docstring.'; N = (3)")
    True
    >>> said("a.sql", "-- a comment\\nSELECT 1")
    'SELECT 1'
    """
    if name.endswith(".py"):
        written: list[str] = []
        _write(ast.parse(text), written)
        return "".join(written)
    lines = text.splitlines()
    return "\n".join(line for line in lines if not (name.endswith(".sql") and line.lstrip().startswith("--")))


def _write(value: object, into: list[str]) -> None:
    """A syntax tree as text. `ast.dump` would write a field that a later Python has added, or that it leaves out."""
    if isinstance(value, ast.AST):
        into.append(f"{type(value).__name__}(")
        for field in value._fields:
            part = getattr(value, field, None)
            if field not in SKIPPED and part is not None and part != []:
                into.append(f"{field}=")
                _write(part, into)
        into.append(")")
    elif isinstance(value, list):
        into.append("[")
        for part in value:
            if not _is_docstring(part):
                _write(part, into)
                into.append(",")
        into.append("]")
    else:
        # Not repr, which escapes what the Python at hand thinks cannot be printed.
        into.append(ascii(value))


def _is_docstring(node: object) -> bool:
    """Whether it is a text that nothing is done with: the docstring of a function, or of the constant above."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
