"""A list of stars of which it is known what is odd about them."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.table import Column, Table
from astropy.table.column import BaseColumn

from catalog.errors import CatalogError
from catalog.provenance import sha256_of_file

ORDINARY = ""
"""The kind of a star that nothing is wrong with."""

FORMATS = {
    ".ecsv": "ascii.ecsv",
    ".fit": "fits",
    ".fits": "fits",
    ".fits.gz": "fits",
    ".vot": "votable",
    ".votable": "votable",
    ".xml": "votable",
}
"""Endings of files that say of each column what it holds. Any other is read as CSV, with all its columns as text."""

STRENGTH = "strength"

FEW_STRENGTHS = 12
"""More different strengths than this are a continuum, told apart by factors of two."""


@dataclass(frozen=True)
class TruthLabel:
    """What is known of a star: a kind, ORDINARY if nothing is odd, and how strong it is; None: not said."""

    kind: str
    strength: float | None = None


@dataclass(frozen=True)
class TruthFile:
    """A file with a truth table, and the columns in it."""

    path: Path
    id_column: str = "mangaid"
    kind_column: str = "kind"


@dataclass(frozen=True)
class Truth:
    """A truth table: the SHA-256 of its file, and id to label."""

    file: TruthFile
    sha256: str
    labels: dict[str, TruthLabel]

    @property
    def kinds(self) -> list[str]:
        """Kinds of oddity that occur, sorted. Read-only."""
        return sorted({label.kind for label in self.labels.values()} - {ORDINARY})


def read_truth(file: TruthFile) -> Truth:
    """Read a truth table: CSV, ECSV, FITS or VOTable, by the ending of its name.

    Ids are text: leading zeros and any number of digits survive. A blank or masked kind is an ordinary star. A column
    `strength` of numbers, where there is one, is read as well.
    Read-only. Raises CatalogError if the file cannot be read, lacks a column, names no kind at all, or says two
    different things of one id.
    """
    path, id_column, kind_column = file.path, file.id_column, file.kind_column
    try:
        sha256 = sha256_of_file(path)
        table = _read(path)
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror or str(error).splitlines()[0]}") from error
    except Exception as error:
        # Readers of four formats raise what they like about a file that is none.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CatalogError(f"{path} is no table that astropy can read: {reason}") from error
    for column in (id_column, kind_column):
        if column not in table.colnames:
            raise CatalogError(f"{path} has no column {column}; it has: {', '.join(table.colnames)}")
    if table[id_column].dtype.kind == "f":
        raise CatalogError(f"{path}: column {id_column} holds decimal numbers, in which ids lose digits; write text")
    strengths = _numbers(table[STRENGTH]) if STRENGTH in table.colnames else [None] * len(table)
    labels: dict[str, TruthLabel] = {}
    for star, kind, strength in zip(_texts(table[id_column]), _texts(table[kind_column]), strengths, strict=True):
        label = TruthLabel(kind, strength if kind != ORDINARY else None)
        if star and labels.setdefault(star, label) != label:
            raise CatalogError(f"{path} lists {star} twice, as {_spoken(labels[star])} and as {_spoken(label)}")
    truth = Truth(file, sha256, labels)
    if not truth.kinds:
        raise CatalogError(f"{path} names no kind for any of its {len(labels)} ids in column {kind_column}")
    return truth


def in_octaves(strengths: Iterable[float]) -> dict[float, float]:
    """Each strength to the one it is counted under: itself, or where they are many, the nearest power of two.

    >>> in_octaves([0.5, 0.7])
    {0.5: 0.5, 0.7: 0.7}
    >>> in_octaves(0.9 + 0.01 * i for i in range(20))[0.9]
    1.0
    """
    different = sorted(set(strengths))
    if len(different) <= FEW_STRENGTHS:
        return {strength: strength for strength in different}
    return {strength: float(2 ** np.round(np.log2(strength))) for strength in different}


def _read(path: Path) -> Table:
    formats = [format_ for ending, format_ in FORMATS.items() if path.name.lower().endswith(ending)]
    with warnings.catch_warnings():
        # Of units and other columns, which are none of our business.
        warnings.simplefilter("ignore")
        if not formats:
            return Table.read(path, format="ascii.csv", converters={"*": str})
        table = Table.read(path, format=formats[0])
    table.convert_bytestring_to_unicode()
    return table


def _texts(column: BaseColumn) -> list[str]:
    """Blank where masked."""
    absent = np.ma.getmaskarray(column).tolist() if np.ma.isMaskedArray(column) else [False] * len(column)
    values = np.ma.getdata(column).tolist()
    return ["" if gone or value is None else str(value).strip() for gone, value in zip(absent, values, strict=True)]


def _numbers(column: Column) -> list[float | None]:
    """None where there is no number above 0; all None if something else than numbers is written there."""
    try:
        values = [float(text or "nan") for text in _texts(column)]
    except ValueError:
        return [None] * len(column)
    return [value if 0 < value < np.inf else None for value in values]


def _spoken(label: TruthLabel) -> str:
    strength = f" of strength {label.strength:g}" if label.strength is not None else ""
    return (label.kind or "ordinary") + strength
