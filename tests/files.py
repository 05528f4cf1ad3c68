"""Small FITS files in MaStar's layouts, written by astropy, for tests."""

import gzip
from pathlib import Path

import numpy as np
from astropy.io import fits

N_PIXEL = 4563
WAVELENGTH = 10 ** (3.5589 + 1e-4 * np.arange(N_PIXEL))

_FORMATS = {"f4": "E", "f8": "D", "i2": "I", "i4": "J", "i8": "K"}


def write_table(path: Path, columns: dict[str, np.ndarray], extname: str | None = None) -> Path:
    """A FITS file with one binary table; gzipped if the name says so."""
    made = []
    for name, values in columns.items():
        array = np.asarray(values)
        if array.dtype.kind == "U":
            array = array.astype("S")
        if array.dtype.kind == "S":
            format_ = f"{array.dtype.itemsize}A"
        else:
            format_ = f"{array[0].size if array.ndim > 1 else ''}{_FORMATS[array.dtype.str[1:]]}"
        made.append(fits.Column(name, format_, array=array))
    table = fits.BinTableHDU.from_columns(made, name=extname)
    plain = path.with_name(path.name.removesuffix(".gz"))
    table.writeto(plain, overwrite=True)
    if path != plain:
        path.write_bytes(gzip.compress(plain.read_bytes(), 1, mtime=0))
        plain.unlink()
    return path


def smooth_flux(n: int, seed: int = 0) -> np.ndarray:
    """(n, 4563) positive float32 flux: a few smooth shapes, so that a network can learn them."""
    generator = np.random.default_rng(seed)
    tilt, bend = generator.uniform(-2, 2, (2, n, 1))
    x = np.linspace(-1, 1, N_PIXEL)
    return (100 * np.exp(tilt * x + bend * x**2) * generator.uniform(0.99, 1.01, (n, N_PIXEL))).astype(np.float32)


def write_combspec(path: Path, mangaid: list[str], flux: np.ndarray, **columns: np.ndarray) -> Path:
    """Combined spectra with IVAR for a S/N of 100 and a clear MASK; further columns replace or add to these."""
    flux = np.asarray(flux, np.float32)
    with np.errstate(all="ignore"):
        ivar = np.where(np.isfinite(flux) & (flux > 0), (100 / flux) ** 2, 0).astype(np.float32)
    standard = {
        "MANGAID": np.array(mangaid),
        "WAVE": np.tile(WAVELENGTH, (len(mangaid), 1)),
        "FLUX": flux,
        "IVAR": ivar,
        "MASK": np.zeros(flux.shape, np.int32),
    }
    return write_table(path, standard | columns)


def write_mastarall(path: Path, mangaid: list[str], **columns: np.ndarray) -> Path:
    """GOODSTARS of the summary catalog."""
    n = len(mangaid)
    standard = {
        "MANGAID": np.array(mangaid),
        "NVISITS": np.arange(1, n + 1, dtype=np.int32),
        "RA": np.linspace(0.5, 359, n),
        "DEC": np.linspace(-89, 89, n),
        "EPOCH": np.full(n, 2015.5, np.float32),
        "INPUT_TEFF": np.full(n, 5000, np.float32),
        "INPUT_LOGG": np.full(n, -999, np.float32),
        "PHOTOCAT": np.array(["gaia_dr2"] * n),
    }
    return write_table(path, standard | columns, "GOODSTARS")


def write_gaia(path: Path, mangaid: list[str], release: str = "EDR3", **columns: np.ndarray) -> Path:
    """The Gaia cross-match catalog; the last star has no match."""
    n = len(mangaid)
    distance = "R_MED_PHOTOGEO" if release == "EDR3" else "R_EST"
    source_id = 2**60 + 1 + np.arange(n)
    g_mag = np.full(n, 15, np.float32)
    bp_rp = np.linspace(0, 4, n).astype(np.float32)
    source_id[-1], g_mag[-1], bp_rp[-1] = 0, -999, np.nan
    standard = {
        "MANGAID": np.array(mangaid),
        "RA": np.linspace(0.5, 359, n),
        "DEC": np.linspace(-89, 89, n),
        "SOURCE_ID": source_id,
        "PHOT_G_MEAN_MAG": g_mag,
        "BP_RP": bp_rp,
        "M_G": np.where(source_id > 0, 5, -999).astype(np.float32),
        "BPRPC": np.where(source_id > 0, bp_rp - 0.1, -999).astype(np.float32),
        distance: np.where(source_id > 0, 1000, -999).astype(np.float32),
        "GAIA_CLEANMATCH": np.ones(n, np.int16),
        "OTYPE_S": np.array(["C*"] + [""] * (n - 1)),
    }
    return write_table(path, standard | columns, "GOODSTARS")


def write_parameters(path: Path, mangaid: list[str]) -> Path:
    """The stellar-parameter catalog; the last star has no parameters."""
    n = len(mangaid)
    teff = np.linspace(4000, 7000, n).astype(np.float32)
    teff[-1] = -999
    columns = {"MANGAID": np.array(mangaid), "TEFF_MED": teff, "TEFF_MED_ERR": np.full(n, 50, np.float32)}
    columns |= {"TEFF_JI": teff, "TEFF_ERR_JI": np.full(n, 70, np.float32)}
    for quantity in ("LOGG", "FEH", "ALPHA"):
        columns[f"{quantity}_MED"] = np.full(n, 0.5, np.float32)
        columns[f"{quantity}_MED_ERR"] = np.full(n, 0.1, np.float32)
    return write_table(path, columns)


def write_tables(path: Path, *tables: Path) -> Path:
    """One file with the binary tables of several; gzipped if the name says so."""
    parts = [fits.PrimaryHDU(), *(fits.open(table)[1] for table in tables)]
    fits.HDUList(parts).writeto(path, overwrite=True)
    return path


def write_visits(path: Path, mangaid: list[str], **columns: np.ndarray) -> Path:
    """GOODVISITS of the summary catalog, one night each on one plate."""
    n = len(mangaid)
    standard = {
        "MANGAID": np.array(mangaid),
        "PLATE": np.full(n, 9000, np.int32),
        "IFUDESIGN": np.array(["12701"] * n),
        "MJD": np.arange(58000, 58000 + n, dtype=np.int32),
        "EXPTIME": np.full(n, 900, np.float32),
        "MJDQUAL": np.zeros(n, np.int32),
    }
    return write_table(path, standard | columns, "GOODVISITS")
