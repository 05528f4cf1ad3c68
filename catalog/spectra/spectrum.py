"""One spectrum of a star: which one is meant, its arrays, and what is known of it."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from astropy import units as u
from astropy.table import QTable

from catalog.database.connection import Connection, Database, arrow
from catalog.database.meaning import MEANINGS
from catalog.database.names import find_star_dataset, require_star
from catalog.database.records import Dataset, Ensemble, Visit
from catalog.database.views import definition
from catalog.errors import CatalogError
from catalog.spectra.blocks import wavelength

if TYPE_CHECKING:
    from specutils import Spectrum

SpectrumForm = Literal["table", "specutils"]

SPECTRUM = """
SELECT
    spectrum.spectrum_id,
    star.mangaid,
    dataset.name AS dataset,
    dataset.dataset_id,
    spectrum.plate,
    spectrum.mjd,
    source_file.name AS source_file,
    source_file.sha256,
    spectrum.source_row
FROM spectrum
JOIN star ON star.star_id = spectrum.star_id
JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
JOIN source_file ON source_file.source_file_id = spectrum.source_file_id
WHERE spectrum.star_id = $star_id AND spectrum.dataset_id = $dataset_id
  AND ($plate IS NULL OR spectrum.plate = $plate) AND ($mjd IS NULL OR spectrum.mjd = $mjd)
ORDER BY spectrum.plate, spectrum.mjd
"""

ARRAYS = """
SELECT flux, ivar, mask FROM spectrum_array WHERE spectrum_id = $spectrum_id
"""

PHOTOMETRY = "SELECT cmd.bp_rp, cmd.abs_g FROM cmd WHERE cmd.star_id = $star_id"

# Of the whole dataset at once, since a rank is one among all.
CONSENSUS = """
SELECT
    max(consensus.consensus_rank) FILTER (consensus.spectrum_id = $spectrum_id) AS consensus_rank,
    max(consensus.n_flagged) FILTER (consensus.spectrum_id = $spectrum_id) AS n_flagged,
    max(consensus.n_model) FILTER (consensus.spectrum_id = $spectrum_id) AS n_model,
    count(*) AS n_spectrum
FROM consensus_anomaly AS consensus
WHERE consensus.ensemble_id = $ensemble_id AND consensus.dataset_id = $dataset_id
"""

VISIT_FLAGS = """
SELECT coalesce(visit_flag.flag, 'bit ' || visit_flag.bit) AS flag, count(*) AS n_visit
FROM visit_flag
WHERE visit_flag.star_id = $star_id
GROUP BY flag, visit_flag.bit
ORDER BY visit_flag.bit
"""

# The names of the bits stand in the view; here its visits are the one spectrum, whose own bits count.
SPECTRUM_FLAGS = f"""
WITH visit AS (
    SELECT spectrum.star_id, spectrum.plate, spectrum.ifudesign, spectrum.mjd, spectrum.mjdqual
    FROM spectrum
    WHERE spectrum.spectrum_id = $spectrum_id
)

SELECT coalesce(visit_flag.flag, 'bit ' || visit_flag.bit) AS flag
FROM ({definition("visit_flag")}) AS visit_flag
ORDER BY visit_flag.bit
"""


def find_spectrum(connection: Connection, mangaid: str, dataset: Dataset, visit: Visit = Visit()) -> dict[str, Any]:
    """The row of a star's spectrum in a dataset: star_id and the columns of `SPECTRUM`.

    Parameters
    ----------
    connection : Connection
        To the database.
    mangaid : str
        Id of the star.
    dataset : Dataset
        Where the spectrum is looked for.
    visit : Visit
        Which of them, where the star has several spectra in the dataset.

    Raises
    ------
    CatalogError
        If the star is unknown, or has no such spectrum, or several.
    """
    parameters = {
        "star_id": require_star(connection, mangaid),
        "dataset_id": dataset.dataset_id,
        "plate": visit.plate,
        "mjd": visit.mjd,
    }
    found = arrow(connection, SPECTRUM, parameters).to_pylist()
    if not found:
        of_visit = " of that visit" if visit != Visit() else ""
        raise CatalogError(f"star {mangaid} has no spectrum{of_visit} in dataset {dataset.name}")
    if len(found) > 1:
        visits = ", ".join(f"{row['plate']} {row['mjd']}" for row in found)
        raise CatalogError(f"star {mangaid} has {len(found)} spectra in {dataset.name}; choose plate and mjd: {visits}")
    return {"star_id": parameters["star_id"]} | found[0]


def read_arrays(connection: Connection, row: dict[str, Any]) -> QTable:
    """The arrays of a spectrum with their units.

    Parameters
    ----------
    connection : Connection
        To the database.
    row : dict
        Of `find_spectrum`; spectrum_id and dataset_id are needed.

    Returns
    -------
    QTable
        Wavelength (vacuum), flux, ivar and mask, n_pixel rows, without the columns that the file did not have; `meta`
        is the row.
    """
    spectrum = QTable(
        {"wavelength": wavelength(connection, row["dataset_id"]) * u.Unit(MEANINGS["wavelength"].unit)}, meta=row
    )
    arrays = arrow(connection, ARRAYS, {"spectrum_id": row["spectrum_id"]})
    for name in arrays.column_names:
        if not arrays[name].null_count:
            unit = MEANINGS[name].unit
            values = arrays[name].chunk(0).flatten().to_numpy()
            spectrum[name] = values * u.Unit(unit) if unit else values
    return spectrum


def read_spectrum(database: Database, mangaid: str, dataset: str | None, visit: Visit = Visit()) -> QTable:
    """One spectrum, as `find_spectrum` finds it and `read_arrays` reads it; dataset None: the star's only one."""
    with database.read() as connection:
        found = find_star_dataset(connection, mangaid, dataset)
        return read_arrays(connection, find_spectrum(connection, mangaid, found, visit))


def describe_spectrum(connection: Connection, row: dict[str, Any], ensemble: Ensemble) -> dict[str, Any]:
    """What is known of a spectrum beside its arrays.

    Parameters
    ----------
    connection : Connection
        To the database.
    row : dict
        Of `find_spectrum`.
    ensemble : Ensemble
        The one that is asked about the spectrum.

    Returns
    -------
    dict
        The row, with bp_rp and abs_g (mag); the name of the ensemble and its window (Angstrom, None: all);
        consensus_rank, n_flagged and n_model there, among n_spectrum spectra; flags: names of the spectrum's quality
        bits (MASTAR_QUAL), or for a spectrum of several visits in how many of them each is set. What is unknown is
        None.
    """
    (photometry,) = arrow(connection, PHOTOMETRY, {"star_id": row["star_id"]}).to_pylist()
    parameters = {
        "spectrum_id": row["spectrum_id"],
        "dataset_id": row["dataset_id"],
        "ensemble_id": ensemble.ensemble_id,
    }
    (consensus,) = arrow(connection, CONSENSUS, parameters).to_pylist()
    if row["mjd"] is None:
        found = arrow(connection, VISIT_FLAGS, {"star_id": row["star_id"]}).to_pylist()
        flags = [f"{flag['flag']} in {flag['n_visit']}" for flag in found]
    else:
        found = arrow(connection, SPECTRUM_FLAGS, {"spectrum_id": row["spectrum_id"]}).to_pylist()
        flags = [flag["flag"] for flag in found]
    window = ensemble.recipe.get("window")
    return row | {"ensemble": ensemble.name, "window": window} | photometry | consensus | {"flags": flags}


def is_bad(spectrum: QTable) -> np.ndarray:
    """Whether no model takes a pixel: flux not finite, or not above 0; (n_pixel,) bool."""
    flux = np.asarray(spectrum["flux"])
    return ~(np.isfinite(flux) & (flux > 0))


def is_masked(spectrum: QTable) -> np.ndarray:
    """Whether a pixel carries no information: its mask is not 0, or its ivar is not above 0; (n_pixel,) bool.

    Where no pixel has ivar, the file had none, and only the mask counts.
    """
    masked = np.zeros(len(spectrum), bool)
    if "mask" in spectrum.colnames:
        masked |= np.asarray(spectrum["mask"]) != 0
    if has_ivar(spectrum):
        masked |= ~(spectrum["ivar"].value > 0)
    return masked


def has_ivar(spectrum: QTable) -> bool:
    """Whether the uncertainty of any pixel is known."""
    return "ivar" in spectrum.colnames and bool(np.any(spectrum["ivar"].value > 0))


def spectrum_as(spectrum: QTable, form: SpectrumForm) -> Any:
    """A spectrum as it is, or as a specutils.Spectrum. Raises CatalogError for another form."""
    forms = {"table": lambda spectrum: spectrum, "specutils": to_specutils}
    if form not in forms:
        raise CatalogError(f"no form {form}; there are: {', '.join(forms)}")
    return forms[form](spectrum)


def to_specutils(spectrum: QTable) -> "Spectrum":
    """A spectrum of `read_spectrum` as a specutils.Spectrum.

    Returns
    -------
    Spectrum
        Flux with its unit, wavelength in vacuum (`meta["wavelength_medium"]`), ivar as InverseVariance; masked are the
        pixels without information: mask not 0, or ivar 0. Uncertainty and mask are None where the file has neither
        ivar nor mask.

    Raises
    ------
    CatalogError
        If specutils is not installed.
    """
    if find_spec("specutils") is None:
        raise CatalogError("specutils is not installed; run: pip install specutils")
    from astropy.nddata import InverseVariance
    from specutils import Spectrum

    has_ivar, has_mask = ("ivar" in spectrum.colnames), ("mask" in spectrum.colnames)
    return Spectrum(
        flux=spectrum["flux"],
        spectral_axis=spectrum["wavelength"],
        uncertainty=InverseVariance(spectrum["ivar"]) if has_ivar else None,
        mask=is_masked(spectrum) if has_ivar or has_mask else None,
        meta=dict(spectrum.meta) | {"wavelength_medium": "vacuum"},
    )
