"""One spectrum and what is known of it: the one that was meant, its rank, its photometry, its quality bits."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import MANGAIDS, ODD
from files import write_visits

from catalog import Catalog
from catalog.database.connection import Database
from catalog.database.names import find_dataset, find_ensemble
from catalog.database.records import Visit
from catalog.errors import CatalogError
from catalog.spectra.spectrum import describe_spectrum, find_spectrum, has_ivar, is_bad, is_masked

VISITED, MASKED = MANGAIDS[3:5]


def known(database: Path, mangaid: str, dataset: str = "large", **visit: int) -> dict:
    with Database(database).read() as connection:
        row = find_spectrum(connection, mangaid, find_dataset(connection, dataset), Visit(**visit))
        return describe_spectrum(connection, row, find_ensemble(connection, "test"))


def test_rank_and_photometry_are_those_of_the_views(scored: Path) -> None:
    found = known(scored, ODD)
    (row,) = Catalog(scored).query(
        "SELECT consensus_rank, n_flagged, n_model, bp_rp, abs_g FROM consensus_anomaly JOIN cmd USING (star_id) "
        "WHERE consensus_anomaly.mangaid = $id AND dataset = 'large'",
        {"id": ODD},
    )
    for name in row.colnames:
        assert found[name] == row[name]
    assert (found["n_spectrum"], found["consensus_rank"], found["window"]) == (39, 1, [3700.0, 10200.0])


def test_what_is_unknown_is_none(scored: Path) -> None:
    found = known(scored, MANGAIDS[-1])
    assert (found["bp_rp"], found["abs_g"], found["plate"], found["flags"]) == (None, None, None, [])
    assert known(scored, MANGAIDS[2])["consensus_rank"] is None


def test_a_visit_has_the_names_of_its_own_quality_bits(visited: Path) -> None:
    """Though the table of visits is not there; a bit without a name is a number."""
    assert known(visited, VISITED, "visits", mjd=58000)["flags"] == ["POORCAL", "MULTIFIBER", "bit 20"]
    assert known(visited, VISITED, "visits", mjd=58001)["flags"] == []


def test_a_spectrum_of_several_visits_says_in_how_many(
    scored: Path, copy_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    database = copy_of(scored)
    qualities = np.array([1 << 9 | 1 << 10, 1 << 10], np.int32)
    Catalog(database).ingest([write_visits(tmp_path / "visits.fits", [ODD, ODD], MJDQUAL=qualities)])
    assert known(database, ODD)["flags"] == ["LOWSN in 1", "MULTIFIBER in 2"]


def test_which_of_several_must_be_said(visited: Path) -> None:
    with pytest.raises(CatalogError, match="has 2 spectra in visits; choose plate and mjd: 9000 58000, 9001 58001"):
        Catalog(visited).spectrum(VISITED, "visits")
    assert Catalog(visited).spectrum(VISITED, "visits", plate=9001).meta["mjd"] == 58001
    with pytest.raises(CatalogError, match="has no spectrum of that visit in dataset visits"):
        Catalog(visited).spectrum(VISITED, "visits", mjd=1)


def test_bad_and_masked_pixels(visited: Path) -> None:
    catalog = Catalog(visited)
    reaching = catalog.spectrum(MANGAIDS[1], "large")
    assert np.flatnonzero(is_bad(reaching)).tolist() == list(range(4554, 4563))
    assert np.array_equal(is_masked(reaching), is_bad(reaching))  # its ivar is 0 there
    assert is_masked(catalog.spectrum(MASKED, "visits")).all()
    bare = catalog.spectrum(MASKED, "bare")
    assert not has_ivar(bare)
    assert not is_masked(bare).any()
