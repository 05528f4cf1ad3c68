"""A digest of the code decides whether what is stored is still good; what the release is called decides nothing."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from conftest import ODD, REPOSITORY

from benchmarks.rooms import imported, modules, room_of
from catalog import Catalog, digests
from catalog.anomaly import method
from catalog.digests import digest_of_code, said
from catalog.evaluation import record
from catalog.evaluation.injection import Injection
from catalog.evaluation.truth import TruthFile
from catalog.provenance import sha256_of_text
from catalog.version import code_version

Change = Callable[[str, str, str], None]

SAMPLE = '''
"""A docstring."""

import numpy as np

N = -3
"""What it is for."""


class Case:
    """One."""

    part: float | None = None

    @property
    def text(self) -> str:
        """Another."""
        return f"{self.part!r:>{N}.2f} Å" "\\N{BOM} and more" if N and 1 < N <= 2e3 else b"".decode()


def double(*values: np.ndarray, by: int = 2, **others: object) -> list[np.ndarray]:
    """Yet another."""
    # Comments say why.
    return [value * by for value in values if others is not ...]
'''

CARRIES = {
    "__init__", "autoencoder", "database", "digests", "ensembles", "errors", "files", "prefetch", "progress",
    "provenance", "spectra", "version",
}  # fmt: skip
"""Rooms that bring something from one place to another, or rest on scores, which are compared themselves."""

BESIDE = {"catalog.anomaly.method", "catalog.anomaly.scoring", "catalog.anomaly.templates", "catalog.surveys.product"}
"""The lists themselves; latent vectors, padded as they are stored; templates, which have their own digest; types."""


def named(paths: tuple[str, ...]) -> set[str]:
    """The modules in a list of what a digest is of."""
    files = {name for path in paths for name, _ in digests.sources(path) if name.endswith(".py")}
    return {f"catalog.{name.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}" for name in files}


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Iterator[Change]:
    """Lets a file of the package say something else, as in another version."""

    def change(file: str, old: str, new: str) -> None:
        before = digests.sources

        def sources(path: str) -> Iterator[tuple[str, str]]:
            for name, text in before(path):
                assert name != file or text.count(old) == 1
                yield name, text.replace(old, new) if name == file else text

        monkeypatch.setattr(digests, "sources", sources)
        digest_of_code.cache_clear()

    yield change
    digest_of_code.cache_clear()


@pytest.fixture
def catalog(scored: Path, copy_of: Callable[[Path], Path]) -> Catalog:
    return Catalog(copy_of(scored))


@pytest.fixture
def truth(tmp_path: Path) -> TruthFile:
    (tmp_path / "truth.csv").write_text(f"mangaid,kind\n{ODD},line\n")
    return TruthFile(tmp_path / "truth.csv")


def rows(catalog: Catalog, sql: str) -> list[tuple]:
    with duckdb.connect(catalog.database.path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def write(catalog: Catalog, sql: str) -> None:
    with duckdb.connect(catalog.database.path) as connection:
        connection.execute(sql)


# What a digest is of.


def test_the_same_code_has_the_same_digest_in_every_version_of_python() -> None:
    """Made with Python 3.11; 3.12 to 3.14 find the same."""
    expected = "33879b669af62b91cec36d243bdce044fbced0dccf821e1ba33dc8948f63567c"
    assert sha256_of_text(said("a.py", SAMPLE)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""A docstring."""', '"""Another docstring."""'),
        ('"""A docstring."""\n', ""),
        ('"""What it is for."""', '"""What for."""'),
        ("    # Comments say why.\n", ""),
        ("N = -3", "N = (-3)  # less"),
        ("import numpy as np\n", "import numpy as np\n\n\n"),
        ("2e3", "2000.0"),
    ],
)
def test_what_is_only_written_differently_is_the_same(old: str, new: str) -> None:
    assert SAMPLE.count(old) == 1
    assert said("a.py", SAMPLE.replace(old, new)) == said("a.py", SAMPLE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("N = -3", "N = -4"),
        ("N = -3", "N = 3"),
        ("N = -3", "N = -3.0"),
        ("<=", "<"),
        ("by: int = 2", "by: int = True"),
        ("*values", "values"),
        (" and more", " and less"),
        (">{N}.2f", ">{N}.3f"),
        ("{self.part!r", "{self.part!s"),
        ('b""', '""'),
        ("value * by", "by * value"),
        ("@property\n    ", ""),
    ],
)
def test_what_is_said_differently_is_not(old: str, new: str) -> None:
    assert SAMPLE.count(old) == 1
    assert said("a.py", SAMPLE.replace(old, new)) != said("a.py", SAMPLE)


def test_of_data_every_line_counts_and_of_sql_but_for_comments() -> None:
    assert said("a.csv", "a\n-- 1\n") == "a\n-- 1"
    assert said("a.sql", "-- why\nSELECT 1\n  -- and why\n") == said("a.sql", "SELECT 1")
    assert said("a.sql", "SELECT 1") != said("a.sql", "SELECT 2")


def test_which_files_and_in_which_order_counts() -> None:
    both = digest_of_code("anomaly/consensus.py", "anomaly/peers.py")
    assert both != digest_of_code("anomaly/peers.py", "anomaly/consensus.py")
    assert both != digest_of_code("anomaly/consensus.py")


def test_a_folder_is_all_that_it_holds() -> None:
    found = {name for name, _ in digests.sources("causes")}
    expected = {f"causes/{file.name}" for file in (REPOSITORY / "catalog" / "causes").iterdir() if file.is_file()}
    assert found == expected
    assert "causes/windows.csv" in found


@pytest.mark.parametrize("rests_on", [method.RANKS, method.RULES, record.METHOD], ids=["ranks", "rules", "evaluation"])
def test_nothing_is_left_out_that_the_code_takes_from_elsewhere(rests_on: tuple[str, ...]) -> None:
    """A module that one of them imports is one of them, or only carries, or makes ranks, which have a digest."""
    known, ours = modules(REPOSITORY), named(rests_on)
    taken = {other for name in ours for other in imported(name, known[name], known)}
    assert {name for name in taken - ours - named(method.RANKS) - BESIDE if room_of(name) not in CARRIES} == set()


@pytest.mark.parametrize("rests_on", [method.RANKS, method.RULES, record.METHOD], ids=["ranks", "rules", "evaluation"])
def test_the_views_that_the_code_asks_are_there_too(rests_on: tuple[str, ...]) -> None:
    text = "".join(said(name, text) for path in rests_on for name, text in digests.sources(path))
    for view in ("consensus", "cmd", "star_role"):
        if re.search(rf"(FROM|JOIN) {view}\b", text):
            assert f"database/views/{view}.sql" in rests_on


# Causes.


def test_a_constant_of_the_rules_makes_causes_stale_and_a_typo_in_a_docstring_does_not(
    catalog: Catalog, change: Change
) -> None:
    def n_new() -> int:
        return int(catalog.explain(top=2).meta["n_new"])

    assert (n_new(), n_new()) == (2, 0)
    change("causes/facts.py", '"""Facts of a verdict, at least."""', '"""Facts of a verdict, at lest."""')
    assert n_new() == 0
    change("causes/facts.py", "N_FACT = 3", "N_FACT = 4")
    assert (n_new(), n_new()) == (2, 0)
    change("causes/windows.csv", "C2 4383,C2,4351.2", "C2 4383,C2,4351.3")
    assert (n_new(), n_new()) == (2, 0)
    assert rows(catalog, "SELECT count(*), count(DISTINCT rules_sha256) FROM anomaly_cause") == [(2, 1)]


def test_a_cause_from_before_there_were_digests_is_made_again(catalog: Catalog) -> None:
    catalog.explain(top=2)
    write(
        catalog,
        "UPDATE anomaly_cause SET rules_sha256 = NULL WHERE spectrum_id = (FROM anomaly_cause SELECT max(spectrum_id))",
    )
    assert catalog.explain(top=2).meta["n_new"] == 1
    assert rows(catalog, "SELECT count(rules_sha256) FROM anomaly_cause") == [(2,)]


def test_ranks_that_were_made_anew_by_other_code_are_asked_about_again(catalog: Catalog, change: Change) -> None:
    """Rules ask about the rank among peers."""
    catalog.explain(top=2)
    change("anomaly/peers.py", "N_PEER = 300", "N_PEER = 299")
    assert catalog.explain(top=2).meta["n_new"] == 0  # the ranks are still those
    catalog.score("large")
    assert catalog.explain(top=2).meta["n_new"] == 2


# Evaluations.


def test_a_constant_of_an_evaluation_makes_another_and_a_typo_does_not(
    catalog: Catalog, truth: TruthFile, change: Change
) -> None:
    def known() -> bool:
        return bool(catalog.evaluate(truth, baselines=False).meta["known"])

    assert (known(), known()) == (False, True)
    change("evaluation/agreement.py", '"""How far the models of an', '"""How fra the models of an')
    assert known()
    change("evaluation/baselines.py", "LARGEST_FIT = ", "LARGEST_FIT = 1 + ")
    assert (known(), known()) == (False, True)
    change("surveys/mock/oddities.py", "SPEED_OF_LIGHT = 299792.458", "SPEED_OF_LIGHT = 299792.4")
    assert (known(), known()) == (False, True)
    found = "SELECT count(*), count(DISTINCT method_sha256), count(DISTINCT code_version) FROM evaluation"
    assert rows(catalog, found) == [(3, 3, 1)]


def test_an_evaluation_from_before_there_were_digests_is_made_again(catalog: Catalog) -> None:
    asked = Injection(("ch-star",), (1.0,), 4)
    catalog.evaluate(asked, baselines=False)
    write(catalog, "UPDATE evaluation SET method_sha256 = NULL")
    assert not catalog.evaluate(asked, baselines=False).meta["known"]
    assert catalog.evaluate(asked, baselines=False).meta["known"]


def test_ranks_that_were_made_anew_by_other_code_are_evaluated_again(
    catalog: Catalog, truth: TruthFile, change: Change
) -> None:
    """An evaluation reads relative errors and isolation."""
    catalog.evaluate(truth, baselines=False)
    change("anomaly/stability.py", "SEED = 0", "SEED = 1")
    assert catalog.evaluate(truth, baselines=False).meta["known"]
    catalog.score("large")
    assert not catalog.evaluate(truth, baselines=False).meta["known"]


# Ranks.


def test_a_constant_of_the_ranks_makes_them_again_once_and_a_typo_does_not(catalog: Catalog, change: Change) -> None:
    ranks = [rows(catalog, f"FROM {table} ORDER BY ALL") for table in ("score_rank", "ensemble_rank")]

    def made() -> list[tuple]:
        return rows(catalog, "SELECT method_sha256, created_at FROM rank_method")

    catalog.neighbors_of_all(3)
    neighbors, (first,) = rows(catalog, "FROM neighbor ORDER BY ALL"), made()
    change("anomaly/peers.py", '"""How odd each spectrum is', '"""How od each spectrum is')
    change("database/views/consensus.sql", "-- The paper (section 3.3)", "-- The paper (section 3.4)")
    catalog.score("large")
    assert made() == [first]
    change(
        "database/views/consensus.sql",
        "ORDER BY\n            agreement.n_flagged DESC,",
        "ORDER BY agreement.n_flagged DESC,",
    )
    catalog.score("large")
    (second,) = made()
    assert second[0] != first[0]
    assert second[1] > first[1]
    before = catalog.database.path.read_bytes()
    catalog.score("large")
    assert catalog.database.path.read_bytes() == before
    # It was a constant for the digest alone: the rows are the same, and so is what is near.
    assert [rows(catalog, f"FROM {table} ORDER BY ALL") for table in ("score_rank", "ensemble_rank")] == ranks
    assert rows(catalog, "FROM neighbor ORDER BY ALL") == neighbors


@pytest.mark.parametrize("again", ["score", "upgrade"])
def test_ranks_from_before_there_were_digests_are_made_again(catalog: Catalog, again: str) -> None:
    ranks = rows(catalog, "FROM score_rank ORDER BY ALL")
    write(catalog, "DELETE FROM rank_method; UPDATE score_rank SET isolation = 7, relative_percentile = 5")
    if again == "score":
        catalog.score("large")
    else:
        catalog.upgrade()
    assert rows(catalog, "FROM score_rank ORDER BY ALL") == ranks
    assert rows(catalog, "SELECT method_sha256, code_version FROM rank_method") == [
        (method.digest_of_ranks(), code_version())
    ]


# The version decides nothing.


def test_another_commit_makes_nothing_again(
    catalog: Catalog, truth: TruthFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.explain(top=2)
    catalog.evaluate(truth, baselines=False)
    code_version.cache_clear()
    monkeypatch.setattr("catalog.version.commit_of", lambda _: "0000000.dirty")
    assert code_version().endswith("+g0000000.dirty")
    before = catalog.database.path.read_bytes()
    assert catalog.explain(top=2).meta["n_new"] == 0
    assert catalog.evaluate(truth, baselines=False).meta["known"]
    catalog.score("large")
    assert catalog.database.path.read_bytes() == before
    catalog.explain(top=3)
    written = "SELECT DISTINCT code_version FROM anomaly_cause ORDER BY ALL"
    assert code_version() in [row[0] for row in rows(catalog, written)]
    code_version.cache_clear()
