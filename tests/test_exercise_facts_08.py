"""What lesson 08's exercises take for granted, measured again."""

import itertools
import math

import numpy as np
import torch

from gan_course.exercises import lesson_08 as check


def test_sorting_is_the_cheapest_of_all_pairings():
    for x, y in [case for _, case in check.earth_on_a_line.cases]:
        x, y = np.array(x), np.array(y)
        works = [np.abs(x - y[list(order)]).mean() for order in itertools.permutations(range(len(y)))]
        assert math.isclose(min(works), check.earth(x, y))


def test_the_slope_at_the_best_beats_its_neighbours():
    for W, weight in check.CASES:
        s = 1 + W / (2 * weight)
        best, *others = (W * t - weight * (t - 1) ** 2 for t in (s, s - 0.01, s + 0.01))
        assert best > max(others)


def test_one_norm_for_a_batch_and_a_normal_alpha_do_what_the_complaints_say():
    slopes = torch.full((100, 1), 0.1)  # A: a hundred slopes of 0.1 have the norm 1
    assert abs(slopes.norm() - 1) < 1e-6
    beyond = 1 - 0.5 * math.erf(1 / math.sqrt(2))  # E: P(alpha < 0 or alpha > 1)
    assert abs(beyond - 2 / 3) < 0.01
