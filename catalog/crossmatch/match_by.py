"""How the rows of a catalog are found to be stars: by an id of Gaia, by the MaNGA id, or on the sky."""

from dataclasses import dataclass
from typing import Literal

from catalog.errors import CatalogError

RELEASES = {"DR2": ("DR2",), "EDR3": ("EDR3", "DR3"), "DR3": ("EDR3", "DR3")}
"""What `gaia_match` calls the releases whose ids are the same. Those of DR2 are of other sources."""

LARGEST_RADIUS = 3600.0
"""Arcsec. Anything larger is a mistake, and finds more pairs than there is room for."""

EPOCHS = (1800.0, 2200.0)

# The text of these three goes into `external_catalog.asked_sha256`: another name of a class or a field would have
# every attached catalog matched anew.


@dataclass(frozen=True)
class ByGaia:
    """Gaia ids in a column, of a release that must be said."""

    column: str
    release: str

    kind = "gaia"


@dataclass(frozen=True)
class ByMangaid:
    """MaNGA ids in a column."""

    column: str

    kind = "mangaid"


@dataclass(frozen=True)
class OnSky:
    """Positions (ICRS) in two columns.

    Attributes
    ----------
    ra, dec : str
        Names of the columns.
    radius : float
        Arcsec.
    epoch : float, optional
        Of the positions, yr; None: as the file says, or else 2000.
    """

    ra: str
    dec: str
    radius: float
    epoch: float | None = None

    kind = "sky"


MatchBy = ByGaia | ByMangaid | OnSky


def match_by(
    gaia: str | None = None,
    release: Literal["DR2", "EDR3", "DR3"] | str | None = None,
    mangaid: str | None = None,
    sky: tuple[str, str] | None = None,
    radius: float | None = None,
    epoch: float | None = None,
) -> MatchBy:
    """The way to match that these arguments ask for. Raises CatalogError if they ask for none, or for several.

    Examples
    --------
    >>> match_by(gaia="source_id", release="DR3")
    ByGaia(column='source_id', release='DR3')
    """
    if sum(given is not None for given in (gaia, mangaid, sky)) != 1:
        raise CatalogError(
            "say how to match, in one way: --gaia COLUMN --release RELEASE, --mangaid COLUMN, or --sky RA DEC "
            "--radius ARCSEC"
        )
    if sky is None and (radius is not None or epoch is not None):
        raise CatalogError("a radius and an epoch belong to a match on the sky; leave them out, or give --sky RA DEC")
    if gaia is None and release is not None:
        raise CatalogError("a release belongs to Gaia ids; leave it out, or give --gaia COLUMN")
    if gaia is not None:
        if release not in RELEASES:
            raise CatalogError(
                f"{release or 'no'} release of the Gaia ids in {gaia}; give --release {', '.join(RELEASES)}: ids of "
                "DR2 are not those of EDR3 and DR3"
            )
        return ByGaia(gaia, release)
    if sky is None:
        return ByMangaid(str(mangaid))
    # NaN fails as well.
    if radius is None or not 0 < radius <= LARGEST_RADIUS:
        said = "no radius" if radius is None else f"a radius of {radius:g} arcsec"
        raise CatalogError(f"{said}; give --radius in arcsec, above 0 and up to {LARGEST_RADIUS:g}")
    if epoch is not None and not EPOCHS[0] <= epoch <= EPOCHS[1]:
        raise CatalogError(f"epoch {epoch:g}; give the year of the positions, {EPOCHS[0]:g} to {EPOCHS[1]:g}")
    return OnSky(*sky, radius=radius, epoch=epoch)
