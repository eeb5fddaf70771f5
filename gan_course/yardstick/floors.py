"""The floors: what real data scores, so that a number can be read beside it.

``floors_mnist.json`` and ``floors_fashion.json`` are made by ``python -m gan_course.yardstick.make_floors DATA``.
For each N they hold mean and standard deviation of every score over six disjoint sets of N training images, each
measured against the 10,000 test images as if a generator had made it. What needs no comparison (confidence, the
nearest training image) is there for the test images, too: the classifier was trained on the training images, and
the test images show what it makes of new ones.
"""

import functools
import json
from pathlib import Path

import numpy as np

from gan_course.errors import DataError
from gan_course.yardstick.classifier import SHA256, WIDTH, check_data
from gan_course.yardstick.measure import NEAREST
from gan_course.yardstick.neighbours import K

FOLDER = Path(__file__).parent
SIZES = (1000, 2000, 5000, 10000)
SETS = 6
SEED = 0


def made_with(data):
    """Return what a data set's floors depend on (dict). If one of these changes, the package's file no longer fits."""
    return {
        "data": data,
        "classifier_sha256": SHA256[data],
        "feature_width": WIDTH,
        "k": K,
        "sizes": list(SIZES),
        "sets": SETS,
        "seed": SEED,
        "nearest_samples": NEAREST,
    }


def file_of(data):
    """Return the path of the file that holds a data set's floors."""
    return FOLDER / f"floors_{data}.json"


def floor(n, data="mnist"):
    """Return the floor of n samples, a dict of score to ``{"mean": ..., "sd": ...}``, or None if n has none.

    There is one for the n in :data:`SIZES`. Another would take a minute to measure, and a neighbour's
    would mislead: 1,000 real images of MNIST cover 0.35 of its test set, 10,000 cover 0.95.

    Raises
    ------
    ValueError
        If the data isn't ``"mnist"`` or ``"fashion"``.
    DataError
        If the file is missing, damaged, or of another yardstick.
    """
    return _read(check_data(data))["floors"].get(str(n))


def of_test_images(data="mnist"):
    """Return what the 10,000 test images score in themselves: a dict of score to float."""
    return _read(check_data(data))["test"]


def relative(scores, floor):
    """Return scores as multiples of the floor's mean.

    Parameters
    ----------
    scores : dict
        As :func:`gan_course.yardstick.measure.measure` returns them.
    floor : dict
        Of as many samples.

    Returns
    -------
    dict
        ``frechet_over_floor``; ``coverage_of_real``, overall; ``coverage_of_real_by_class``, a list of ten; and
        ``coverage_of_real_worst``, the least of these. Real data has 1, but for the last, which is less by chance.
    """
    by_class = np.divide(scores["coverage_by_class"], floor["coverage_by_class"]["mean"])
    return {
        "frechet_over_floor": scores["frechet_distance"] / floor["frechet_distance"]["mean"],
        "coverage_of_real": scores["coverage"] / floor["coverage"]["mean"],
        "coverage_of_real_by_class": by_class.tolist(),
        "coverage_of_real_worst": float(by_class.min()),
    }


@functools.cache
def _read(data):
    path = file_of(data)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} can't be read ({error}). Install gan_course again.") from error
    if content["made_with"] != made_with(data):
        raise DataError(
            f"{path} was made with {content['made_with']}, but this yardstick is {made_with(data)}. "
            f"Run `python -m gan_course.yardstick.make_floors {data}`, and make every recorded result again."
        )
    return content
