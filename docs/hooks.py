"""What the build of the site writes into the pages, so that no page repeats what the code says.

A line `<!-- built: NAME ARGUMENT -->` of a page becomes what the function NAME of this file makes, and below every
SELECT of a page stands what the demo's database answers.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
from catalog.cli.main import SECTIONS
from catalog.cli.main import main as program
from demo import PICTURES, answer, demo, drawn
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from catalog import RECIPES, RULES, to_toml
from catalog.database.meaning import RELATIONS
from catalog.database.relations import columns
from catalog.database.relations import relations as listed

REPOSITORY = Path(__file__).parents[1]

BUILT = re.compile(r"^<!-- built: (\w+) ?(.*?) -->$", re.M)
SELECT = re.compile(r"^```sql\n(.*?)^```$", re.M | re.S)

OF_BENCHMARKS = ("likeness.png", "recovery.png")
"""Pictures in benchmarks/RESULTS.md."""

SHOWN = 0.58
"""Pixels of the screen for one of a picture."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pictures, which are nowhere checked in."""
    for name in PICTURES:
        files.append(File.generated(config, f"{name}.png", content=drawn(name).png))
    for name in OF_BENCHMARKS:
        files.append(File.generated(config, name, abs_src_path=str(REPOSITORY / "benchmarks" / name)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Write what is built into a page, and answers below its questions."""
    markdown = SELECT.sub(lambda found: found[0] + answered(found[1]), markdown)
    return BUILT.sub(lambda found: MAKERS[found[1]](*filter(None, [found[2]])), markdown)


def answered(sql: str) -> str:
    """The first rows of an answer, folded; nothing for a question about a list that the demo does not have."""
    found = answer(sql)
    if found is None:
        return ""
    n_row, rows = found
    if not n_row:
        return '\n\n??? example "No rows in the demo"\n\n    The question is right, and nothing in it fits.\n'
    n_shown = len(rows) - 1
    title = f"The first {n_shown} of {n_row} rows in the demo" if n_row > n_shown else "All rows in the demo"
    return f'\n\n??? example "{title}"\n\n' + "".join(f"    {line}\n" for line in table(*rows))


def table(head: list[str], *rows: list[str]) -> Iterator[str]:
    """Lines of a table in Markdown."""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def plain(text: str) -> str:
    """Text in which no sign but a backtick means anything to Markdown, fit for a cell of a table."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()).replace("|", "&#124;"))
    return "".join(part if part[:1] == "`" else re.sub(r"([*_<\[\]])", r"\\\1", part) for part in parts)


def picture(name: str) -> str:
    """A figure of the demo, with words for who cannot see it; one as wide as a page of a journal fills the text."""
    return f"![{PICTURES[name].alt}]({name}.png){{width={round(drawn(name).width * SHOWN)}}}"


def relations(kind: str) -> str:
    """Every table, view or macro, with its columns: meaning, unit and type, as the database has them."""
    with demo().database.read() as connection:
        # What is attached to the demo is no part of the catalog.
        found = [one for one in listed(connection) if one.kind == kind and one.name in RELATIONS]
        described = {relation: columns(connection, relation) for relation in found}
    lines = []
    for relation, its in described.items():
        arguments = f"({', '.join(relation.arguments)})" if relation.arguments else ""
        lines += [f"### {plain(relation.name + arguments)} {{#{relation.name}}}", ""]
        lines += [f"{plain(RELATIONS[relation.name])}.", ""]
        rows = [
            [f"`{column.name}`", plain(column.description or ""), plain(column.unit or ""), code(column.type)]
            for column in its
        ]
        lines += [*table(["column", "meaning", "unit", "type"], *rows), ""]
    return "\n".join(lines)


def code(text: str) -> str:
    """Text as code in a cell, which a long type may break."""
    return f"`{text}`" if len(text) < 40 else f"`{text[:36]} …`"


def rules() -> str:
    """The rules of `catalog explain`, in the order in which they are tried."""
    rows = [
        [str(number), rule.cause, rule.name, "<br>".join(f"`{condition}`" for condition in rule.conditions),
         plain(rule.reason), "" if rule.confidence is None else f"{rule.confidence:g}"]
        for number, rule in enumerate(RULES, 1)
    ]  # fmt: skip
    return "\n".join(table(["", "cause", "rule", "if", "because", "confidence"], *rows))


def recipe(name: str) -> str:
    """A recipe as `catalog recipes NAME` prints it."""
    return f"```toml\n{to_toml(RECIPES[name])}```"


def commands() -> str:
    """Every command, as its own help says it."""
    lines = []
    for section, names in SECTIONS.items():
        lines += [f"## {section}", ""]
        for name in names:
            lines += described(program.get_command(click.Context(program), name), f"catalog {name}", "###")
    return "\n".join(lines)


def described(command: click.Command, name: str, heading: str) -> Iterator[str]:
    """A command, and below it those that belong to it."""
    context = click.Context(command, info_name=name)
    yield from (f"{heading} {name} {{#{name.replace(' ', '-')}}}", "")
    yield from ("```text", " ".join([name, *command.collect_usage_pieces(context)]), "```", "")
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b"):
            yield from ("```text", paragraph.removeprefix("\b\n"), "```", "")
        else:
            yield from (plain(paragraph), "")
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    rows = [[f"`{name}`", plain(text)] for name, text in (option.get_help_record(context) for option in options)]
    if rows:
        yield from (*table(["option", "means"], *rows), "")
    if isinstance(command, click.Group):
        for part in command.list_commands(context):
            yield from described(command.get_command(context, part), f"{name} {part}", heading + "#")


def file(path: str) -> str:
    """A file of the repository, or the section behind `#` of it, below the page's own heading."""
    name, _, section = path.partition("#")
    text = (REPOSITORY / name).read_text(encoding="utf-8").partition("\n")[2]
    if section:
        text = text.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.sub(r"^###", "##", text, flags=re.M)


MAKERS = {
    "picture": picture, "relations": relations, "rules": rules, "recipe": recipe, "commands": commands, "file": file,
}  # fmt: skip
