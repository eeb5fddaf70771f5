"""Points in the plane from noise, judged by the modes that they find: a ring or a grid."""

import numpy as np

from gan_course import plots
from gan_course.tasks.score import Score
from gan_course.tasks.task import Task

POINTS = 2_500  # as VEEGAN and PacGAN draw
SHOWN = 200


def ring(toy, latent_dim=2):
    """Return the task of drawing points, float32 (n, 2), from z ~ N(0, 1).

    Parameters
    ----------
    toy : gan_course.data.Toy
        With modes: :func:`gan_course.data.ring` or :func:`gan_course.data.grid`.
    latent_dim : int
    """
    from gan_course.yardstick.toys import PERFECT_QUALITY

    real = toy.sample(SHOWN, np.random.default_rng(0))
    extent = 1.5 * float(np.abs(toy.modes).max())
    modes = len(toy.modes)
    return Task(
        name="ring",
        inputs=lambda rng, n: rng.standard_normal((n, latent_dim), np.float32),
        frame=lambda points: plots.scatter(real, points[:SHOWN], alt="frame", extent=extent).array(),
        evaluate=lambda points, inputs: _evaluate(points, toy),
        scores=(
            Score("modes_covered", f"modes covered, of {modes}", ".0f", "higher", modes, headline=True),
            Score("high_quality", "points near a mode", ".1%", "higher", float(PERFECT_QUALITY), headline=True),
            Score("reverse_kl", "reverse KL divergence, nats", ".3f", "lower", (modes - 1) / (2 * POINTS)),
        ),
        data=toy.name,
        samples=POINTS,
    )


def _evaluate(points, toy):
    from gan_course.yardstick import judge_toy

    report = judge_toy(points, toy)
    return {key: float(getattr(report, key)) for key in ("modes_covered", "high_quality", "reverse_kl")}
