"""What the classifier's probabilities say about samples: which classes, how many of each, how clear.

None of these compares images with images. A classifier is also sure of images that show nothing (noise), and
surest of ten clichés, so read a confidence as a band around the real data's, not as "the higher the better".
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
        If they aren't probabilities.
    """
    from scipy.special import entr  # a tenth of a second to import, and needed only here

    probabilities = check_probabilities(probabilities)
    # the mean KL is H(p(y)) - mean H(p(y|x))
    return float(np.exp(entr(probabilities.mean(axis=0)).sum() - entr(probabilities).sum(axis=1).mean()))


def class_histogram(probabilities):
    """Return the share of samples of each class, by the largest probability: float64 (k,)."""
    probabilities = check_probabilities(probabilities)
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1]) / len(probabilities)


def class_kl(histogram, frequencies):
    """Return the KL divergence of a class histogram from the real class frequencies, in nats.

    0 where they are equal. A class that never comes up adds 0.

    Parameters
    ----------
    histogram, frequencies : numpy.ndarray
        (k,), each summing to 1, no frequency 0.
    """
    from scipy.special import rel_entr

    return float(rel_entr(histogram, frequencies).sum())


def confidence(probabilities):
    """Return each sample's largest probability: float64 (n,)."""
    return check_probabilities(probabilities).max(axis=1)


def conditional_accuracy(probabilities, labels):
    """Return the share of samples that the classifier puts into the class that was asked for.

    Parameters
    ----------
    probabilities : numpy.ndarray
        (n, k).
    labels : numpy.ndarray
        Integers (n,): what the generator was told.

    Raises
    ------
    ValueError
        If there aren't n labels, or they aren't classes.
    """
    probabilities = check_probabilities(probabilities)
    labels = check_labels(labels, *probabilities.shape)
    return float(np.mean(probabilities.argmax(axis=1) == labels))
