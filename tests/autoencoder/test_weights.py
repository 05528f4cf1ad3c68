"""Weights in files: read as they were written, several in turn, and nothing else."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from catalog.autoencoder.weights import load_each, load_weights, save_weights
from catalog.errors import CatalogError

ARRAYS = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.array(7, np.int64),
    np.zeros((0, 4), np.float32),
]


def other_file(folder: Path, save: object, *arrays: np.ndarray) -> tuple[Path, str]:
    """A file that we would not write, under its SHA-256."""
    path = folder / "other.npz"
    save(path, *arrays)  # type: ignore[operator]
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_arrays_come_back_with_shape_type_and_bits(tmp_path: Path) -> None:
    path, digest = save_weights(tmp_path, ARRAYS)
    loaded = load_weights(path, digest)
    with np.load(path) as expected:
        for array, of_numpy in zip(loaded, expected.values(), strict=True):
            assert (array.shape, array.dtype) == (of_numpy.shape, of_numpy.dtype)
            assert array.tobytes() == of_numpy.tobytes()


def test_several_come_in_their_order(tmp_path: Path) -> None:
    files = [save_weights(tmp_path, [np.full(1000, number)]) for number in range(7)]
    assert [int(array[0]) for (array,) in load_each(files)] == list(range(7))
    assert list(load_each([])) == []


def test_one_that_is_lost_is_said_at_its_place(tmp_path: Path) -> None:
    files = [save_weights(tmp_path, [np.full(10, number)]) for number in range(5)]
    files[3][0].unlink()
    loaded = load_each(files)
    assert [int(next(loaded)[0][0]) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(CatalogError, match="are not there"):
        next(loaded)


@pytest.mark.parametrize("save", [np.savez_compressed, lambda path, array: np.savez(path, weight=array)])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, save: object) -> None:
    path, digest = other_file(tmp_path, save, np.arange(5.0))
    with pytest.raises(CatalogError, match="cannot be read"):
        load_weights(path, digest)


def test_objects_are_refused(tmp_path: Path) -> None:
    path, digest = other_file(tmp_path, np.savez, np.array([{}], object))
    with pytest.raises(CatalogError, match="cannot be read"):
        load_weights(path, digest)
