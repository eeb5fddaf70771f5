"""What lesson 08b's exercises and texts take for granted, measured again."""

import torch
from torch.nn.functional import softplus

from gan_course.exercises import lesson_08b as check


def test_the_estimate_is_right_on_average_and_the_one_with_the_diagonal_is_not():
    torch.manual_seed(0)
    found = {"unbiased": [], "biased": []}
    for _ in range(1_000):
        x, y = torch.randn(2, 6, 2).double()
        found["unbiased"].append(check.mmd(check.gaussian, x, y))
        found["biased"].append(check.mmd(check.gaussian, x, y, real_part=torch.mean, fake_part=torch.mean))
    mean = {name: torch.stack(values).mean() for name, values in found.items()}
    assert abs(mean["unbiased"]) < 0.01 < 0.1 < mean["biased"]


def test_a_constant_in_all_logits_changes_nothing_in_pairs():
    torch.manual_seed(0)
    real, fake = torch.randn(2, 7, 1).double()
    for here, there in zip(check.pairs(real, fake), check.pairs(real + 5, fake + 5), strict=True):
        assert torch.isclose(here, there)
    assert not torch.isclose(softplus(-real).mean(), softplus(-real - 5).mean())  # the plain loss


def test_lazy_steps_do_what_is_said_of_them():
    words = {k: str(word) for k, word in check.FATES.items()}
    for k, factor in check.FACTORS.items():
        psi = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(k * 1.0 / 2 * psi**2, psi)
        assert torch.isclose((psi - 0.2 * slope) / psi, torch.tensor(factor, dtype=torch.float64), atol=1e-12)
        assert ("changes sides" in words[k]) == (factor < -1e-9) and ("grows" in words[k]) == (abs(factor) > 1)


def test_a_penalty_at_fakes_that_hang_on_their_generator_reaches_it():
    torch.manual_seed(0)
    d = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))
    g = torch.nn.Linear(3, 2)
    real, noise = torch.randn(4, 2), torch.randn(4, 3)
    for at, reached in [(check.itself, True), (lambda x: x.detach().requires_grad_(), False)]:
        value = check.both(d, real, g(noise), 1.0, at_fake=at)
        found = torch.autograd.grad(value, list(g.parameters()), allow_unused=True, materialize_grads=True)
        assert any(bool(each.any()) for each in found) == reached
