"""Precision, recall, density and coverage, from balls around features that reach to the k-th neighbour.

============  ========================================================================  ================
precision     share of samples that lie in the ball of a real image: are they good?     Kynkäänniemi
recall        share of real images that lie in the ball of a sample: is all there?      Kynkäänniemi
density       real balls that a sample lies in, over k: precision that one stray         Naeem
              real image can't raise; more than 1 means crowded where real is crowded
coverage      share of real images with a sample in their ball: recall that stray        Naeem
              samples can't raise, and that repeated samples don't fool
============  ========================================================================  ================

Sources: T. Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models",
NeurIPS 2019, arXiv:1904.06991; M. F. Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative
Models", ICML 2020, arXiv:2002.09797, whose k = 5 is used for all four, as in their package ``prdc``.
"""

from dataclasses import dataclass

import numpy as np

from gan_course.yardstick.checks import check_labels, check_pair

K = 5
ROWS = 500  # of a distance matrix at a time: 40 MB against 10,000


@dataclass(frozen=True, eq=False)
class Neighbours:
    """What :func:`prdc` finds.

    Attributes
    ----------
    precision, recall, density, coverage : float
    covered : numpy.ndarray
        bool (m,): which images of the reference have a sample in their ball.
    """

    precision: float
    recall: float
    density: float
    coverage: float
    covered: np.ndarray


def prdc(samples, reference, k=K):
    """Return precision, recall, density and coverage of samples.

    Coverage of as many real samples is below 1 (0.97 for k = 5: a ball stays empty with
    probability 1 / 2^k), and lower for fewer samples; so read it as a fraction of real coverage.

    Parameters
    ----------
    samples, reference : numpy.ndarray
        Features (n, d) and (m, d), with n and m over k.
    k : int
        A ball reaches to its centre's k-th nearest neighbour within the same set.

    Returns
    -------
    Neighbours

    Raises
    ------
    ValueError
        If the shapes don't fit, there are k or fewer, or something is not finite.
    """
    samples, reference = check_pair(samples, reference, at_least=k + 1)
    sample_balls, real_balls = _squared_radii(samples, k), _squared_radii(reference, k)
    real_balls_around = np.zeros(len(samples))  # for each sample: in how many real balls it lies
    recalled, covered = (np.empty(len(reference), bool) for _ in range(2))
    for rows, squared in _squared_distances(reference, samples):
        within = squared < real_balls[rows, None]
        real_balls_around += within.sum(axis=0)
        covered[rows] = within.any(axis=1)
        recalled[rows] = (squared < sample_balls).any(axis=1)
    return Neighbours(
        precision=float(np.mean(real_balls_around > 0)),
        recall=float(recalled.mean()),
        density=float(real_balls_around.mean() / k),
        coverage=float(covered.mean()),
        covered=covered,
    )


def coverage_by_class(covered, labels, classes=10):
    """Return the coverage of each class of the reference: float64 (classes,).

    Parameters
    ----------
    covered : numpy.ndarray
        bool (m,), of :class:`Neighbours`.
    labels : numpy.ndarray
        Integers (m,), the reference's own labels; every class occurs.
    classes : int
    """
    covered = np.asarray(covered)
    labels = check_labels(labels, len(covered), classes)
    return np.array([covered[labels == label].mean() for label in range(classes)])


def _squared_radii(features, k):
    radii = np.empty(len(features))
    for rows, squared in _squared_distances(features, features):
        squared.partition(k, axis=1)  # the nearest, number 0, is the row itself
        radii[rows] = squared[:, k]
    return radii


def _squared_distances(x, y):
    """Yield the squared distances (rows, m) of x's rows to all of y, some rows at a time."""
    y_squared = np.sum(y * y, axis=1)
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        squared = x[rows] @ y.T
        squared *= -2
        squared += y_squared
        squared += np.sum(x[rows] * x[rows], axis=1)[:, None]
        yield rows, np.maximum(squared, 0, out=squared)  # rounding may leave -1e-13 for equal rows
