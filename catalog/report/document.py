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
    """Heading of a column of a grid.

    Attributes
    ----------
    text : str
        Name of the column.
    kind : str
        What stands below it: text, number, lines (broken as given), hash or links.
    """

    text: str
    kind: str


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes
    ----------
    caption : str
        Stands above it.
    headings : list of Heading
        One a column.
    rows : list of list of Cell
        As long as `headings` each.
    named_by : int
        The column that says what each row is about.
    """

    caption: str
    headings: list[Heading]
    rows: list[list[Cell]]
    named_by: int = 0


@dataclass(frozen=True)
class Picture:
    """A figure, drawn.

    Attributes
    ----------
    caption : str
        Stands below it.
    alt : str
        What is to be seen in it, for those who cannot see it.
    png : bytes
        The image.
    width, height : int
        In pixels of the image.
    """

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
    """A part of a report.

    Attributes
    ----------
    anchor : str
        A name to link to.
    title : str
        Its heading.
    blocks : list of Block
        What it says, in order.
    questions : list of Question
        What was asked for it.
    parts : list of Section
        Below it.
    """

    anchor: str
    title: str
    blocks: list[Block] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    parts: list["Section"] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """A whole report.

    Attributes
    ----------
    title, subtitle : str
        What it is about, and of which database and by which version it is.
    made : str
        When.
    sections : list of Section
        In order.
    """

    title: str
    subtitle: str
    made: str
    sections: list[Section]
