"""Which tests need TensorFlow, and the line that says so where it isn't installed (it has no build for every Python)."""

import nbformat
import pytest

from gan_course import machine

TENSORFLOW = ("tensorflow", "keras", "tf_keras")
LINE = machine.missing(*TENSORFLOW)  # "" where all are installed
tensorflow = pytest.mark.skipif(bool(LINE), reason=f"needs {LINE}")


def only_tensorflow_is_missing(error):
    """Say whether an error is due to TensorFlow or Keras not being installed, and to nothing else."""
    return bool(LINE) and isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] in TENSORFLOW


def lesson_params(paths):
    """Return lessons' paths as parameters of a test, named by their stems; TensorFlow's are marked."""
    return [pytest.param(path, id=path.stem, marks=[tensorflow] if _uses_tensorflow(path) else []) for path in paths]


def _uses_tensorflow(path):
    return machine.framework(nbformat.read(path, as_version=4).metadata.lesson) == "tensorflow"
