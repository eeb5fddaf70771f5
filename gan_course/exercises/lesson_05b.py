"""Lesson 05b's exercises: the Dirac-GAN's step and its leashes, a convolution's bound, the best hinge."""

import math

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
        "G takes its step with the new psi: both players look at the same old point here.": d_first,
        "The step eta is missing.": dict(step=lambda eta: 1),
        "That is the non-saturating loss. Here G has the minimax loss, -softplus(psi theta).": dict(
            g=lambda t, p: sigmoid(-p * t) * p
        ),
        "s is missing in both: the slope of softplus is the sigmoid s.": dict(
            g=lambda t, p: p, d=lambda t, p, c: -t - c * p
        ),
        "1/2 is s at the goal only; elsewhere it is s(psi theta).": dict(
            g=lambda t, p: p / 2, d=lambda t, p, c: -t / 2 - c * p
        ),
        "That is softplus itself, not its slope.": dict(
            g=lambda t, p: math.log1p(math.exp(p * t)) * p, d=lambda t, p, c: -math.log1p(math.exp(p * t)) * t - c * p
        ),
        "The penalty is on D's slope alone: G has nothing to pay.": lambda t, p, c, e: (
            t + e * (sigmoid(p * t) * p - c * t),
            dirac(t, p, c, e)[1],
        ),
        "theta comes first, then psi.": dict(order=lambda t, p: (p, t)),
    },
    cases={
        "without a penalty": (tensor(1.2), tensor(-0.7), 0.0, 0.2),
        "with a penalty": (tensor(1.5), tensor(0.5), 0.6, 0.1),
        "elsewhere": (tensor(-0.8), tensor(2.0), 1.5, 0.05),
    },
    observe=look_at_step,
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
    "That is the faster one. The slower decides how long it takes.": {2.6: -2.5},
    "The root is real here, and belongs to the real part.": {2.6: -1.3},
    "The root is imaginary here: it has no part in the real part.": {0.6: 0.1},
    "That is the imaginary part.": {0.0: 0.5, 0.6: 0.4},
    "Under the root γ is squared.": {2.6: (-2.6 + math.sqrt(1.6)) / 2},
    "That is -γ itself. λ is (-γ ± √(γ² - 1)) / 2.": {2.6: -2.6},
}
FASTEST = {
    "A strong penalty holds D back, and a weak D hardly tells G where to go. Compare the real parts.": 2.6,
    "It comes in; but another one decays faster. Compare the real parts.": 0.6,
    "It never comes in.": 0.0,
}
leashes = Exercise(
    "`{gamma: (what a path does, the slower eigenvalue's real part)}`, and the γ that comes in fastest.",
    parts=("leashes", "fastest"),
    right=[dict(leashes={gamma: (PATHS[gamma], Number(SLOW[gamma], 2)) for gamma in PATHS}, fastest=1.0)],
    mistakes={
        **of("leashes", {text: [{g: (w, ...)} for g, w in wrong.items()] for text, wrong in WAYS.items()}),
        **of("leashes", {text: [{g: (..., n)} for g, n in wrong.items()] for text, wrong in PARTS.items()}),
        **of("fastest", FASTEST),
    },
    pair=("the path", "the real part"),
    hints={
        "the real part": "It is the larger real part of λ = (-γ ± √(γ² - 1)) / 2.",
        "the path": "Is there an imaginary part, and is there a real one?",
        "fastest": "It is one of the four: the one whose real part lies farthest below 0.",
    },
    praise="Below γ = 1, less penalty damps less; above, D is so weak that G hardly learns where to go: at 2.6 it takes "
    "five times as long.",
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
    "k - s + 1 counts no windows. How many of them, s apart and k long, cover one pixel?": (0, 3, 4, 0, 0),
}
kernel_bounds = Exercise(
    "`{(kernel, stride): bound}`: the smallest whole number that surely bounds the operator norm, at norm 1.",
    right=[BOUNDS],
    mistakes={t: [{kind: n} for kind, n in zip(BOUNDS, row, strict=True) if n] for t, row in GUESSES.items()},
    hints=dict.fromkeys(BOUNDS, "Along one direction, in how many windows lies a pixel at most?"),
    praise="ceil(k / s). Where the windows don't overlap, the reshaped kernel's norm is the convolution's own.",
)


# 4. The best hinge

HINGES = {
    "log(p/q) is the best logit for cross-entropy. The hinge's price has straight pieces.": {"B": math.log(2)},
    "That is D's probability. A logit is wanted, and the best for the hinge.": {"B": 2 / 3},
    "(p - q) / (p + q) is best for squares. The hinge's price has straight pieces.": {"B": 1 / 3},
    "The price isn't flat there: raise the logit, and B gets cheaper.": [{"B": 0}, {"B": 0.5}],
    "B is more often real than not.": {"B": -1},
    "Beyond 1 real samples cost nothing any more, and fakes cost more and more.": [{"B": 2}, {"B": math.inf}],
    "A is always real: from which logit on does it cost nothing?": [{"A": 0}, {"A": 0.5}, {"A": -1}],
    "C is always a fake: from which logit down does it cost nothing?": [{"C": 0}, {"C": -0.5}, {"C": 1}],
}
LOSSES = {
    "Half of it. What does B cost, with q (1 + 1)?": 0.25,
    "That is B's price at logit 0.": 0.75,
    "So it is for a D that is undecided everywhere.": 2.0,
    "That is V. The loss is its negative, what D pays.": -0.5,
    "That is what B costs at -1.": 1.0,
    "B may be a fake, too, and then costs 1 + 1.": 0.0,
}
VARIATIONS = {
    "The total variation is half of the sum of |p - q|.": 1.5,
    "That is what the two have in common; the total variation is the rest.": 0.25,
    "That is the loss. It is 2 (1 - TV).": 0.5,
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
