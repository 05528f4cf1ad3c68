"""The files of a mock survey: the MaStar reader takes them for real, and they agree with the truth beside them."""

import csv
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.spectra.quality import usable_rows
from catalog.surveys.fits_table import open_table
from catalog.surveys.mock import survey as mock
from catalog.surveys.mock.features import air_to_vacuum
from catalog.surveys.mock.grid import WAVELENGTH
from catalog.surveys.mock.oddities import ODDITIES
from catalog.surveys.mock.survey import MockSurvey, recorded_survey, write_mock
from catalog.surveys.recognition import recognise

SURVEY = MockSurvey(n_star=250, seed=1, anomaly_fraction=0.1, visits=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mock") / "new" / "survey"
    assert write_mock(path, SURVEY)
    return path


def read(path: Path, extension: int = 1) -> np.ndarray:
    return fits.getdata(path, extension)


def text(column: np.ndarray) -> list[str]:
    return [value.strip() for value in column]


def truth(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("file", "product"),
    [
        (mock.MASTARALL, "mastarall"),
        (mock.GAIA, "gaia_edr3"),
        (mock.STELLAR_PARAMETERS, "parameters"),
        (mock.SMALL, "combspec"),
        (mock.LARGE, "combspec"),
        (mock.VISITS, "goodspec"),
    ],
)
def test_every_file_is_recognised(folder: Path, file: str, product: str) -> None:
    with open_table(folder / file) as table:
        recognised = recognise(table.columns)
        assert recognised is not None
        assert recognised.name == product
        assert table.primary["MOCKSTAR"] == SURVEY.n_star


@pytest.mark.parametrize(
    ("file", "first_byte", "row_bytes"), [("VISITS", 11520, 127936), ("STELLAR_PARAMETERS", 17280, 324)]
)
def test_rows_begin_at_the_byte_that_mastars_do(folder: Path, file: str, first_byte: int, row_bytes: int) -> None:
    path = folder / getattr(mock, file)
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = read(path)
    assert rows.dtype.itemsize == row_bytes
    assert len(data) == first_byte + -(-row_bytes * len(rows) // 2880) * 2880
    for index in (0, 1, len(rows) - 1):
        start = first_byte + row_bytes * index
        assert data[start + 12 : start + 34].decode() == f"{text(rows['MANGAID'])[index]:<22}"


def test_files_agree_on_the_stars(folder: Path) -> None:
    listed = truth(folder)
    ids = [row["mangaid"] for row in listed]
    for file in (mock.MASTARALL, mock.GAIA, mock.STELLAR_PARAMETERS, mock.LARGE):
        assert text(read(folder / file)["MANGAID"]) == ids
    assert text(read(folder / mock.SMALL)["MANGAID"]) == [row["mangaid"] for row in listed if row["in_small"] == "True"]
    n_visits = read(folder / mock.MASTARALL)["NVISITS"]
    visits, spectra = read(folder / mock.MASTARALL, 2), read(folder / mock.VISITS)
    assert text(visits["MANGAID"]) == list(np.repeat(ids, n_visits)) == text(spectra["MANGAID"])
    assert np.array_equal(visits["MJD"], spectra["MJD"])
    keys = set(zip(text(visits["MANGAID"]), visits["PLATE"].tolist(), visits["MJD"].tolist(), strict=True))
    assert len(keys) == len(visits)


def test_the_truth_names_kind_and_strength(folder: Path) -> None:
    odd = [row for row in truth(folder) if row["kind"]]
    assert len(odd) == 25
    assert {row["kind"] for row in odd} <= set(ODDITIES)
    assert all(float(row["strength"]) > 0 for row in odd)
    assert all(float(row["strength"]) == 0 for row in truth(folder) if not row["kind"])


@pytest.mark.parametrize(("file", "lowest", "highest"), [(mock.SMALL, 0.08, 0.25), (mock.LARGE, 0.2, 0.37)])
def test_the_paper_s_rule_rejects_most(folder: Path, file: str, lowest: float, highest: float) -> None:
    """Section 2.1: 2770 and 6522 spectra are left, of some 18,000 and 23,000."""
    flux = read(folder / file)["FLUX"]
    assert lowest < usable_rows(flux).mean() < highest
    within = (WAVELENGTH > 3700) & (WAVELENGTH < 10200)
    assert usable_rows(flux[:, within]).mean() > 0.9


def test_empty_pixels_have_no_data_and_say_so(folder: Path) -> None:
    spectra = read(folder / mock.SMALL)
    empty = spectra["IVAR"] == 0
    assert np.all(spectra["FLUX"][empty] == 0)
    assert np.all(spectra["MASK"][empty] != 0)
    assert set(np.count_nonzero(empty[:, -100:], axis=1)) <= {0, *range(5, 14)}
    assert set(np.count_nonzero(empty[:, :100], axis=1)) <= {0, *range(5, 14)}


def test_visits_say_what_their_spectra_hold(folder: Path) -> None:
    spectra = read(folder / mock.VISITS)
    assert spectra["BADPIXFRAC"] == pytest.approx(np.mean(spectra["IVAR"] == 0, axis=1), abs=1e-6)
    snr = np.median(spectra["FLUX"] * np.sqrt(spectra["IVAR"]), axis=1)
    odd = {row["mangaid"] for row in truth(folder) if row["kind"]}
    ordinary = np.array([mangaid not in odd for mangaid in text(spectra["MANGAID"])])
    assert np.median(np.abs(snr / spectra["S2N"] - 1)[ordinary]) < 0.02


def test_noise_agrees_with_ivar(folder: Path) -> None:
    spectra = read(folder / mock.LARGE)
    # Between 9700 and 10000 Angstrom few stars have lines: what differs from pixel to pixel is noise.
    window = slice(4280, 4410)
    flux, sigma = spectra["FLUX"][:, window], spectra["IVAR"][:, window] ** -0.5
    scatter = np.diff(flux, axis=1).std(axis=1) / np.sqrt(2)
    assert 0.8 < np.median(scatter / np.median(sigma, axis=1)) < 1.25


def test_sigma_rises_where_the_throughput_falls(folder: Path) -> None:
    spectra = read(folder / mock.LARGE)
    good = (spectra["IVAR"] > 0).all(axis=1)
    relative = 1 / np.sqrt(spectra["IVAR"][good]) / np.maximum(spectra["FLUX"][good], 1e-3)
    middle = np.median(relative[:, (WAVELENGTH > 7000) & (WAVELENGTH < 8000)], axis=1)
    assert np.median(np.median(relative[:, -60:], axis=1) / middle) > 2


def test_small_is_sharper_than_large(folder: Path) -> None:
    large = {mangaid: row for row, mangaid in enumerate(text(read(folder / mock.LARGE)["MANGAID"]))}
    small, poor = read(folder / mock.SMALL), read(folder / mock.LARGE)
    deeper = []
    near = np.abs(WAVELENGTH - air_to_vacuum(8542.09)) < 12
    for row, mangaid in enumerate(text(small["MANGAID"])):
        both = small["FLUX"][row, near], poor["FLUX"][large[mangaid], near]
        deeper.append(both[0].min() / np.median(both[0]) < both[1].min() / np.median(both[1]))
    assert np.mean(deeper) > 0.7


def test_gaia_sees_what_the_truth_says(folder: Path) -> None:
    gaia, listed = read(folder / mock.GAIA), truth(folder)
    matched = gaia["SOURCE_ID"] > 0
    colour, abs_g = (np.array([float(row[name]) for row in listed]) for name in ("bp_rp0", "abs_g"))
    assert np.median(np.abs(gaia["BPRPC"] - colour)[matched]) < 0.05
    assert np.median(np.abs(gaia["M_G"] - abs_g)[matched]) < 0.1
    before_correction = gaia["PHOT_G_MEAN_MAG"][matched] - 5 * np.log10(gaia["R_MED_PHOTOGEO"][matched] / 10)
    assert np.all(before_correction - gaia["M_G"][matched] > -0.5)


def test_the_catalog_loads_all_of_it_and_knows_that_it_is_a_mock(folder: Path, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([folder])
    datasets = {(row["name"], row["release"]) for row in catalog.query("SELECT name, release FROM dataset")}
    assert datasets == {("small", "mock"), ("large", "mock"), ("visits", "mock")}
    (row,) = catalog.query("SELECT count(*) AS n FROM cmd WHERE bp_rp0 IS NOT NULL")
    assert row["n"] >= 0.98 * SURVEY.n_star


def test_the_same_survey_has_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("first", 3), ("second", 3), ("other", 4)):
        write_mock(tmp_path / name, MockSurvey(20, seed))
    first, second, other = (contents(tmp_path / name) for name in ("first", "second", "other"))
    assert first == second
    assert all(first[name] != other[name] for name in first)


@pytest.mark.parametrize("n_star", [1, 2, 7])
def test_even_a_few_stars_are_a_survey(tmp_path: Path, n_star: int) -> None:
    write_mock(tmp_path, MockSurvey(n_star, anomaly_fraction=1.0))
    assert len(truth(tmp_path)) == n_star


def test_a_survey_already_there_is_kept_and_another_mock_replaced(tmp_path: Path) -> None:
    assert write_mock(tmp_path, MockSurvey(10, visits=True))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert not write_mock(tmp_path, MockSurvey(10, visits=True))
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert write_mock(tmp_path, MockSurvey(12))
    assert recorded_survey(tmp_path) == MockSurvey(12)
    assert not (tmp_path / mock.VISITS).exists()


def test_an_interrupted_mock_is_made_again(tmp_path: Path) -> None:
    write_mock(tmp_path, MockSurvey(10))
    whole = contents(tmp_path)
    (tmp_path / mock.LARGE).rename(tmp_path / f"{mock.LARGE}.part")
    assert write_mock(tmp_path, MockSurvey(10))
    assert {name: whole[name] for name in whole} == {name: contents(tmp_path)[name] for name in whole}


def test_a_failure_in_the_middle_leaves_no_file_under_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> np.ndarray:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mock, "goodstars", fail)
    with pytest.raises(CatalogError, match=r"cannot be written .*No space left on device"):
        write_mock(tmp_path, MockSurvey(10))
    assert not (tmp_path / mock.MASTARALL).exists()
    assert not (tmp_path / "truth.csv").exists()
    assert recorded_survey(tmp_path) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_star": 0}, "a survey of 0 stars"),
        ({"n_star": -5}, "a survey of -5 stars"),
        ({"seed": -1}, "seed -1"),
        ({"anomaly_fraction": 1.5}, "anomaly fraction 1.5"),
        ({"anomaly_fraction": float("nan")}, "anomaly fraction nan"),
    ],
)
def test_senseless_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        MockSurvey(**arguments)


@pytest.mark.parametrize("name", ["notes.txt", mock.LARGE, "truth.csv"])
def test_other_files_are_never_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"the user's own")
    with pytest.raises(CatalogError, match=r"is not of a mock survey; give a new or an empty folder"):
        write_mock(tmp_path, MockSurvey(10))
    assert contents(tmp_path) == {name: b"the user's own"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatalogError, match="cannot be written"):
        write_mock(tmp_path / "file", MockSurvey(10))


def test_mock_and_real_spectra_do_not_share_a_dataset(tmp_path: Path, survey: Path) -> None:
    write_mock(tmp_path / "mock", MockSurvey(5))
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([survey])
    with pytest.raises(CatalogError, match="keep mock and real spectra in databases of their own"):
        catalog.ingest([tmp_path / "mock" / mock.LARGE])


PEAK_MEMORY = """
import resource, sys
from pathlib import Path
from catalog.surveys.mock.survey import MockSurvey, write_mock
write_mock(Path(sys.argv[1]), MockSurvey(int(sys.argv[2])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_is_of_a_block(tmp_path: Path) -> None:
    """Ten times the stars take little more memory: only their rows in the tables of stars are held."""
    peak = []
    for n_star in (128, 1280):
        command = [sys.executable, "-c", PEAK_MEMORY, str(tmp_path / str(n_star)), str(n_star)]
        peak.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    assert peak[1] < 1.6 * peak[0]
