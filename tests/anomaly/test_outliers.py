"""The consensus anomalies in the order of any score, which is that of the rank it has in the view."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import ODD
from rank_tables import stand_anew

from catalog import Catalog
from catalog.anomaly.outliers import BY
from catalog.errors import CatalogError


def view(database: Path, dataset: str, columns: str = "*") -> dict[str, np.ndarray]:
    """The view's rows of a dataset in the order of the paper's consensus; NaN for NULL."""
    with duckdb.connect(database, read_only=True) as connection:
        found = connection.execute(
            f"""SELECT {columns} FROM consensus_anomaly JOIN cmd USING (star_id, mangaid)
                WHERE dataset = ? ORDER BY consensus_rank""",
            [dataset],
        ).fetchnumpy()
    return {
        name: np.ma.filled(values.astype(float), np.nan) if values.dtype.kind in "iuf" else np.asarray(values)
        for name, values in found.items()
    }


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("dataset", ["large", "visits", "bare"])
def test_the_order_is_that_of_the_rank_and_without_a_rank_nobody_is_listed(
    visited: Path, dataset: str, by: str
) -> None:
    table = Catalog(visited).outliers(dataset, limit=1000, by=by)
    expected = view(visited, dataset)
    order = np.argsort(expected[BY[by]], kind="stable")[: np.count_nonzero(~np.isnan(expected[BY[by]]))]
    assert table["mangaid"].tolist() == expected["mangaid"][order].tolist()
    assert table["consensus_rank"].tolist() == expected["consensus_rank"][order].tolist()
    assert table[BY[by]].tolist() == expected[BY[by]][order].tolist()
    assert table.meta["by"] == by


def test_the_papers_order_is_what_nobody_has_to_ask_for(visited: Path) -> None:
    plain, named = Catalog(visited).outliers("large"), Catalog(visited).outliers("large", by="error")
    assert plain["consensus_rank"].tolist() == named["consensus_rank"].tolist() == list(range(1, 21))
    assert plain["mangaid"][0] == ODD
    assert plain.meta == {"ensemble": "test", "dataset": "large", "by": "error"}


def test_without_ivar_there_is_no_rank_by_chi2(visited: Path) -> None:
    table = Catalog(visited).outliers("bare", by="chi2")
    assert len(table) == 0
    assert "median_chi2" in table.colnames
    assert np.ma.getmaskarray(Catalog(visited).outliers("bare")["chi2_rank"]).all()


def test_spectra_without_chi2_are_left_out_among_others(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(scored)
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE reconstruction_error SET chi2 = NULL WHERE spectrum_id % 3 = 0")
    stand_anew(database)
    table = Catalog(database).outliers(by="chi2", limit=1000)
    with_chi2 = np.isfinite(view(database, "large")["median_chi2"])
    assert 0 < len(table) == np.count_nonzero(with_chi2) < 39
    assert table["chi2_rank"].tolist() == list(range(1, len(table) + 1))


def test_only_models_that_have_not_seen_the_star_count_for_unseen(visited: Path) -> None:
    table = Catalog(visited).outliers("large", by="unseen", limit=1000)
    assert 0 < len(table) < 39
    assert min(table["n_model_unseen"]) >= 1
    assert table["unseen_rank"].tolist() == list(range(1, len(table) + 1))


def test_one_model_gives_no_interval(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(scored)
    with duckdb.connect(database) as connection:
        for scores in ("reconstruction_error", "latent_vector"):
            connection.execute(f"DELETE FROM {scores} WHERE model_id > 1")
    stand_anew(database)
    table = Catalog(database).outliers(limit=3)
    for name in ("consensus_rank_lo", "consensus_rank_hi"):
        assert np.ma.getmaskarray(table[name]).all()


@pytest.mark.parametrize("by", BY)
def test_ranges_choose_among_the_ranked_and_keep_the_order(visited: Path, by: str) -> None:
    catalog = Catalog(visited)
    everyone = catalog.outliers("large", limit=1000, by=by)
    bp_rp = np.ma.filled(everyone["bp_rp"].astype(float), np.nan)
    inside = everyone[(bp_rp >= 1) & (bp_rp <= 2)]
    found = catalog.outliers("large", bp_rp=(1, 2), limit=1000, by=by)
    assert 0 < len(found) < len(everyone)
    assert found["mangaid"].tolist() == inside["mangaid"].tolist()
    assert catalog.outliers("large", bp_rp=(1, 2), limit=2, by=by)["mangaid"].tolist() == inside["mangaid"][:2].tolist()


def test_both_ends_of_a_range_are_in_it(visited: Path) -> None:
    """Every star of the survey has M_G 5, save one without photometry."""
    catalog = Catalog(visited)
    assert len(catalog.outliers("large", abs_g=(5, 5), limit=1000)) == 38
    assert len(catalog.outliers("large", abs_g=(4, 4.9), limit=1000)) == 0


def test_peers_of_a_region(visited: Path) -> None:
    table = Catalog(visited).outliers("large", region="main-sequence", by="peers", limit=1000)
    assert len(table) > 3
    assert table["peer_rank"].tolist() == sorted(table["peer_rank"])
    assert table.meta["by"] == "peers"
    assert table.meta["region"] == "main-sequence"


def test_visits_are_told_apart(visited: Path) -> None:
    table = Catalog(visited).outliers("visits")
    assert {"plate", "mjd"} <= set(table.colnames)
    assert "plate" not in Catalog(visited).outliers("large").colnames


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": "luck"}, "no score luck; there are: error, unseen, chi2, relative, isolation, peers"),
        ({"dataset": "huge"}, "no dataset huge; there are: bare, large, small, visits"),
        (
            {"dataset": "small"},
            "ensemble test has not scored small; run: catalog score --dataset small --ensemble test",
        ),
        ({"dataset": None}, "ensemble test has scored bare, large, visits; choose one with --dataset"),
        ({"ensemble": "best"}, "no ensemble best; there are: test"),
        ({"region": "nowhere"}, "no region nowhere; there are: agb,"),
        ({"bp_rp": (2, 1)}, "bp_rp from 2 to 1 holds nothing; give the smaller number first"),
        ({"abs_g": (np.nan, 1)}, "abs_g from nan to 1 holds nothing"),
    ],
)
def test_mistakes_are_named(visited: Path, arguments: dict, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        Catalog(visited).outliers(**({"dataset": "large"} | arguments))
