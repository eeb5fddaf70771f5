"""A task of each kind goes through Run, record, verdict and replay, and nothing else has to know of it."""

import json
from dataclasses import replace

import nbformat
import needs
import numpy as np
import pytest
import torch

from gan_course import data, plots, record, tasks, yardstick
from gan_course.data import Batches
from gan_course.run import Run
from gan_course.tasks.stacked import mode_counts
from gan_course.tasks.task import generate

STEPS = 6
DISTANCE = tasks.Score("distance", "distance, of means", ".3f", "lower", 0.0, headline=True)


def toy(inputs, frame, target, name):
    """A task whose samples should have the mean of ``target(inputs)``."""

    def evaluate(samples, inputs):
        return {"distance": float(abs(np.mean(samples) - np.mean(target(inputs))))}

    return tasks.Task(name, inputs, frame, evaluate, (DISTANCE,), data=name, samples=1_100)


def as_pixels(numbers):
    return np.clip(np.rint(numbers), 0, 255).astype(np.uint8)


# Each kind: its task, the real data in batches, and how a generator with one weight, w, makes samples of its inputs.
COLOUR = (6, 9, 3)  # not square


def points():
    ring = data.ring()
    return tasks.ring(ring), ring.sample(50, np.random.default_rng(0)), lambda w, z: z * w


def grey_digits():
    task = toy(lambda rng, n: rng.standard_normal((n, 2)), plots.tile, lambda z: 100, "grey")
    return task, np.full((50, 8, 8), 100.0), lambda w, z: as_pixels(np.full((len(z), 8, 8), w))


def colour():
    task = toy(lambda rng, n: rng.standard_normal((n, 2)), plots.tile, lambda z: 100, "colour")
    return task, np.full((50, *COLOUR), 100.0), lambda w, z: as_pixels(np.full((len(z), *COLOUR), w))


def translation():
    sources = np.random.default_rng(0).integers(0, 100, (40, *COLOUR))

    def beside(pictures):
        return plots.tile(pictures, columns=5)

    task = toy(lambda rng, n: sources[rng.integers(40, size=n)], beside, lambda x: x + 50.0, "pairs")
    return task, (sources.astype(float), sources + 50.0), lambda w, x: as_pixels(x + w)


def labels():
    def inputs(rng, n):
        return rng.standard_normal((n, 2)), np.arange(n) % 10

    task = toy(inputs, plots.tile, lambda pair: 10.0 * pair[1], "labels")
    return (
        task,
        (np.zeros((50, 4, 4)), np.arange(50) % 10),
        lambda w, z, y: as_pixels(np.full((len(z), 4, 4), 0.5) * y[:, None, None] * w),
    )


def sequences():
    def text(tokens):  # a row a sequence, a grey a token
        return (60 * tokens[:20]).astype(np.uint8)

    task = toy(lambda rng, n: rng.standard_normal((n, 5)), text, lambda z: 2, "sequences")
    return task, np.full((50, 5), 2), lambda w, z: np.full((len(z), 5), np.int64(min(w, 3)))


KINDS = {kind.__name__: kind for kind in (points, grey_digits, colour, translation, labels, sequences)}


def run_of(kind, budget="smoke", **options):
    task, real, draw = KINDS[kind]()
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([weight], lr=1.0)

    def sample(*inputs):
        return draw(weight.item(), *inputs)

    run = Run(
        f"97_{kind}",
        task=task,
        budget=budget,
        seed=0,
        steps=STEPS,
        batches=Batches(real, 10, np.random.default_rng(0)),
        state={"weight": weight, "optimiser": optimiser},
        sample=sample,
        grid=20,
        **options,
    )
    return run, optimiser, weight


def train(run, optimiser, weight, until=STEPS):
    for _ in run:
        loss = (weight - 3).square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        run.log(loss=loss)
        if run.step + 1 == until < STEPS:
            raise InterruptedError


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_trained_resumed_judged_and_replayed(kind, runs):
    run, *parts = run_of(kind, budget="laptop", checkpoint_every=2)
    with pytest.raises(InterruptedError):
        train(run, *parts, until=5)
    run, *parts = run_of(kind, budget="laptop", resume=True)
    assert run.step == 0
    train(run, *parts)
    frame = run.preview.frames[-1]
    assert run.preview.steps == list(range(STEPS + 1)) and frame.dtype == np.uint8
    assert (frame.ndim == 3) == (kind in ("points", "colour", "translation"))
    assert "gan-replay" in run.replay().html()
    samples = np.load(run.folder / "samples.npz")["samples"]
    assert len(samples) == run.task.samples and np.array_equal(samples, run.samples(len(samples)))
    key = run.task.scores[0].key
    verdict = run.judge({key: (">=", -1)})
    assert verdict.passed and verdict.rows[0].value == run.task.evaluate(samples, run.inputs(len(samples), 2))[key]
    reached = json.loads((run.folder / "metrics.json").read_text())["reached"]
    assert reached.startswith(run.task.scores[0].label.partition(",")[0])


def test_each_kind_is_recorded(runs, tmp_path, monkeypatch):
    source = """
import test_tasks
RECIPES = {kind.replace("_", "-"): {"label": kind, "task": make()[0]} for kind, make in test_tasks.KINDS.items()}
task, STEPS = None, {"smoke": 2}


def train_recipe(settings, seed, steps):
    yield 1, {"generator": settings["label"]}
    yield steps, {"generator": settings["label"]}


def draw(kind, *inputs):
    return test_tasks.KINDS[kind]()[2](2, *inputs)
"""
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["recipe"]})
    path = tmp_path / "97_tasks.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    for kind, make in KINDS.items():
        task, _, draw = make()
        rows = record.record_one(path, "smoke", kind.replace("_", "-"), 3)
        assert [row["step"] for row in rows] == [1, 2] and list(rows[0])[4:] == [score.key for score in task.scores]
        inputs = task.draw_inputs(3, task.samples, 2)
        expected = task.evaluate(generate(lambda *part, draw=draw: draw(2, *part), inputs), inputs)
        assert rows[0][task.scores[0].key] == round(expected[task.scores[0].key], 5)


# The tasks of the package


@pytest.fixture
def judged(monkeypatch):
    """A yardstick that says what the test wants, and remembers what it was asked."""
    asked = []

    class Report(dict):
        scores = property(lambda self: dict(self))
        test = {"nearest_median": 4.0}

    def judge(samples, data, labels):
        asked.append((data, labels))
        made = {"class_histogram": [0.2, 0.05], "nearest_median": 6.0, "conditional_accuracy": 0.5}
        plain = {score.key: 1.0 for score in tasks.digits(1).scores if score.key not in ("least_frequent",)}
        return Report(plain | made)

    def look(samples, data):  # nine of ten are sure, one of ten isn't
        sure = np.where(np.arange(len(samples)) % 10, 0.951, 0.95)
        return None, np.stack([sure, 1 - sure], axis=1)

    monkeypatch.setattr(yardstick, "judge", judge)
    monkeypatch.setattr(yardstick, "look", look)
    return asked


@pytest.mark.parametrize("data", ["mnist", "fashion"])
def test_pictures_are_judged_by_the_yardstick_of_their_data_set(judged, data):
    task = tasks.digits(2, data=data)
    values = task.evaluate(np.zeros((1000, 28, 28), np.uint8), None)
    assert values.keys() == {score.key for score in task.scores}
    assert (values["least_frequent"], values["share_over_95"], values["nearest_of_test"]) == (0.05, 0.9, 1.5)
    assert judged == [(data, None)]


def test_labelled_digits_are_judged_by_the_labels_asked_for(judged):
    task = tasks.labelled_digits(2)
    inputs = task.draw_inputs(0, 1000, 2)
    assert task.evaluate(np.zeros((1000, 28, 28), np.uint8), inputs)["conditional_accuracy"] == 0.5
    assert np.array_equal(judged[0][1], inputs[1])


@pytest.fixture
def classes(judged, monkeypatch):
    """A classifier that takes a picture's first pixel for its class; ``judged`` is for the other scores."""

    def look(samples, data):
        return None, np.eye(10)[samples[:, 0, 0]]

    monkeypatch.setattr(yardstick, "look", look)
    return judged


def stacks_of(pairs, repeat):
    """Stacks, uint8 (n, 2, 28, 28), whose pictures have these pairs of classes in their first pixels."""
    stacks = np.zeros((len(pairs) * repeat, 2, 28, 28), np.uint8)
    stacks[:, :, 0, 0] = np.repeat(np.array(pairs), repeat, axis=0)
    return stacks


def test_stacks_are_judged_by_their_pairs_of_classes(classes):
    task = tasks.stacked(2)
    every = [(first, second) for first in range(10) for second in range(10)]
    even = task.evaluate(stacks_of(every, 2), None)
    assert even["modes_covered"] == 100 and abs(even["mode_kl"]) < 1e-9
    doubles = task.evaluate(stacks_of([(digit, digit) for digit in range(10)], 4), None)
    assert doubles["modes_covered"] == 10 and np.isclose(doubles["mode_kl"], np.log(10))
    turned = mode_counts(stacks_of([(3, 7)], 5))
    assert turned[3, 7] == 5 and turned.sum() == 5
    assert classes == [("mnist", None)] * 2
    assert even.keys() == {score.key for score in task.scores}


def test_a_stack_is_shown_as_one_picture_of_two_colours():
    stacks = np.zeros((1, 2, 28, 28), np.uint8)
    stacks[0, 0, 1, 2], stacks[0, 1, 5, 6] = 200, 100
    frame = tasks.stacked(2).frame(stacks)
    assert frame.shape == (28, 28, 3) and frame[1, 2].tolist() == [200, 0, 0] and frame[5, 6].tolist() == [0, 100, 100]


@needs.data("mnist")
def test_real_stacks_are_even_and_doubles_show_in_the_shares_of_modes_alone():
    images, labels = data.load("mnist", strict=True)
    rng = np.random.default_rng(0)
    task = tasks.stacked(2)
    shares = mode_counts(images[rng.permutation(60_000)[:20_000]].reshape(-1, 2, 28, 28)) / 10_000
    assert np.sum(shares * np.log(shares * 100)) == pytest.approx(task.score("mode_kl").real, abs=0.002)
    same = [images[labels == digit][:2_000].reshape(-1, 2, 28, 28) for digit in range(10)]
    doubles = task.evaluate(rng.permutation(np.concatenate(same)), None)
    assert doubles["mode_kl"] > np.log(10) - 0.1
    assert doubles["frechet_over_floor"] < 1.5


def test_the_embedded_digits_have_no_yardstick_and_their_task_is_mnists():
    assert (tasks.digits(2, data="digits").data, tasks.digits(2).data, tasks.digits(2).judged) == (
        "mnist",
        "mnist",
        True,
    )


def test_real_data_reaches_what_the_scores_say():
    real = {score.key: score.real for score in tasks.labelled_digits(1).scores}
    assert real["frechet_over_floor"] == real["coverage_of_real"] == 1
    assert 0.08 < real["least_frequent"] < 0.1 and 0.99 < real["conditional_accuracy"] < 1


@pytest.mark.parametrize("toy", [data.ring(), data.grid()])
def test_points_of_the_toy_itself_reach_what_the_scores_say(toy):
    task = tasks.ring(toy)
    values = task.evaluate(toy.sample(task.samples, np.random.default_rng(0)), None)
    real = {score.key: score.real for score in task.scores}
    assert values["modes_covered"] == real["modes_covered"] == len(toy.modes)
    assert values["high_quality"] == pytest.approx(real["high_quality"], abs=0.01)
    assert values["reverse_kl"] == pytest.approx(real["reverse_kl"], abs=0.01)
    assert (task.data, task.frame(toy.modes).shape[2]) == (toy.name, 3)


# Scores


def test_a_score_is_written_said_and_spanned():
    score = tasks.Score("coverage", "coverage, of real data's", ".1%", "higher")
    assert (score.write(0.8832), score.say(0.8832)) == ("88.3%", "coverage 88.3% of real data's")
    assert score.span([0.5, 0.75, 0.25]) == "75.0% to 25.0%" and score.span([0.5, 0.5]) == "50.0%"
    assert replace(score, better="lower").span([0.5, 0.75, 0.25], ".2f") == "0.25 to 0.75"


def test_a_direction_of_another_name_is_refused():
    with pytest.raises(ValueError, match="'up'; choose"):
        tasks.Score("coverage", "coverage", better="up")


@pytest.mark.parametrize("n", [1, 999, 1000, 2500])
def test_samples_are_generated_in_parts(n):
    sizes = []

    def sample(x, y):
        sizes.append(len(x))
        return x + y

    inputs = np.arange(n), 2 * np.arange(n)
    assert np.array_equal(generate(sample, inputs), 3 * np.arange(n))
    assert max(sizes) <= 1000 and sum(sizes) == n
