"""Files of one spectrum in the layouts of SDSS and LAMOST, written by astropy, for tests."""

import gzip
from pathlib import Path

import numpy as np
from astropy.io import fits

SPALL = {
    "PLATE": ("J", 7),
    "MJD": ("J", 58000),
    "FIBERID": ("J", 42),
    "RA": ("D", 150.25),
    "DEC": ("D", -2.5),
    "Z": ("E", 0.0),
    "SN_MEDIAN_ALL": ("E", 31.5),
}
"""TFORM and value of the columns of SPALL."""

HEADER = {
    "OBSID": 353301001,
    "RA": 150.25,
    "DEC": -2.5,
    "LMJD": 57119,
    "MJD": 57118,
    "PLANID": "HD100000N123456B01",
    "SPID": 7,
    "FIBERID": 8,
    "Z": 0.0,
    "SNRG": 55.0,
    "DATA_V": "LAMOST DR7",
}
"""Primary header of a file of LAMOST."""

Cards = dict[str, object]


def boss_loglam(n: int = 4632, first: float = 3.5526) -> np.ndarray:
    """(n,) log10 Angstrom as COADD has it: float32 on the grid of SDSS."""
    return (first + 1e-4 * np.arange(n)).astype(np.float32)


def lamost_wavelength(n: int = 3909, first: float = 3.568042, step: float = 1e-4) -> np.ndarray:
    """(n,) Angstrom, float32: the steps of SDSS, in another phase."""
    return (10 ** (first + step * np.arange(n))).astype(np.float32)


def write_spec(
    path: Path,
    loglam: np.ndarray,
    flux: np.ndarray,
    ivar: np.ndarray,
    and_mask: np.ndarray | None = None,
    *,
    upper: bool = False,
    primary: Cards | None = None,
    n_spall: int = 1,
    **spall: tuple[str, object] | None,
) -> Path:
    """A lite `spec` file; `upper` spells COADD as DR18 does, further arguments replace or (None) remove of SPALL."""
    mask = np.zeros(len(loglam), np.int32) if and_mask is None else and_mask
    columns = {
        "flux": np.asarray(flux, np.float32),
        "loglam": loglam,
        "ivar": np.asarray(ivar, np.float32),
        "and_mask": mask,
        "or_mask": mask | 1,
        "wdisp": np.ones(len(loglam), np.float32),
        "sky": np.zeros(len(loglam), np.float32),
        "model": np.ones(len(loglam), np.float32),
    }
    formats = {"f4": "E", "f8": "D", "i4": "J", "i8": "K"}
    coadd = [
        fits.Column(name.upper() if upper else name, formats[values.dtype.str[1:]], array=values)
        for name, values in columns.items()
    ]
    objects = [
        fits.Column(name, entry[0], array=np.array([entry[1]] * n_spall))
        for name, entry in (SPALL | spall).items()
        if entry is not None
    ]
    header = fits.PrimaryHDU()
    header.header.update({"COEFF0": 3.5526, "COEFF1": 1e-4, "RUN2D": "v5_13_2"} | (primary or {}))
    hdus = [header, fits.BinTableHDU.from_columns(coadd, name="COADD")]
    if objects:
        hdus.append(fits.BinTableHDU.from_columns(objects, name="SPALL"))
    lines = [fits.Column("LINENAME", "8A", array=["Ca_K"] * 2), fits.Column("LINEZ", "E", array=[0.0, 0.0])]
    hdus.append(fits.BinTableHDU.from_columns(lines, name="SPZLINE"))
    return _write(path, hdus)


def write_lamost_image(path: Path, rows: list[np.ndarray], **cards: object) -> Path:
    """A file of LAMOST up to DR8: rows are flux, ivar, wavelength, and-mask, or-mask; cards None are left out."""
    return _write(path, [_primary(fits.PrimaryHDU(np.array(rows, np.float32)), cards)])


def write_lamost_table(path: Path, columns: dict[str, np.ndarray], name: str = "COADD", **cards: object) -> Path:
    """A file of LAMOST from DR9 on: vectors by name, in one row."""
    formats = {"f4": "E", "f8": "D", "i4": "J"}
    vectors = [
        fits.Column(column, f"{len(values)}{formats[values.dtype.str[1:]]}", array=values[None])
        for column, values in columns.items()
    ]
    table = fits.BinTableHDU.from_columns(vectors, name=name)
    return _write(path, [_primary(fits.PrimaryHDU(), {"DATA_V": "LAMOST DR10"} | cards), table])


def _primary(hdu: fits.PrimaryHDU, cards: Cards) -> fits.PrimaryHDU:
    hdu.header.update({key: value for key, value in (HEADER | cards).items() if value is not None})
    return hdu


def _write(path: Path, hdus: list[fits.PrimaryHDU | fits.BinTableHDU]) -> Path:
    plain = path.with_name(path.name.removesuffix(".gz"))
    fits.HDUList(hdus).writeto(plain, overwrite=True)
    if path != plain:
        path.write_bytes(gzip.compress(plain.read_bytes(), 1, mtime=0))
        plain.unlink()
    return path
