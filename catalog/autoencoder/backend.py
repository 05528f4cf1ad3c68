"""Keras, loaded without the chatter of its backend.

Importing this module loads TensorFlow, or what KERAS_BACKEND names; whatever does not run a model avoids it.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what is written to standard error meanwhile; show it if the import fails.

    TensorFlow's C++ code writes several lines while it loads, before it reads TF_CPP_MIN_LOG_LEVEL.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        stderr = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


with _quiet():
    import keras

# TensorFlow would advise whoever makes several networks in one process to make fewer.
logging.getLogger("tensorflow").setLevel(logging.ERROR)

__all__ = ["has_gpu", "keras"]


def has_gpu() -> bool:
    """Whether the backend computes on a GPU."""
    name = keras.backend.backend()
    backend = import_module(name)  # loaded by Keras
    if name == "tensorflow":
        return bool(backend.config.list_physical_devices("GPU"))
    return bool(backend.cuda.is_available()) if name == "torch" else backend.default_backend() == "gpu"
