"""The first tables.

Why: spectra, where they came from, the models trained on them, and what the models say of each.
NULL in old rows means: there are no old rows.

Array columns have the length of the MaStar grid. Primary keys stand only on small tables: in DuckDB an index on a
table blocks most later changes to it.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE star (
        star_id BIGINT NOT NULL,
        mangaid VARCHAR NOT NULL,
        ra DOUBLE,
        dec DOUBLE,
        epoch REAL,
        n_visits INTEGER,
        photocat VARCHAR,
        input_teff REAL,
        input_logg REAL,
        input_fe_h REAL,
        input_alpha_m REAL,
        input_source VARCHAR,
        source_file_id BIGINT NOT NULL,
        PRIMARY KEY (star_id),
        UNIQUE (mangaid)
    )
    """,
    """
    CREATE TABLE gaia_match (
        star_id BIGINT NOT NULL,
        gaia_release VARCHAR NOT NULL,
        source_id BIGINT,
        g_mag REAL,
        bp_mag REAL,
        rp_mag REAL,
        bp_rp REAL,
        parallax REAL,
        parallax_error REAL,
        pmra REAL,
        pmdec REAL,
        distance_pc REAL,
        distance_pc_lo REAL,
        distance_pc_hi REAL,
        ebv REAL,
        abs_g REAL,
        bp_rp0 REAL,
        simbad_main_id VARCHAR,
        simbad_otype VARCHAR,
        spectral_type VARCHAR,
        clean_match BOOLEAN,
        source_file_id BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE stellar_parameter (
        star_id BIGINT NOT NULL,
        source VARCHAR NOT NULL,
        teff REAL,
        teff_error REAL,
        logg REAL,
        logg_error REAL,
        fe_h REAL,
        fe_h_error REAL,
        alpha_fe REAL,
        alpha_fe_error REAL,
        source_file_id BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE wavelength_grid (
        grid_id BIGINT NOT NULL,
        n_pixel INTEGER NOT NULL,
        log10_start DOUBLE NOT NULL,
        log10_step DOUBLE NOT NULL,
        wavelength DOUBLE[] NOT NULL,
        PRIMARY KEY (grid_id)
    )
    """,
    """
    CREATE TABLE dataset (
        dataset_id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        survey VARCHAR NOT NULL,
        release VARCHAR,
        product VARCHAR NOT NULL,
        lsf_percentile REAL,
        grid_id BIGINT NOT NULL,
        n_spectrum BIGINT NOT NULL,
        n_usable BIGINT NOT NULL,
        PRIMARY KEY (dataset_id),
        UNIQUE (name)
    )
    """,
    """
    CREATE TABLE source_file (
        source_file_id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        size BIGINT NOT NULL,
        sha256 VARCHAR NOT NULL,
        product VARCHAR NOT NULL,
        n_row BIGINT NOT NULL,
        ingested_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
        code_version VARCHAR NOT NULL,
        PRIMARY KEY (source_file_id),
        UNIQUE (sha256)
    )
    """,
    """
    CREATE TABLE spectrum (
        spectrum_id BIGINT NOT NULL,
        dataset_id BIGINT NOT NULL,
        star_id BIGINT NOT NULL,
        plate INTEGER,
        ifudesign VARCHAR,
        mjd INTEGER,
        snr REAL,
        max_flux REAL,
        n_zero_flux INTEGER NOT NULL,
        n_negative_flux INTEGER NOT NULL,
        n_nonfinite_flux INTEGER NOT NULL,
        n_masked INTEGER,
        n_zero_ivar INTEGER,
        bad_pixel_fraction REAL,
        first_good_pixel INTEGER,
        last_good_pixel INTEGER,
        mjdqual INTEGER,
        usable BOOLEAN NOT NULL,
        reject_reason VARCHAR,
        source_file_id BIGINT NOT NULL,
        source_row BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE spectrum_array (
        spectrum_id BIGINT NOT NULL,
        flux REAL[4563] NOT NULL,
        ivar REAL[4563],
        mask INTEGER[4563]
    )
    """,
    """
    CREATE TABLE ensemble (
        ensemble_id BIGINT NOT NULL,
        name VARCHAR NOT NULL,
        dataset_id BIGINT NOT NULL,
        n_spectrum BIGINT NOT NULL,
        recipe JSON NOT NULL,
        recipe_sha256 VARCHAR NOT NULL,
        created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
        code_version VARCHAR NOT NULL,
        PRIMARY KEY (ensemble_id),
        UNIQUE (name)
    )
    """,
    """
    CREATE TABLE model_version (
        model_id BIGINT NOT NULL,
        ensemble_id BIGINT NOT NULL,
        member INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        seed BIGINT NOT NULL,
        n_train INTEGER NOT NULL,
        n_validation INTEGER NOT NULL,
        status VARCHAR NOT NULL,
        epochs INTEGER,
        train_loss DOUBLE,
        validation_loss DOUBLE,
        weights_file VARCHAR,
        weights_sha256 VARCHAR,
        code_version VARCHAR,
        versions JSON,
        started_at TIMESTAMP WITHOUT TIME ZONE,
        finished_at TIMESTAMP WITHOUT TIME ZONE,
        PRIMARY KEY (model_id)
    )
    """,
    """
    CREATE TABLE training_split (
        model_id BIGINT NOT NULL,
        spectrum_id BIGINT NOT NULL,
        role VARCHAR NOT NULL
    )
    """,
    """
    CREATE TABLE training_epoch (
        model_id BIGINT NOT NULL,
        epoch INTEGER NOT NULL,
        train_loss DOUBLE NOT NULL,
        validation_loss DOUBLE NOT NULL,
        seconds REAL NOT NULL
    )
    """,
    """
    CREATE TABLE reconstruction_error (
        model_id BIGINT NOT NULL,
        spectrum_id BIGINT NOT NULL,
        error DOUBLE NOT NULL,
        chi2 DOUBLE
    )
    """,
    """
    CREATE TABLE latent_vector (
        model_id BIGINT NOT NULL,
        spectrum_id BIGINT NOT NULL,
        latent REAL[10] NOT NULL
    )
    """,
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)
