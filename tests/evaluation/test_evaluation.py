"""An evaluation: rows in the database, once, of scores that stay as they are."""

import dataclasses
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from conftest import MANGAIDS, ODD
from files import smooth_flux, write_combspec

from catalog import Catalog
from catalog.autoencoder.scoring import Observed, Scores
from catalog.causes.verdict import CAUSES
from catalog.errors import CatalogError
from catalog.evaluation.injection import Injection
from catalog.evaluation.methods import AUTOENCODER, METHODS, SCORES
from catalog.evaluation.truth import TruthFile
from catalog.evaluation.verdicts import RIGHT_CAUSE
from catalog.surveys.mock.oddities import ODDITIES

TABLES = ("evaluation", "recovery", "model_agreement", "planted_verdict")
CARBON = Injection(("ch-star",), (1.0, 4.0), 8)


def rows(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def counts(database: Path) -> list[int]:
    return [rows(database, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]


@pytest.fixture
def catalog(scored: Path, copy_of: Callable[[Path], Path]) -> Catalog:
    return Catalog(copy_of(scored))


@pytest.fixture
def truth(tmp_path: Path) -> TruthFile:
    """The odd star, one of the dataset without a usable spectrum, one of no dataset, and some that are listed as
    ordinary; the other stars are not listed."""
    path = tmp_path / "truth.csv"
    lines = [f"{ODD},line,1", f"{MANGAIDS[2]},line,2", "7-99999999,gone,", f"{MANGAIDS[5]},,", f"{MANGAIDS[11]},dull,"]
    path.write_text("\n".join(["mangaid,kind,strength", *lines]))
    return TruthFile(path)


def test_a_listed_anomaly_is_looked_up_in_the_consensus(catalog: Catalog, truth: TruthFile) -> None:
    lines: list[str] = []
    table = catalog.evaluate(truth, talk=lines.append)
    assert lines == [
        "3 of 5 ids match spectra that ensemble test scored in dataset large; 1 have no usable spectrum, 1 are not in "
        "the dataset; of the 4 with a kind, 2 match"
    ]
    first = table[(table["method"] == AUTOENCODER) & (table["members"] == "all")]
    assert first["kind"].tolist() == ["dull", "gone", "line", "line", "line", None]
    assert first["strength"].tolist() == [None, None, 1.0, 2.0, None, None]
    assert first["n_odd"].tolist() == [1, 0, 1, 0, 1, 2]
    assert first["n_unranked"].tolist() == [0, 1, 0, 1, 1, 2]
    assert set(first["n_ordinary"]) == {37}  # of 39 scored; the star that is listed as ordinary is one
    line = first[4]
    assert [line["recall_1"], line["median_percentile"], line["auc"]] == [1, 100, 1]
    assert np.ma.is_masked(line["auc_lo"])
    assert np.ma.is_masked(first["recall_5"][1])


def test_the_numbers_are_those_of_the_view(catalog: Catalog, truth: TruthFile) -> None:
    table = catalog.evaluate(truth, baselines=False)
    consensus = "SELECT {} FROM consensus_anomaly WHERE mangaid {} ORDER BY 1"
    (rank,) = rows(catalog.database.path, consensus.format("consensus_rank", f"= '{MANGAIDS[11]}'"))
    dull = table[(table["kind"] == "dull") & (table["members"] == "all")][0]
    assert dull["median_percentile"] == pytest.approx(100 * (40 - rank[0]) / 39)
    others = rows(catalog.database.path, consensus.format("consensus_rank", f"NOT IN ('{MANGAIDS[11]}', '{ODD}')"))
    assert dull["auc"] == pytest.approx(np.mean([rank[0] < other for (other,) in others]))
    unseen = table[(table["kind"] == "dull") & (table["members"] == "unseen")][0]
    found = rows(catalog.database.path, consensus.format("unseen_rank", f"= '{MANGAIDS[11]}'"))[0][0]
    assert unseen["n_odd"] == (found is not None)


def test_every_method_and_set_of_members_has_every_group(catalog: Catalog, truth: TruthFile) -> None:
    table = catalog.evaluate(truth)
    keys = {(row["method"], row["members"]) for row in table}
    assert keys == {(method, members) for method in METHODS for members in ("all", "unseen")}
    assert len(table) == 6 * len(keys)
    assert set(catalog.evaluate(truth, baselines=False)["method"]) == {AUTOENCODER, *SCORES}
    line = table[(table["kind"] == "line") & (table["strength"] == 1) & (table["members"] == "all")]
    assert dict(zip(line["method"], line["recall_1"], strict=True))["pca"] == 1


@pytest.mark.parametrize("planted", [False, True])
def test_the_same_evaluation_is_done_once(catalog: Catalog, truth: TruthFile, planted: bool) -> None:
    asked = CARBON if planted else truth
    first = catalog.evaluate(asked, baselines=not planted)
    before = counts(catalog.database.path)
    again = catalog.evaluate(asked, baselines=not planted)
    assert (first.meta["known"], again.meta["known"]) == (False, True)
    assert counts(catalog.database.path) == before
    for name in first.colnames:
        assert first[name].tolist() == again[name].tolist()


def test_what_may_change_the_result_makes_another_evaluation(
    catalog: Catalog, truth: TruthFile, tmp_path: Path
) -> None:
    def known(**options: object) -> bool:
        return catalog.evaluate(**({"anomalies": truth, "baselines": False} | options)).meta["known"]  # type: ignore[arg-type]

    assert not known()
    assert not known(baselines=True)
    assert not known(seed=1)
    assert known()
    truth.path.write_text(truth.path.read_text().replace("dull", "grey"))
    assert not known()
    catalog.ingest([write_combspec(tmp_path / "new-lsfpercent90.0.fits", ["7-new"], smooth_flux(1, seed=8))])
    assert known()
    catalog.score("large")
    assert not known()


def test_the_row_says_what_was_evaluated(catalog: Catalog, truth: TruthFile) -> None:
    catalog.evaluate(truth, baselines=False, seed=4)
    columns = "mode, truth_file, n_listed, n_matched, seed, n_member, n_spectrum, n_score, settings->>'kind_column'"
    assert rows(catalog.database.path, f"SELECT {columns} FROM evaluation") == [
        ("truth", "truth.csv", 5, 3, 4, 3, 39, 117, "kind")
    ]
    agreement = "SELECT model_id, other_model_id, spearman BETWEEN 0.5 AND 1 FROM model_agreement ORDER BY ALL"
    assert rows(catalog.database.path, agreement) == [(1, 2, True), (1, 3, True), (2, 3, True)]


def test_stored_scores_stay_as_they_are(catalog: Catalog, scored: Path) -> None:
    catalog.evaluate(CARBON)
    for table in ("reconstruction_error", "latent_vector", "training_split", "spectrum"):
        sql = f"FROM {table} ORDER BY ALL"
        assert rows(catalog.database.path, sql) == rows(scored, sql)


def test_a_planted_oddity_is_found_the_better_the_stronger_it_is(catalog: Catalog) -> None:
    table = catalog.evaluate(Injection(("cosmic-rays",), (0.25, 16.0), 20), baselines=False)
    ours = table[(table["method"] == AUTOENCODER) & (table["members"] == "all") & (table["kind"] == "cosmic-rays")]
    assert ours["strength"].tolist() == [0.25, 16]
    assert ours["n_odd"].tolist() == [20, 20]
    assert ours["auc"][0] < ours["auc"][1]
    assert ours["recall_5"][1] > ours["recall_5"][0]


def test_an_oddity_that_changes_nothing_is_found_as_seldom_as_its_host(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = dataclasses.replace(
        ODDITIES["arm-step"], kind="nothing", change=lambda wavelength, flux, strength, generator: np.ones(flux.shape)
    )
    monkeypatch.setitem(ODDITIES, "nothing", nothing)
    lines: list[str] = []
    table = catalog.evaluate(Injection(("nothing",), (1.0,), 30), talk=lines.append)
    assert "in the window of ensemble test, nothing changes no pixel" in lines
    assert set(table["recall_5"]) == {0.0}
    everyone = table[table["members"] == "all"]
    assert np.asarray(everyone["auc"]) == pytest.approx(0.5, abs=0.1)


def test_a_planted_spectrum_that_no_model_can_take_is_counted(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_three_negative(wavelength: np.ndarray, flux: np.ndarray, strength: np.ndarray, _: object) -> np.ndarray:
        factor = np.full(flux.shape, 1.01)
        factor[:3, 100] = -1
        return factor

    broken = dataclasses.replace(ODDITIES["arm-step"], kind="broken", change=first_three_negative)
    empty = dataclasses.replace(
        ODDITIES["arm-step"], kind="empty", change=lambda wavelength, flux, strength, generator: -np.ones(flux.shape)
    )
    monkeypatch.setitem(ODDITIES, "broken", broken)
    monkeypatch.setitem(ODDITIES, "empty", empty)
    table = catalog.evaluate(Injection(("broken", "empty"), (1.0,), 8), baselines=True)
    ours = table[(table["method"] == AUTOENCODER) & (table["members"] == "all")]
    assert [tuple(row) for row in ours["kind", "n_odd", "n_unranked"].filled("all")] == [
        ("broken", 5, 3),
        ("empty", 0, 8),
        ("all", 5, 11),
    ]


def test_hosts_lie_in_the_region_where_gaia_knows_enough_of_them(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stars of the survey have BP-RP from 0 to 4 at M_G 5."""
    red = dataclasses.replace(ODDITIES["arm-step"], kind="red", bp_rp=(2.0, 4.0), abs_g=(4.0, 6.0))
    monkeypatch.setitem(ODDITIES, "red", red)
    lines: list[str] = []
    catalog.evaluate(Injection(("red",), (1.0,), 10), baselines=False, talk=lines.append)
    assert lines == []
    catalog.evaluate(Injection(("red",), (1.0,), 30), baselines=False, talk=lines.append)
    catalog.evaluate(Injection(("red", "arm-step"), (1.0,), 99), baselines=False, talk=lines.append)
    blue = dataclasses.replace(red, kind="blue", bp_rp=(-3.0, -2.0))
    monkeypatch.setitem(ODDITIES, "blue", blue)
    catalog.evaluate(Injection(("red", "blue"), (1.0,), 10), baselines=False, talk=lines.append)
    assert [line.split(" ordinary")[0] for line in lines] == [
        "red has 18",
        "red has 18",
        "arm-step has 36",
        "next to no",
    ]
    assert lines[-1].endswith("in the host region of blue; planted in any ordinary spectra instead")
    settings = "SELECT settings->>'$.anywhere' FROM evaluation ORDER BY evaluation_id"
    assert rows(catalog.database.path, settings) == [("[]",), ("[]",), ("[]",), ('["blue"]',)]


def test_planted_spectra_go_through_the_function_that_scores(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def score(network: object, spectra: Observed) -> Scores:
        n = len(spectra.log_flux)
        asked.append(n)
        return Scores(np.full(n, 1e9), np.full(n, np.nan), np.zeros((n, 10)))

    monkeypatch.setattr("catalog.evaluation.detectors.score", score)
    table = catalog.evaluate(Injection(("ch-star",), (1.0, 2.0), 8), baselines=False)
    assert asked == [8] * 6  # three models, two strengths
    of_error = table[table["method"] == AUTOENCODER]
    assert set(of_error["recall_0_5"]) == {1.0}


def test_of_planted_oddities_the_verdicts_are_counted(scored_by_paper: Path, copy_of: Callable[[Path], Path]) -> None:
    """Each usable one once; the same table is read again when the evaluation is known."""
    catalog = Catalog(copy_of(scored_by_paper))
    asked = Injection(("ch-star", "emission-line"), (1.0, 4.0), 8)
    verdicts = catalog.evaluate(asked, baselines=False).meta["verdicts"]
    assert {(row["kind"], row["right_cause"]) for row in verdicts} == {
        ("ch-star", "carbon"),
        ("emission-line", "emission"),
    }
    assert sum(verdicts["n_planted"]) == 8 * 2 * 2
    strong = verdicts[(verdicts["kind"] == "emission-line") & (verdicts["strength"] == 4)]
    assert sum(strong["n_planted"][strong["cause"] == "emission"]) >= 3
    assert catalog.evaluate(asked, baselines=False).meta["verdicts"].pformat() == verdicts.pformat()


def test_every_kind_has_a_right_cause() -> None:
    assert set(RIGHT_CAUSE) == set(ODDITIES)
    assert set(RIGHT_CAUSE.values()) <= set(CAUSES)


def test_of_a_truth_table_no_verdicts_are_counted(catalog: Catalog, truth: TruthFile) -> None:
    assert len(catalog.evaluate(truth, baselines=False).meta["verdicts"]) == 0


def test_killed_it_leaves_nothing(catalog: Catalog, truth: TruthFile) -> None:
    code = (
        "import sys, time; from pathlib import Path; from catalog import Catalog;"
        "from catalog.evaluation.truth import TruthFile; import catalog.evaluation.evaluate as evaluate;"
        "evaluate.write_evaluation = lambda *_: (print('computed', flush=True), time.sleep(60));"
        "Catalog(sys.argv[1]).evaluate(TruthFile(Path(sys.argv[2])), baselines=False)"
    )
    command = [sys.executable, "-c", code, str(catalog.database.path), str(truth.path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "computed\n"
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert counts(catalog.database.path) == [0, 0, 0, 0]
    assert not catalog.evaluate(truth, baselines=False).meta["known"]


def test_a_failure_while_writing_leaves_nothing(
    catalog: Catalog, truth: TruthFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("catalog.evaluation.record.append", fail)
    with pytest.raises(ZeroDivisionError):
        catalog.evaluate(truth, baselines=False)
    assert counts(catalog.database.path) == [0, 0, 0, 0]


def test_a_truth_table_of_other_stars_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"mangaid,kind\n8-1,odd\n8-2,odd\n{MANGAIDS[2]},odd\n{MANGAIDS[0]},\n")
    message = "1 of 4 ids match .*; 1 have no usable spectrum, 2 are not in the dataset; none of the 3 with a kind"
    with pytest.raises(CatalogError, match=message):
        catalog.evaluate(TruthFile(path))
