"""A server with every product of MaStar on it."""

from collections.abc import Iterator

import numpy as np
import pytest
from fetching import PATHS
from files import smooth_flux, write_combspec, write_gaia, write_mastarall, write_parameters
from http_server import Site, site


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
