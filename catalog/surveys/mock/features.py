"""Absorption features of stars as optical depths on a wavelength grid; vacuum Angstrom throughout.

Lines: NIST Atomic Spectra Database. Band heads, printed for air: Pearse & Gaydon 1976, The identification of
molecular spectra; TiO and VO as in Kirkpatrick, Henry & McCarthy 1991 (ApJS 77, 417) and Valenti, Piskunov &
Johns-Krull 1998 (ApJ 498, 851); CN red system: Davis & Phillips 1963. Air to vacuum: Morton 2000 (ApJS 130, 403).
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

RYDBERG = 911.7633
"""Wavelength of the Lyman limit of hydrogen."""


def air_to_vacuum(wavelength: ArrayLike) -> np.ndarray:
    """Vacuum wavelength of a wavelength in air, Angstrom (Morton 2000, Eq. 8).

    Examples
    --------
    >>> float(air_to_vacuum(6562.79).round(2))
    6564.6
    """
    air = np.asarray(wavelength, np.float64)
    squared_wavenumber = (1e4 / air) ** 2
    index = 1 + 8.34254e-5 + 2.406147e-2 / (130 - squared_wavenumber) + 1.5998e-4 / (38.9 - squared_wavenumber)
    vacuum: np.ndarray = air * index
    return vacuum


def hydrogen(lower: int, upper: int) -> np.ndarray:
    """Lines of hydrogen from level `lower` to lower + 1 ... upper, Angstrom.

    Examples
    --------
    >>> hydrogen(2, 4).round(1).tolist()
    [6564.7, 4862.7]
    """
    return RYDBERG / (1 / lower**2 - 1 / np.arange(lower + 1, upper + 1) ** 2)


def lines(wavelength: np.ndarray, centers: ArrayLike, depths: ArrayLike, width: ArrayLike) -> np.ndarray:
    """Optical depth (n_pixel,) of Lorentz profiles: at each center its depth.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Angstrom.
    centers, depths : array_like, (n_line,)
        Angstrom, and the optical depth there.
    width : array_like
        Half width at half maximum, Angstrom; of all lines, or (n_line,).
    """
    distance = (wavelength[:, None] - np.atleast_1d(centers)) / width
    return np.sum(np.asarray(depths) / (1 + distance**2), axis=1)


def bands(wavelength: np.ndarray, heads: ArrayLike, depths: ArrayLike, length: ArrayLike) -> np.ndarray:
    """Optical depth (n_pixel,) of molecular bands: a sharp head that fades to one side.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Angstrom.
    heads, depths : array_like, (n_band,)
        Angstrom, and the optical depth there.
    length : array_like
        Angstrom over which a band fades, to the blue if negative; of all bands, or (n_band,).
    """
    distance = (wavelength[:, None] - np.atleast_1d(heads)) / length
    return np.sum(np.where(distance >= 0, np.exp(-np.abs(distance)), 0) * depths, axis=1)


def edge(wavelength: np.ndarray, limit: float, softness: float) -> np.ndarray:
    """1 blueward of a series limit, falling to 0 over `softness` Angstrom, where the last lines merge; (n_pixel,)."""
    shape: np.ndarray = 0.5 * (1 - np.tanh((wavelength - limit) / softness))
    return shape


def _line_list(air: Sequence[float], depths: Sequence[float], width: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda wavelength: lines(wavelength, air_to_vacuum(air), depths, width)


def _band_list(
    air: Sequence[float], depths: Sequence[float], length: float | Sequence[float]
) -> Callable[[np.ndarray], np.ndarray]:
    return lambda wavelength: bands(wavelength, air_to_vacuum(air), depths, np.asarray(length, np.float64))


def _balmer(width: float) -> Callable[[np.ndarray], np.ndarray]:
    series = hydrogen(2, 22)
    # Optical depth falls along the series more slowly than the oscillator strength, since the cores saturate.
    depths = np.minimum(1, (8 / np.arange(3, 23)) ** 2)
    return lambda wavelength: lines(wavelength, series, depths, width)


def _metals(blue: float, red: float, per_angstrom: float, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """Metal lines between two wavelengths: the strong ones where they are, and a crowd of weak ones.

    The weak ones lie at random, but always at the same places: they are the same in every star.
    """
    strong = air_to_vacuum([line for line in METAL_LINES if blue <= line < red])
    generator = np.random.default_rng(seed)
    count = round((red - blue) * per_angstrom)
    weak, depths = generator.uniform(blue, red, count), 0.3 * generator.exponential(1.0, count)
    return lambda wavelength: lines(wavelength, strong, 1.0, 0.8) + lines(wavelength, weak, depths, 0.8)


METAL_LINES = (
    # Fe I
    3581.2, 3618.8, 3631.5, 3647.8, 3679.9, 3687.5, 3705.6, 3719.9, 3734.9, 3737.1, 3745.6, 3748.3, 3758.2, 3763.8,
    3767.2, 3787.9, 3795.0, 3799.5, 3812.9, 3815.8, 3820.4, 3825.9, 3827.8, 3834.2, 3841.0, 3856.4, 3859.9, 3878.0,
    3886.3, 3895.7, 3899.7, 3906.5, 3920.3, 3922.9, 3927.9, 3930.3, 4005.2, 4045.8, 4063.6, 4071.7, 4118.5, 4132.1,
    4143.9, 4187.0, 4198.3, 4202.0, 4235.9, 4250.1, 4250.8, 4260.5, 4271.2, 4271.8, 4294.1, 4299.2, 4307.9, 4325.8,
    4383.5, 4404.8, 4415.1, 4427.3, 4461.7, 4482.2, 4494.6, 4528.6, 4531.2, 4602.9, 4647.4, 4668.1, 4678.8, 4736.8,
    4871.3, 4872.1, 4890.8, 4891.5, 4903.3, 4919.0, 4920.5, 4957.3, 4957.6, 5006.1, 5012.1, 5041.8, 5049.8, 5051.6,
    5079.7, 5083.3, 5098.7, 5107.5, 5110.4, 5139.3, 5142.9, 5150.8, 5166.3, 5171.6, 5191.5, 5194.9, 5202.3, 5216.3,
    5227.2, 5232.9, 5266.6, 5269.5, 5270.4, 5281.8, 5283.6, 5302.3, 5324.2, 5328.0, 5328.5, 5339.9, 5341.0, 5364.9,
    5367.5, 5369.9, 5371.5, 5383.4, 5393.2, 5397.1, 5404.2, 5405.8, 5410.9, 5415.2, 5424.1, 5429.7, 5434.5, 5446.9,
    5455.6, 5497.5, 5501.5, 5506.8, 5569.6, 5572.8, 5576.1, 5586.8, 5615.6, 5658.8, 5709.4, 5763.0, 5862.4, 5930.2,
    5984.8, 6003.0, 6008.6, 6024.1, 6065.5, 6136.6, 6137.7, 6191.6, 6213.4, 6219.3, 6230.7, 6246.3, 6252.6, 6265.1,
    6301.5, 6318.0, 6335.3, 6336.8, 6393.6, 6400.0, 6411.6, 6421.4, 6430.8, 6495.0, 6546.2, 6592.9, 6663.4, 6678.0,
    6750.2, 6945.2, 6978.9, 7187.3, 7445.7, 7495.1, 7511.0, 7583.8, 7748.3, 7780.6, 7832.2, 7937.1, 7945.8, 7998.9,
    8046.0, 8085.2, 8220.4, 8327.1, 8387.8, 8468.4, 8514.1, 8611.8, 8621.6, 8661.9, 8674.7, 8688.6, 8757.2, 8824.2,
    # Cr I, Ti I, Ti II, Mn I, Ni I, Mg I, Ca I, Sr II, Ba II
    4254.3, 4274.8, 4289.7, 5204.5, 5206.0, 5208.4, 5409.8, 4533.2, 4981.7, 4991.1, 4999.5, 5007.2, 5014.2, 5039.9,
    5064.7, 5173.7, 5193.0, 5210.4, 3759.3, 3761.3, 4300.0, 4395.0, 4443.8, 4468.5, 4501.3, 4549.6, 4563.8, 4572.0,
    4030.8, 4033.1, 4034.5, 4783.4, 4823.5, 5035.4, 5080.5, 5476.9, 4703.0, 5528.4, 8806.8, 4283.0, 4302.5, 4318.7,
    4425.4, 4435.0, 4454.8, 5588.8, 5594.5, 5857.5, 6102.7, 6449.8, 6462.6, 6717.7, 4077.7, 4215.5, 4554.0, 4934.1,
    6141.7, 6496.9,
)  # fmt: skip
"""Strong lines of metals in stars like the Sun, air: Moore, Minnaert & Houtgast 1966 (NBS Monograph 61)."""


def _paschen(wavelength: np.ndarray) -> np.ndarray:
    return lines(wavelength, hydrogen(3, 22), np.minimum(1, (10 / np.arange(4, 23)) ** 2), 9.0)


FEATURES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "H Balmer": _balmer(5.0),
    "H Balmer wings": _balmer(22.0),
    "H Balmer jump": lambda wavelength: edge(wavelength, 3690, 40),
    "H Paschen": _paschen,
    "H Paschen jump": lambda wavelength: edge(wavelength, 8300, 80) - 1,
    "He I": _line_list(
        [3819.6, 3888.6, 4026.2, 4143.8, 4387.9, 4471.5, 4921.9, 5015.7, 5875.6, 6678.2, 7065.2],
        [0.5, 0.4, 0.9, 0.4, 0.5, 1.0, 0.6, 0.4, 0.8, 0.6, 0.5], 2.5,
    ),
    "He II": _line_list([4199.8, 4541.6, 4685.7, 5411.5, 10123.6], [0.6, 0.8, 1.0, 0.9, 0.5], 3.0),
    "Ca II H and K": _line_list([3933.66, 3968.47], [1.0, 0.9], 7.0),
    "Ca II triplet": _line_list([8498.02, 8542.09, 8662.14], [0.55, 1.0, 0.85], 2.5),
    "Ca I": _line_list([4226.73, 6122.2, 6162.2, 6439.1, 6493.8], [1.0, 0.25, 0.3, 0.25, 0.25], 3.5),
    "Na D": _line_list([5889.95, 5895.92], [1.0, 0.9], 3.0),
    "Na 8190": _line_list([8183.26, 8194.81], [0.8, 1.0], 3.0),
    "K 7680": _line_list([7664.91, 7698.97], [1.0, 0.9], 4.0),
    "Mg b": _line_list([3832.3, 3838.3, 5167.32, 5172.68, 5183.60], [0.8, 1.0, 0.7, 1.0, 1.1], 2.5),
    "MgH": _band_list([4780.0, 4844.9, 5211.0, 5567.0], [0.3, 0.5, 1.0, 0.4], -55.0),
    "CH": _band_list([4312.5, 4323.0, 3889.0], [1.0, 0.5, 0.4], [-18.0, -25.0, -15.0]),
    "CN": _band_list([3883.4, 4216.0], [1.0, 0.5], [-60.0, -55.0]),
    "metals 3600-4200": _metals(3560, 4200, 0.3, 1),
    "metals 4200-4700": _metals(4200, 4700, 0.35, 2),
    "metals 4700-5600": _metals(4700, 5600, 0.25, 3),
    "metals 5600-7000": _metals(5600, 7000, 0.12, 4),
    "metals 7000-10400": _metals(7000, 10500, 0.08, 5),
    "TiO 4761": _band_list([4421.0, 4584.0, 4761.3], [0.4, 0.6, 1.0], [140.0, 150.0, 170.0]),
    "TiO 4955": _band_list([4954.6], [1.0], [190.0]),
    "TiO 5167": _band_list([5166.7], [1.0], [230.0]),
    "TiO 5448": _band_list([5448.2, 5597.7, 5759.0], [1.0, 0.4, 0.6], [210.0, 120.0, 90.0]),
    "TiO 5847": _band_list([5847.6], [1.0], [200.0]),
    "TiO 6158": _band_list([6158.5, 6215.0], [1.0, 0.5], [200.0, 180.0]),
    "TiO 6651": _band_list([6651.5, 6680.8, 6714.5], [1.0, 0.4, 0.4], [120.0, 120.0, 120.0]),
    "TiO 7054": _band_list([7054.5, 7087.9, 7125.6], [0.8, 0.8, 0.6], [160.0, 150.0, 150.0]),
    "TiO 7589": _band_list([7589.6, 7627.6, 7666.4], [0.7, 0.4, 0.4], [170.0, 150.0, 150.0]),
    "TiO 8206": _band_list([8205.8, 8250.6, 8289.0], [0.7, 0.4, 0.4], [110.0, 110.0, 110.0]),
    "TiO 8432": _band_list([8432.1, 8451.7], [0.7, 0.5], [110.0, 110.0]),
    "TiO 8860": _band_list([8859.6, 8937.4, 9014.6], [1.0, 0.5, 0.3], [170.0, 150.0, 130.0]),
    "TiO 9209": _band_list([9209.0, 9278.0, 9728.0], [0.7, 0.4, 0.4], [210.0, 180.0, 150.0]),
    "VO 5469": _band_list([5469.3, 5736.7], [0.6, 1.0], [120.0, 120.0]),
    "VO 7334": _band_list([7333.8, 7372.0, 7393.0], [0.7, 0.4, 0.6], [90.0, 90.0, 90.0]),
    "VO 7896": _band_list([7851.5, 7865.0, 7896.0, 7939.1], [0.8, 0.4, 1.0, 0.5], [110.0, 110.0, 110.0, 110.0]),
    "VO 8624": _band_list([8521.0, 8538.0, 8590.0, 8624.0], [0.5, 0.3, 0.4, 0.5], [120.0, 120.0, 120.0, 120.0]),
    "CaH": _band_list([6382.0, 6389.0, 6750.0, 6903.0, 6945.6], [0.4, 0.3, 0.6, 0.6, 0.6], [-40, -40, 120, -60, -60]),
    "FeH": _band_list([8691.0, 9896.0], [0.5, 1.0], [90.0, 110.0]),
    "H2O": _band_list([9300.0], [1.0], [180.0]),
}  # fmt: skip
"""Each feature at strength 1: a function of wavelength (n_pixel,) to optical depth (n_pixel,)."""

C2_SWAN = _band_list(
    [4382.5, 4715.2, 4737.1, 5129.3, 5165.2, 5540.7, 5585.5, 5635.5, 6059.7, 6122.1, 6191.2],
    [0.35, 0.6, 0.9, 0.7, 1.2, 0.35, 0.55, 0.9, 0.2, 0.3, 0.4],
    [-70.0, -110.0, -130.0, -130.0, -170.0, -110.0, -120.0, -150.0, -90.0, -100.0, -110.0],
)
CN_RED = _band_list(
    [5748.0, 6206.0, 6478.0, 6925.8, 7088.0, 7259.0, 7876.0, 8067.0, 8270.0, 9140.7, 9393.0, 9650.0],
    [0.2, 0.25, 0.25, 0.6, 0.4, 0.35, 0.8, 0.7, 0.5, 1.1, 0.9, 0.6],
    [100.0, 100.0, 100.0, 110.0, 110.0, 110.0, 130.0, 140.0, 130.0, 180.0, 170.0, 160.0],
)
CN_VIOLET, CH_G_BAND = FEATURES["CN"], FEATURES["CH"]
