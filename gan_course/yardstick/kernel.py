"""KID: a kernel two-sample distance (squared MMD), which sees more than mean and covariance.

Source: M. Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, arXiv:1801.01401: the cubic polynomial
kernel (x.y / d + 1)^3 and the unbiased estimator, so that real data scores 0 on average, whatever N is
(and sometimes less than 0). Theirs averages over subsets; here one subset is everything.
"""

import numpy as np

from gan_course.yardstick.checks import check_pair

ROWS = 500  # of the kernel matrix at a time: 40 MB against 10,000


def kid(samples, reference):
    """Return the unbiased squared MMD between two sets of features, under the cubic kernel.

    Parameters
    ----------
    samples, reference : numpy.ndarray
        (n, d) and (m, d), any n and m of 2 or more.

    Returns
    -------
    float
        About 0 for two samples of one distribution, and then negative as often as positive.

    Raises
    ------
    ValueError
        If the shapes don't fit, or something is not finite.
    """
    samples, reference = check_pair(samples, reference)
    return (
        _mean_of_pairs(samples)
        + _mean_of_pairs(reference)
        - 2 * _sum(samples, reference) / (len(samples) * len(reference))
    )


def _mean_of_pairs(x):
    """Mean kernel over the pairs of different rows: a row's kernel with itself would bias it."""
    n = len(x)
    with_itself = np.sum((np.sum(x * x, axis=1) / x.shape[1] + 1) ** 3)
    return float((_sum(x, x) - with_itself) / (n * (n - 1)))


def _sum(x, y):
    total = 0.0
    for start in range(0, len(x), ROWS):
        kernel = x[start : start + ROWS] @ y.T  # (ROWS, m)
        kernel /= x.shape[1]
        kernel += 1
        total += np.einsum("ij,ij,ij->", kernel, kernel, kernel)  # the sum of cubes, without another matrix
    return float(total)
