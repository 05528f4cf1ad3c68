"""Everything that defines a training."""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Self

from catalog.errors import CatalogError
from catalog.provenance import canonical_json, sha256_of_text

ACTIVATIONS = ("relu", "linear")
SCHEDULES = ("constant", "cosine")
PHOTOMETRY = ("bp_rp", "abs_g")

LARGEST_LATENT = 10
"""Numbers in a latent vector of the database; a recipe with fewer leaves the rest 0."""


@dataclass(frozen=True)
class Recipe:
    """Architecture, window, optimizer, epochs, split and seed; the defaults are the paper's (sections 2 and 3).

    Attributes
    ----------
    name : str
        What it is called in the name of an ensemble.
    window : (float, float), optional
        (lo, hi) vacuum Angstrom, both ends included; None: the whole grid. A spectrum is usable if it is finite and
        positive inside; flux is divided by its maximum inside.
    components : int
        Principal components of the training split that the network works on; 0: the pixels themselves.
    layers : tuple of int
        Units of the encoder's hidden layers; the decoder mirrors them (section 3.1). None at all: no network, the
        principal components are the latent vector.
    latent : int
        Units of the bottleneck.
    bottleneck_activation : str
        "relu", since section 3.1 uses ReLU in all hidden layers and names no exception, or "linear".
    photometry : tuple of str
        Of "bp_rp" and "abs_g", what the decoder is given of the star beside the latent vector (a conditional
        autoencoder): what the colours tell need not go through the bottleneck, and what contradicts them stands out.
    noise : float
        Standard deviation of the noise on what the network is given in training, in units of the root mean square of
        its inputs; what it is to give back has none (a denoising autoencoder).
    learning_rate : float
        Of Adam (section 3.2).
    schedule : str
        "constant" learning rate, or "cosine": it falls to 0 along half a cosine.
    batch_size : int
        Of Adam (section 3.2).
    epochs : int
        The paper does not print its number; its Fig. 3 shows losses near 1e-3.
    split : (int, int)
        Spectra for training to spectra for validation, as a ratio (section 2.1).
    balanced : bool
        The members' splits together leave out every star equally often, three times or more, in the ratio of `split`;
        otherwise each is a random one.
    seed : int
        Of the whole ensemble; each member derives its own.

    Raises
    ------
    CatalogError
        If a value is of another type than its default, or makes no sense.

    Examples
    --------
    >>> Recipe(window=(3910, 8770)).window
    (3910.0, 8770.0)
    >>> Recipe.from_json(Recipe().to_json()) == Recipe()
    True
    """

    name: str = "paper"
    window: tuple[float, float] | None = None
    components: int = 0
    layers: tuple[int, ...] = (2048, 512, 128, 32)
    latent: int = 10
    bottleneck_activation: str = "relu"
    photometry: tuple[str, ...] = ()
    noise: float = 0.0
    learning_rate: float = 0.001
    schedule: str = "constant"
    batch_size: int = 32
    epochs: int = 200
    split: tuple[int, int] = (2000, 770)
    balanced: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        self._require_types()
        self._respell()
        self._require_sense()

    def _respell(self) -> None:
        """One spelling for equal recipes, or their SHA-256 would differ."""
        for name in ("layers", "photometry", "split"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.window is not None:
            object.__setattr__(self, "window", (float(self.window[0]), float(self.window[1])))
        for name in ("learning_rate", "noise"):
            object.__setattr__(self, name, float(getattr(self, name)))

    def _require_sense(self) -> None:
        if self.window is not None and not 0 < self.window[0] < self.window[1] < math.inf:
            raise CatalogError(
                f"window {self.window[0]:g} to {self.window[1]:g}: give the shorter wavelength first, in Å"
            )
        for name, choices in (("bottleneck_activation", ACTIVATIONS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in choices:
                raise CatalogError(f"{name} {getattr(self, name)!r}: choose one of {', '.join(choices)}")
        for name in ("epochs", "batch_size", "latent"):
            if getattr(self, name) < 1:
                raise CatalogError(f"{name} {getattr(self, name)}: give at least 1")
        for name in ("layers", "split"):
            if any(size < 1 for size in getattr(self, name)):
                raise CatalogError(f"{name} {', '.join(map(str, getattr(self, name)))}: give at least 1 everywhere")
        for name in ("seed", "components", "noise"):
            if not 0 <= getattr(self, name) < math.inf:
                raise CatalogError(f"{name} {getattr(self, name)}: give 0 or more")
        if not 0 < self.learning_rate < math.inf:
            raise CatalogError(f"learning_rate {self.learning_rate:g}: give more than 0")
        if self.latent > LARGEST_LATENT:
            raise CatalogError(f"latent {self.latent}: a latent vector has at most {LARGEST_LATENT} numbers")
        if set(self.photometry) - set(PHOTOMETRY) or len(set(self.photometry)) < len(self.photometry):
            raise CatalogError(f"photometry {self.photometry!r}: choose of {', '.join(PHOTOMETRY)}, each once")
        if self.photometry and not self.layers:
            raise CatalogError("photometry: principal components take none; give layers")
        if not self.layers and self.components != self.latent:
            raise CatalogError(
                f"layers (), components {self.components}: without a network the {self.latent} latent numbers are "
                f"principal components; give components = {self.latent}"
            )

    def _require_types(self) -> None:
        """A file can say anything; what it says must be of the kind that its default is of."""
        whole = ("components", "latent", "batch_size", "epochs", "seed")
        kinds: dict[str, tuple[type, ...]] = dict.fromkeys(whole, (int,))
        kinds |= dict.fromkeys(("noise", "learning_rate"), (int, float))
        kinds |= dict.fromkeys(("name", "bottleneck_activation", "schedule"), (str,)) | {"balanced": (bool,)}
        for name, kind in kinds.items():
            value = getattr(self, name)
            if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind):
                raise CatalogError(f"{name} {value!r}: give {_kind_text(kind)}")
        pairs = {"split": self.split} | ({"window": self.window} if self.window is not None else {})
        for name, values in (pairs | {"layers": self.layers}).items():
            kind = (int, float) if name == "window" else (int,)
            good = isinstance(values, tuple | list) and all(
                isinstance(value, kind) and not isinstance(value, bool) for value in values
            )
            if not good or (name in pairs and len(values) != 2):
                raise CatalogError(f"{name} {values!r}: give {'two numbers' if name in pairs else 'whole numbers'}")
        if not isinstance(self.photometry, tuple | list) or not all(isinstance(name, str) for name in self.photometry):
            raise CatalogError(f"photometry {self.photometry!r}: choose of {', '.join(PHOTOMETRY)}, each once")
        if not self.name or "/" in self.name or not self.name.isprintable():
            raise CatalogError(f"name {self.name!r}: give a word")

    def n_train(self, n_spectrum: int) -> int:
        """Size of the training split of so many spectra, in the ratio of `split`.

        Examples
        --------
        >>> Recipe().n_train(2770)
        2000
        """
        return round(n_spectrum * self.split[0] / sum(self.split))

    def to_json(self) -> str:
        """The recipe as JSON; equal recipes have equal text."""
        return canonical_json(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The recipe that `to_json` wrote; what an older one does not name has its default."""
        values: dict[str, Any] = json.loads(text)
        arrays: dict[str, Any] = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
        return cls(**(values | arrays))

    @property
    def sha256(self) -> str:
        """SHA-256 of `to_json`."""
        return sha256_of_text(self.to_json())


def _kind_text(kind: tuple[type, ...]) -> str:
    return {int: "a whole number", str: "a text", bool: "true or false"}.get(kind[-1], "a number")
