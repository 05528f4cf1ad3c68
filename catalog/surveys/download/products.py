"""What MaStar has to fetch, and where: https://www.sdss4.org/dr17/mastar/mastar-data-access/."""

from collections.abc import Iterable
from dataclasses import dataclass

from catalog.errors import CatalogError

BASE_URL = "https://data.sdss.org/sas/dr17/manga/spectro/mastar/v3_1_1/v1_7_7/"


class ProductError(CatalogError):
    """One product cannot be had; others may."""


@dataclass(frozen=True)
class RemoteFile:
    """One file of the release.

    Attributes
    ----------
    name : str
        What the user calls it; for spectra, the dataset they become.
    path : str
        Below the base URL.
    what : str
        It is, in one line.
    verified : bool
        The whole path is published or in use; otherwise its name or folder is inferred from its neighbours.
    size : int, optional
        Bytes, as others have seen it; never exact enough to verify a file.
    """

    name: str
    path: str
    what: str
    verified: bool
    size: int | None = None

    @property
    def file_name(self) -> str:
        """Its name without folders; no two products share one."""
        return self.path.rpartition("/")[2]


def _combspec(name: str, percentile: str) -> RemoteFile:
    path = f"mastar-combspec-v3_1_1-v1_7_7-lsfpercent{percentile}.fits.gz"
    return RemoteFile(name, path, f"combined spectra, resolution percentile {percentile}", verified=False)


def _crossmatch(name: str, release: str) -> RemoteFile:
    path = f"vac/crossmatch/v1/mastarall-gaia{release}-extcorr-simbad-ps1-v3_1_1-v1_7_7-v1.fits"
    return RemoteFile(name, path, f"cross-match with Gaia {release.upper()}, Simbad and PS1", verified=False)


PRODUCTS = (
    _combspec("small", "60.0"),
    _combspec("large", "90.0"),
    _combspec("lsf75", "75.0"),
    _combspec("lsf99.5", "99.5"),
    RemoteFile(
        "visits", "mastar-goodspec-v3_1_1-v1_7_7.fits.gz", "spectra of good visits", verified=True, size=5_760_000_000
    ),
    RemoteFile("bad-visits", "mastar-badspec-v3_1_1-v1_7_7.fits.gz", "spectra of bad visits", verified=False),
    RemoteFile("mastarall", "mastarall-v3_1_1-v1_7_7.fits", "summary catalog of stars and visits", verified=True),
    _crossmatch("gaia-edr3", "edr3"),
    _crossmatch("gaia-dr2", "dr2"),
    RemoteFile(
        "parameters",
        "vac/parameters/v2/mastar-goodstars-v3_1_1-v1_7_7-params-v2.fits",
        "parameters of stars, the recommended version",
        verified=True,
        size=7_888_320,
    ),
    RemoteFile(
        "parameters-v1",
        "vac/parameters/v1/mastar-goodstars-v3_1_1-v1_7_7-params-v1.fits",
        "parameters of stars, the first version",
        verified=True,
    ),
    RemoteFile(
        "visit-parameters",
        "vac/parameters/v2/mastar-goodvisits-v3_1_1-v1_7_7-params-v2.fits",
        "parameters of visits, the recommended version",
        verified=True,
    ),
)

PAPER_FILES = ("small", "large", "mastarall", "gaia-edr3", "parameters")
"""What the paper needs."""


def find_products(names: Iterable[str]) -> list[RemoteFile]:
    """The products of these names, each once. Raises CatalogError for an unknown name.

    Examples
    --------
    >>> [product.file_name for product in find_products(["mastarall", "mastarall"])]
    ['mastarall-v3_1_1-v1_7_7.fits']
    """
    known = {product.name: product for product in PRODUCTS}
    names = list(dict.fromkeys(names))
    for name in names:
        if name not in known:
            raise CatalogError(f"no product {name}; there are: {', '.join(known)}")
    return [known[name] for name in names]
