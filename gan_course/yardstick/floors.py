"""The floors: what real data scores, so that no number stands without it.

floors.json is made by ``python -m gan_course.yardstick.make_floors``. For each N it holds mean and standard
deviation of every score over six disjoint sets of N training images, each measured against the 10,000 test
images as if a generator had made it. What needs no comparison (confidence, the nearest training image) is
there for the test images, too: the classifier has learned the training images, and the test images are what
an unseen digit looks like.
"""

import functools
import json
from pathlib import Path

import numpy as np

from gan_course.errors import DataError
from gan_course.yardstick.classifier import SHA256, WIDTH
from gan_course.yardstick.measure import NEAREST
from gan_course.yardstick.neighbours import K

FILE = Path(__file__).with_name("floors.json")
SIZES = (1000, 2000, 5000, 10000)
SETS = 6
SEED = 0
# What the floors depend on. If one of them changes, the file in the package no longer fits.
MADE_WITH = {
    "data": "mnist",
    "classifier_sha256": SHA256,
    "feature_width": WIDTH,
    "k": K,
    "sizes": list(SIZES),
    "sets": SETS,
    "seed": SEED,
    "nearest_samples": NEAREST,
}


def floor(n):
    """Return the floor of n samples, a dict of score to ``{"mean": ..., "sd": ...}``, or None if n has none.

    There is one for the n in :data:`SIZES`. Another would take a minute to measure, and a neighbour's
    would mislead: 1,000 real images cover 0.35 of the test set, 10,000 cover 0.95.

    Raises
    ------
    DataError
        If floors.json is missing, damaged, or of another yardstick.
    """
    return _read()["floors"].get(str(n))


def of_test_images():
    """Return what the 10,000 test images score in themselves: a dict of score to float."""
    return _read()["test"]


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
def _read():
    try:
        content = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{FILE} can't be read ({error}). Install gan_course again.") from error
    if content["made_with"] != MADE_WITH:
        raise DataError(
            f"{FILE} was made with {content['made_with']}, but this yardstick is {MADE_WITH}. "
            "Run `python -m gan_course.yardstick.make_floors`, and make every recorded result again."
        )
    return content
