"""What lesson 02's exercises take for granted: the six printed steps do what the key of exercise 3 says."""

import re
import textwrap

import nbformat
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from gan_course import lessons
from gan_course.exercises import lesson_02 as check

SAID = {  # what exercise 1 says of the two halves of each step
    "G never moves": "No detach() here",
    "left-over gradients": "opt_g.zero_grad() is missing",
    "one optimiser for both": "G's update moved D",
    "only slower": "this costs time only",
    "wrong label": "helps D",
    "two sigmoids": "Two sigmoids",
}


def steps():
    """Return the steps as printed: number to what stands before it, the code of D's part and of G's part."""
    notebook = nbformat.read(lessons.find("02"), as_version=4)
    text = next(cell.source for cell in notebook.cells if cell.id == "exercise-3-text")
    found = re.findall(r"```python\n(.*?)def step_(\w)\(real, z\):\n(.*?step\(\)\n)(.*?)```", text, re.DOTALL)
    return {int(number): (head, *map(textwrap.dedent, parts)) for head, number, *parts in found}


@pytest.mark.parametrize("number", check.STEPS)
def test_the_printed_steps_do_what_the_key_says(number):
    head, *parts = steps()[number]
    opts = {}

    def play(part, g, d, opt, **given):
        if not opts or opts["g"] is not g:  # other networks: all of them new
            opts.update(
                g=g, opt_g=torch.optim.SGD(g.parameters(), check.LR), opt_d=torch.optim.SGD(d.parameters(), check.LR)
            )
            exec(head.replace("Adam", "SGD").replace("5e-4", str(check.LR)), {"torch": torch, "G": g, "D": d}, opts)
        n = len(given["z"])
        labels = {"ones": torch.ones(n, 1), "zeros": torch.zeros(n, 1)}
        exec(part, {"G": g, "D": d, "bce": bce, "nn": nn, **opts, **labels, **given})
        gradients = [weight.grad for weight in [*g.parameters(), *d.parameters()]]
        for weight in [*g.parameters(), *d.parameters()]:
            weight.grad = None
        opt.step()  # moves nothing: the printed steps have optimisers of their own, and exercise 1 asks for this one
        for weight, gradient in zip([*g.parameters(), *d.parameters()], gradients, strict=True):
            weight.grad = gradient

    result = check.updates(
        lambda g, d, opt, real, z: play(parts[0], g, d, opt, real=real, z=z),
        lambda g, d, opt, z: play(parts[1], g, d, opt, z=z),
    )
    assert SAID[check.STEPS[number]] in result.message
    assert bool(result) is (check.STEPS[number] == "only slower")
