"""Modes covered, high quality and reverse KL, on sets of points whose answer is known."""

import json

import numpy as np
import pytest

from gan_course.data import grid, ring, spiral
from gan_course.yardstick import judge_toy

TOYS = pytest.mark.parametrize("toy", [ring(), grid()], ids=lambda toy: toy.name)


@TOYS
def test_the_modes_themselves_are_perfect(toy):
    report = judge_toy(toy.modes, toy)
    assert (report.modes_covered, report.modes) == (len(toy.modes), len(toy.modes))
    assert report.high_quality == 1
    assert report.reverse_kl == pytest.approx(0, abs=1e-12)


@TOYS
def test_the_true_distribution_has_98_9_percent_of_high_quality(toy):
    n = 20_000
    report = judge_toy(toy.sample(n, np.random.default_rng(0)), toy)
    expected = 1 - np.exp(-4.5)
    assert report.modes_covered == len(toy.modes)
    assert abs(report.high_quality - expected) < 4 * np.sqrt(expected * (1 - expected) / n)  # 4 standard errors


@TOYS
def test_the_floor_of_the_reverse_kl_is_what_the_true_distribution_scores(toy):
    rng = np.random.default_rng(1)
    reports = [judge_toy(toy.sample(2500, rng), toy) for _ in range(100)]
    values = [report.reverse_kl for report in reports]
    # 2 n KL follows chi squared with K - 1 degrees of freedom; 1.1 % fewer points count
    assert np.mean(values) == pytest.approx(reports[0].reverse_kl_floor, abs=4 * np.std(values) / 10)


@TOYS
def test_one_mode_alone_has_the_largest_reverse_kl(toy):
    report = judge_toy(np.repeat(toy.modes[3:4], 50, axis=0), toy)
    assert report.modes_covered == 1
    assert report.reverse_kl == pytest.approx(np.log(len(toy.modes)))


def test_a_share_of_modes_and_of_points():
    toy = ring()
    # 30 points on one mode, 10 on another, 60 in the centre, far from all
    points = np.concatenate([np.repeat(toy.modes[[0, 5]], [30, 10], axis=0), np.zeros((60, 2))])
    report = judge_toy(points, toy)
    assert report.modes_covered == 2
    assert report.high_quality == 0.4
    assert report.reverse_kl == pytest.approx(np.log(8) + 0.75 * np.log(0.75) + 0.25 * np.log(0.25))


@pytest.mark.parametrize(("sigmas", "good"), [(2.999, 1), (3.001, 0)])
def test_high_quality_ends_at_three_sigma(sigmas, good):
    toy = grid()
    angles = np.linspace(0, 6, len(toy.modes))
    points = toy.modes + sigmas * toy.sigma * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    report = judge_toy(points, toy)
    assert report.high_quality == good
    assert report.modes_covered == 25 * good


def test_without_any_good_point_the_reverse_kl_is_the_worst_there_is():
    report = judge_toy(np.zeros((10, 2)), ring())
    assert (report.modes_covered, report.high_quality) == (0, 0)
    assert report.reverse_kl == pytest.approx(np.log(8))


def test_a_bad_point_does_not_cover_its_nearest_mode():
    toy = ring()
    points = np.concatenate([toy.modes[:4], 1.2 * toy.modes[4:]])
    assert judge_toy(points, toy).modes_covered == 4


def test_the_report_can_be_read_and_stored():
    report = judge_toy(ring().sample(2500, np.random.default_rng(0)), ring())
    assert json.loads(json.dumps(report.as_dict())) == report.as_dict()
    text = str(report)
    assert text.startswith("N = 2,500 points, 1 seed, against the 8 modes of the ring")
    assert "0.989" in text and "0.001" in text  # what a perfect sampler scores


@pytest.mark.parametrize(
    ("points", "toy", "message"),
    [
        (np.zeros((5, 2)), spiral(), "the spiral has no modes"),
        (np.zeros((5, 3)), ring(), r"the shape \(5, 3\), expected \(n, 2\)"),
        (np.zeros((0, 2)), ring(), r"the shape \(0, 2\)"),
        (np.full((5, 2), np.nan), ring(), "NaN or infinity: the network has diverged"),
    ],
)
def test_what_can_not_be_judged_is_an_error(points, toy, message):
    with pytest.raises(ValueError, match=message):
        judge_toy(points, toy)
