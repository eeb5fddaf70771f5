"""What lesson 05's exercises take for granted, measured again."""

import torch
from torch import nn

from gan_course.exercises import lesson_05 as check


def test_the_estimate_comes_to_the_largest_singular_value_from_below():
    torch.manual_seed(0)
    for shape in ((4, 6), (7, 5)):
        W, v = torch.randn(shape).double(), check.unit(torch.randn(shape[1]).double())
        sigma = torch.linalg.matrix_norm(W, 2)
        found = [check.power(W, v, n) for n in (1, 2, 5, 20, 500)]
        assert found == sorted(found) and found[-1] <= sigma + 1e-12 and abs(found[-1] - sigma) < 1e-6


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
