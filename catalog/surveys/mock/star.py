"""What is true of a mock star and of one visit to it; the columns of the survey's files are made from these."""

import numpy as np

STAR = np.dtype(
    [
        ("mangaid", "U22"),
        ("kind", "U24"),  # of oddity; blank for an ordinary star
        ("strength", "f8"),  # of the oddity, 1 is nominal; 0 for an ordinary star
        ("sequence", "U24"),  # where in the colour-magnitude diagram it was drawn
        ("teff", "f8"),  # K
        ("logg", "f8"),  # log10 of cm / s2
        ("fe_h", "f8"),  # dex
        ("alpha_fe", "f8"),  # dex
        ("spectral_type", "U8"),  # as MK, from teff and logg
        ("abs_g", "f8"),  # mag, without extinction
        ("bp_rp0", "f8"),  # mag, without extinction
        ("ebv", "f8"),  # mag
        ("distance_pc", "f8"),
        ("g_mag", "f8"),  # mag, as seen through the dust
        ("bp_mag", "f8"),
        ("rp_mag", "f8"),
        ("ra", "f8"),  # deg
        ("dec", "f8"),
        ("pmra", "f8"),  # mas / yr
        ("pmdec", "f8"),
        ("velocity", "f8"),  # heliocentric, km / s
        ("input_catalog", "U8"),  # "ps1", "apass", "gaiadr2": where the star was selected, so PHOTOCAT
        ("source_id", "i8"),  # Gaia EDR3; 0 without a match
        ("n_visits", "i4"),
        ("min_mjd", "i4"),
        ("max_mjd", "i4"),
        ("snr", "f8"),  # median per pixel of the combined spectrum
        ("in_small", "?"),  # has a combined spectrum at the sharper resolution
    ]
)

VISIT = np.dtype(
    [
        ("star", "i8"),  # index into the stars
        ("plate", "i4"),
        ("ifudesign", "U5"),
        ("mjd", "i4"),
        ("exptime", "f8"),  # s, median of its exposures
        ("n_exposure", "i2"),
        ("velocity", "f8"),  # heliocentric, km / s, of this visit
        ("velocity_error", "f8"),
        ("mjdqual", "i4"),  # MASTAR_QUAL bits
        ("snr", "f8"),  # median per pixel
        ("snr10", "f8"),  # mean of the best tenth of the pixels
        ("bad_pixel_fraction", "f8"),  # fraction of pixels without inverse variance
    ]
)

SPECTRUM = np.dtype(
    [
        ("flux", "f4", 4563),  # 1e-17 erg / (s cm2 Angstrom)
        ("ivar", "f4", 4563),  # inverse square of that; 0 without information
        ("mask", "i4", 4563),  # MANGA_DRP2PIXMASK bits; 0 is good
    ]
)
