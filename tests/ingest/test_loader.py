"""What of a file becomes which row: ids, sentinels, releases, visits, arrays bit for bit."""

import logging
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
    write_table,
    write_tables,
    write_visits,
)
from ingested_rows import IDS, one

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.surveys.mock.survey import MockSurvey, write_mock


def test_a_star_known_from_one_file_is_completed_by_another(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    write_combspec(tmp_path / "lsfpercent60.0.fits", IDS[:2], smooth_flux(2))
    catalog.ingest([tmp_path / "lsfpercent60.0.fits"])
    assert one(catalog.database.path, "SELECT count(*), count(ra) FROM star") == (2, 0)
    catalog.ingest([write_mastarall(tmp_path / "mastarall.fits", IDS)])
    assert one(catalog.database.path, "SELECT count(*), count(ra), count(DISTINCT star_id) FROM star") == (4, 4, 4)


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


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of a mock survey with visits, beside its files."""
    folder = tmp_path_factory.mktemp("mock")
    write_mock(folder / "files", MockSurvey(60, visits=True))
    Catalog(folder / "c.duckdb").ingest([folder / "files"])
    return folder / "c.duckdb"


def test_both_tables_of_the_summary_catalog_are_loaded(mock: Path) -> None:
    (path,) = mock.with_name("files").glob("mastarall-v3*")
    stars, rows = fits.getdata(path, 1), fits.getdata(path, 2)
    assert one(mock, "SELECT count(*) FROM star") == (len(stars),)
    loaded = one(mock, f"SELECT product, n_row FROM source_file WHERE name = '{path.name}'")
    assert loaded == ("mastarall", len(stars) + len(rows))
    names = """plate, ifudesign, mjd, exptime, n_exposure, n_exposure_used, velocity, velocity_error, velocity_errcode,
               star_velocity, star_velocity_error, star_velocity_errcode, n_velocity, velocity_varies, velocity_change,
               mjdqual, snr, snr10, bad_pixel_fraction, bp_rp_error, coord_source"""
    columns = """PLATE IFUDESIGN MJD EXPTIME NEXP_VISIT NEXP_USED HELIOV_VISIT VERR_VISIT V_ERRCODE_VISIT HELIOV VERR
                 V_ERRCODE NVELGOOD VELVARFLAG DV_MAXSIG MJDQUAL S2N S2N10 BADPIXFRAC BPRPERR_SP COORD_SOURCE"""
    with duckdb.connect(mock, read_only=True) as connection:
        sql = f"SELECT mangaid, {names} FROM visit JOIN star USING (star_id)"
        found = {tuple(row) for row in connection.execute(sql).fetchall()}
    assert found == {tuple(row[name] for name in ["MANGAID", *columns.split()]) for row in rows}


def test_visits_join_their_spectra(mock: Path) -> None:
    joined = """FROM spectrum JOIN dataset USING (dataset_id) JOIN visit USING (star_id, plate, ifudesign, mjd)
                WHERE dataset.name = 'visits'"""
    n = one(mock, "SELECT count(*) FROM visit")
    assert one(mock, f"SELECT count(*) {joined} AND spectrum.snr = visit.snr") == n
    assert one(mock, f"SELECT count(*) {joined} AND spectrum.mjdqual = visit.mjdqual") == n


def test_quality_bits_have_names(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    mjdqual = np.array([0, 1 << 9 | 1 << 10, 1 << 30, 1 << 20 | 1], np.int32)
    catalog.ingest([write_visits(tmp_path / "visits.fits", IDS, MJDQUAL=mjdqual)])
    found = catalog.query("SELECT mangaid, mjd, bit, flag FROM visit_flag ORDER BY mjd, bit")
    flags = [(58001, 9, "LOWSN"), (58001, 10, "MULTIFIBER"), (58002, 30, "CRITICAL"), (58003, 0, "NODATA")]
    assert [tuple(row) for row in found["mjd", "bit", "flag"][:4].iterrows()] == flags
    assert found["bit"][4] == 20
    assert found["flag"][4] is np.ma.masked
    assert list(found["mangaid"]) == [IDS[1], IDS[1], IDS[2], IDS[3], IDS[3]]


def test_a_file_of_visits_alone_and_visits_before_stars(tmp_path: Path) -> None:
    alone = write_visits(tmp_path / "visits.fits", [*IDS, IDS[0]])
    stars = write_mastarall(tmp_path / "stars.fits", IDS[:2])
    both = write_tables(tmp_path / "both.fits.gz", alone, stars)
    done = Catalog(tmp_path / "alone.duckdb").ingest([alone])
    assert (done[0].product, done[0].n_row_of) == ("goodvisits", {"goodvisits": 5})
    done = Catalog(tmp_path / "both.duckdb").ingest([both])
    assert (done[0].n_row, done[0].n_row_of) == (7, {"goodvisits": 5, "mastarall": 2})
    counts = "SELECT (SELECT count(*) FROM visit), (SELECT count(*) FROM star), (SELECT count(n_visits) FROM star)"
    assert one(tmp_path / "alone.duckdb", counts) == (5, 4, 0)
    assert one(tmp_path / "both.duckdb", counts) == (5, 4, 2)


def test_bad_stars_behind_the_good_ones_are_not_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good = write_mastarall(tmp_path / "good.fits", IDS[:2])
    every = write_mastarall(tmp_path / "every.fits", IDS)
    path = write_tables(tmp_path / "mastarall.fits", good, every, write_visits(tmp_path / "visits.fits", IDS[:2]))
    with caplog.at_level(logging.DEBUG, "catalog"):
        Catalog(tmp_path / "c.duckdb").ingest([path])
    assert one(tmp_path / "c.duckdb", "SELECT count(*), (SELECT count(*) FROM visit) FROM star") == (2, 2)
    assert "table 2 GOODSTARS has no place here, not read" in caplog.text


def test_columns_without_a_place_are_named_for_who_wants_to_know(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_visits(tmp_path / "visits.fits", IDS, PSFMAG=np.ones((4, 5), np.float32), DRPVER=np.array(["v"] * 4))
    with caplog.at_level(logging.DEBUG, "catalog"):
        Catalog(tmp_path / "c.duckdb").ingest([path])
    assert "columns of table 1 without a place here: DRPVER, PSFMAG" in caplog.text


def test_a_damaged_second_table_refuses_the_whole_file(tmp_path: Path) -> None:
    stars, visit = write_mastarall(tmp_path / "s.fits", IDS), write_visits(tmp_path / "v.fits", IDS * 200)
    for name in ("both.fits", "both.fits.gz"):
        path = write_tables(tmp_path / name, stars, visit)
        whole = path.read_bytes()
        for keep in (0.5, 0.9):
            path.write_bytes(whole[: int(len(whole) * keep)])
            with pytest.raises(CatalogError, match=r"both\.fits.*(ends after|truncated|cannot be read)"):
                Catalog(tmp_path / "c.duckdb").ingest([path])
    assert not (tmp_path / "c.duckdb").exists()


def test_a_damaged_table_that_is_not_wanted_refuses_the_file_too(tmp_path: Path) -> None:
    other = write_table(tmp_path / "other.fits", {"X": np.ones(5000)})
    path = write_tables(tmp_path / "both.fits", write_mastarall(tmp_path / "s.fits", IDS), other)
    path.write_bytes(path.read_bytes()[:-9000])
    with pytest.raises(CatalogError, match="truncated"):
        Catalog(tmp_path / "c.duckdb").ingest([path])


def test_newer_visits_replace_older_ones(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([write_visits(tmp_path / "old.fits", IDS)])
    catalog.ingest([write_visits(tmp_path / "new.fits", IDS[:2], EXPTIME=np.full(2, 450, np.float32))])
    assert one(catalog.database.path, "SELECT count(*), sum(exptime) FROM visit") == (4, 2 * 450 + 2 * 900)


def test_a_visit_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = write_visits(tmp_path / "visits.fits", ["7-1", "7-1"], MJD=np.full(2, 58000, np.int32))
    with pytest.raises(CatalogError, match="star 7-1 would stand 2 times in visit with the same plate, ifudesign, mjd"):
        Catalog(tmp_path / "c.duckdb").ingest([path])


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
