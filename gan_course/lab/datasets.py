"""The data that the game in 2-D can be played for: the course's toys, brought into one window of the plane."""

import numpy as np

from gan_course import data

EXTENT = 1.5  # the window runs from minus to plus this on both axes


def line(sigma=0.03):
    """Return a straight line from (-1, -0.8) to (1, 0.8), evenly filled; it has no modes.

    Parameters
    ----------
    sigma : float
        Standard deviation of the normal noise around it.
    """

    def sample(n, rng):
        along = rng.uniform(-1, 1, (n, 1)) * np.array([[1.0, 0.8]])
        return (along + sigma * rng.standard_normal((n, 2))).astype(np.float32)

    return data.Toy("line", np.empty((0, 2)), sigma, sample)


DATASETS = {
    "ring": ("ring of 8", data.ring(sigma=0.05)),
    "tight ring": ("tight ring of 8 (lesson 02)", data.ring()),
    "two clusters": ("two clusters", data.ring(modes=2, radius=0.8, sigma=0.12)),
    "grid": ("grid of 25", data.grid(spacing=0.55, sigma=0.03)),
    "spiral": ("spiral", data.spiral(scale=11)),
    "line": ("line", line()),
}
