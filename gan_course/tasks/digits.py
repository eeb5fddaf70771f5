"""Pictures of 28 x 28 grey pixels from noise, judged by the yardstick: MNIST's digits, or Fashion-MNIST's clothes."""

import numpy as np

from gan_course.plots import tile
from gan_course.tasks.score import Score
from gan_course.tasks.task import Task

CLASSES = 10
SURE = 0.95
BARS = "mnist"  # what the lessons' bars were found on


def digits(latent_dim, data="mnist", draw=None):
    """Return the task of drawing pictures, uint8 (n, 28, 28), from noise.

    Parameters
    ----------
    latent_dim : int
    data : str
        The ``name`` of the :class:`gan_course.data.Dataset` that is trained on. For the embedded ``"digits"`` there is
        no yardstick: the scores are MNIST's, and a run on them is not judged.
    draw : callable, optional
        ``draw(rng, n)`` returns z, float32 (n, latent_dim), where it isn't N(0, 1).
    """

    def noise(rng, n):
        return rng.standard_normal((n, latent_dim), np.float32)

    return _task("digits", draw or noise, data, labelled=False)


def labelled_digits(latent_dim, data="mnist", draw=None):
    """Return the task of drawing pictures of given classes; parameters as of :func:`digits`.

    A generator is fed ``(z, y)``: z as there, and y, int64 (n,), which asks for the classes 0 to 9 in turn.
    """
    of_noise = digits(latent_dim, data, draw).inputs

    def inputs(rng, n):
        return of_noise(rng, n), np.arange(n) % CLASSES

    return _task("labelled_digits", inputs, data, labelled=True)


def _task(name, inputs, data, labelled):
    data = yardstick_of(data)

    def of_samples(samples, inputs):
        return evaluate(samples, data, inputs[1] if labelled else None)

    return Task(name, inputs, tile, of_samples, scores(data, labelled), data, judged=data == BARS)


def yardstick_of(data):
    """Return the data set whose yardstick judges what is trained on ``data``: the embedded digits have none."""
    return "mnist" if data == "digits" else data


def evaluate(samples, data, labels=None):
    """Return all scores of pictures, uint8 (n, 28, 28): key to float."""
    from gan_course import yardstick

    report = yardstick.judge(samples, data, labels)
    sure = yardstick.look(samples, data)[1].max(axis=1)
    found = {
        **report.scores,
        "least_frequent": min(report["class_histogram"]),
        "share_over_95": np.mean(sure > SURE),
        "nearest_of_test": report["nearest_median"] / report.test["nearest_median"],
    }
    return {score.key: float(found[score.key]) for score in scores(data, labels is not None)}


def scores(data, labelled):
    """Return the scores of pictures (tuple of :class:`Score`), with what as many real ones reach."""
    from gan_course.yardstick import floors

    floor = floors.floor(10_000, data)

    def real(key):
        return floor[key]["mean"]

    found = (
        Score("frechet_over_floor", "Fréchet distance, × real data's", ",.1f", "lower", 1.0, headline=True),
        Score("frechet_distance", "Fréchet distance", ",.2f", "", real("frechet_distance")),  # the first one's unit
        Score("coverage_of_real", "coverage, of real data's", ".1%", "higher", 1.0, headline=True),
        Score(
            "coverage_of_real_worst", "worst class, of real coverage", ".1%", "higher", real("coverage_of_real_worst")
        ),
        Score("class_kl", "KL divergence of classes, nats", ".4f", "lower", real("class_kl")),
        Score("least_frequent", "rarest class", ".1%", "higher", min(real("class_histogram")), headline=True),
        Score("confidence_mean", "classifier's confidence", ".4f", "", real("confidence_mean")),
        Score("classifier_score", "classifier score", ".2f", "", real("classifier_score")),
        Score("share_over_95", "share with confidence above 95%", ".1%"),
        Score("nearest_of_test", "nearest training image, × test's", ".2f", "", 1.0),
    )
    asked = Score("conditional_accuracy", "conditional accuracy", ".1%", "higher", real("conditional_accuracy"))
    return (*found, asked) if labelled else found
