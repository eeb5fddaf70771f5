"""How far each sample is from the nearest training image: what shows that a network has memorised images.

The distance is Euclidean over pixels in [0, 1]. Read it beside the test set's: real images that were not
trained on have a certain distance, and samples should not be much closer.
"""

import numpy as np

from gan_course.yardstick.checks import SIDE, check_images

MIDDLE = 14  # where MNIST's images have their centre of mass, in pixels from the first row and column
BLOCK = 2000  # training images at a time: 13 MB in float64


def nearest_training_distance(samples, training, centre=True):
    """Return each sample's distance to the nearest training image.

    Parameters
    ----------
    samples : numpy.ndarray
        uint8 (n, 28, 28).
    training : numpy.ndarray
        uint8 (m, 28, 28).
    centre : bool
        First shift each image by whole pixels, so that its centre of mass is in the middle, as MNIST's is.
        Without it, a training image shifted by one pixel would pass as new.

    Returns
    -------
    numpy.ndarray
        float64 (n,), exactly 0 for a copy.

    Raises
    ------
    ValueError
        If the images are of another shape or type.
    """
    samples, training = check_images(samples, "samples"), check_images(training, "training images")
    from sklearn.metrics import pairwise_distances_argmin_min  # a second to import, and needed only here

    if centre:
        samples, training = centred(samples), centred(training)
    nearest = np.full(len(samples), np.inf)
    for start in range(0, len(training), BLOCK):
        # grey levels are whole numbers, and their products exact in float64: a copy is at exactly 0
        _, distance = pairwise_distances_argmin_min(_flat(samples), _flat(training[start : start + BLOCK]))
        np.minimum(nearest, distance, out=nearest)
    return nearest / 255


def centred(images):
    """Return images (n, 28, 28) shifted by whole pixels, so that their centre of mass is within half a pixel of MIDDLE.

    An image without ink stays as it is. Ink that is shifted over the edge is lost.
    """
    ink = images.sum(axis=(1, 2), dtype=np.float64)
    axis = np.arange(SIDE)
    moved = images.copy()
    shifts = []
    for other in (2, 1):
        mass = images.sum(axis=other, dtype=np.float64)
        centre = np.divide(mass @ axis, ink, out=np.full(len(images), float(MIDDLE)), where=ink > 0)
        shifts.append(-np.floor(centre - MIDDLE + 0.5).astype(int))
    for i in np.flatnonzero((shifts[0] != 0) | (shifts[1] != 0)):
        moved[i] = _shifted(images[i], shifts[0][i], shifts[1][i])
    return moved


def _shifted(image, down, right):
    padded = np.zeros((3 * SIDE, 3 * SIDE), image.dtype)
    padded[SIDE : 2 * SIDE, SIDE : 2 * SIDE] = image
    return padded[SIDE - down : 2 * SIDE - down, SIDE - right : 2 * SIDE - right]


def _flat(images):
    return images.reshape(len(images), -1).astype(np.float64)
