"""Keras, loaded without the chatter of its backend.

Importing this module loads TensorFlow, or what KERAS_BACKEND names; whatever does not run a model avoids it.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

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

__all__ = ["keras"]
