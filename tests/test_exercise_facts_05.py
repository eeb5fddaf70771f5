"""What lesson 05's exercises take for granted, measured again."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d

from gan_course.exercises import lesson_05 as check


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


def test_the_complaints_are_true():
    torch.manual_seed(0)
    network = nn.utils.parametrizations.spectral_norm(nn.Linear(80, 80))
    weights = [network.weight.clone() for _ in range(2)]
    assert not torch.equal(*weights)  # A: looking changes it
    assert "weight_orig" in nn.utils.spectral_norm(nn.Linear(5, 4)).state_dict()  # D
    assert any("parametrizations" in name for name in network.state_dict())
    real, others = torch.randn(1, 5), torch.randn(2, 7, 5)
    network = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    logits = [network(torch.cat([real, batch]))[0] for batch in others]
    assert not torch.allclose(*logits)  # E
