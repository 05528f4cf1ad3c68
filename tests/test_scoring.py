"""Errors and latent vectors as rows: by the pure function, only what is missing, once."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import MANGAIDS, RECIPE
from files import WAVELENGTH, smooth_flux, write_combspec

from catalog import Catalog
from catalog.autoencoder.network import Autoencoder
from catalog.autoencoder.scoring import score
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
    network.set_weights(load_weights(scored, file, sha256))
    spectrum = catalog.spectrum(MANGAIDS[1], "large")
    arrays = [np.asarray(spectrum[name])[None, inside] for name in ("flux", "ivar", "mask")]
    expected = score(network, *arrays)
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


def test_killed_and_run_again_gives_the_rows_of_an_uninterrupted_run(
    scored: Path, copy_of: Callable[[Path], Path]
) -> None:
    database = copy_of(scored)
    with duckdb.connect(database) as connection:
        connection.execute("DELETE FROM reconstruction_error")
        connection.execute("DELETE FROM latent_vector")
    command = [sys.executable, "-m", "catalog.cli", "--database", str(database), "score", "--dataset", "large"]
    process = subprocess.Popen(command)
    while process.poll() is None:
        # The first model's rows are committed, the others' are not.
        try:
            if rows(database, "SELECT count(*) FROM reconstruction_error")[0][0]:
                break
        except duckdb.IOException:
            continue
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert subprocess.run(command, capture_output=True, timeout=300).returncode == 0
    found, expected = rows(database, SCORES), rows(scored, SCORES)
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert np.allclose([row[2] for row in found], [row[2] for row in expected], rtol=1e-5)


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
