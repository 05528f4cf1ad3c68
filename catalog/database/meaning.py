"""What every column means, and in which unit: the one registry.

A column name means one thing wherever it appears, in a table, a view or an export, so the registry is
keyed by name; the few names that differ between relations are keyed `relation.column`.
It feeds the COMMENTs in the database and the units of the astropy tables.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """Meaning of a column: one line of text, and a unit in the VO spelling (None: dimensionless or not a quantity)."""

    text: str
    unit: str | None = None

    @property
    def comment(self) -> str:
        """The COMMENT stored in the database: text, then the unit in square brackets."""
        return f"{self.text} [{self.unit}]" if self.unit else self.text


RELATIONS: dict[str, str] = {
    "star": "One row per star",
    "gaia_match": "One row per star and Gaia release that was asked for it; source_id NULL: asked, no match",
    "stellar_parameter": "One row per star and source of stellar parameters",
    "wavelength_grid": "One row per wavelength grid",
    "dataset": "One row per dataset: a named set of spectra on one grid, from one source product",
    "source_file": "One row per file read into this database",
    "spectrum": "One row per spectrum, with its quality counts; the arrays are in spectrum_array",
    "visit": "One row per good visit to a star (GOODVISITS): star, plate, ifudesign and mjd are its key, as of a spectrum of the visit",
    "spectrum_array": "One row per spectrum: its arrays, on the wavelength grid of its dataset",
    "ensemble": "One row per ensemble: models trained with one recipe on random splits of one dataset",
    "model_version": "One row per model, the member of an ensemble",
    "training_split": "One row per model and spectrum of its training dataset",
    "training_epoch": "One row per model and training epoch",
    "reconstruction_error": "One row per model and spectrum it has scored",
    "latent_vector": "One row per model and spectrum it has scored",
    "evaluation": "One row per measurement of what an ensemble recovers of known anomalies",
    "recovery": "Per evaluation, method, set of members, kind and strength: how many of the anomalies are found",
    "model_agreement": "Per evaluation against a truth table and pair of models: how far their rankings agree",
    "star_role": "Per model and star: its part in the model's training, by star and not by spectrum",
    "anomaly_score": "Per model and spectrum: its error and where that stands among the dataset's errors",
    "consensus_anomaly": "Per ensemble and spectrum: what the models agree on; consensus_rank 1 is the oddest",
    "latent_neighbor": "Per model and spectrum: the ten nearest spectra of other stars of the dataset in latent space. Name the spectrum by a constant (mangaid = '...'), not by a subquery or a join, or all pairs are computed",
    "error_percentile": "Per model and dataset: percentiles of log10 error (the paper's Table 1)",
    "top_error": "Per model and dataset: the five highest errors (the paper's Table 2)",
    "visit_flag": "One row per visit and quality bit of its mjdqual; a visit without any has none",
    "window_usable": "One row per dataset with at least two pixels in the window from lo to hi (vacuum Angstrom, both ends included): how many spectra it keeps, and why the others fall out; a spectrum may fall out for several reasons",
    "cmd": "One row per star with photometry from its newest Gaia release (the paper's Fig. 1)",
}

MEANINGS: dict[str, Meaning] = {
    # keys
    "star_id": Meaning("Number of the star in this database"),
    "spectrum_id": Meaning("Number of the spectrum in this database"),
    "dataset_id": Meaning("Number of the dataset in this database"),
    "grid_id": Meaning("Number of the wavelength grid in this database"),
    "source_file_id": Meaning("File the row was read from, see source_file"),
    "ensemble_id": Meaning("Number of the ensemble in this database"),
    "model_id": Meaning("Number of the model in this database"),
    # names, as every view shows them
    "mangaid": Meaning("Id of the star: its MaNGA id, or the survey and its own id there (boss-PLATE-MJD-FIBER, lamost-OBSID, gaia-SOURCE_ID); text, never a number"),
    "dataset": Meaning("Name of the dataset of the spectrum"),
    "ensemble": Meaning("Name of the ensemble"),
    "model": Meaning("Name of the model: MODEL1, MODEL2, ..."),
    # star
    "ra": Meaning("Right ascension, J2000 equinox, at epoch", "deg"),
    "dec": Meaning("Declination, J2000 equinox, at epoch", "deg"),
    "epoch": Meaning("Epoch of ra and dec", "yr"),
    "n_visits": Meaning("Visits to the star, good and bad"),
    "photocat": Meaning("Catalog of the astrometry and photometry used for targeting"),
    "input_teff": Meaning("Effective temperature used for targeting", "K"),
    "input_logg": Meaning("Surface gravity used for targeting, log10 of cm/s2"),
    "input_fe_h": Meaning("[Fe/H] used for targeting", "dex"),
    "input_alpha_m": Meaning("[alpha/M] used for targeting", "dex"),
    "input_source": Meaning("Catalog of the input_ parameters"),
    "star.source_file_id": Meaning("File that gave the star; later files only fill what is NULL, save the survey's star table"),
    # gaia_match, cmd
    "gaia_release": Meaning("Gaia release the row comes from: DR2 or EDR3"),
    "source_id": Meaning("Gaia source id in gaia_release; ids of DR2 and EDR3 differ. NULL: no match"),
    "g_mag": Meaning("Gaia G magnitude", "mag"),
    "bp_mag": Meaning("Gaia BP magnitude", "mag"),
    "rp_mag": Meaning("Gaia RP magnitude", "mag"),
    "bp_rp": Meaning("Gaia BP-RP colour as observed", "mag"),
    "bp_rp0": Meaning("Gaia BP-RP colour, corrected for extinction", "mag"),
    "parallax": Meaning("Parallax", "mas"),
    "parallax_error": Meaning("Standard error of the parallax", "mas"),
    "pmra": Meaning("Proper motion in right ascension, times cos(dec)", "mas/yr"),
    "pmdec": Meaning("Proper motion in declination", "mas/yr"),
    "distance_pc": Meaning("Distance: photogeometric median for EDR3 (Bailer-Jones 2021), r_est for DR2 (2018)", "pc"),
    "distance_pc_lo": Meaning("Distance, 16th percentile", "pc"),
    "distance_pc_hi": Meaning("Distance, 84th percentile", "pc"),
    "ebv": Meaning("Reddening E(B-V) from the 3-D dust map at the distance", "mag"),
    "abs_g": Meaning("Absolute G magnitude M_G, corrected for extinction", "mag"),
    "abs_g_uncorrected": Meaning("Absolute G magnitude M_G from g_mag and distance_pc alone, not corrected for extinction", "mag"),
    "simbad_main_id": Meaning("Main identifier in SIMBAD; NULL: no match"),
    "simbad_otype": Meaning("Object type in SIMBAD"),
    "spectral_type": Meaning("Spectral type in SIMBAD"),
    "clean_match": Meaning("True where neighbours contaminate the Gaia photometry by less than 0.0084"),
    # stellar_parameter
    "source": Meaning("Version and method of the parameters: MED is the median over the methods JI, DL, LH and YC"),
    "teff": Meaning("Effective temperature", "K"),
    "teff_error": Meaning("Uncertainty of teff", "K"),
    "logg": Meaning("Surface gravity, log10 of cm/s2"),
    "logg_error": Meaning("Uncertainty of logg"),
    "fe_h": Meaning("[Fe/H]", "dex"),
    "fe_h_error": Meaning("Uncertainty of fe_h", "dex"),
    "alpha_fe": Meaning("[alpha/Fe]", "dex"),
    "alpha_fe_error": Meaning("Uncertainty of alpha_fe", "dex"),
    # wavelength_grid
    "n_pixel": Meaning("Number of pixels"),
    "log10_start": Meaning("log10 of the first wavelength in Angstrom"),
    "log10_step": Meaning("Mean step of log10 wavelength between pixels"),
    "wavelength": Meaning("Vacuum wavelength of each pixel, as in the file", "Angstrom"),
    # dataset
    "dataset.name": Meaning("Name of the dataset"),
    "survey": Meaning("Survey that took the spectra"),
    "release": Meaning("Data release; mock: nobody observed these spectra; NULL: the file does not say"),
    "product": Meaning("Data product of the survey: combspec, goodspec, mastarall, boss_spec, lamost_lrs, ..."),
    "lsf_percentile": Meaning("Percentile of the resolution distribution to which the spectra were brought", "%"),
    "dataset.n_spectrum": Meaning("Number of spectra"),
    "dataset.n_usable": Meaning("Number of spectra usable over the full wavelength range (the paper's rule)"),
    "window_usable.n_usable": Meaning("Spectra usable in the window: finite flux > 0 in each of its pixels"),
    "window_usable.n_spectrum": Meaning("Spectra of the dataset"),
    # source_file
    "source_file.name": Meaning("Name of the file, without folder"),
    "size": Meaning("Size of the file", "byte"),
    "sha256": Meaning("SHA-256 of the file as read, compressed if it was"),
    "n_row": Meaning("Rows read from the file"),
    "ingested_at": Meaning("When the file was read, UTC"),
    "code_version": Meaning("Version of this package that wrote the row"),
    # spectrum
    "source_row": Meaning("Row of the file, from 1"),
    "plate": Meaning("Plate number; NULL for spectra combined from several visits"),
    "ifudesign": Meaning("Fibre bundle, or fibre; NULL for spectra combined from several visits"),
    "mjd": Meaning("Night of the visit; NULL for spectra combined from several visits", "d"),
    "snr": Meaning("Median signal-to-noise per pixel: S2N of a file of visits, else the median of flux sqrt(ivar) where ivar > 0"),
    "max_flux": Meaning("Largest finite flux of the whole spectrum", "1e-17 erg / (s cm2 Angstrom)"),
    "n_zero_flux": Meaning("Pixels with flux exactly 0"),
    "n_negative_flux": Meaning("Pixels with finite flux below 0"),
    "n_nonfinite_flux": Meaning("Pixels with NaN or infinite flux"),
    "n_masked": Meaning("Pixels with a mask other than 0; NULL: no mask"),
    "n_zero_ivar": Meaning("Pixels with ivar 0; NULL: no ivar"),
    "bad_pixel_fraction": Meaning("Fraction of pixels with ivar 0: BADPIXFRAC of a file of visits, else counted; NULL: no ivar"),
    "first_good_pixel": Meaning("First pixel with finite flux > 0, from 1, so flux[first_good_pixel:last_good_pixel] is SQL"),
    "last_good_pixel": Meaning("Last pixel with finite flux > 0, from 1"),
    "mjdqual": Meaning("Quality bits of the visit (MASTAR_QUAL); 0 is good"),
    "usable": Meaning("Finite flux > 0 in every pixel of the full range (the paper's rule, section 2.1)"),
    "reject_reason": Meaning("Why usable is false; NULL where it is true"),
    "bad_run": Meaning("Runs of pixels that no model takes, in order: first and last pixel, from 1, and their fault: zero, negative or non-finite; empty: usable. NULL: not counted"),
    # visit, visit_flag
    "exptime": Meaning("Median exposure time of the visit's exposures", "s"),
    "n_exposure": Meaning("Exposures of the visit"),
    "n_exposure_used": Meaning("Exposures of the visit that went into its spectrum"),
    "velocity": Meaning("Median heliocentric velocity of the star in this visit", "km/s"),
    "velocity_error": Meaning("Uncertainty of velocity", "km/s"),
    "velocity_errcode": Meaning("Error code of velocity; 0 is good"),
    "star_velocity": Meaning("Median heliocentric velocity over all visits, by which the spectra were shifted to the rest frame", "km/s"),
    "star_velocity_error": Meaning("Uncertainty of star_velocity", "km/s"),
    "star_velocity_errcode": Meaning("Error code of star_velocity; 0 is good"),
    "n_velocity": Meaning("Exposures with a good velocity, over all visits with this plate and fibre bundle"),
    "velocity_varies": Meaning("True where two visits differ in velocity by more than 3 sigma"),
    "velocity_change": Meaning("Largest difference in velocity between two visits, in units of its uncertainty"),
    "snr10": Meaning("Signal-to-noise per pixel of the best tenth of the pixels"),
    "bp_rp_error": Meaning("Uncertainty of the synthetic BP-RP colour of the spectrum", "mag"),
    "coord_source": Meaning("Catalog of the astrometry"),
    "bit": Meaning("Bit of mjdqual, from 0"),
    "flag": Meaning("Name of the bit in MASTAR_QUAL; NULL: it has none"),
    # window_usable
    "n_empty_end": Meaning("Spectra with zero flux in the window before their first or after their last good pixel"),
    "n_zero_inside": Meaning("Spectra with zero flux in the window between their first and last good pixel"),
    "n_negative": Meaning("Spectra with negative flux in the window"),
    "n_nonfinite": Meaning("Spectra with NaN or infinite flux in the window"),
    # spectrum_array
    "flux": Meaning("Flux density per wavelength, as in the file, or brought to the grid and to rest (BOSS, LAMOST); relative for LAMOST", "1e-17 erg / (s cm2 Angstrom)"),
    "ivar": Meaning("Inverse variance of flux; 0: no information. NULL: the file has none", "1e34 s2 cm4 Angstrom2 / erg2"),
    "mask": Meaning("Quality bits of each pixel in the survey's own numbering; 0 is good. NULL: the file has none"),
    # ensemble, model_version
    "ensemble.name": Meaning("Name of the ensemble"),
    "ensemble.dataset_id": Meaning("Dataset the models were trained on"),
    "ensemble.n_spectrum": Meaning("Spectra of the dataset usable in the recipe's window when the ensemble was planned"),
    "recipe": Meaning("Everything that defines the training, as JSON"),
    "recipe_sha256": Meaning("SHA-256 of recipe"),
    "created_at": Meaning("When the row was made, UTC"),
    "member": Meaning("Number of the model in its ensemble, from 1"),
    "model_version.name": Meaning("Name of the model: MODEL and member"),
    "seed": Meaning("Seed of the model's split, first weights and order of batches"),
    "n_train": Meaning("Spectra in the training split"),
    "n_validation": Meaning("Spectra in the validation split"),
    "epochs": Meaning("Epochs trained"),
    "train_loss": Meaning("Loss (Eq. 2 on ln flux) over the training split: mean over the epoch's batches as they were trained"),
    "validation_loss": Meaning("Loss (Eq. 2 on ln flux) over the validation split at the end of the epoch"),
    "weights_file": Meaning("File of the weights, relative to the folder of the database"),
    "weights_sha256": Meaning("SHA-256 of weights_file, verified when it is loaded"),
    "versions": Meaning("Versions of Python, numpy, keras and its backend that trained the model, as JSON"),
    "status": Meaning("planned: split and seed chosen, not yet trained; trained: weights and losses are there"),
    "started_at": Meaning("When training began, UTC"),
    "finished_at": Meaning("When training ended, UTC"),
    # training_split, training_epoch
    "role": Meaning("Part in the model's training: train (the model has seen the star), validation, or NULL: neither"),
    "training_split.role": Meaning("Part of the spectrum in the model's training: train or validation"),
    "training_epoch.epoch": Meaning("Epoch, from 1"),
    "seconds": Meaning("Wall-clock time of the epoch", "s"),
    # scores; larger is more anomalous, always
    "error": Meaning("Reconstruction error on flux / max flux within the model's window (Eq. 2); larger is more anomalous"),
    "log10_error": Meaning("log10 of error"),
    "chi2": Meaning("Mean of ivar (flux - reconstruction)^2 over unmasked pixels with ivar > 0: 1 is as good as the noise; NULL: no ivar"),
    "latent": Meaning("Activations of the bottleneck"),
    "rank": Meaning("Rank of error among the dataset's spectra in this model; 1 is the highest error"),
    "percentile": Meaning("Share of the dataset's spectra with an error at or below this one in this model", "%"),
    "percentile_unseen": Meaning("The same among the spectra whose star the model has not seen; NULL where it has", "%"),
    "flagged": Meaning("True where error is at or above the 99th percentile of this model on this dataset"),
    # consensus_anomaly
    "n_model": Meaning("Models of the ensemble that scored the spectrum"),
    "n_flagged": Meaning("Models that flag the spectrum (error at or above their 99th percentile)"),
    "mean_log10_error": Meaning("Mean of log10_error over the models"),
    "std_log10_error": Meaning("Standard deviation of log10_error over the models; NULL for one model"),
    "mean_percentile": Meaning("Mean of percentile over the models", "%"),
    "min_percentile": Meaning("Least percentile over the models", "%"),
    "consensus_rank": Meaning("Rank by n_flagged, then mean_percentile, then mean_log10_error; 1 is the oddest"),
    "n_model_unseen": Meaning("Models that scored the spectrum and have not seen its star in training"),
    "mean_percentile_unseen": Meaning("Mean of percentile_unseen over the models that have not seen the star; NULL: all have", "%"),
    "unseen_rank": Meaning("Rank by mean_percentile_unseen; 1 is the oddest. NULL: every model has seen the star"),
    # evaluation, recovery, model_agreement
    "evaluation_id": Meaning("Number of the evaluation in this database"),
    "mode": Meaning("truth: anomalies listed in a file; injection: oddities planted in ordinary spectra"),
    "truth_file": Meaning("Name of the truth table, without folder; NULL for an injection"),
    "truth_sha256": Meaning("SHA-256 of the truth table; NULL for an injection"),
    "n_listed": Meaning("Ids in the truth table; NULL for an injection"),
    "n_matched": Meaning("Ids of them whose star has a scored spectrum in the dataset; NULL for an injection"),
    "settings": Meaning("What was asked for, as JSON: columns of the truth table, or kinds, strengths and hosts; whether with baselines"),
    "evaluation.seed": Meaning("Seed of the choice of hosts, of the baselines and of the bootstrap"),
    "n_member": Meaning("Models whose scores were evaluated"),
    "n_score": Meaning("Scores of those models on the dataset"),
    "evaluation.versions": Meaning("Versions of Python and of the packages that computed the rows, as JSON"),
    "method": Meaning("autoencoder, or a baseline fitted on the same splits: pca, isolation forest, local outlier factor"),
    "members": Meaning("all: consensus of all models, as consensus_rank; unseen: of those that have not seen the star, as unseen_rank"),
    "kind": Meaning("Kind of oddity; NULL: all kinds together"),
    "strength": Meaning("Strength of the oddity, 1 is nominal; NULL: all together, or the truth table gives none"),
    "n_odd": Meaning("Anomalies that have a rank"),
    "n_unranked": Meaning("Anomalies without one: no usable spectrum; for unseen members, a star that all have seen; or a host in their top 5 % before anything was planted"),
    "n_ordinary": Meaning("Spectra they are compared with: of stars without a kind; for an injection, outside the top 5 %"),
    "recall_0_5": Meaning("Share of the n_odd that come into the top 0.5 % of the ranked spectra; NULL: n_odd is 0"),
    "recall_0_5_lo": Meaning("Lower end of its 95 % confidence interval (Wilson)"),
    "recall_0_5_hi": Meaning("Upper end of its 95 % confidence interval (Wilson)"),
    "recall_1": Meaning("Share of the n_odd that come into the top 1 % of the ranked spectra; NULL: n_odd is 0"),
    "recall_1_lo": Meaning("Lower end of its 95 % confidence interval (Wilson)"),
    "recall_1_hi": Meaning("Upper end of its 95 % confidence interval (Wilson)"),
    "recall_2": Meaning("Share of the n_odd that come into the top 2 % of the ranked spectra; NULL: n_odd is 0"),
    "recall_2_lo": Meaning("Lower end of its 95 % confidence interval (Wilson)"),
    "recall_2_hi": Meaning("Upper end of its 95 % confidence interval (Wilson)"),
    "recall_5": Meaning("Share of the n_odd that come into the top 5 % of the ranked spectra; NULL: n_odd is 0"),
    "recall_5_lo": Meaning("Lower end of its 95 % confidence interval (Wilson)"),
    "recall_5_hi": Meaning("Upper end of its 95 % confidence interval (Wilson)"),
    "median_percentile": Meaning("Median over the n_odd of the share of ranked spectra that are not odder", "%"),
    "median_percentile_lo": Meaning("Lower end of its 95 % confidence interval (bootstrap); NULL: too few to say", "%"),
    "median_percentile_hi": Meaning("Upper end of its 95 % confidence interval (bootstrap); NULL: too few to say", "%"),
    "auc": Meaning("Area under the ROC curve: probability that an anomaly ranks before an ordinary spectrum; NULL: none of either"),
    "auc_lo": Meaning("Lower end of its 95 % confidence interval (bootstrap); NULL: too few to say"),
    "auc_hi": Meaning("Upper end of its 95 % confidence interval (bootstrap); NULL: too few to say"),
    "other_model_id": Meaning("The other model of the pair"),
    "spearman": Meaning("Spearman's rank correlation of the errors of two models; NULL: nothing to correlate"),
    "top_1_overlap": Meaning("Share of the top 1 % of one model that is in the top 1 % of the other"),
    # latent_neighbor
    "neighbor_rank": Meaning("1 is the nearest"),
    "neighbor_spectrum_id": Meaning("spectrum_id of the neighbour"),
    "neighbor_mangaid": Meaning("MaNGA id of the neighbour"),
    "distance": Meaning("Euclidean distance between the latent vectors"),
    "neighbor_role": Meaning("Part of the neighbour's star in the model's training: train, validation, or NULL: neither"),
    # error_percentile
    "n_spectrum": Meaning("Spectra scored"),
    "percentile_1": Meaning("1st percentile of log10 error"),
    "percentile_10": Meaning("10th percentile of log10 error"),
    "percentile_50": Meaning("50th percentile of log10 error"),
    "percentile_90": Meaning("90th percentile of log10 error"),
    "percentile_99": Meaning("99th percentile of log10 error"),
}  # fmt: skip


def meaning(relation: str, column: str) -> Meaning:
    """Meaning of a column of a table or view.

    Read-only. Raises KeyError for a column nobody has described, so that none can be added in silence.

    >>> meaning("star", "ra").comment
    'Right ascension, J2000 equinox, at epoch [deg]'
    """
    return MEANINGS.get(f"{relation}.{column}") or MEANINGS[column]
