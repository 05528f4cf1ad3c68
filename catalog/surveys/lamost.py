"""Low-resolution spectra of LAMOST, a file for each: `spec-LMJD-PLANID_spXX-FFF.fits`, gzipped or not.

Data model: https://www.lamost.org, e.g. http://dr5.lamost.org/v3/doc/data-production-description. Up to DR8 the file is
an image of five rows: flux, ivar, wavelength, and-mask and or-mask. From DR9 on it is a table with one row of vectors
of these names. What was observed, the primary header says. Files of the pilot survey have no row of wavelengths, and
are refused.

Wavelengths are in vacuum and heliocentric, in steps of about 1e-4 in log10. **Flux is relative**: its level and its
unit mean nothing, and as much for ivar; a spectrum may be scaled before it is compared with one of another survey. The
mask is the and-mask, bad in all exposures, in LAMOST's own bits.
"""

import re
from pathlib import Path

import numpy as np
from astropy.io import fits

from catalog.errors import CatalogError
from catalog.surveys.fits_stream import damage_of, first_header, header_in, headers_of, open_stream, read_to_end
from catalog.surveys.fits_table import NoTableError, open_table, open_tables
from catalog.surveys.product import Block, DatasetOrigin, SingleSpectrum
from catalog.surveys.resampling import Pixels, SpectrumFacts, bits, block_of, card

VECTORS = frozenset({"FLUX", "IVAR", "WAVELENGTH"})
"""Columns of the table."""

ROWS = ("FLUX", "IVAR", "WAVELENGTH", "ANDMASK", "ORMASK")
"""Rows of the image."""

BYTES = {-32: ">f4", -64: ">f8"}
"""Numbers of the image, by BITPIX."""

MOST_PIXELS = 1 << 20
"""No spectrum has more; a header that announces them is damaged."""

ONE_ARM = re.compile(r"COADD_[BR]$|[BR]-")
"""Names of the tables of a medium-resolution file, one for each arm and exposure."""


def recognises(path: Path) -> bool:
    """True if a file has the OBSID of LAMOST, and an image of five rows or a table of vectors; only headers are read.

    Raises CatalogError if they cannot be read.
    """
    header = _primary(path)
    if "OBSID" not in header or _is_image(header):
        return "OBSID" in header
    try:
        with open_table(path) as table:
            return table.columns >= VECTORS and not ONE_ARM.match(table.name)
    except NoTableError:
        return False


def read(path: Path, *, rest_frame: bool = True) -> tuple[Block, DatasetOrigin]:
    """The spectrum of a file on MaStar's grid: one row with arrays (1, 4563), and the dataset "lamost".

    Parameters
    ----------
    path : Path
        A file of low resolution.
    rest_frame : bool
        Shift it to rest by the Z of the header, as MaStar's are, if that is finite and below 0.01; `velocity` says by
        how many km/s, NULL: the spectrum is heliocentric.

    Raises
    ------
    CatalogError
        If the file is absent, damaged, of another layout, or its spectrum does not lie on the grid.

    Notes
    -----
    `mangaid`, the star's key, is "lamost-" with OBSID, so that a star observed twice is two stars. `plate` is absent, a
    plan being named by text; `ifudesign` is the spectrograph and the fibre as in the file name, spXX-FFF.
    """
    header = _primary(path)
    obsid = card(header, "OBSID")
    if obsid is None:
        raise CatalogError(f"{path}: its primary header has no OBSID, which names the spectrum; give a file of LAMOST")
    if card(header, "NAXIS") == 2 and not _is_image(header):
        raise CatalogError(f"{path}: its image has {card(header, 'NAXIS2')} rows, a spectrum of LAMOST has {len(ROWS)}")
    values = _image(path) if _is_image(header) else _table(path)
    with np.errstate(divide="ignore", invalid="ignore"):
        loglam = np.log10(values["WAVELENGTH"].astype(np.float64))
    mask = values.get("ANDMASK", np.zeros(len(loglam), np.int32))
    pixels = Pixels(path, "WAVELENGTH", loglam, values["FLUX"], values["IVAR"], bits(path, "ANDMASK", mask))
    mjd = _number(header, "MJD") or _number(header, "LMJD")
    spectrograph, fiber = _number(header, "SPID"), _number(header, "FIBERID")
    row: SpectrumFacts = {
        "mangaid": f"lamost-{obsid}",
        "ra": _number(header, "RA"),
        "dec": _number(header, "DEC"),
        "ifudesign": None if spectrograph is None or fiber is None else f"sp{int(spectrograph):02d}-{int(fiber):03d}",
        "mjd": None if mjd is None else int(mjd),
    }
    release = re.search(r"DR\d+", str(card(header, "DATA_V")))
    origin = DatasetOrigin("lamost", "LAMOST", release[0] if release else None, None)
    return block_of(row, pixels, _number(header, "Z"), rest_frame), origin


def _primary(path: Path) -> fits.Header:
    with open_stream(path) as stream:
        return first_header(path, stream)


def _is_image(header: fits.Header) -> bool:
    return card(header, "NAXIS") == 2 and card(header, "NAXIS2") == len(ROWS)


def _image(path: Path) -> dict[str, np.ndarray]:
    """The rows of the primary image by name, each (n,)."""
    with open_stream(path) as stream:
        with headers_of(path):
            header = header_in(stream)
            n_pixel, bitpix = int(header["NAXIS1"]), int(header["BITPIX"])
        if bitpix not in BYTES or not 0 <= n_pixel <= MOST_PIXELS:
            raise CatalogError(
                f"{path}: its image has {n_pixel} pixels a row and BITPIX {bitpix}, not a spectrum in floating point; "
                "fetch it again"
            )
        dtype = np.dtype(BYTES[bitpix])
        with damage_of(path, "in its image"):
            data = stream.read(len(ROWS) * n_pixel * dtype.itemsize)
            read_to_end(stream)
    if len(data) < len(ROWS) * n_pixel * dtype.itemsize:
        raise CatalogError(f"{path} ends inside its image of {len(ROWS)} x {n_pixel} pixels; fetch it again")
    rows = np.frombuffer(data, dtype).astype(dtype.newbyteorder("=")).reshape(len(ROWS), n_pixel)
    return dict(zip(ROWS, rows, strict=True))


def _table(path: Path) -> dict[str, np.ndarray]:
    """The vectors of the first table by name, each (n,)."""
    values: dict[str, np.ndarray] = {}
    with open_tables(path) as tables:
        for number, table in enumerate(tables, 1):
            if number > 1:
                continue
            if not table.columns >= VECTORS or ONE_ARM.match(table.name):
                raise CatalogError(
                    f"{path}: its image does not have 5 rows, nor its table {table.name} FLUX, IVAR and WAVELENGTH of "
                    "a low-resolution spectrum; give a file of LAMOST LRS"
                )
            if table.n_row != 1:
                raise CatalogError(f"{path}: its table has {table.n_row} rows; a spectrum has one, fetch it again")
            (block,) = table.blocks(1)
            values = {name: block.numbers(name).reshape(-1) for name in ROWS if name in table.columns}
    return values


def _number(header: fits.Header, key: str) -> float | None:
    """A number of the header; None if it is absent, not a finite number, or the sentinel -999 or below."""
    value = card(header, key)
    return float(value) if isinstance(value, int | float) and np.isfinite(value) and value > -999 else None


LRS = SingleSpectrum("lamost_lrs", recognises, read)
