"""A database with something in every table comes from every earlier revision to this one, and keeps all of it."""

from datetime import datetime
from pathlib import Path
from typing import Any

import alembic.command
import duckdb
import numpy as np
import pytest
from alembic.script import ScriptDirectory
from astropy import units as u
from astropy_healpix import HEALPix
from files import WAVELENGTH, smooth_flux
from ranks_by_numpy import assert_standing

from catalog import Catalog
from catalog.anomaly.method import digest_of_ranks
from catalog.database.connection import Database
from catalog.database.migration import alchemy, configuration, upgrade
from catalog.database.revision import REVISION
from catalog.database.views import MACROS, VIEWS
from catalog.provenance import canonical_json, sha256_of_text
from catalog.version import code_version

EARLIER = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()][:0:-1]

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901)
RECIPE = canonical_json({"name": "paper", "window": [3700.0, 10200.0], "epochs": 2})
FLUX = smooth_flux(2).astype(float)
FLUX[1, :3], FLUX[1, 2000], FLUX[1, 2001:2003], FLUX[1, 3000] = 0, 0, -1, np.inf
BAD_RUN = [
    {"first": 1, "last": 3, "fault": "zero"},
    {"first": 2001, "last": 2001, "fault": "zero"},
    {"first": 2002, "last": 2003, "fault": "negative"},
    {"first": 3001, "last": 3001, "fault": "non-finite"},
]
PIXEL = int(HEALPix(2**29, "nested").lonlat_to_healpix(123.4 * u.deg, -5.6 * u.deg))

Rows = list[dict[str, Any]]


def numbered(**columns: list) -> Rows:
    """Rows from columns."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def with_numbers(names: str, first: float) -> dict[str, float]:
    """Columns of numbers that are all different, and the same as REAL."""
    return {name: first + number / 4 for number, name in enumerate(names.split())}


PARAMETERS = "teff teff_error logg logg_error fe_h fe_h_error alpha_fe alpha_fe_error"
TWO_SIDED = " ".join(f"{name}_error_{way}" for name in ("teff", "logg", "fe_h", "alpha_fe") for way in ("up", "down"))
RECALLS = [f"recall_{depth}{end}" for depth in ("0_5", "1", "2", "5") for end in ("", "_lo", "_hi")]
INTERVAL = """interval_lo interval_hi interval_fraction half_fraction interval_excess interval_spread interval_overlap
residual_chi2 interval_chi2 sigma_ratio masked_fraction roughness density_percentile mean_log10_error"""
WITHOUT_IVAR = ("residual_chi2", "interval_chi2", "sigma_ratio")
SPECTRUM_KEYS = {"model_id": [1, 1, 2, 2], "spectrum_id": [11, 12, 11, 12]}

ROWS: dict[str, Rows] = {
    "source_file": [
        {"source_file_id": 1, "name": "a.fits.gz", "size": 2**40, "sha256": "abc", "product": "combspec", "n_row": 2,
         "ingested_at": WHEN, "code_version": "0.1"},
    ],
    "wavelength_grid": [
        {"grid_id": 1, "n_pixel": 4563, "log10_start": 3.5589, "log10_step": 1e-4, "wavelength": WAVELENGTH.tolist()},
    ],
    "star": [
        {"star_id": 1, "mangaid": "7-1", "ra": 123.4, "dec": -5.6, "epoch": 2015.5, "n_visits": 3, "photocat": "gaia",
         "input_teff": 5000.0, "input_logg": 4.5, "input_fe_h": -0.5, "input_alpha_m": 0.25, "input_source": "SEGUE",
         "source_file_id": 1},
        {"star_id": 2, "mangaid": "7-2", "source_file_id": 1},
    ],
    "gaia_match": [
        {"star_id": 1, "gaia_release": "EDR3", "source_id": 2**60 + 1, "simbad_main_id": "* alf Lyr",
         "simbad_otype": "C*", "spectral_type": "A0V", "clean_match": True, "source_file_id": 1,
         **with_numbers("g_mag bp_mag rp_mag bp_rp parallax parallax_error pmra pmdec distance_pc distance_pc_lo "
                        "distance_pc_hi ebv abs_g bp_rp0", 1)},
        {"star_id": 2, "gaia_release": "EDR3", "source_file_id": 1},
    ],
    "stellar_parameter": [{"star_id": 1, "source": "v2 MED", "source_file_id": 1, **with_numbers(PARAMETERS, 10)}],
    "dataset": [
        {"dataset_id": 1, "name": "small", "survey": "MaStar", "release": "DR17", "product": "combspec",
         "lsf_percentile": 60.0, "grid_id": 1, "n_spectrum": 2, "n_usable": 1},
    ],
    "spectrum": [
        {"spectrum_id": 11, "dataset_id": 1, "star_id": 1, "plate": 9000, "ifudesign": "12701", "mjd": 58000,
         "snr": 50.0, "max_flux": 99.5, "n_zero_flux": 0, "n_negative_flux": 0, "n_nonfinite_flux": 0, "n_masked": 1,
         "n_zero_ivar": 2, "bad_pixel_fraction": 0.25, "first_good_pixel": 1, "last_good_pixel": 4563, "mjdqual": 512,
         "usable": True, "source_file_id": 1, "source_row": 1, "bad_run": [], "healpix_29": PIXEL},
        {"spectrum_id": 12, "dataset_id": 1, "star_id": 2, "n_zero_flux": 4, "n_negative_flux": 2,
         "n_nonfinite_flux": 1, "usable": False, "reject_reason": "zero flux", "source_file_id": 1, "source_row": 2,
         "bad_run": BAD_RUN},
    ],
    "spectrum_array": [
        {"spectrum_id": 11, "flux": FLUX[0].tolist(), "ivar": (FLUX[0] / 8).tolist(), "mask": list(range(4563))},
        {"spectrum_id": 12, "flux": FLUX[1].tolist()},
    ],
    "ensemble": [
        {"ensemble_id": 1, "name": "e", "dataset_id": 1, "n_spectrum": 2, "recipe": RECIPE,
         "recipe_sha256": sha256_of_text(RECIPE), "created_at": WHEN, "code_version": "0.1"},
    ],
    "model_version": [
        {"model_id": model, "ensemble_id": 1, "member": model, "name": f"MODEL{model}", "seed": 2**32 - model,
         "n_train": 1, "n_validation": 1, "status": "trained", "epochs": 2, "train_loss": 0.1 / model,
         "validation_loss": 1e-3 / model, "weights_file": f"c.weights/{model}.npz", "weights_sha256": "f" * 64,
         "code_version": "0.1", "versions": '{"keras":"3.10.0"}', "started_at": WHEN, "finished_at": WHEN}
        for model in (1, 2)
    ],
    "training_split": numbered(**SPECTRUM_KEYS, role=["train", "validation", "validation", "train"]),
    "training_epoch": numbered(model_id=[1, 1], epoch=[1, 2], train_loss=[0.3, 0.1], validation_loss=[0.2, 0.15],
                               seconds=[1.25, 1.5]),
    "reconstruction_error": numbered(**SPECTRUM_KEYS, error=[1e-4, 1 / 3, 2e-4, 0.7], chi2=[1.5, None, 0.1, None]),
    "latent_vector": numbered(**SPECTRUM_KEYS, latent=[[i / 8 + j for j in range(10)] for i in range(4)]),
    "evaluation": [
        {"evaluation_id": 1, "ensemble_id": 1, "dataset_id": 1, "mode": "truth", "truth_file": "truth.csv",
         "truth_sha256": "d" * 64, "n_listed": 3, "n_matched": 2, "settings": '{"baselines":true}', "seed": 7,
         "n_member": 2, "n_spectrum": 2, "n_score": 4, "code_version": "0.1", "versions": '{"numpy":"2.0"}',
         "created_at": WHEN},
    ],
    "recovery": [
        {"evaluation_id": 1, "method": "pca", "members": "all", "kind": "ch-star", "strength": 0.25, "n_odd": 2,
         "n_unranked": 1, "n_ordinary": 9, **with_numbers(" ".join(RECALLS), 0.1),
         **with_numbers("median_percentile median_percentile_lo median_percentile_hi auc auc_lo auc_hi", 0.3)},
    ],
    "model_agreement": [
        {"evaluation_id": 1, "model_id": 1, "other_model_id": 2, "spearman": 0.7, "top_1_overlap": 1 / 3},
    ],
    "visit": [
        {"star_id": 1, "plate": 9000, "ifudesign": "12701", "mjd": 58000, "n_exposure": 3, "n_exposure_used": 2,
         "velocity_errcode": 0, "star_velocity_errcode": 1, "n_velocity": 4, "velocity_varies": False, "mjdqual": 1026,
         "coord_source": "gaia", "source_file_id": 1,
         **with_numbers("exptime velocity velocity_error star_velocity star_velocity_error velocity_change snr snr10 "
                        "bad_pixel_fraction bp_rp_error", 20)},
    ],
    "visit_parameter": [
        {"star_id": 1, "plate": 9000, "ifudesign": "12701", "mjd": 58000, "source": "v2 LH", "source_file_id": 1,
         **with_numbers(f"{PARAMETERS} {TWO_SIDED}", 30)},
    ],
    "training_star": numbered(model_id=[1, 2], mangaid=["7-2", "7-elsewhere"], role=["validation", "train"]),
    "cmd_region": [
        {"name": "mine", "polygon": [{"bp_rp": b, "abs_g": g} for b, g in ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))],
         "corrected": True, "description": "a corner", "created_at": WHEN, "builtin": False},
    ],
    "external_catalog": [
        {"external_catalog_id": 1, "name": "carbon", "file": "c.csv", "size": 9, "sha256": "a" * 64, "n_row": 2,
         "n_row_unusable": 1, "matched_by": "gaia", "matched_columns": ["source"], "id_release": "DR3",
         "every_match": False, "asked_sha256": "b" * 64, "attached_at": WHEN, "code_version": "0.1"},
    ],
    "external_match": numbered(external_catalog_id=[1, 1], star_id=[1, 2], catalog_row=[2, None], n_candidate=[1, 0]),
    "label": [{"star_id": 1, "label": "carbon star", "note": "C2, Swan", "author": "A", "created_at": WHEN}],
    "score_standing": numbered(**SPECTRUM_KEYS, dataset_id=[1] * 4, rank=[2, 1] * 2, percentile=[50.0, 100.0] * 2,
                               flagged=[False, True] * 2, relative_error=[0.5, 1.5, 2.5, None]),
    "consensus_standing": numbered(ensemble_id=[1, 1], dataset_id=[1, 1], spectrum_id=[11, 12], consensus_rank=[2, 1],
                                   n_model=[2, 2], n_flagged=[0, 2], mean_percentile=[50.0, 100.0],
                                   min_percentile=[50.0, 100.0], n_model_unseen=[1, 1], n_peer=[0, 0],
                                   peer_rank=[None, 7]),
    "neighbor": numbered(model_id=[1, 1], dataset_id=[1, 1], spectrum_id=[11, 12], neighbor_rank=[1, 1],
                         neighbor_spectrum_id=[12, 11], distance=[0.1, 0.1]),
    "anomaly_cause": [
        {"ensemble_id": 1, "spectrum_id": 11, "cause": "carbon", "rule": "c2", "confidence": 0.9,
         "evidence": ["half of the error lies there", "and more"], "sign": '{"c2":0.25}',
         "window_share": [{"name": "C2 5165", "share": 0.5}, {"name": "blue end", "share": 0.1}],
         "nearest_trained": ["7-2"], "n_model": 2, "n_spectrum": 2, "templates_sha256": "e" * 64, "created_at": WHEN,
         "template_match": [{"library": "mine", "name": "carbon", "reduced_chi2": 1.5, "rms": 0.1, "scale": 2.0,
                             "ebv": -0.5}],
         "code_version": "0.1", **with_numbers(INTERVAL, 50)},
        {"ensemble_id": 1, "spectrum_id": 12, "cause": "unknown", "evidence": [], "sign": "{}", "window_share": [],
         "template_match": [], "n_model": 2, "n_spectrum": 2, "templates_sha256": "e" * 64, "created_at": WHEN,
         "code_version": "0.1", **with_numbers(INTERVAL, 70), **dict.fromkeys(WITHOUT_IVAR)},
    ],
    "template": [
        {"template_id": 1, "library": "mine", "name": "carbon", "n_pixel": 3, "wavelength_lo": 4000.0,
         "wavelength_hi": 4002.0, "file": "mine.ecsv", "sha256": "9" * 64, "created_at": WHEN, "code_version": "0.1"},
    ],
    "template_array": [
        {"template_id": 1, "wavelength": [4000.0, 4001.0, 4002.0], "relative_flux": [1.0, 0.5, 0.25],
         "good": [True, False, True]},
    ],
    "planted_verdict": numbered(evaluation_id=[1, 1], kind=["ch-star"] * 2, strength=[0.25, 1.0],
                                right_cause=["carbon", None], cause=["carbon", "unknown"], rule=["c2", None],
                                n_planted=[3, 1]),
}  # fmt: skip
"""Something for every column of every table; where a table has several rows, some columns are NULL in one."""

RANKS = {"score_rank": "score_standing", "ensemble_rank": "consensus_standing"}
"""The tables of ranks, and what they were called before revision 0011."""

ROWS |= {name: ROWS[former] for name, former in RANKS.items()}

OLD_VIEWS = """
CREATE VIEW anomaly_score AS SELECT model_id, spectrum_id, error, row_number() OVER (ORDER BY error) AS place
    FROM reconstruction_error;
CREATE VIEW consensus_anomaly AS SELECT spectrum_id, max(place) AS n FROM anomaly_score GROUP BY spectrum_id;
CREATE VIEW window_of_spectrum AS SELECT spectrum_id, n_zero_flux FROM spectrum;
CREATE MACRO window_usable(lo, hi) AS TABLE SELECT count(*) AS n FROM spectrum WHERE max_flux BETWEEN lo AND hi;
COMMENT ON VIEW consensus_anomaly IS 'An older one';
"""
"""Two as they might have been, with other columns, one of the user's, and a macro."""

OURS = "database_name = current_database() AND NOT internal"


def of_revision(path: Path, revision: str) -> dict[str, list[str]]:
    """A database of an earlier revision with something in every table; returns the tables and their columns."""
    config = configuration()
    with alchemy(Database(path)) as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, revision)
    with duckdb.connect(path) as connection:
        tables = columns_of_tables(connection)
        for table, columns in tables.items():
            for row in ROWS[table]:
                given = {name: value for name, value in row.items() if name in columns}
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(given)}) VALUES ({', '.join(f'${name}' for name in given)})",
                    given,
                )
            silent = {name for name in columns if not any(row.get(name) is not None for row in ROWS[table])}
            assert silent <= UNKNOWN.get(table, set()), f"nothing is tried in {table}: {silent}"
        if "external_catalog" in tables:
            connection.execute("CREATE TABLE external.carbon AS SELECT 2 AS catalog_row, 'C-N' AS class")
        connection.execute(OLD_VIEWS)
    return tables


UNKNOWN = {
    "ensemble": {"grid_id", "origin"},
    "external_catalog": {"radius_arcsec", "catalog_epoch"},
    "external_match": {"separation_arcsec"},
    "score_standing": {"percentile_unseen", "chi2_percentile", "relative_percentile", "isolation",
                       "isolation_percentile"},
    "consensus_standing": {"consensus_rank_lo", "consensus_rank_hi", "mean_log10_error", "std_log10_error",
                           "mean_percentile_unseen", "unseen_rank", "median_chi2", "chi2_rank", "median_relative_error",
                           "relative_rank", "mean_isolation_percentile", "isolation_rank", "cmd_density"},
}  # fmt: skip
"""Columns that are NULL in every row here."""

UNKNOWN |= {name: UNKNOWN[former] for name, former in RANKS.items()}


def columns_of_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    found = connection.execute(
        f"""SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()
            WHERE {OURS} AND schema_name = 'main' AND table_name <> 'schema_version'
              AND table_name IN (SELECT table_name FROM duckdb_tables() WHERE {OURS})
            GROUP BY table_name"""
    )
    return dict(found.fetchall())


def contents(connection: duckdb.DuckDBPyConnection, tables: dict[str, list[str]]) -> dict[str, list[str]]:
    """Every row of every table, of the columns that it had then; as text, in which NaN is NaN."""
    return {
        table: sorted(repr(row) for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall())
        for table, columns in tables.items()
    }


def described(connection: duckdb.DuckDBPyConnection, but: set[str]) -> dict[str, list[tuple]]:
    """Tables, views and macros with all that DuckDB knows of them."""
    questions = {
        "columns": f"""SELECT table_name, column_index, column_name, data_type, is_nullable, column_default, comment
                       FROM duckdb_columns() WHERE {OURS}""",
        "constraints": f"""SELECT table_name, constraint_type, constraint_column_names FROM duckdb_constraints()
                           WHERE {OURS.replace(" AND NOT internal", "")}""",
        "tables": f"SELECT table_name, comment FROM duckdb_tables() WHERE {OURS}",
        "views": f"SELECT view_name, comment, sql FROM duckdb_views() WHERE {OURS}",
        "macros": f"SELECT function_name, parameters, macro_definition, comment FROM duckdb_functions() WHERE {OURS}",
    }
    return {
        what: sorted((row for row in connection.execute(sql).fetchall() if row[0] not in but), key=repr)
        for what, sql in questions.items()
    }


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("newest") / "c.duckdb"
    upgrade(Database(path))
    return path


@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgrade_keeps_every_row_and_adds_what_the_revisions_promise(
    revision: str, newest: Path, tmp_path: Path
) -> None:
    path = tmp_path / "c.duckdb"
    tables = of_revision(path, revision)
    with duckdb.connect(path, read_only=True) as connection:
        # Of old ranks nobody knows what they rest on: they are made again.
        kept = {table: columns for table, columns in tables.items() if table not in {*RANKS, *RANKS.values()}}
        before = contents(connection, kept)
        assert all(before.values())
    assert Catalog(path).upgrade() == (revision, REVISION)
    with duckdb.connect(path, read_only=True) as connection:
        assert contents(connection, kept) == before
        assert_new_columns_and_tables(connection, tables)
        assert_everything_answers(connection, tables)
        with duckdb.connect(newest, read_only=True) as new:
            theirs = {"mine", "window_of_spectrum", "carbon", "anomaly_carbon"}
            assert described(connection, theirs) == described(new, theirs)


def assert_new_columns_and_tables(connection: duckdb.DuckDBPyConnection, tables: dict[str, list[str]]) -> None:
    def rows(sql: str) -> list[tuple]:
        return connection.execute(sql).fetchall()

    # 0003: filled from the arrays; 0008: from the positions, NULL without one.
    assert rows("SELECT spectrum_id, bad_run, healpix_29 FROM spectrum ORDER BY 1") == [
        (11, [], PIXEL),
        (12, BAD_RUN, None),
    ]
    # 0005: an old ensemble was trained here.
    assert rows("SELECT dataset_id, grid_id, origin FROM ensemble") == [(1, None, None)]
    # 0006: six regions come with the catalog; the user's stay.
    n_mine = int("cmd_region" in tables)
    regions = "SELECT count(*) FILTER (builtin), count(*) FILTER (NOT builtin) FROM cmd_region"
    assert rows(regions) == [(6, n_mine)]
    # 0008: labels keep their stars when the file goes.
    assert rows(
        "SELECT is_nullable FROM duckdb_columns() WHERE table_name = 'star' AND column_name = 'source_file_id'"
    ) == [(True,)]
    # 0009: old scores have ranks; 0011: in tables of other names; 0012: of which it is known what made them.
    assert_standing(connection)
    assert rows("SELECT count(*) FROM score_standing") == [(4,)]
    assert rows("FROM score_standing ORDER BY ALL") == rows("FROM score_rank ORDER BY ALL") != []
    assert rows("FROM consensus_standing ORDER BY ALL") == rows("FROM ensemble_rank ORDER BY ALL") != []
    made_by = [(1, 1, digest_of_ranks(), code_version())]
    assert rows("SELECT ensemble_id, dataset_id, method_sha256, code_version FROM rank_method") == made_by
    # 0012: of old causes and evaluations it is not.
    assert rows("SELECT DISTINCT rules_sha256 FROM anomaly_cause") == [(None,)] * ("anomaly_cause" in tables)
    assert rows("SELECT method_sha256 FROM evaluation") == [(None,)] * ("evaluation" in tables)
    for table in set(columns_of_tables(connection)) - set(tables) - {"cmd_region", "rank_method", *RANKS}:
        assert rows(f"FROM {table}") == [], table


def assert_everything_answers(connection: duckdb.DuckDBPyConnection, tables: dict[str, list[str]]) -> None:
    n_row = {view: len(connection.execute(f"FROM {view}").fetchall()) for view in VIEWS}
    expected = {"cmd": 2, "anomaly_score": 4, "consensus_anomaly": 2, "anomaly": 2, "latent_neighbor": 4,
                "error_percentile": 2, "top_error": 4, "star_role": 4}  # fmt: skip
    assert {view: n_row[view] for view in expected} == expected
    assert n_row["visit_flag"] == (2 if "visit" in tables else 0)
    assert n_row["cmd_region_count"] == 6 + ("cmd_region" in tables)
    for macro, arguments in MACROS.items():
        connection.execute(f"FROM {macro}({', '.join(arguments.values())})").fetchall()
    answers = {
        "consensus(99)": 2,
        "neighbors_of('7-1', 5, NULL)": 2,
        "consensus_neighbors_of('7-1', 5)": 1,
        "window_usable(3700, 10200)": 1,
        "cone(123.4, -5.6, 1)": 1,
    }
    for question, n in answers.items():
        assert len(connection.execute(f"FROM {question}").fetchall()) == n, question
    assert connection.execute("FROM window_of_spectrum ORDER BY 1").fetchall() == [(11, 0), (12, 4)]
    if "external_catalog" in tables:
        found = connection.execute("SELECT mangaid, catalog_row, carbon_class FROM anomaly_carbon").fetchall()
        assert found == [("7-1", 2, "C-N")]
