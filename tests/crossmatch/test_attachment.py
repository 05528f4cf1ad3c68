"""A catalog is attached, listed, replaced and taken away; nothing half done stays, and nothing of the user's goes."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from astropy.table import Table
from files import write_combspec, write_gaia, write_mastarall
from ingested_rows import one

from catalog import Catalog
from catalog.database.external import recreate_external_views
from catalog.database.migration import upgrade
from catalog.errors import CatalogError

FIRST_ID = 2**60 + 1


@pytest.fixture
def catalog(ingested: Path, copy_of: Callable) -> Catalog:
    """Forty stars 7-00000000 … with EDR3 ids from FIRST_ID; the last has none."""
    return Catalog(copy_of(ingested))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "list.ecsv", range(3))


def written(path: Path, stars: range, **columns: list) -> Path:
    rows = {"mangaid": [f"7-{number:08d}" for number in stars], "id": [FIRST_ID + number for number in stars]}
    Table(rows | {"kind": [f"kind {number}" for number in stars]} | columns).write(path, overwrite=True)
    return path


def test_a_catalog_is_a_table_its_matches_and_a_view(scored: Path, copy_of: Callable, file: Path) -> None:
    catalog = Catalog(copy_of(scored))
    found = catalog.attach(file, "mine", gaia="id", release="EDR3")
    assert (found.new, found.n_row, found.n_column, found.n_star, found.n_matched) == (True, 3, 3, 40, 3)
    assert (found.n_unknown, found.n_ambiguous, found.n_row_shared, found.n_row_unusable) == (1, 0, 0, 0)
    table = catalog.query("FROM external.mine")
    assert table.colnames == ["catalog_row", "mangaid", "id", "kind"]
    assert table["id"].tolist() == [FIRST_ID, FIRST_ID + 1, FIRST_ID + 2]
    anomalies = catalog.query("SELECT mangaid, catalog_row, mine_kind, mine_mangaid FROM anomaly_mine")
    assert len(anomalies) > 0
    assert anomalies["mangaid"].tolist() == anomalies["mine_mangaid"].tolist()
    everything = catalog.query("SELECT mangaid FROM consensus_anomaly WHERE star_id <= 3")
    assert sorted(anomalies["mangaid"]) == sorted(everything["mangaid"])


def test_asked_without_a_match_is_not_the_same_as_not_asked(catalog: Catalog, file: Path, tmp_path: Path) -> None:
    catalog.attach(file, "mine", gaia="id", release="EDR3")
    rows = catalog.query("SELECT star_id, catalog_row, n_candidate FROM external_match ORDER BY star_id")
    assert len(rows) == 40
    assert np.ma.getmaskarray(rows["catalog_row"]).sum() == 37
    assert np.ma.filled(rows["n_candidate"], -1).tolist() == [1] * 3 + [0] * 36 + [-1]

    write_combspec(tmp_path / "more.fits", ["7-new"], np.ones((1, 4563)))
    catalog.ingest([tmp_path / "more.fits"], "more")
    assert catalog.attached()["n_star_not_asked"].tolist() == [1]
    assert len(catalog.query("FROM external_match")) == 40
    assert catalog.attach(file, "mine", gaia="id", release="EDR3").n_star == 41
    assert catalog.attached()["n_star_not_asked"].tolist() == [0]


def test_the_same_again_does_nothing(catalog: Catalog, file: Path) -> None:
    catalog.attach(file, "mine", gaia="id", release="EDR3")
    before = catalog.attached()["attached_at"][0]
    again = catalog.attach(file, "mine", gaia="id", release="EDR3")
    assert (again.new, again.n_matched) == (False, 3)
    assert catalog.attached()["attached_at"][0] == before
    assert catalog.attach(file, "mine", mangaid="mangaid").new
    assert catalog.attach(file, "mine", mangaid="mangaid", every=True).new


def test_stars_that_have_changed_are_asked_again(catalog: Catalog, file: Path, tmp_path: Path) -> None:
    catalog.attach(file, "mine", gaia="id", release="EDR3")
    ids = [f"7-{number:08d}" for number in range(40)]
    write_gaia(tmp_path / "newer.fits", ids, SOURCE_ID=np.arange(1, 41))
    catalog.ingest([tmp_path / "newer.fits"])
    found = catalog.attach(file, "mine", gaia="id", release="EDR3")
    assert (found.new, found.n_matched, found.n_unknown) == (True, 0, 0)


def test_a_newer_file_replaces_the_older(catalog: Catalog, file: Path, tmp_path: Path) -> None:
    catalog.attach(file, "mine", gaia="id", release="EDR3")
    newer = written(tmp_path / "newer.ecsv", range(5, 9), extra=[1.5] * 4)
    found = catalog.attach(newer, "mine", gaia="id", release="EDR3")
    assert (found.replaced, found.n_row, found.n_matched) == ("list.ecsv", 4, 4)
    assert catalog.attached()["file"].tolist() == ["newer.ecsv"]
    assert len(catalog.query("FROM external.mine")) == 4
    assert len(catalog.query("FROM external_match WHERE catalog_row IS NOT NULL")) == 4
    catalog.query("SELECT mine_extra FROM anomaly_mine")


def test_several_catalogs_and_one_that_goes(catalog: Catalog, file: Path, tmp_path: Path) -> None:
    catalog.attach(file, "one", gaia="id", release="DR3")
    catalog.attach(written(tmp_path / "two.ecsv", range(9)), "two", mangaid="mangaid")
    listed = catalog.attached()
    assert listed["catalog"].tolist() == ["one", "two"]
    assert listed["n_star_matched"].tolist() == [3, 9]
    assert listed["n_star_unmatched"].tolist() == [36, 31]
    assert listed["n_star_unknown"].tolist() == [1, 0]
    catalog.detach("one")
    assert catalog.attached()["catalog"].tolist() == ["two"]
    assert len(catalog.query("FROM external_match")) == 40
    for gone in ("external.one", "anomaly_one"):
        with pytest.raises(CatalogError, match="does not exist"):
            catalog.query(f"FROM {gone}")
    with pytest.raises(CatalogError, match="no attached catalog one; there are: two"):
        catalog.detach("one")


def test_what_fails_leaves_what_was_there(catalog: Catalog, file: Path, tmp_path: Path) -> None:
    catalog.attach(file, "mine", gaia="id", release="EDR3")
    newer = written(tmp_path / "newer.ecsv", range(5, 9))
    with pytest.raises(CatalogError, match="mine has no column Source; it has: mangaid, id, kind"):
        catalog.attach(newer, "mine", gaia="Source", release="EDR3")
    assert catalog.attached()["file"].tolist() == ["list.ecsv"]
    assert len(catalog.query("FROM external.mine")) == 3
    assert len(catalog.query("FROM external_match WHERE catalog_row IS NOT NULL")) == 3


@pytest.mark.parametrize("name", ["", "Li", "2mass", "li-2018", "li 2018", "a" * 41, "li;drop", 'li"', "straße"])
def test_a_name_that_is_not_valid(catalog: Catalog, file: Path, name: str) -> None:
    with pytest.raises(CatalogError, match="is not a valid name for a catalog; give small letters"):
        catalog.attach(file, name, mangaid="mangaid")


def test_a_name_that_is_taken_or_a_word_of_sql(catalog: Catalog, file: Path) -> None:
    with pytest.raises(CatalogError, match="the view anomaly_score is one of ours"):
        catalog.attach(file, "score", mangaid="mangaid")
    with pytest.raises(CatalogError, match="order, which is a word of SQL"):
        catalog.attach(file, "order", mangaid="mangaid")
    with duckdb.connect(catalog.database.path) as connection:
        connection.execute("CREATE TABLE external.notes AS SELECT 1 AS i")
        connection.execute("CREATE VIEW anomaly_notebook AS SELECT 1 AS i")
    for name in ("notes", "notebook"):
        with pytest.raises(CatalogError, match="was not attached; drop it or give another name"):
            catalog.attach(file, name, mangaid="mangaid")
    assert one(catalog.database.path, "FROM external.notes") == (1,)
    assert len(catalog.attached()) == 0


def test_a_column_bears_the_name_of_its_catalog_in_the_view(catalog: Catalog, tmp_path: Path) -> None:
    path = written(tmp_path / "x.ecsv", range(3), ra=[1.0] * 3, consensus_rank=[7] * 3)
    catalog.attach(path, "x", mangaid="mangaid")
    view = catalog.query("DESCRIBE anomaly_x")["column_name"].tolist()
    assert len(view) == len(set(view))
    assert view[-5:] == ["x_mangaid", "x_id", "x_kind", "x_ra", "x_consensus_rank"]


def test_attached_catalogs_survive_an_upgrade_and_a_compaction(catalog: Catalog, file: Path) -> None:
    catalog.attach(file, "mine", gaia="id", release="EDR3")
    path = catalog.database.path
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE external.of_mine AS SELECT 'x' AS note")
        connection.execute("CREATE VIEW external.both AS SELECT note FROM external.of_mine")
        connection.execute("DROP VIEW anomaly_mine")  # as a view on columns that are others now
    catalog.upgrade()
    comments = (
        "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'anomaly_mine' ORDER BY column_index"
    )
    before = catalog.query(comments)
    assert np.ma.getmaskarray(before["comment"]).sum() == 3  # those of the file, which says nothing
    catalog.remove("dataset", "small")
    catalog.compact()
    catalog.upgrade()
    assert catalog.query(comments)["column_name"].tolist() == before["column_name"].tolist()
    assert one(path, "FROM external.both") == ("x",)
    assert catalog.attached()["n_star_matched"].tolist() == [3]
    assert not catalog.attach(file, "mine", gaia="id", release="EDR3").new


def test_a_table_that_somebody_dropped_does_not_stop_an_upgrade(catalog: Catalog, file: Path) -> None:
    catalog.attach(file, "mine", gaia="id", release="EDR3")
    with duckdb.connect(catalog.database.path) as connection:
        connection.execute("DROP TABLE external.mine")
    catalog.upgrade()
    assert catalog.attach(file, "mine", gaia="id", release="EDR3").new
    with duckdb.connect(catalog.database.path) as connection:
        connection.execute("DROP TABLE external.mine")
    catalog.detach("mine")
    assert len(catalog.attached()) == 0


def test_a_view_of_ours_takes_precedence_over_that_of_a_catalog(
    catalog: Catalog, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when a later version has a view anomaly_mine."""
    catalog.attach(file, "mine", gaia="id", release="EDR3")
    monkeypatch.setattr("catalog.database.external.reserved_views", lambda: {"anomaly_mine"})
    with catalog.database.write() as connection:
        connection.execute("CREATE OR REPLACE VIEW anomaly_mine AS SELECT 1 AS ours")
        recreate_external_views(connection)
    assert one(catalog.database.path, "FROM anomaly_mine") == (1,)
    assert "attached catalog mine has no view" in caplog.text


def test_a_star_that_goes_takes_its_matches(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([write_combspec(tmp_path / "a.fits", ["7-00000000"], np.ones((1, 4563)))], "a")
    catalog.ingest([write_mastarall(tmp_path / "m.fits", ["7-00000001"])])
    catalog.attach(written(tmp_path / "x.ecsv", range(3)), "x", mangaid="mangaid")
    catalog.remove("dataset", "a")
    assert len(catalog.query("FROM external_match")) == 1
    assert len(catalog.query("FROM external.x")) == 3


def test_an_older_database_gets_the_schema(tmp_path: Path, file: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    upgrade(catalog.database)
    assert catalog.attach(file, "mine", mangaid="mangaid").n_star == 0
    Table({"ra": [1.0], "dec": [1.0]}).write(tmp_path / "sky.ecsv")
    assert catalog.attach(tmp_path / "sky.ecsv", "mine", sky=("ra", "dec"), radius=1).n_star == 0
    assert catalog.attached()["n_star_matched"].tolist() == [0]


@pytest.mark.parametrize("delay", [0, 0.1, 0.2, 0.4, 0.6])
def test_a_kill_leaves_the_database_as_it_was(catalog: Catalog, tmp_path: Path, delay: float) -> None:
    path = catalog.database.path
    catalog.attach(written(tmp_path / "list.ecsv", range(3)), "mine", gaia="id", release="EDR3")
    n = 300_000
    Table({"id": np.arange(n) + FIRST_ID, "text": [f"row {i}" for i in range(n)]}).write(tmp_path / "big.parquet")
    arguments = ["attach", tmp_path / "big.parquet", "--name", "mine", "--gaia", "id", "--release", "EDR3"]
    command = [sys.executable, "-m", "catalog.cli", "--database", path, *arguments]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while str(path) not in _open_files(process.pid):
        if process.poll() is not None:
            break
        time.sleep(0.005)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    listed = catalog.attached()[0]
    n_row = catalog.query("SELECT count(*) AS n FROM external.mine")["n"][0]
    assert (listed["file"], listed["n_star_matched"], n_row) in (("list.ecsv", 3, 3), ("big.parquet", 39, n))
    assert len(catalog.query("FROM external_match")) == 40
    assert catalog.attach(tmp_path / "big.parquet", "mine", gaia="id", release="EDR3").n_matched == 39


def _open_files(pid: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            found.add(str(link.readlink()))
        except OSError:
            continue
    return found


def test_a_full_disk_changes_nothing(catalog: Catalog, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    shutil.copy(catalog.database.path, tmp_path / "before.duckdb")
    n = 400_000
    generator = np.random.default_rng(0)
    Table({"id": np.arange(n), "a": generator.random(n), "b": generator.random(n)}).write(tmp_path / "big.parquet")
    limit = catalog.database.path.stat().st_size // 1024 + 2000
    arguments = f"attach {tmp_path}/big.parquet --name mine --gaia id --release EDR3"
    command = f"ulimit -f {limit}; trap '' XFSZ; exec {sys.executable} -m catalog.cli --database"
    done = subprocess.run(
        ["/bin/bash", "-c", f"{command} {catalog.database.path} {arguments}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert "disk is full" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert len(catalog.attached()) == 0
