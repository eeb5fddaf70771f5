"""How far G is from the data: KL and Jensen-Shannon over cells of the plane, and the modes that it covers.

Densities are unknown to a program, so both divergences compare shares of points: the window is cut into 24 by 24
cells, and everything outside is one more. A finite sample never scores 0; ``floor`` says what as many real points do.
"""

import numpy as np

from gan_course.lab.datasets import EXTENT
from gan_course.yardstick.toys import judge_toy

CELLS = 24  # along each axis
N = 2_500  # generated points, as in VEEGAN's and PacGAN's protocol


class Measures:
    """Compares N generated points with a toy.

    Parameters
    ----------
    toy : gan_course.data.Toy
    seed : int
        Of the real points that it compares with.

    Attributes
    ----------
    floor : dict
        "kl" and "js" of N real points, the mean over eight draws.
    """

    def __init__(self, toy, seed=0):
        rng = np.random.default_rng([seed, 1])
        self.toy = toy
        self._data = shares(toy.sample(100_000, rng))
        floors = [self.divergences(toy.sample(N, rng)) for _ in range(8)]
        self.floor = {name: float(np.mean([f[name] for f in floors])) for name in ("kl", "js")}

    def divergences(self, points):
        """Return KL(p_data || p_g) and the Jensen-Shannon divergence of points, float32 (n, 2), in nats (dict)."""
        fake = shares(points)
        return {"kl": kl(self._data, fake), "js": (kl(self._data, m := (self._data + fake) / 2) + kl(fake, m)) / 2}

    def __call__(self, points):
        """Return "kl", "js", "modes" covered and "quality", the share of points within 3 sigma of a mode (dict of float).

        The last two are NaN for data without modes.
        """
        found = {**self.divergences(points), "modes": np.nan, "quality": np.nan}
        if len(self.toy.modes):
            report = judge_toy(points, self.toy)
            found |= {"modes": float(report.modes_covered), "quality": report.high_quality}
        return found


def shares(points):
    """Return the share of points in each cell and, last, outside the window, float (24 * 24 + 1,).

    Half a point is added to each cell, so that no share is 0 and no divergence infinite.
    """
    edges = np.linspace(-EXTENT, EXTENT, CELLS + 1)
    inside = np.histogram2d(points[:, 0], points[:, 1], bins=(edges, edges))[0].ravel()
    counts = np.append(inside, len(points) - inside.sum()) + 0.5
    return counts / counts.sum()


def kl(p, q):
    """Return the Kullback-Leibler divergence of q from p in nats: shares without zeros, each (n,)."""
    return float(np.sum(p * np.log(p / q)))
