"""Why spectra are anomalous, as rows: made once, made again when what they rest on has changed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import MANGAIDS, ODD

from catalog import Catalog
from catalog.anomaly.explain import diagnose_star
from catalog.database.records import Scope, Visit
from catalog.errors import CatalogError

VISITED = MANGAIDS[3]


@pytest.fixture(scope="module")
def explained(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the scored database, its three oddest explained."""
    folder = tmp_path_factory.mktemp("explained")
    shutil.copy(scored, folder)
    shutil.copytree(scored.with_suffix(".weights"), folder / scored.with_suffix(".weights").name)
    Catalog(folder / scored.name).explain(top=3)
    return folder / scored.name


def test_the_interval_is_the_first_fact_of_three(explained: Path) -> None:
    (row,) = Catalog(explained).explain(ODD)
    assert f"between {row['interval_lo']:.0f} and {row['interval_hi']:.0f} Å" in row["evidence"][0]
    assert len(row["evidence"]) >= 3


def test_what_is_there_is_not_computed(explained: Path) -> None:
    catalog = Catalog(explained)
    assert catalog.explain(top=3).meta["n_new"] == 0
    assert catalog.explain(top=4).meta["n_new"] == 1
    assert catalog.explain(ODD, again=True).meta["n_new"] == 1
    (counted,) = catalog.query("SELECT count(*) AS n, count(DISTINCT spectrum_id) AS n_spectrum FROM anomaly_cause")
    assert counted["n"] == counted["n_spectrum"] == 4


def test_the_oddest_come_first_and_so_do_those_of_a_list(explained: Path) -> None:
    table = Catalog(explained).explain([MANGAIDS[5], ODD, MANGAIDS[6]])
    assert list(table["consensus_rank"]) == sorted(table["consensus_rank"])
    assert set(table["mangaid"]) == {ODD, MANGAIDS[5], MANGAIDS[6]}
    assert table.meta["ensemble"] == "test"
    assert table.meta["dataset"] == "large"


def test_the_wide_catalog_has_the_cause(explained: Path) -> None:
    rows = Catalog(explained).query(
        "SELECT mangaid, cause, cause_confidence, cause_evidence, ensemble FROM anomaly WHERE cause IS NOT NULL"
    )
    assert ODD in set(rows["mangaid"])
    assert all(len(evidence) >= 3 for evidence in rows["cause_evidence"])


def test_numbers_are_columns_and_the_rest_is_json(explained: Path) -> None:
    catalog = Catalog(explained)
    (row,) = catalog.query(
        """SELECT cause.*, list_sum([w.share FOR w IN window_share IF w.name IN ('blue end', 'red end')]) AS ends
        FROM anomaly_cause AS cause JOIN anomaly USING (ensemble_id, spectrum_id) WHERE mangaid = $id""",
        {"id": ODD},
    )
    sign = json.loads(row["sign"])
    assert sign["interval_lo"] == row["interval_lo"]
    assert 0 <= row["ends"] <= 1
    assert 0 < row["half_fraction"] <= 0.5
    assert row["n_model"] == 3
    assert row["code_version"]
    assert len(row["nearest_trained"]) == 3
    assert ODD not in row["nearest_trained"]


def test_the_share_in_the_interval_is_that_of_the_reconstructions(explained: Path) -> None:
    catalog = Catalog(explained)
    table = catalog.reconstruction(ODD)
    flux = table["flux"].value.astype(float)
    error = np.mean([np.square((table[model].value - flux) / flux.max()) for model in table.meta["models"]], axis=0)
    (row,) = catalog.explain(ODD)
    at = table["wavelength"].value
    inside = (at >= row["interval_lo"]) & (at <= row["interval_hi"])
    assert error[inside].sum() / error.sum() >= 0.5 - 1e-6
    assert error[inside][1:].sum() / error.sum() < 0.5


def test_new_templates_ask_for_a_new_look(explained: Path, copy_of: Callable[[Path], Path], tmp_path: Path) -> None:
    catalog = Catalog(copy_of(explained))
    spectrum = catalog.spectrum(ODD, "large")
    lines = [f"itself,{w},{f}" for w, f in zip(spectrum["wavelength"].value, spectrum["flux"].value, strict=True)]
    file = tmp_path / "itself.ecsv"
    header = "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n# - {name: name, datatype: string}\n"
    header += "# - {name: wavelength, datatype: float64}\n# - {name: flux, datatype: float64}\nname,wavelength,flux\n"
    file.write_text(header + "\n".join(lines) + "\n")
    assert catalog.add_templates(file, "mine") == 1
    (row,) = catalog.explain(ODD)
    (match,) = row["template_match"]
    assert (match["library"], match["name"]) == ("mine", "itself")
    assert match["rms"] < 0.01
    assert match["ebv"] == pytest.approx(0, abs=0.02)
    assert catalog.explain(ODD).meta["n_new"] == 0
    assert catalog.remove_templates("mine") == 1
    (row,) = catalog.explain(ODD)
    assert row["template_match"] == []


def test_the_wide_catalog_forgets_a_cause_whose_scores_have_changed(
    explained: Path, copy_of: Callable[[Path], Path]
) -> None:
    catalog = Catalog(copy_of(explained))
    known = "SELECT mangaid FROM anomaly WHERE cause IS NOT NULL ORDER BY consensus_rank"
    first, *others = catalog.query(known)["mangaid"].tolist()
    with catalog.database.write() as connection:
        connection.execute(
            "UPDATE ensemble_rank SET mean_log10_error = mean_log10_error + 0.1 WHERE consensus_rank = 1"
        )
    assert catalog.query(known)["mangaid"].tolist() == others
    assert catalog.explain(first).meta["n_new"] == 1
    assert catalog.query(known)["mangaid"].tolist() == [first, *others]
    with catalog.database.write() as connection:
        connection.execute("DELETE FROM ensemble_rank WHERE consensus_rank > 30")
    assert len(catalog.query(known)) == 0
    (row,) = catalog.query("SELECT cause, cause_confidence, cause_evidence FROM anomaly WHERE consensus_rank = 1")
    assert all(value is np.ma.masked for value in row)


def test_visits_and_spectra_without_ivar(visited: Path, copy_of: Callable[[Path], Path]) -> None:
    catalog = Catalog(copy_of(visited))
    table = catalog.explain(VISITED, dataset="visits")
    assert set(table["mjd"]) == {58000, 58001}
    catalog.explain(VISITED, dataset="bare")
    (row,) = catalog.query(
        """SELECT residual_chi2, interval_chi2, sigma_ratio, masked_fraction FROM anomaly_cause
        JOIN anomaly USING (ensemble_id, spectrum_id) WHERE dataset = 'bare'"""
    )
    assert all(row[name] is np.ma.masked for name in ("residual_chi2", "interval_chi2", "sigma_ratio"))
    assert row["masked_fraction"] == 0


def test_a_spectrum_whose_scores_have_no_ranks_yet_is_judged_without_its_place(
    explained: Path, copy_of: Callable[[Path], Path]
) -> None:
    """As after a `catalog score` that was killed."""
    catalog = Catalog(copy_of(explained))
    _, ranked = diagnose_star(catalog.database, ODD, Scope(), Visit())
    with catalog.database.write() as connection:
        connection.execute("DELETE FROM ensemble_rank WHERE consensus_rank = 1")
    table, unranked = diagnose_star(catalog.database, ODD, Scope(), Visit())
    assert table.meta["mangaid"] == ODD
    assert (unranked.place, unranked.verdict.cause) == (ranked.place, ranked.verdict.cause)
    assert set(ranked.measured) - set(unranked.measured) == {
        "density_percentile", "peer_rank", "n_peer", "isolation_percentile"
    }  # fmt: skip


def test_it_goes_with_its_dataset_or_ensemble(explained: Path, copy_of: Callable[[Path], Path]) -> None:
    catalog = Catalog(copy_of(explained))
    catalog.remove("ensemble", "test")
    assert len(catalog.query("SELECT 1 FROM anomaly_cause")) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "nothing to explain: name stars, or say how many of the oddest"),
        ({"stars": "7-unknown"}, "no star 7-unknown in this database"),
        ({"stars": MANGAIDS[2]}, f"star {MANGAIDS[2]} has no score of ensemble test in large"),
        ({"stars": ODD, "ensemble": "none"}, "no ensemble none; there are: test"),
        ({"stars": ODD, "dataset": "small"}, "ensemble test has not scored small; run: catalog score --dataset small"),
    ],
)
def test_what_cannot_be_explained_says_why(explained: Path, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(CatalogError) as raised:
        Catalog(explained).explain(**arguments)  # type: ignore[arg-type]
    assert str(raised.value).startswith(message)
