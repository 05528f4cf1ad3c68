"""Fixtures: real spectra where they are, a small survey, and a database trained on it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import alembic.command
import numpy as np
import pytest
from alembic.script import ScriptDirectory
from catalog.cli.main import main
from click.testing import CliRunner
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
from hypothesis import settings
from ingested_rows import IDS
from sharing import copy_database, made_once, refuse_writing
from sizes import examples

from catalog import Catalog
from catalog.autoencoder.recipe import Recipe
from catalog.database import migration
from catalog.database.connection import Database
from catalog.database.migration import alchemy, configuration
from catalog.database.revision import REVISION

REPOSITORY = Path(__file__).parents[1]

settings.register_profile("sized", max_examples=examples(100))
settings.load_profile("sized")

N_STAR = 40
MANGAIDS = [f"7-{number:08d}" for number in range(N_STAR)]
ODD = MANGAIDS[7]
"""A star with an emission line far above anything else."""

RECIPE = Recipe(window=(3700.0, 10200.0), layers=(64, 32), epochs=4, seed=3)
"""Small: the network of the paper's size is trained in tests/autoencoder, and in benchmarks."""


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real spectra; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("CATALOG_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "real_stars").is_dir():
        pytest.skip(f"no real spectra in {folder}; set CATALOG_TEST_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of all workers, in which nobody writes to a database once it is made."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "connect", refuse_writing(folder.resolve()))
        yield folder


@pytest.fixture(scope="session")
def survey(shared: Path) -> Path:
    """A folder with `small`, `large`, mastarall and the Gaia cross-match of 40 stars; one star is odd."""

    def make(folder: Path) -> None:
        flux = smooth_flux(N_STAR)
        flux[7, 3000:3010] *= 200
        small, large = flux[:30].copy(), flux.copy()
        small[0, :5], large[1, -9:] = 0, 0  # the paper's rule rejects these; a narrower window keeps them
        large[2, 2000] = 0  # and no window keeps this one
        write_combspec(folder / "lsfpercent60.0.fits.gz", MANGAIDS[:30], small)
        write_combspec(folder / "lsfpercent90.0.fits.gz", MANGAIDS, large)
        write_mastarall(folder / "mastarall.fits", MANGAIDS)
        write_gaia(folder / "gaiaedr3.fits", MANGAIDS)

    return made_once(shared, "survey", make)


@pytest.fixture(scope="session")
def blank(shared: Path) -> Path:
    """A database of the newest revision with nothing in it; take a copy."""
    return made_once(shared, "blank", lambda folder: Catalog(folder / "catalog.duckdb").upgrade()) / "catalog.duckdb"


@pytest.fixture(scope="session", autouse=True)
def new_databases(blank: Path) -> Iterator[None]:
    """A new database is a copy of the one that the migrations have made once; tests/database runs them for each."""

    def upgrade(database: Database) -> tuple[str | None, str]:
        if database.path.exists() or not database.path.parent.is_dir():
            return migration.upgrade(database)
        shutil.copy(blank, database.path)
        return None, REVISION

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("catalog.ingest.files.upgrade", upgrade)
        yield


@pytest.fixture(scope="session")
def of_revision(shared: Path) -> Callable[[str, Path], Path]:
    """Copies an empty database of an earlier revision to a path; all of them are made in one way up, once."""

    def make(folder: Path) -> None:
        config, path = configuration(), folder / "catalog.duckdb"
        revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
        for revision in reversed(revisions):
            with alchemy(Database(path)) as connection:
                config.attributes["connection"] = connection
                alembic.command.upgrade(config, revision)
            shutil.copy(path, folder / f"{revision}.duckdb")

    made = made_once(shared, "revisions", make)
    return lambda revision, path: Path(shutil.copy(made / f"{revision}.duckdb", path))


@pytest.fixture(scope="session")
def ingested(survey: Path, shared: Path) -> Path:
    """A database with the survey; read it, or take a copy."""
    made = made_once(shared, "ingested", lambda folder: Catalog(folder / "catalog.duckdb").ingest([survey]))
    return made / "catalog.duckdb"


@pytest.fixture(scope="session")
def scored(ingested: Path, shared: Path) -> Path:
    """A database with an ensemble of three small models that scored `large`; read it, or take a copy."""

    def make(folder: Path) -> None:
        catalog = Catalog(copy_database(ingested, folder))
        catalog.train("small", RECIPE, models=3, name="test")
        catalog.score("large")

    return made_once(shared, "scored", make) / "catalog.duckdb"


@pytest.fixture(scope="session")
def scored_by_paper(ingested: Path, shared: Path) -> Path:
    """The same with models of the paper's size and two epochs, where what they make of a spectrum matters."""

    def make(folder: Path) -> None:
        catalog = Catalog(copy_database(ingested, folder))
        catalog.train("small", Recipe(window=RECIPE.window, epochs=2, seed=3), models=3, name="test")
        catalog.score("large")

    return made_once(shared, "scored_by_paper", make) / "catalog.duckdb"


@pytest.fixture(scope="session")
def visited(scored: Path, shared: Path) -> Path:
    """The scored database with two more datasets that it has scored; read it, or take a copy.

    `visits`: two of one star, the first with quality bits, and one of another star, all masked, whose visit table is
    not there; `bare`: two spectra without ivar and mask, the first with one pixel a thousand times too bright.
    """

    def make(folder: Path) -> None:
        flux = smooth_flux(5, seed=4)
        flux[3, 2500] *= 1000
        visits = {
            "PLATE": np.array([9000, 9001, 9000], np.int32),
            "IFUDESIGN": np.array(["12701"] * 3),
            "MJD": np.array([58000, 58001, 58000], np.int32),
            "MJDQUAL": np.array([1 << 5 | 1 << 10 | 1 << 20, 0, 0], np.int32),
            "MASK": np.repeat([[0], [0], [1]], N_PIXEL, axis=1).astype(np.int32),
        }
        star, other = MANGAIDS[3:5]
        write_combspec(folder / "mastar-goodspec.fits", [star, star, other], flux[:3], **visits)
        columns = {"MANGAID": np.array([star, other]), "WAVE": np.tile(WAVELENGTH, (2, 1)), "FLUX": flux[3:]}
        write_table(folder / "bare.fits", columns)
        catalog = Catalog(copy_database(scored, folder))
        catalog.ingest([folder / "mastar-goodspec.fits"])
        catalog.ingest([folder / "bare.fits"], dataset="bare")
        for dataset in ("visits", "bare"):
            catalog.score(dataset)

    return made_once(shared, "visited", make) / "catalog.duckdb"


@pytest.fixture
def copy_of(tmp_path: Path) -> Callable[[Path], Path]:
    """Copies a database with its weights, to be changed."""
    return lambda database: copy_database(database, tmp_path)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command `catalog` in this process: what it prints and how it ends is that of the program.

    Options are `input` (text of standard input), `env` (variables beside those that are there) and `cwd`. Where the
    process is the point (locks, kills, signals, streams, what is imported), take `run_process`.
    """

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        words = [str(argument) for argument in arguments]
        with monkeypatch.context() as patch:
            if "cwd" in options:
                patch.chdir(Path(str(options["cwd"])))
            done = CliRunner().invoke(
                main, words, input=options.get("input"), env=options.get("env"), prog_name="catalog"
            )  # type: ignore[arg-type]
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def run_process() -> Callable[..., subprocess.CompletedProcess[str]]:
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
