"""Lesson 05b's exercises: the Dirac-GAN's step and its leashes, a convolution's bound, the best hinge."""

import math

import numpy as np
import torch
from torch.nn.functional import softplus

from gan_course.exercises import Between, Exercise, Number, Said, among, of, several
from gan_course.exercises.compare import plain


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


def without_grad(theta, psi, gamma, eta):
    softplus(psi * theta).backward()


def without_backward(theta, psi, gamma, eta):
    return theta - eta * theta.grad, psi


def look_at_step(case, step):
    numbers, right = [*map(float, case)], dirac(*map(float, case))
    for i, number in enumerate(several(step(*case), *NAMES)):
        mine = plain(number)
        wrong = isinstance(mine, np.ndarray) and mine.size == 1 and abs(mine.item() - right[i]) > 1e-5
        yield Said(NAMES[i], look_at_move(i, number, numbers, step) if wrong else ""), number


def look_at_move(i, number, case, step):
    """Say what is wrong with the move of ``theta`` (0) or ``psi`` (1), from moves with another eta or gamma (str)."""
    theta, psi, gamma, eta = case

    def move(gamma=gamma, eta=eta):
        return float(several(step(tensor(theta), tensor(psi), gamma, eta), *NAMES)[i]) - case[i]

    def near(a, b):
        return abs(a - b) < 1e-3 * abs(b) + 1e-6

    moved, free = move(), move(gamma=0.0)
    if not near(move(eta=0.0), 0):
        return f"With eta = 0 nothing moves, but yours does: the old {NAMES[i]}, plus or minus eta times something."
    if near(abs(moved), eta):
        return "That moves by eta itself, as Adam does, or a sign. A gradient step is eta times the slope."
    if not near(move(eta=2 * eta), 2 * moved):
        return "Twice the eta moves twice as far; yours doesn't. One step from the old point, with eta in it once."
    if not near(moved, free) and not i:
        return "Your theta moves otherwise for another gamma. The penalty is in D's loss, not in G's."
    if not near(moved - free, -eta * gamma * psi * i):
        return f"The penalty moves psi by -eta gamma psi = {-eta * gamma * psi:.3g}; in yours by {moved - free:.3g}."
    s = sigmoid(psi * theta)
    right, by = (-eta * s * theta, "-eta s theta") if i else (eta * s * psi, "eta s psi")
    what = f"s = s(psi theta) = {s:.3g}, so without the penalty {NAMES[i]} moves by {by} = {right:.3g}"
    return f"{what}; in yours by {free:.3g}, {free / right:.3g} times that."


NAMES = ("theta", "psi")
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
        "Nothing has moved. (By autograd: both losses' slopes add up in .grad, and cancel. Or is gamma in eta's place?)": dict(
            g=lambda t, p: 0, d=lambda t, p, c: -c * p
        ),
        "One of the two numbers is the old one. Both take a step, where gamma is 0, too. (By autograd: is one loss's slope in the other's .grad?)": [
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
        "The real sample is 0, not theta: D's real term has no slope in psi.": dict(
            d=lambda t, p, c: -sigmoid(p * t) * t + sigmoid(-p * t) * t - c * p
        ),
        "G takes its step with the new psi: both players look at the same old point here.": d_first,
        "The step eta is missing.": dict(step=lambda eta: 1),
        "That is s(-psi theta), as in the non-saturating loss. Here G has the minimax loss, -softplus(psi theta).": dict(
            g=lambda t, p: sigmoid(-p * t) * p
        ),
        "s is missing: the slope of softplus is the sigmoid s, in both slopes.": [
            dict(g=lambda t, p: p),
            dict(d=lambda t, p, c: -t - c * p),
            dict(g=lambda t, p: p, d=lambda t, p, c: -t - c * p),
        ],
        "That is softplus itself, not its slope.": dict(
            g=lambda t, p: math.log1p(math.exp(p * t)) * p, d=lambda t, p, c: -math.log1p(math.exp(p * t)) * t - c * p
        ),
        "Those are the losses. A step goes along their slopes.": [
            dict(g=lambda t, p, k=k: k * softplus(p * t), d=lambda t, p, c, m=m: -m - softplus(p * t) - c / 2 * p * p)
            for k in (1, -1)
            for m in (0, math.log(2))
        ],
        "theta comes first, then psi.": dict(order=lambda t, p: (p, t)),
    },
    cases={
        "without a penalty": (tensor(1.2), tensor(-0.7), 0.0, 0.2),
        "with a penalty": (tensor(1.5), tensor(0.4), 0.6, 0.1),
        "elsewhere": (tensor(-0.8), tensor(-2.0), 1.5, 0.05),
    },
    observe=look_at_step,
    endless="One step is wanted: no loop.",
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
    "λ is (-γ ± √(γ² - 1)) / 2. The 2 in the denominator?": {0.6: -0.6, 1.0: -1.0, 2.6: -0.2},
    "The root is real here, and belongs to the real part.": {2.6: -1.3},
    "That is the root alone. What stands before it?": {2.6: [1.2, 2.4, -1.2]},
    "The root is imaginary here: it has no part in the real part.": {0.6: [0.1, -0.7], 0.0: [1.0, -1.0]},
    "That is the imaginary part.": {0.0: [0.5, -0.5], 0.6: [0.4, -0.4]},
    "That is |λ|, which is ½ for every complex pair. Wanted is the real part alone.": {0.6: [-0.5, 0.5]},
    "The root has no real part here. But what stands before it is real.": {0.6: 0.0},
    "γ is squared, and 1 subtracted, not added. So the root is imaginary here.": {0.6: [0.28, -0.88]},
    "The root is 0 here. What stands before it isn't.": {1.0: 0.0},
    "About -1 / (4γ) holds far above γ = 1 only.": {0.6: -0.42, 1.0: -0.25},
    "A real part above 0 would lead away from the goal, and the penalty doesn't.": dict.fromkeys(
        SLOW, Between(0.011, 1e9)
    ),
    "That is farther from 0 than -γ/2: the faster eigenvalue's side. The slower one has the plus before the root.": {
        2.6: Between(-1e9, -1.31)
    },
    "√(γ² - 1) is 2.4 here. Half of what it leaves of -γ is the slower real part.": {2.6: Between(-1.29, -0.001)},
    "The root is imaginary below γ = 1, and 0 at 1: the real part is what -γ alone leaves, halved.": dict.fromkeys(
        (0.0, 0.6, 1.0), Between(-1e9, -0.001)
    ),
}
FASTEST = {
    "A strong penalty holds D back, and a weak D hardly tells G where to go. Compare the real parts.": 2.6,
    "It comes in; but another one decays faster. Compare the real parts.": 0.6,
    "It never comes in.": 0.0,
    "That is a real part. Wanted is the γ that it belongs to.": [-0.5, 0.5],
    "Wanted is the γ itself, not its place among the four.": [2, 3],
    "It is one of the four: 0, 0.6, 1 or 2.6.": [
        Between(0.01, 0.59),
        Between(0.61, 0.99),
        Between(1.01, 2.59),
        Between(2.61, 1e9),
    ],
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
                text: [{g: (..., n)} for g, some in wrong.items() for n in (some if isinstance(some, list) else [some])]
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
    "A larger stride makes fewer windows: so divide by it.": (0, 8, 10, 28, 0),
}
kernel_bounds = Exercise(
    "`{(kernel, stride): bound}`: the smallest whole number that surely bounds the operator norm, at norm 1.",
    right=[BOUNDS],
    mistakes={
        **{t: [{kind: n} for kind, n in zip(BOUNDS, row, strict=True) if n] for t, row in GUESSES.items()},
        "Windows that don't overlap are windows, too: each pixel lies in one.": {(2, 2): 0},
        "Too small: some pixel lies in more windows than that, along one direction.": [
            {kind: Between(-1e9, bound - 0.01)} for kind, bound in BOUNDS.items()
        ],
        "Too large: along one direction no pixel lies in so many windows, s apart and k long.": [
            {kind: Between(bound + 0.01, 1e9)} for kind, bound in BOUNDS.items()
        ],
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
    "That is p - q. Here its sign counts, not its size.": [{"B": 0.25}, {"C": -0.75}],
    "B is more often real than not.": {"B": Between(-math.inf, -0.001, -1)},
    "Beyond 1 real samples cost nothing any more, and fakes cost more and more.": {"B": Between(1.001, math.inf, 2)},
    "The price isn't flat there: raise the logit, and B gets cheaper.": {"B": Between(0, 0.999)},
    "A is always real: from which logit on does it cost nothing?": {"A": Between(-math.inf, 0.999, 0)},
    "C is always a fake: from which logit down does it cost nothing?": {"C": Between(-0.999, math.inf, 0)},
}
LOSSES = {
    "Half of it. What does B cost, with q (1 + 1)?": 0.25,
    "That is B's price at logit 0.": 0.75,
    "So it is for a D that is undecided everywhere.": 2.0,
    "No price is negative, so their sum isn't either.": Between(-1e9, -0.001),
    "That is what B costs at -1.": 1.0,
    "B may be a fake, too, and then costs 1 + 1.": 0.0,
    "That is 2 TV. The loss is 2 (1 - TV).": 1.5,
    "That is what cross-entropy would cost at best. Here it is the hinge.": Number(math.log(27 / 4) / 4, 2),
    "The probabilities are the weights already: add up the prices, no mean over three.": Number(1 / 6, 2),
    "Too little: B alone costs more, whatever its logit. Add up ½ (1 - ℓ)₊ and ¼ (1 + ℓ)₊.": Between(0.001, 0.499, 0.3),
    "Too much: with the best logits A and C cost nothing, and B only what its fakes cost.": Between(0.501, 1e9),
}
VARIATIONS = {
    "The total variation is half of the sum of |p - q|.": 1.5,
    "That is what the two have in common; the total variation is the rest.": 0.25,
    "That is the loss. It is 2 (1 - TV).": 0.5,
    "Without the absolute values it is always 0.": 0.0,
    "Halved twice.": 0.375,
    "It is a distance, and not negative.": Between(-1e9, -0.001),
    "That is B's part alone. A and C differ, too.": 0.125,
    "Absolute values are added up, not squares.": [0.4375, 0.875],
    "They have B in common: the total variation is below 1.": Between(1, 1e9),
    "Too small: A, B and C all differ. Half of |½ - 0| + |½ - ¼| + |0 - ¾|.": Between(0.001, 0.749, 0.6),
    "Too large: half of |½ - 0| + |½ - ¼| + |0 - ¾|.": Between(0.751, 0.999, 0.8),
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
