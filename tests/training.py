"""What the small trainings of all frameworks share: the run, its loop, and a kill in the middle of a step.

``python torch_training.py KILL_AT`` trains, and is killed in the middle of that step (never, if 0).
"""

import os
import signal
import sys

import numpy as np

from gan_course import plots
from gan_course.data import Batches
from gan_course.run import Run
from gan_course.tasks import Task

STEPS, CHECKPOINT_EVERY = 12, 6
LATENT_DIM, PIXELS = 4, 16


def task_of(latent_dim=LATENT_DIM, data="random", **parts):
    """Return a task of drawing small grey pictures that nobody judges."""

    def inputs(rng, n):
        return rng.standard_normal((n, latent_dim), np.float32)

    options = {"frame": plots.tile, "evaluate": None, "scores": (), **parts}
    return Task(name="test", inputs=inputs, data=data, **options)


def make_run(lesson, seed, state, sample, **options):
    """Return a run over 50 vectors of 16 random numbers, in batches of 8."""
    data = np.random.default_rng(7).standard_normal((50, PIXELS)).astype(np.float32)
    return Run(
        lesson,
        **{
            "budget": "smoke",
            "steps": STEPS,
            "checkpoint_every": CHECKPOINT_EVERY,
            "task": task_of(),
            **options,
        },
        seed=seed,
        batches=Batches(data, 8, np.random.default_rng(seed)),
        state=state,
        sample=sample,
    )


def as_images(numbers):
    """Return vectors of 16 numbers in 0...1 as uint8 images (n, 4, 4)."""
    return (np.asarray(numbers) * 255).astype(np.uint8).reshape(-1, 4, 4)


def train(run, update, kill_at=0, never=()):
    for real in run:
        d_loss, g_loss = update(real)
        if run.step + 1 == kill_at:
            assert not set(never) & set(sys.modules), "another framework was imported"
            os.kill(os.getpid(), signal.SIGKILL)
        run.log(d_loss=d_loss, g_loss=g_loss)


def main(make, never):
    train(*make(), kill_at=int(sys.argv[1]), never=never)
