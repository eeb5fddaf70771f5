"""How well points follow a two-dimensional toy: modes covered, share of high quality, reverse KL.

The protocol of A. Srivastava et al., "VEEGAN", NeurIPS 2017, arXiv:1705.07761, and Z. Lin et al., "PacGAN",
NeurIPS 2018, arXiv:1712.04086, who draw 2,500 points: a point is of high quality if it lies within three
standard deviations of the nearest mode; a mode is covered if it has one such point. A perfect sampler has
1 - exp(-4.5) = 98.9 % of high quality; more means that the modes have shrunk.
"""

from dataclasses import dataclass

import numpy as np

PERFECT_QUALITY = 1 - np.exp(-4.5)  # the distance from a mode follows a Rayleigh distribution


@dataclass(frozen=True)
class ToyReport:
    """What :func:`judge_toy` returns; ``print`` shows it with a perfect sampler's values beside it.

    Attributes
    ----------
    data : str
        The toy's name.
    n : int
        Points.
    modes : int
        Modes that the toy has.
    modes_covered : int
    high_quality : float
        Share of all points, 0 to 1.
    reverse_kl : float
        KL divergence of the shares of the modes (points of high quality only) from equal shares, in nats:
        0 is balanced, ``ln(modes)`` is one mode alone. Without any point of high quality it is ``ln(modes)``.
    reverse_kl_floor : float
        What a perfect sampler of n points gives on average, about ``(modes - 1) / 2n``.
    """

    data: str
    n: int
    modes: int
    modes_covered: int
    high_quality: float
    reverse_kl: float
    reverse_kl_floor: float

    def as_dict(self):
        """Return everything as JSON-able values."""
        return dict(vars(self))

    def __str__(self):
        return "\n".join(
            [
                f"N = {self.n:,} points, 1 seed, against the {self.modes} modes of the {self.data}",
                "",
                f"{'':<24}{'points':>9}{'perfect':>10}",
                f"{'modes covered':<24}{self.modes_covered:>9}{self.modes:>10}",
                f"{'share of high quality':<24}{self.high_quality:>9.3f}{PERFECT_QUALITY:>10.3f}",
                f"{'reverse KL':<24}{self.reverse_kl:>9.3f}{self.reverse_kl_floor:>10.3f}",
            ]
        )


def judge_toy(points, toy):
    """Return the :class:`ToyReport` on generated points.

    Parameters
    ----------
    points : numpy.ndarray
        (n, 2), finite; the papers draw 2,500.
    toy : gan_course.data.Toy
        With modes: a ring or a grid.

    Raises
    ------
    ValueError
        If the points have another shape or are not finite, or the toy has no modes (the spiral).
    """
    points = np.asarray(points, np.float64)
    if not len(toy.modes):
        raise ValueError(f"the {toy.name} has no modes to count: judge a ring or a grid, and look at the {toy.name}.")
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"the points have the shape {points.shape}, expected (n, 2) with n of 1 or more.")
    if not np.isfinite(points).all():
        raise ValueError("the points hold NaN or infinity: the network has diverged.")
    distances = np.linalg.norm(points[:, None] - toy.modes, axis=2)  # (n, modes)
    good = distances.min(axis=1) <= 3 * toy.sigma
    counts = np.bincount(distances.argmin(axis=1)[good], minlength=len(toy.modes))
    shares = counts[counts > 0] / max(counts.sum(), 1)
    entropy = -np.sum(shares * np.log(shares))  # of no share: 0, as of one mode alone
    return ToyReport(
        data=toy.name,
        n=len(points),
        modes=len(toy.modes),
        modes_covered=int(np.sum(counts > 0)),
        high_quality=float(good.mean()),
        reverse_kl=float(np.log(len(toy.modes)) - entropy),
        reverse_kl_floor=(len(toy.modes) - 1) / (2 * len(points)),
    )
