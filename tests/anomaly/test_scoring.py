"""Errors and latent vectors as rows: by the pure function, only what is missing, once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import MANGAIDS, RECIPE
from files import WAVELENGTH, smooth_flux, write_combspec

from catalog import Catalog
from catalog.autoencoder.network import Autoencoder
from catalog.autoencoder.scoring import Observed, score
from catalog.autoencoder.weights import load_weights
from catalog.errors import CatalogError

SCORES = """SELECT model_id, spectrum_id, error, chi2, latent
            FROM reconstruction_error JOIN latent_vector USING (model_id, spectrum_id) ORDER BY ALL"""


def rows(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_usable_spectrum_is_scored_by_every_model(scored: Path) -> None:
    """One of the 40 spectra of `large` has a zero inside the window; one has zeros only outside it."""
    per_model = "SELECT model_id, count(*), count(DISTINCT spectrum_id) FROM {} GROUP BY ALL ORDER BY ALL"
    for table in ("reconstruction_error", "latent_vector"):
        assert rows(scored, per_model.format(table)) == [(model, 39, 39) for model in (1, 2, 3)]
    left_out = """SELECT mangaid FROM spectrum JOIN star USING (star_id) JOIN dataset USING (dataset_id)
                  WHERE dataset.name = 'large' AND spectrum_id NOT IN (SELECT spectrum_id FROM reconstruction_error)"""
    assert rows(scored, left_out) == [(MANGAIDS[2],)]


def test_a_row_is_what_the_pure_function_says_of_the_files_arrays(scored: Path) -> None:
    catalog = Catalog(scored)
    inside = (WAVELENGTH >= 3700) & (WAVELENGTH <= 10200)
    network = Autoencoder(RECIPE, int(inside.sum()))
    ((file, sha256),) = rows(scored, "SELECT weights_file, weights_sha256 FROM model_version WHERE member = 2")
    network.set_weights(load_weights(scored.parent / file, sha256))
    spectrum = catalog.spectrum(MANGAIDS[1], "large")
    arrays = [np.asarray(spectrum[name])[None, inside] for name in ("flux", "ivar", "mask")]
    expected = score(network, Observed.of(*arrays))
    ((error, chi2, latent),) = rows(
        scored,
        f"""SELECT error, chi2, latent FROM reconstruction_error JOIN latent_vector USING (model_id, spectrum_id)
            JOIN spectrum USING (spectrum_id) JOIN star USING (star_id)
            WHERE model_id = 2 AND mangaid = '{MANGAIDS[1]}'""",
    )
    assert error == pytest.approx(expected.error[0], rel=1e-5)
    assert chi2 == pytest.approx(expected.chi2[0], rel=1e-5)
    assert latent == pytest.approx(expected.latent[0], rel=1e-4, abs=1e-5)


def test_only_what_is_missing_is_scored(scored: Path, copy_of: Callable[[Path], Path], tmp_path: Path) -> None:
    catalog = Catalog(copy_of(scored))
    assert catalog.score("large").n_score == 0
    catalog.ingest([write_combspec(tmp_path / "new-lsfpercent90.0.fits", ["7-new"], smooth_flux(1, seed=8))])
    done = catalog.score("large")
    assert (done.n_score, done.n_usable, done.n_spectrum) == (3, 40, 41)
    assert rows(catalog.database.path, SCORES)[:39] == rows(scored, SCORES)[:39]


def test_what_some_models_have_scored_is_scored_by_the_others(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    """As a version before this one left it when it was killed; and part by part."""
    catalog = Catalog(copy_of(scored))
    with duckdb.connect(catalog.database.path) as connection:
        for table in ("reconstruction_error", "latent_vector"):
            connection.execute(f"DELETE FROM {table} WHERE model_id = 2 OR model_id = 3 AND spectrum_id % 2 = 0")
    lost = 39 * 3 - rows(catalog.database.path, "SELECT count(*) FROM reconstruction_error")[0][0]
    told: list[tuple[str, int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("catalog.spectra.blocks.ROWS_PER_BLOCK", 16)
        patch.setattr("catalog.anomaly.scoring.BLOCKS_PER_PART", 1)
        patch.setattr("catalog.anomaly.scoring.MODELS_AT_ONCE", 2)
        assert catalog.score("large", progress=lambda *what: told.append(what)).n_score == lost > 39
    assert told[-1] == ("large", 39, 40)
    assert len(told) > 4
    found, expected = rows(catalog.database.path, SCORES), rows(scored, SCORES)
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    for column in (2, 3):
        assert np.allclose([row[column] for row in found], [row[column] for row in expected], rtol=1e-5)


def test_a_spectrum_without_ivar_has_no_chi2(scored: Path, copy_of: Callable[[Path], Path], tmp_path: Path) -> None:
    catalog = Catalog(copy_of(scored))
    path = tmp_path / "lsfpercent75.0.fits"
    catalog.ingest([write_combspec(path, MANGAIDS, smooth_flux(40), IVAR=np.zeros((40, 4563), np.float32))])
    catalog.score("lsf75")
    chi2 = "SELECT count(*), count(chi2) FROM anomaly_score WHERE dataset = 'lsf75'"
    assert rows(catalog.database.path, chi2) == [(120, 0)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dataset": "huge"}, "no dataset huge; there are: large, small"),
        ({"dataset": "large", "ensemble": "best"}, "no ensemble best; there are: test"),
    ],
)
def test_unknown_names_are_answered_with_those_that_exist(scored: Path, arguments: dict, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Catalog(scored).score(**arguments)


def test_without_an_ensemble(ingested: Path) -> None:
    with pytest.raises(CatalogError, match="train one with: catalog train"):
        Catalog(ingested).score("large")


def test_another_grid_is_refused(scored: Path, copy_of: Callable[[Path], Path], tmp_path: Path) -> None:
    catalog = Catalog(copy_of(scored))
    path = tmp_path / "lsfpercent75.0.fits"
    catalog.ingest([write_combspec(path, MANGAIDS, smooth_flux(40), WAVE=np.tile(WAVELENGTH + 0.1, (40, 1)))])
    with pytest.raises(CatalogError, match="another wavelength grid"):
        catalog.score("lsf75")


def test_lost_weights_are_named(scored: Path, tmp_path: Path) -> None:
    shutil.copy(scored, tmp_path / "alone.duckdb")
    with pytest.raises(CatalogError, match=r"copy the folder catalog\.weights along"):
        Catalog(tmp_path / "alone.duckdb").score("small")
