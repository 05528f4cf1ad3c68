"""Weights in files beside the database, named by their SHA-256.

NumPy's format rather than Keras's: the same weights give the same bytes, so that a resumed training can be shown
to equal an uninterrupted one, and they can be read without Keras.
"""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np

from catalog.errors import CatalogError
from catalog.provenance import sha256_of_file


def weights_folder(database: Path) -> Path:
    """Folder of the weights of a database: catalog.duckdb has catalog.weights. Read-only."""
    return database.with_suffix(".weights")


def make_weights_folder(database: Path) -> Path:
    """The folder, made if it is absent, so that a fault shows before a model is trained and not after."""
    folder = weights_folder(database)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise CatalogError(f"{folder} cannot be made a folder for weights: {error.strerror}") from error
    return folder


def save_weights(database: Path, weights: list[np.ndarray]) -> tuple[str, str]:
    """Write weights under their SHA-256; returns the file relative to the database's folder, and the SHA-256.

    The file appears complete or not at all. Writing the same weights twice leaves one file.
    """
    folder = make_weights_folder(database)
    partial = folder / f".partial-{os.getpid()}"
    try:
        with partial.open("wb") as file:
            np.savez(file, *weights)
            file.flush()
            os.fsync(file.fileno())
        digest = sha256_of_file(partial)
        target = folder / f"{digest}.npz"
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CatalogError(f"{folder} cannot be written: {error.strerror}; nothing was registered") from error
    return str(target.relative_to(database.parent)), digest


def load_weights(database: Path, weights_file: str, sha256: str) -> list[np.ndarray]:
    """Read weights and verify them. Read-only. Raises CatalogError if the file is absent or was changed."""
    path = database.parent / weights_file
    advice = (
        f"copy the folder {Path(weights_file).parent} along with the database, or remove the ensemble and train or "
        "import it again"
    )
    if not path.is_file():
        raise CatalogError(f"the weights {path} are not there; {advice}")
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise CatalogError(f"the weights {path} are not those that were trained (SHA-256 differs); {advice}")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return [arrays[f"arr_{index}"] for index in range(len(arrays.files))]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise CatalogError(f"the weights {path} cannot be read ({error}); {advice}") from error
