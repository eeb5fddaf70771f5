"""The training loop's bookkeeping, as an iterator: the updates stay in the lesson.

A run knows no framework. It hands out batches, counts steps, shows progress and a sample
grid that is redrawn in place, keeps the history, stops at a loss that is no number, ends
cleanly when the kernel is interrupted, writes checkpoints, and leaves its artefacts behind:

``samples.npz``, ``history.csv``, ``metrics.json``, ``replay.html``, ``checkpoint.safetensors``
"""

import contextlib
import csv
import json
import math
import os
import time
from pathlib import Path

import numpy as np

import gan_course
from gan_course import budget as budgets
from gan_course import checkpoint, plots
from gan_course.errors import CheckpointError, CourseError, DivergedError
from gan_course.interrupt import FirstInterrupt
from gan_course.progress import Progress
from gan_course.provenance import versions
from gan_course.replay import Replay
from gan_course.verdict import judge_run

RUNS, RESUME = "GAN_COURSE_RUNS", "GAN_COURSE_RESUME"
GRID_STREAM, SAMPLE_STREAM = 1, 2  # random streams of the run's own, beside the lesson's
SHOWN_WIDTH = 560  # of a preview, in screen pixels
SMOKE_PREVIEWS = 4  # drawing them would take longer than the training


def folder_of(lesson, budget, seed):
    """Return the folder of a run's artefacts: ``$GAN_COURSE_RUNS`` or ``runs``, then lesson and run.

    ``"02_mlp_gan/ring"`` names a part of a lesson, which gets a folder of its own inside the run's.
    """
    name, *part = lesson.split("/")
    return Path(os.environ.get(RUNS) or "runs", name, f"{budget}-seed{seed}", *part)


def latents(seed, n, latent_dim, stream, draw=None):
    """Return z, float32 (n, latent_dim), from a random stream that no training draws from.

    z ~ N(0, 1), or whatever ``draw(rng, n)`` makes with this stream's NumPy generator.
    """
    rng = np.random.default_rng([seed, stream])
    return rng.standard_normal((n, latent_dim), np.float32) if draw is None else draw(rng, n)


class Run:
    """Iterate over the batches of a training run: ``for real in run: ...; run.log(...)``.

    Parameters
    ----------
    lesson : str
        The lesson's file name without ending; ``"02_mlp_gan/ring"`` for a part of it.
    budget : str
        See :func:`gan_course.budget.resolve`.
    seed : int
    steps : int
        How many to take.
    batches : iterator
        A :class:`gan_course.data.Batches`, or anything with ``state`` and ``restore`` as it has.
    state : dict
        Name to everything that a later step depends on: networks, optimisers, generators.
    sample : callable
        ``sample(z)`` maps float32 ``z`` (n, latent_dim) to samples, uint8 (n, height, width) for
        images. It must draw in inference mode, and from no generator of the training.
    latent_dim : int
        The run draws z ~ N(0, 1) itself, from streams that the training never touches.
    latents : callable
        ``latents(rng, n)`` draws another z, float32 (n, latent_dim), with a NumPy generator.
    data, device : str
        Recorded with the results.
    frame : callable
        Turns the samples of the fixed z into the picture of a preview, uint8 (height, width[, 3]).
    alt : str
        What the preview shows, for those who can't see it.
    grid : int
        How many samples a preview shows.
    previews : int
        How often the preview is redrawn, after a first one before training; at ``smoke`` four times at most.
    checkpoint_every : int
        Steps between checkpoints.
    resume : bool or None
        Continue an unfinished run of the same lesson, budget and seed; a finished one starts
        afresh, unless its files are still to be written. ``None`` asks the environment variable
        ``GAN_COURSE_RESUME``.

    Attributes
    ----------
    step, steps : int
        Steps done and steps asked for.
    history : dict
        Name to list of float, one value a step.
    folder : pathlib.Path
        Where the artefacts are.

    Raises
    ------
    CheckpointError
        If a checkpoint can't be written, read, or resumed by these objects. What an earlier run left
        is read only to be resumed: damaged, it doesn't stop a run that starts afresh.
    CourseError
        If the other files can't be written. The checkpoint is, and the loop can be run again.
    DivergedError
        From :meth:`log`, at the step whose loss is NaN or infinite.
    """

    def __init__(
        self,
        lesson,
        *,
        budget,
        seed,
        steps,
        batches,
        state,
        sample,
        latent_dim,
        latents=None,
        data,
        device="cpu",
        frame=plots.tile,
        alt="Samples of the generator from fixed noise.",
        grid=50,
        previews=30,
        checkpoint_every=1000,
        resume=None,
    ):
        self.lesson, self.budget, self.seed, self.steps = lesson, budgets.resolve(budget), seed, steps
        self.batches, self.state, self.sample, self.frame, self.alt = batches, state, sample, frame, alt
        self.latent_dim, self.data, self.device = latent_dim, data, str(device)
        previews = min(previews, SMOKE_PREVIEWS) if self.budget == "smoke" else previews
        self.checkpoint_every, self.preview_every = checkpoint_every, max(1, steps // previews)
        self.resume = os.environ.get(RESUME) == "1" if resume is None else resume
        self.folder = folder_of(lesson, self.budget, seed)
        self.step, self.seconds, self.history = 0, 0.0, {}
        self.frames, self.frame_steps = [], []
        self._draw_latents = latents
        self._grid_z = self.latents(grid, GRID_STREAM)
        self._handle, self._written = None, False

    def latents(self, n, stream):
        """Return z, float32 (n, latent_dim), from one of the run's own random streams."""
        return latents(self.seed, n, self.latent_dim, stream, self._draw_latents)

    @property
    def finished(self):
        return self.step == self.steps

    def __iter__(self):
        if self.finished and self._written:
            raise CourseError("This run is finished. Run the cells that make its networks and the run once more.")
        if self.step == 0:
            self._begin()
        self._metrics.unlink(missing_ok=True)  # written last: while it is missing, the other files are not complete
        for values in self.history.values():  # a loop that broke off within a step is taken up where that step began
            del values[self.step :]
        with FirstInterrupt() as interrupted, Progress(self.step, self.steps) as progress:
            try:
                while not self.finished and not interrupted:
                    started = time.perf_counter()
                    self._logged = {}
                    yield next(self.batches)
                    self._end_step(time.perf_counter() - started)
                    progress.show(self.step, self._logged)
                self._save_checkpoint()  # first of all files, so that none can cost it
            except BaseException:  # also one in the loop's body: it goes on to the reader, whatever the disk says
                with contextlib.suppress(OSError):
                    self._write_history()
                raise
        self._write_artefacts()
        if not self.finished:
            print(
                f"Interrupted after step {self.step:,} of {self.steps:,}; everything is saved in {self.folder}. "
                "Run this cell again to go on; after a restart of the kernel, Run(..., resume=True) continues there."
            )

    def log(self, **losses):
        """Record the losses of this step: numbers, or scalar tensors of any framework.

        Raises
        ------
        DivergedError
            If one is NaN or infinite.
        """
        for name, value in losses.items():
            # item(): PyTorch warns when float() takes a tensor that is part of a graph
            self._logged[name] = float(value.item() if hasattr(value, "item") else value)
            self.history.setdefault(name, []).append(self._logged[name])
        for name, value in self._logged.items():
            if not math.isfinite(value):
                raise DivergedError(
                    f"{name} is {value} at step {self.step + 1:,}, so the run stops here. {self._last_good()} Usual causes: "
                    "a learning rate that is too high, a logarithm or a division of 0, a sigmoid before a loss that takes logits."
                )

    def _last_good(self):
        kept = self._path.exists()
        return f"The last good checkpoint is kept in {self._path}." if kept else "There is no checkpoint yet."

    @property
    def _path(self):
        return self.folder / "checkpoint.safetensors"

    @property
    def _metrics(self):
        return self.folder / "metrics.json"

    def _begin(self):
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(
                f"The folder {self.folder} can't be made ({error.strerror}). Set {RUNS} to a folder that can be written."
            ) from error
        checkpoint.prepare(self._path, self.state)
        if self._path.exists() and self._resumes():
            return
        self._path.unlink(missing_ok=True)
        self._preview()

    def _resumes(self):
        """Go on from the checkpoint if that was asked for and something is left to do; else say what is replaced."""
        try:
            facts, tables, saved = checkpoint.read(self._path)
        except CheckpointError:
            if self.resume:
                raise
            # an intact one would be replaced, too: nobody who starts afresh has to clear up first
            print(
                f"{self._path}, left by an earlier run, can't be read (damaged, or of another version) and is replaced."
            )
            return False
        unfinished = facts["step"] < facts["run"]["steps"]
        if self.resume and (unfinished or not self._metrics.exists()):
            self._restore(facts, tables, saved)
            return True
        if unfinished:
            print(f"An unfinished run of {facts['step']:,} steps is replaced; Run(..., resume=True) would continue it.")
        return False

    def _end_step(self, seconds):
        if not self._logged:
            raise CourseError(f"Step {self.step + 1:,} ended without run.log(...): log the losses of every step.")
        self.step += 1
        self.seconds += seconds
        if self.step % self.preview_every == 0 or self.finished:
            self._preview()
        if self.step % self.checkpoint_every == 0 and not self.finished:
            self._save_checkpoint()

    def _preview(self):
        """Redraw the samples of the fixed noise in place, so that one picture stays in the notebook."""
        pixels = self.frame(self.sample(self._grid_z))
        self.frames.append(pixels)
        self.frame_steps.append(self.step)
        title = f"step {self.step:,} of {self.steps:,}"
        scale = max(1, SHOWN_WIDTH // pixels.shape[1])
        shown = plots.show_array(pixels, title=title, alt=f"{self.alt} Shown: {title}.", scale=scale)
        if self._handle is None:
            from IPython.display import display

            self._handle = display(shown, display_id=True)
        else:
            self._handle.update(shown)

    def _identity(self):
        return {"lesson": self.lesson, "budget": self.budget, "seed": self.seed, "steps": self.steps, "data": self.data}

    def _origin(self):
        """What a checkpoint must agree with: one half of a run by other code is no run."""
        return {**self._identity(), "course": gan_course.__version__}

    def _save_checkpoint(self):
        facts = {
            "run": self._origin(),
            "step": self.step,
            "seconds": self.seconds,
            "batches": self.batches.state(),
            "frame_steps": self.frame_steps,
        }
        tables = {f"history/{name}": np.array(values) for name, values in self.history.items()}
        tables["frames"] = np.array(self.frames)
        checkpoint.save(self._path, self.state, facts, tables)

    def _restore(self, facts, tables, saved):
        here, there = self._origin(), facts["run"]
        changed = [
            f"{key} was {there.get(key)!r}, is {value!r}" for key, value in here.items() if there.get(key) != value
        ]
        if changed:
            raise CheckpointError(f"{self._path} is of another run: {'; '.join(changed)}. {checkpoint.AFRESH}")
        before = self.batches.state()
        try:
            self.batches.restore(facts["batches"])
        except ValueError as error:
            raise CheckpointError(f"{self._path} is of another run: {error} {checkpoint.AFRESH}") from error
        try:
            checkpoint.restore(self._path, self.state, saved)
        except CheckpointError:
            self.batches.restore(before)
            raise
        self.step, self.seconds, self.frame_steps = facts["step"], facts["seconds"], facts["frame_steps"]
        self.frames = list(tables.pop("frames"))
        self.history = {name.removeprefix("history/"): table.tolist() for name, table in tables.items()}
        print(f"Resumed after step {self.step:,} of {self.steps:,}.")

    def _write_history(self):
        steps = range(1, max(map(len, self.history.values()), default=0) + 1)
        with open(self.folder / "history.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["step", *self.history])
            writer.writerows(zip(steps, *self.history.values(), strict=False))

    def _write_artefacts(self):
        samples = self.samples(64 if self.budget == "smoke" else 10_000)
        metrics = {
            **self._identity(),
            "steps_done": self.step,
            "finished": self.finished,
            "device": self.device,
            "seconds": round(self.seconds, 1),
            "seconds_per_step": round(self.seconds / max(1, self.step), 5),
            "samples": len(samples),
            "versions": versions(),
        }
        try:
            self._write_history()
            np.savez_compressed(self.folder / "samples.npz", samples=samples)
            (self.folder / "replay.html").write_text(self.replay().html(), encoding="utf-8")
            self._metrics.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise CourseError(
                f"The run's files could not be written to {self.folder}: {error.strerror or error}. Its checkpoint is "
                "safe there. Free some space and run this cell again: no step is lost or repeated."
            ) from error
        self._written = True

    def samples(self, n):
        """Return n samples of the generator as it is now, from a noise stream of their own.

        Returns
        -------
        numpy.ndarray
            As ``sample`` makes them: uint8 (n, height, width) for images.
        """
        z = self.latents(n, SAMPLE_STREAM)
        return np.concatenate([self.sample(z[start : start + 1000]) for start in range(0, n, 1000)])

    def judge(self, bars, recorded=()):
        """Judge this finished run against a lesson's bars: see :func:`gan_course.verdict.judge_run`."""
        return judge_run(self, bars, recorded)

    def replay(self):
        """Return the previews as a :class:`gan_course.replay.Replay`."""
        return Replay(self.frames, self.frame_steps, alt=self.alt, scale=SHOWN_WIDTH / self.frames[0].shape[1])
