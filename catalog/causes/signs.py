"""Signs of known causes in a residual: those of stars, see `bands`, and those of instrument and reduction, see `marks`.

Most work on D = ln(flux / reconstruction): above 0 the star is brighter than the models make it.
"""

from dataclasses import dataclass

import numpy as np

from catalog.causes.bands import (
    AP,
    AP_LINES,
    BALMER,
    C2_HEADS,
    CN_HEADS,
    G_BAND,
    HE,
    HYDROGEN,
    HYDROGEN_WIDTH,
    TIO_HEADS,
    depression,
    heads,
    lines,
    share_at,
    wings,
)
from catalog.causes.marks import (
    MAGNITUDES,
    SKY_LINES,
    SKY_WIDTH,
    arm_step,
    fringe_share,
    sky_contrast,
    spikes,
    velocity_shift,
)


@dataclass(frozen=True)
class Signs:
    """Signs of known causes in one spectrum; None where the model's window does not hold what is asked.

    Attributes
    ----------
    c2, cn, tio : float, optional
        mag by which band heads are deeper than the models make them; the median over the heads.
    c2_noise, cn_noise, tio_noise : float, optional
        Its standard error, from the scatter of D beside the heads.
    ch, ap : float, optional
        mag by which the G band and the depression at 5200 are deeper.
    tio_head : float, optional
        mag of the spectrum's own TiO heads, whatever the models make of them; above 0 in M stars.
    tio_red : float, optional
        The same of those redward of 7000 Å, where a hot companion has least light.
    balmer, helium : float, optional
        Excess of light in the lines, in the median of the stronger half; in units of the reconstruction.
    balmer_noise : float, optional
        Standard error of balmer.
    balmer_own : float, optional
        The same as balmer of the spectrum, whatever the models make of it: above 0 in emission.
    hydrogen_share : float
        Share of the error in the Balmer lines, to H 8.
    balmer_wings : float, optional
        mag by which the light 20 to 45 Å from H beta, gamma and delta is below that at 80 to 110 Å, whatever the models
        make of it: the wings of a white dwarf.
    ap_lines : float, optional
        mag by which lines of Si, Sr and Cr are deeper.
    blue_light : float, optional
        Part of the window's light that lies below 6000 Å.
    spike_share : float
        Share of the error in spikes of one to three pixels.
    n_spike : int
        Their number.
    sky_contrast : float, optional
        Median error at lines of the night sky over that elsewhere redward of 7000 Å.
    sky_share : float
        Share of the error at these lines.
    step : float, optional
        mag by which D changes across the joint of the arms, beside what its slopes do.
    step_noise : float, optional
        Its standard error.
    fringe_share : float, optional
        Share of the error redward of 8000 Å that one sine in wavenumber explains.
    shift : float
        km/s that would best explain the residual.
    shift_share : float
        Share of the error that it explains.
    blue_excess, red_excess : float
        mag by which the first and the last tenth of the window are brighter than the models make them, beside the
        whole.
    """

    c2: float | None
    c2_noise: float | None
    cn: float | None
    cn_noise: float | None
    tio: float | None
    tio_noise: float | None
    ch: float | None
    tio_head: float | None
    tio_red: float | None
    balmer: float | None
    balmer_noise: float | None
    balmer_own: float | None
    hydrogen_share: float
    balmer_wings: float | None
    helium: float | None
    ap: float | None
    ap_lines: float | None
    blue_light: float | None
    spike_share: float
    n_spike: int
    sky_contrast: float | None
    sky_share: float
    step: float | None
    step_noise: float | None
    fringe_share: float | None
    shift: float
    shift_share: float
    blue_excess: float
    red_excess: float


def signs(wavelength: np.ndarray, flux: np.ndarray, reconstruction: np.ndarray) -> Signs:
    """The signs in one spectrum.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Vacuum Angstrom.
    flux, reconstruction : ndarray, (n_pixel,)
        Above 0, of one unit.
    """
    difference = np.log(flux / np.maximum(reconstruction, 1e-30))
    light, tenth = np.log(flux), max(1, len(flux) // 10)
    c2, c2_noise = heads(wavelength, -difference, C2_HEADS, to_the_red=False)
    cn, cn_noise = heads(wavelength, -difference, CN_HEADS, to_the_red=True)
    tio, tio_noise = heads(wavelength, -difference, TIO_HEADS, to_the_red=True)
    balmer, balmer_noise = lines(wavelength, difference, BALMER)
    square = np.square(flux - reconstruction)
    n_spike, spike_share = spikes(flux - reconstruction, square)
    step, step_noise = arm_step(wavelength, difference)
    shift, shift_share = velocity_shift(wavelength, flux, reconstruction)
    ap_lines, _ = lines(wavelength, -difference, AP_LINES)
    return Signs(
        c2=c2,
        c2_noise=c2_noise,
        cn=cn,
        cn_noise=cn_noise,
        tio=tio,
        tio_noise=tio_noise,
        ch=depression(wavelength, -difference, *G_BAND),
        tio_head=heads(wavelength, -light, TIO_HEADS, to_the_red=True)[0],
        tio_red=heads(wavelength, -light, TIO_HEADS[3:], to_the_red=True)[0],
        balmer=balmer,
        balmer_noise=balmer_noise,
        balmer_own=lines(wavelength, light, BALMER)[0],
        hydrogen_share=share_at(wavelength, square, HYDROGEN, HYDROGEN_WIDTH),
        balmer_wings=wings(wavelength, light),
        helium=lines(wavelength, difference, HE)[0],
        ap=depression(wavelength, -difference, *AP),
        ap_lines=ap_lines,
        blue_light=float(flux[wavelength < 6000].sum() / flux.sum()) if wavelength[0] < 5500 else None,
        spike_share=spike_share,
        n_spike=n_spike,
        sky_contrast=sky_contrast(wavelength, square),
        sky_share=share_at(wavelength, square, SKY_LINES, SKY_WIDTH),
        step=step,
        step_noise=step_noise,
        fringe_share=fringe_share(wavelength, difference),
        shift=shift,
        shift_share=shift_share,
        blue_excess=MAGNITUDES * float(difference[:tenth].mean() - difference.mean()),
        red_excess=MAGNITUDES * float(difference[-tenth:].mean() - difference.mean()),
    )
