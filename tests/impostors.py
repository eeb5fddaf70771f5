"""Sets of images that no generator made, each of which fools some score.

Each function returns uint8 (n, 28, 28). They take training images, so nothing in them is new.
"""

import numpy as np

ONE_PIXEL = ((0, 1), (0, -1), (1, 0), (-1, 0))


def repeated(images, different, n):
    """The first ``different`` images, over and over: a network that knows some training images by heart."""
    return np.resize(images[:different], (n, *images.shape[1:]))


def one_picture_for(label, images, labels):
    """Real images, but every one of a class is the same: a collapse that leaves the other classes alone.

    It is the image nearest to the class's mean: the likeliest to pass.
    """
    of_class = images[labels == label].astype(float)
    typical = of_class[np.square(of_class - of_class.mean(axis=0)).sum(axis=(1, 2)).argmin()]
    collapsed = images.copy()
    collapsed[labels == label] = typical
    return collapsed


def shifted(images):
    """Real images, each moved by a pixel to one of the four sides: no pixel-wise copy among them."""
    return np.stack([np.roll(image, ONE_PIXEL[i % 4], axis=(0, 1)) for i, image in enumerate(images)])


def noise(n, rng):
    """Pixels drawn uniformly from 0 to 255."""
    return rng.integers(256, size=(n, 28, 28), dtype=np.uint8)


def most_confident(images, labels, probabilities, of_each):
    """Of each class as many images as asked for: those that the classifier is surest of."""
    # Many probabilities round to 1, but the second largest still tells them apart.
    doubt = np.sort(probabilities, axis=1)[:, -2]
    chosen = [np.flatnonzero(labels == label) for label in range(10)]
    return images[np.concatenate([index[np.argsort(doubt[index])[:of_each]] for index in chosen])]
