"""How floors.json was made: ``python -m gan_course.yardstick.make_floors`` (one minute) makes it again."""

import json

import numpy as np

from gan_course.data import mnist
from gan_course.yardstick.floors import FILE, MADE_WITH, SEED, SETS, SIZES, relative
from gan_course.yardstick.measure import measure, measure_classes, measure_nearest

OF_TEST_IMAGES = (
    "classifier_score",
    "confidence_mean",
    "confidence_median",
    "confidence_share",
    "conditional_accuracy",
)


def make(sizes=SIZES):
    """Return what floors.json holds, as a dict; ``sizes`` is for tests, which have less time."""
    images, labels = mnist("train")
    # MNIST is not in random order: its first 10,000 training images are another selection of writers than its last.
    order = np.random.default_rng(SEED).permutation(len(images))
    floors = {}
    for n in sizes:
        sets = [order[i * n : (i + 1) * n] for i in range(SETS)]
        measured = [measure(images[chosen], labels[chosen]) for chosen in sets]
        floor = mean_and_sd(measured)
        floors[str(n)] = rounded(floor | mean_and_sd([relative(scores, floor) for scores in measured]))
        print(f"N = {n}: Fréchet distance {floors[str(n)]['frechet_distance']}", flush=True)
    images, labels = mnist("test")
    scores = measure_classes(images, labels)
    test = {name: scores[name] for name in OF_TEST_IMAGES} | measure_nearest(images)
    return {"made_with": MADE_WITH, "test": rounded(test), "floors": floors}


def mean_and_sd(measured):
    """Return score to ``{"mean", "sd"}`` of several measurements; lists go digit by digit."""
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
    FILE.write_text(json.dumps(make(), indent=1) + "\n", encoding="utf-8")
    print(f"Wrote {FILE}")
