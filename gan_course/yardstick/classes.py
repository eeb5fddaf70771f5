"""What the classifier's probabilities say about samples: which digits, how many of each, how clear.

None of these compares images with images. A classifier is sure of things that are no digits (noise), and
surest of ten clichés, so read a confidence as a band around the real data's, never as the higher the better.
"""

import numpy as np

from gan_course.yardstick.checks import check_labels, check_probabilities

SURE = 0.9


def classifier_score(probabilities):
    """Return exp of the mean KL divergence of p(y|x) from p(y): 1 to the number of classes.

    The Inception score with a classifier of the data at hand, over all n samples at once. It is biased by
    about exp(-(k - 1) / 2n): real MNIST scores 9.87 over 10,000 images, but 8.48 averaged over batches of 32.

    Source: T. Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016, arXiv:1606.03498.

    Parameters
    ----------
    probabilities : numpy.ndarray
        (n, k), rows that sum to 1.

    Raises
    ------
    ValueError
        If they are no probabilities.
    """
    probabilities = check_probabilities(probabilities)
    # the mean KL is H(p(y)) - mean H(p(y|x))
    return float(np.exp(_entropy(probabilities.mean(axis=0)) - _entropy(probabilities).mean()))


def class_histogram(probabilities):
    """Return the share of samples of each class, by the largest probability: float64 (k,)."""
    probabilities = check_probabilities(probabilities)
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1]) / len(probabilities)


def class_kl(histogram, frequencies):
    """Return the KL divergence of a class histogram from the real class frequencies, in nats.

    0 where they are equal; a class that never comes up adds nothing infinite.

    Parameters
    ----------
    histogram, frequencies : numpy.ndarray
        (k,), each summing to 1, no frequency 0.
    """
    histogram, frequencies = np.asarray(histogram, np.float64), np.asarray(frequencies, np.float64)
    there = histogram > 0
    return float(np.sum(histogram[there] * np.log(histogram[there] / frequencies[there])))


def confidence(probabilities):
    """Return each sample's largest probability: float64 (n,)."""
    return check_probabilities(probabilities).max(axis=1)


def conditional_accuracy(probabilities, labels):
    """Return the share of samples that the classifier takes for the digit that was asked for.

    Parameters
    ----------
    probabilities : numpy.ndarray
        (n, k).
    labels : numpy.ndarray
        Integers (n,): what the generator was told.

    Raises
    ------
    ValueError
        If there are not n labels, or they are no classes.
    """
    probabilities = check_probabilities(probabilities)
    labels = check_labels(labels, *probabilities.shape)
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def _entropy(p):
    """Entropy in nats over the last axis; 0 log 0 is 0."""
    return -np.sum(p * np.log(p, out=np.zeros_like(p), where=p > 0), axis=-1)
