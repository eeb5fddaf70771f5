"""Which tests need TensorFlow or a data set's files, and the line that says so where they aren't there.

TensorFlow has no build for every Python.
"""

import os

import nbformat
import pytest

from gan_course import machine
from gan_course.data import image_sets

TENSORFLOW = ("tensorflow", "keras", "tf_keras")
LINE = machine.missing(*TENSORFLOW)  # "" where all are installed
tensorflow = pytest.mark.skipif(bool(LINE), reason=f"needs {LINE}")


def data(name):
    """Return the mark of a test that reads a data set's files in ``$GAN_COURSE_DATA``."""
    there = os.environ.get(image_sets.VARIABLE) and image_sets.folder_of(name).is_dir()
    title = image_sets.SETS[name].title
    return pytest.mark.skipif(
        not there, reason=f"needs {title} in ${image_sets.VARIABLE}/{image_sets.SETS[name].folder}"
    )


def with_data(scope=None):
    """Return the parameter ``data`` of a test: each data set whose files are there, by its name."""
    return pytest.mark.parametrize(
        "data", [pytest.param(name, marks=data(name)) for name in image_sets.SETS], scope=scope
    )


def only_tensorflow_is_missing(error):
    """Say whether an error is due to TensorFlow or Keras not being installed, and to nothing else."""
    return bool(LINE) and isinstance(error, ModuleNotFoundError) and str(error.name).partition(".")[0] in TENSORFLOW


def lesson_params(paths):
    """Return lessons' paths as parameters of a test, named by their stems; TensorFlow's are marked."""
    return [pytest.param(path, id=path.stem, marks=[tensorflow] if _uses_tensorflow(path) else []) for path in paths]


def _uses_tensorflow(path):
    return machine.framework(nbformat.read(path, as_version=4).metadata.lesson) == "tensorflow"
