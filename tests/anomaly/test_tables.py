"""The paper's Tables 1 and 2, against numpy on the errors."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import ODD
from rank_tables import stand_anew

from catalog import Catalog
from catalog.errors import CatalogError


def errors(database: Path, model: int, dataset: str) -> np.ndarray:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(
            """SELECT error FROM reconstruction_error JOIN spectrum USING (spectrum_id) JOIN dataset USING (dataset_id)
               WHERE model_id = ? AND dataset.name = ? ORDER BY error DESC""",
            [model, dataset],
        ).fetchnumpy()["error"]


@pytest.mark.parametrize("dataset", ["large", "visits", "bare"])
def test_percentiles_of_log10_error(visited: Path, dataset: str) -> None:
    table = Catalog(visited).error_percentiles(dataset)
    assert table["model"].tolist() == ["MODEL1", "MODEL2", "MODEL3"]
    assert table.meta == {"ensemble": "test", "dataset": dataset}
    for row, model in zip(table, (1, 2, 3), strict=True):
        log10 = np.log10(errors(visited, model, dataset))
        assert row["n_spectrum"] == len(log10)
        for percent in (1, 10, 50, 90, 99):
            assert row[f"percentile_{percent}"] == pytest.approx(np.percentile(log10, percent))


def test_an_error_of_zero_has_no_logarithm_and_still_counts(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(scored)
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE reconstruction_error SET error = 0 WHERE model_id = 2 AND spectrum_id % 2 = 0")
    stand_anew(database)
    found = errors(database, 2, "large")
    row = Catalog(database).error_percentiles()[1]
    assert row["n_spectrum"] == len(found) == 39
    assert row["percentile_10"] == pytest.approx(np.percentile(np.log10(found[found > 0]), 10))


def test_the_five_highest_errors_of_every_model(visited: Path) -> None:
    table = Catalog(visited).top_errors("large")
    for model in (1, 2, 3):
        rows = table[table["model"] == f"MODEL{model}"]
        assert rows["rank"].tolist() == [1, 2, 3, 4, 5]
        assert rows["error"].tolist() == errors(visited, model, "large")[:5].tolist()
        assert rows["mangaid"][0] == ODD
    assert len(table) == 15


def test_of_few_spectra_all_are_shown_with_their_visits(visited: Path) -> None:
    table = Catalog(visited).top_errors("visits")
    assert table["rank"].tolist() == [1, 2, 3] * 3
    assert {"plate", "mjd"} <= set(table.colnames)


def test_who_ties_at_the_fifth_place_is_shown(scored: Path, copy_of: Callable[[Path], Path]) -> None:
    database = copy_of(scored)
    with duckdb.connect(database) as connection:
        connection.execute("UPDATE reconstruction_error SET error = 100 WHERE model_id = 1 AND spectrum_id % 4 = 0")
    stand_anew(database)
    table = Catalog(database).top_errors()
    assert table[table["model"] == "MODEL1"]["rank"].tolist()[-1] <= 5
    assert len(table[table["model"] == "MODEL1"]) > 5


@pytest.mark.parametrize("ask", ["error_percentiles", "top_errors"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("huge",), "no dataset huge; there are: bare, large, small, visits"),
        (("small",), "ensemble test has not scored small"),
        ((), "ensemble test has scored bare, large, visits; choose one with --dataset"),
        (("large", "best"), "no ensemble best; there are: test"),
    ],
)
def test_mistakes_are_named(visited: Path, ask: str, arguments: tuple, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        getattr(Catalog(visited), ask)(*arguments)


@pytest.mark.parametrize("ask", ["error_percentiles", "top_errors"])
def test_before_anything_is_scored(ingested: Path, ask: str) -> None:
    with pytest.raises(CatalogError, match="no ensemble in this database; train one with"):
        getattr(Catalog(ingested), ask)()
