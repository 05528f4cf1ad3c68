"""What the tests of downloading share: quick patience, and the short way to ask."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from files import smooth_flux, write_combspec, write_gaia, write_mastarall, write_parameters
from http_server import Site, site

from catalog.surveys.download.download import Downloaded, Patience, download
from catalog.surveys.download.products import PRODUCTS

PATIENCE = Patience(timeout=0.4, tries=3, first_wait=0.001, longest_wait=1.5)


PATHS = {product.name: product.path for product in PRODUCTS}


SMALL, MASTARALL, PARAMETERS = PATHS["small"], PATHS["mastarall"], PATHS["parameters"]


LIST = "manga_spectro_mastar_v3_1_1_v1_7_7.sha1sum"


def fetch(server: Site | str, folder: Path, *names: str, patience: Patience = PATIENCE) -> list[Downloaded]:
    url = server if isinstance(server, str) else server.url
    return download(names or ("small",), folder, url, patience=patience)


def file_of(folder: Path, path: str) -> Path:
    return folder / path.rpartition("/")[2]


def starts(server: Site, path: str) -> list[int]:
    """First byte that each GET asked for."""
    return [int(asked.range_[6:-1]) if asked.range_ else 0 for asked in server.asked(path)]


def nowhere() -> str:
    """A URL that nobody answers at."""
    with site() as server:
        return server.url


def damaged(content: bytes) -> bytes:
    """With one bit of its middle the other way round."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 16]) + content[middle + 1 :]


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files that the paper needs, small ones, by path."""
    folder = tmp_path_factory.mktemp("content")
    mangaids = [f"7-{number}" for number in range(3)]
    noise = np.random.default_rng(1).integers(0, 2**31, (3, 20_000), np.int32)
    made = {
        "small": write_combspec(folder / "small.fits.gz", mangaids, smooth_flux(3)),
        "large": write_combspec(folder / "large.fits.gz", mangaids, smooth_flux(3, 1)),
        "mastarall": write_mastarall(folder / "mastarall.fits", mangaids, NOISE=noise),
        "gaia-edr3": write_gaia(folder / "gaia.fits", mangaids),
        "parameters": write_parameters(folder / "parameters.fits", mangaids),
    }
    return {PATHS[name]: path.read_bytes() for name, path in made.items()}


@pytest.fixture
def sas(content: dict[str, bytes]) -> Iterator[Site]:
    """A server with these files and no troubles."""
    with site() as server:
        server.files = dict(content)
        yield server
