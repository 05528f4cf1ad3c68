"""The stars of a mock survey are those of MaStar: how many of which kind, where, and how well seen."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from mock_stars import star

from catalog.surveys.mock.atmosphere import photospheres
from catalog.surveys.mock.oddities import ODDITIES
from catalog.surveys.mock.photometry import magnitudes
from catalog.surveys.mock.population import INPUTS, SEQUENCES, draw


@pytest.fixture(scope="module")
def population() -> np.ndarray:
    return draw(20_000, 0.01, np.random.default_rng(5))


def test_most_are_dwarfs_and_giants_of_type_f_g_k_and_the_ends_are_thin(population: np.ndarray) -> None:
    letter = Counter(name[0] for name in population["spectral_type"])
    assert set(letter) == set("OBAFGKM")
    assert sum(letter[name] for name in "FGK") > 0.7 * len(population)
    assert letter["O"] < 0.02 * len(population)
    assert 0.3 < np.mean(population["logg"] < 3.6) < 0.5


def test_every_sequence_is_there(population: np.ndarray) -> None:
    assert set(population["sequence"]) == {sequence.name for sequence in SEQUENCES}


def test_noise_is_that_of_mastar(population: np.ndarray) -> None:
    assert 90 < np.median(population["snr"]) < 105
    assert population["snr"].min() >= 6
    assert population["snr"].max() <= 1024


def test_few_are_without_gaia_and_none_that_gaia_selected(population: np.ndarray) -> None:
    unmatched = population["source_id"] == 0
    assert 0.002 < unmatched.mean() < 0.004
    assert "gaiadr2" not in population["input_catalog"][unmatched]


def test_ids_are_those_of_mastar(population: np.ndarray) -> None:
    ids = population["mangaid"]
    assert len(set(ids)) == len(ids)
    assert list(ids) == sorted(ids)
    prefixes = {prefix for _, prefix, _ in INPUTS}
    assert {mangaid.split("-")[0] for mangaid in ids} == prefixes
    assert any(mangaid.startswith("7-0") for mangaid in ids)
    assert {len(mangaid) for mangaid in ids if mangaid.startswith("60-")} == {22}


def test_every_kind_is_planted_where_its_hosts_are(population: np.ndarray) -> None:
    count = Counter(population["kind"])
    assert set(count) == {"", *ODDITIES}
    assert sum(count.values()) - count[""] == 200
    for oddity in ODDITIES.values():
        abs_g = population["abs_g"][population["kind"] == oddity.kind]
        assert np.all((abs_g >= oddity.abs_g[0]) & (abs_g <= oddity.abs_g[1]))


def test_the_main_sequence_is_that_of_open_clusters(population: np.ndarray, real_data: Path) -> None:
    """Clusters are behind dust and have giants and binaries; the ridge agrees within 0.8 mag all the same."""
    clusters = pq.read_table(real_data / "gaia" / "gaia_dr2_openclusters_cmd.parquet")
    bp_rp, abs_g = (clusters[name].to_numpy() for name in ("bp_rp", "abs_g_cluster"))
    dwarfs = population[(population["logg"] > 4) & (population["logg"] < 5.5) & (population["fe_h"] > -0.3)][:3000]
    mag = magnitudes(photospheres(dwarfs), photospheres(star(9550, 4.0))[0])
    colour = mag[:, 1] - mag[:, 2]
    for low in np.arange(0.4, 2.4, 0.2):
        ridge = np.median(abs_g[(bp_rp > low) & (bp_rp < low + 0.2) & (abs_g > 2 * low)])
        mock = np.median(dwarfs["abs_g"][(colour > low) & (colour < low + 0.2)])
        assert abs(mock - ridge) < 0.8
