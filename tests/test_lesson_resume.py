"""A lesson's own training, interrupted halfway and resumed, ends as in one go: bit for bit.

What a lesson needs to train is said by its cells' tags: those tagged ``recipe`` or ``train`` are run, in order, up to
the last one tagged ``train``.
"""

import signal

import nbformat
import numpy as np
import pytest
from hygiene import runs_of
from needs import lesson_params

from gan_course import checkpoint, lessons
from gan_course.run import Run

SEED, HALF = 5, 6
TRAINED = [path for path in lessons.all_lessons() if runs_of(nbformat.read(path, as_version=4))]


def training_cells(path):
    """Return the sources of the cells that a lesson's own training needs (list of str)."""
    cells = nbformat.read(path, as_version=4).cells
    tags = [cell.metadata.get("tags", []) for cell in cells]
    last = max((n for n in range(len(cells)) if "train" in tags[n]), default=-1)
    return [cell.source for cell, own in zip(cells[: last + 1], tags, strict=False) if {"recipe", "train"} & set(own)]


def train(path):
    """Run a lesson's training at smoke, in names of its own; return what the last run's checkpoint holds."""
    names = {"budget": "smoke", "seed": SEED, "dataset": "mnist"}
    for number, source in enumerate(training_cells(path)):
        exec(compile(source, f"{path.stem}, cell {number}", "exec"), names)
    last = [value for value in names.values() if isinstance(value, Run)][-1]
    return checkpoint.read(last.folder / "checkpoint.safetensors")


def interrupted_log(run, *, log=Run.log, **losses):
    """Log as ever, and interrupt the run halfway, once, as the stop button does."""
    if run.step == HALF - 1 and not hasattr(run, "stopped"):
        run.stopped = True
        signal.raise_signal(signal.SIGINT)
    log(run, **losses)


@pytest.mark.parametrize("path", lesson_params(TRAINED))
def test_a_lesson_resumes_exactly(path, runs, monkeypatch):
    assert training_cells(path), "tag the cells that its main training needs `train` (CONTRIBUTING, Adding a lesson)"
    monkeypatch.setenv("GAN_COURSE_RUNS", str(runs / "whole"))
    facts, _, whole = train(path)
    monkeypatch.setenv("GAN_COURSE_RUNS", str(runs / "halves"))
    with monkeypatch.context() as patch:
        patch.setattr(Run, "log", interrupted_log)
        assert train(path)[0]["step"] == HALF
    monkeypatch.setenv("GAN_COURSE_RESUME", "1")
    resumed_facts, _, resumed = train(path)
    assert resumed_facts["step"] == facts["step"] > HALF
    assert resumed_facts["batches"] == facts["batches"]
    assert whole.keys() == resumed.keys()
    for name, values in whole.items():
        assert values.keys() == resumed[name].keys()
        for key, value in values.items():
            assert np.array_equal(value, resumed[name][key]), f"{name}/{key}"
