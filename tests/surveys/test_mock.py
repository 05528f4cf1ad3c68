"""The mock survey: files that the MaStar reader takes for real ones, and a truth to judge anomalies by."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from catalog.errors import CatalogError
from catalog.quality import usable_rows
from catalog.surveys import mock, recognise
from catalog.surveys.fits_table import open_table

KINDS = {
    "carbon star": 2,
    "artifact near 9500": 1,
    "O-rich AGB star": 1,
    "emission-line star": 1,
    "white dwarf + M dwarf": 1,
    "flux step between arms": 1,
}


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mock") / "new" / "survey"
    mock.write_mock(folder, n_star=150, seed=1)
    return folder


def read(path: Path) -> dict[str, np.ndarray]:
    with open_table(path) as table:
        (block,) = table.blocks(table.n_row)
        text = {column for column in table.columns if table.dtype[column].kind == "S"}
        return {c: np.array(block.text(c)) if c in text else block.numbers(c) for c in table.columns}


def truth(folder: Path) -> dict[str, str]:
    with (folder / "truth.csv").open(newline="") as file:
        return {row["mangaid"]: row["kind"] for row in csv.DictReader(file)}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("file", "product", "extension"),
    [
        (mock.STARS, "mastarall", "GOODSTARS"),
        (mock.GAIA, "gaia_edr3", "GOODSTARS"),
        (mock.PARAMETERS, "parameters", ""),
        (mock.SMALL, "combspec", ""),
        (mock.LARGE, "combspec", ""),
    ],
)
def test_every_file_is_recognised(survey: Path, file: str, product: str, extension: str) -> None:
    with open_table(survey / file) as table:
        recognised = recognise(table.columns)
        assert recognised is not None
        assert (recognised.name, table.name) == (product, extension)


def test_every_file_has_the_same_stars_except_small(survey: Path) -> None:
    ids = list(truth(survey))
    assert len(set(ids)) == 150
    assert ids == sorted(ids)
    for file in (mock.STARS, mock.GAIA, mock.PARAMETERS, mock.LARGE):
        assert list(read(survey / file)["MANGAID"]) == ids
    small = read(survey / mock.SMALL)["MANGAID"]
    assert set(small) < set(ids)
    assert 0.7 < len(small) / len(ids) < 0.9


def test_odd_stars_are_in_both_datasets(survey: Path) -> None:
    kinds = truth(survey)
    assert Counter(kind for kind in kinds.values() if kind) == KINDS
    small = read(survey / mock.SMALL)["MANGAID"]
    assert {mangaid for mangaid, kind in kinds.items() if kind} <= set(small)


@pytest.mark.parametrize(("file", "lowest", "highest"), [(mock.SMALL, 0.1, 0.3), (mock.LARGE, 0.2, 0.45)])
def test_few_spectra_are_usable_to_the_ends_and_all_are_within(
    survey: Path, file: str, lowest: float, highest: float
) -> None:
    spectra = read(survey / file)
    wavelength = spectra["WAVE"][0]
    assert np.allclose(np.log10(wavelength), 3.5589 + 1e-4 * np.arange(4563), rtol=0, atol=1e-12)
    assert lowest < usable_rows(spectra["FLUX"]).mean() < highest
    within = (wavelength > 3700) & (wavelength < 10200)
    assert usable_rows(spectra["FLUX"][:, within]).all()
    assert np.all(np.isfinite(spectra["IVAR"]))


def test_empty_pixels_have_no_data_and_lie_at_the_ends(survey: Path) -> None:
    spectra = read(survey / mock.SMALL)
    empty = spectra["FLUX"] == 0
    assert np.array_equal(empty, spectra["IVAR"] == 0)
    assert np.array_equal(np.where(empty, 1 << 25, 0), spectra["MASK"])
    assert set(np.count_nonzero(empty[:, :100], axis=1)) <= {0, *range(5, 14)}
    assert set(np.count_nonzero(empty[:, -100:], axis=1)) <= {0, *range(5, 14)}
    assert not empty[:, 100:-100].any()


def test_noise_agrees_with_ivar(survey: Path) -> None:
    spectra = read(survey / mock.LARGE)
    snr = np.median(spectra["FLUX"] * np.sqrt(spectra["IVAR"]), axis=1)
    assert 60 < np.median(snr) < 150
    # Between 9700 and 10000 Angstrom a star has next to no lines: what differs from pixel to pixel is noise.
    window = slice(4280, 4410)
    flux, error = spectra["FLUX"][:, window], spectra["IVAR"][:, window] ** -0.5
    scatter = np.diff(flux, axis=1).std(axis=1) / np.sqrt(2)
    assert 0.8 < np.median(scatter / np.median(error, axis=1)) < 1.25


def test_small_is_sharper_than_large(survey: Path) -> None:
    """The head of a C2 band is steeper where it is less spread."""
    star = next(mangaid for mangaid, kind in truth(survey).items() if kind == "carbon star")
    edge = []
    for file in (mock.SMALL, mock.LARGE):
        spectra = read(survey / file)
        flux = spectra["FLUX"][spectra["MANGAID"] == star][0]
        near = np.abs(spectra["WAVE"][0] - 5636) < 20
        edge.append(np.diff(flux[near]).max() / flux[near].max())
    assert edge[0] > 1.1 * edge[1]


def test_unknown_values_are_written_as_in_mastar(survey: Path) -> None:
    gaia = read(survey / mock.GAIA)
    unmatched = gaia["SOURCE_ID"] == 0
    assert 0 < unmatched.sum() < 5
    assert np.all(gaia["BP_RP"][unmatched] == -999)
    assert np.all(gaia["BP_RP"][~unmatched] > -1)
    parameters = read(survey / mock.PARAMETERS)
    assert 0 < np.count_nonzero(parameters["TEFF_MED"] == -999) < 5
    stars = read(survey / mock.STARS)
    assert np.array_equal(stars["INPUT_TEFF"] == 0, stars["INPUT_SOURCE"] == "")


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder, seed in (("first", 3), ("second", 3), ("other", 4)):
        mock.write_mock(tmp_path / folder, n_star=20, seed=seed)
    first, second, other = (contents(tmp_path / folder) for folder in ("first", "second", "other"))
    assert first == second
    assert all(first[name] != other[name] for name in first)


def test_a_survey_already_there_is_kept_and_another_mock_replaced(tmp_path: Path) -> None:
    mock.write_mock(tmp_path, n_star=10)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    mock.write_mock(tmp_path, n_star=10)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    mock.write_mock(tmp_path, n_star=12)
    assert len(truth(tmp_path)) == 12
    assert fits.getheader(tmp_path / mock.SMALL)["MOCKSTAR"] == 12


def test_an_interrupted_mock_is_made_again(tmp_path: Path) -> None:
    mock.write_mock(tmp_path, n_star=10)
    whole = contents(tmp_path)
    (tmp_path / mock.LARGE).rename(tmp_path / f"{mock.LARGE}.part")
    mock.write_mock(tmp_path, n_star=10)
    assert contents(tmp_path) == whole


def test_few_stars_have_few_odd_ones(tmp_path: Path) -> None:
    mock.write_mock(tmp_path, n_star=10)
    assert Counter(truth(tmp_path).values()) == {"": 9, "carbon star": 1}


@pytest.mark.parametrize(("n_star", "seed"), [(9, 0), (10, -1)])
def test_too_small_arguments_are_refused(tmp_path: Path, n_star: int, seed: int) -> None:
    with pytest.raises(CatalogError, match="10 stars or more"):
        mock.write_mock(tmp_path / "never", n_star, seed)
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("name", ["notes.txt", mock.LARGE])
def test_other_files_are_never_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"the user's own")
    with pytest.raises(CatalogError, match=r"is not of a mock survey; give a new or an empty folder"):
        mock.write_mock(tmp_path, n_star=10)
    assert contents(tmp_path) == {name: b"the user's own"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatalogError, match="cannot be written"):
        mock.write_mock(tmp_path / "file", n_star=10)
