"""A lesson's own training, interrupted halfway and resumed, ends as in one go: bit for bit."""

import signal

import nbformat
import numpy as np
import pytest

from gan_course import checkpoint, lessons
from gan_course.run import folder_of

CELLS = {  # what of a lesson is needed to train as it does
    "03": "onednn imports setting scale networks discriminator update-d update-g adam draw average ours players run loop",
    "04": "onednn imports setting ranges discriminator generator counts recipe compile-pair make-pair updates average"
    " our-recipe players look run loop",
    "05": "imports setting article-networks losses r1 scale generator discriminator update-d update-g"
    " average tools settings players make-ours run loop",
    "06": "imports setting scale label-rows article-networks article-discriminator update-d update-g tools draw"
    " concat-generator concat-discriminator discriminator cbn generator settings make-players players run loop",
}
SEED, HALF = 5, 6


def train(number, interrupt=False):
    """Run a lesson's training at smoke, in names of its own; return what its last checkpoint holds."""
    path = lessons.find(number)
    sources = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    if interrupt:
        press = f"    if run.step == {HALF - 1}:\n        signal.raise_signal(signal.SIGINT)\n    run.log("
        assert "    run.log(" in sources["loop"]
        sources["loop"] = sources["loop"].replace("    run.log(", press, 1)
    names = {"budget": "smoke", "seed": SEED, "signal": signal}
    for name in CELLS[number].split():
        exec(compile(sources[name], name, "exec"), names)
    return checkpoint.read(folder_of(path.stem, "smoke", SEED) / "checkpoint.safetensors")


@pytest.mark.parametrize("number", CELLS)
def test_a_lesson_resumes_exactly(number, runs, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_RUNS", str(runs / "whole"))
    facts, _, whole = train(number)
    monkeypatch.setenv("GAN_COURSE_RUNS", str(runs / "halves"))
    assert train(number, interrupt=True)[0]["step"] == HALF
    monkeypatch.setenv("GAN_COURSE_RESUME", "1")
    resumed_facts, _, resumed = train(number)
    assert resumed_facts["step"] == facts["step"] > HALF
    assert resumed_facts["batches"] == facts["batches"]
    assert whole.keys() == resumed.keys()
    for name, values in whole.items():
        assert values.keys() == resumed[name].keys()
        for key, value in values.items():
            assert np.array_equal(value, resumed[name][key]), f"{name}/{key}"
