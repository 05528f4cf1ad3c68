"""The layouts of MaStar's files.

Columns and types: https://skyserver.sdss.org/dr17/MoreTools/browser, tables mastar_goodstars, mastar_goodvisits,
mastar_goodstars_xmatch_gaiaedr3 and mastar_goodstars_params. Their order is used where that of the file is not known,
and for text of the cross-match their greatest lengths.
"""

from catalog.surveys.mock.mwrfits import Layout

COMBSPEC: Layout = {"MANGAID": "22A", "WAVE": "4563D", "FLUX": "4563E", "IVAR": "4563E", "MASK": "4563J"}

GOODSTARS = {
    "DRPVER": "6A", "MPROCVER": "6A", "MANGAID": "22A", "MINMJD": "J", "MAXMJD": "J", "NVISITS": "J", "NPLATES": "J",
    "RA": "D", "DEC": "D", "EPOCH": "E", "PSFMAG": "5E", "MNGTARG2": "J", "INPUT_LOGG": "E", "INPUT_TEFF": "E",
    "INPUT_FE_H": "E", "INPUT_ALPHA_M": "E", "INPUT_SOURCE": "14A", "PHOTOCAT": "9A",
}  # fmt: skip

_VISIT_OF_STAR = {
    "DRPVER": "6A", "MPROCVER": "6A", "MANGAID": "22A", "PLATE": "J", "IFUDESIGN": "5A", "MJD": "J", "IFURA": "D",
    "IFUDEC": "D", "RA": "D", "DEC": "D", "EPOCH": "E", "PSFMAG": "5E", "MNGTARG2": "J",
}  # fmt: skip

_EXPOSURES = {
    "EXPTIME": "E", "NEXP_VISIT": "I", "NVELGOOD": "I", "HELIOV": "E", "VERR": "E", "V_ERRCODE": "I",
    "HELIOV_VISIT": "E", "VERR_VISIT": "E", "V_ERRCODE_VISIT": "I", "VELVARFLAG": "I", "DV_MAXSIG": "E",
}  # fmt: skip

_QUALITY = {
    "MJDQUAL": "J", "BPRPERR_SP": "E", "NEXP_USED": "I", "S2N": "E", "S2N10": "E", "BADPIXFRAC": "E",
}  # fmt: skip

GOODVISITS: Layout = _VISIT_OF_STAR | _EXPOSURES | _QUALITY | {"COORD_SOURCE": "9A", "PHOTOCAT": "9A"}

_ARRAYS = {"WAVE": "4563D", "FLUX": "4563E", "IVAR": "4563E", "DISP": "4563E", "PREDISP": "4563E", "MASK": "4563J"}

GOODSPEC: Layout = _VISIT_OF_STAR | {"PHOTOCAT": "9A"} | _EXPOSURES | _ARRAYS | _QUALITY

_GAIA = {
    "DESIGNATION": "30A", "SOURCE_ID": "K", "REF_EPOCH": "E",
    "GAIARA": "D", "GAIARA_ERROR": "D", "GAIADEC": "D", "GAIADEC_ERROR": "D",
    "PARALLAX": "E", "PARALLAX_ERROR": "E", "PMRA": "E", "PMRA_ERROR": "E", "PMDEC": "E", "PMDEC_ERROR": "E",
    "ASTROMETRIC_PARAMS_SOLVED": "I", "ASTROMETRIC_N_GOOD_OBS_AL": "J", "ASTROMETRIC_CHI2_AL": "E",
    "VISIBILITY_PERIODS_USED": "I",
    "PHOT_G_MEAN_FLUX": "E", "PHOT_G_MEAN_FLUX_OVER_ERROR": "E", "PHOT_G_MEAN_MAG": "E",
    "PHOT_BP_MEAN_FLUX": "E", "PHOT_BP_MEAN_FLUX_OVER_ERROR": "E", "PHOT_BP_MEAN_MAG": "E",
    "PHOT_RP_MEAN_FLUX": "E", "PHOT_RP_MEAN_FLUX_OVER_ERROR": "E", "PHOT_RP_MEAN_MAG": "E",
    "PHOT_BP_RP_EXCESS_FACTOR": "E", "BP_RP": "E",
    "R_MED_GEO": "E", "R_LO_GEO": "E", "R_HI_GEO": "E",
    "R_MED_PHOTOGEO": "E", "R_LO_PHOTOGEO": "E", "R_HI_PHOTOGEO": "E", "R_FLAG": "10A",
}  # fmt: skip

_TWO_MASS = {
    "TMASS_ID": "20A", "TMASS_DISTANCE": "E", "J_M": "E", "J_MSIGCOM": "E", "H_M": "E", "H_MSIGCOM": "E",
    "K_M": "E", "K_MSIGCOM": "E", "PH_QUAL": "10A", "GAL_CONTAM": "I", "MP_FLG": "I",
}  # fmt: skip

_CORRECTED = {
    "CONTAMINATION": "E", "GAIA_CLEANMATCH": "I", "EBV": "E", "EBV_SIGMA_UP": "E", "EBV_SIGMA_DN": "E",
    "M_G": "E", "M_G_ERR_UP": "E", "M_G_ERR_DN": "E", "BPRPC": "E", "BPRPC_ERR_UP": "E", "BPRPC_ERR_DN": "E",
    "DUSTCLEAN": "K", "GOODSTARS": "K",
}  # fmt: skip

_SIMBAD = {
    "SIMBAD_MAIN_ID": "40A", "OTYPE_S": "20A", "SP_TYPE": "20A", "SP_QUAL": "A", "SP_BIBCODE": "20A",
    "MK_DS": "10A", "MK_SPECTRAL_TYPE": "20A", "MK_BIBCODE": "20A",
}  # fmt: skip

_PAN_STARRS = {
    "PS1_NMAG_OK": "5I", "PS1_MEAN": "5E", "PS1_ERR": "5E", "PS1_STDEV": "5E", "PS1_MEDIAN": "5E", "PS1_Q25": "5E",
    "PS1_Q75": "5E", "PS1_MEDIAN_AP": "5E", "PS1_OBJ_ID": "K",
}  # fmt: skip

GAIA_EDR3: Layout = GOODSTARS | _GAIA | _TWO_MASS | _CORRECTED | _SIMBAD | _PAN_STARRS

PARAMETERS: Layout = {
    "DRPVER": "6A", "MPROCVER": "6A", "MANGAID": "22A", "MINMJD": "J", "MAXMJD": "J", "NVISITS": "I", "NPLATES": "I",
    "NGOODVISITS": "I", "RA": "D", "DEC": "D", "EPOCH": "E", "MNGTARG2": "J",
    "TEFF_MED": "E", "LOGG_MED": "E", "FEH_MED": "E", "FEH_CAL_MED": "E", "ALPHA_MED": "E", "ZH_MED": "E",
    "ZH_CAL_MED": "E", "TEFF_MED_ERR": "E", "LOGG_MED_ERR": "E", "FEH_MED_ERR": "E", "FEH_CAL_MED_ERR": "E",
    "ALPHA_MED_ERR": "E", "ZH_MED_ERR": "E", "ZH_CAL_MED_ERR": "E",
    "NGROUPS": "I", "INPUT_GROUPS": "4I", "INPUT_GROUPS_NAME": "11A",
    "NALPHAGROUPS": "I", "INPUT_ALPHA_GROUPS": "4I", "INPUT_ALPHA_GROUPS_NAME": "11A",
    "TEFF_JI": "E", "LOGG_JI": "E", "FEH_JI": "E", "ALPHA_JI": "E", "VMICRO_JI": "E", "TEFF_ERR_JI": "E",
    "LOGG_ERR_JI": "E", "FEH_ERR_JI": "E", "ALPHA_ERR_JI": "E", "VMICRO_ERR_JI": "E", "VALID_JI": "I",
    "TEFF_DL": "E", "LOGG_DL": "E", "FEH_DL": "E", "ALPHA_DL": "E", "TEFF_ERR_DL": "E", "LOGG_ERR_DL": "E",
    "FEH_ERR_DL": "E", "ALPHA_ERR_DL": "E", "AV_DL": "E", "AV_ERR_DL": "E", "AV_VALID_DL": "I", "VALID_DL": "I",
    "TEFF_LH": "E", "LOGG_LH": "E", "FEH_LH": "E", "ALPHA_LH": "E", "TEFF_ERR_LH": "E", "LOGG_ERR_LH": "E",
    "FEH_ERR_LH": "E", "ALPHA_ERR_LH": "E", "VALID_LH": "I",
    "TEFF_YC": "E", "LOGG_YC": "E", "FEH_YC": "E", "ALPHA_YC": "E", "TEFF_ERR_YC": "E", "LOGG_ERR_YC": "E",
    "FEH_ERR_YC": "E", "ALPHA_ERR_YC": "E", "VALID_YC": "I",
}  # fmt: skip
