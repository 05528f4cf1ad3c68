"""Small FITS files in MaStar's layouts, written by astropy, for tests."""

import gzip
import re
from pathlib import Path

import numpy as np
from astropy.io import fits

from catalog.surveys.mock.mwrfits import create, row_dtype

N_PIXEL = 4563
WAVELENGTH = 10 ** (3.5589 + 1e-4 * np.arange(N_PIXEL))

# The parameters of visits in DR17, as table mastar_goodvisits_params of the SkyServer has them; types as those of the
# same columns in the parameters of stars and in goodspec.
VISIT_PARAMETERS = """
    DRPVER 6A, MPROCVER 6A, MANGAID 22A, PLATE J, IFUDESIGN 5A, MJD J, RA D, DEC D, EPOCH E, IFURA D, IFUDEC D,
    MNGTARG2 J, MJDQUAL J, TEFF_MED E, LOGG_MED E, FEH_MED E, FEH_CAL_MED E, ALPHA_MED E, ZH_MED E, ZH_CAL_MED E,
    TEFF_MED_ERR E, LOGG_MED_ERR E, FEH_MED_ERR E, FEH_CAL_MED_ERR E, ALPHA_MED_ERR E, ZH_MED_ERR E, ZH_CAL_MED_ERR E,
    NGROUPS I, INPUT_GROUPS 4I, INPUT_GROUPS_NAME 11A, NALPHAGROUPS I, INPUT_ALPHA_GROUPS 4I,
    INPUT_ALPHA_GROUPS_NAME 11A, TEFF_JI E, LOGG_JI E, FEH_JI E, ALPHA_JI E, VMICRO_JI E, TEFF_ERR_JI E,
    LOGG_ERR_JI E, FEH_ERR_JI E, ALPHA_ERR_JI E, VMICRO_ERR_JI E, CHISQ_JI E, VALID_JI I, TEFF_DL E, LOGG_DL E,
    FEH_DL E, ALPHA_DL E, TEFF_ERR_DL E, LOGG_ERR_DL E, FEH_ERR_DL E, ALPHA_ERR_DL E, CHISQ_DL E, AV_DL E,
    AV_ERR_DL E, AV_CHISQ_DL E, AV_VALID_DL I, VALID_DL I, TEFF_LH E, LOGG_LH E, FEH_LH E, ALPHA_LH E,
    TEFF_ERR_UP_LH E, TEFF_ERR_DN_LH E, LOGG_ERR_UP_LH E, LOGG_ERR_DN_LH E, FEH_ERR_UP_LH E, FEH_ERR_DN_LH E,
    ALPHA_ERR_UP_LH E, ALPHA_ERR_DN_LH E, CHISQ_LH E, MODEL_LH 10A, VALID_LH I, TEFF_YC E, LOGG_YC E, FEH_YC E,
    ALPHA_YC E, TEFF_ERR_YC E, LOGG_ERR_YC E, FEH_ERR_YC E, ALPHA_ERR_YC E, CHISQ_YC E, MODEL_YC 10A, VALID_YC I"""

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


def write_visit_parameters(path: Path, mangaid: list[str], **columns: np.ndarray) -> Path:
    """The parameters of visits, those of `write_visits`, in the survey's layout: text padded, every method alike.

    An error is 1/4, upwards 1/2, downwards 1/8; further columns replace these.
    """
    n = len(mangaid)
    layout = dict(re.findall(r"(\w+) (\w+)", VISIT_PARAMETERS))
    rows = np.zeros(n, row_dtype(layout))
    standard = {
        "MANGAID": np.array(mangaid),
        "PLATE": np.full(n, 9000),
        "IFUDESIGN": np.array(["12701"] * n),
        "MJD": np.arange(58000, 58000 + n),
    }
    values = {"TEFF": 5000, "LOGG": 4.5, "FEH": -0.5, "ALPHA": 0.125, "VALID": 1}
    for name in layout:
        error = 1 / 2 if "_ERR_UP_" in name else 1 / 8 if "_ERR_DN_" in name else 1 / 4
        rows[name] = error if "_ERR" in name else values.get(name.split("_")[0], 0)
    for name, given in (standard | columns).items():
        text = given.dtype.kind == "U"
        rows[name] = np.char.ljust(given.astype("S"), rows.dtype[name].itemsize) if text else given
    with create(path, {}) as file, file.table(layout, n, None) as write:
        write(rows)
    return path
