"""How far each sample is from the nearest training image: what shows a network that has learned by heart.

The distance is Euclidean over pixels in [0, 1]. Read it beside that of the test set: real images nobody
has seen lie a certain way off, and samples should not lie much closer.
"""

import numpy as np

from gan_course.yardstick.checks import SIDE, check_images

MIDDLE = 14  # where MNIST's centre of mass lies, in pixels from the first row and column, to half a pixel
COLUMNS = 2000  # training images at a time: 13 MB in float64


def nearest_training_distance(samples, training, centre=True):
    """Return each sample's distance to the nearest training image.

    Parameters
    ----------
    samples : numpy.ndarray
        uint8 (n, 28, 28).
    training : numpy.ndarray
        uint8 (m, 28, 28), MNIST's as they are.
    centre : bool
        First shift each sample by whole pixels to where MNIST's images have their centre of mass. Without
        it, a training image shifted by one pixel would pass as new.

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
    samples = _flat(centred(samples) if centre else samples)
    samples_squared = np.sum(samples * samples, axis=1)
    nearest = np.full(len(samples), np.inf)
    for start in range(0, len(training), COLUMNS):
        block = _flat(training[start : start + COLUMNS])
        squared = samples @ block.T  # whole numbers below 2^53: float64 is exact, so equal images are at 0
        squared *= -2
        squared += np.sum(block * block, axis=1)
        np.minimum(nearest, squared.min(axis=1), out=nearest)
    return np.sqrt(nearest + samples_squared) / 255


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
