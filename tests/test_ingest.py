"""Files into tables: whole or not at all, once, in any order."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import duckdb
import numpy as np
import pytest
from astropy.io import fits
from conftest import MANGAIDS
from files import (
    WAVELENGTH,
    smooth_flux,
    write_combspec,
    write_gaia,
    write_mastarall,
    write_parameters,
    write_table,
)

from catalog import Catalog
from catalog.errors import CatalogError

IDS = ["13-0", "3-33352569", "7-00370620", "60-1436778955512349056"]

ROWS = {
    "star": "SELECT * EXCLUDE (star_id, source_file_id) FROM star",
    "gaia": "SELECT mangaid, * EXCLUDE (star_id, source_file_id) FROM gaia_match JOIN star USING (star_id)",
    "parameter": """SELECT mangaid, p.* EXCLUDE (star_id, source_file_id)
                    FROM stellar_parameter p JOIN star USING (star_id)""",
    "spectrum": """SELECT mangaid, dataset.name, spectrum.* EXCLUDE (spectrum_id, dataset_id, star_id, source_file_id),
                   hash(flux), hash(ivar), hash(mask)
                   FROM spectrum JOIN spectrum_array USING (spectrum_id) JOIN star USING (star_id)
                   JOIN dataset USING (dataset_id)""",
    "dataset": "SELECT * EXCLUDE (dataset_id, grid_id) FROM dataset",
    "source_file": "SELECT * EXCLUDE (source_file_id, ingested_at) FROM source_file",
    "wavelength_grid": "SELECT * FROM wavelength_grid",
}


def contents(database: Path) -> dict[str, list[tuple]]:
    """Every row of the ingested tables, without the numbers that depend on the order of the files."""
    with duckdb.connect(database, read_only=True) as connection:
        return {name: sorted(connection.execute(sql).fetchall(), key=repr) for name, sql in ROWS.items()}


def one(database: Path, sql: str) -> tuple:
    with duckdb.connect(database, read_only=True) as connection:
        (row,) = connection.execute(sql).fetchall()
        return row


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


# Nothing is lost


def test_any_order_of_files_gives_the_same_rows(folder: Path, tmp_path: Path) -> None:
    files = sorted(folder.glob("*.fits*"))[:5]
    files = [file for file in files if file.name != "other.fits"]
    expected = None
    for number, order in enumerate(list(permutations(files))[::5]):
        database = tmp_path / f"{number}.duckdb"
        Catalog(database).ingest(order)
        found = contents(database)
        expected = expected or found
        assert found == expected


def test_a_star_known_from_one_file_is_completed_by_another(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    write_combspec(tmp_path / "lsfpercent60.0.fits", IDS[:2], smooth_flux(2))
    catalog.ingest([tmp_path / "lsfpercent60.0.fits"])
    assert one(catalog.database.path, "SELECT count(*), count(ra) FROM star") == (2, 0)
    catalog.ingest([write_mastarall(tmp_path / "mastarall.fits", IDS)])
    assert one(catalog.database.path, "SELECT count(*), count(ra), count(DISTINCT star_id) FROM star") == (4, 4, 4)


def test_a_file_loaded_before_is_skipped_even_under_another_name(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([folder])
    before = contents(catalog.database.path)
    (folder / "mastarall.fits").rename(folder / "renamed.fits")
    done = catalog.ingest([folder])
    assert all(file.skipped for file in done)
    assert "already loaded as mastarall.fits" in next(f.skipped for f in done if f.path.name == "renamed.fits")
    assert contents(catalog.database.path) == before


def test_a_folder_may_hold_other_fits_files(folder: Path, tmp_path: Path) -> None:
    done = Catalog(tmp_path / "c.duckdb").ingest([folder])
    assert [file.path.name for file in done if file.skipped] == ["other.fits"]


def test_one_bad_file_leaves_the_others_unloaded_and_the_database_as_it_was(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([folder / "mastarall.fits"])
    before = contents(catalog.database.path)
    spectra = folder / "mastar-combspec-lsfpercent90.0.fits.gz"
    spectra.write_bytes(spectra.read_bytes()[:-20_000])
    with pytest.raises(CatalogError, match="truncated"):
        catalog.ingest([folder])
    assert contents(catalog.database.path) == before


def test_a_failure_leaves_no_new_database(folder: Path, tmp_path: Path) -> None:
    spectra = folder / "mastar-combspec-lsfpercent90.0.fits.gz"
    spectra.write_bytes(spectra.read_bytes()[:-20_000])
    with pytest.raises(CatalogError, match="truncated"):
        Catalog(tmp_path / "c.duckdb").ingest([spectra])
    assert not (tmp_path / "c.duckdb").exists()


@pytest.mark.parametrize("delay", [0.0, 0.3, 0.6])
def test_killed_and_run_again_gives_the_rows_of_an_uninterrupted_run(tmp_path: Path, delay: float) -> None:
    flux = smooth_flux(800)
    mangaid = [f"7-{number}" for number in range(800)]
    files = tmp_path / "files"
    files.mkdir()
    write_combspec(files / "lsfpercent60.0.fits", mangaid, flux)
    write_combspec(files / "lsfpercent90.0.fits", mangaid, flux[::-1])
    whole = Catalog(tmp_path / "whole.duckdb")
    whole.ingest([files])
    database = tmp_path / "killed.duckdb"
    command = [sys.executable, "-m", "catalog.cli", "--database", str(database), "ingest", str(files)]
    process = subprocess.Popen(command)
    while not (database.exists() and database.stat().st_size > 2_000_000) and process.poll() is None:
        time.sleep(0.01)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    Catalog(database).ingest([files])
    assert contents(database) == contents(whole.database.path)


def test_a_full_disk_changes_nothing(tmp_path: Path, run: Callable) -> None:
    """A limit on the size of files stands for the disk: writing past it fails in the same place."""
    write_combspec(tmp_path / "lsfpercent60.0.fits", [f"7-{i}" for i in range(300)], smooth_flux(300))
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([write_mastarall(tmp_path / "mastarall.fits", IDS)])
    before = contents(database)
    limit = f"ulimit -f {(database.stat().st_size + 4_000_000) // 1024}"
    command = f"{limit}; trap '' XFSZ; exec {sys.executable} -m catalog.cli --database {database} ingest {tmp_path}"
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "disk is full" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert contents(database) == before


# What is read


def test_sentinels_become_null(folder: Path, tmp_path: Path) -> None:
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([folder])
    assert one(database, "SELECT count(*), count(input_logg), count(input_teff) FROM star") == (5, 0, 3)
    unmatched = (
        "FROM gaia_match JOIN star USING (star_id) WHERE mangaid = '60-1436778955512349056' AND gaia_release = 'EDR3'"
    )
    assert one(database, f"SELECT source_id, g_mag, bp_rp, abs_g, distance_pc, simbad_otype {unmatched}") == (None,) * 6
    assert one(database, "SELECT count(*) FROM stellar_parameter WHERE teff IS NULL") == (0,)
    assert one(database, "SELECT count(*) FROM stellar_parameter WHERE source = 'v2 MED'") == (3,)
    assert one(database, "SELECT count(*) FROM stellar_parameter WHERE source = 'v2 JI' AND teff_error = 70") == (3,)


def test_null_ids_and_fast_stars_and_logical_flags(tmp_path: Path) -> None:
    """TNULL beside a 19-digit id, a proper motion beyond the sentinel of other columns, FITS logicals."""
    columns = [
        fits.Column("MANGAID", "22A", array=np.array(["7-1", "7-2", "7-3"])),
        fits.Column("SOURCE_ID", "K", null=-1, array=np.array([1436778955512349057, -1, 5])),
        fits.Column("R_MED_PHOTOGEO", "E", array=np.ones(3)),
        fits.Column("PMRA", "E", array=np.array([-3781.7, -999, -999.5], np.float32)),
        fits.Column("GAIA_CLEANMATCH", "L", array=np.array([True, False, False])),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "gaia.fits")
    Catalog(tmp_path / "c.duckdb").ingest([tmp_path / "gaia.fits"])
    with duckdb.connect(tmp_path / "c.duckdb") as connection:
        found = connection.execute("SELECT source_id, pmra, clean_match FROM gaia_match ORDER BY star_id").fetchall()
    assert [row[0] for row in found] == [1436778955512349057, None, 5]
    assert [row[1] for row in found] == [pytest.approx(-3781.7), None, pytest.approx(-999.5)]
    assert [row[2] for row in found] == [True, False, False]


def test_parameters_that_the_survey_calls_invalid_are_left_out(tmp_path: Path) -> None:
    columns = {"MANGAID": np.array(["7-1", "7-2"])}
    for name in ("TEFF_MED", "TEFF_JI"):
        columns[name] = np.array([5000, 9000], np.float32)
    columns["VALID_JI"] = np.array([1, 0], np.int16)
    Catalog(tmp_path / "c.duckdb").ingest([write_table(tmp_path / "params-v2.fits", columns)])
    rows = """SELECT string_agg(mangaid || ' ' || source, ', ' ORDER BY mangaid, source)
              FROM stellar_parameter JOIN star USING (star_id)"""
    assert one(tmp_path / "c.duckdb", rows) == ("7-1 v2 JI, 7-1 v2 MED, 7-2 v2 MED",)


def visits(path: Path, mangaid: list[str]) -> Path:
    n = len(mangaid)
    columns = {"PLATE": np.arange(9000, 9000 + n), "MJD": np.arange(58000, 58000 + n)}
    return write_combspec(path, mangaid, smooth_flux(n), **columns)


def test_visits_of_a_star_are_told_apart(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([visits(tmp_path / "goodspec.fits", ["7-1", "7-1", "7-2"])])
    with pytest.raises(CatalogError, match="choose plate and mjd: 9000 58000, 9001 58001"):
        catalog.spectrum("7-1", "visits")
    assert catalog.spectrum("7-1", "visits", plate=9001).meta["mjd"] == 58001


def test_bad_visits_stay_apart_from_good_ones(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest(
        [visits(tmp_path / "mastar-goodspec.fits", ["7-1"]), visits(tmp_path / "mastar-badspec.fits", ["7-2"])]
    )
    assert list(catalog.status()[0]["dataset"]) == ["visits", "bad-visits"]


def test_a_table_of_the_user_does_not_come_between(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.upgrade()
    with duckdb.connect(catalog.database.path) as connection:
        connection.execute("CREATE TABLE incoming AS SELECT '9-9' AS mangaid, 1 AS position")
    catalog.ingest([write_mastarall(tmp_path / "mastarall.fits", IDS)])
    assert one(catalog.database.path, "SELECT count(*), count(*) FILTER (mangaid = '9-9') FROM star") == (4, 0)


def test_a_creation_that_was_killed_is_gone_on_with(tmp_path: Path) -> None:
    """What a killed run can leave: an empty file, or a new database under its provisional name."""
    path = write_mastarall(tmp_path / "mastarall.fits", IDS)
    duckdb.connect(tmp_path / "empty.duckdb").close()
    Catalog(tmp_path / "left.duckdb.partial").upgrade()
    for name in ("empty", "left"):
        Catalog(tmp_path / f"{name}.duckdb").ingest([path])
        assert one(tmp_path / f"{name}.duckdb", "SELECT count(*) FROM star") == (4,)
    assert not list(tmp_path.glob("*.partial"))


def test_a_loaded_file_is_not_loaded_into_another_dataset(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    path = write_combspec(tmp_path / "lsfpercent60.0.fits", IDS, smooth_flux(4))
    catalog.ingest([path])
    with pytest.raises(CatalogError, match="loaded already, into dataset small"):
        catalog.ingest([path], dataset="mine")
    with pytest.raises(CatalogError, match="blank"):
        catalog.ingest([path], dataset=" ")


def test_a_folder_may_hold_images_and_hidden_files(folder: Path, tmp_path: Path) -> None:
    fits.PrimaryHDU(np.ones((3, 3))).writeto(folder / "image.fits")
    (folder / "._mastarall.fits").write_bytes(b"\0")
    (folder / "gone.fits").symlink_to(folder / "nowhere")
    done = Catalog(tmp_path / "c.duckdb").ingest([folder])
    assert sorted(file.path.name for file in done if file.skipped) == ["image.fits", "other.fits"]


def test_gaia_ids_are_exact_and_releases_stay_apart(folder: Path, tmp_path: Path) -> None:
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([folder])
    assert one(database, "SELECT min(source_id) FROM gaia_match WHERE gaia_release = 'EDR3'") == (2**60 + 1,)
    assert one(database, "SELECT count(*) FROM gaia_match") == (8,)
    assert one(database, "SELECT count(*), any_value(gaia_release) FROM cmd WHERE gaia_release IS NOT NULL") == (
        4,
        "EDR3",
    )


def test_a_newer_catalog_of_matches_replaces_the_older(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([folder])
    catalog.ingest([write_gaia(tmp_path / "newer.fits", IDS, M_G=np.full(4, 7, np.float32))])
    matches = "FROM gaia_match WHERE gaia_release = 'EDR3'"
    assert one(catalog.database.path, f"SELECT count(*), min(abs_g) {matches}") == (4, 7)


def test_ids_are_text_to_the_last_zero(folder: Path, tmp_path: Path) -> None:
    Catalog(tmp_path / "c.duckdb").ingest([folder])
    with duckdb.connect(tmp_path / "c.duckdb") as connection:
        ids = {row[0] for row in connection.execute("SELECT mangaid FROM star").fetchall()}
    assert ids == {*IDS, "7-only-here"}


def test_each_percentile_is_a_dataset(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    for percentile in ("60.0", "75.0", "90.0", "99.5"):
        write_combspec(tmp_path / f"lsfpercent{percentile}.fits", IDS, smooth_flux(4, seed=int(float(percentile))))
    catalog.ingest([tmp_path])
    assert list(catalog.status()[0]["dataset"]) == ["small", "lsf75", "large", "lsf99.5"]


def test_spectra_without_ivar_and_mask_are_taken(tmp_path: Path) -> None:
    columns = {"MANGAID": np.array(IDS), "WAVE": np.tile(WAVELENGTH, (4, 1)), "FLUX": smooth_flux(4)}
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([write_table(tmp_path / "lsfpercent60.0.fits", columns)])
    assert catalog.spectrum(IDS[0], "small").colnames == ["wavelength", "flux"]


def test_repeated_ingests_stay_near_the_size_of_their_data(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    sizes = []
    for part in range(4):
        path = tmp_path / f"part{part}.fits"
        write_combspec(path, [f"7-{part}-{i}" for i in range(300)], smooth_flux(300, seed=part))
        catalog.ingest([path], dataset="small")
        sizes.append(catalog.database.path.stat().st_size)
    raw = 1200 * 4563 * 12
    assert sizes[-1] < 1.1 * raw


def test_memory_does_not_grow_with_the_number_of_spectra(tmp_path: Path) -> None:
    peaks = []
    for n in (1200, 3600):
        path = tmp_path / f"{n}.fits"
        write_combspec(path, [f"7-{i}" for i in range(n)], np.broadcast_to(smooth_flux(1), (n, 4563)))
        tracemalloc.start()
        Catalog(tmp_path / f"{n}.duckdb").ingest([path], dataset="small")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


# Bad input: one line, exit code 2, database unchanged


def without(column: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        columns = {"MANGAID": np.array(IDS), "WAVE": np.tile(WAVELENGTH, (4, 1)), "FLUX": smooth_flux(4)}
        write_table(path, {name: values for name, values in columns.items() if name != column})

    return write


def with_wave(wave: np.ndarray) -> Callable[[Path], None]:
    return lambda path: write_combspec(path, IDS, smooth_flux(4), WAVE=wave)


def shifted_in_row(row: int) -> np.ndarray:
    wave = np.tile(WAVELENGTH, (4, 1))
    wave[row] += 1e-9
    return wave


BAD = {
    "a file that is no FITS": (lambda path: path.write_text("MANGAID"), "not a FITS file"),
    "an image": (lambda path: fits.PrimaryHDU(np.ones(5)).writeto(path), "no binary table"),
    "no MANGAID": (without("MANGAID"), "no column MANGAID"),
    "no FLUX": (without("FLUX"), "lacks column FLUX"),
    "no WAVE": (without("WAVE"), "lacks column WAVE"),
    "a vector of the wrong length": (
        lambda path: write_combspec(path, IDS, smooth_flux(4), IVAR=np.ones((4, 4000), np.float32)),
        "IVAR has 4000 values a row, WAVE has 4563",
    ),
    "fewer pixels than the grid": (
        lambda path: write_table(
            path, {"MANGAID": np.array(IDS), "WAVE": np.tile(WAVELENGTH[:99], (4, 1)), "FLUX": np.ones((4, 99))}
        ),
        "99 pixels; a catalog holds spectra of 4563",
    ),
    "a grid that differs within the file": (with_wave(shifted_in_row(2)), "WAVE of row 3 differs from row 1"),
    "a grid that differs from the dataset's": (with_wave(np.tile(WAVELENGTH + 0.1, (4, 1))), "another wavelength grid"),
    "a grid that does not increase": (with_wave(np.tile(WAVELENGTH[::-1], (4, 1))), "does not increase"),
    "a grid with NaN": (with_wave(np.full((4, 4563), np.nan)), "does not increase"),
    "a blank id": (lambda path: write_combspec(path, ["7-1", "", "7-3"], smooth_flux(3)), "MANGAID of row 2 is blank"),
    "an id that is no plain text": (
        lambda path: write_table(path, {"MANGAID": np.array([b"7-\xe91"]), "TEFF_MED": np.ones(1, np.float32)}),
        "MANGAID of row 1 is not plain text",
    ),
    "a star twice in the summary catalog": (
        lambda path: write_mastarall(path, ["7-1", "7-1", "7-2"]),
        "its 3 rows name 2 stars",
    ),
    "an id in floating point": (
        lambda path: write_gaia(path, IDS, SOURCE_ID=np.full(4, 1.4e18)),
        "SOURCE_ID holds floating-point numbers",
    ),
    "a number that is too large": (
        lambda path: write_mastarall(path, IDS, NVISITS=np.full(4, 2**40)),
        "NVISITS of row 1 is 1099511627776, out of range",
    ),
    "two numbers where one belongs": (
        lambda path: write_mastarall(path, IDS, RA=np.ones((4, 2))),
        "RA holds 2 numbers a row where one belongs",
    ),
    "scalar WAVE and FLUX": (
        lambda path: write_table(path, {"MANGAID": np.array(IDS), "WAVE": np.ones(4), "FLUX": np.ones(4)}),
        "WAVE holds one number a row",
    ),
    "a MASK in floating point": (
        lambda path: write_combspec(path, IDS, smooth_flux(4), MASK=np.ones((4, 4563))),
        "MASK holds floating-point numbers",
    ),
    "the same star twice": (
        lambda path: write_combspec(path, ["7-1", "7-2", "7-1"], smooth_flux(3)),
        "star 7-1 would stand 2 times",
    ),
    "text where numbers belong": (
        lambda path: write_combspec(path, IDS, smooth_flux(4), FLUX=np.array(["x" * 4563] * 4)),
        "FLUX (holds no plain numbers|has 1 values)",
    ),
    "no rows": (
        lambda path: write_table(
            path, {"MANGAID": np.array(["7-1"]), "WAVE": WAVELENGTH[None], "FLUX": smooth_flux(1)}
        ).write_bytes(_without_rows(path)),
        "holds no spectrum",
    ),
}


def _without_rows(path: Path) -> bytes:
    data = path.read_bytes()[:8640].replace(b"NAXIS2  =                    1", b"NAXIS2  =                    0")
    return data[: len(data) // 2880 * 2880]


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_changes_nothing(name: str, tmp_path: Path, run: Callable) -> None:
    write, message = BAD[name]
    database = tmp_path / "c.duckdb"
    Catalog(database).ingest([write_combspec(tmp_path / "lsfpercent60.0.fits", IDS, smooth_flux(4, seed=9))])
    before = contents(database)
    bad = tmp_path / "bad-lsfpercent60.0.fits"
    write(bad)
    with pytest.raises(CatalogError, match=message) as raised:
        Catalog(database).ingest([bad])
    assert "\n" not in str(raised.value)
    assert "bad-lsfpercent60.0.fits" in str(raised.value)
    assert contents(database) == before


def test_the_command_line_says_one_line_and_exits_with_2(tmp_path: Path, run: Callable) -> None:
    done = run("--database", tmp_path / "c.duckdb", "ingest", tmp_path / "absent.fits")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: no file or folder {tmp_path / 'absent.fits'}\n"
    assert not (tmp_path / "c.duckdb").exists()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"no \.fits"):
        Catalog(tmp_path / "c.duckdb").ingest([tmp_path])


def test_a_name_without_a_percentile_needs_a_dataset(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    path = write_combspec(tmp_path / "spectra.fits", IDS, smooth_flux(4))
    with pytest.raises(CatalogError, match="give --dataset NAME"):
        catalog.ingest([path])
    assert catalog.ingest([path], dataset="mine")[0].dataset == "mine"


def test_other_resolution_does_not_mix_into_a_dataset(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([write_combspec(tmp_path / "lsfpercent60.0.fits", IDS, smooth_flux(4))])
    other = write_combspec(tmp_path / "lsfpercent90.0.fits", IDS, smooth_flux(4, seed=1))
    with pytest.raises(CatalogError, match="give another --dataset"):
        catalog.ingest([other], dataset="small")


@pytest.mark.skipif(os.name != "posix", reason="file locks are tested as POSIX has them")
def test_a_locked_database_names_its_holder(tmp_path: Path, run: Callable) -> None:
    database = tmp_path / "c.duckdb"
    path = write_mastarall(tmp_path / "mastarall.fits", IDS)
    Catalog(database).ingest([path])
    hold = f"import duckdb, sys; c = duckdb.connect({str(database)!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        for command in (["ingest", path], ["outliers"], ["db", "upgrade"]):
            done = run("--database", database, *command)
            assert done.returncode == 2
            assert f"in use by process {holder.pid}" in done.stderr
            assert len(done.stderr.splitlines()) == 1
        assert holder.stdin is not None
        holder.stdin.close()


# Real spectra


def test_real_stars(real_data: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([real_data / "real_stars"])
    datasets, _ = catalog.status()
    assert list(datasets.iterrows("dataset", "n_spectrum", "n_usable")) == [("small", 849, 102), ("large", 1081, 137)]
    assert one(catalog.database.path, "SELECT count(*) FROM star") == (1081,)
    assert all(file.skipped for file in catalog.ingest([real_data / "real_stars"]))


def test_real_visits_are_bit_for_bit_what_the_file_holds(real_data: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([real_data / "mastar_examples"])
    path = next((real_data / "mastar_examples").glob("*goodspec*"))
    rows = fits.getdata(path, 1)
    assert len(rows) == 7
    for row in rows:
        spectrum = catalog.spectrum(row["MANGAID"], "visits")
        for name, column in (("wavelength", "WAVE"), ("flux", "FLUX"), ("ivar", "IVAR"), ("mask", "MASK")):
            values = np.asarray(spectrum[name])
            assert values.tobytes() == row[column].astype(values.dtype).tobytes()
            assert values.dtype.itemsize == row[column].dtype.itemsize
    unusable = catalog.query("SELECT reject_reason FROM spectrum WHERE NOT usable")
    assert len(unusable) == 5
    assert all("zero flux" in reason for reason in unusable["reject_reason"])


def test_shared_ids_of_the_fixture_are_the_surveys(ingested: Path) -> None:
    assert one(ingested, "SELECT count(*) FROM star") == (len(MANGAIDS),)
