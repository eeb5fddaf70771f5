"""Precision, recall, density and coverage, from balls around features that reach to the k-th neighbour.

============  ========================================================================  ================
precision     share of samples that lie in the ball of a real image: are they good?     Kynkäänniemi
recall        share of real images that lie in the ball of a sample: is all there?      Kynkäänniemi
density       real balls that a sample lies in, over k: precision that one stray         Naeem
              real image can't raise; above 1: crowded where the real images are, too
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
MEBIBYTES = 16  # of a distance matrix at a time: 209 rows against 10,000


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

    def compare(squared, start):
        within = squared < real_balls[start : start + len(squared), None]
        np.add(real_balls_around, within.sum(axis=0), out=real_balls_around)
        return np.stack([within.any(axis=1), (squared < sample_balls).any(axis=1)], axis=1)

    covered, recalled = _by_rows(compare, reference, samples).T
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
    def kth(squared, start):
        squared.partition(k, axis=1)  # the nearest, number 0, is the row itself
        return squared[:, k].copy()

    return _by_rows(kth, features, features)


def _by_rows(reduce, x, y):
    """Return what ``reduce(squared distances of some rows of x to all of y, first row)`` gives, for all rows of x."""
    from sklearn.metrics import pairwise_distances_chunked  # a second to import, and needed only here

    chunks = pairwise_distances_chunked(x, y, reduce_func=reduce, working_memory=MEBIBYTES, squared=True)
    return np.concatenate(list(chunks))
