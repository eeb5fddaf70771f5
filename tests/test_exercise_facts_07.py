"""What lesson 07's exercises take for granted, measured again."""

import numpy as np
import torch

from gan_course import data
from gan_course.exercises import lesson_07 as check
from gan_course.yardstick import judge_toy


def test_the_three_slopes_are_those_of_autograd():
    g = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)

    def slope(at, fake):  # of G's loss -w g in g, after D's step against `fake` (None: no step)
        if fake is None:
            return torch.autograd.grad(-at * g, g)[0].item()
        (gradient,) = torch.autograd.grad(at * fake + at**2 / 2, at, create_graph=True)
        return torch.autograd.grad(-(at - 0.5 * gradient) * g, g)[0].item()

    found = {"k = 0": slope(w, None), "k = 1": slope(w, g), "first order": slope(w, g.detach())}
    assert found == check.SLOPES


def test_the_count_is_the_yardsticks():
    ring = data.ring()
    points = ring.sample(500, np.random.default_rng(0)) + np.random.default_rng(1).normal(0, 0.01, (500, 2))
    points[:300] = points[0]
    report = judge_toy(points, ring)
    found = check.count(points, ring.modes, ring.sigma)
    assert np.allclose(found, (report.modes_covered, report.high_quality, report.reverse_kl))


def test_a_collapsed_batch_has_no_spread_and_a_finite_gradient():
    features = torch.ones(6, 4, requires_grad=True)
    spread = check.spread(features)[:, -1]
    assert spread.max() < 1e-3 < check.spread(torch.randn(6, 4))[0, -1]
    assert torch.autograd.grad(spread.sum(), features)[0].isfinite().all()
