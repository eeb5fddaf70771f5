"""A lesson's bars, judged on a run: what is met, what is not, and where nothing can be judged."""

import json

import numpy as np
import pytest
from torch_training import make, train

from gan_course import verdict, yardstick
from gan_course.errors import CourseError

BARS = {"class_kl": ("<=", 0.1), "least_frequent": (">=", 0.03), "coverage_of_real": None}


@pytest.fixture
def finished(runs):
    run, update = make()
    train(run, update)
    return run


class FakeReport:
    n, reference = 10_000, 10_000

    def __init__(self, scores, histogram):
        self.scores, self.histogram = scores, histogram

    def __getitem__(self, name):
        assert name == "class_histogram"
        return self.histogram


@pytest.fixture
def as_mnist(finished, monkeypatch):
    """A run that claims to be a laptop run on MNIST, and a yardstick that returns what the test wants."""
    finished.budget, finished.data = "laptop", "mnist"

    def scores(least, **values):
        report = FakeReport(values, [least, *[0.1] * 9])
        monkeypatch.setattr(yardstick, "judge", lambda samples: report)
        return finished

    return scores


def test_each_bar_is_met_or_not_and_a_score_without_a_bar_is_shown(as_mnist):
    run = as_mnist(0.05, class_kl=0.2, coverage_of_real=0.6)
    judged = run.judge(BARS, recorded=[{"class_kl": 0.05, "least_frequent": 0.04, "coverage_of_real": 0.5}] * 2)
    assert [(row[0], row[3]) for row in judged.rows] == [
        ("class_kl", False),
        ("least_frequent", True),
        ("coverage_of_real", None),
    ]
    assert judged.passed is False
    text = str(judged)
    assert "NOT MET" in text and "0.05 to 0.05" in text and "2 recorded seeds" in text and "N = 10,000" in text


@pytest.mark.parametrize(("kl", "least", "passed"), [(0.1, 0.03, True), (0.101, 0.03, False), (0.1, 0.029, False)])
def test_a_bar_is_met_up_to_and_including_its_number(as_mnist, kl, least, passed):
    assert as_mnist(least, class_kl=kl, coverage_of_real=0.0).judge(BARS).passed is passed


def test_the_scores_are_kept_with_the_run_for_the_refresh(as_mnist):
    run = as_mnist(0.05, class_kl=0.2, coverage_of_real=0.6)
    run.judge(BARS)
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert metrics["scores"] == {"class_kl": 0.2, "least_frequent": 0.05, "coverage_of_real": 0.6}
    assert metrics["steps_done"] == 12


def test_smoke_is_not_judged_but_checked(finished):
    judged = finished.judge(BARS)
    assert judged.passed is None
    assert "Not judged at this budget. Checked: 12 steps" in str(judged)


def test_other_data_is_not_judged(finished):
    finished.budget = "laptop"
    assert "Not judged on random" in str(finished.judge(BARS))


def test_an_unfinished_run_is_not_judged(runs):
    run, _ = make()
    with pytest.raises(CourseError, match="0 of 12 steps"):
        run.judge(BARS)


def test_samples_of_the_wrong_kind_are_refused_at_smoke_too(finished):
    np.savez(finished.folder / "samples.npz", samples=np.zeros((64, 4, 4)))
    with pytest.raises(CourseError, match="float64"):
        finished.judge(BARS)


def test_a_missing_loss_is_noticed(finished):
    finished.history["d_loss"].pop()
    with pytest.raises(CourseError, match="each step"):
        finished.judge(BARS)


def test_it_shows_itself_as_text_and_as_html():
    bundle = verdict.Verdict([], "a < b")._repr_mimebundle_()
    assert bundle == {"text/plain": "a < b", "text/html": "<pre>a &lt; b</pre>"}


def test_the_nearest_training_image_is_told_in_units_of_the_test_images(as_mnist):
    run = as_mnist(0.09, nearest_median=2 * 4.32763)
    row = run.judge({"nearest_of_test": None}, recorded=[{"class_kl": 0.05}]).rows[0]
    assert row[1] == pytest.approx(2) and row[4] == "none"
