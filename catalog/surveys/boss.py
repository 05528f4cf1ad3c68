"""Spectra of the BOSS spectrographs, one to a file: SDSS `spec-PLATE-MJD-FIBER.fits`, full or lite.

Data model: https://data.sdss.org/datamodel/files/BOSS_SPECTRO_REDUX/RUN2D/spectra/lite/PLATE4/spec.html.
The table COADD has one row per pixel; the one row of the table behind it, SPALL or SPECOBJ, says what was observed.
From DR18 on, `spec-FIELD-MJD-CATALOGID.fits` is the same with names in upper case.

Wavelengths are in vacuum and heliocentric, in MaStar's steps of 1e-4 in log10; flux is in 1e-17 erg / (s cm2 Angstrom).
The mask is AND_MASK, what holds in all exposures, in the bits of SPPIXMASK (https://www.sdss4.org/dr17/algorithms/bitmasks/).
They are not MaStar's: bit 25 is COMBINEREJ in a pixel of the file, and NODATA, as there, in one outside the spectrum.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from catalog.errors import CatalogError
from catalog.surveys.columns import DOUBLE, INTEGER, LONG, REAL, column_of
from catalog.surveys.fits_table import FitsBlock, FitsTable, NoTableError, open_table, open_tables
from catalog.surveys.product import Block, DatasetOrigin, SingleSpectrum
from catalog.surveys.resampling import Pixels, SpectrumFacts, bits, block_of, card

PIXEL = frozenset({"FLUX", "LOGLAM", "IVAR"})
"""Columns of COADD, upper case."""

OBJECT = frozenset({"MJD", "Z"})
"""Columns of SPALL."""

RELEASES = {"v5_13_2": "DR17", "v6_1_3": "DR19"}
"""By RUN2D, the version of the pipeline."""

ROWS_PER_BLOCK = 8192


def recognises(path: Path) -> bool:
    """True if the first table of a file has a row per pixel with the columns of COADD; only headers are read.

    Raises CatalogError if they cannot be read.
    """
    try:
        with open_table(path) as table:
            return _is_coadd(table)
    except NoTableError:
        return False


def read(path: Path, *, rest_frame: bool = True) -> tuple[Block, DatasetOrigin]:
    """The spectrum of a file on MaStar's grid: one row with arrays (1, 4563), and the dataset "boss".

    Parameters
    ----------
    path : Path
        A `spec` file.
    rest_frame : bool
        Shift it to rest by the Z of SPALL, as MaStar's are, if that is finite and below 0.01; `velocity` says by how
        many km/s, NULL: the spectrum is heliocentric. Without a shift pixels are copied bit for bit.

    Raises
    ------
    CatalogError
        If the file is absent, damaged, has no COADD or SPALL, or no spectrum on the grid.

    Notes
    -----
    `mangaid`, the star's key, is "gaia-" with GAIA_ID (DR2) where SPALL has one, so that the spectra of a star are of
    one star; else "boss-" with PLATE-MJD-FIBER (from DR18 on FIELD-MJD-CATALOGID), zero-padded as in the file name.
    """
    columns: dict[str, np.ndarray] = {}
    row: SpectrumFacts | None = None
    redshift: float | None = None
    release: str | None = None
    # To the end, so that all of the file is seen to be sound.
    with open_tables(path) as tables:
        for table in tables:
            if not columns:
                if not _is_coadd(table):
                    raise CatalogError(
                        f"{path}: table 1 {table.name} is not COADD, with a number for each pixel in FLUX, LOGLAM and "
                        "IVAR; give a spec file of SDSS"
                    )
                columns = _columns(table)
                release = RELEASES.get(str(card(table.primary, "RUN2D")))
            elif row is None and table.columns >= OBJECT:
                row, redshift = _row(table)
    if row is None:
        raise CatalogError(f"{path}: holds no SPALL, a table with columns MJD and Z behind COADD; fetch it again")
    flux = columns["FLUX"]
    mask = bits(path, "AND_MASK", columns.get("AND_MASK", np.zeros(len(flux), np.int32)))
    with np.errstate(invalid="ignore"):
        loglam = columns["LOGLAM"].astype(np.float64)
    pixels = Pixels(path, "LOGLAM of COADD", loglam, flux, columns["IVAR"], mask)
    return block_of(row, pixels, redshift, rest_frame), DatasetOrigin("boss", "SDSS", release, None)


def _is_coadd(table: FitsTable) -> bool:
    return table.columns >= PIXEL and all(table.width(name) == 1 for name in PIXEL)


def _columns(table: FitsTable) -> dict[str, np.ndarray]:
    """The columns of COADD by name, each (n,)."""
    blocks = list(table.blocks(ROWS_PER_BLOCK))
    return {
        name: np.concatenate([block.numbers(name).ravel() for block in blocks] or [np.empty(0)])
        for name in sorted((PIXEL | {"AND_MASK"}) & table.columns)
    }


def _row(table: FitsTable) -> tuple[SpectrumFacts, float | None]:
    """What SPALL says of a spectrum, and its redshift."""
    if table.n_row != 1:
        raise CatalogError(f"{table.path}: SPALL has {table.n_row} rows; a spectrum has one, fetch the file again")
    (block,) = table.blocks(1)
    plate = _first(table, block, ("PLATE", "FIELD"), INTEGER)
    mjd = _first(table, block, ("MJD",), INTEGER)
    fiber = _first(table, block, ("FIBERID",), INTEGER)
    catalogid = _first(table, block, ("CATALOGID",), LONG)
    gaia = _first(table, block, ("GAIA_ID",), LONG)
    if plate is None or mjd is None or (fiber is None and catalogid is None):
        raise CatalogError(
            f"{table.path}: SPALL does not say PLATE, MJD and FIBERID (or FIELD, MJD and CATALOGID), which name the "
            "spectrum; fetch the file again"
        )
    name = f"{plate:04d}-{mjd}-{fiber:04d}" if catalogid is None else f"{plate:06d}-{mjd}-{catalogid}"
    row: SpectrumFacts = {
        "mangaid": f"gaia-{gaia}" if gaia is not None and gaia > 0 else f"boss-{name}",
        "ra": _first(table, block, ("RA", "PLUG_RA", "FIBER_RA"), DOUBLE),
        "dec": _first(table, block, ("DEC", "PLUG_DEC", "FIBER_DEC"), DOUBLE),
        "plate": plate,
        "ifudesign": str(catalogid) if fiber is None else f"{fiber:04d}",
        "mjd": mjd,
        "snr": _first(table, block, ("SN_MEDIAN_ALL",), REAL),
    }
    return row, _first(table, block, ("Z",), DOUBLE)


def _first(table: FitsTable, block: FitsBlock, names: tuple[str, ...], type_: pa.DataType) -> float | None:
    """The first of some columns that the one row of a table has; None if it has none of them, or they are NULL."""
    values = (column_of(table, block, name, type_)[0].as_py() for name in names if name in table.columns)
    return next((value for value in values if value is not None), None)


SPEC = SingleSpectrum("boss_spec", recognises, read)
