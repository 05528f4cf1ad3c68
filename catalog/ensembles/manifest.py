"""What the file of an exported ensemble says of it: its manifest, as JSON with a SHA-256 of its own.

Everything that the rows of an ensemble say, save numbers that are only known to one database. Imported and exported
again, it is the same.
"""

import json
import re
import types
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

import numpy as np

from catalog.provenance import canonical_json, sha256_of_text

FORMAT = 1
"""Number of this format; a change that an older version of the code would misread takes the next."""

LARGEST = {"member": 2**31, "n_train": 2**31, "n_validation": 2**31, "epochs": 2**31, "epoch": 2**31}
"""Bounds of integers as the database has them; of others 2**63."""


class ManifestError(ValueError):
    """Not a manifest; says what is wrong with it, and not of which file."""


class NewerFormatError(ManifestError):
    """A manifest of a format that this version does not know."""


@dataclass(frozen=True)
class SourceFile:
    """A file that spectra of the training dataset came from; name without folder, size in bytes."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class TrainingData:
    """The dataset of the training, as the database said it that had it."""

    name: str
    survey: str
    release: str | None
    product: str
    lsf_percentile: float | None
    source_files: list[SourceFile]


@dataclass(frozen=True)
class ArchivedEpoch:
    """A row of training_epoch."""

    epoch: int
    train_loss: float
    validation_loss: float
    seconds: float


@dataclass(frozen=True)
class Model:
    """A trained model, a row of model_version.

    Attributes
    ----------
    stars_sha256 : str
        Of the list of stars that it was trained and validated on.
    """

    member: int
    name: str
    seed: int
    n_train: int
    n_validation: int
    epochs: int | None
    train_loss: float | None
    validation_loss: float | None
    weights_sha256: str
    stars_sha256: str
    code_version: str | None
    versions: dict[str, Any] | None
    started_at: datetime | None
    finished_at: datetime | None
    history: list[ArchivedEpoch]


@dataclass(frozen=True)
class Manifest:
    """An ensemble and its trained models.

    Attributes
    ----------
    recipe : dict
        Opaque here.
    recipe_sha256 : str
        Of the recipe's canonical JSON.
    dataset : TrainingData
        What the models were trained on.
    wavelength : list of float
        Grid of the dataset, vacuum Angstrom, exact.
    """

    name: str
    recipe: dict[str, Any]
    recipe_sha256: str
    n_spectrum: int
    created_at: datetime
    code_version: str
    dataset: TrainingData
    wavelength: list[float]
    models: list[Model]

    def to_json(self) -> str:
        """As `from_json` reads it; equal manifests have equal text."""
        content = json.loads(json.dumps(asdict(self), default=datetime.isoformat))
        digest = sha256_of_text(canonical_json(content))
        return canonical_json({"format": FORMAT, "manifest": content, "sha256": digest})

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """The manifest that `to_json` wrote. Raises ManifestError, or another ValueError, for anything else."""
        given = json.loads(text.decode())
        if not isinstance(given, dict) or not isinstance(given.get("format"), int):
            raise ManifestError("its manifest is not that of an ensemble")
        if given["format"] != FORMAT:
            raise NewerFormatError(f"it has format {given['format']}")
        if given.get("sha256") != sha256_of_text(canonical_json(given.get("manifest"))):
            raise ManifestError("its manifest was changed")
        manifest: Self = _checked(cls, given["manifest"], "manifest")
        manifest._require_sense()
        return manifest

    def _require_sense(self) -> None:
        if sha256_of_text(canonical_json(self.recipe)) != self.recipe_sha256:
            raise ManifestError("its recipe was changed")
        grid = np.array(self.wavelength)
        if len(grid) < 2 or not np.isfinite(grid).all() or grid[0] <= 0 or (np.diff(grid) <= 0).any():
            raise ManifestError("its wavelength grid is not a valid grid")
        if not self.models or len({model.member for model in self.models}) < len(self.models):
            raise ManifestError("it has no models, or one of them twice")
        for model in self.models:
            if model.member < 1 or model.name != f"MODEL{model.member}":
                raise ManifestError(f"it calls model {model.member} {model.name!r}")


def _checked(kind: Any, value: Any, where: str) -> Any:
    """A value of JSON as an annotation says it, dataclasses from objects with exactly their keys.

    Raises ManifestError if it is something else.
    """
    if get_origin(kind) in (Union, types.UnionType):
        (wanted,) = (choice for choice in get_args(kind) if choice is not type(None))
        return None if value is None else _checked(wanted, value, where)
    if get_origin(kind) is list and isinstance(value, list):
        return [_checked(get_args(kind)[0], item, where) for item in value]
    if is_dataclass(kind) and isinstance(value, dict) and set(value) == {field.name for field in fields(kind)}:
        hints = get_type_hints(kind)
        make: Any = kind
        return make(**{key: _checked(hints[key], item, key) for key, item in value.items()})
    if get_origin(kind) is dict and isinstance(value, dict):
        return value
    if kind is str and isinstance(value, str) and (not where.endswith("sha256") or re.fullmatch("[0-9a-f]{64}", value)):
        value.encode()  # fails for half a surrogate pair
        return value
    if kind is int and type(value) is int and 0 <= value < LARGEST.get(where, 2**63):
        return value
    if kind is float and type(value) is float:
        return value
    if kind is datetime and isinstance(value, str) and (time := datetime.fromisoformat(value)).tzinfo is None:
        return time
    raise ManifestError(f"its manifest has a {where} that is not valid")
