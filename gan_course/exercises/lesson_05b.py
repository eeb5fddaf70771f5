"""Lesson 05b's exercises: the Dirac-GAN's step and its leashes, a convolution's bound, the best hinge."""

import math

import numpy as np
import torch
from torch.nn.functional import softplus

from gan_course.exercises import Between, Exercise, Number, among, of, several


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def tensor(number):
    return torch.tensor(number, dtype=torch.float64)


# 1. One step of the Dirac-GAN


def dirac(theta, psi, gamma, eta, *, g=lambda t, p: sigmoid(p * t) * p, d=lambda t, p, c: -sigmoid(p * t) * t - c * p,
          turns=False, step=lambda eta: eta, order=lambda t, p: (t, p)):  # fmt: skip
    new = theta + step(eta) * g(theta, psi)
    psi = psi + step(eta) * d(new if turns else theta, psi, gamma)
    return order(new, psi)


def by_autograd(theta, psi, gamma, eta):
    t, p = (x.clone().requires_grad_() for x in (theta, psi))
    (slope_g,) = torch.autograd.grad(-softplus(p * t), t)
    (slope_d,) = torch.autograd.grad(softplus(p * t) + gamma / 2 * p**2, p)
    return t.detach() - eta * slope_g, p.detach() - eta * slope_d


def d_first(theta, psi, gamma, eta):
    psi = psi + eta * (-sigmoid(psi * theta) * theta - gamma * psi)
    return theta + eta * sigmoid(psi * theta) * psi, psi


def only_theta_new(theta, psi, gamma, eta):  # the slopes are the old ones, but for the factor theta
    s, new = sigmoid(psi * theta), dirac(theta, psi, gamma, eta)[0]
    return new, psi - eta * (s * new + gamma * psi)


def step_apart(theta, psi, gamma, eta, sign):  # eta reaches one term only
    new, psi_new = dirac(theta, psi, 0.0, eta)
    return new, psi_new + sign * gamma * psi


def without_grad(theta, psi, gamma, eta):
    softplus(psi * theta).backward()


def without_backward(theta, psi, gamma, eta):
    return theta - eta * theta.grad, psi


def look_at_step(case, step):
    theta, psi = several(step(*case), "theta", "psi")
    yield "theta", theta
    yield "psi", psi


SIGNS = "G goes down its own loss, -softplus(psi theta): its theta moves along +s(psi theta) psi."
HALF = "The penalty is (gamma / 2) psi squared. Its slope in psi is gamma psi."
dirac_step = Exercise(
    "`dirac_step(theta, psi, gamma, eta)`: both players' numbers after one step of both at once.",
    right=[dirac, by_autograd],
    mistakes={
        SIGNS: dict(g=lambda t, p: -sigmoid(p * t) * p),
        "D goes down its loss: the slope of softplus(psi theta) in psi is s(psi theta) theta, and psi moves against it.": [
            dict(d=lambda t, p, c: sigmoid(p * t) * t - c * p),
            dict(d=lambda t, p, c: sigmoid(p * t) * t + c * p),
        ],
        "D's gamma psi has psi's own sign: no absolute value, and the slope of the *square*.": [
            dict(d=lambda t, p, c: -sigmoid(p * t) * t - c * abs(p)),
            dict(d=lambda t, p, c: -sigmoid(p * t) * t - c / 2 * p / abs(p)),
            dict(d=lambda t, p, c: -sigmoid(p * t) * t - c * p / abs(p)),
        ],
        "The penalty is on D's slope, psi, not on theta.": dict(d=lambda t, p, c: -sigmoid(p * t) * t - c * t),
        "eta multiplies the whole slope, the penalty's, too: parentheses, and both terms with a minus.": [
            lambda *a, sign=sign: step_apart(*a, sign) for sign in (-1, 1)
        ],
        "The penalty pushes psi away from 0; it is added to D's loss, and D goes down.": dict(
            d=lambda t, p, c: -sigmoid(p * t) * t + c * p
        ),
        "Both players go up their losses. Down!": dict(step=lambda eta: -eta),
        HALF: [
            dict(d=lambda t, p, c: -sigmoid(p * t) * t - c / 2 * p),
            dict(d=lambda t, p, c: -sigmoid(p * t) * t - 2 * c * p),
        ],
        "That is the penalty's value, not its slope in psi.": dict(
            d=lambda t, p, c: -sigmoid(p * t) * t - c / 2 * p * p
        ),
        "The penalty is missing: gamma psi in D's slope.": dict(d=lambda t, p, c: -sigmoid(p * t) * t),
        "D takes its step with the new theta: both players look at the same old point here.": dict(turns=True),
        "s is the old one, but the theta beside it is the new one: both players look at the same old point.": only_theta_new,
        "Nothing has moved. (By autograd: both losses' slopes add up in .grad, and cancel. Take each loss by itself.)": dict(
            g=lambda t, p: 0, d=lambda t, p, c: -c * p
        ),
        "One of the two numbers is the old one. Both players take a step, where gamma is 0, too: it multiplies the penalty alone.": [
            dict(g=lambda t, p: 0),
            dict(d=lambda t, p, c: 0),
            dict(d=lambda t, p, c: -c * (sigmoid(p * t) * t + p)),
        ],
        "Two numbers are wanted, (theta, psi).": [dict(order=lambda t, p: t), dict(order=lambda t, p: p)],
        "These are changes or slopes. Wanted is where theta and psi are afterwards.": [
            lambda t, p, c, e: (dirac(t, p, c, e)[0] - t, dirac(t, p, c, e)[1] - p),
            lambda t, p, c, e: (dirac(t, p, c, 1)[0] - t, dirac(t, p, c, 1)[1] - p),
            lambda t, p, c, e: (t - dirac(t, p, c, 1)[0], p - dirac(t, p, c, 1)[1]),
        ],
        "theta and psi come without requires_grad: for autograd take x.clone().requires_grad_() of each.": without_grad,
        "There is nothing in .grad: backward() of each loss comes first, from a theta or psi that requires_grad.": (
            without_backward
        ),
        "s is taken at psi theta, in both slopes.": [
            dict(g=lambda t, p: sigmoid(p) * p, d=lambda t, p, c: -sigmoid(t) * t - c * p),
            dict(g=lambda t, p: sigmoid(t) * p, d=lambda t, p, c: -sigmoid(p) * t - c * p),
        ],
        "s (1 - s) is the sigmoid's slope. That of softplus is s.": dict(
            g=lambda t, p: sigmoid(p * t) * sigmoid(-p * t) * p,
            d=lambda t, p, c: -sigmoid(p * t) * sigmoid(-p * t) * t - c * p,
        ),
        "The inner derivative is missing: of psi theta it is psi in theta, and theta in psi.": dict(
            g=lambda t, p: sigmoid(p * t), d=lambda t, p, c: -sigmoid(p * t) - c * p
        ),
        "The inner derivatives have changed places: of psi theta it is psi in theta, and theta in psi.": dict(
            g=lambda t, p: sigmoid(p * t) * t, d=lambda t, p, c: -sigmoid(p * t) * p - c * p
        ),
        "log 2 is a constant: it has no slope.": dict(d=lambda t, p, c: -math.log(2) - sigmoid(p * t) * t - c * p),
        "The real sample is 0, not theta: D's real term has no slope in psi.": dict(
            d=lambda t, p, c: -sigmoid(p * t) * t + sigmoid(-p * t) * t - c * p
        ),
        "G takes its step with the new psi: both players look at the same old point here.": d_first,
        "The step eta is missing.": dict(step=lambda eta: 1),
        "That is the non-saturating loss. Here G has the minimax loss, -softplus(psi theta).": dict(
            g=lambda t, p: sigmoid(-p * t) * p
        ),
        "The penalty's gamma comes in once, not squared.": dict(d=lambda t, p, c: -sigmoid(p * t) * t - c**2 * p),
        "The penalty is in D's loss, not in G's.": lambda t, p, c, e: (
            dirac(t, p, c, e)[0] - e * c * p,
            dirac(t, p, 0.0, e)[1],
        ),
        "s is missing in one of the two slopes: that of softplus is the sigmoid s, for both.": [
            dict(g=lambda t, p: p),
            dict(d=lambda t, p, c: -t - c * p),
        ],
        "s is missing in both: the slope of softplus is the sigmoid s.": dict(
            g=lambda t, p: p, d=lambda t, p, c: -t - c * p
        ),
        "1/2 is s at the goal only; elsewhere it is s(psi theta).": dict(
            g=lambda t, p: p / 2, d=lambda t, p, c: -t / 2 - c * p
        ),
        "That is softplus itself, not its slope.": dict(
            g=lambda t, p: math.log1p(math.exp(p * t)) * p, d=lambda t, p, c: -math.log1p(math.exp(p * t)) * t - c * p
        ),
        "Those are the losses. A step goes along their slopes.": [
            dict(g=lambda t, p, k=k: k * softplus(p * t), d=lambda t, p, c, m=m: -m - softplus(p * t) - c / 2 * p * p)
            for k in (1, -1)
            for m in (0, math.log(2))
        ],
        "The penalty is on D's slope alone: G has nothing to pay.": lambda t, p, c, e: (
            t + e * (sigmoid(p * t) * p - c * t),
            dirac(t, p, c, e)[1],
        ),
        "theta comes first, then psi.": dict(order=lambda t, p: (p, t)),
    },
    cases={
        "without a penalty": (tensor(1.2), tensor(-0.7), 0.0, 0.2),
        "with a penalty": (tensor(1.5), tensor(0.4), 0.6, 0.1),
        "elsewhere": (tensor(-0.8), tensor(-2.0), 1.5, 0.05),
    },
    observe=look_at_step,
    endless="One step is wanted: no loop.",
    hints={
        "theta": "theta + eta s(psi theta) psi, with the old psi.",
        "psi": "psi - eta (s(psi theta) theta + gamma psi), with the old theta.",
    },
    praise="Both at once, each down its own loss.",
)


# 2. Leashes

PATHS = among({0.0: "circles", 0.6: "spirals in", 1.0: "comes straight in", 2.6: "comes straight in"}, "runs away")
SLOW = {0.0: 0.0, 0.6: -0.3, 1.0: -0.5, 2.6: -0.1}
WAYS = {
    "In continuous time nothing runs away here; that is what steps of finite size do.": dict.fromkeys(
        PATHS, "runs away"
    ),
    "The eigenvalues are ±i/2. With the real part 0, does the distance from the goal change?": {0.0: "spirals in"},
    "The eigenvalues are ±i/2: with an imaginary part the path turns.": {0.0: "comes straight in"},
    "γ² - 1 is negative, so the eigenvalues are complex. What does an imaginary part do?": {0.6: "comes straight in"},
    "γ² - 1 is not negative, so both eigenvalues are real. Nothing turns.": {1.0: "spirals in", 2.6: "spirals in"},
    "The real parts are not 0. So the distance changes.": dict.fromkeys((0.6, 1.0, 2.6), "circles"),
}
PARTS = {
    "The right size, with the wrong sign. Which sign of the real part decays?": {0.6: 0.3, 1.0: 0.5, 2.6: 0.1},
    "λ is (-γ ± √(γ² - 1)) / 2. The 2 in the denominator?": {0.6: -0.6, 1.0: -1.0, 2.6: -0.2},
    "That is the faster one. The slower decides how long it takes.": {2.6: [-2.5, -5.0]},
    "Before the root stands -γ, with its minus.": {2.6: 2.5},
    "The root is real here, and belongs to the real part.": {2.6: -1.3},
    "That is the root alone. What stands before it?": {2.6: [1.2, 2.4, -1.2]},
    "The root is imaginary here: it has no part in the real part.": {0.6: [0.1, -0.7], 0.0: [1.0, -1.0]},
    "That is the imaginary part.": {0.0: [0.5, -0.5], 0.6: [0.4, -0.4]},
    "That is |λ|, which is ½ for every complex pair. Wanted is the real part alone.": {0.6: [-0.5, 0.5]},
    "The root has no real part here. But what stands before it is real.": {0.6: 0.0},
    "γ is squared, and 1 subtracted, not added. So the root is imaginary here.": {0.6: [0.28, -0.88]},
    "The real part is -γ / 2: halved once.": {0.6: -0.15},
    "The root is 0 here. What stands before it isn't.": {1.0: 0.0},
    "About -1 / (4γ) holds far above γ = 1 only.": {0.6: -0.42, 1.0: -0.25},
    "Under the root γ is squared.": {2.6: (-2.6 + math.sqrt(1.6)) / 2},
    "That is -γ itself. λ is (-γ ± √(γ² - 1)) / 2.": {2.6: -2.6},
}
FASTEST = {
    "A strong penalty holds D back, and a weak D hardly tells G where to go. Compare the real parts.": 2.6,
    "It comes in; but another one decays faster. Compare the real parts.": 0.6,
    "It never comes in.": 0.0,
    "That is a real part. Wanted is the γ that it belongs to.": [-0.5, 0.5],
    "Wanted is the γ itself, not its place among the four.": [2, 3],
}
leashes = Exercise(
    "`{gamma: (what a path does, the slower eigenvalue's real part)}`, and the γ that comes in fastest.",
    parts=("leashes", "fastest"),
    right=[dict(leashes={gamma: (PATHS[gamma], Number(SLOW[gamma], 2)) for gamma in PATHS}, fastest=1.0)],
    mistakes={
        **of("leashes", {text: [{g: (w, ...)} for g, w in wrong.items()] for text, wrong in WAYS.items()}),
        **of(
            "leashes",
            {
                text: [{g: (..., n)} for g, some in wrong.items() for n in np.ravel(some).tolist()]
                for text, wrong in PARTS.items()
            },
        ),
        **of("fastest", FASTEST),
    },
    pair=("the path", "the real part"),
    hints={
        "the real part": "It is the larger real part of λ = (-γ ± √(γ² - 1)) / 2.",
        "the path": "Is there an imaginary part, and is there a real one?",
        "fastest": "It is one of the four: the one whose real part lies farthest below 0.",
    },
    praise="Below γ = 1, less penalty damps less; above, D is so weak that G hardly learns where to go: at 2.6 it takes "
    "five times as long as at 1.",
)


# 3. Bounds

BOUNDS = {(3, 1): 3, (4, 2): 2, (5, 2): 3, (7, 4): 2, (2, 2): 1}
GUESSES = {  # what else one could say of each, or 0
    "A pixel lies in so many windows. That many squares add up; the norm is their root.": (9, 4, 9, 4, 0),
    "That is the number of pixels in a window. Count the windows that a pixel lies in.": (0, 16, 25, 49, 4),
    "So it would be with stride 1. A larger stride makes fewer windows.": (0, 0, 5, 7, 2),
    "Some pixels lie in more windows than others. The bound needs the largest number.": (0, 0, 2.5, 1.75, 0),
    "Rounded the wrong way: some pixels lie in one window more, and the bound has to hold for them.": (0, 0, 2, 1, 0),
    "1 is the norm of the reshaped kernel. Where windows overlap, the convolution can be larger.": (1, 1, 1, 0, 0),
    "By so much do windows overlap. In how many of them can a pixel lie?": (2, 0, 0, 3, 0),
    "That is (k / s)². Windows come in whole numbers, and the norm is the root.": (0, 0, 6.25, 3.0625, 0),
    "One too many: s divides k here, so nothing is rounded up.": (4, 0, 0, 0, 0),
    "That is the root of the windows along one direction. In both directions they are squared first.": (
        *(Number(math.sqrt(n), 2) for n in (3, 2, 3, 2)),
        0,
    ),
    "So many windows touch one window, at stride 1. Count those that cover one pixel.": (5, 7, 0, 13, 3),
    "A larger stride makes fewer windows: so divide by it.": (0, 8, 10, 28, 0),
    "(k + s - 1) / s is no number of windows yet: round it down.": (0, 2.5, 0, 2.5, 1.5),
    "Counted one place too few: k pixels, not k - 1, and rounded up.": (0, 0, 0, 1.5, 0.5),
    "k - s + 1 counts no windows. How many of them, s apart and k long, cover one pixel?": (0, 3, 4, 0, 0),
}
kernel_bounds = Exercise(
    "`{(kernel, stride): bound}`: the smallest whole number that surely bounds the operator norm, at norm 1.",
    right=[BOUNDS],
    mistakes={
        **{t: [{kind: n} for kind, n in zip(BOUNDS, row, strict=True) if n] for t, row in GUESSES.items()},
        "Windows that don't overlap are windows, too: each pixel lies in one.": {(2, 2): 0},
    },
    hints=dict.fromkeys(BOUNDS, "Along one direction, in how many windows lies a pixel at most?"),
    praise="ceil(k / s). Where the windows don't overlap, the reshaped kernel's norm is the convolution's own.",
)


# 4. The best hinge

HINGES = {
    "log(p/q) is the best logit for cross-entropy. The hinge's price has straight pieces.": {
        "B": Number(math.log(2), 2)
    },
    "That is D's probability. A logit is wanted, and the best for the hinge.": {"B": Number(2 / 3, 2)},
    "(p - q) / (p + q) is best for squares. The hinge's price has straight pieces.": {"B": Number(1 / 3, 2)},
    "The price isn't flat there: raise the logit, and B gets cheaper.": [{"B": 0}, {"B": 0.5}],
    "That is p - q. Here its sign counts, not its size.": [{"B": 0.25}, {"C": -0.75}],
    "B is more often real than not.": [{"B": -1}, {"B": Number(-math.log(2), 2)}, {"B": -2}],
    "Beyond 1 real samples cost nothing any more, and fakes cost more and more.": [
        {"B": n} for n in (1.5, 2, 3, 5, 10, math.inf)
    ],
    "A is always real: from which logit on does it cost nothing?": [{"A": n} for n in (0, 0.5, -1, -math.inf)],
    "C is always a fake: from which logit down does it cost nothing?": [
        {"C": n} for n in (0, -0.5, 0.5, 0.75, 1, math.inf)
    ],
}
LOSSES = {
    "Half of it. What does B cost, with q (1 + 1)?": 0.25,
    "That is B's price at logit 0.": 0.75,
    "So it is for a D that is undecided everywhere.": 2.0,
    "No price is negative, so their sum isn't either.": -0.5,
    "That is what B costs at -1.": 1.0,
    "B may be a fake, too, and then costs 1 + 1.": 0.0,
    "That is 2 TV. The loss is 2 (1 - TV).": 1.5,
    "That is what cross-entropy would cost at best. Here it is the hinge.": Number(math.log(27 / 4) / 4, 2),
    "The probabilities are the weights already: add up the prices, no mean over three.": Number(1 / 6, 2),
}
VARIATIONS = {
    "The total variation is half of the sum of |p - q|.": 1.5,
    "That is what the two have in common; the total variation is the rest.": 0.25,
    "That is the loss. It is 2 (1 - TV).": 0.5,
    "Without the absolute values it is always 0.": 0.0,
    "Halved twice.": 0.375,
    "It is a distance, and not negative.": -0.75,
    "That is B's part alone. A and C differ, too.": 0.125,
    "Absolute values are added up, not squares.": [0.4375, 0.875],
    "They have B in common: the total variation is below 1.": 1.0,
}
best_hinge = Exercise(
    "The best logits for A, B and C, D's loss with them, and the total variation.",
    parts=("logits", "loss", "tv"),
    right=[dict(logits={"A": Between(1, math.inf, 1), "B": 1.0, "C": Between(-math.inf, -1, -1)}, loss=0.5, tv=0.75)],
    mistakes={**of("logits", HINGES), **of("loss", LOSSES), **of("tv", VARIATIONS)},
    hints={
        "A": "Only real samples occur here. From which logit on do they cost nothing?",
        "B": "Put ℓ = -1, 0 and 1 into ½ (1 - ℓ)₊ + ¼ (1 + ℓ)₊. Where is it smallest?",
        "C": "Only fakes occur here. From which logit down do they cost nothing?",
        "loss": "Add up p (1 - ℓ)₊ + q (1 + ℓ)₊ over A, B and C: two of them cost nothing.",
        "tv": "It is ½ Σ|p - q|; check it by loss = 2 (1 - TV).",
    },
    praise="0.5 = 2 (1 - 0.75). And between two samples of the same sign this D has no slope.",
)
