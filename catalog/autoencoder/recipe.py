"""Everything that defines a training."""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any, Self

from catalog.errors import CatalogError
from catalog.provenance import canonical_json, sha256_of_text

ACTIVATIONS = ("relu", "linear")


@dataclass(frozen=True)
class Recipe:
    """Architecture, window, optimizer, epochs, split and seed; the defaults are the paper's (sections 2 and 3).

    name : what it is called in the name of an ensemble
    window : (lo, hi) vacuum Angstrom, both ends included, or None for the whole grid. A spectrum is usable if it is
        finite and positive inside; flux is divided by its maximum inside.
    layers : units of the encoder's hidden layers; the decoder mirrors them (section 3.1)
    latent : units of the bottleneck
    bottleneck_activation : "relu", since section 3.1 uses ReLU in all hidden layers and names no exception, or "linear"
    learning_rate, batch_size : of Adam (section 3.2)
    epochs : the paper does not print its number; its Fig. 3 shows losses near 1e-3
    split : spectra for training to spectra for validation, as a ratio (section 2.1)
    seed : of the whole ensemble; each member derives its own

    >>> Recipe(window=(3910, 8770)).window
    (3910.0, 8770.0)
    >>> Recipe.from_json(Recipe().to_json()) == Recipe()
    True
    """

    name: str = "paper"
    window: tuple[float, float] | None = None
    layers: tuple[int, ...] = (2048, 512, 128, 32)
    latent: int = 10
    bottleneck_activation: str = "relu"
    learning_rate: float = 0.001
    batch_size: int = 32
    epochs: int = 200
    split: tuple[int, int] = (2000, 770)
    seed: int = 0

    def __post_init__(self) -> None:
        # One spelling for equal recipes, or their SHA-256 would differ.
        if self.window is not None:
            object.__setattr__(self, "window", (float(self.window[0]), float(self.window[1])))
        object.__setattr__(self, "learning_rate", float(self.learning_rate))
        if self.window is not None and not 0 < self.window[0] < self.window[1] < math.inf:
            raise CatalogError(
                f"window {self.window[0]:g} to {self.window[1]:g}: give the shorter wavelength first, in Å"
            )
        if self.bottleneck_activation not in ACTIVATIONS:
            raise CatalogError(
                f"bottleneck_activation {self.bottleneck_activation!r}: choose one of {', '.join(ACTIVATIONS)}"
            )
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise CatalogError(f"{name} {getattr(self, name)}: give at least 1")
        sizes = (*self.layers, *self.split, self.latent)
        if not self.layers or min(sizes) < 1 or self.learning_rate <= 0:
            raise CatalogError("layers, latent, split and learning_rate must be positive")
        if self.seed < 0:
            raise CatalogError(f"seed {self.seed}: give 0 or more")

    def n_train(self, n_spectrum: int) -> int:
        """Size of the training split of so many spectra, in the ratio of `split`. Read-only.

        >>> Recipe().n_train(2770)
        2000
        """
        return round(n_spectrum * self.split[0] / sum(self.split))

    def to_json(self) -> str:
        """The recipe as JSON; equal recipes have equal text. Read-only."""
        return canonical_json(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The recipe that `to_json` wrote. Read-only."""
        values: dict[str, Any] = json.loads(text)
        arrays: dict[str, Any] = {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
        return cls(**(values | arrays))

    @property
    def sha256(self) -> str:
        """SHA-256 of `to_json`. Read-only."""
        return sha256_of_text(self.to_json())
