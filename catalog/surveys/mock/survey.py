"""A mock MaStar: the survey's files, and the truth beside them."""

import csv
import io
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from catalog.errors import CatalogError
from catalog.progress import Progress, silent
from catalog.surveys.mock.gaia import gaia_edr3
from catalog.surveys.mock.grid import WAVELENGTH
from catalog.surveys.mock.layouts import COMBSPEC, GAIA_EDR3, GOODSPEC, GOODSTARS, GOODVISITS, PARAMETERS
from catalog.surveys.mock.mwrfits import Layout, WriteRows, create
from catalog.surveys.mock.parameters import parameters
from catalog.surveys.mock.population import draw
from catalog.surveys.mock.rows import combspec, goodspec, goodstars, goodvisits
from catalog.surveys.mock.spectrograph import (
    DISPERSION,
    Losses,
    blur,
    draw_losses,
    expose,
    imperfections,
    sigma_of,
)
from catalog.surveys.mock.starlight import light_of, plant
from catalog.surveys.mock.visits import draw_visits

SMALL = "mastar-combspec-v3_1_1-v1_7_7-lsfpercent60.0.fits.gz"
LARGE = "mastar-combspec-v3_1_1-v1_7_7-lsfpercent90.0.fits.gz"
VISITS = "mastar-goodspec-v3_1_1-v1_7_7.fits.gz"
MASTARALL = "mastarall-v3_1_1-v1_7_7.fits"
GAIA = "mastarall-gaiaedr3-extcorr-simbad-ps1-v3_1_1-v1_7_7-v1.fits"
STELLAR_PARAMETERS = "mastar-goodstars-v3_1_1-v1_7_7-params-v2.fits"
TRUTH = "truth.csv"

TABLES = (LARGE, SMALL, MASTARALL, GAIA, STELLAR_PARAMETERS)
"""The first is there in every mock survey, and tells which one it is."""

TRUE = ("mangaid", "kind", "strength", "sequence", "spectral_type", "teff", "logg", "fe_h", "alpha_fe", "ebv",
        "distance_pc", "abs_g", "bp_rp0", "snr", "in_small")  # fmt: skip
"""Columns of truth.csv."""

BLOCK = 128
"""Stars at a time: 150 MB."""

SHARED_NOISE = 0.9
"""Correlation of the noise in the two combined spectra of a star: most of their visits are the same."""

STAR_STREAM, BLOCK_STREAM, CATALOG_STREAM = 0, 1, 3
"""See starlight.ODDITY_STREAM."""


@dataclass(frozen=True)
class MockSurvey:
    """Which mock survey; the same gives the same bytes.

    Attributes
    ----------
    n_star : int
        1 or more.
    seed : int
        0 or more.
    anomaly_fraction : float
        Of the stars, 0 to 1.
    visits : bool
        With the spectra of single visits.
    """

    n_star: int = 600
    seed: int = 0
    anomaly_fraction: float = 0.01
    visits: bool = False

    def __post_init__(self) -> None:
        if self.n_star < 1:
            raise CatalogError(f"a survey of {self.n_star} stars; give 1 star or more")
        if self.seed < 0:
            raise CatalogError(f"seed {self.seed}; give 0 or more")
        if not 0 <= self.anomaly_fraction <= 1:
            raise CatalogError(f"anomaly fraction {self.anomaly_fraction:g}; give 0 to 1")

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its FITS files."""
        return TABLES + ((VISITS,) if self.visits else ())

    @property
    def marker(self) -> dict[str, int | str]:
        """What the primary header of its files says."""
        return {
            "MOCKSTAR": self.n_star,
            "MOCKSEED": self.seed,
            "MOCKFRAC": repr(float(self.anomaly_fraction)),
            "MOCKVIS": int(self.visits),
        }


def write_mock(folder: Path, survey: MockSurvey, progress: Progress = silent) -> bool:
    """Write the files of a mock survey: stars, Gaia match, parameters, spectra at two resolutions, and the truth.

    Writes into `folder`, which it creates; every file appears whole or not at all, the truth last. Another mock that is
    there is replaced. Memory does not grow with the spectra.

    Parameters
    ----------
    folder : Path
        Where the files come.
    survey : MockSurvey
        Which one.
    progress : Progress
        Called with the spectra that are made.

    Returns
    -------
    bool
        False if the same survey was there already.

    Raises
    ------
    CatalogError
        If `folder` holds other files or cannot be written.

    Notes
    -----
    truth.csv has every star, with the kind and strength of its oddity, blank and 0 for ordinary ones.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_other_files(folder)
        if recorded_survey(folder) == survey:
            return False
        for name in (TRUTH, *TABLES, VISITS):
            # The truth goes first: it cannot tell its survey, so it is there only beside a complete one.
            (folder / name).unlink(missing_ok=True)
        _write_files(folder, survey, progress)
    except OSError as error:
        raise CatalogError(f"{folder} cannot be written ({error}); give another folder or free some space") from error
    return True


def recorded_survey(folder: Path) -> MockSurvey | None:
    """The complete mock survey in a folder; None if there is none."""
    if not (folder / TRUTH).exists():
        return None
    survey = _recorded(folder / TABLES[0])
    complete = survey is not None and all(_recorded(folder / name) == survey for name in survey.tables)
    return survey if complete else None


def _recorded(path: Path) -> MockSurvey | None:
    try:
        header = fits.getheader(path, 0)
        return MockSurvey(
            int(header["MOCKSTAR"]), int(header["MOCKSEED"]), float(header["MOCKFRAC"]), bool(header["MOCKVIS"])
        )
    except (OSError, EOFError, KeyError, ValueError):
        return None


def _refuse_other_files(folder: Path) -> None:
    # Without a survey beside it, a truth is somebody else's: ours is written last and removed first.
    names = {*TABLES, VISITS, *(f"{name}.part" for name in (*TABLES, VISITS, TRUTH))}
    if any((folder / name).exists() for name in TABLES):
        names.add(TRUTH)
    for path in sorted(folder.iterdir()):
        ours = path.name in names
        # Files of the real survey have the same names; they must not be replaced.
        if not ours or (path.suffix in (".fits", ".gz") and _recorded(path) is None):
            raise CatalogError(f"{path} is not of a mock survey; give a new or an empty folder")


def _write_files(folder: Path, survey: MockSurvey, progress: Progress) -> None:
    generator = np.random.default_rng([survey.seed, STAR_STREAM])
    stars = draw(survey.n_star, survey.anomaly_fraction, generator)
    losses = draw_losses(stars, generator)
    visits = draw_visits(stars, losses, generator)
    _write_spectra(folder, survey, stars, losses, visits, progress)
    catalogs = np.random.default_rng([survey.seed, CATALOG_STREAM])
    with create(folder / MASTARALL, survey.marker) as file:
        for layout, rows, name in (
            (GOODSTARS, goodstars(stars), "GOODSTARS"),
            (GOODVISITS, goodvisits(stars, visits), "GOODVISITS"),
        ):
            with file.table(layout, len(rows), name) as write:
                write(rows)
    for path, layout, rows, extname in (
        (GAIA, GAIA_EDR3, gaia_edr3(stars, catalogs), "GOODSTARS"),
        (STELLAR_PARAMETERS, PARAMETERS, parameters(stars, catalogs), None),
    ):
        with create(folder / path, survey.marker) as file, file.table(layout, len(rows), extname) as write:
            write(rows)
    _write_truth(folder / TRUTH, stars)


def _write_truth(path: Path, stars: np.ndarray) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TRUE)
    for star in stars[list(TRUE)].tolist():
        writer.writerow(round(value, 4) if isinstance(value, float) else value for value in star)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text.getvalue(), encoding="ascii")
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write_spectra(
    folder: Path, survey: MockSurvey, stars: np.ndarray, losses: Losses, visits: np.ndarray, progress: Progress
) -> None:
    """The files of spectra; fills in the photometry and distance of the stars on the way."""
    sizes: list[tuple[str, Layout, int]] = [
        (SMALL, COMBSPEC, int(np.count_nonzero(stars["in_small"]))),
        (LARGE, COMBSPEC, len(stars)),
    ]
    if survey.visits:
        sizes.append((VISITS, GOODSPEC, len(visits)))
    with ExitStack() as stack:
        # Compression takes longest and lets other threads run: one for each file, while the next block is made.
        pool = stack.enter_context(ThreadPoolExecutor(len(sizes)))
        writers: list[WriteRows] = []
        for name, layout, n_row in sizes:
            file = stack.enter_context(create(folder / name, survey.marker))
            writers.append(stack.enter_context(file.table(layout, n_row)))
        pending: list[Future[None]] = []
        for first in range(0, len(stars), BLOCK):
            rows = _rows_of_block(survey, stars, losses, visits, slice(first, first + BLOCK))
            for future in pending:
                future.result()
            pending = [pool.submit(write, block) for write, block in zip(writers, rows, strict=True)]
            progress("spectra", min(first + BLOCK, len(stars)), len(stars))
        for future in pending:
            future.result()


def _rows_of_block(
    survey: MockSurvey, all_stars: np.ndarray, losses: Losses, visits: np.ndarray, block: slice
) -> Iterator[np.ndarray]:
    """Rows of the files of spectra for some of the stars: small, large, and visits if they are wanted."""
    stars = all_stars[block]
    generator = np.random.default_rng([survey.seed, BLOCK_STREAM, block.start])
    light = light_of(stars, survey.seed, block.start, generator)
    light *= imperfections(len(stars), generator)
    noise = generator.standard_normal((len(stars), len(WAVELENGTH)))
    more = generator.standard_normal(noise.shape)
    in_small = np.flatnonzero(stars["in_small"])

    def observed(
        rows: np.ndarray, percentile: float | None, noise: np.ndarray, empty: np.ndarray, snr: np.ndarray
    ) -> np.ndarray:
        flux = blur(light[rows], percentile)
        ivar = sigma_of(flux, snr, stars["g_mag"][rows]) ** -2
        flux, ivar = plant(stars[rows], block.start + rows, flux, ivar, WAVELENGTH, survey.seed, in_the_star=False)
        return expose(flux, ivar, noise, empty, generator)

    everything = np.arange(len(stars))
    sharp, poor = losses.empty(block, large=False), losses.empty(block, large=True)
    yield combspec(
        stars[in_small],
        observed(in_small, 60.0, noise[in_small], sharp[in_small], stars["snr"][in_small]),
        WAVELENGTH,
    )
    partly_shared = SHARED_NOISE * noise + np.sqrt(1 - SHARED_NOISE**2) * more
    yield combspec(stars, observed(everything, 90.0, partly_shared, poor, stars["snr"]), WAVELENGTH)
    if survey.visits:
        chosen = np.searchsorted(visits["star"], [block.start, block.start + len(stars)])
        of_block = visits[slice(*chosen)]
        star = of_block["star"] - block.start
        fresh = generator.standard_normal((len(star), len(WAVELENGTH)))
        spectra = observed(star, None, fresh, sharp[star], of_block["snr"])
        yield goodspec(all_stars, of_block, spectra, WAVELENGTH, DISPERSION)
