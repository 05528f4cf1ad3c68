"""Widths, colours and labels that all figures share."""

ONE_COLUMN, TWO_COLUMNS = 3.5, 7.1
"""Widths of a journal's column and of its page, in inches."""

BLACK, ORANGE, SKY_BLUE, GREEN, BLUE, VERMILLION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
"""Okabe & Ito's palette, which the colour-blind can tell apart."""

GREY = "0.6"

BAD, MASKED = "0.87", "#FCE3B0"
"""Behind pixels that no model takes, and behind masked ones: light enough for black lines."""

FLAGGED = "#FBE3D3"
"""Behind errors that flag a spectrum."""

SMALL = 6.5
"""Size of the smallest text, in points."""

WAVELENGTH = "vacuum wavelength (Å)"
FLUX = r"$10^{-17}$ erg s$^{-1}$ cm$^{-2}$ Å$^{-1}$"
BP_RP = r"$G_\mathrm{BP} - G_\mathrm{RP}$"
ABS_G = r"$M_G$"
LOG_ERROR = r"$\log_{10}\,\mathcal{L}(\mathbf{F}, \hat{\mathbf{F}})$"
"""Eq. 2 on normalised flux, as the paper writes it."""
