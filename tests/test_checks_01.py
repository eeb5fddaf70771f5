"""Lesson 01's checks: its solutions pass, its stubs are unanswered, known mistakes get their own hint."""

import math

import numpy as np
import pytest
import torch
from exercises import assert_named, results

from gan_course.checks import lesson_01 as check

LESSON = {"np": np, "check": check}  # what the lesson's cells use


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_stubs_are_not_answered_yet():
    assert [result.passed for result in results("01", "check", dict(LESSON))] == [None] * 5


def test_the_solutions_pass():
    found = list(results("01", "solution", dict(LESSON)))
    assert len(found) == 5
    for result in found:
        assert result.passed, result


# 1. The best D

RIGHT_D = {
    "by the logit": lambda p, q, r, f: sigmoid(
        np.log(np.maximum(r * p + f * q, 1e-30)) - np.log(np.maximum((1 - r) * p + (1 - f) * q, 1e-30))
    ),
    "plus a trace": lambda p, q, r, f: (r * p + f * q) / (p + q + 1e-12),
    "as a tensor": lambda p, q, r, f: torch.nan_to_num(torch.as_tensor((r * p + f * q) / (p + q))),
    "mean label": lambda p, q, r, f: f + (r - f) * p / np.maximum(p + q, 1e-30),
    "other names": lambda real, fake, a, b: (a * real + b * fake) / np.maximum(real + fake, 1e-30),
}
WRONG_D = {
    "for the labels 1 and 0": lambda p, q, r, f: p / (p + q),
    "large p makes it large": lambda p, q, r, f: q / (p + q),
    "r is the label of the real samples": lambda p, q, r, f: (r * q + f * p) / (p + q),
    "That is 1 - D": lambda p, q, r, f: ((1 - r) * p + (1 - f) * q) / (p + q),
    "still has to be divided": lambda p, q, r, f: r * p + f * q,
    "The probability D is wanted": lambda p, q, r, f: np.log(r * p + f * q) - np.log((1 - r) * p + (1 - f) * q),
    "and for the labels 1 and 0. The probability": lambda p, q, r, f: np.log(p / q),
    "There is a NaN in it": lambda p, q, r, f: r * p / (r * p + f * q),  # 0/0 where neither has any
    "f is left out": lambda p, q, r, f: r * p / (p + q),
    "0/0": lambda p, q, r, f: (r * p + f * q) / (p + q),
    "which is no probability": lambda p, q, r, f: np.where(p + q > 0, (r * p + f * q) / (p + q), -1),
    "spoils its neighbours": lambda p, q, r, f: 0.5 * (p + q) if np.any(p + q == 0) else (r * p + f * q) / (p + q),
    "not for single numbers": lambda p, q, r, f: (
        np.where(p + q > 0, (r * p + f * q) / (p + q), 0) if np.ndim(p) else 0.5
    ),
    "has a smaller loss": lambda p, q, r, f: p * 0 + 0.5,
    "the shape ()": lambda p, q, r, f: 0.5,
}


@pytest.mark.parametrize("form", RIGHT_D)
def test_the_best_d_written_differently(form):
    assert check.best_discriminator(RIGHT_D[form])


@pytest.mark.parametrize("hint", WRONG_D)
def test_a_wrong_best_d_is_named(hint):
    assert_named(check.best_discriminator(WRONG_D[hint]), hint)


# 2. Two losses


def softplus(x):
    return np.logaddexp(0, x)


def minimax(logits):
    return -np.mean(softplus(logits))


def non_saturating(logits):
    return np.mean(softplus(-logits))


def clipped(loss):  # PyTorch's binary_cross_entropy behind a sigmoid, as one article has it
    def with_sigmoid(logits):
        p = torch.sigmoid(torch.as_tensor(logits, dtype=torch.float64))
        target = torch.full_like(p, 1.0 if loss is non_saturating else 0.0)
        value = torch.nn.functional.binary_cross_entropy(p, target)
        return value if loss is non_saturating else -value

    return with_sigmoid


RIGHT_LOSSES = {
    "by pieces": (
        lambda x: -np.mean(np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))),
        lambda x: np.mean(np.maximum(-x, 0) + np.log1p(np.exp(-abs(x)))),
    ),
    "torch": (
        lambda x: torch.nn.functional.logsigmoid(-torch.as_tensor(x)).mean(),
        lambda x: -torch.nn.functional.logsigmoid(torch.as_tensor(x)).mean(),
    ),
    "an array of one": (lambda x: [minimax(x)], lambda x: np.array([[non_saturating(x)]])),
}
WRONG_LOSSES = {
    "the minimax loss: for the logit 100 it is -100, yours is -inf": (
        lambda x: np.mean(np.log(1 - sigmoid(x))),
        non_saturating,
    ),
    "the non-saturating loss: for the logit -100 it is 100, yours is inf": (
        minimax,
        lambda x: -np.mean(np.log(sigmoid(x))),  # float32
    ),
    "the non-saturating loss: for the logit -1000 it is 1000, yours is inf": (
        minimax,
        lambda x: -np.mean(np.log(sigmoid(x.astype(float)))),
    ),
    "for the logit -1000 it is 1000, yours is 100": (minimax, clipped(non_saturating)),
    "cut off": (minimax, lambda x: -np.mean(np.log(sigmoid(x) + 1e-8))),
    "the minimax loss: the sign is wrong": (lambda x: -minimax(x), non_saturating),
    "the non-saturating loss: the sign is wrong": (minimax, lambda x: -non_saturating(x)),
    "the non-saturating loss: that is -log(1 - D)": (minimax, lambda x: softplus(x).mean()),
    "the minimax loss: that is log D": (lambda x: -softplus(-x).mean(), non_saturating),
    "the minimax loss: a sigmoid too many": (lambda x: minimax(sigmoid(x)), non_saturating),
    "the non-saturating loss: a sigmoid too many": (minimax, lambda x: non_saturating(sigmoid(x))),
    "the non-saturating loss: that is the sum": (minimax, lambda x: softplus(-x).sum()),
    "the minimax loss: that is the sum": (lambda x: -softplus(x).sum(), non_saturating),
    "not one for each sample": (lambda x: -softplus(x), lambda x: softplus(-x)),
    "this is the other one": (non_saturating, minimax),
    "the logarithm of a negative number": (lambda x: np.mean(np.log(1 - x)), non_saturating),
    "yours is 0.0000": (minimax, lambda x: 0.0),
}


@pytest.mark.parametrize("form", RIGHT_LOSSES)
def test_the_losses_written_differently(form):
    assert check.generator_losses(*RIGHT_LOSSES[form])


@pytest.mark.parametrize("hint", WRONG_LOSSES)
def test_wrong_losses_are_named(hint):
    assert_named(check.generator_losses(*WRONG_LOSSES[hint]), hint)


# 3. Five numbers

GOOD = {"D, draw": 1.386, "G, draw": 0.693, "D, draw, smoothed": 1.376, "JSD, apart": 0.693, "JSD, at least": 0.193}
WRONG_NUMBERS = [
    ("D, draw", 0.693, "L_D is their sum"),
    ("D, draw", 0.0, "always right"),
    ("D, draw", -1.386, "That is V"),
    ("G, draw", -0.693, "the minimax loss"),
    ("G, draw", 1.386, "one term only"),
    ("G, draw", 0, "-log D isn't 0"),
    ("D, draw, smoothed", 1.386, "the best D at a draw isn't 1/2"),  # article 004 says nothing of it
    ("D, draw, smoothed", 0.325, "if it can tell real from generated"),
    ("D, draw, smoothed", 0.688, "L_D is their sum"),
    ("D, draw, smoothed", 1.396, "their term is -0.9 log D"),
    ("JSD, apart", 1, "in bits"),
    ("JSD, apart", math.inf, "KL would be infinite"),
    ("JSD, apart", 1.386, "twice the divergence"),
    ("JSD, apart", 0, "two that are equal"),
    ("JSD, at least", 0.386, "Half of that"),
    ("JSD, at least", -0.193, "never negative"),
    ("JSD, at least", 1.193, "More than log 2"),
    ("JSD, at least", 0, "there is a difference"),
    ("JSD, at least", 7, "it is not 7"),
    ("G, draw", math.nan, "There is a NaN in it"),
    ("G, draw", "log 2", "Numbers are wanted"),
]


def test_the_numbers_in_any_form():
    assert check.numbers(GOOD)
    assert check.numbers({name: np.array([value + 0.001]) for name, value in GOOD.items()})
    assert check.numbers(GOOD | {"G, draw": torch.tensor(2.0).log()})


@pytest.mark.parametrize(("name", "value", "hint"), WRONG_NUMBERS)
def test_wrong_numbers_are_named(name, value, hint):
    assert_named(check.numbers(GOOD | {name: value}), hint)


def test_other_keys_are_named():
    assert_named(check.numbers({"D": 1}), "with the keys")
    assert_named(check.numbers([1.386, 0.693]), "with the keys")


# 4. Steps. fx and fy are the slopes for x and for y.


def alternating(x, y, eta, fx, fy):
    x -= eta * fx(x, y)
    return x, y + eta * fy(x, y)


def extragradient(x, y, eta, fx, fy):
    trial = simultaneous(x, y, eta, fx, fy)
    return x - eta * fx(*trial), y + eta * fy(*trial)


def simultaneous(x, y, eta, fx, fy):
    return x - eta * fx(x, y), y + eta * fy(x, y)


def from_the_trial_point(x, y, eta, fx, fy):
    return simultaneous(*simultaneous(x, y, eta, fx, fy), eta, fx, fy)


def y_first(x, y, eta, fx, fy):
    y = y + eta * fy(x, y)
    return x - eta * fx(x, y), y


def y_answers_the_new_x(x, y, eta, fx, fy):
    x_trial, y_trial = simultaneous(x, y, eta, fx, fy)
    x = x - eta * fx(x_trial, y_trial)
    return x, y + eta * fy(x, y_trial)


def half_old(x, y, eta, fx, fy):
    x_trial, y_trial = simultaneous(x, y, eta, fx, fy)
    return x - eta * fx(x, y_trial), y + eta * fy(x_trial, y)


def last_step(sign_x, sign_y):  # the trial step is right
    def step(x, y, eta, fx, fy):
        trial = simultaneous(x, y, eta, fx, fy)
        return x + sign_x * eta * fx(*trial), y + sign_y * eta * fy(*trial)

    return step


def turned(step, sign_x, sign_y):  # in both steps
    def other(x, y, eta, fx, fy):
        return step(x, y, eta, lambda x, y: sign_x * fx(x, y), lambda x, y: sign_y * fy(x, y))

    return other


def crossed(step):
    return lambda x, y, eta, fx, fy: step(x, y, eta, fy, fx)


RIGHT_STEPS = {
    "written out": (
        lambda x, y, eta, fx, fy: (x - eta * fx(x, y), y + eta * fy(x - eta * fx(x, y), y)),
        extragradient,
    ),
    "lists and tensors": (
        lambda *arguments: list(alternating(*arguments)),
        lambda *arguments: torch.tensor(extragradient(*arguments), dtype=torch.float64),
    ),
}
WRONG_STEPS = {
    "The alternating step: y still looks at the old x": (simultaneous, extragradient),
    "The alternating step: y went first": (y_first, extragradient),
    "The alternating step: y goes down, too. y": (turned(alternating, 1, -1), extragradient),
    "The alternating step: y goes down, too, and": (turned(simultaneous, 1, -1), extragradient),
    "The alternating step: x goes up, too": (turned(alternating, -1, 1), extragradient),
    "The alternating step: both go the wrong way": (turned(alternating, -1, -1), extragradient),
    "The alternating step: x takes the slope for y": (crossed(alternating), extragradient),
    "The alternating step: that is the step for xy": (
        lambda x, y, eta, fx, fy: (x - eta * y, y + eta * (x - eta * y)),
        extragradient,
    ),
    "The extragradient step: the last step starts at the trial point": (alternating, from_the_trial_point),
    "The extragradient step: that is only the trial step": (alternating, simultaneous),
    "The extragradient step: y looks at the new x": (alternating, y_answers_the_new_x),
    "The extragradient step: x's slope is still that of the old point": (alternating, alternating),
    "The extragradient step: each slope is taken half at the old point": (alternating, half_old),
    "The extragradient step: both go down": (alternating, turned(extragradient, 1, -1)),
    "The extragradient step: in the last step y goes down": (alternating, last_step(-1, -1)),
    "The extragradient step: the last step has the wrong sign": (alternating, last_step(1, -1)),
    "The extragradient step: both go the wrong way": (alternating, turned(extragradient, -1, -1)),
    "The extragradient step: x takes the slope for y": (alternating, crossed(extragradient)),
    "The extragradient step: that is the step for xy": (
        alternating,
        lambda x, y, eta, fx, fy: (x - eta * (y + eta * x), y + eta * (x - eta * y)),
    ),
    "it leads to": (lambda *arguments: (0, 0), extragradient),
    "two numbers": (lambda x, *others: x, extragradient),
    "not 3": (lambda x, y, eta, *slopes: (x, y, eta), extragradient),
}


@pytest.mark.parametrize("form", RIGHT_STEPS)
def test_steps_written_differently(form):
    assert check.steps(*RIGHT_STEPS[form])


@pytest.mark.parametrize("hint", WRONG_STEPS)
def test_wrong_steps_are_named(hint):
    assert_named(check.steps(*WRONG_STEPS[hint]), hint)


# 5. Three logs

CAUSES = {"A": "D learns nothing", "B": "the minimax loss saturates", "C": "a draw, losses averaged"}
WRONG_CAUSES = [
    ("A", "a draw, losses added", "the samples are noise"),  # the articles' own stop rule
    ("A", "a draw, losses averaged", "1.386 is a sum"),
    ("A", "the minimax loss saturates", "before it has learned anything"),
    ("B", "the non-saturating loss saturates", "How large is -log D"),
    ("B", "D learns nothing", "Who gets nothing"),
    ("C", "a draw, losses added", "if the two terms were added"),
    ("C", "D learns nothing", "the samples wouldn't be good"),
    ("C", "the minimax loss saturates", "how is it counted"),
    ("C", "a draw", "none of the words"),
]


@pytest.mark.parametrize(("log", "cause", "hint"), WRONG_CAUSES)
def test_wrong_diagnoses_are_named(log, cause, hint):
    assert check.diagnosis(CAUSES)
    assert_named(check.diagnosis(CAUSES | {log: cause}), hint)


def test_a_diagnosis_in_another_form_is_named():
    assert_named(check.diagnosis("D learns nothing"), "the keys A, B, C")
