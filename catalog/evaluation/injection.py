"""Oddities planted in ordinary spectra, to see at which strength they are found."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from catalog.errors import CatalogError
from catalog.surveys.mock.oddities import ODDITIES

STRENGTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
N_HOST = 50

FEWEST_IN_REGION = 10
"""A kind whose host region holds fewer stars than this is planted anywhere."""

HOST_STREAM, ODDITY_STREAM = 0, 1


@dataclass(frozen=True)
class Injection:
    """What to plant. Raises CatalogError for unknown kinds, and for strengths and hosts that are not above 0.

    Attributes
    ----------
    kinds : tuple of str
        Of ODDITIES; empty: all of them.
    strengths : tuple of float
        1 is nominal.
    hosts : int
        Spectra for each kind; every strength is planted in the same ones.
    """

    kinds: tuple[str, ...] = ()
    strengths: tuple[float, ...] = STRENGTHS
    hosts: int = N_HOST

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(dict.fromkeys(self.kinds or ODDITIES)))
        object.__setattr__(self, "strengths", tuple(sorted({float(strength) for strength in self.strengths})))
        for kind in self.kinds:
            if kind not in ODDITIES:
                raise CatalogError(f"no kind {kind}; there are: {', '.join(ODDITIES)}")
        if not self.strengths or not all(0 < strength < np.inf for strength in self.strengths):
            raise CatalogError(f"strengths {', '.join(f'{s:g}' for s in self.strengths)}: give numbers above 0")
        if self.hosts < 1:
            raise CatalogError(f"{self.hosts} hosts: give at least 1")


@dataclass(frozen=True)
class Hosts:
    """Spectra that an oddity is planted in.

    Attributes
    ----------
    index : ndarray, (k,) int
        Ascending, of the dataset's scored spectra.
    in_region : bool
        They lie where such stars lie in the colour-magnitude diagram; False: anywhere.
    """

    index: np.ndarray
    in_region: bool


def choose_hosts(kind: str, n: int, eligible: np.ndarray, bp_rp: np.ndarray, abs_g: np.ndarray, seed: int) -> Hosts:
    """A random choice of n spectra in the host region of a kind, or of all if the region holds next to none.

    Parameters
    ----------
    kind : str
        Of ODDITIES.
    n : int
        How many; they are fewer if the region, or where that is left aside the dataset, has fewer.
    eligible : ndarray, (n_spectrum,) bool
        What may be chosen.
    bp_rp, abs_g : ndarray, (n_spectrum,)
        mag; NaN where unknown.
    seed : int
        The same seed gives the same choice, whatever other kinds are planted.
    """
    oddity = ODDITIES[kind]
    inside = eligible & _within(bp_rp, oddity.bp_rp) & _within(abs_g, oddity.abs_g)
    in_region = int(inside.sum()) >= min(n, FEWEST_IN_REGION)
    candidates = np.flatnonzero(inside if in_region else eligible)
    generator = _generator(seed, kind, HOST_STREAM)
    return Hosts(np.sort(generator.choice(candidates, min(n, len(candidates)), replace=False)), in_region)


@dataclass(frozen=True)
class PlantedBlock:
    """Spectra of one kind and strength.

    Attributes
    ----------
    kind : str
        Of ODDITIES.
    strength : float
        1 is nominal.
    flux : ndarray, (k, n_pixel) float32
        A pixel may no longer be positive, so that no model can take the spectrum.
    ivar : ndarray, (k, n_pixel) float32
        Of the host, or as the oddity makes it.
    changed : ndarray, (k,) bool
        Whether it differs from its host at all.
    """

    kind: str
    strength: float
    flux: np.ndarray
    ivar: np.ndarray
    changed: np.ndarray


def plant(
    wavelength: np.ndarray,
    hosts: Mapping[str, tuple[np.ndarray, np.ndarray]],
    strengths: Sequence[float],
    seed: int,
) -> Iterator[PlantedBlock]:
    """Every kind at every strength, one after another.

    What is random about an oddity is the same at every strength. The same arguments give the same spectra.

    Parameters
    ----------
    wavelength : ndarray, (n_pixel,)
        Vacuum Angstrom.
    hosts : mapping of (ndarray, ndarray)
        Kind to flux and ivar of its hosts, (k, n_pixel) each; ivar may be NaN.
    strengths : sequence of float
        1 is nominal.
    seed : int
        Of what is random about an oddity.
    """
    for kind, (flux, ivar) in hosts.items():
        for strength in strengths:
            generator = _generator(seed, kind, ODDITY_STREAM)
            planted, ivar_planted = ODDITIES[kind].plant(wavelength, flux, ivar, strength, generator)
            yield PlantedBlock(kind, strength, planted, ivar_planted, np.any(planted != flux, axis=1))


def _within(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    return (values >= limits[0]) & (values <= limits[1])


def _generator(seed: int, kind: str, stream: int) -> np.random.Generator:
    # By the name of the kind, so that one kind's draws do not depend on which others are asked for.
    return np.random.default_rng([seed, zlib.crc32(kind.encode()), stream])
