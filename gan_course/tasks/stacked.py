"""Stacked digits: two pictures as the channels of one, judged by the 100 pairs of classes that are found.

The small form of stacked MNIST: three channels and 1,000 modes in L. Metz et al., "Unrolled Generative Adversarial
Networks", ICLR 2017, arXiv:1611.02163; judged as in Z. Lin et al., "PacGAN", NeurIPS 2018, arXiv:1712.04086: a mode
is covered if one sample has its classes. One that the classifier misreads is enough for that, so the count stands
beside the KL divergence of the modes' shares from even ones.
"""

import numpy as np

from gan_course.plots import tile
from gan_course.tasks.digits import BARS, CLASSES, evaluate, scores, yardstick_of
from gan_course.tasks.score import Score
from gan_course.tasks.task import Task

MODES = CLASSES**2
SAMPLES = 10_000


def stacked(latent_dim, data="mnist"):
    """Return the task of drawing stacks of two pictures, uint8 (n, 2, 28, 28), from z ~ N(0, 1).

    Parameters and what is judged on which data: as for :func:`gan_course.tasks.digits`.
    """
    data = yardstick_of(data)
    return Task(
        name="stacked",
        inputs=lambda rng, n: rng.standard_normal((n, latent_dim), np.float32),
        frame=lambda stacks: tile(colours(stacks)),
        evaluate=lambda stacks, inputs: _evaluate(stacks, data),
        scores=_scores(data),
        data=data,
        samples=SAMPLES,
        judged=data == BARS,
    )


def colours(stacks):
    """Return stacks, uint8 (n, 2, 28, 28), as pictures (n, 28, 28, 3): the first digit red, the second cyan."""
    return stacks[:, [0, 1, 1]].transpose(0, 2, 3, 1)


def mode_counts(stacks, data="mnist"):
    """Return how many stacks have each pair of classes, int64 (10, 10), by the yardstick's classifier."""
    from gan_course import yardstick

    first, second = (yardstick.look(stacks[:, place], data)[1].argmax(axis=1) for place in (0, 1))
    return np.bincount(CLASSES * first + second, minlength=MODES).reshape(CLASSES, CLASSES)


def _evaluate(stacks, data):
    counts = mode_counts(stacks, data)
    half = stacks[: len(stacks) // 2]  # as many single pictures as stacks: 10,000 have a floor
    single = evaluate(half.reshape(-1, *stacks.shape[2:]), data)
    found = {"modes_covered": np.sum(counts > 0), "mode_kl": _kl(counts / counts.sum(), 1 / MODES), **single}
    return {score.key: float(found[score.key]) for score in _scores(data)}


def _kl(shares, even):
    shares = shares[shares > 0]
    return np.sum(shares * np.log(shares / even))


def _scores(data):
    from gan_course.yardstick import floors

    classes = np.array(floors.floor(SAMPLES, data)["class_histogram"]["mean"])
    real = 2 * _kl(classes, 1 / CLASSES) + (MODES - 1) / (2 * SAMPLES)  # the second: the bias of N samples
    return (
        Score("modes_covered", f"modes covered, of {MODES}", ".0f", "higher", MODES, headline=True),
        Score("mode_kl", "reverse KL divergence of modes, nats", ".3f", "lower", float(real), headline=True),
        *scores(data, labelled=False),
    )
