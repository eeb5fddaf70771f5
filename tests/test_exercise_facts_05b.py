"""What lesson 05b's exercises take for granted, measured again."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from gan_course.exercises import lesson_05b as check


def test_the_games_step_has_the_jacobian_that_the_leashes_are_about():
    for gamma in check.SLOW:
        moved = [check.dirac(check.tensor(t), check.tensor(p), gamma, 1.0) for t, p in ((1e-6, 0.0), (0.0, 1e-6))]
        J = (np.array([[float(x) for x in pair] for pair in moved]).T - 1e-6 * np.eye(2)) / 1e-6
        assert np.allclose(J, [[0, 0.5], [-0.5, -gamma]], atol=1e-4)


@pytest.mark.parametrize(("kind", "bound"), check.BOUNDS.items())
def test_the_bounds_hold_and_are_nearly_reached(kind, bound):
    k, stride = kind
    pixels = torch.eye(32 * 32).reshape(-1, 1, 32, 32)
    matrix = conv2d(pixels, torch.ones(1, 1, k, k), None, stride, k // 2).flatten(1)
    assert bound - 1 < torch.linalg.matrix_norm(matrix, 2).item() / k <= bound + 1e-4


@pytest.mark.parametrize("gamma", check.SLOW)
def test_the_leashes_are_those_of_the_game(gamma):
    values = np.linalg.eigvals(np.array([[0, 0.5], [-0.5, -gamma]]))
    slow = max(values, key=lambda value: value.real)
    assert abs(slow.real - check.SLOW[gamma]) < 1e-6
    turns, nears = abs(slow.imag) > 1e-3, slow.real < -1e-6
    assert check.PATHS[gamma] == {(True, False): "circles", (True, True): "spirals in"}.get(
        (turns, nears), "comes straight in"
    )
    assert min(check.SLOW, key=check.SLOW.get) == 1.0  # the fastest


def test_the_best_hinge_is_better_than_any_other():
    p, q = torch.tensor([[0.5, 0.5, 0], [0, 0.25, 0.75]]).double()
    logits = torch.linspace(-3, 3, 601).double()
    prices = p[:, None] * (1 - logits).relu() + q[:, None] * (1 + logits).relu()
    best = [logits[row < row.min() + 1e-9] for row in prices]
    assert prices.min(dim=1).values.sum().item() == pytest.approx(0.5)
    assert [(round(x.min().item(), 2), round(x.max().item(), 2)) for x in best] == [(1, 3), (1, 1), (-3, -1)]
    assert (p - q).abs().sum().item() / 2 == 0.75


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (lambda t, p, c, e: (-t, p), "With eta = 0 nothing moves"),
        (lambda t, p, c, e: check.dirac(t, p, c, e**2), "Twice the eta moves twice as far"),
        (lambda t, p, c, e: check.dirac(*check.dirac(t, p, c, e), c, e), "Twice the eta moves twice as far"),
        (lambda t, p, c, e: check.dirac(t, p, c, 3 * e), "3 times that"),
        (
            lambda t, p, c, e: check.dirac(t, p, c * p, e),
            "The penalty moves psi by -eta gamma psi = -0.024; in yours by -0.0096",
        ),
        (
            lambda t, p, c, e: check.dirac(t + 0 * e, p, c, e, g=lambda t, p: c + check.sigmoid(p * t) * p),
            "for another gamma",
        ),
        (lambda t, p, c, e: (t + e * np.sign(p), p), "as Adam does"),
    ],
)
def test_a_step_of_another_kind_is_told_what_its_moves_show(step, words):
    result = check.dirac_step(step)
    assert result.passed is False and words in result.message
