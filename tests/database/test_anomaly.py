"""The wide view: every scored spectrum once, with what is known of its star; NULL where nothing is; links that work."""

import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import duckdb
import numpy as np
import pytest
from conftest import MANGAIDS, ODD
from files import write_gaia, write_parameters

from catalog import Catalog
from catalog.database.views import definition

KEYS = ("ensemble_id", "dataset_id", "spectrum_id", "star_id")


@pytest.fixture(scope="module")
def wide(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The scored survey with DR2, two versions of parameters, labels; the last two stars lack what the others have."""
    folder = tmp_path_factory.mktemp("wide")
    shutil.copy(scored, folder)
    catalog = Catalog(folder / scored.name)
    catalog.ingest(
        [
            write_gaia(folder / "dr2.fits", MANGAIDS, "DR2", PARALLAX=[9.0] * 40),
            write_parameters(folder / "mastar-goodstars-params-v1.fits", MANGAIDS),
            write_parameters(folder / "mastar-goodstars-params-v2.fits", MANGAIDS[:20]),
            write_parameters(folder / "parameters.fits", MANGAIDS),
        ]
    )
    for label, author in (("cool", "B"), ("carbon", "A"), ("carbon", "B")):
        catalog.add_label(ODD, label, author=author)
    with duckdb.connect(catalog.database.path) as connection:
        connection.execute("UPDATE star SET ra = NULL, dec = NULL WHERE mangaid = ?", [MANGAIDS[-2]])
        connection.execute(
            "UPDATE spectrum SET healpix_29 = NULL WHERE star_id = (FROM star SELECT star_id WHERE ra IS NULL)"
        )
        connection.execute(
            "UPDATE gaia_match SET simbad_main_id = '* alf&Lyr + #1' WHERE gaia_release = 'EDR3' "
            "AND star_id = (SELECT star_id FROM star WHERE mangaid = ?)",
            [ODD],
        )
    return catalog


def row(catalog: Catalog, mangaid: str, columns: str) -> dict:
    (found,) = catalog.query(f"SELECT {columns} FROM anomaly WHERE mangaid = '{mangaid}'").iterrows()
    return dict(zip(catalog.query(f"SELECT {columns} FROM anomaly LIMIT 0").colnames, found, strict=True))


def test_every_scored_spectrum_stands_once(wide: Catalog) -> None:
    both = wide.query("""SELECT count(*) AS n, count(DISTINCT (ensemble_id, spectrum_id)) AS n_key,
                         (SELECT count(*) FROM consensus_anomaly) AS n_consensus FROM anomaly""")[0]
    assert both["n"] == both["n_key"] == both["n_consensus"] > 30


def test_it_has_every_column_of_the_consensus(wide: Catalog) -> None:
    columns = wide.query("SELECT * FROM consensus_anomaly LIMIT 0").colnames
    assert set(columns) <= set(wide.query("SELECT * FROM anomaly LIMIT 0").colnames)
    names = ", ".join(columns)
    assert not len(wide.query(f"SELECT {names} FROM anomaly EXCEPT SELECT {names} FROM consensus_anomaly"))


def test_gaia_is_that_of_the_newest_release(wide: Catalog) -> None:
    found = row(wide, ODD, "gaia_release, source_id, parallax, simbad_otype, ra, dec, bp_rp")
    assert found["gaia_release"] == "EDR3"
    assert found["source_id"] == 2**60 + 1 + MANGAIDS.index(ODD)
    assert row(wide, ODD, "parallax IS NULL AS unknown") == {"unknown": True}


def test_parameters_are_the_median_of_the_newest_version_that_has_the_star(wide: Catalog) -> None:
    assert row(wide, MANGAIDS[3], "parameter_source, fe_h") == {"parameter_source": "v2 MED", "fe_h": 0.5}
    # The file of version 2 ends with a star that has none.
    for star in MANGAIDS[19:21]:
        assert row(wide, star, "parameter_source")["parameter_source"] == "v1 MED"
    assert row(wide, MANGAIDS[-1], "parameter_source IS NULL AND teff IS NULL AS unknown")["unknown"]


def test_labels_are_a_list(wide: Catalog) -> None:
    assert row(wide, ODD, "labels")["labels"] == ["carbon", "cool"]
    assert row(wide, MANGAIDS[3], "labels IS NULL AS none")["none"]
    assert wide.query("SELECT mangaid FROM anomaly WHERE list_contains(labels, 'carbon')")["mangaid"].tolist() == [ODD]


def test_labels_are_shown_wherever_stars_are_listed(wide: Catalog) -> None:
    outliers = wide.outliers("large", limit=40)
    assert {row["mangaid"]: row["labels"] for row in outliers if row["labels"] is not np.ma.masked} == {
        ODD: ["carbon", "cool"]
    }
    for model in ("MODEL1", None):
        near = wide.neighbors(MANGAIDS[3], model, k=39)
        (labels,) = (row["labels"] for row in near if row["neighbor_mangaid"] == ODD)
        assert labels == ["carbon", "cool"]
    assert wide.query("FROM star_label")["labels"].tolist() == [["carbon", "cool"]]


def test_links_hold_what_they_should_when_decoded(wide: Catalog) -> None:
    found = row(wide, MANGAIDS[3], "ra, dec, source_id, simbad_url, aladin_url, gaia_url, sdss_url")
    ra, dec = found["ra"], found["dec"]
    assert dec < 0

    def asked(name: str) -> dict[str, str]:
        return {key: value for key, (value,) in parse_qs(urlsplit(found[name]).query, strict_parsing=True).items()}

    assert asked("simbad_url")["Coord"] == f"{ra:.7f} {dec:+.7f}"
    assert asked("aladin_url")["target"] == f"{ra:.7f} {dec:+.7f}"
    assert asked("sdss_url") == {"ra": f"{ra:.7f}", "dec": f"{dec:.7f}"}
    assert asked("gaia_url")["QUERY"] == f"SELECT * FROM gaiaedr3.gaia_source WHERE source_id={found['source_id']}"
    north = row(wide, MANGAIDS[-3], "simbad_url, dec")
    assert north["dec"] > 0
    assert "%20%2B" in north["simbad_url"]


def test_simbad_is_asked_for_its_own_identifier(wide: Catalog) -> None:
    url = urlsplit(row(wide, ODD, "simbad_url")["simbad_url"])
    assert parse_qs(url.query) == {"Ident": ["* alf&Lyr + #1"]}


def test_what_is_not_known_is_null(wide: Catalog) -> None:
    """A star without a position, and one without a match in Gaia."""
    columns = "ra, dec, healpix_29, simbad_url, aladin_url, sdss_url"
    assert row(wide, MANGAIDS[-2], f"[{columns.replace(', ', ' IS NULL, ')} IS NULL] AS n")["n"] == [True] * 6
    columns = "source_id, g_mag, bp_rp, abs_g, gaia_url, teff"
    assert row(wide, MANGAIDS[-1], f"[{columns.replace(', ', ' IS NULL, ')} IS NULL] AS n")["n"] == [True] * 6
    assert row(wide, MANGAIDS[-1], "simbad_url LIKE '%Coord=%' AS by_position")["by_position"]


def test_no_column_is_left_to_a_star() -> None:
    assert "*" not in definition("anomaly").replace("%2A", "")
    assert all(f"consensus.{key}" in definition("anomaly") for key in KEYS)
