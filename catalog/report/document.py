"""A report as data: what it says, in order. It knows nothing of the database and nothing of HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Link:
    """A text that leads somewhere else."""

    text: str
    url: str


Cell: TypeAlias = str | Link | tuple[Link, ...]


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Names and what they are, a line each."""

    rows: Sequence[tuple[str, Cell]]


@dataclass(frozen=True)
class Numbers:
    """The few numbers that say most: number and what it counts."""

    rows: list[tuple[str, str]]


@dataclass(frozen=True)
class Statements:
    """Sentences, the most important first."""

    rows: list[str]


@dataclass(frozen=True)
class Heading:
    """Of a column of a grid: its name, and what stands below it: text, number, lines
    (broken as given), hash or links."""

    text: str
    kind: str


@dataclass(frozen=True)
class Grid:
    """A table; its column `named_by` says what each row is about."""

    caption: str
    headings: list[Heading]
    rows: list[list[Cell]]
    named_by: int = 0


@dataclass(frozen=True)
class Picture:
    """A figure, drawn; `alt` says what is to be seen in it. Sizes in pixels of the image."""

    caption: str
    alt: str
    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Missing:
    """What is not there and why, and the commands that would bring it."""

    text: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Folded:
    """What only some readers want, behind one line."""

    summary: str
    blocks: list["Block"]


Block: TypeAlias = Text | Facts | Numbers | Statements | Grid | Picture | Missing | Folded


@dataclass(frozen=True)
class Question:
    """What was asked of the database, as SQL that runs as it stands."""

    title: str
    sql: str


@dataclass(frozen=True)
class Section:
    """A part of a report with a name to link to, the questions behind it, and parts of its own."""

    anchor: str
    title: str
    blocks: list[Block] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    parts: list["Section"] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """A whole report."""

    title: str
    subtitle: str
    made: str
    sections: list[Section]
