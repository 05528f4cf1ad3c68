"""The spectrum of a file of its own, on the grid and in the frame of MaStar's.

A catalog holds every spectrum on one grid, in vacuum, at rest. Between two pixels flux and variance go linearly in
log wavelength. Noise of neighbouring pixels is mixed, so the variance of a pixel is at most what it is given here, and
that of a sum over pixels about what their ivar says.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from astropy.io import fits

from catalog.errors import CatalogError
from catalog.surveys.columns import DOUBLE, INTEGER, REAL, TEXT
from catalog.surveys.product import Arrays, Block

STEP = 1e-4
LOG10_GRID = 3.5589 + STEP * np.arange(4563)
GRID = 10**LOG10_GRID
"""(4563,) vacuum Angstrom: https://www.sdss4.org/dr17/mastar/"""

TOLERANCE = 1e-6
"""In log10 wavelength, 0.7 km/s: pixels closer than this coincide. A loglam in float32 is good to a quarter of it."""

WIDEST = 2 * STEP + TOLERANCE
"""In log10 wavelength: pixels further apart have a hole between them."""

NODATA = 1 << 25
"""Bit of the mask, as MaStar has it."""

STELLAR = 0.01
"""No star of the Galaxy has this redshift, 3000 km/s."""

LIGHT = 299792.458
"""km/s"""

WORDS = {
    "mangaid": TEXT,
    "ra": DOUBLE,
    "dec": DOUBLE,
    "plate": INTEGER,
    "ifudesign": TEXT,
    "mjd": INTEGER,
    "snr": REAL,
    "velocity": REAL,
}
"""What a file of one spectrum may say of it, in the catalog's words."""

SpectrumFacts = dict[str, str | float | None]
"""Values by the words of WORDS."""


@dataclass(frozen=True)
class Pixels:
    """The pixels of a spectrum as a file has them. Raises CatalogError if they are not those of a spectrum.

    Attributes
    ----------
    path : Path
        The file, to be named in errors.
    axis : str
        Its column or row of wavelengths, for the same.
    loglam : ndarray, (n,) float64
        Log10 of the vacuum wavelength in Angstrom, increasing.
    flux, ivar : ndarray, (n,) floating point
        Of the file's unit, and of the inverse square of that.
    mask : ndarray, (n,) int32
        0 is good.
    """

    path: Path
    axis: str
    loglam: np.ndarray
    flux: np.ndarray
    ivar: np.ndarray
    mask: np.ndarray

    def __post_init__(self) -> None:
        sizes = {len(self.loglam), len(self.flux), len(self.ivar), len(self.mask)}
        if len(sizes) > 1:
            raise CatalogError(f"{self.path}: its columns hold {sorted(sizes)} values; a spectrum needs one per pixel")
        if len(self.loglam) < 2:
            raise CatalogError(f"{self.path}: {self.axis} has {len(self.loglam)} pixels; a spectrum needs two or more")
        if not np.isfinite(self.loglam).all():
            pixel = int(np.isfinite(self.loglam).argmin()) + 1
            raise CatalogError(f"{self.path}: {self.axis} of pixel {pixel} is not a wavelength; fetch the file again")
        increases = np.diff(self.loglam) > 0
        if not increases.all():
            pixel = int(increases.argmin()) + 2
            raise CatalogError(f"{self.path}: {self.axis} does not increase at pixel {pixel}; fetch the file again")
        if not np.isfinite(self.flux).any():
            raise CatalogError(f"{self.path}: no flux is a finite number; remove the file")


def resampled(pixels: Pixels, redshift: float | None = None) -> Arrays:
    """A spectrum on GRID, after a shift to the rest frame.

    Parameters
    ----------
    pixels : Pixels
        As the file has them.
    redshift : float, optional
        By which it is shifted back, in log wavelength by -log10(1 + redshift); None: it stays where it is.

    Returns
    -------
    Arrays
        Of one row: flux and ivar (1, 4563) float32 in the units of the file, mask (1, 4563) int32.

    Raises
    ------
    CatalogError
        If nothing of the spectrum lies on the grid.

    Notes
    -----
    Pixels that coincide with the grid are copied bit for bit; others are interpolated. A pixel of the grid made from
    one without information (ivar not above 0, or flux not finite) has ivar 0, and flux 0 if that flux was 0; its mask
    is the union of bits. Nothing is extrapolated: outside the spectrum, and in a hole of more than two pixels of the
    grid, flux and ivar are 0 and mask is NODATA. Flux densities are not stretched by the shift, 0.1 % at 300 km/s.
    """
    loglam = pixels.loglam if redshift is None else pixels.loglam - np.log10(1 + redshift)
    informs = np.isfinite(pixels.flux) & np.isfinite(pixels.ivar) & (pixels.ivar > 0)
    with np.errstate(invalid="ignore"):
        flux = pixels.flux.astype(np.float64)
        ivar = np.where(informs, pixels.ivar, 0).astype(np.float64)

    position = np.interp(LOG10_GRID, loglam, np.arange(len(loglam)))
    nearest = np.rint(position).astype(int)
    coincides = np.abs(loglam[nearest] - LOG10_GRID) <= TOLERANCE
    before = np.where(coincides, nearest, np.floor(position).astype(int))
    after = np.where(coincides, nearest, np.minimum(before + 1, len(loglam) - 1))
    weight = np.where(coincides, 0, position - before)
    within = (loglam[0] <= LOG10_GRID) & (loglam[-1] >= LOG10_GRID)
    covered = coincides | (within & (loglam[after] - loglam[before] <= WIDEST))
    if not covered.any():
        with np.errstate(over="ignore"):
            first, last = 10 ** loglam[[0, -1]]
        raise CatalogError(
            f"{pixels.path}: {pixels.axis} runs from {first:.1f} to {last:.1f} Å in {len(loglam)} pixels; "
            f"nothing of it lies on the grid from {GRID[0]:.1f} to {GRID[-1]:.1f} Å; remove the file"
        )

    def between(values: np.ndarray) -> np.ndarray:
        return np.where(weight == 0, values[before], (1 - weight) * values[before] + weight * values[after])

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        empty = ~informs & (flux == 0)
        new_flux = np.where(covered & ~empty[before] & ~empty[after], between(flux), 0).astype(np.float32)
        new_ivar = np.where(covered, 1 / between(1 / ivar), 0).astype(np.float32)
    new_mask = np.where(covered, pixels.mask[before] | pixels.mask[after], NODATA).astype(np.int32)
    return Arrays(GRID, new_flux[None], new_ivar[None], new_mask[None])


def stellar(redshift: float | None) -> float | None:
    """A redshift that a star may have, or None.

    Examples
    --------
    >>> stellar(-0.001), stellar(2.3), stellar(float("nan"))
    (-0.001, None, None)
    """
    return redshift if redshift is not None and abs(redshift) < STELLAR else None


def bits(path: Path, name: str, values: np.ndarray) -> np.ndarray:
    """Bits of a mask as int32, also from whole numbers in floating point.

    Raises CatalogError for numbers that are not the bits of an int32; it names file and column.
    """
    if values.dtype == np.int32:
        return values
    whole = np.isfinite(values) & (values >= 0) & (values <= np.iinfo(np.int32).max)
    whole[whole] = values[whole] == np.floor(values[whole])
    if not whole.all():
        pixel = int(whole.argmin())
        raise CatalogError(
            f"{path}: {name} of pixel {pixel + 1} is {values[pixel]}, not the bits of a mask; fetch the file again"
        )
    return values.astype(np.int32)


def card(header: fits.Header, key: str) -> str | float | None:
    """The value of a card; None if it is absent, blank or cannot be parsed."""
    try:
        value = header.get(key)
    except fits.VerifyError:
        return None
    if isinstance(value, str):
        return value.strip() or None
    return value if isinstance(value, int | float) else None


def block_of(row: SpectrumFacts, pixels: Pixels, redshift: float | None, rest_frame: bool) -> Block:
    """The one row of a file with its spectrum on GRID.

    Parameters
    ----------
    row : dict
        What the file says of it, beside `velocity`, which is added.
    pixels : Pixels
        As the file has them.
    redshift : float, optional
        As the survey measured it.
    rest_frame : bool
        Shift the spectrum by it, if it is `stellar`.

    Raises
    ------
    CatalogError
        As `resampled`, and for a number out of range.
    """
    shift = stellar(redshift) if rest_frame else None
    words = row | {"velocity": None if shift is None else LIGHT * shift}
    try:
        table = pa.table({name: pa.array([value], WORDS[name]) for name, value in words.items()})
    except (pa.ArrowInvalid, OverflowError) as error:
        raise CatalogError(
            f"{pixels.path}: a number of its header is out of range ({error}); fetch it again"
        ) from error
    return Block(0, table, resampled(pixels, shift))
