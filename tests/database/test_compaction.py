"""A compacted file holds what it held, in less; killed or without space, the old one stays."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from files import smooth_flux, write_combspec
from ingested_rows import contents

from catalog import Catalog
from catalog.database.connection import Database
from catalog.database.migration import upgrade
from catalog.errors import CatalogError

DEFINITIONS = """
SELECT 'table' AS kind, table_name, sql, comment FROM duckdb_tables() WHERE NOT internal AND NOT temporary
UNION ALL SELECT 'view', view_name, sql, comment FROM duckdb_views() WHERE NOT internal
UNION ALL SELECT 'macro', function_name, macro_definition, comment FROM duckdb_functions() WHERE NOT internal
UNION ALL SELECT 'column', table_name || '.' || column_name, data_type, comment
    FROM duckdb_columns() WHERE NOT internal
UNION ALL SELECT 'constraint', table_name, constraint_text, NULL FROM duckdb_constraints()
ORDER BY ALL
"""


def definitions(database: Path) -> list[tuple]:
    with duckdb.connect(database, read_only=True) as connection:
        return connection.execute(DEFINITIONS).fetchall()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compaction")
    catalog = Catalog(folder / "c.duckdb")
    for name, n in (("one", 300), ("two", 60)):
        catalog.ingest([write_combspec(folder / f"{name}.fits", [f"7-{i}" for i in range(n)], smooth_flux(n))], name)
    with duckdb.connect(catalog.database.path) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS i")
        connection.execute("CREATE VIEW odd AS SELECT mangaid FROM consensus_anomaly")
        connection.execute("COMMENT ON VIEW odd IS 'my view'")
        connection.execute("CREATE VIEW broken AS SELECT i FROM mine")
        connection.execute("DROP TABLE mine")
        connection.execute("CREATE SCHEMA of_mine")
        connection.execute("CREATE TABLE of_mine.notes AS SELECT 'x' AS note")
    catalog.remove("dataset", "one")
    return catalog.database.path


@pytest.fixture
def database(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path))


def test_everything_stays_and_the_space_is_free(database: Path) -> None:
    before = contents(database), definitions(database)
    size = database.stat().st_size
    found = Catalog(database).compact()
    assert found == (size, database.stat().st_size)
    assert found[1] < 0.5 * size
    assert (contents(database), definitions(database)) == before
    assert upgrade(Database(database))[0] is not None
    with duckdb.connect(database) as connection:
        assert connection.execute("FROM of_mine.notes").fetchall() == [("x",)]
        assert len(connection.execute("FROM window_usable(3700, 10200)").fetchall()) == 1
    assert Catalog(database).compact()[1] == database.stat().st_size
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_without_anything_to_gain_the_file_stays_as_it_is(database: Path) -> None:
    catalog = Catalog(database)
    catalog.compact()
    before = database.read_bytes()
    size = len(before)
    assert catalog.compact() == (size, size)
    assert database.read_bytes() == before


def test_what_is_in_the_log_of_a_killed_writer_is_kept(database: Path) -> None:
    code = f"""import duckdb, os
connection = duckdb.connect({str(database)!r})
connection.execute("SET checkpoint_threshold = '1GB'")
connection.execute("CREATE TABLE late AS SELECT 7 AS i")
os.kill(os.getpid(), {int(signal.SIGKILL)})"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert database.with_name("c.duckdb.wal").exists()
    Catalog(database).compact()
    assert not database.with_name("c.duckdb.wal").exists()
    with duckdb.connect(database) as connection:
        assert connection.execute("FROM late").fetchall() == [(7,)]


def test_a_full_disk_changes_nothing(database: Path) -> None:
    """A limit on the size of files stands for the disk."""
    before = database.read_bytes()
    command = f"ulimit -f 2000; trap '' XFSZ; exec {sys.executable} -m catalog.cli --database {database} db compact"
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "disk is full" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_a_copy_that_a_kill_left_is_no_hindrance(database: Path) -> None:
    database.with_name("c.duckdb.compact").write_bytes(b"half")
    before, after = Catalog(database).compact()
    assert after < 0.5 * before
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_a_link_to_the_file_stays_a_link(database: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.duckdb"
    link.symlink_to(database)
    Catalog(link).compact()
    assert link.is_symlink()
    assert Catalog(database).compact()[1] == database.stat().st_size


def test_an_absent_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no database at"):
        Catalog(tmp_path / "no.duckdb").compact()
    assert not list(tmp_path.iterdir())


def test_the_command_says_the_sizes(database: Path, run: object) -> None:
    ask = ("--database", database, "db", "compact")
    assert re.search(r"c\.duckdb: \d+ MB before, \d+ MB now\n", run(*ask).stderr)  # type: ignore[operator]
    assert "nothing to gain" in run(*ask).stderr  # type: ignore[operator]
