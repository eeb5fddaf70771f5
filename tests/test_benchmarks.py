"""The benchmarks run at tiny sizes, and their arithmetic is right for times that are known. No timing is asserted."""

import json
import sys

import nbformat
import numpy as np
import pytest

from gan_course import lessons, record
from gan_course.tasks import Score, Task

sys.path.insert(0, str(lessons.ROOT))  # the benchmarks are not part of the package
from benchmarks import __main__ as command  # noqa: E402
from benchmarks import imports, notebooks, overhead, quality  # noqa: E402


class Clock:
    """A clock that stands still, but for what is said to pass."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (imports, notebooks, quality, overhead):
        monkeypatch.setattr(module, "time", clock)
    return clock


# Imports


def test_imports_are_given_as_ratios(clock, monkeypatch):
    costs = {code: seconds for code, seconds in zip(imports.CODE.values(), (0.1, 0.11, 0.3, 0.5), strict=True)}

    def run(command, check):
        assert command[0] == sys.executable and check
        clock.now += costs[command[2]]

    monkeypatch.setattr(imports.subprocess, "run", run)
    measured = imports.measure(rounds=3)
    assert measured["import gan_course"] == {"seconds": 0.11, "over_bare": 1.1, "of_numpy": 0.05}
    assert measured["import numpy"] == {"seconds": 0.3, "over_bare": 3.0, "of_numpy": 1.0}


def test_imports_are_measured():
    measured = imports.measure(rounds=1)
    assert list(measured) == list(imports.CODE) and all(row["seconds"] > 0 for row in measured.values())
    assert imports.table(measured).count("\n") == len(measured) + 1


# Notebooks


@pytest.fixture
def lesson(tmp_path):
    cells = [
        nbformat.v4.new_code_cell("import nonsense", metadata={"tags": ["colab"]}),
        nbformat.v4.new_code_cell("import math\nfrom os import path\n\nx = math.pi"),
        nbformat.v4.new_code_cell("budget = None\nseed = 0", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("if x:\n    import json\nimport math\nassert budget == 'smoke'"),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "98_test.ipynb")
    return tmp_path / "98_test.ipynb"


def test_a_lessons_imports_are_those_of_its_cells(lesson):
    alone = notebooks.imports_of(nbformat.read(lesson, as_version=4))
    assert [cell.source for cell in alone.cells] == ["import math\nfrom os import path"]


def test_a_lesson_is_compared_with_its_imports(lesson, clock, monkeypatch):
    def run(notebook, folder):
        clock.now += 10 if len(notebook.cells) > 1 else 4
        return 10 if len(notebook.cells) > 1 else 4

    monkeypatch.setattr(notebooks, "_run", run)
    measured = notebooks.measure(rounds=2, paths=[lesson])
    assert measured == {"98_test": {"seconds": 10, "imports": 4, "over_imports": 2.5}}
    assert clock.now == 4 + 2 * 14 and "| 98_test | 10.0 | 4.0 | 2.5 |" in notebooks.table(measured)


def test_a_lesson_is_run_at_smoke(lesson, monkeypatch):
    code = nbformat.read(lesson, as_version=4)
    code.cells.pop(0)
    nbformat.write(code, lesson)
    assert notebooks.measure(rounds=1, paths=[lesson])["98_test"]["seconds"] > 0


# Time to quality


def test_shorter_runs_fill_in_the_looks():
    assert quality.lengths(15_000) == [15_000, 5_000, 1_666, 555]
    assert quality.lengths(100) == [100]


def test_training_counts_and_judging_does_not(clock):
    """A step takes a second, a judgement a thousand, and the distance is 1,000 over the steps."""

    def evaluate(samples, z):
        clock.now += 1000
        assert samples.shape == z.shape == (1000, 2)
        return {"distance": float(samples[0, 0]), "coverage": 0.5}

    def train_recipe(settings, seed, steps):
        assert (settings, seed) == ({"lr": 1}, 7)
        for step in range(1, steps + 1):
            clock.now += 1
            if step in (steps // 3, 2 * steps // 3, steps):
                yield step, {"generator": 1000 / step, "average": None}

    scores = Score("distance", "distance", ".1f", "lower"), Score("coverage", "coverage", ".0%", headline=True)
    task = Task("test", lambda rng, n: rng.standard_normal((n, 2)), None, evaluate, scores, "toys")
    draw = lambda network, z: np.full(z.shape, network)  # noqa: E731
    names = {"RECIPES": {"a": {"lr": 1}}, "train_recipe": train_recipe, "draw": draw, "task": task}
    looks = quality.train(names, "a", "generator", steps=1500, samples=1000, seed=7)
    assert [(look["step"], look["seconds"]) for look in looks] == [(n, n) for n in (166, 333, 500, 1000, 1500)]
    assert looks[-1] == {"step": 1500, "seconds": 1500, "distance": 0.7, "scores": "coverage 50%"}


def look(seconds, distance):
    return {"step": seconds, "seconds": seconds, "distance": distance, "scores": f"distance {distance}"}


def test_a_target_is_reached_at_the_first_look_that_stays_below_it():
    run = {"article": [look(10, 500), look(40, 90)], "lesson": [look(10, 100), look(20, 60)]}
    row = quality.reached(100, [run])
    assert (row["article"], row["lesson"], row["ratio"], row["bound"]) == (40, 10, 4, False)
    row = quality.reached(60, [run])
    assert (row["article"], row["lesson"], row["ratio"], row["bound"]) == (None, 20, 2, True)
    row = quality.reached(10, [run])
    assert (row["article"], row["lesson"], row["ratio"]) == (None, None, None)
    table = quality._reached_table([quality.reached(target, [run, run]) for target in (100, 60, 10)])
    assert "| 100 | 40 s (2 of 2) | 10 s (2 of 2) | 4.0 |" in table
    assert "| 60 | not reached (0 of 2) | 20 s (2 of 2) | more than 2.0 |" in table
    assert "| 10 | not reached (0 of 2) | not reached (0 of 2) |  |" in table


def test_a_target_is_not_reached_by_passing_through():
    run = {"article": [look(1, 90), look(10, 500)], "lesson": [look(1, 90), look(5, 200), look(9, 90), look(10, 80)]}
    row = quality.reached(100, [run])
    assert (row["article"], row["lesson"], row["ratio"], row["bound"]) == (None, 9, round(10 / 9, 2), True)


def test_several_runs_give_their_median_and_how_many_got_there():
    runs = [
        {"article": [look(9, 500)], "lesson": [look(s, distance)]}
        for s, distance in ((1, 50), (2, 50), (6, 50), (7, 200))
    ]
    row = quality.reached(100, runs)
    assert (row["lesson"], row["lesson_runs"], row["article_runs"], row["ratio"]) == (2, "3 of 4", "0 of 4", 4.5)


PLANS = quality.plans()


def test_every_lesson_with_recorded_results_says_what_its_benchmark_compares():
    first = {file.stem: next(iter(record.recorded(file.stem).scores)) for file in record.RESULTS.glob("*.csv")}
    assert PLANS.keys() == {lesson for lesson, score in first.items() if score == "frechet_over_floor"}
    for plan in PLANS.values():
        assert plan["targets"] == sorted(plan["targets"], reverse=True)


@pytest.mark.parametrize("lesson", PLANS)
def test_the_recorded_looks_are_the_recorded_steps_in_seconds(lesson):
    results = record.recorded(lesson)
    runs = quality.recorded_looks(results, PLANS[lesson])
    seeds = [set(results.curve(*PLANS[lesson][which])["seed"]) for which in quality.WHICH]
    assert len(runs) == len(set.intersection(*seeds)) >= 2  # in 03 the article's has seeds 0 to 2, ours 1 to 5
    for run in runs:
        for which in quality.WHICH:
            assert len(run[which]) >= 2
            for entry in run[which]:
                assert entry["seconds"] == entry["step"] * results.seconds(PLANS[lesson][which][0])


@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_quality_is_measured_on_mnist_only(clock, monkeypatch, name):
    class Data:
        pass

    Data.name = name
    looks = [look(10, 500), look(40, 90)]
    monkeypatch.setattr(quality.record, "load", lambda path, budget: {"train": Data})
    monkeypatch.setattr(quality, "train", lambda *arguments: looks)
    text = quality.table(quality.measure(**quality.SIZES["tiny"]))
    if name == "mnist":
        assert text.count("Live: seed 0, up to 6 steps") == 1
        assert text.count("Recorded, not measured now") == len(PLANS)
        assert "| article | 40 | 40.0 | distance 90 |" in text
    else:
        assert text.startswith("There is no MNIST here")


# Overhead


def test_the_overhead_is_put_together_from_its_parts(monkeypatch):
    blocks = {"bare": [1.0, 2.0], "plain": [1.02, 2.02], "preview": [1.12, 2.12], "checkpoint": [1.52, 2.52]}
    monkeypatch.setattr(overhead, "_Player", lambda: None)
    monkeypatch.setattr(overhead, "_blocks", lambda *arguments: (blocks, 3.0))
    monkeypatch.setattr(overhead, "_empty", lambda *arguments: 25e-6)
    m = overhead.in_this_process(rounds=2, block=10, empty=5)
    assert (m["bare_ms"], m["added_ms"], m["empty_us"], m["end_s"]) == (150, [2, 2, 2], 25, 3)
    assert (m["preview_s"], m["checkpoint_s"]) == (0.1, 0.5)
    assert m["step"] == round(0.002 / 0.15, 5)
    assert m["laptop"] == round((0.002 + (30 * 0.1 + 15 * 0.5) / 15_000) / 0.15, 5)
    assert "| **the same, of a bare step** | **1.33%** |" in overhead.table(m)


def test_the_overhead_is_measured_in_a_kernel(runs):
    measured = overhead.measure(rounds=1, block=2, empty=5)
    assert measured["rounds"] == 1 and measured["bare_ms"] > 0
    assert overhead.table(measured).count("\n") == 9
    assert not runs.exists()  # its artefacts went elsewhere


# The command


@pytest.fixture
def parts(monkeypatch, tmp_path):
    """Parts that measure nothing, and a folder of the test's own for the results."""

    class Part:
        """What it measures."""

        SIZES = {size: {"size": size} for size in ("tiny", "default", "full")}

        @staticmethod
        def measure(size):
            return {"size": size}

        @staticmethod
        def table(measured):
            return f"measured at {measured['size']}"

    monkeypatch.setattr(command, "PARTS", {"imports": Part, "overhead": Part})
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("arguments", "size"), [([], "default"), (["--full"], "full")])
def test_a_whole_run_is_written(parts, arguments, size, capsys):
    assert command.main(arguments) == 0
    result = json.loads((parts / "RESULTS.json").read_text())
    assert result["imports"]["measured"] == {"size": size} and result["facts"]["size"] == size
    assert {"date", "machine", "versions", "load_before", "threads"} <= result["facts"].keys()
    page = (parts / "RESULTS.md").read_text()
    assert page.count(f"measured at {size}") == 2 and "What it measures." in page and page in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--tiny"], ["--only", "imports"]])
def test_a_part_of_it_is_shown_only(parts, arguments, capsys):
    assert command.main(arguments) == 0
    assert "measured at" in capsys.readouterr().out and not list(parts.iterdir())


@pytest.mark.parametrize(("load", "said"), [(0.1, False), (2.0, True)])
def test_a_busy_machine_is_named(load, said):
    result = {"facts": command.facts("default") | {"load_before": load}}
    assert ("don't quote" in command.markdown(result)) is said


def test_every_part_has_all_sizes():
    for part in command.PARTS.values():
        assert set(part.SIZES) == {"tiny", "default", "full"}
