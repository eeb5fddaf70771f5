"""A training with NumPy that checkpoints every step, and ways to be killed in it.

Checkpoints are of 1 MB, so that the writing takes a good part of each step.
"""

import contextlib
import io
import os
import signal
import sys

import numpy as np
from training import make_run, train

from gan_course import checkpoint, plots

STEPS = 200


def make(**options):
    weights, noise = np.zeros((16, 8000)), np.random.default_rng(3)

    def update(real):
        weights[:] += real.mean() * noise.standard_normal(weights.shape)
        return weights[0, 0], weights[-1, -1]

    def sample(z):
        return np.zeros((len(z), 4, 4), np.uint8) + np.uint8(abs(weights[0, 0]) * 100)

    state = {"weights": weights, "noise": noise}
    return make_run("99_killed", 0, state, sample, steps=STEPS, checkpoint_every=1, previews=1, **options), update


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_write(phase, number):
    """Be killed in the ``number``-th write from now.

    Phases: ``writing`` (a third of the bytes are in the file), ``written`` (all are, and nothing is renamed yet),
    ``renamed`` (nothing is left to do).
    """
    left = number

    def due():
        nonlocal left
        left -= 1
        return not left

    class File(io.FileIO):
        """Unbuffered, so that the bytes before the kill are in the file."""

        def write(self, content):
            if due():
                super().write(content[: len(content) // 3])
                die()
            return super().write(content)

    replace = os.replace

    def rename(*paths):
        last = due()
        if last and phase == "written":
            die()
        replace(*paths)
        if last:
            die()

    if phase == "writing":
        checkpoint.open = File
    else:
        os.replace = rename


def die_at_call(number):
    """Be killed at the ``number``-th call or return of any function from now, of Python's or of a library's."""
    left = number

    def event(*args):
        nonlocal left
        left -= 1
        if not left:
            die()

    sys.setprofile(event)


def live(folder, way=None, *details):
    """Resume and train, to the end or to the kill: one life of the process."""
    os.environ["GAN_COURSE_RUNS"] = folder
    with contextlib.redirect_stdout(io.StringIO()):
        {None: lambda: None, "write": die_in_write, "call": die_at_call}[way](*details)
        train(*make(resume=True))


# What libraries import at their first use is done here, once for all lives, and no kill is wasted on it.
plots.show_array(np.zeros((4, 4), np.uint8), title="", alt="-")
make()
