"""The schema, its migrations and its comments agree; a file of another revision is answered with a command."""

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import alembic.command
import duckdb
import pytest
from alembic.script import ScriptDirectory
from astropy import units as u
from sharing import copy_database

from catalog import Catalog
from catalog.database.connection import Database, scalar
from catalog.database.meaning import MEANINGS, RELATIONS
from catalog.database.migration import alchemy, configuration, upgrade
from catalog.database.names import find_ensemble
from catalog.database.revision import REVISION
from catalog.database.schema import metadata
from catalog.database.views import MACROS, VIEWS, columns_of_macro, definition
from catalog.errors import CatalogError
from catalog.spectra.blocks import trained_wavelength


@pytest.fixture
def database(blank: Path, tmp_path: Path) -> Database:
    return Database(copy_database(blank, tmp_path))


def shape(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    """Columns and constraints of the tables, as DuckDB sees them."""
    columns = """SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns()
                 WHERE NOT internal AND table_name <> 'schema_version' AND table_name IN
                 (SELECT table_name FROM duckdb_tables()) AND database_name NOT IN ('memory', 'system', 'temp')"""
    constraints = """SELECT table_name, constraint_type, constraint_column_names FROM duckdb_constraints()
                     WHERE table_name <> 'schema_version' AND database_name NOT IN ('memory', 'system', 'temp')"""
    return sorted(connection.execute(columns).fetchall() + connection.execute(constraints).fetchall(), key=repr)


def test_a_migrated_database_equals_the_schema(database: Database, tmp_path: Path) -> None:
    made = Database(tmp_path / "made.duckdb")
    with alchemy(made) as connection:
        metadata.create_all(connection)
    with duckdb.connect(made.path) as expected, duckdb.connect(database.path) as found:
        assert shape(found) == shape(expected)


def test_alembic_check_finds_no_difference(database: Database) -> None:
    config = configuration()
    with alchemy(database) as connection:
        config.attributes["connection"] = connection
        alembic.command.check(config)


def test_the_code_names_the_newest_revision() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == REVISION


def test_every_migration_says_why_and_what_null_means() -> None:
    for script in ScriptDirectory.from_config(configuration()).walk_revisions():
        assert re.search(r"^Why: \S", script.doc + "\n" + (script.longdoc or ""), re.M)
        assert re.search(r"^NULL in old rows means: \S", script.longdoc or "", re.M)


def test_every_table_view_macro_and_column_has_its_comment(database: Database) -> None:
    with database.read() as connection:
        relations = connection.execute(
            """SELECT table_name, comment FROM duckdb_tables() WHERE database_name = 'catalog'
               UNION ALL
               SELECT view_name, comment FROM duckdb_views() WHERE database_name = 'catalog' AND NOT internal
               UNION ALL
               SELECT function_name, comment FROM duckdb_functions() WHERE database_name = 'catalog' AND NOT internal"""
        ).fetchall()
        columns = connection.execute(
            """SELECT table_name, column_name, comment FROM duckdb_columns()
               WHERE database_name = 'catalog' AND NOT internal"""
        ).fetchall()
    described = {name for name, comment in relations if comment}
    assert described == set(RELATIONS) == {*metadata.tables, *VIEWS, *MACROS}
    silent = [(table, column) for table, column, comment in columns if not comment and table != "schema_version"]
    assert silent == []


def test_no_meaning_is_left_over(database: Database) -> None:
    with database.read() as connection:
        columns = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'catalog' AND NOT internal"
        ).fetchall()
        for macro in MACROS:
            columns += [(macro, column) for column in columns_of_macro(connection, macro)]
    used = {name for table, column in columns for name in (column, f"{table}.{column}")}
    assert set(MEANINGS) <= used


def test_every_unit_is_one_that_astropy_reads() -> None:
    for meaning in MEANINGS.values():
        if meaning.unit:
            u.Unit(meaning.unit)


def test_no_view_selects_star() -> None:
    for view in (*VIEWS, *MACROS):
        assert "*" not in re.sub(r"count\(\*\)|\d+ \* |- 5 \*|\) \* ", "", definition(view)), view


def test_a_view_reads_in_plain_duckdb(database: Database) -> None:
    with duckdb.connect(database.path, read_only=True) as connection:
        for view in VIEWS:
            rows = connection.execute(f"FROM {view}").fetchall()
            assert len(rows) == (6 if view == "cmd_region_count" else 0)  # the regions that come with the catalog


def test_upgrade_twice_does_the_work_once(database: Database) -> None:
    assert upgrade(database) == (REVISION, REVISION)


EARLIER = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()][1:]
OLD_ROWS = {
    "star": "VALUES (1, '7-1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1)",
    "ensemble": """(ensemble_id, name, dataset_id, n_spectrum, recipe, recipe_sha256, created_at, code_version)
                   VALUES (1, 'e', 1, 9, '{"epochs":2}', 'x', TIMESTAMP '2026-01-01', '0')""",
    "reconstruction_error": "VALUES (1, 1, 1e-4, NULL)",
    "spectrum_array": "VALUES (1, (SELECT list(i) FROM range(4563) AS r(i)), NULL, NULL)",
}
"""Rows of tables that every revision has."""


@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgrade_from_every_earlier_revision_keeps_everything(
    revision: str, of_revision: Callable[[str, Path], Path], database: Database, tmp_path: Path
) -> None:
    old = Database(of_revision(revision, tmp_path / "old.duckdb"))
    with duckdb.connect(old.path) as connection:
        for table, row in OLD_ROWS.items():
            connection.execute(f"INSERT INTO {table} {row}")
        columns = {
            table: ", ".join(c[0] for c in connection.execute(f"DESCRIBE {table}").fetchall()) for table in OLD_ROWS
        }
        old_rows = {table: f"SELECT {columns[table]} FROM {table}" for table in OLD_ROWS}
        kept = {table: connection.execute(sql).fetchall() for table, sql in old_rows.items()}
        connection.execute("CREATE VIEW mine AS SELECT mangaid FROM star")
    assert upgrade(old) == (revision, REVISION)
    with duckdb.connect(old.path) as found, duckdb.connect(database.path) as expected:
        assert {table: found.execute(sql).fetchall() for table, sql in old_rows.items()} == kept
        assert found.execute("FROM mine").fetchall() == [("7-1",)]
        assert shape(found) == shape(expected)


def test_an_ensemble_of_revision_0004_is_one_that_was_trained_here(
    of_revision: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    old = Database(of_revision("0004", tmp_path / "old.duckdb"))
    with duckdb.connect(old.path) as connection:
        for table, row in OLD_ROWS.items():
            connection.execute(f"INSERT INTO {table} {row}")
        connection.execute("INSERT INTO wavelength_grid VALUES (1, 2, 3.5, 1e-4, [3600, 3601])")
        connection.execute("INSERT INTO dataset VALUES (1, 'small', 'MaStar', NULL, 'combspec', 60, 1, 1, 1)")
    upgrade(old)
    with old.read() as connection:
        ensemble = find_ensemble(connection, "e")
        assert (ensemble.dataset_id, ensemble.grid_id, ensemble.origin) == (1, None, None)
        assert trained_wavelength(connection, ensemble).tolist() == [3600, 3601]
    insert = "INSERT INTO ensemble VALUES ({}, '{}', NULL, 9, '{{}}', 'x', TIMESTAMP '2026-01-01', '0', 1, '{{}}')"
    with duckdb.connect(old.path) as connection:
        connection.execute(insert.format(2, "imported"))
        for number, name in ((2, "other"), (3, "e")):  # keys are still unique
            with pytest.raises(duckdb.ConstraintException):
                connection.execute(insert.format(number, name))


def test_a_view_of_the_user_survives_an_upgrade(database: Database) -> None:
    with duckdb.connect(database.path) as connection:
        connection.execute("CREATE VIEW mine AS SELECT mangaid FROM star")
        connection.execute("DROP VIEW cmd")
        connection.execute("DROP MACRO TABLE window_usable")
    upgrade(database)
    with duckdb.connect(database.path) as connection:
        assert connection.execute("FROM mine").fetchall() == connection.execute("FROM cmd").fetchall() == []
        assert connection.execute("FROM window_usable(3700, 10200)").fetchall() == []


def test_a_failing_migration_leaves_the_old_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.database.views.VIEWS", (*VIEWS, "no_such_view"))
    database = Database(tmp_path / "c.duckdb")
    with pytest.raises(FileNotFoundError):
        upgrade(database)
    with duckdb.connect(database.path) as connection:
        assert connection.execute("SELECT count(*) FROM duckdb_tables() WHERE NOT internal").fetchone() == (0,)


@pytest.mark.parametrize(
    ("revision", "message"),
    [("0000", r"run: catalog db upgrade$"), ("9999", r"newer than .* run: pip install --upgrade")],
)
def test_another_revision_is_answered_with_a_command(
    database: Database, run: Callable, revision: str, message: str
) -> None:
    with duckdb.connect(database.path) as connection:
        connection.execute("UPDATE schema_version SET version_num = ?", [revision])
    done = run("--database", database.path, "outliers")
    assert done.returncode == 2
    assert re.search(message, done.stderr)
    assert len(done.stderr.splitlines()) == 1


def test_a_newer_database_is_not_downgraded(database: Database) -> None:
    with duckdb.connect(database.path) as connection:
        connection.execute("UPDATE schema_version SET version_num = '9999'")
    with pytest.raises(CatalogError, match="pip install --upgrade"):
        upgrade(database)


def test_another_duckdb_file_is_left_alone(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "x.duckdb") as connection:
        connection.execute("CREATE TABLE theirs (i INTEGER)")
    catalog = Catalog(tmp_path / "x.duckdb")
    for call in (catalog.status, catalog.upgrade):
        with pytest.raises(CatalogError, match="choose another"):
            call()


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_text("hello" * 1000)
    with pytest.raises(CatalogError, match="not a DuckDB file"):
        Catalog(tmp_path / "x.duckdb").upgrade()


def test_a_folder_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no folder"):
        Catalog(tmp_path / "absent" / "c.duckdb").upgrade()


def test_the_sql_files_are_the_views_and_macros() -> None:
    folder = files("catalog.database") / "views"
    assert {Path(str(path)).stem for path in folder.iterdir()} == {*VIEWS, *MACROS}


def test_write_is_one_transaction(database: Database) -> None:
    insert = "INSERT INTO star (star_id, mangaid, source_file_id) VALUES (1, '7-1', 1)"

    def fail_half_way() -> None:
        with database.write() as connection:
            connection.execute(insert)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with database.read() as connection:
        assert scalar(connection, "SELECT count(*) FROM star") == 0


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE score_rank (a INTEGER)", "CREATE INDEX mine ON score_standing (rank)"]
)
def test_what_is_the_users_own_may_stop_a_migration_and_is_named(
    statement: str, of_revision: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    old = Database(of_revision("0010", tmp_path / "old.duckdb"))
    with duckdb.connect(old.path) as connection:
        connection.execute(statement)
    with pytest.raises(CatalogError, match=r"something of your own is in the way .* nothing was changed"):
        upgrade(old)
    with duckdb.connect(old.path) as connection:
        assert connection.execute("SELECT version_num FROM schema_version").fetchone() == ("0010",)
