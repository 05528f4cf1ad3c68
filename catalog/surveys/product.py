"""What a survey reader hands out: a product, recognised by its columns, and its rows in the catalog's words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:  # it loads astropy, which those who only take the arrays do not need
    from catalog.surveys.fits_table import FitsTable


@dataclass(frozen=True)
class Arrays:
    """The spectra of a block of rows, all on one grid.

    Attributes
    ----------
    wavelength : ndarray, (n_pixel,) float64
        Vacuum Angstrom, increasing.
    flux : ndarray, (n, n_pixel) float32
        1e-17 erg / (s cm2 Angstrom).
    ivar : ndarray, (n, n_pixel) float32, optional
        In the inverse square of that unit; None if the file has none.
    mask : ndarray, (n, n_pixel) int32, optional
        0 is good; None if the file has none.
    """

    wavelength: np.ndarray
    flux: np.ndarray
    ivar: np.ndarray | None
    mask: np.ndarray | None


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a file, in the catalog's column names and units, sentinels as NULL.

    Attributes
    ----------
    first_row : int
        Rows of the file before the block.
    rows : pyarrow.Table
        One row per row of the file; `mangaid` is always among its columns.
    arrays : Arrays, optional
        The spectra, for a product that has them.
    """

    first_row: int
    rows: pa.Table
    arrays: Arrays | None = None


MOCK = "mock"
"""Release of spectra that nobody observed."""


@dataclass(frozen=True)
class DatasetOrigin:
    """The dataset that a file of spectra belongs to.

    Attributes
    ----------
    name : str, optional
        The dataset's usual name; None if neither the columns nor the file name tell.
    survey : str
        As the survey calls itself.
    release : str, optional
        As the survey calls it, or MOCK.
    lsf_percentile : float, optional
        Percentile of the resolution to which the spectra were brought; None if they were not.
    """

    name: str | None
    survey: str
    release: str | None
    lsf_percentile: float | None


@dataclass(frozen=True)
class SingleSpectrum:
    """One kind of file that holds one spectrum.

    Attributes
    ----------
    name : str
        The product's.
    recognises : callable
        Tells from the headers of a file whether it is one; raises CatalogError if they cannot be read.
    read : callable
        Its one row and the dataset it belongs to; raises CatalogError if it cannot be read.
    """

    name: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path], tuple[Block, DatasetOrigin]]


@dataclass(frozen=True)
class SurveyProduct:
    """One kind of file of a survey.

    Attributes
    ----------
    name : str
        As the survey calls it.
    table : str
        The catalog's table that a row of it fills, beside `star`.
    required, excluded : frozenset of str
        Columns that make a file this product, and columns that make it another; upper case.
    read : callable
        The blocks of a table, of at most so many rows.
    origin : callable, optional
        For spectra, the dataset that those of a table belong to.
    authoritative : bool
        Its star columns replace those of other products instead of filling their gaps.
    single : SingleSpectrum, optional
        For a product whose files hold one spectrum each, how to read them; `read` is then not used.
    """

    name: str
    table: str
    required: frozenset[str]
    excluded: frozenset[str]
    read: "Callable[[FitsTable, int], Iterator[Block]]"
    origin: "Callable[[FitsTable], DatasetOrigin] | None" = None
    authoritative: bool = False
    single: SingleSpectrum | None = None

    def recognises(self, columns: frozenset[str]) -> bool:
        """True if a table with these columns (upper case) is this product."""
        return self.required <= columns and not self.excluded & columns


def single_product(single: SingleSpectrum) -> SurveyProduct:
    """The product of files of one spectrum."""
    return SurveyProduct(
        single.name, "spectrum", frozenset(), frozenset(), lambda table, n_row: iter(()), single=single
    )
