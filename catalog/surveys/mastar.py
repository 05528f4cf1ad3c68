"""The MaNGA Stellar Library (MaStar), SDSS DR17.

Data model: https://www.sdss4.org/dr17/mastar/, columns and units of the catalogs:
https://skyserver.sdss.org/dr17/MoreTools/browser (tables mastar_*). The columns of a file, never its name, tell
which product it is; only the resolution percentile of combined spectra is nowhere but in the name.
"""

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import CatalogError
from catalog.surveys.columns import DOUBLE, FLAG, INTEGER, LONG, REAL, TEXT, Columns, rows_of, vectors_of
from catalog.surveys.fits_table import FitsTable
from catalog.surveys.product import MOCK, Arrays, Block, DatasetOrigin, SurveyProduct

POSITION: Columns = {
    "ra": ("RA", DOUBLE),
    "dec": ("DEC", DOUBLE),
    "epoch": ("EPOCH", REAL),
    "photocat": ("PHOTOCAT", TEXT),
}

STAR: Columns = POSITION | {
    "n_visits": ("NVISITS", INTEGER),
    "input_teff": ("INPUT_TEFF", REAL),
    "input_logg": ("INPUT_LOGG", REAL),
    "input_fe_h": ("INPUT_FE_H", REAL),
    "input_alpha_m": ("INPUT_ALPHA_M", REAL),
    "input_source": ("INPUT_SOURCE", TEXT),
}

VISIT_KEY: Columns = {
    "plate": ("PLATE", INTEGER),
    "ifudesign": ("IFUDESIGN", TEXT),
    "mjd": ("MJD", INTEGER),
}
"""What tells the visits to a star apart."""

VISIT: Columns = {
    **POSITION,
    **VISIT_KEY,
    "snr": ("S2N", REAL),
    "bad_pixel_fraction": ("BADPIXFRAC", REAL),
    "mjdqual": ("MJDQUAL", INTEGER),
}

GOODVISIT: Columns = VISIT | {
    "exptime": ("EXPTIME", REAL),
    "n_exposure": ("NEXP_VISIT", INTEGER),
    "n_exposure_used": ("NEXP_USED", INTEGER),
    "velocity": ("HELIOV_VISIT", REAL),
    "velocity_error": ("VERR_VISIT", REAL),
    "velocity_errcode": ("V_ERRCODE_VISIT", INTEGER),
    "star_velocity": ("HELIOV", REAL),
    "star_velocity_error": ("VERR", REAL),
    "star_velocity_errcode": ("V_ERRCODE", INTEGER),
    "n_velocity": ("NVELGOOD", INTEGER),
    "velocity_varies": ("VELVARFLAG", FLAG),
    "velocity_change": ("DV_MAXSIG", REAL),
    "snr10": ("S2N10", REAL),
    "bp_rp_error": ("BPRPERR_SP", REAL),
    "coord_source": ("COORD_SOURCE", TEXT),
}

GAIA: Columns = POSITION | {
    "source_id": ("SOURCE_ID", LONG),
    "g_mag": ("PHOT_G_MEAN_MAG", REAL),
    "bp_mag": ("PHOT_BP_MEAN_MAG", REAL),
    "rp_mag": ("PHOT_RP_MEAN_MAG", REAL),
    "bp_rp": ("BP_RP", REAL),
    "parallax": ("PARALLAX", REAL),
    "parallax_error": ("PARALLAX_ERROR", REAL),
    "pmra": ("PMRA", REAL),
    "pmdec": ("PMDEC", REAL),
    "ebv": ("EBV", REAL),
    "abs_g": ("M_G", REAL),
    "bp_rp0": ("BPRPC", REAL),
    "simbad_main_id": ("SIMBAD_MAIN_ID", TEXT),
    "simbad_otype": ("OTYPE_S", TEXT),
    "spectral_type": ("SP_TYPE", TEXT),
    "clean_match": ("GAIA_CLEANMATCH", FLAG),
}

EDR3_DISTANCE: Columns = {
    "distance_pc": ("R_MED_PHOTOGEO", REAL),
    "distance_pc_lo": ("R_LO_PHOTOGEO", REAL),
    "distance_pc_hi": ("R_HI_PHOTOGEO", REAL),
}

DR2_DISTANCE: Columns = {
    "distance_pc": ("R_EST", REAL),
    "distance_pc_lo": ("R_LO", REAL),
    "distance_pc_hi": ("R_HI", REAL),
}

METHODS = ("MED", "JI", "DL", "LH", "YC")
"""The median of the parameter catalog and the four methods behind it."""

QUANTITIES = {"teff": "TEFF", "logg": "LOGG", "fe_h": "FEH", "alpha_fe": "ALPHA"}
"""Catalog column: what the parameter catalog calls it."""

PERCENTILES = {60.0: "small", 90.0: "large"}
"""The paper's names (section 2.1) for the datasets of two resolution percentiles."""


def _stars(table: FitsTable, n_row: int) -> Iterator[Block]:
    for block in table.blocks(n_row):
        yield Block(block.first_row, rows_of(table, block, STAR))


def _visits(table: FitsTable, n_row: int) -> Iterator[Block]:
    for block in table.blocks(n_row):
        yield Block(block.first_row, rows_of(table, block, GOODVISIT))


def _gaia_edr3(table: FitsTable, n_row: int) -> Iterator[Block]:
    return _gaia(table, n_row, "EDR3", EDR3_DISTANCE)


def _gaia_dr2(table: FitsTable, n_row: int) -> Iterator[Block]:
    return _gaia(table, n_row, "DR2", DR2_DISTANCE)


def _gaia(table: FitsTable, n_row: int, release: str, distance: Columns) -> Iterator[Block]:
    for block in table.blocks(n_row):
        rows = rows_of(table, block, GAIA | distance)
        matched = pc.greater(rows["source_id"], 0)
        rows = rows.set_column(
            rows.schema.get_field_index("source_id"),
            "source_id",
            pc.if_else(matched, rows["source_id"], pa.scalar(None, LONG)),
        )
        yield Block(block.first_row, rows.append_column("gaia_release", pa.array([release] * len(block))))


def _stellar_parameters(table: FitsTable, n_row: int) -> Iterator[Block]:
    return _parameters(table, n_row, {})


def _visit_parameters(table: FitsTable, n_row: int) -> Iterator[Block]:
    return _parameters(table, n_row, VISIT_KEY)


def _parameters(table: FitsTable, n_row: int, key: Columns) -> Iterator[Block]:
    version = re.search(r"params-(v\d+)", table.path.name)
    for block in table.blocks(n_row):
        for method in METHODS:
            if f"TEFF_{method}" not in table.columns:
                continue
            rows = rows_of(table, block, key | _results_of(method))
            source = " ".join([version[1], method] if version else [method])
            rows = rows.append_column("source", pa.array([source] * len(block)))
            # A star or visit without a good result of this method has no row, rather than a row of NULLs.
            good = rows["teff"].is_valid()
            if f"VALID_{method}" in table.columns:
                good = pc.and_(good, pa.chunked_array([block.flags(f"VALID_{method}")]))
            yield Block(block.first_row, rows.filter(good))


def _results_of(method: str) -> Columns:
    columns: Columns = {}
    for name, quantity in QUANTITIES.items():
        columns[name] = (f"{quantity}_{method}", REAL)
        columns[f"{name}_error"] = (f"{quantity}_MED_ERR" if method == "MED" else f"{quantity}_ERR_{method}", REAL)
        # LH gives two errors for a visit, and one for a star.
        columns[f"{name}_error_up"] = (f"{quantity}_ERR_UP_{method}", REAL)
        columns[f"{name}_error_down"] = (f"{quantity}_ERR_DN_{method}", REAL)
    return columns


def _combined_spectra(table: FitsTable, n_row: int) -> Iterator[Block]:
    return _spectra(table, n_row, POSITION)


def _visit_spectra(table: FitsTable, n_row: int) -> Iterator[Block]:
    return _spectra(table, n_row, VISIT)


def _spectra(table: FitsTable, n_row: int, columns: Columns) -> Iterator[Block]:
    n_pixel = table.width("WAVE")
    for column in {"FLUX", "IVAR", "MASK"} & table.columns:
        if table.width(column) != n_pixel:
            raise CatalogError(
                f"{table.path}: {column} has {table.width(column)} values a row, WAVE has {n_pixel}; "
                "a spectrum needs one flux per wavelength"
            )
    wavelength: np.ndarray | None = None
    for block in table.blocks(n_row):
        if wavelength is None:
            wavelength = vectors_of(table, block, "WAVE")[0].astype(np.float64)
            if not (np.all(np.isfinite(wavelength)) and wavelength[0] > 0 and np.all(np.diff(wavelength) > 0)):
                raise CatalogError(f"{table.path}: WAVE of row 1 does not increase from a positive wavelength")
            first = block.raw("WAVE")[0].tobytes()
        # Bytes, not numbers: a whole survey has them equal, and to compare numbers takes eight times as long.
        differs = np.array([row.tobytes() != first for row in block.raw("WAVE")])
        if differs.any():
            raise CatalogError(
                f"{table.path}: WAVE of row {block.first_row + int(differs.argmax()) + 1} differs from row 1; "
                "the spectra of a file must share one wavelength grid"
            )
        arrays = Arrays(
            wavelength,
            vectors_of(table, block, "FLUX").astype(np.float32, copy=False),
            vectors_of(table, block, "IVAR").astype(np.float32, copy=False) if "IVAR" in table.columns else None,
            vectors_of(table, block, "MASK").astype(np.int32, copy=False) if "MASK" in table.columns else None,
        )
        yield Block(block.first_row, rows_of(table, block, columns), arrays)


def _combspec_origin(table: FitsTable) -> DatasetOrigin:
    found = re.search(r"lsfpercent(\d+(?:\.\d+)?)", table.path.name)
    percentile = float(found[1]) if found else None
    name = None if percentile is None else PERCENTILES.get(percentile, f"lsf{percentile:g}")
    return DatasetOrigin(name, "MaStar", _release(table), percentile)


def _goodspec_origin(table: FitsTable) -> DatasetOrigin:
    # The bad visits have the same columns; only the name keeps them from the good ones.
    return DatasetOrigin("bad-visits" if "badspec" in table.path.name else "visits", "MaStar", _release(table), None)


def _release(table: FitsTable) -> str | None:
    if "MOCKSTAR" in table.primary:
        return MOCK
    return "DR17" if "v3_1_1-v1_7_7" in table.path.name else None


SPECTRUM = frozenset({"MANGAID", "WAVE", "FLUX"})

PRODUCTS = (
    SurveyProduct("combspec", "spectrum", SPECTRUM, frozenset({"MJD"}), _combined_spectra, _combspec_origin),
    SurveyProduct("goodspec", "spectrum", SPECTRUM | {"PLATE", "MJD"}, frozenset(), _visit_spectra, _goodspec_origin),
    SurveyProduct(
        "gaia_edr3",
        "gaia_match",
        frozenset({"MANGAID", "SOURCE_ID", "R_MED_PHOTOGEO"}),
        frozenset({"WAVE"}),
        _gaia_edr3,
    ),
    SurveyProduct(
        "gaia_dr2", "gaia_match", frozenset({"MANGAID", "SOURCE_ID", "R_EST"}), frozenset({"WAVE"}), _gaia_dr2
    ),
    SurveyProduct(
        "parameters",
        "stellar_parameter",
        frozenset({"MANGAID", "TEFF_MED"}),
        frozenset({"WAVE", "MJD"}),
        _stellar_parameters,
    ),
    SurveyProduct(
        "visit_parameters",
        "visit_parameter",
        frozenset({"MANGAID", "PLATE", "IFUDESIGN", "MJD", "TEFF_MED"}),
        frozenset({"WAVE"}),
        _visit_parameters,
    ),
    SurveyProduct(
        "goodvisits",
        "visit",
        frozenset({"MANGAID", "PLATE", "IFUDESIGN", "MJD", "EXPTIME"}),
        frozenset({"WAVE", "TEFF_MED"}),
        _visits,
    ),
    SurveyProduct(
        "mastarall",
        "star",
        frozenset({"MANGAID", "RA", "DEC", "NVISITS"}),
        frozenset({"WAVE", "MJD", "SOURCE_ID", "TEFF_MED"}),
        _stars,
        authoritative=True,
    ),
)
