"""Recordings: made from a lesson's own cells, resumable, and read back as numbers."""

import json

import nbformat
import numpy as np
import pandas
import pytest
from filelock import FileLock

from gan_course import lessons, machine, plots, record, tasks
from gan_course.errors import CourseError

RECIPE = """
import numpy as np
from dataclasses import replace
from gan_course.tasks import Score, Task

RECIPES = {"a": {"grey": 10, "label": "A"}, "b-0.5": {"grey": 20, "label": "the other"}}
STEPS = {"smoke": 6, "laptop": 60, "full": 600}
SCORES = Score("distance", "distance, × real's", ".1f", "lower"), Score("share", "share", ".0%", "higher")


def evaluate(samples, z):
    return {"distance": float(samples[0, 0]), "share": z.shape[1] / 100}


def noise(rng, n, latent_dim=2):
    return rng.standard_normal((n, latent_dim), np.float32)


task = Task("test", noise, None, evaluate, SCORES, "toys", samples=1_500)


def train_recipe(settings, seed, steps):
    for step in (steps // 2, steps):
        yield step, {"generator": settings["grey"] + seed + step + 1 / 3}


def draw(network, z):
    return np.full((len(z), 3), network)
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
    monkeypatch.setattr(machine, "factor", lambda framework, again: 1.5)
    return tmp_path / "98_test.ipynb"


def edit(lesson, old, new):
    notebook = nbformat.read(lesson, as_version=4)
    assert old in notebook.cells[0].source
    notebook.cells[0].source = notebook.cells[0].source.replace(old, new)
    nbformat.write(notebook, lesson)


@pytest.fixture
def here(lesson, monkeypatch):
    """Train in this process, not in others; the list of what was trained."""
    done = []

    def run(command, env, check):
        assert env["OMP_NUM_THREADS"] == "1" and check
        slug, seed, file = command[-3:]
        done.append((slug, int(seed)))
        with open(file, "w") as out:
            json.dump(record.record_one(lesson, "smoke", slug, int(seed)), out)

    monkeypatch.setattr(record.subprocess, "run", run)
    return done


def test_only_recipe_cells_are_run(lesson):
    names = record.load(lesson, "smoke")
    assert names["RECIPES"]["a"]["grey"] == 10 and names["dataset"] == "mnist"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("STEPS =", "STEP =", "don't define STEPS"),
        ("task =", "tasks =", "don't define task"),
        ('"b-0.5"', '"+ B"', "'\\+ B' needs a slug"),
        (', "label": "A"', "", "'a' needs a name for readers"),
    ],
)
def test_what_cannot_be_recorded_says_why(lesson, old, new, said):
    edit(lesson, old, new)
    with pytest.raises(CourseError, match=said):
        record.load(lesson, "smoke")


def test_one_recording_has_a_row_for_each_network_and_time(lesson):
    assert record.record_one(lesson, "smoke", "b-0.5", 1) == [
        {"recipe": "b-0.5", "network": "generator", "seed": 1, "step": step, "distance": grey, "share": 0.02}
        for step, grey in ((3, 24.33333), (6, 27.33333))
    ]


def test_what_a_recipe_notes_stands_beside_its_scores(lesson):
    edit(lesson, "+ 1 / 3}", "+ 1 / 3}, {'d_loss': -step / 3}")
    rows = record.record_one(lesson, "smoke", "a", seed=2)
    assert [row["d_loss"] for row in rows] == [-1.0, -2.0]
    assert record.seconds_per_step(lesson, "smoke").keys() == {"a", "b-0.5"}


def test_a_recipe_may_have_its_own_task(lesson):
    own = '"grey": 20, "task": replace(task, inputs=lambda rng, n: noise(rng, n, 5))'
    edit(lesson, '"grey": 20', '"grey": 20, "task": None')
    edit(lesson, "def train_recipe", f'RECIPES["b-0.5"] |= {{{own}}}\n\n\ndef train_recipe')
    shares = [record.record_one(lesson, "smoke", slug, 0)[0]["share"] for slug in ("a", "b-0.5")]
    assert shares == [0.02, 0.05]


def test_a_recipe_with_its_own_task_is_read_back_with_its_data_and_scores():
    mine, other = (
        {"data": name, "samples": n, "scores": [vars(tasks.Score(name, name))]} for name, n in (("a", 5), ("b", 7))
    )
    results = record.Recorded("98_test", pandas.DataFrame(), {"labels": {}, **mine, "others": {"y": other}})
    assert results.judging("x") == ("a", 5, {"a": tasks.Score("a", "a")}) and results.scores.keys() == {"a"}
    assert results.judging("y") == ("b", 7, {"b": tasks.Score("b", "b")})


def test_the_noise_of_recorded_results_stays_what_it_was():
    z = tasks.digits(3).draw_inputs(1, 2, stream=2)
    known = [[-1.3151772, -0.8722195, 1.732358], [0.4034905, 0.15555608, 0.3332143]]
    assert z.dtype == np.float32
    np.testing.assert_allclose(z, known, rtol=1e-6)
    labelled, y = tasks.labelled_digits(3).draw_inputs(1, 12, stream=2)
    np.testing.assert_array_equal(labelled[:2], z)
    assert y.dtype == np.int64 and y.tolist() == [*range(10), 0, 1]
    uniform = tasks.digits(3, draw=lambda rng, n: rng.uniform(-1, 1, (n, 3)).astype("f")).draw_inputs(1, 1, stream=2)
    np.testing.assert_array_equal(uniform, np.random.default_rng([1, 2]).uniform(-1, 1, (1, 3)).astype("f"))


def test_a_recording_is_resumed_and_read_back(lesson, here, monkeypatch):
    with monkeypatch.context() as patch:
        train = record.subprocess.run

        def run(*arguments, **options):
            if len(here) == 2:
                raise KeyboardInterrupt
            train(*arguments, **options)

        patch.setattr(record.subprocess, "run", run)
        with pytest.raises(KeyboardInterrupt):
            record.record(lesson, "smoke", seeds=(0, 1), processes=1)
    record.record(lesson, "smoke", seeds=(0, 1), processes=1)
    assert sorted(here) == [("a", 0), ("a", 1), ("b-0.5", 0), ("b-0.5", 1)]  # none twice
    results = record.recorded("98_test")
    assert len(results.rows) == 8 and results.rows["distance"].iloc[0] == 13.33333
    facts = results.facts
    assert (facts["seeds"], facts["samples"], facts["budget"], facts["data"]) == ([0, 1], 1500, "smoke", "toys")
    assert results.labels == {"a": "A", "b-0.5": "the other"} and set(facts["seconds_per_step"]) == {"a", "b-0.5"}
    assert results.scores["distance"] == tasks.Score("distance", "distance, × real's", ".1f", "lower")


def test_a_second_recording_of_the_same_lesson_is_refused(lesson, here):
    code = record.provenance.code_hash(record.recipe_cells(lesson))
    folder = record.Path(record.os.environ["GAN_COURSE_RUNS"], "98_test", f"record-smoke-{code[:8]}")
    folder.mkdir(parents=True)
    with FileLock(folder / "lock"), pytest.raises(CourseError, match="Another process is recording 98_test already"):
        record.record(lesson, "smoke")
    assert here == []


def test_a_recipe_may_have_fewer_seeds(lesson, here):
    edit(lesson, '"grey": 20', '"grey": 20, "seeds": [1]')
    record.record(lesson, "smoke", seeds=(0, 1))
    assert sorted(here) == [("a", 0), ("a", 1), ("b-0.5", 1)]


def test_the_first_look_starts_the_clock_and_the_least_time_counts(lesson, monkeypatch):
    in_turn = [0.5, 0.75, 0.25, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0]  # seconds per step: of a, of b, of a, ...
    assert len(in_turn) == 2 * record.ROUNDS
    looks = [(50.0, 50.0 + seconds * record.TIMED_STEPS / 2) for seconds in in_turn]  # after 50 s of compiling
    now = iter([moment for pair in looks for moment in pair])
    monkeypatch.setattr(record.time, "perf_counter", lambda: next(now))
    assert record.seconds_per_step(lesson, "smoke") == {"a": 0.25, "b-0.5": 0.5}


def test_a_recipe_that_yields_once_cannot_be_timed(lesson):
    edit(lesson, "(steps // 2, steps)", "(steps,)")
    with pytest.raises(CourseError, match="yields only once"):
        record.seconds_per_step(lesson, "smoke")


def test_recipes_that_change_meanwhile_stop_a_recording(lesson, monkeypatch):
    monkeypatch.setattr(record.subprocess, "run", lambda command, env, check: edit(lesson, "1 / 3", "1 / 4"))
    with pytest.raises(CourseError, match="98_test.ipynb changed while they were recorded"):
        record.record(lesson, "smoke", seeds=(0,), processes=1)
    assert not record.RESULTS.exists()


def test_results_of_other_recipes_are_noted(lesson):
    assert record.older_recipe(lesson) is None  # nothing recorded
    record.RESULTS.mkdir()
    facts = record.RESULTS / "98_test.json"
    facts.write_text(json.dumps({"recipe_sha256": record.provenance.code_hash(record.recipe_cells(lesson))}))
    notebook = nbformat.read(lesson, as_version=4)
    notebook.cells[1].source = "other = 1"
    nbformat.write(notebook, lesson)
    assert record.older_recipe(lesson) is None
    edit(lesson, "1 / 3", "1 / 4")
    assert "other recipe cells" in record.older_recipe(lesson)


# Reading


@pytest.fixture
def results():
    rows = pandas.DataFrame(
        [("a", "generator", seed, step, 10.0 * seed + step, 0.1 * seed) for seed in (1, 2, 3) for step in (5, 10)]
        + [("a", "average", seed, 10, float(seed), 0.5) for seed in (1, 2)],
        columns=["recipe", "network", "seed", "step", "distance", "share"],
    )
    facts = {
        "labels": {"a": "A, narrow"},
        "scores": [
            {"key": "distance", "label": "distance, × real's", "form": ".1f", "better": "lower"},
            {"key": "share", "label": "share", "form": ".0%", "better": "higher"},
        ],
        "seconds_per_step": {"a": 0.5},
        "seeds": [1, 2, 3],
        "samples": 1500,
        "machine": "a machine",
    }
    return record.Recorded("98_test", rows, facts)


def test_the_runs_of_a_recipe_are_a_row_a_seed_after_its_last_step_or_the_one_asked_for(results):
    assert results.runs("a", "generator")["distance"].tolist() == [20, 30, 40]
    assert results.runs("a", "generator", 5)["distance"].tolist() == [15, 25, 35]
    assert results.curve("a", "average")["seed"].tolist() == [1, 2]


def test_a_range_goes_from_the_best_seed_to_the_worst(results):
    assert results.range("a", "generator", "distance") == "20.0 to 40.0"
    assert results.range("a", "generator", "share") == "30% to 10%"
    assert results.range("a", "average", "share", form=".2f") == "0.50"


def test_what_was_not_recorded_is_told_with_what_was(results):
    for said, ask in {
        "no recorded recipe 'b', but: a": ("b", "average"),
        "which network of 'a': generator, average": ("a", "G"),
        "which network of 'a'": ("a",),
        r"after 7 steps, but: \[5, 10\]": ("a", "generator", 7),
    }.items():
        with pytest.raises(CourseError, match=said):
            results.runs(*ask)


def test_a_table_names_recipes_by_their_labels_or_as_asked(results):
    text = str(results.table([("a", "average"), ("a", "generator", 5)], ["distance", "share"]))
    assert text.splitlines()[1].split("  ")[0] == "A, narrow (average)" and text.splitlines()[1].endswith("50%")
    assert text.splitlines()[2].split() == "A, narrow (generator) 5 2 15.0 to 35.0 30% to 10%".split()
    assert text.endswith("Recorded: seeds 1, 2, 3; 1,500 samples each, from the best seed to the worst; a machine.")
    assert "ours" in str(results.table({"ours": ("a", "average")}, ["share"]))


def test_a_plot_has_a_line_a_seed_over_seconds_and_one_entry_in_the_legend(results):
    axes = plots.new_figure().subplots()
    results.plot(axes, "a", "generator", "distance", "o:", color="red")
    results.plot(axes, "a", "average", "share", "-", label="ours")
    lines = [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axes.lines]
    assert lines[:3] == [([2.5, 5], [10 * seed + 5, 10 * seed + 10]) for seed in (1, 2, 3)] and len(lines) == 5
    assert [text.get_text() for text in axes.legend().get_texts()] == ["A, narrow", "ours"]


def test_nothing_recorded_says_how_to_record(lesson):
    with pytest.raises(CourseError, match="gan_course record 98_test"):
        record.recorded("98_test")


def test_the_recorded_results_are_of_the_seeds_and_steps_that_they_claim():
    for file in sorted((lessons.ROOT / "results").glob("*.json")):
        results = record.recorded(file.stem)
        rows, facts = results.rows, results.facts
        assert set(rows["seed"]) == set(facts["seeds"]) and len(facts["seeds"]) >= 3
        assert results.labels.keys() == facts["seconds_per_step"].keys() == set(rows["recipe"])
        for slug, mine in rows.groupby("recipe"):  # it may have fewer seeds than the others, and a task of its own
            assert np.isfinite(mine[list(results.judging(slug)[2])]).all(axis=None)
            looks, seeds = mine[["network", "step"]].drop_duplicates(), mine["seed"].unique()
            assert len(seeds) >= 3 and len(mine) == len(looks) * len(seeds)
