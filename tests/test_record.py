"""Recordings: made from a lesson's own cells, resumable, and read back as numbers."""

import json

import nbformat
import numpy as np
import pytest

from gan_course import lessons, record, yardstick
from gan_course.errors import CourseError

RECIPE = """
import numpy as np
RECIPES = {"a": {"grey": 10}, "b": {"grey": 20}}
STEPS = {"smoke": 6, "laptop": 60, "full": 600}
latent_dim = 2


def train_recipe(recipe, seed, steps):
    for step in (steps // 2, steps):
        yield step, {"generator": recipe["grey"] + seed + step}


def draw(network, z):
    return np.full((len(z), 28, 28), network, np.uint8)
"""


@pytest.fixture
def lesson(tmp_path, monkeypatch, runs):
    cells = [
        nbformat.v4.new_code_cell(RECIPE, metadata={"tags": ["recipe"]}),
        nbformat.v4.new_code_cell("raise AssertionError('no recipe cell')"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "98_test.ipynb")
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    return tmp_path / "98_test.ipynb"


@pytest.fixture
def judged(monkeypatch):
    """A yardstick that scores samples by their grey, and remembers what it was shown."""
    shown = []

    class Report:
        def __init__(self, samples, labels=None):
            shown.append(samples.shape)
            made_here = {"least_frequent", "share_over_95", "conditional_accuracy"}
            self.scores = dict.fromkeys(set(record.SCORES) - made_here, float(samples[0, 0, 0]))
            if labels is not None:
                self.scores["conditional_accuracy"] = np.mean(labels == np.arange(len(labels)) % 10)

        def __getitem__(self, name):
            return [0.25, 0.05]

    def look(samples):  # nine of ten are sure, one of ten isn't
        probabilities = np.full((len(samples), 2), 0.95)
        probabilities[len(samples) // 10 :, 0] = 0.96
        return None, probabilities

    monkeypatch.setattr(yardstick, "judge", Report)
    monkeypatch.setattr(yardstick, "look", look)
    return shown


def test_only_recipe_cells_are_run(lesson):
    assert record.load(lesson, "smoke")["RECIPES"]["b"] == {"grey": 20}


def test_a_lesson_without_recipes_says_what_is_missing(lesson):
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells[0].source = "RECIPES = {}"
    nbformat.write(notebook, lesson)
    with pytest.raises(CourseError, match="STEPS, draw, latent_dim, train_recipe"):
        record.load(lesson, "smoke")


def test_one_recording_has_a_row_for_each_network_and_time(lesson, judged):
    rows = record.record_one(lesson, "smoke", "b", 1)
    assert [(row["recipe"], row["seed"], row["step"], row["frechet_over_floor"]) for row in rows] == [
        ("b", 1, 3, 24.0),
        ("b", 1, 6, 27.0),
    ]
    assert rows[0]["least_frequent"] == 0.05
    assert judged == [(10_000, 28, 28)] * 2


def test_labels_that_are_asked_for_are_judged(lesson, judged):
    assert "conditional_accuracy" not in record.record_one(lesson, "smoke", "a", 0)[0]
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells[0].source += """


def draw_latents(rng, n):
    return np.column_stack([rng.standard_normal((n, 2)), np.arange(n) % 10]).astype(np.float32)


def labels_of(z):
    return z[:, 2].astype(np.int64)
"""
    nbformat.write(notebook, lesson)
    assert record.record_one(lesson, "smoke", "a", 0)[0]["conditional_accuracy"] == 1.0


def test_a_recipe_may_have_its_own_latent_dim(lesson, judged):
    notebook = nbformat.read(lesson, as_version=4)
    source = notebook.cells[0].source.replace('{"grey": 20}', '{"grey": 20, "latent_dim": 5}')
    notebook.cells[0].source = source.replace("28), network,", "28), z.shape[1],")
    nbformat.write(notebook, lesson)
    greys = [record.record_one(lesson, "smoke", recipe, 0)[0]["frechet_over_floor"] for recipe in "ab"]
    assert greys == [2, 5]


def test_a_recording_is_resumed_and_read_back(lesson, judged, monkeypatch):
    done = []

    def run(command, env, check):
        assert env["OMP_NUM_THREADS"] == "1" and check
        recipe, seed, file = command[-3:]
        done.append((recipe, seed))
        if len(done) == 3:
            raise KeyboardInterrupt
        with open(file, "w") as out:
            json.dump(record.record_one(lesson, "smoke", recipe, int(seed)), out)

    monkeypatch.setattr(record.subprocess, "run", run)
    with pytest.raises(KeyboardInterrupt):
        record.record(lesson, "smoke", seeds=(0, 1), processes=1)
    record.record(lesson, "smoke", seeds=(0, 1), processes=1)
    assert done.count(("a", "0")) == 1  # was there already
    rows, facts = record.recorded("98_test")
    assert {(row["recipe"], row["seed"]) for row in rows} == {("a", 0), ("b", 0), ("a", 1), ("b", 1)}
    scores = dict.fromkeys(record.SCORES[:-1], 13.0) | {"least_frequent": 0.05, "share_over_95": 0.9}
    assert rows[0] == {"recipe": "a", "network": "generator", "seed": 0, "step": 3} | scores
    assert (facts["seeds"], facts["samples"], facts["budget"]) == ([0, 1], 10_000, "smoke")
    assert set(facts["seconds_per_step"]) == {"a", "b"}


def test_the_first_look_starts_the_clock_and_the_least_time_counts(lesson, monkeypatch):
    in_turn = [0.5, 0.75, 0.25, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0]  # seconds per step: of a, of b, of a, ...
    assert len(in_turn) == 2 * record.ROUNDS
    looks = [(50.0, 50.0 + seconds * record.TIMED_STEPS / 2) for seconds in in_turn]  # after 50 s of compiling
    now = iter([moment for pair in looks for moment in pair])
    monkeypatch.setattr(record.time, "perf_counter", lambda: next(now))
    assert record.seconds_per_step(lesson, "smoke") == {"a": 0.25, "b": 0.5}


def test_a_recipe_that_yields_once_cannot_be_timed(lesson):
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells[0].source = notebook.cells[0].source.replace("(steps // 2, steps)", "(steps,)")
    nbformat.write(notebook, lesson)
    with pytest.raises(CourseError, match="yields but once"):
        record.seconds_per_step(lesson, "smoke")


def test_a_recipe_may_have_fewer_seeds(lesson, judged, monkeypatch):
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells[0].source = notebook.cells[0].source.replace('{"grey": 20}', '{"grey": 20, "seeds": [1]}')
    nbformat.write(notebook, lesson)

    def run(command, env, check):
        recipe, seed, file = command[-3:]
        with open(file, "w") as out:
            json.dump(record.record_one(lesson, "smoke", recipe, int(seed)), out)

    monkeypatch.setattr(record.subprocess, "run", run)
    record.record(lesson, "smoke", seeds=(0, 1))
    rows, _ = record.recorded("98_test")
    assert {(row["recipe"], row["seed"]) for row in rows} == {("a", 0), ("a", 1), ("b", 1)}


def test_changed_recipes_are_recorded_anew(lesson, judged, monkeypatch):
    before = record.provenance.code_hash(record.recipe_cells(lesson))
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells[1].source = "other = 1"
    assert record.provenance.code_hash(record.recipe_cells(lesson)) == before
    notebook.cells[0].source += "\nlatent_dim = 3"
    nbformat.write(notebook, lesson)
    assert record.provenance.code_hash(record.recipe_cells(lesson)) != before


def test_recipes_that_change_meanwhile_stop_a_recording(lesson, judged, monkeypatch):
    def run(command, env, check):
        notebook = nbformat.read(lesson, as_version=4)
        notebook.cells[0].source += "\nlatent_dim = 3"
        nbformat.write(notebook, lesson)

    monkeypatch.setattr(record.subprocess, "run", run)
    with pytest.raises(CourseError, match="98_test.ipynb changed while they were recorded"):
        record.record(lesson, "smoke", seeds=(0,), processes=1)
    assert not record.RESULTS.exists()


def test_results_of_other_recipes_are_noted(lesson):
    assert record.older_recipe(lesson) is None  # nothing recorded
    record.RESULTS.mkdir()
    facts = record.RESULTS / "98_test.json"
    facts.write_text(json.dumps({"recipe_sha256": record.provenance.code_hash(record.recipe_cells(lesson))}))
    assert record.older_recipe(lesson) is None
    facts.write_text(json.dumps({"recipe_sha256": "another"}))
    assert "other recipe cells" in record.older_recipe(lesson)


def test_nothing_recorded_says_how_to_record(lesson):
    with pytest.raises(CourseError, match="gan_course record 98_test"):
        record.recorded("98_test")


def test_the_recorded_results_are_of_the_seeds_and_steps_that_they_claim():
    for file in sorted((lessons.ROOT / "results").glob("*.json")):
        rows, facts = record.recorded(file.stem)
        assert {row["seed"] for row in rows} == set(facts["seeds"]) and len(facts["seeds"]) >= 3
        for recipe in facts["seconds_per_step"]:
            mine = [row for row in rows if row["recipe"] == recipe]
            looks = {(row["network"], row["step"]) for row in mine}
            seeds = {row["seed"] for row in mine}  # a recipe may have fewer than the others
            assert len(seeds) >= 3 and len(mine) == len(looks) * len(seeds)
        assert all(np.isfinite(value) for row in rows for value in row.values() if not isinstance(value, str))
