"""Lesson 02's checks: its solutions pass, its stubs are unanswered, known mistakes get their own hint."""

import re
import textwrap

import nbformat
import numpy as np
import pytest
import torch
from exercises import assert_named, results
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import softplus

from gan_course import lessons
from gan_course.audit import audit
from gan_course.checks import lesson_02 as check

LESSON = {"nn": nn, "np": np, "torch": torch, "bce": bce, "check": check}  # what the lesson's cells use


def test_the_stubs_are_not_answered_yet():
    assert [result.passed for result in results("02", "check", dict(LESSON))] == [None] * 5


def test_the_solutions_pass():
    for result in results("02", "solution", dict(LESSON)):
        assert result.passed, result


# 1. One pass


def weighted(d, real, fake):
    x = torch.cat([fake, real])
    sign = torch.cat([torch.ones(len(fake)), -torch.ones(len(real))])
    weight = torch.cat([torch.full((len(fake),), 1 / len(fake)), torch.full((len(real),), 1 / len(real))])
    return (softplus(sign * d(x).squeeze(1)) * weight).sum()


def one_mean(d, real, fake, swap=False):
    labels = torch.cat([torch.ones(len(real), 1), torch.zeros(len(fake), 1)])
    return bce(d(torch.cat([real, fake])), 1 - labels if swap else labels)


def half_without_gradients(d, real, fake):
    real_term = softplus(-d(real)).mean()
    return weighted(d, real, fake).detach() + real_term - real_term.detach()


ONE_PASS = {
    "Half of the right value": one_mean,
    "labels the other way round": lambda *arguments: 2 * one_mean(*arguments, swap=True),
    "with 8 real and 4 generated": lambda *arguments: 2 * one_mean(*arguments),
    "backward() can start from": lambda *arguments: weighted(*arguments).item(),
    "its gradient is not": half_without_gradients,
}


def test_an_equivalent_single_pass_is_right():
    assert check.one_pass(weighted)


@pytest.mark.parametrize("hint", ONE_PASS)
def test_a_wrong_single_pass_is_named(hint):
    assert_named(check.one_pass(ONE_PASS[hint]), hint)


# 2. The losses' values

GOOD = {"undecided": (1.386, 0.693), "D right": (0.005, 6.0025), "D fooled": (6.005, 0.0025)}


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"undecided": (0.693, 0.693)}, "not their mean"),
        ({"D right": (0.005, 0.0025)}, "softplus(6), which is not"),
        ({"undecided": (1.386, -0.693)}, "the loss that saturates"),
        ({"D fooled": (0.005, 6.0)}, "softplus(-6) + softplus(6)"),
        ({"D fooled": 6.0}, "a pair"),
    ],
)
def test_wrong_loss_values_are_named(change, hint):
    assert check.loss_values(GOOD) and check.loss_values({k: list(v) for k, v in GOOD.items()})
    assert_named(check.loss_values(GOOD | change), hint)


# 3. Both updates


def update_d(g, d, opt, real, z, *, detach=True, zero=True, sign=1, terms=(1, 1), optimiser=None, mean=torch.mean):
    fake = g(z).detach() if detach else g(z)
    opt = optimiser(g, d) if optimiser else opt
    if zero:
        opt.zero_grad()
    (terms[0] * mean(softplus(-sign * d(real))) + terms[1] * mean(softplus(sign * d(fake)))).backward()
    opt.step()


def update_g(g, d, opt, z, *, detach=False, zero=True, sign=1, minimax=False, optimiser=None, mean=torch.mean):
    logits = d(g(z).detach() if detach else g(z))
    opt = optimiser(g, d) if optimiser else opt
    if zero:
        opt.zero_grad()
    mean(-softplus(logits) if minimax else softplus(-sign * logits)).backward()
    opt.step()


def both(g, d):
    return torch.optim.SGD([*g.parameters(), *d.parameters()], 0.1)


def changed(update, **options):
    return lambda *arguments: update(*arguments, **options)


def article_d(g, d, opt, real, z):
    """Article 002's form: no detach, labels of a fixed size, half of each loss; right as long as gradients are zeroed."""
    opt.zero_grad()
    loss = (bce(d(real), torch.ones(6, 1)) + bce(d(g(z)), torch.zeros(6, 1))) / 2
    loss.backward()
    opt.step()
    return loss.item()


@torch.no_grad()
def update_g_without_gradients(g, d, opt, z):
    opt.zero_grad()
    softplus(-d(g(z))).mean().backward()
    opt.step()


def step_before_backward(g, d, opt, real, z):
    opt.step()
    opt.zero_grad()
    (softplus(-d(real)).mean() + softplus(d(g(z).detach())).mean()).backward()


UPDATES = {
    "D's update did not move D": (lambda g, d, opt, real, z: 0.0, update_g),
    "D's step uses only old gradients": (step_before_backward, update_g),
    "opt_d.zero_grad() is missing": (changed(update_d, zero=False), update_g),
    "D goes the wrong way": (changed(update_d, sign=-1), update_g),
    "the generated samples have no part": (changed(update_d, terms=(1, 0)), update_g),
    "the real samples have no part": (changed(update_d, terms=(0, 1)), update_g),
    "6 times as long: means, not sums": (changed(update_d, mean=torch.sum), update_g),
    "D's update moved G": (changed(update_d, detach=False, optimiser=both), update_g),
    "one optimiser for both": (update_d, changed(update_g, optimiser=both)),
    "No detach() here": (update_d, changed(update_g, detach=True)),
    "Is it computed under no_grad()": (update_d, update_g_without_gradients),
    "the loss that saturates": (update_d, changed(update_g, minimax=True)),
    "helps D": (update_d, changed(update_g, sign=-1)),
    "opt_g.zero_grad() is missing": (update_d, changed(update_g, zero=False)),
    "a function": (update_d, "text"),
    "TypeError": (update_d, lambda z: 0.0),
}


def test_updates_written_differently_are_right_and_a_needless_backward_is_told():
    assert "costs time only" not in check.updates(update_d, update_g).message
    assert check.updates(update_d, update_g)
    result = check.updates(article_d, update_g)
    assert result.passed and "costs time only" in result.message


@pytest.mark.parametrize("hint", UPDATES)
def test_wrong_updates_are_named(hint):
    assert_named(check.updates(*UPDATES[hint]), hint)


# 4. Six steps


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({2: "only slower", 4: "left-over gradients"}, "that one is harmless"),
        ({1: "wrong label", 5: "G never moves"}, "does it ever get to G?"),
        ({3: "wrong label", 5: "one optimiser for both"}, "holds D's weights as well"),
        ({6: "two sigmoid"}, "none of the words"),
        ({6: "only slower", 4: "two sigmoids"}, "zero_grad() do"),
        ({7: "wrong label"}, "the keys 1, 2, 3, 4, 5, 6"),
    ],
)
def test_wrong_diagnoses_are_named(change, hint):
    assert_named(check.six_steps(check.SIX | change), hint)


def steps():
    """The six steps as printed in the lesson: number to the code of D's part and of G's part."""
    notebook = nbformat.read(lessons.find("02"), as_version=4)
    text = next(cell.source for cell in notebook.cells if cell.id == "exercise-4-text")
    found = re.findall(r"```python\n(.*?)def step_(\w)\(real, z\):\n(.*?step\(\)\n)(.*?)```", text, re.DOTALL)
    return {
        int(number): (head, textwrap.dedent(d_part), textwrap.dedent(g_part)) for head, number, d_part, g_part in found
    }


FAULTS = {1: "g-never-moves", 2: "stale-gradient", 3: "one-optimiser", 6: "double-sigmoid"}


@pytest.mark.parametrize("number", check.SIX)
def test_the_printed_steps_do_what_the_key_says(number):
    head, d_part, g_part = steps()[number]
    torch.manual_seed(0)
    names = {"G": nn.Linear(3, 2), "D": nn.Linear(2, 1), "bce": bce, "torch": torch}
    opts = {"opt_g": torch.optim.Adam(names["G"].parameters()), "opt_d": torch.optim.Adam(names["D"].parameters())}
    names |= opts
    exec(head, names)
    opts |= {"opt": names["opt"]} if "opt" in names else {}
    noise = torch.Generator().manual_seed(0)

    def update(part, real):
        labels = {"ones": torch.ones(len(real), 1), "zeros": torch.zeros(len(real), 1)}
        exec(part, names | labels | {"real": real, "z": torch.randn(len(real), 3, generator=noise)})

    report = audit(
        {"discriminator": lambda real: update(d_part, real), "generator": lambda real: update(g_part, real)},
        state={"generator": names["G"], "discriminator": names["D"], "noise": noise, **opts},
        batch=torch.randn(8, 2, generator=noise),
        logits=lambda x: names["D"](x).sigmoid() if ".sigmoid()" in d_part else names["D"](x),
    )
    assert [fault.name for fault in report.faults] == ([FAULTS[number]] if number in FAULTS else [])
    assert ("undetached-fake" in [verdict.name for verdict in report.verdicts]) == (number == 4)


def test_with_the_wrong_label_the_generator_helps_the_discriminator():
    _, _, g_part = steps()[5]
    torch.manual_seed(0)
    names = {"G": nn.Linear(3, 2), "D": nn.Linear(2, 1), "bce": bce, "opt_d": None}
    names["opt_g"] = torch.optim.SGD(names["G"].parameters(), 0.1)
    names |= {"zeros": torch.zeros(8, 1), "z": torch.randn(8, 3)}
    before = names["D"](names["G"](names["z"])).mean()
    exec(g_part, names)
    assert names["D"](names["G"](names["z"])).mean() < before


# 5. A loss at rest


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (("no detach", 0.5032, 0.6931), "zeroed before use"),
        (("pixel range", 0.5032, 0.6931), "goes to 0"),
        (("two sigmoids", 1.0064, 0.6931), "averages them"),
        (("two sigmoids", 0.693, 0.6931), "Which numbers can reach"),
        (("two sigmoids", 0.5032, 0.3133), "Cause and D's loss are right"),
        (("two sigmoid", 0.5032, 0.6931), "One of"),
    ],
)
def test_wrong_causes_of_a_loss_at_rest_are_named(answer, hint):
    assert check.loss_at_rest("two sigmoids", torch.tensor(0.5032), 0.6931)
    assert_named(check.loss_at_rest(*answer), hint)
