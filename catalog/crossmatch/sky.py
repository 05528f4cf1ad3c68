"""Matches on the sky, by astropy, in blocks of the catalog's rows."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from astropy import units as u
from astropy.coordinates import SkyCoord, search_around_sky
from astropy.time import Time

from catalog.errors import CatalogError

BLOCK = 500_000
"""Rows of the catalog whose positions are in memory at a time."""

ANY_DISTANCE = 10 * u.pc
"""The path of a star on the sky without a radial velocity does not depend on its distance; one must be given."""

EMPTY = np.empty(0)


def degrees_per(unit: str | None, column: str) -> float:
    """Degrees in one unit of a coordinate; None: they are degrees. Hours are 15.

    Raises CatalogError if the unit, that of a column of this name, is not one of angles.

    Examples
    --------
    >>> round(degrees_per("hourangle", "RA"), 9)
    15.0
    """
    if unit is None:
        return 1.0
    found = u.Unit(unit, parse_strict="silent")
    if found == u.hour:
        found = u.hourangle
    try:
        return round(float(found.to(u.deg)), 15)
    except u.UnitConversionError as error:
        raise CatalogError(f"column {column} is in {unit}, not an angle; give degrees, hours or radians") from error


def at_epoch(
    ra: np.ndarray, dec: np.ndarray, epoch: np.ndarray, pmra: np.ndarray, pmdec: np.ndarray, target: float
) -> SkyCoord:
    """Where stars are at another epoch; those without a known epoch or proper motion stay where they are.

    Parameters
    ----------
    ra, dec : ndarray, (n,) float64
        Deg, at `epoch`.
    epoch : ndarray, (n,) float64
        Yr; NaN where unknown.
    pmra, pmdec : ndarray, (n,) float64
        Mas/yr, `pmra` times cos(dec); NaN where unknown.
    target : float
        The other epoch, yr.
    """
    ra, dec = ra.copy(), dec.copy()
    known = np.isfinite(epoch) & np.isfinite(pmra) & np.isfinite(pmdec)
    if known.any():
        moving = SkyCoord(
            ra[known] * u.deg,
            dec[known] * u.deg,
            distance=np.full(known.sum(), 1) * ANY_DISTANCE,
            pm_ra_cosdec=pmra[known] * u.mas / u.yr,
            pm_dec=pmdec[known] * u.mas / u.yr,
            obstime=Time(epoch[known], format="jyear", scale="tdb"),
        )
        moved = moving.apply_space_motion(new_obstime=Time(target, format="jyear", scale="tdb"))
        ra[known], dec[known] = moved.ra.deg, moved.dec.deg
    return SkyCoord(ra * u.deg, dec * u.deg)


def usable(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Which (n,) positions in deg are on the sky: ra from -360 to 360, dec from -90 to 90."""
    with np.errstate(invalid="ignore"):
        return (np.abs(ra) <= 360) & (np.abs(dec) <= 90)


def pairs_within(
    stars: SkyCoord, rows: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]], radius: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """All pairs of a star and a row at most `radius` arcsec apart.

    The search tree of the stars is made once; a block's is made for it.

    Parameters
    ----------
    stars : SkyCoord, (n,)
        Where they are.
    rows : iterable of tuple of ndarray
        In blocks: row number, ra and dec (deg), (m,) each, NaN where unknown.
    radius : float
        Arcsec.

    Returns
    -------
    star : ndarray, (n_pair,) int64
        Index into `stars`.
    row : ndarray, (n_pair,) int64
        Row number.
    separation : ndarray, (n_pair,)
        Arcsec.
    n_unusable : int
        How many rows have no usable position.
    """
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    n_unusable = 0
    for number, ra, dec in rows:
        good = usable(ra, dec)
        n_unusable += int((~good).sum())
        if not good.any() or not len(stars):
            continue
        block = SkyCoord(ra[good] * u.deg, dec[good] * u.deg)
        star, row, separation, _ = search_around_sky(stars, block, radius * u.arcsec, storekdtree="kdtree_sky")
        found.append((star, number[good][row], separation.arcsec))
    if not found:
        return EMPTY.astype(np.int64), EMPTY.astype(np.int64), EMPTY, n_unusable
    star, row, separation = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return star, row, separation, n_unusable


def float64(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """Numbers, NaN where null."""
    values: np.ndarray = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values
