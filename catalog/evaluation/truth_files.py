"""Truth tables out of files: CSV, or what astropy reads."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.table import Table
from astropy.table.column import BaseColumn

from catalog.errors import CatalogError
from catalog.evaluation.truth import ORDINARY, Truth, TruthFile, TruthLabel
from catalog.files.small_table import read_small_table
from catalog.provenance import sha256_of_file

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

Columns = dict[str, list[str]]
"""Values of each column as text, blank where there is none."""


def read_truth(file: TruthFile) -> Truth:
    """Read a truth table: CSV, ECSV, FITS or VOTable, by the ending of its name.

    Ids are text: leading zeros and any number of digits survive. A blank or masked kind is an ordinary star. A column
    `strength` of numbers, where there is one, is read as well.

    Raises
    ------
    CatalogError
        If the file cannot be read, lacks a column, names no kind at all, or says two different things of one id.
    """
    path, id_column, kind_column = Path(file.path), file.id_column, file.kind_column
    file = replace(file, path=path)
    try:
        sha256 = sha256_of_file(path)
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror}") from error
    formats = [format_ for ending, format_ in FORMATS.items() if path.name.lower().endswith(ending)]
    columns = _read_with_astropy(file, formats[0]) if formats else _read_csv(file)
    strengths = _numbers(columns.get(STRENGTH, [""] * len(columns[id_column])))
    labels: dict[str, TruthLabel] = {}
    for star, kind, strength in zip(columns[id_column], columns[kind_column], strengths, strict=True):
        label = TruthLabel(kind, strength if kind != ORDINARY else None)
        if star and labels.setdefault(star, label) != label:
            raise CatalogError(f"{path} lists {star} twice, as {_spoken(labels[star])} and as {_spoken(label)}")
    truth = Truth(file, sha256, labels)
    if not truth.kinds:
        raise CatalogError(f"{path} names no kind for any of its {len(labels)} ids in column {kind_column}")
    return truth


def _read_csv(file: TruthFile) -> Columns:
    required = (file.id_column, file.kind_column)
    # Which columns it must have is asked afterwards, for a message with those that it has.
    rows = [values for _, values in read_small_table(file.path, (), (*required, STRENGTH))]
    if not rows:
        read_small_table(file.path, required, (STRENGTH,))
        return {name: [] for name in required}
    _require_columns(file, list(rows[0]))
    return {name: [row[name] for row in rows] for name in rows[0]}


def _read_with_astropy(file: TruthFile, format_: str) -> Columns:
    path = file.path
    try:
        with warnings.catch_warnings():
            # Of units and other columns, which are none of our business.
            warnings.simplefilter("ignore")
            table = Table.read(path, format=format_)
        table.convert_bytestring_to_unicode()
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror or str(error).splitlines()[0]}") from error
    except Exception as error:
        # Readers of three formats raise what they like about a file of another kind.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CatalogError(f"{path} is not a table that astropy can read: {reason}") from error
    _require_columns(file, table.colnames)
    if table[file.id_column].dtype.kind == "f":
        raise CatalogError(
            f"{path}: column {file.id_column} holds decimal numbers, in which ids lose digits; write text"
        )
    wanted = {file.id_column, file.kind_column, STRENGTH}
    return {name: _texts(table[name]) for name in table.colnames if name in wanted}


def _require_columns(file: TruthFile, names: Sequence[str]) -> None:
    for column in (file.id_column, file.kind_column):
        if column not in names:
            raise CatalogError(f"{file.path} has no column {column}; it has: {', '.join(names)}")


def _texts(column: BaseColumn) -> list[str]:
    """Blank where masked."""
    absent = np.ma.getmaskarray(column).tolist() if np.ma.isMaskedArray(column) else [False] * len(column)
    values = np.ma.getdata(column).tolist()
    return ["" if gone or value is None else str(value).strip() for gone, value in zip(absent, values, strict=True)]


def _numbers(texts: Sequence[str]) -> list[float | None]:
    """None where there is no number above 0; all None if something else than numbers is written there."""
    try:
        values = [float(text or "nan") for text in texts]
    except ValueError:
        return [None] * len(texts)
    return [value if 0 < value < np.inf else None for value in values]


def _spoken(label: TruthLabel) -> str:
    strength = f" of strength {label.strength:g}" if label.strength is not None else ""
    return (label.kind or "ordinary") + strength
