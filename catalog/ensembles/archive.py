"""The file of an exported ensemble: one plain zip archive, written whole, read with suspicion.

`manifest.json` names everything else by its SHA-256: `weights/SHA256.npz`, bytes that are not looked into, and
`stars/MODEL1.json`, the stars of the model's split by their role. Nothing is compressed, since weights are noise; so
nothing can be larger than the file, and the same ensemble gives the same bytes.
"""

import hashlib
import io
import json
import os
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from catalog.ensembles.manifest import Manifest, ManifestError, Model, NewerFormatError
from catalog.errors import CatalogError
from catalog.files.whole import whole_file
from catalog.provenance import canonical_json

MANIFEST = "manifest.json"
LARGEST_TEXT = 2**28
"""Bytes of the largest manifest or list of stars that is read; a million stars take a tenth of it."""

BLOCK = 2**20
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time that every file in an archive is given, the first that zip can say."""

ROLES = ("train", "validation")

# What zipfile and json raise on bytes that they did not write.
_NOT_OURS = (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError, struct.error)

Stars = dict[str, list[str]]
"""Role to the ids of the stars, ascending."""


@dataclass(frozen=True)
class Archive:
    """What is in a file that was verified.

    Attributes
    ----------
    path : Path
        The file.
    sha256 : str
        Of the whole file.
    manifest : Manifest
        What the file says of the ensemble.
    stars : dict of int to Stars
        Of each model, by its member.
    """

    path: Path
    sha256: str
    manifest: Manifest
    stars: dict[int, Stars]


def stars_text(stars: Stars) -> str:
    """The stars of a model as they stand in the file; its SHA-256 goes into the manifest."""
    return canonical_json(stars)


def write_archive(path: Path, manifest: Manifest, stars: dict[int, Stars], weights: dict[str, Path]) -> None:
    """Write the file, complete or not at all; what was there under its name is replaced.

    Parameters
    ----------
    path : Path
        The file to be.
    manifest : Manifest
        What it says of the ensemble.
    stars : dict of int to Stars
        Of each model, by its member.
    weights : dict of str to Path
        Files of weights, by SHA-256.

    Raises
    ------
    CatalogError
        If a file of weights is absent or was changed, or if the file cannot be written.
    """
    with whole_file(path, "nothing was exported") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_entry(MANIFEST), manifest.to_json())
        for model in manifest.models:
            archive.writestr(_entry(_stars_name(model)), stars_text(stars[model.member]))
        for sha256, source in sorted(weights.items()):
            _add_weights(archive, sha256, source)


def read_archive(path: Path) -> Archive:
    """Everything in the file save the weights, which are verified.

    Raises
    ------
    CatalogError
        If it is absent, cut short, changed, of another kind or of a newer version.
    """
    with _opened(path) as (file, archive):
        size = os.fstat(file.fileno()).st_size
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ManifestError("it is compressed inside")
        if sum(entry.file_size for entry in entries) > size:
            raise ManifestError("it says that it holds more than it does")
        manifest = Manifest.from_json(_text(archive, MANIFEST))
        weights = {model.weights_sha256 for model in manifest.models}
        expected = [MANIFEST, *map(_stars_name, manifest.models), *map(_weights_name, weights)]
        if sorted(entry.filename for entry in entries) != sorted(expected):
            raise ManifestError("what is in it is not what its manifest says")
        stars = {model.member: _stars(archive, model) for model in manifest.models}
        for sha256 in weights:
            with archive.open(_weights_name(sha256)) as source:
                for _ in _verified(source, sha256):
                    pass
        file.seek(0)
        return Archive(path, hashlib.file_digest(file, "sha256").hexdigest(), manifest, stars)


def weights_blocks(path: Path, sha256: str) -> Iterator[bytes]:
    """The weights of that SHA-256 in the file, block by block.

    Raises
    ------
    CatalogError
        At the latest behind the last block, if they are not there unchanged.
    """
    with _opened(path) as (_, archive), archive.open(_weights_name(sha256)) as source:
        yield from _verified(source, sha256)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[io.BufferedReader, zipfile.ZipFile]]:
    """The file and the archive in it; whatever is wrong with them is said of the file, in one line."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            yield file, archive
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror or error}") from error
    except NewerFormatError as error:
        raise CatalogError(
            f"{path} is of a newer version ({error}); run: pip install --upgrade stellar-anomaly-catalog"
        ) from error
    except _NOT_OURS as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CatalogError(
            f"{path} is not, or no longer, what catalog ensemble export wrote ({why}); get it again"
        ) from error


def _entry(name: str) -> zipfile.ZipInfo:
    """The same on every machine at any time."""
    entry = zipfile.ZipInfo(name, EARLIEST)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def _weights_name(sha256: str) -> str:
    return f"weights/{sha256}.npz"


def _stars_name(model: Model) -> str:
    return f"stars/{model.name}.json"


def _add_weights(archive: zipfile.ZipFile, sha256: str, source: Path) -> None:
    advice = "copy the folder of weights along with the database"
    entry = _entry(_weights_name(sha256))
    try:
        with source.open("rb") as file:
            entry.file_size = os.fstat(file.fileno()).st_size
            with archive.open(entry, "w") as target:
                for block in _verified(file, sha256):
                    target.write(block)
    except FileNotFoundError as error:
        raise CatalogError(f"the weights {source} are not there; {advice}") from error
    except ManifestError as error:
        raise CatalogError(f"the weights {source} are not those that were trained; {advice}") from error


def _verified(source: IO[bytes], sha256: str) -> Iterator[bytes]:
    """The blocks of a stream. Raises ManifestError behind the last one if the SHA-256 is another."""
    digest = hashlib.sha256()
    while block := source.read(BLOCK):
        digest.update(block)
        yield block
    if digest.hexdigest() != sha256:
        raise ManifestError("weights in it were changed")


def _text(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LARGEST_TEXT:
        raise ManifestError(f"its {name} is too large")
    return archive.read(name)


def _stars(archive: zipfile.ZipFile, model: Model) -> Stars:
    text = _text(archive, _stars_name(model))
    if hashlib.sha256(text).hexdigest() != model.stars_sha256:
        raise ManifestError(f"its list of the stars of {model.name} was changed")
    stars: Stars = json.loads(text)
    if not isinstance(stars, dict) or tuple(sorted(stars)) != ROLES or not all(map(_are_ids, stars.values())):
        raise ManifestError(f"its list of the stars of {model.name} is not a valid list")
    if set(stars["train"]) & set(stars["validation"]):
        raise ManifestError(f"its list has stars of {model.name} in both splits")
    return stars


def _are_ids(given: object) -> bool:
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        return False
    "".join(given).encode()  # fails for half a surrogate pair
    return len(set(given)) == len(given) and all(given)
