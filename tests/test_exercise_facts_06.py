"""What lesson 06's exercises take for granted, measured again."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from gan_course.exercises import lesson_06 as check


def best_d(real):
    """Return the best logits for cats and dogs, and D's loss: found by descent, labels of fakes half and half."""
    logits = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    real, asked = torch.tensor([real, [0.5, 0.5]]).double()
    opt = torch.optim.LBFGS([logits], max_iter=100)

    def loss():
        opt.zero_grad()
        value = real @ softplus(-logits) + asked @ softplus(logits)
        value.backward()
        return value

    opt.step(loss)
    return logits.detach(), loss().item()


def test_the_predicted_d_is_the_best_one():
    logits, loss = best_d([0.8, 0.2])
    assert check.even_labels(dict(zip(("cat", "dog"), torch.sigmoid(logits).tolist(), strict=True)), loss, False)


def test_the_complaints_are_true():
    table = nn.Embedding(10, 2)
    with pytest.raises(IndexError, match="self"):  # C
        table(torch.tensor([10]))
    logits, loss = best_d([0.9, 0.1])  # D
    assert np.allclose(logits, [0.6, -1.6], atol=0.05) and round(loss, 2) == 1.18
    with pytest.raises(RuntimeError, match="got 4 and 2"):  # E
        torch.cat([torch.zeros(2, 1, 28, 28), table(torch.tensor([1, 2]))], 1)
