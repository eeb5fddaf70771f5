"""The training loop's bookkeeping, as an iterator: the updates stay in the lesson.

A run knows no framework. It hands out batches, counts steps, shows progress and a preview
that is redrawn in place, keeps the history, stops at a NaN or infinite loss, ends cleanly
when the kernel is interrupted, writes checkpoints, and leaves its artefacts behind:

``samples.npz``, ``history.csv``, ``metrics.json``, ``replay.html``, ``checkpoint.safetensors``
"""

import contextlib
import csv
import json
import math
import operator
import os
import time
from pathlib import Path

import numpy as np

import gan_course
from gan_course import budget as budgets
from gan_course import checkpoint
from gan_course.errors import CheckpointError, CourseError, DivergedError
from gan_course.interrupt import FirstInterrupt
from gan_course.preview import Preview
from gan_course.progress import Progress
from gan_course.provenance import versions
from gan_course.tasks.task import PREVIEW_STREAM, SAMPLE_STREAM, generate
from gan_course.verdict import judge_run

RUNS, RESUME = "GAN_COURSE_RUNS", "GAN_COURSE_RESUME"
SMOKE_PREVIEWS, SMOKE_SAMPLES = 4, 64  # more would take longer than the training
BLOCK = 50  # steps whose losses may wait on the device, until they are turned into numbers together


def folder_of(lesson, budget, seed):
    """Return the folder of a run's artefacts: ``$GAN_COURSE_RUNS`` or ``runs``, then lesson and run.

    ``"02_mlp_gan/ring"`` names a part of a lesson, which gets a folder of its own inside the run's.
    """
    name, *part = lesson.split("/")
    return Path(os.environ.get(RUNS) or "runs", name, f"{budget}-seed{seed}", *part)


class Run:
    """Iterate over the batches of a training run: ``for real in run: ...; run.log(...)``.

    Parameters
    ----------
    lesson : str
        The lesson's file name without ending; ``"02_mlp_gan/ring"`` for a part of it.
    task : gan_course.tasks.Task
        What is generated, and how it is judged.
    budget : str
        See :func:`gan_course.budget.resolve`.
    seed : int
        0 or more.
    steps : int
        How many to take, 1 or more.
    batches : iterator
        A :class:`gan_course.data.Batches`, or anything with ``state`` and ``restore`` as it has.
    state : dict
        Name to everything that a later step depends on: networks, optimisers, generators.
    sample : callable
        ``sample(*inputs)`` maps the task's inputs (``z``; ``z, y``; source pictures) to samples, an array with a
        row for each. It must draw in inference mode, and from no generator of the training.
    data : str, optional
        The name of the data that is trained on, where it isn't the task's.
    device : str
        Recorded with the results.
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
        Name to list of float, one value a step; NaN where a loss wasn't logged.
    folder : pathlib.Path
        Where the artefacts are.

    Raises
    ------
    CheckpointError
        If a checkpoint can't be written, read, or resumed by these objects. What an earlier run left
        is read only to be resumed: damaged, it doesn't stop a run that starts afresh.
    CourseError
        If a number is negative, 0 or not whole; or if the other files can't be written. The checkpoint is, and the
        loop can be run again.
    DivergedError
        At a loss that is NaN or infinite: from :meth:`log`, or for tensors on a GPU within 50 steps.
    """

    def __init__(
        self,
        lesson,
        *,
        task,
        budget,
        seed,
        steps,
        batches,
        state,
        sample,
        data=None,
        device="cpu",
        alt="Samples of the generator from fixed noise.",
        grid=50,
        previews=30,
        checkpoint_every=1000,
        resume=None,
    ):
        self.lesson, self.task, self.budget = lesson, task, budgets.resolve(budget)
        self.seed, self.steps = _whole("seed", seed, 0), _whole("steps", steps, 1)
        self.batches, self.state, self.sample = batches, state, sample
        self.data, self.device = data or task.data, str(device)
        previews, self.checkpoint_every = (
            _whole("previews", previews, 1),
            _whole("checkpoint_every", checkpoint_every, 1),
        )
        previews = min(previews, SMOKE_PREVIEWS) if self.budget == "smoke" else previews
        self.preview_every = max(1, self.steps // previews)
        self.preview = Preview(task.frame, alt)
        self.resume = os.environ.get(RESUME) == "1" if resume is None else resume
        self.folder = folder_of(lesson, self.budget, self.seed)
        self.step, self.seconds = 0, 0.0
        self._history, self._latest, self._waiting, self._logged = {}, {}, [], None
        self._shown = self.inputs(_whole("grid", grid, 1), PREVIEW_STREAM)
        self._written, self._diverged = False, False

    def inputs(self, n, stream):
        """Return what the generator is fed for n samples, from one of the run's own random streams.

        The run itself uses the streams 1 (the preview) and 2 (the samples that are kept and judged).
        """
        return self.task.draw_inputs(self.seed, n, stream)

    @property
    def finished(self):
        return self.step == self.steps

    @property
    def history(self):
        self._settle()
        return self._history

    def __iter__(self):
        if self._diverged:
            raise CourseError("This run has diverged. Run the cells that make its networks and the run once more.")
        if self.finished and self._written:
            raise CourseError("This run is finished. Run the cells that make its networks and the run once more.")
        if self.step == 0:
            self._begin()
        else:
            self.preview.begin(self.steps, self.preview.frames, self.preview.steps)
        self._metrics.unlink(missing_ok=True)  # written last: while it is missing, the other files are not complete
        with FirstInterrupt() as interrupted, Progress(self.step, self.steps) as progress:
            try:
                while not self.finished and not interrupted:
                    started = time.perf_counter()
                    self._logged = {}  # what a loop that broke off had logged in its last step is forgotten
                    yield self._next_batch()
                    self._end_step(started, progress)
                self._save_checkpoint()  # first of all files, so that none can cost it
            except BaseException:  # also one in the loop's body: it goes on to the reader, whatever the disk says
                with contextlib.suppress(OSError, DivergedError):
                    self._write_history()
                raise
            finally:
                self._logged = None
        self._write_artefacts()
        if not self.finished:
            print(
                f"Interrupted after step {self.step:,} of {self.steps:,}; everything is saved in {self.folder}. "
                "Run this cell again to go on; after a restart of the kernel, Run(..., resume=True) continues there."
            )

    def _next_batch(self):
        try:
            return next(self.batches)
        except StopIteration:
            raise CourseError(
                f"The batches ended after {self.step:,} of {self.steps:,} steps: they must go on for ever."
            ) from None

    def log(self, **losses):
        """Record the losses of this step: numbers, or scalar tensors of any framework.

        A tensor on a GPU is kept, and becomes a number some steps later, so that no step waits for the device. Of a
        name that is logged several times in a step, the last value counts.

        Raises
        ------
        DivergedError
            If one is NaN or infinite.
        CourseError
            Outside of the loop.
        """
        if self._logged is None:
            raise CourseError("run.log(...) belongs into the loop: `for batch in run: ...`.")
        self._logged |= {name: _kept(value) for name, value in losses.items()}
        if not all(math.isfinite(value) for value in self._logged.values() if isinstance(value, float)):
            self._waiting.append((self.step + 1, self._logged))
            self._settle()

    def _settle(self):
        """Turn the losses that wait into numbers of the history, and stop at the first that is NaN or infinite."""
        for step, losses in self._waiting:
            numbers = {name: _number(value) for name, value in losses.items()}
            for name in {**self._history, **numbers}:
                values = self._history.setdefault(name, [])
                values += [math.nan] * (step - len(values))
                values[step - 1] = numbers.get(name, math.nan)
            self._latest |= numbers
            for name, value in numbers.items():
                if not math.isfinite(value):
                    self._waiting.clear()
                    self.step, self._diverged = step - 1, True
                    raise DivergedError(
                        f"{name} is {value} at step {step:,}, so the run stops here. {self._last_good()} Usual causes: "
                        "a learning rate that is too high, a logarithm or a division of 0, a sigmoid before a loss that "
                        "takes logits."
                    )
        self._waiting.clear()

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
        self.preview.begin(self.steps)
        self._show()

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

    def _end_step(self, started, progress):
        if not self._logged:
            raise CourseError(f"Step {self.step + 1:,} ended without run.log(...): log the losses of every step.")
        self._waiting.append((self.step + 1, self._logged))
        self.step += 1
        preview = self.step % self.preview_every == 0 or self.finished
        save = self.step % self.checkpoint_every == 0 and not self.finished
        if preview or save or self.step % BLOCK == 0 or progress.due(self.step) or not self._on_device():
            self._settle()
        self.seconds += time.perf_counter() - started
        if preview:
            self._show()
        if save:
            self._save_checkpoint()
        progress.show(self.step, self._latest)

    def _on_device(self):
        return any(not isinstance(value, float) for value in self._logged.values())

    def _show(self):
        self.preview.show(generate(self.sample, self._shown), self.step)

    def _identity(self):
        return {"lesson": self.lesson, "budget": self.budget, "seed": self.seed, "steps": self.steps, "data": self.data}

    def _origin(self):
        """What a checkpoint must agree with to be resumed."""
        return {**self._identity(), "course": gan_course.__version__}

    def _save_checkpoint(self):
        facts = {
            "run": self._origin(),
            "step": self.step,
            "seconds": self.seconds,
            "batches": self.batches.state(),
            "frame_steps": self.preview.steps,
        }
        tables = {f"history/{name}": np.array(values) for name, values in self.history.items()}
        tables["frames"] = np.array(self.preview.frames)
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
        self.step, self.seconds = facts["step"], facts["seconds"]
        frames = list(tables.pop("frames"))
        self._history = {name.removeprefix("history/"): table.tolist() for name, table in tables.items()}
        print(f"Resumed after step {self.step:,} of {self.steps:,}.")
        self.preview.begin(self.steps, frames, facts["frame_steps"])

    def _write_history(self):
        history = self.history
        with open(self.folder / "history.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["step", *history])
            writer.writerows([step, *row] for step, row in enumerate(zip(*history.values(), strict=True), 1))

    def _write_artefacts(self):
        n = self.task.samples
        samples = self.samples(min(n, SMOKE_SAMPLES) if self.budget == "smoke" else n)
        metrics = {
            **self._identity(),
            "task": self.task.name,
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
        """Return n samples of the generator as it is now, as ``sample`` makes them, from a random stream of their own."""
        return generate(self.sample, self.inputs(n, SAMPLE_STREAM))

    def judge(self, bars, recorded=None, more=()):
        """Judge this run against a lesson's bars: see :func:`gan_course.verdict.judge_run`."""
        return judge_run(self, bars, recorded, more)

    def replay(self):
        """Return the previews as a :class:`gan_course.replay.Replay`."""
        return self.preview.replay()


def _whole(name, value, least):
    """Return a whole number (int), of whatever type of integer, or raise CourseError."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise CourseError(f"`{name}` is {value!r}: give a whole number, {least} or more.")
    return number


def _kept(value):
    """Return a logged value as a float, or as a tensor on its device, cut from its graph and safe from later changes."""
    if "cpu" in str(getattr(value, "device", "cpu")).lower():
        return _number(value)
    value = value.detach() if hasattr(value, "detach") else value
    return value.clone() if hasattr(value, "clone") else value


def _number(value):
    # item(): PyTorch warns when float() takes a tensor that is part of a graph
    return float(value.item() if hasattr(value, "item") else value)
