"""A lesson's bars, judged on a run: what is met, what is not, and where nothing can be judged."""

import json
from dataclasses import replace

import numpy as np
import pandas
import pytest
from torch_training import make, train

from gan_course.errors import CourseError
from gan_course.table import Table
from gan_course.tasks import Score

SCORES = (
    Score("distance", "distance, × real data's", ",.1f", "lower", 1.0, headline=True),
    Score("share", "smallest share", ".1%", "higher", 0.09, headline=True),
    Score("sure", "confidence", ".3f"),
)
BARS = {"distance": ("<=", 10), "share": (">=", 0.03), "sure": None}


@pytest.fixture
def finished(runs):
    run, update = make()
    run.task = replace(run.task, scores=SCORES)
    train(run, update)
    return run


@pytest.fixture
def scored(finished):
    """A run that claims to be a laptop run, and scores what the test wants."""

    def scores(distance=5.0, share=0.05, sure=0.98):
        values = {"distance": distance, "share": share, "sure": sure}
        finished.budget, finished.task = "laptop", replace(finished.task, evaluate=lambda samples, inputs: values)
        return finished

    return scores


def test_each_bar_is_met_or_not_and_a_score_without_a_bar_is_shown(scored):
    recorded = pandas.DataFrame({"distance": [9.0, 2.0, 4.0], "share": [0.05, 0.06, 0.04]})
    judged = scored(distance=1234.56).judge(BARS, recorded)
    assert [(row.score.key, row.met) for row in judged.rows] == [("distance", False), ("share", True), ("sure", None)]
    assert judged.passed is False
    assert [row.texts() for row in judged.rows] == [
        ["distance, × real data's", "1,234.6", "≤ 10.0", "NOT MET", "2.0 to 9.0", "1.0"],
        ["smallest share", "5.0%", "≥ 3.0%", "met", "6.0% to 4.0%", "9.0%"],
        ["confidence", "0.980", "–", "–", "–", "–"],
    ]
    assert len({len(line) for line in str(judged).splitlines()[:4]}) == 1  # the columns hold
    assert judged.note == "N = 64 samples, 1 seed; 3 recorded seeds, from best to worst; against random."


@pytest.mark.parametrize(("distance", "share", "passed"), [(10, 0.03, True), (10.1, 0.03, False), (10, 0.029, False)])
def test_a_bar_is_met_up_to_and_including_its_number(scored, distance, share, passed):
    assert scored(distance, share).judge(BARS).passed is passed


@pytest.mark.parametrize(("sure", "met"), [(0.79, False), (0.8, True), (0.9, True), (0.91, False), (np.nan, False)])
def test_a_bar_may_be_a_band(scored, sure, met):
    (row,) = scored(sure=sure).judge({"sure": ("in", 0.8, 0.9)}).rows
    assert row.met is met and row.texts()[2] == "0.800 to 0.900"


def test_what_the_lesson_measured_itself_is_judged_and_kept_with_the_rest(scored):
    own = Score("norm", "largest singular value", ".2f", "lower")
    seeds = Score("shuffled", "with shuffled labels", ".1%", real=1.0)
    run = scored()
    more = [
        (own, np.float32(1.5), ("<=", 1.05)),
        (seeds, [0.09, 0.11], ("in", 0.07, 0.13)),
        (seeds, [0.1, 0.2], ("in", 0.07, 0.13)),
    ]
    judged = run.judge({}, more=more)
    assert [row.met for row in judged.rows] == [False, True, False]
    assert judged.rows[1].texts() == ["with shuffled labels", "–", "7.0% to 13.0%", "met", "9.0% to 11.0%", "100.0%"]
    assert json.loads((run.folder / "metrics.json").read_text())["scores"]["norm"] == 1.5
    with pytest.raises(CourseError, match="no value of shuffled"):
        run.judge({}, more=[(seeds, [], ("in", 0.07, 0.13))])


def test_what_the_lesson_measured_later_is_judged_without_scoring_the_samples_once_more(scored):
    run = scored()
    run.judge({"sure": None})
    run.task = replace(run.task, evaluate=None)
    judged = run.judge({}, more=[(Score("norm", "norm", ".2f", "lower"), 1.0, ("<=", 1.05))])
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert judged.passed and "samples" not in judged.note
    assert metrics["scores"] == {"distance": 5.0, "share": 0.05, "sure": 0.98, "norm": 1.0}
    assert metrics["reached"].startswith("distance 5.0")


def test_the_scores_are_kept_for_the_refresh_with_a_line_for_readme(scored):
    run = scored()
    run.judge({"sure": None})
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert metrics["scores"] == {"distance": 5.0, "share": 0.05, "sure": 0.98}
    assert metrics["reached"] == "distance 5.0 × real data's, smallest share 5.0%"
    assert metrics["steps_done"] == 12


def test_a_task_is_handed_what_its_samples_were_drawn_from(scored):
    seen = []
    run = scored()
    values = run.task.evaluate(None, None)
    run.task = replace(run.task, evaluate=lambda samples, inputs: seen.append((samples, inputs)) or values)
    run.judge(BARS)
    ((samples, z),) = seen
    assert np.array_equal(samples, run.samples(64)) and np.array_equal(z, run.inputs(64, 2))


def test_smoke_is_not_judged_but_checked(finished):
    judged = finished.judge(BARS)
    assert judged.passed is None
    assert str(judged).startswith("Not judged at this budget. Checked: 12 steps, finite losses, samples (64, 4, 4)")


def test_other_data_is_not_judged(scored):
    run = scored()
    run.data = "digits"
    assert "Not judged on digits: the scores are for random" in str(run.judge(BARS))


def test_where_the_bars_are_of_other_data_scores_are_shown_and_not_judged(scored):
    run = scored(distance=100)
    run.task = replace(run.task, judged=False)
    judged = run.judge(BARS, pandas.DataFrame({"distance": [7.7]}))
    assert judged.passed is None and [row.value for row in judged.rows] == [100, 0.05, 0.98]
    assert "NOT MET" not in str(judged) and "7.7" not in str(judged) and "nothing is judged" in judged.note


def test_an_unfinished_run_is_not_judged(runs):
    run, _ = make()
    assert str(run.judge({})).startswith("Not judged: 0 of 12 steps.")


@pytest.mark.parametrize("bar", [("<=",), (">", 1), ("in", 1), ("<=", 1, 2), 5.0, "<="])
def test_a_bar_of_another_form_is_refused_before_anything_is_judged(runs, bar):
    with pytest.raises(CourseError, match="The bar of sure is .* Give"):
        make()[0].judge({}, more=[(SCORES[2], 1.0, bar)])


def test_a_bar_for_a_score_that_the_task_lacks_is_refused_at_smoke_too(finished):
    with pytest.raises(CourseError, match="has no score 'coverage', but: distance, share, sure"):
        finished.judge({"coverage": None})


def test_samples_that_are_not_finite_are_refused_at_smoke_too(finished):
    np.savez(finished.folder / "samples.npz", samples=np.full((64, 4, 4), np.nan))
    with pytest.raises(CourseError, match="diverged"):
        finished.judge(BARS)


def test_a_missing_loss_is_noticed(finished):
    finished.history["d_loss"].pop()
    with pytest.raises(CourseError, match="not 12 steps"):
        finished.judge(BARS)


def test_a_table_is_text_and_a_real_table_with_whatever_it_holds_escaped():
    long = "x" * 80
    table = Table(["<b>", "n"], [["a & b", "1"], [long, "23"]], note="<i>")
    assert repr(table).splitlines()[1:] == [f"{'a & b':80}  1", f"{long} 23", "<i>"]
    page = table._repr_html_()
    assert page.startswith("<table") and page.count("<tr") == 3 and f"<td>{long}</td>" in page
    assert "&lt;b&gt;" in page and "a &amp; b" in page and "<p>&lt;i&gt;</p>" in page


def test_a_table_without_rows_is_its_note():
    table = Table(["a"], [], "a < b")
    assert (repr(table), table._repr_html_()) == ("a < b", "<p>a &lt; b</p>")
