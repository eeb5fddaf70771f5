"""Fréchet distance: how far apart two sets of features lie, seen as two Gaussians.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))

Sources: M. Heusel et al., "GANs Trained by a Two Time-Scale Update Rule", NeurIPS 2017, arXiv:1706.08500;
the formula is D. C. Dowson and B. V. Landau, J. Multivariate Analysis 12(3), 1982. It is a squared distance,
in the square of the features' unit, and biased: fewer samples give a larger value, so each N has its own floor.
"""

import numpy as np

from gan_course.yardstick.checks import check_pair


def frechet_distance(samples, reference):
    """Return the Fréchet distance between two sets of features.

    It sees means and covariances only: repeated samples pass. Put coverage beside it.

    Parameters
    ----------
    samples, reference : numpy.ndarray
        (n, d) and (m, d), any n and m of 2 or more.

    Returns
    -------
    float
        0 or more.

    Raises
    ------
    ValueError
        If the shapes don't fit, or something isn't finite.
    """
    samples, reference = check_pair(samples, reference)
    return frechet_of_gaussians(*moments(samples), *moments(reference))


def moments(features):
    """Return mean (d,) and unbiased covariance (d, d) of features (n, d), in float64."""
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def frechet_of_gaussians(mean1, covariance1, mean2, covariance2):
    """Return the Fréchet distance between two Gaussians, from means (d,) and covariances (d, d)."""
    # C1 C2 is not symmetric, and the square root of a product is ill-conditioned where a feature is
    # (almost) constant. But with symmetric roots R1 and R2 the trace of (C1 C2)^(1/2) is the sum of the
    # singular values of R1 R2, which needs no further root and can't turn complex.
    overlap = np.linalg.svd(_root(covariance1) @ _root(covariance2), compute_uv=False).sum()
    apart = np.sum(np.square(np.subtract(mean1, mean2)))
    # rounding may leave -1e-14 where the truth is 0
    return float(max(apart + np.trace(covariance1) + np.trace(covariance2) - 2 * overlap, 0.0))


def _root(covariance):
    """Return the symmetric root of a positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(values.clip(0)) @ vectors.T  # a zero eigenvalue may come out as -1e-16
