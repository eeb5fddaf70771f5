"""Lesson 05's checks: its solutions pass, its stubs are unanswered, known mistakes get their own hint."""

import math

import numpy as np
import pytest
import torch
from exercises import assert_named, results
from torch import nn
from torch.nn.functional import conv2d

from gan_course.checks import lesson_05 as check


def unit(vector):
    return vector / vector.norm()


def convolution_matrix(kernel, side, stride, padding):
    n = kernel.shape[1] * side * side
    pixels = torch.eye(n).reshape(n, kernel.shape[1], side, side)
    return conv2d(pixels, kernel, None, stride, padding).flatten(1).T


LESSON = {  # what the lesson's cells use
    "np": np,
    "torch": torch,
    "nn": nn,
    "check": check,
    "unit": unit,
    "convolution_matrix": convolution_matrix,
}


def test_the_stubs_are_not_answered_yet():
    assert [result.passed for result in results("05", "check", dict(LESSON))] == [None] * 6


def test_the_solutions_pass():
    for result in results("05", "solution", dict(LESSON)):
        assert result.passed, result


# 1. Power iteration for a convolution


def iteration(weight, u):
    K = weight.detach().flatten(1)
    v = unit(K.T @ u)
    return K, v, unit(K @ v)


def kernel(weight, u, *, keep=True, sigma=None, reshape=None, times=1):
    """The right answer, with one thing changed."""
    with torch.no_grad():
        start = u.clone()
        for _ in range(times):
            K, v, new = iteration(weight, start)
            old, start = start, new
    matrix = weight.flatten(1) if reshape is None else reshape(weight)
    value = new @ matrix @ v if sigma is None else sigma(matrix, old, new, v)
    if keep:
        with torch.no_grad():
            u.copy_(new)
    return weight / value


def changed(**options):
    return lambda weight, u: kernel(weight, u, **options)


def of(sigma):
    return changed(sigma=lambda K, old, new, v: sigma(K, old, new, v))


def cold(weight, u):
    v = unit(torch.randn(27))
    K = weight.flatten(1)
    new = unit(K.detach() @ v)
    return weight / (new @ K @ v)


def rebound(weight, u):
    K = weight.flatten(1)
    with torch.no_grad():
        v = unit(K.T @ u)
        u = unit(K @ v)
    return weight / (u @ K @ v)


def not_detached(weight, u):
    K = weight.flatten(1)
    v = unit(K.T @ u.clone())
    new = unit(K @ v)
    with torch.no_grad():
        u.copy_(new)
    return weight / (new @ K @ v)


def copied_with_its_graph(weight, u):
    K = weight.flatten(1)
    v = unit(K.T @ u.clone())
    u.copy_(unit(K @ v))
    return weight / (u.clone() @ K @ v)


def u_detached_v_not(weight, u):
    K = weight.flatten(1)
    v = unit(K.T @ u.clone())
    with torch.no_grad():
        u.copy_(unit(K @ v))
    return weight / (u.clone() @ K @ v)


def in_place(weight, u):
    K, v, new = iteration(weight, u)
    u.copy_(new)
    with torch.no_grad():
        weight /= new @ K @ v
    return weight


def in_place_data(weight, u):
    K, v, new = iteration(weight, u)
    u.copy_(new)
    weight.data /= new @ K @ v
    return weight * 1


def in_place_with_gradients(weight, u):
    K, v, new = iteration(weight, u)
    weight /= new @ K @ v
    return weight


def torn(weight, u):  # reshape(-1, outputs), used as if it were K
    K = weight.reshape(-1, 6)
    with torch.no_grad():
        v = unit(K @ u)
        u.copy_(unit(K.T @ v))
    return weight / (v @ K @ u.clone())


def by_inputs(weight, u):
    K = weight.transpose(0, 1).flatten(1)
    return weight / (K.T @ u).norm()


def reshaped_result(weight, u):
    return kernel(weight, u).flatten(1)


def not_cloned(weight, u):
    K = weight.flatten(1)
    with torch.no_grad():
        v = unit(K.T @ u)
        u.copy_(unit(K @ v))
    return weight / (u @ K @ v)


def not_cloned_and_hidden(weight, u):
    K, v, new = iteration(weight, u)
    u.data.copy_(new)
    return weight / (u @ weight.flatten(1) @ v)


def not_unit(weight, u):
    K, v, new = iteration(weight, u)
    value = weight / (new @ weight.flatten(1) @ v)
    u.copy_(3 * new)
    return value


def wrong_memory(weight, u):
    value = kernel(weight, u.clone())
    u.copy_(unit(torch.ones(6)))
    return value


def by_rows(weight, u):
    return weight / weight.flatten(1).norm(dim=1)[:, None, None, None]


def everything_detached(weight, u):
    return kernel(weight, u).detach()


def nothing_returned(weight, u):
    kernel(weight, u)


KERNELS = {
    "Frobenius": of(lambda K, old, new, v: K.norm()),
    "divides by sigma squared": of(lambda K, old, new, v: (new @ K @ v) ** 2),
    "an eigenvalue of K^T K": of(lambda K, old, new, v: (K.T @ K @ v).norm()),
    "multiplies by sigma": of(lambda K, old, new, v: 1 / (new @ K @ v)),
    "half an iteration behind": of(lambda K, old, new, v: old @ K @ v),
    "is there to avoid": of(lambda K, old, new, v: torch.linalg.matrix_norm(K, 2)),
    "a vector is drawn anew": cold,
    "starts cold again": rebound,
    "goes through the iteration": not_detached,
    "part of the graph": copied_with_its_graph,
    "The kernel itself was changed": in_place,
    "An in-place operation on the kernel": in_place_with_gradients,
    "tears kernels apart": torn,
    "u has one number for each of the 6 outputs": by_inputs,
    "The kernel's own shape": reshaped_result,
    "the second has overwritten": not_cloned,
    "hides from autograd": not_cloned_and_hidden,
    "has the length 3.000": not_unit,
    "is not the one of this iteration": wrong_memory,
    "divided by one number": by_rows,
    "no gradient goes back": everything_detached,
    "sigma was detached": of(lambda K, old, new, v: (new @ K @ v).detach()),
    "That is two iterations": changed(times=2),
    "One iteration gives sigma": of(lambda K, old, new, v: 7.0),
    "a tensor; this is a float": lambda weight, u: 1.0,
    "A function is wanted": 3,
}


def twice_as_careful(weight, u):  # v kept as well, loops, einsum
    K = weight.reshape(weight.shape[0], -1)
    v = torch.nn.functional.normalize(K.detach().t().mv(u), dim=0)
    new = torch.nn.functional.normalize(K.detach().mv(v), dim=0)
    u.data.copy_(new)
    return weight / torch.einsum("i,ij,j->", new, K, v)


def the_length(weight, u):  # sigma = |K v|, which is u^T K v
    K = weight.flatten(1)
    with torch.no_grad():
        v = unit(K.T @ u)
        u.copy_(unit(K @ v))
    return weight / (K @ v).norm()


def test_kernels_written_differently_are_right():
    assert check.normalised_kernel(kernel)
    assert check.normalised_kernel(twice_as_careful)
    assert check.normalised_kernel(the_length)


@pytest.mark.parametrize("hint", KERNELS)
def test_wrong_kernels_are_named(hint):
    assert_named(check.normalised_kernel(KERNELS[hint]), hint)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [(in_place_data, "The kernel itself was changed"), (u_detached_v_not, "goes through the iteration")],
)
def test_other_ways_to_the_same_mistake_are_named(answer, hint):
    assert_named(check.normalised_kernel(answer), hint)


def test_a_function_that_returns_nothing_is_not_answered():
    assert check.normalised_kernel(nothing_returned).passed is None


# 2. Bounds


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({(3, 1): 9}, "the norm is their root"),
        ({(4, 2): 4}, "the norm is their root"),
        ({(4, 2): 16}, "the number of pixels in a window"),
        ({(5, 2): 5}, "so it would be with stride 1"),
        ({(5, 2): 2.5}, "the largest number"),
        ({(5, 2): 2}, "rounded the wrong way"),
        ({(7, 4): 1.75}, "the largest number"),
        ({(7, 4): 1}, "rounded the wrong way"),
        ({(2, 2): 4}, "the number of pixels in a window"),
        ({(3, 1): 1}, "too small"),
        ({(3, 1): 12}, "there is a smaller one"),
    ],
)
def test_wrong_bounds_are_named(change, hint):
    assert_named(check.kernel_bounds(check.BOUNDS | change), hint)


def test_the_bounds_hold_and_are_nearly_reached():
    for (k, s), bound in check.BOUNDS.items():
        A = convolution_matrix(torch.ones(1, 1, k, k), 32, s, k // 2)
        ratio = torch.linalg.matrix_norm(A, 2).item() / k
        assert bound - 1 < ratio <= bound + 1e-4


# 3. Leashes


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({0.0: ("runs away", 0.0)}, "steps of finite size"),
        ({0.0: ("spirals in", 0.0)}, "does the distance from the goal"),
        ({0.0: ("circles", 0.5)}, "not the larger real part"),
        ({0.6: ("comes straight in", -0.3)}, "an imaginary part"),
        ({0.6: ("circles", -0.3)}, "So the distance changes"),
        ({0.6: ("spirals in", 0.3)}, "wrong sign"),
        ({0.6: ("spirals in", -0.6)}, "The 2 in the denominator"),
        ({2.6: ("spirals in", -0.1)}, "Nothing turns"),
        ({2.6: ("comes straight in", -2.5)}, "the faster one"),
        ({2.6: ("comes straight in", -1.3)}, "belongs to the real part"),
        ({2.6: ("comes in", -0.1)}, "none of the words"),
        ({1.0: -0.5}, "a pair"),
    ],
)
def test_wrong_leashes_are_named(change, hint):
    assert_named(check.leashes(check.LEASHES | change), hint)


def test_the_leashes_are_those_of_the_game():
    for gamma, (_, slow) in check.LEASHES.items():
        values = np.linalg.eigvals(np.array([[0, 0.5], [-0.5, -gamma]]))
        assert math.isclose(values.real.max(), slow, abs_tol=1e-6)
    rounded = {g: (w, round(s, 2)) for g, (w, s) in check.LEASHES.items()}
    assert check.leashes(rounded)


# 4. R1


def squares(discriminator, real, *, total=torch.sum, graph=True, own=True):
    real = real.detach().requires_grad_() if own else real.requires_grad_()
    (slope,) = torch.autograd.grad(total(discriminator(real)), real, create_graph=graph)
    return slope.square().flatten(1).sum(dim=1)


def r1(discriminator, real, gamma, every, step, *, due=0, strength=None, mean=torch.mean, **how):
    if step % every != due:
        return torch.zeros(())
    factor = every * gamma / 2 if strength is None else strength(gamma, every)
    return factor * mean(squares(discriminator, real, **how))


def r1_with(**options):
    return lambda *arguments: r1(*arguments, **options)


def detached_half(discriminator, real, gamma, every, step):
    value = r1(discriminator, real, gamma, every, step)
    return (value + value.detach()) / 2 if value.requires_grad else value


def as_number(*arguments):
    return float(r1(*arguments))


def every_step(discriminator, real, gamma, every, step):
    return r1(discriminator, real, gamma, every, 0)


PENALTIES = {
    "the strength is γ/2, not γ": r1_with(strength=lambda g, k: k * g),
    "The interval is missing: taken": r1_with(strength=lambda g, k: g / 2),
    "The interval is missing, and the strength": r1_with(strength=lambda g, k: g),
    "divided by the interval": r1_with(strength=lambda g, k: g / 2 / k),
    "counts once, not squared": r1_with(strength=lambda g, k: k * k * g / 2),
    "γ is not squared": r1_with(strength=lambda g, k: k * g * g / 2),
    "the mean of the slopes' lengths": r1_with(mean=lambda s: s.sqrt().mean()),
    "squares the mean length": r1_with(mean=lambda s: s.sqrt().mean() ** 2),
    "sums over the batch": r1_with(mean=torch.sum),
    "the root of the sum over the whole batch": r1_with(mean=lambda s: s.sum().sqrt()),
    "over the pixels, too": r1_with(mean=lambda s: s.mean() / 16),
    "averaged before the gradient": r1_with(total=torch.mean),
    "One norm for the whole batch": r1_with(total=torch.mean, mean=torch.sum),
    "how far slopes are from 1": r1_with(mean=lambda s: (s.sqrt() - 1).square().mean()),
    "no weight of D can feel it": r1_with(graph=False),
    "There is a penalty in step 0": r1_with(due=3),
    "no penalty is due": every_step,
    "its gradient isn't": detached_half,
    "return the tensor, not a number": as_number,
    "it should be": r1_with(strength=lambda g, k: 0.1234),
    "A function is wanted": "text",
}


def test_penalties_written_differently_are_right():
    assert check.lazy_r1(r1)
    assert check.lazy_r1(r1_with(own=False))
    assert check.lazy_r1(lambda *a: r1(*a) if a[4] % a[3] == 0 else 0.0)


@pytest.mark.parametrize("hint", PENALTIES)
def test_wrong_penalties_are_named(hint):
    assert_named(check.lazy_r1(PENALTIES[hint]), hint)


# 5. The best hinge


BEST = {"A": 1, "B": 1, "C": -1}


@pytest.mark.parametrize(
    ("logits", "loss", "tv", "hint"),
    [
        (BEST | {"B": math.log(2)}, 0.5, 0.75, "best logit for cross-entropy"),
        (BEST | {"B": 0}, 0.5, 0.75, "Where is it smallest"),
        (BEST | {"B": 2}, 0.5, 0.75, "Beyond 1?"),
        (BEST | {"A": 0}, 0.5, 0.75, "From which logit on"),
        (BEST | {"C": 1}, 0.5, 0.75, "From which logit on"),
        (BEST, 0.25, 0.75, "the loss is twice that"),
        (BEST, 1.0, 0.75, "Now add up"),
        (BEST, 0.5, 1.5, "half of the sum"),
        (BEST, 0.5, 0.25, "check it by"),
        ([1, 1, -1], 0.5, 0.75, "A dict with the keys"),
    ],
)
def test_wrong_hinges_are_named(logits, loss, tv, hint):
    assert_named(check.best_hinge(logits, loss, tv), hint)


def test_any_best_logit_will_do():
    assert check.best_hinge({"A": 5, "B": 1, "C": -1.5}, 0.5, 0.75)
    assert check.best_hinge({"A": math.inf, "B": 1, "C": -math.inf}, 0.5, 0.75)


# 6. Six complaints


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"A": "no create_graph", "B": "reading the weight"}, "Looking must"),
        ({"B": "operator norm", "C": "no create_graph"}, "a way from the"),
        ({"C": "no warm start"}, "a cold vector makes sigma too small"),
        ({"D": "batch norm in D", "E": "operator norm"}, "Two functions"),
        ({"E": "past both margins"}, "depend on the other images"),
        ({"F": "no warm start"}, "Where is the hinge flat"),
        ({"F": "margins"}, "none of the words"),
        ({"G": "operator norm"}, "the keys A, B, C, D, E, F"),
    ],
)
def test_wrong_diagnoses_are_named(change, hint):
    assert_named(check.six_complaints(check.SIX | change), hint)
