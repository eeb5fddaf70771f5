"""A task: what a generator is fed, what its samples look like, and how they are judged."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

PREVIEW_STREAM, SAMPLE_STREAM = 1, 2  # a run's own random streams, beside the lesson's
AT_A_TIME = 1000  # samples, to save memory


@dataclass(frozen=True)
class Task:
    """One kind of work for a generator. ``dataclasses.replace(task, frame=...)`` changes a part of it.

    Attributes
    ----------
    name : str
    inputs : callable
        ``inputs(rng, n)`` returns what the generator is fed: an array of n rows (noise, pictures), or a tuple of
        arrays of n rows each (noise and labels). It draws from ``rng``, a ``numpy.random.Generator``, only.
    frame : callable
        ``frame(samples)`` returns a preview's pixels, uint8 (height, width) or (height, width, 3). A sample is
        whatever row of an array: a picture, a point, a sequence of integers.
    evaluate : callable
        ``evaluate(samples, inputs)`` returns key to float, for each of the scores.
    scores : tuple of Score
        The first one is what a leaderboard is sorted by.
    data : str
        The name of the data set that the scores compare with.
    samples : int
        How many are drawn to be judged.
    judged : bool
        Whether the lessons' bars are of this data set. If not, scores are shown without.
    """

    name: str
    inputs: Callable
    frame: Callable
    evaluate: Callable
    scores: tuple
    data: str
    samples: int = 10_000
    judged: bool = True

    def draw_inputs(self, seed, n, stream):
        """Return the inputs of n samples, from a random stream that no training draws from."""
        return self.inputs(np.random.default_rng([seed, stream]), n)

    def score(self, key):
        """Return the :class:`Score` of this key.

        Raises
        ------
        KeyError
            If there is none. The message lists those that are.
        """
        for score in self.scores:
            if score.key == key:
                return score
        known = ", ".join(score.key for score in self.scores)
        raise KeyError(f"the task {self.name!r} has no score {key!r}, but: {known}.")


def generate(sample, inputs):
    """Return ``sample(*inputs)``, some at a time, as one array.

    Parameters
    ----------
    sample : callable
        Takes as many arrays as ``inputs`` has, and returns an array with a row for each of theirs.
    inputs : array or tuple of arrays
        As :attr:`Task.inputs` returns them.
    """
    columns = inputs if isinstance(inputs, tuple) else (inputs,)
    starts = range(0, len(columns[0]), AT_A_TIME)
    parts = [sample(*(column[start : start + AT_A_TIME] for column in columns)) for start in starts]
    return np.concatenate(parts)
