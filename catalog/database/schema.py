"""The tables, as SQLAlchemy Core: the only place with their columns.

Few constraints, on purpose. DuckDB refuses to alter a table on which an index or a foreign key depends, and
rewrites rows with arrays on update; primary keys therefore stay on the small tables, and the loaders check
the rest. The arrays have a table of their own, so that no query on numbers ever touches them.
"""

import sqlalchemy as sa
from duckdb_sqlalchemy import FixedArray, Struct

from catalog.database.meaning import RELATIONS, meaning
from catalog.database.sizes import N_LATENT, N_PIXEL

BAD_RUN = sa.ARRAY(Struct({"first": sa.Integer, "last": sa.Integer, "fault": sa.String}))

WINDOW_SHARE = sa.ARRAY(Struct({"name": sa.String, "share": sa.DOUBLE}))

TEMPLATE_MATCH = sa.ARRAY(
    Struct(
        {
            "library": sa.String,
            "name": sa.String,
            "reduced_chi2": sa.DOUBLE,
            "rms": sa.DOUBLE,
            "scale": sa.DOUBLE,
            "ebv": sa.DOUBLE,
        }
    )
)

POLYGON = sa.ARRAY(Struct({"bp_rp": sa.DOUBLE, "abs_g": sa.DOUBLE}))

metadata = sa.MetaData()


def _table(name: str, *columns: tuple[str, sa.types.TypeEngine | type[sa.types.TypeEngine], str]) -> sa.Table:
    """A table from (column, type, constraints): the last of "key", "unique", "required" or ""."""
    return sa.Table(
        name,
        metadata,
        *(
            sa.Column(
                column,
                type_,
                primary_key=constraint == "key",
                autoincrement=False,
                unique=constraint == "unique" or None,
                nullable=constraint == "",
                comment=meaning(name, column).comment,
            )
            for column, type_, constraint in columns
        ),
        comment=RELATIONS[name],
    )


star = _table(
    "star",
    ("star_id", sa.BigInteger, "key"),
    ("mangaid", sa.String, "unique"),
    ("ra", sa.Double, ""),
    ("dec", sa.Double, ""),
    ("epoch", sa.REAL, ""),
    ("n_visits", sa.Integer, ""),
    ("photocat", sa.String, ""),
    ("input_teff", sa.REAL, ""),
    ("input_logg", sa.REAL, ""),
    ("input_fe_h", sa.REAL, ""),
    ("input_alpha_m", sa.REAL, ""),
    ("input_source", sa.String, ""),
    ("source_file_id", sa.BigInteger, ""),
)

gaia_match = _table(
    "gaia_match",
    ("star_id", sa.BigInteger, "required"),
    ("gaia_release", sa.String, "required"),
    ("source_id", sa.BigInteger, ""),
    ("g_mag", sa.REAL, ""),
    ("bp_mag", sa.REAL, ""),
    ("rp_mag", sa.REAL, ""),
    ("bp_rp", sa.REAL, ""),
    ("parallax", sa.REAL, ""),
    ("parallax_error", sa.REAL, ""),
    ("pmra", sa.REAL, ""),
    ("pmdec", sa.REAL, ""),
    ("distance_pc", sa.REAL, ""),
    ("distance_pc_lo", sa.REAL, ""),
    ("distance_pc_hi", sa.REAL, ""),
    ("ebv", sa.REAL, ""),
    ("abs_g", sa.REAL, ""),
    ("bp_rp0", sa.REAL, ""),
    ("simbad_main_id", sa.String, ""),
    ("simbad_otype", sa.String, ""),
    ("spectral_type", sa.String, ""),
    ("clean_match", sa.Boolean, ""),
    ("source_file_id", sa.BigInteger, "required"),
)

stellar_parameter = _table(
    "stellar_parameter",
    ("star_id", sa.BigInteger, "required"),
    ("source", sa.String, "required"),
    ("teff", sa.REAL, ""),
    ("teff_error", sa.REAL, ""),
    ("logg", sa.REAL, ""),
    ("logg_error", sa.REAL, ""),
    ("fe_h", sa.REAL, ""),
    ("fe_h_error", sa.REAL, ""),
    ("alpha_fe", sa.REAL, ""),
    ("alpha_fe_error", sa.REAL, ""),
    ("source_file_id", sa.BigInteger, "required"),
)

wavelength_grid = _table(
    "wavelength_grid",
    ("grid_id", sa.BigInteger, "key"),
    ("n_pixel", sa.Integer, "required"),
    ("log10_start", sa.Double, "required"),
    ("log10_step", sa.Double, "required"),
    ("wavelength", sa.ARRAY(sa.Double), "required"),
)

dataset = _table(
    "dataset",
    ("dataset_id", sa.BigInteger, "key"),
    ("name", sa.String, "unique"),
    ("survey", sa.String, "required"),
    ("release", sa.String, ""),
    ("product", sa.String, "required"),
    ("lsf_percentile", sa.REAL, ""),
    ("grid_id", sa.BigInteger, "required"),
    ("n_spectrum", sa.BigInteger, "required"),
    ("n_usable", sa.BigInteger, "required"),
)

source_file = _table(
    "source_file",
    ("source_file_id", sa.BigInteger, "key"),
    ("name", sa.String, "required"),
    ("size", sa.BigInteger, "required"),
    ("sha256", sa.String, "unique"),
    ("product", sa.String, "required"),
    ("n_row", sa.BigInteger, "required"),
    ("ingested_at", sa.TIMESTAMP, "required"),
    ("code_version", sa.String, "required"),
)

spectrum = _table(
    "spectrum",
    ("spectrum_id", sa.BigInteger, "required"),
    ("dataset_id", sa.BigInteger, "required"),
    ("star_id", sa.BigInteger, "required"),
    ("plate", sa.Integer, ""),
    ("ifudesign", sa.String, ""),
    ("mjd", sa.Integer, ""),
    ("snr", sa.REAL, ""),
    ("max_flux", sa.REAL, ""),
    ("n_zero_flux", sa.Integer, "required"),
    ("n_negative_flux", sa.Integer, "required"),
    ("n_nonfinite_flux", sa.Integer, "required"),
    ("n_masked", sa.Integer, ""),
    ("n_zero_ivar", sa.Integer, ""),
    ("bad_pixel_fraction", sa.REAL, ""),
    ("first_good_pixel", sa.Integer, ""),
    ("last_good_pixel", sa.Integer, ""),
    ("mjdqual", sa.Integer, ""),
    ("usable", sa.Boolean, "required"),
    ("reject_reason", sa.String, ""),
    ("source_file_id", sa.BigInteger, "required"),
    ("source_row", sa.BigInteger, "required"),
    ("bad_run", BAD_RUN, ""),
    ("healpix_29", sa.BigInteger, ""),
)

spectrum_array = _table(
    "spectrum_array",
    ("spectrum_id", sa.BigInteger, "required"),
    ("flux", FixedArray(sa.REAL, N_PIXEL), "required"),
    ("ivar", FixedArray(sa.REAL, N_PIXEL), ""),
    ("mask", FixedArray(sa.Integer, N_PIXEL), ""),
)

visit = _table(
    "visit",
    ("star_id", sa.BigInteger, "required"),
    ("plate", sa.Integer, ""),
    ("ifudesign", sa.String, ""),
    ("mjd", sa.Integer, ""),
    ("exptime", sa.REAL, ""),
    ("n_exposure", sa.Integer, ""),
    ("n_exposure_used", sa.Integer, ""),
    ("velocity", sa.REAL, ""),
    ("velocity_error", sa.REAL, ""),
    ("velocity_errcode", sa.Integer, ""),
    ("star_velocity", sa.REAL, ""),
    ("star_velocity_error", sa.REAL, ""),
    ("star_velocity_errcode", sa.Integer, ""),
    ("n_velocity", sa.Integer, ""),
    ("velocity_varies", sa.Boolean, ""),
    ("velocity_change", sa.REAL, ""),
    ("mjdqual", sa.Integer, ""),
    ("snr", sa.REAL, ""),
    ("snr10", sa.REAL, ""),
    ("bad_pixel_fraction", sa.REAL, ""),
    ("bp_rp_error", sa.REAL, ""),
    ("coord_source", sa.String, ""),
    ("source_file_id", sa.BigInteger, "required"),
)

visit_parameter = _table(
    "visit_parameter",
    ("star_id", sa.BigInteger, "required"),
    ("plate", sa.Integer, ""),
    ("ifudesign", sa.String, ""),
    ("mjd", sa.Integer, ""),
    ("source", sa.String, "required"),
    ("teff", sa.REAL, ""),
    ("teff_error", sa.REAL, ""),
    ("teff_error_up", sa.REAL, ""),
    ("teff_error_down", sa.REAL, ""),
    ("logg", sa.REAL, ""),
    ("logg_error", sa.REAL, ""),
    ("logg_error_up", sa.REAL, ""),
    ("logg_error_down", sa.REAL, ""),
    ("fe_h", sa.REAL, ""),
    ("fe_h_error", sa.REAL, ""),
    ("fe_h_error_up", sa.REAL, ""),
    ("fe_h_error_down", sa.REAL, ""),
    ("alpha_fe", sa.REAL, ""),
    ("alpha_fe_error", sa.REAL, ""),
    ("alpha_fe_error_up", sa.REAL, ""),
    ("alpha_fe_error_down", sa.REAL, ""),
    ("source_file_id", sa.BigInteger, "required"),
)

ensemble = _table(
    "ensemble",
    ("ensemble_id", sa.BigInteger, "key"),
    ("name", sa.String, "unique"),
    ("dataset_id", sa.BigInteger, ""),
    ("n_spectrum", sa.BigInteger, "required"),
    ("recipe", sa.JSON, "required"),
    ("recipe_sha256", sa.String, "required"),
    ("created_at", sa.TIMESTAMP, "required"),
    ("code_version", sa.String, "required"),
    ("grid_id", sa.BigInteger, ""),
    ("origin", sa.JSON, ""),
)

model_version = _table(
    "model_version",
    ("model_id", sa.BigInteger, "key"),
    ("ensemble_id", sa.BigInteger, "required"),
    ("member", sa.Integer, "required"),
    ("name", sa.String, "required"),
    ("seed", sa.BigInteger, "required"),
    ("n_train", sa.Integer, "required"),
    ("n_validation", sa.Integer, "required"),
    ("status", sa.String, "required"),
    ("epochs", sa.Integer, ""),
    ("train_loss", sa.Double, ""),
    ("validation_loss", sa.Double, ""),
    ("weights_file", sa.String, ""),
    ("weights_sha256", sa.String, ""),
    ("code_version", sa.String, ""),
    ("versions", sa.JSON, ""),
    ("started_at", sa.TIMESTAMP, ""),
    ("finished_at", sa.TIMESTAMP, ""),
)

training_split = _table(
    "training_split",
    ("model_id", sa.BigInteger, "required"),
    ("spectrum_id", sa.BigInteger, "required"),
    ("role", sa.String, "required"),
)

training_star = _table(
    "training_star",
    ("model_id", sa.BigInteger, "required"),
    ("mangaid", sa.String, "required"),
    ("role", sa.String, "required"),
)

training_epoch = _table(
    "training_epoch",
    ("model_id", sa.BigInteger, "required"),
    ("epoch", sa.Integer, "required"),
    ("train_loss", sa.Double, "required"),
    ("validation_loss", sa.Double, "required"),
    ("seconds", sa.REAL, "required"),
)

reconstruction_error = _table(
    "reconstruction_error",
    ("model_id", sa.BigInteger, "required"),
    ("spectrum_id", sa.BigInteger, "required"),
    ("error", sa.Double, "required"),
    ("chi2", sa.Double, ""),
)

latent_vector = _table(
    "latent_vector",
    ("model_id", sa.BigInteger, "required"),
    ("spectrum_id", sa.BigInteger, "required"),
    ("latent", FixedArray(sa.REAL, N_LATENT), "required"),
)

score_rank = _table(
    "score_rank",
    ("model_id", sa.BigInteger, "required"),
    ("dataset_id", sa.BigInteger, "required"),
    ("spectrum_id", sa.BigInteger, "required"),
    ("rank", sa.BigInteger, "required"),
    ("percentile", sa.Double, "required"),
    ("percentile_unseen", sa.Double, ""),
    ("flagged", sa.Boolean, "required"),
    ("chi2_percentile", sa.Double, ""),
    ("relative_error", sa.Double, ""),
    ("relative_percentile", sa.Double, ""),
    ("isolation", sa.Double, ""),
    ("isolation_percentile", sa.Double, ""),
)

ensemble_rank = _table(
    "ensemble_rank",
    ("ensemble_id", sa.BigInteger, "required"),
    ("dataset_id", sa.BigInteger, "required"),
    ("spectrum_id", sa.BigInteger, "required"),
    ("consensus_rank", sa.BigInteger, "required"),
    ("consensus_rank_lo", sa.BigInteger, ""),
    ("consensus_rank_hi", sa.BigInteger, ""),
    ("n_model", sa.BigInteger, "required"),
    ("n_flagged", sa.BigInteger, "required"),
    ("mean_log10_error", sa.Double, ""),
    ("std_log10_error", sa.Double, ""),
    ("mean_percentile", sa.Double, "required"),
    ("min_percentile", sa.Double, "required"),
    ("n_model_unseen", sa.BigInteger, "required"),
    ("mean_percentile_unseen", sa.Double, ""),
    ("unseen_rank", sa.BigInteger, ""),
    ("median_chi2", sa.Double, ""),
    ("chi2_rank", sa.BigInteger, ""),
    ("median_relative_error", sa.Double, ""),
    ("relative_rank", sa.BigInteger, ""),
    ("mean_isolation_percentile", sa.Double, ""),
    ("isolation_rank", sa.BigInteger, ""),
    ("cmd_density", sa.Double, ""),
    ("n_peer", sa.BigInteger, "required"),
    ("peer_rank", sa.BigInteger, ""),
)

rank_method = _table(
    "rank_method",
    ("ensemble_id", sa.BigInteger, "required"),
    ("dataset_id", sa.BigInteger, "required"),
    ("method_sha256", sa.String, "required"),
    ("created_at", sa.TIMESTAMP, "required"),
    ("code_version", sa.String, "required"),
)

neighbor = _table(
    "neighbor",
    ("model_id", sa.BigInteger, "required"),
    ("dataset_id", sa.BigInteger, "required"),
    ("spectrum_id", sa.BigInteger, "required"),
    ("neighbor_rank", sa.Integer, "required"),
    ("neighbor_spectrum_id", sa.BigInteger, "required"),
    ("distance", sa.Double, "required"),
)

evaluation = _table(
    "evaluation",
    ("evaluation_id", sa.BigInteger, "key"),
    ("ensemble_id", sa.BigInteger, "required"),
    ("dataset_id", sa.BigInteger, "required"),
    ("mode", sa.String, "required"),
    ("truth_file", sa.String, ""),
    ("truth_sha256", sa.String, ""),
    ("n_listed", sa.BigInteger, ""),
    ("n_matched", sa.BigInteger, ""),
    ("settings", sa.JSON, "required"),
    ("seed", sa.BigInteger, "required"),
    ("n_member", sa.Integer, "required"),
    ("n_spectrum", sa.BigInteger, "required"),
    ("n_score", sa.BigInteger, "required"),
    ("code_version", sa.String, "required"),
    ("versions", sa.JSON, "required"),
    ("created_at", sa.TIMESTAMP, "required"),
    ("method_sha256", sa.String, ""),
)

recovery = _table(
    "recovery",
    ("evaluation_id", sa.BigInteger, "required"),
    ("method", sa.String, "required"),
    ("members", sa.String, "required"),
    ("kind", sa.String, ""),
    ("strength", sa.Double, ""),
    ("n_odd", sa.BigInteger, "required"),
    ("n_unranked", sa.BigInteger, "required"),
    ("n_ordinary", sa.BigInteger, "required"),
    ("recall_0_5", sa.Double, ""),
    ("recall_0_5_lo", sa.Double, ""),
    ("recall_0_5_hi", sa.Double, ""),
    ("recall_1", sa.Double, ""),
    ("recall_1_lo", sa.Double, ""),
    ("recall_1_hi", sa.Double, ""),
    ("recall_2", sa.Double, ""),
    ("recall_2_lo", sa.Double, ""),
    ("recall_2_hi", sa.Double, ""),
    ("recall_5", sa.Double, ""),
    ("recall_5_lo", sa.Double, ""),
    ("recall_5_hi", sa.Double, ""),
    ("median_percentile", sa.Double, ""),
    ("median_percentile_lo", sa.Double, ""),
    ("median_percentile_hi", sa.Double, ""),
    ("auc", sa.Double, ""),
    ("auc_lo", sa.Double, ""),
    ("auc_hi", sa.Double, ""),
)

model_agreement = _table(
    "model_agreement",
    ("evaluation_id", sa.BigInteger, "required"),
    ("model_id", sa.BigInteger, "required"),
    ("other_model_id", sa.BigInteger, "required"),
    ("spearman", sa.Double, ""),
    ("top_1_overlap", sa.Double, ""),
)

planted_verdict = _table(
    "planted_verdict",
    ("evaluation_id", sa.BigInteger, "required"),
    ("kind", sa.String, "required"),
    ("strength", sa.Double, "required"),
    ("right_cause", sa.String, ""),
    ("cause", sa.String, "required"),
    ("rule", sa.String, ""),
    ("n_planted", sa.BigInteger, "required"),
)

external_catalog = _table(
    "external_catalog",
    ("external_catalog_id", sa.BigInteger, "key"),
    ("name", sa.String, "unique"),
    ("file", sa.String, "required"),
    ("size", sa.BigInteger, "required"),
    ("sha256", sa.String, "required"),
    ("n_row", sa.BigInteger, "required"),
    ("n_row_unusable", sa.BigInteger, "required"),
    ("matched_by", sa.String, "required"),
    ("matched_columns", sa.ARRAY(sa.String), "required"),
    ("id_release", sa.String, ""),
    ("radius_arcsec", sa.Double, ""),
    ("catalog_epoch", sa.Double, ""),
    ("every_match", sa.Boolean, "required"),
    ("asked_sha256", sa.String, "required"),
    ("attached_at", sa.TIMESTAMP, "required"),
    ("code_version", sa.String, "required"),
)

external_match = _table(
    "external_match",
    ("external_catalog_id", sa.BigInteger, "required"),
    ("star_id", sa.BigInteger, "required"),
    ("catalog_row", sa.BigInteger, ""),
    ("separation_arcsec", sa.Double, ""),
    ("n_candidate", sa.BigInteger, ""),
)

cmd_region = _table(
    "cmd_region",
    ("name", sa.String, "unique"),
    ("polygon", POLYGON, "required"),
    ("corrected", sa.Boolean, "required"),
    ("description", sa.String, ""),
    ("created_at", sa.TIMESTAMP, "required"),
    ("builtin", sa.Boolean, "required"),
)

label = _table(
    "label",
    ("star_id", sa.BigInteger, "required"),
    ("label", sa.String, "required"),
    ("note", sa.String, ""),
    ("author", sa.String, "required"),
    ("created_at", sa.TIMESTAMP, "required"),
)

anomaly_cause = _table(
    "anomaly_cause",
    ("ensemble_id", sa.BigInteger, "required"),
    ("spectrum_id", sa.BigInteger, "required"),
    ("cause", sa.String, "required"),
    ("rule", sa.String, ""),
    ("confidence", sa.Double, ""),
    ("evidence", sa.ARRAY(sa.String), "required"),
    ("interval_lo", sa.Double, "required"),
    ("interval_hi", sa.Double, "required"),
    ("interval_fraction", sa.Double, "required"),
    ("half_fraction", sa.Double, "required"),
    ("interval_excess", sa.Double, "required"),
    ("interval_spread", sa.Double, "required"),
    ("interval_overlap", sa.Double, "required"),
    ("window_share", WINDOW_SHARE, "required"),
    ("residual_chi2", sa.Double, ""),
    ("interval_chi2", sa.Double, ""),
    ("sigma_ratio", sa.Double, ""),
    ("masked_fraction", sa.Double, "required"),
    ("roughness", sa.Double, "required"),
    ("sign", sa.JSON, "required"),
    ("density_percentile", sa.Double, ""),
    ("nearest_trained", sa.ARRAY(sa.String), ""),
    ("template_match", TEMPLATE_MATCH, "required"),
    ("n_model", sa.BigInteger, "required"),
    ("mean_log10_error", sa.Double, ""),
    ("n_spectrum", sa.BigInteger, "required"),
    ("templates_sha256", sa.String, "required"),
    ("created_at", sa.TIMESTAMP, "required"),
    ("code_version", sa.String, "required"),
    ("rules_sha256", sa.String, ""),
)

template = _table(
    "template",
    ("template_id", sa.BigInteger, "key"),
    ("library", sa.String, "required"),
    ("name", sa.String, "required"),
    ("n_pixel", sa.Integer, "required"),
    ("wavelength_lo", sa.Double, "required"),
    ("wavelength_hi", sa.Double, "required"),
    ("file", sa.String, "required"),
    ("sha256", sa.String, "required"),
    ("created_at", sa.TIMESTAMP, "required"),
    ("code_version", sa.String, "required"),
)

template_array = _table(
    "template_array",
    ("template_id", sa.BigInteger, "required"),
    ("wavelength", sa.ARRAY(sa.Double), "required"),
    ("relative_flux", sa.ARRAY(sa.REAL), "required"),
    ("good", sa.ARRAY(sa.Boolean), "required"),
)
