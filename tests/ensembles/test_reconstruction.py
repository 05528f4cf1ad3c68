"""Reconstructions by the stored weights are those that were scored; what cannot be reconstructed says why."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.table import QTable
from conftest import MANGAIDS, ODD, RECIPE

from catalog import Catalog
from catalog.autoencoder.model import Model
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.recipes import CONDITIONAL, FAST, PCA
from catalog.autoencoder.weights import load_weights
from catalog.database.connection import Database
from catalog.database.names import find_ensemble, find_models
from catalog.ensembles.reconstruction import each_network, log_reconstructions
from catalog.ensembles.registry import recipe_of
from catalog.errors import CatalogError
from catalog.spectra.blocks import trained_wavelength, usable_blocks, window

VISITED = MANGAIDS[3]


def equation_2(table: QTable, model: str) -> float:
    flux = table["flux"].value.astype(float)
    return float(np.mean(np.square((table[model].value - flux) / flux.max())))


@pytest.mark.parametrize(
    ("mangaid", "tolerance"), [(MANGAIDS[0], 1e-6), (MANGAIDS[1], 1e-6), (MANGAIDS[-1], 1e-6), (ODD, 1e-5)]
)
def test_equation_2_gives_the_stored_error(scored: Path, mangaid: str, tolerance: float) -> None:
    """The odd star's reconstruction is ten times the spectrum: single precision of ln F is that of its error."""
    table = Catalog(scored).reconstruction(mangaid)
    stored = Catalog(scored).query("SELECT model, error, role FROM anomaly_score WHERE mangaid = $id", {"id": mangaid})
    assert set(table.meta["models"]) == set(stored["model"]) == {"MODEL1", "MODEL2", "MODEL3"}
    for row in stored:
        assert table.meta["error"][row["model"]] == row["error"]
        assert equation_2(table, row["model"]) == pytest.approx(row["error"], rel=tolerance)
        assert table.meta["role"][row["model"]] == (None if row["role"] is np.ma.masked else row["role"])


@pytest.mark.parametrize("recipe", [FAST, CONDITIONAL, PCA], ids=lambda recipe: recipe.name)
def test_so_it_does_for_every_recipe(ingested: Path, copy_of: Callable[[Path], Path], recipe: object) -> None:
    """Also for a star without photometry, where the decoder is told of it."""
    catalog = Catalog(copy_of(ingested))
    catalog.train("small", replace(recipe, components=6, epochs=2, window=RECIPE.window), models=4)  # type: ignore[type-var]
    catalog.score("large")
    for mangaid in (MANGAIDS[5], MANGAIDS[-1]):
        table = catalog.reconstruction(mangaid)
        for model, error in table.meta["error"].items():
            assert equation_2(table, model) == pytest.approx(error, rel=1e-6)


def test_it_is_the_spectrum_in_the_window_with_a_column_per_model(scored: Path) -> None:
    catalog = Catalog(scored)
    table, spectrum = catalog.reconstruction(ODD, models=["MODEL3", "MODEL1"]), catalog.spectrum(ODD, "large")
    assert table.colnames == ["wavelength", "flux", "ivar", "mask", "MODEL3", "MODEL1"]
    inside = (spectrum["wavelength"].value >= 3700) & (spectrum["wavelength"].value <= 10200)
    for name in ("wavelength", "flux", "ivar", "mask"):
        assert np.array_equal(table[name], spectrum[name][inside])
    assert table["MODEL3"].unit == table["flux"].unit == spectrum["flux"].unit
    expected = {"mangaid": ODD, "dataset": "large", "ensemble": "test", "models": ["MODEL3", "MODEL1"]}
    assert expected.items() <= table.meta.items()


def test_one_visit_of_several(visited: Path) -> None:
    catalog = Catalog(visited)
    with pytest.raises(CatalogError, match="choose plate and mjd: 9000 58000, 9001 58001"):
        catalog.reconstruction(VISITED, "visits")
    for mjd in (58000, 58001):
        table = catalog.reconstruction(VISITED, "visits", mjd=mjd)
        assert table.meta["mjd"] == mjd
        assert equation_2(table, "MODEL1") == pytest.approx(table.meta["error"]["MODEL1"], rel=1e-4)


def test_a_spectrum_without_ivar_has_unknown_ivar(visited: Path) -> None:
    table = Catalog(visited).reconstruction(VISITED, "bare")
    assert np.isnan(table["ivar"].value).all()
    assert not table["mask"].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mangaid": "7-99999999"}, "no star 7-99999999 in this database"),
        ({"mangaid": ODD, "dataset": "tiny"}, "no dataset tiny; there are: large, small"),
        ({"mangaid": ODD, "dataset": "small"}, "has not scored small; run: catalog score --dataset small"),
        ({"mangaid": ODD, "ensemble": "best"}, "no ensemble best; there are: test"),
        ({"mangaid": ODD, "models": ["MODEL4"]}, "no model MODEL4 in ensemble test; there are: MODEL1, MODEL2, MODEL3"),
        ({"mangaid": MANGAIDS[2]}, "not usable in the window of ensemble test, 3700 to 10200 Å: flux that is 0"),
    ],
)
def test_what_cannot_be_reconstructed_says_why(scored: Path, arguments: dict, message: str) -> None:
    with pytest.raises(CatalogError) as refused:
        Catalog(scored).reconstruction(**arguments)
    assert message in str(refused.value)


def test_nothing_scored_or_loaded_since(
    scored: Path, ingested: Path, copy_of: Callable[[Path], Path], survey: Path
) -> None:
    with pytest.raises(CatalogError, match="no ensemble in this database; train one"):
        Catalog(ingested).reconstruction(ODD)
    database = copy_of(scored)
    with Catalog(database).database.write() as connection:
        connection.execute("DELETE FROM reconstruction_error WHERE model_id = 2 AND spectrum_id % 2 = 1")
    odd = [mangaid for mangaid in MANGAIDS[3:9] if Catalog(database).spectrum(mangaid, "large").meta["spectrum_id"] % 2]
    with pytest.raises(CatalogError, match=r"MODEL2 has not scored .*; run: catalog score --dataset large --ensemble"):
        Catalog(database).reconstruction(odd[0])


def test_weights_that_are_absent_or_changed(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(scored)
    (file,) = Catalog(database).query("SELECT weights_file FROM model_version WHERE member = 2")["weights_file"]
    weights = database.parent / file
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(CatalogError, match="are not those that were trained"):
        Catalog(database).reconstruction(ODD)
    assert len(Catalog(database).reconstruction(ODD, models=["MODEL1"]))
    weights.unlink()
    with pytest.raises(CatalogError, match="are not there; copy the folder"):
        Catalog(database).reconstruction(ODD)


def test_every_model_reconstructs_the_same_spectra_in_turn(scored: Path) -> None:
    """To the bit what a model with those weights says of them alone."""
    database = Database(scored)
    with database.read() as connection:
        ensemble = find_ensemble(connection, "test")
        recipe, models = recipe_of(ensemble), find_models(connection, ensemble, ["MODEL3", "MODEL1"])
        pixels = window(trained_wavelength(connection, ensemble), recipe.window)
        (block,) = usable_blocks(connection, 1, pixels)
    alone = Model(recipe, block.flux.shape[1])
    found = list(log_reconstructions(database, recipe, models, block.flux, block.photometry))
    assert [model.name for model, _ in found] == ["MODEL3", "MODEL1"]
    for model, reconstructions in found:
        alone.set_weights(load_weights(*database.weights_of(model)))
        expected = alone.reconstruct(log_flux(block.flux), block.photometry)[1]
        assert (reconstructions.shape, reconstructions.dtype) == (block.flux.shape, np.float32)
        assert np.array_equal(reconstructions, expected)
    assert not np.array_equal(found[0][1], found[1][1])


def test_weights_that_are_lost_are_said_at_their_place(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = Database(copy_of(scored))
    with database.read() as connection:
        ensemble = find_ensemble(connection, "test")
        models = find_models(connection, ensemble)
        pixels = window(trained_wavelength(connection, ensemble), recipe_of(ensemble).window)
    database.weights_of(models[2])[0].unlink()
    networks = each_network(database, recipe_of(ensemble), len(pixels.wavelength), models)
    assert [next(networks)[0].name for _ in range(2)] == ["MODEL1", "MODEL2"]
    with pytest.raises(CatalogError, match="are not there"):
        next(networks)
