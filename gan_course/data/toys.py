"""Two-dimensional toys: distributions whose every mode is known.

Constants as published:

* ring and grid: A. Srivastava et al., "VEEGAN", NeurIPS 2017, arXiv:1705.07761, and Z. Lin
  et al., "PacGAN", NeurIPS 2018, arXiv:1712.04086. Eight modes on a ring of radius 1
  (sigma 0.01), 25 on a grid of spacing 2 (sigma 0.05).
* spiral: the "swiss roll" of I. Gulrajani et al., "Improved Training of Wasserstein GANs",
  NeurIPS 2017, arXiv:1704.00028 (noise 0.25, then divided by 7.5).

The ring has eight different modes: the reference program of the unrolled GAN spaces
``linspace(0, 2 pi, 8)``, which repeats the end point and leaves seven.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Toy:
    """A distribution in the plane.

    Attributes
    ----------
    name : str
    modes : numpy.ndarray
        float64 (k, 2), the centres of its modes; k is 0 for the spiral, which has none.
    sigma : float
        Standard deviation of the Gaussian around each mode (the spiral: of its noise).
    sample : callable
        ``sample(n, rng)`` draws float32 (n, 2) from a ``numpy.random.Generator``.
    """

    name: str
    modes: np.ndarray
    sigma: float
    sample: Callable


def ring(modes=8, radius=1.0, sigma=0.01):
    """Return a mixture of equally likely Gaussians on a circle (VEEGAN, PacGAN).

    Parameters
    ----------
    modes : int
    radius, sigma : float
    """
    angles = 2 * np.pi * np.arange(modes) / modes
    return _mixture("ring", radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), sigma)


def grid(side=5, spacing=2.0, sigma=0.05):
    """Return a mixture of equally likely Gaussians on a square grid around 0 (VEEGAN, PacGAN).

    Parameters
    ----------
    side : int
        Modes along each axis.
    spacing, sigma : float
    """
    axis = spacing * (np.arange(side) - (side - 1) / 2)
    return _mixture("grid", np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2), sigma)


def spiral(noise=0.25, scale=7.5):
    """Return the swiss roll seen from above: one and a half turns, no modes (Gulrajani et al.).

    Parameters
    ----------
    noise : float
        Standard deviation before scaling.
    scale : float
        Everything is divided by it, so that the spiral lies within about ``[-2, 2]``.
    """

    def sample(n, rng):
        turn = 1.5 * np.pi * (1 + 2 * rng.random(n))
        points = np.stack([turn * np.cos(turn), turn * np.sin(turn)], axis=1)
        return ((points + noise * rng.standard_normal((n, 2))) / scale).astype(np.float32)

    return Toy("spiral", np.empty((0, 2)), noise / scale, sample)


def _mixture(name, modes, sigma):
    def sample(n, rng):
        centres = modes[rng.integers(len(modes), size=n)]
        return (centres + sigma * rng.standard_normal((n, 2))).astype(np.float32)

    return Toy(name, modes, sigma, sample)
