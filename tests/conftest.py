"""Fixtures: real spectra where they are, a small survey, and a database trained on it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fetching import content, sas  # noqa: F401  # fixtures
from files import (
    N_PIXEL,
    WAVELENGTH,
    smooth_flux,
    write_combspec,
    write_gaia,
    write_mastarall,
    write_parameters,
    write_table,
)
from ingested_rows import IDS

from catalog import Catalog
from catalog.autoencoder.recipe import Recipe

REPOSITORY = Path(__file__).parents[1]
N_STAR = 40
MANGAIDS = [f"7-{number:08d}" for number in range(N_STAR)]
ODD = MANGAIDS[7]
"""A star with an emission line far above anything else."""

RECIPE = Recipe(window=(3700.0, 10200.0), epochs=2, seed=3)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real spectra; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("CATALOG_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "real_stars").is_dir():
        pytest.skip(f"no real spectra in {folder}; set CATALOG_TEST_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `small`, `large`, mastarall and the Gaia cross-match of 40 stars; one star is odd."""
    folder = tmp_path_factory.mktemp("survey")
    flux = smooth_flux(N_STAR)
    flux[7, 3000:3010] *= 200
    small, large = flux[:30].copy(), flux.copy()
    small[0, :5], large[1, -9:] = 0, 0  # the paper's rule rejects these; a narrower window keeps them
    large[2, 2000] = 0  # and no window keeps this one
    write_combspec(folder / "lsfpercent60.0.fits.gz", MANGAIDS[:30], small)
    write_combspec(folder / "lsfpercent90.0.fits.gz", MANGAIDS, large)
    write_mastarall(folder / "mastarall.fits", MANGAIDS)
    write_gaia(folder / "gaiaedr3.fits", MANGAIDS)
    return folder


@pytest.fixture(scope="session")
def ingested(survey: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the survey; read it, or take a copy."""
    path = tmp_path_factory.mktemp("ingested") / "catalog.duckdb"
    Catalog(path).ingest([survey])
    return path


@pytest.fixture(scope="session")
def scored(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with an ensemble of three models of the real size, two epochs each, that scored `large`."""
    path = tmp_path_factory.mktemp("scored") / "catalog.duckdb"
    shutil.copy(ingested, path)
    catalog = Catalog(path)
    catalog.train("small", RECIPE, models=3, name="test")
    catalog.score("large")
    return path


@pytest.fixture(scope="session")
def visited(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scored database with two more datasets that it has scored.

    `visits`: two of one star, the first with quality bits, and one of another star, all masked, whose visit table is
    not there; `bare`: two spectra without ivar and mask, the first with one pixel a thousand times too bright.
    """
    path = tmp_path_factory.mktemp("visited") / "catalog.duckdb"
    shutil.copy(scored, path)
    shutil.copytree(scored.with_suffix(".weights"), path.with_suffix(".weights"))
    flux = smooth_flux(5, seed=4)
    flux[3, 2500] *= 1000
    visits = {
        "PLATE": np.array([9000, 9001, 9000], np.int32),
        "IFUDESIGN": np.array(["12701"] * 3),
        "MJD": np.array([58000, 58001, 58000], np.int32),
        "MJDQUAL": np.array([1 << 5 | 1 << 10 | 1 << 20, 0, 0], np.int32),
        "MASK": np.repeat([[0], [0], [1]], N_PIXEL, axis=1).astype(np.int32),
    }
    folder = tmp_path_factory.mktemp("visits")
    star, other = MANGAIDS[3:5]
    write_combspec(folder / "mastar-goodspec.fits", [star, star, other], flux[:3], **visits)
    columns = {"MANGAID": np.array([star, other]), "WAVE": np.tile(WAVELENGTH, (2, 1)), "FLUX": flux[3:]}
    write_table(folder / "bare.fits", columns)
    catalog = Catalog(path)
    catalog.ingest([folder / "mastar-goodspec.fits"])
    catalog.ingest([folder / "bare.fits"], dataset="bare")
    for dataset in ("visits", "bare"):
        catalog.score(dataset)
    return path


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """Copies a database with its weights, to be changed."""

    def copy(database: Path) -> Path:
        copied = tmp_path / database.name
        shutil.copy(database, copied)
        if database.with_suffix(".weights").is_dir():
            shutil.copytree(database.with_suffix(".weights"), copied.with_suffix(".weights"))
        return copied

    return copy


@pytest.fixture
def run() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command `catalog` as a user does, in a process of its own."""

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "catalog.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)  # type: ignore[call-overload,no-any-return]

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One small file of every product, and a file that is none."""
    folder = tmp_path / "files"
    folder.mkdir()
    write_combspec(folder / "mastar-combspec-lsfpercent90.0.fits.gz", IDS, smooth_flux(4))
    teff = np.array([5000, 0, 6000, 7000], np.float32)
    write_mastarall(folder / "mastarall.fits", [*IDS[1:], "7-only-here"], INPUT_TEFF=teff)
    write_gaia(folder / "edr3.fits", IDS)
    write_gaia(folder / "dr2.fits", IDS, "DR2")
    write_parameters(folder / "mastar-goodstars-params-v2.fits", IDS)
    write_table(folder / "other.fits", {"MANGAID": np.array(IDS), "NSA_Z": np.ones(4)})
    return folder
