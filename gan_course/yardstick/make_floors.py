"""How the floors were made: ``python -m gan_course.yardstick.make_floors mnist`` (a minute or two) makes them again.

Without a name, it makes those of every data set.
"""

import json
import sys

import numpy as np

from gan_course.data import load
from gan_course.yardstick.classifier import SHA256
from gan_course.yardstick.floors import SEED, SETS, SIZES, file_of, made_with, relative
from gan_course.yardstick.measure import measure, measure_classes, measure_nearest

OF_TEST_IMAGES = (
    "classifier_score",
    "confidence_mean",
    "confidence_median",
    "confidence_share",
    "conditional_accuracy",
)


def make(data, sizes=SIZES):
    """Return what a data set's file holds, as a dict; ``sizes`` is for tests, which have less time."""
    images, labels = load(data, "train", strict=True)
    # MNIST isn't in random order: its first 10,000 training images are another selection of writers than its last.
    order = np.random.default_rng(SEED).permutation(len(images))
    floors = {}
    for n in sizes:
        sets = [order[i * n : (i + 1) * n] for i in range(SETS)]
        measured = [measure(images[chosen], labels[chosen], data) for chosen in sets]
        floor = mean_and_sd(measured)
        floors[str(n)] = rounded(floor | mean_and_sd([relative(scores, floor) for scores in measured]))
        print(f"N = {n}: Fréchet distance {floors[str(n)]['frechet_distance']}", flush=True)
    images, labels = load(data, "test", strict=True)
    scores = measure_classes(images, labels, data)
    test = {name: scores[name] for name in OF_TEST_IMAGES} | measure_nearest(images, data)
    return {"made_with": made_with(data), "test": rounded(test), "floors": floors}


def mean_and_sd(measured):
    """Return score to ``{"mean", "sd"}`` of several measurements; lists go class by class."""
    return {
        name: {
            "mean": np.mean([scores[name] for scores in measured], axis=0).tolist(),
            "sd": np.std([scores[name] for scores in measured], axis=0, ddof=1).tolist(),
        }
        for name in measured[0]
    }


def rounded(value):
    """Return numbers in dicts and lists with six digits: more would be another machine's rounding."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list) else float(f"{value:.6g}")


if __name__ == "__main__":
    for name in sys.argv[1:] or SHA256:
        file_of(name).write_text(json.dumps(make(name), indent=1) + "\n", encoding="utf-8")
        print(f"Wrote {file_of(name)}")
