"""A list of stars of which it is known what is odd about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ORDINARY = ""
"""The kind of a star that nothing is wrong with."""

FEW_STRENGTHS = 12
"""More different strengths than this are a continuum, told apart by factors of two."""


@dataclass(frozen=True)
class TruthLabel:
    """What is known of a star: a kind, ORDINARY if nothing is odd, and how strong it is; None: not said."""

    kind: str
    strength: float | None = None


@dataclass(frozen=True)
class TruthFile:
    """A file with a truth table, and the columns in it."""

    path: Path
    id_column: str = "mangaid"
    kind_column: str = "kind"


@dataclass(frozen=True)
class Truth:
    """A truth table: the SHA-256 of its file, and id to label."""

    file: TruthFile
    sha256: str
    labels: dict[str, TruthLabel]

    @property
    def kinds(self) -> list[str]:
        """Kinds of oddity that occur, sorted."""
        return sorted({label.kind for label in self.labels.values()} - {ORDINARY})


def in_octaves(strengths: Iterable[float]) -> dict[float, float]:
    """Each strength to the one it is counted under: itself, or where they are many, the nearest power of two.

    >>> in_octaves([0.5, 0.7])
    {0.5: 0.5, 0.7: 0.7}
    >>> in_octaves(0.9 + 0.01 * i for i in range(20))[0.9]
    1.0
    """
    different = sorted(set(strengths))
    if len(different) <= FEW_STRENGTHS:
        return {strength: strength for strength in different}
    return {strength: float(2 ** np.round(np.log2(strength))) for strength in different}
