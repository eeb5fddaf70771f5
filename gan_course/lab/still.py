"""The still pictures that the exhibits open on, for readers without scripts."""

import numpy as np

from gan_course import plots
from gan_course.lab import theory
from gan_course.lab.datasets import EXTENT

COLUMNS = 4


def of_game(frames, real, probability):
    """Return six to eight moments of a game as one picture, uint8 (height, width, 3).

    Parameters
    ----------
    frames : list of gan_course.lab.frames.Frame
        At most eight are drawn.
    real : numpy.ndarray
        Real points, float (n, 2).
    probability : bool
        Whether D's surface is one.
    """
    rows = -(-len(frames) // COLUMNS)
    figure = plots.new_figure(8, 2.2 * rows)
    every = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes in every[len(frames) :]:
        axes.set_axis_off()
    for axes, frame in zip(every, frames, strict=False):
        axes.imshow(
            frame.surface, origin="lower", extent=(-EXTENT, EXTENT) * 2, cmap="cividis", interpolation="bilinear",
            vmin=frame.scalars["low"], vmax=frame.scalars["high"],
        )  # fmt: skip
        axes.scatter(*real.T, s=4, facecolors="none", edgecolors="black", linewidths=0.4)
        axes.scatter(*frame.points.T, s=6, marker="x", color=plots.ORANGE, linewidths=0.7)
        axes.set(xlim=(-EXTENT, EXTENT), ylim=(-EXTENT, EXTENT), xticks=[], yticks=[])
        axes.set_title(f"{frame.scalars['g_updates']:,.0f} updates of G", fontsize=8)
    meaning = "D's probability of “real”" if probability else "D's score"
    figure.supxlabel(f"yellow: high, blue: low {meaning} · circles: real · crosses: generated", fontsize=8)
    return plots.pixels_of(figure)


def of_objective():
    """Return p_g far away, half-way and on the data as one picture, uint8 (height, width, 3)."""
    figure = plots.new_figure(8.4, 2.6)
    x = np.linspace(-5, 5, 401)
    for i, (axes, (mean, std)) in enumerate(zip(figure.subplots(1, 3), [(-3, 0.5), (0, 1.5), (1, 0.5)], strict=True)):
        axes.plot(x, _normal(x, **theory.DATA), color=plots.BLUE, label=r"$p_\mathrm{data}$")
        axes.plot(x, _normal(x, mean, std), color=plots.ORANGE, linestyle="--", label="$p_g$")
        best = np.exp(-np.logaddexp(0, -theory.logit_of_best_d(x, mean, std)))
        axes.plot(x, best, color=plots.GREEN, linestyle=":", label="$D^*$")
        axes.set(xlabel="$x$", ylim=(0, 1.05))
        axes.set_title(f"JSD = {abs(theory.numbers(mean, std)['JSD']):.3f}", fontsize=10)
        if i == 0:
            axes.legend(frameon=False, fontsize=8, loc="upper left")
    return plots.pixels_of(figure)


def _normal(x, mean, std):
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))
