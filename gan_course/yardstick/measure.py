"""Every score of one set of samples against its data set's 10,000 test images, as plain numbers."""

import functools
from dataclasses import dataclass

import numpy as np

from gan_course.data import load
from gan_course.yardstick import classes
from gan_course.yardstick.classifier import CLASSES, look
from gan_course.yardstick.frechet import frechet_distance
from gan_course.yardstick.kernel import kid
from gan_course.yardstick.nearest import nearest_training_distance
from gan_course.yardstick.neighbours import coverage_by_class, prdc

NEAREST = 1000  # samples, spread evenly over the set, whose nearest training image is looked for


@dataclass(frozen=True, eq=False)
class Reference:
    """A data set's test images: what the classifier finds in them, and their labels."""

    features: np.ndarray  # float64 (10000, 64)
    labels: np.ndarray  # uint8 (10000,)
    frequencies: np.ndarray  # float64 (10,), of the labels


@functools.cache
def reference(data="mnist"):
    """Return the :class:`Reference` of ``"mnist"`` or ``"fashion"``. The first call takes a second or two."""
    images, labels = load(data, "test", strict=True)
    return Reference(look(images, data)[0], labels, np.bincount(labels, minlength=CLASSES) / len(labels))


@functools.cache
def _training_images(data):
    return load(data, "train", strict=True).images


def measure(samples, labels=None, data="mnist"):
    """Return the scores of samples, but for their nearest training images (:func:`measure_nearest`).

    Parameters
    ----------
    samples : numpy.ndarray
        uint8 (n, 28, 28), n of 6 or more.
    labels : numpy.ndarray, optional
        Integers (n,): the classes that a conditional generator was asked for.
    data : str
        ``"mnist"`` or ``"fashion"``.

    Returns
    -------
    dict
        Name to float; for ``coverage_by_class`` and ``class_histogram`` to a list of ten, class by class.
    """
    features, probabilities = look(samples, data)
    return {**_of_features(features, data), **_of_probabilities(probabilities, labels, data)}


def measure_classes(samples, labels=None, data="mnist"):
    """Return those of :func:`measure`'s scores that need the classifier's probabilities only."""
    return _of_probabilities(look(samples, data)[1], labels, data)


def _of_features(features, data):
    real = reference(data)
    near = prdc(features, real.features)
    return {
        "frechet_distance": frechet_distance(features, real.features),
        "kid": kid(features, real.features),
        "precision": near.precision,
        "recall": near.recall,
        "density": near.density,
        "coverage": near.coverage,
        "coverage_by_class": coverage_by_class(near.covered, real.labels, CLASSES).tolist(),
    }


def _of_probabilities(probabilities, labels, data):
    sure = classes.confidence(probabilities)
    histogram = classes.class_histogram(probabilities)
    scores = {
        "classifier_score": classes.classifier_score(probabilities),
        "confidence_mean": float(sure.mean()),
        "confidence_median": float(np.median(sure)),
        "confidence_share": float(np.mean(sure > classes.SURE)),
        "class_histogram": histogram.tolist(),
        "class_kl": classes.class_kl(histogram, reference(data).frequencies),
    }
    if labels is not None:
        scores["conditional_accuracy"] = classes.conditional_accuracy(probabilities, labels)
    return scores


def measure_nearest(samples, data="mnist"):
    """Return the median and the 5 % quantile of the distance to the nearest training image, over 1,000 samples.

    The quantile is there for a generator that copies now and then.

    Parameters
    ----------
    samples : numpy.ndarray
        uint8 (n, 28, 28).
    data : str
        ``"mnist"`` or ``"fashion"``.

    Returns
    -------
    dict
        Name to float.
    """
    # not the first 1,000: samples may be sorted by class
    spread = np.linspace(0, len(samples) - 1, min(NEAREST, len(samples))).astype(int)
    distance = nearest_training_distance(samples[spread], _training_images(data))
    return {"nearest_median": float(np.median(distance)), "nearest_5_percent": float(np.quantile(distance, 0.05))}
