"""Lesson 05's exercises. They play with a small kernel, and with discriminators of a few numbers."""

import math

import torch
from torch import nn
from torch.nn.functional import normalize, softplus

from gan_course.exercises import Between, Clue, Exercise, Number, among, call, of


def itself(x):
    return x


def unit(vector):
    return vector / vector.norm()


def one(option, answers):
    """Make known answers (dict of texts to an option's value, or a list of them) of one option of the right function."""
    return {text: [{option: a} for a in (some if isinstance(some, list) else [some])] for text, some in answers.items()}


# 1. Power iteration for a convolution


def sigma_of(K, old, u, v):
    return u @ K @ v


def kernel(weight, u, *, sigma=sigma_of, go=lambda K, u: go(K, u), keep=torch.Tensor.copy_, result=torch.div):
    K, old = weight.flatten(1), u.clone()
    new, v = go(K, old)
    value = result(weight, sigma(K, old, new, v))
    with torch.no_grad():
        keep(u, new)
    return value


def go(K, u, times=1, way=False, through=False, unit_v=unit, unit_u=unit):
    """Iterate: ``through`` v, or all the ``way``, with gradients."""
    for _ in range(times):
        with torch.set_grad_enabled(way or through):
            v = unit_v(K.T @ u)
        with torch.set_grad_enabled(way):
            u = unit_u(K @ v)
    return u, v


def gone(**options):
    return lambda K, u: go(K, u, **options)


def torn(weight, u, last=True):
    K = weight.reshape(-1, len(u))
    v = unit(K @ u).detach()
    new = unit(K.T @ v).detach()
    u.copy_(new)
    return weight / (K @ new if last else K.T @ v).norm()


def not_cloned(weight, u, write=torch.Tensor.copy_):
    new, v = go(weight.flatten(1), u.clone())
    write(u, new)
    return weight / (u @ weight.flatten(1) @ v)


def in_place(weight, u):
    with torch.no_grad():
        return weight.mul_(kernel(weight, u).flatten()[0] / weight.flatten()[0])


def look_at_kernel(case, normalise):
    weight, u = torch.randn(6, 3, 3, 3, requires_grad=True), unit(torch.randn(6))
    kept, start, noise = weight.detach().clone(), u.clone(), torch.randn(weight.shape)
    first, again = (call(normalise, weight.detach().clone().requires_grad_(), u.clone()) for _ in range(2))
    yield "the same call again gives the same", str(first) == str(again)
    value = call(normalise, weight, u)
    yield "the result", value
    yield "the kernel itself is changed", not torch.equal(weight, kept)
    yield "u afterwards", u
    yield "u is part of the graph", u.requires_grad
    yield "a way back to the kernel", value.requires_grad
    yield "the gradient", torch.autograd.grad(value, weight, noise)[0]
    u = start.clone()
    first, _ = normalise(weight, u), normalise(weight, u)
    yield "the gradient of the first of two calls", torch.autograd.grad(first, weight, noise)[0]
    for _ in range(50):
        value = normalise(weight, u)
    yield "after 50 calls: the largest singular value", torch.linalg.matrix_norm(value.detach().flatten(1), 2)


ONE_ITERATION = "One iteration a call, from a vector that is kept. After many calls the reshaped kernel has the norm 1."
SIGMAS = {
    "That divides by the Frobenius norm: never below sigma, usually far above.": lambda K, old, u, v: K.norm(),
    "That divides by sigma squared. With u of length 1, u^T K v is sigma.": lambda K, old, u, v: (u @ K @ v) ** 2,
    "That divides by the root of sigma: u^T K v is no square.": lambda K, old, u, v: (u @ K @ v).sqrt(),
    "That is |K^T K v|, sigma squared. Take u^T K v.": lambda K, old, u, v: (K.T @ K @ v).norm(),
    "Sigma is computed with the old u, half an iteration behind: take the new one.": lambda K, old, u, v: old @ K @ v,
    "The SVD is right, and what power iteration is there to avoid. Use u.": lambda K, *_: torch.linalg.norm(K, 2),
    "That is one norm for each output; sigma is one number.": lambda K, *_: K.norm(dim=1)[:, None, None, None],
    "That is the largest number in K; sigma is its largest stretch.": lambda K, *_: K.abs().max(),
    "The value is right, its gradient isn't: u and v are the constants, sigma isn't.": lambda *a: sigma_of(*a).detach(),
}
GOES = {
    "A vector is drawn in each call, and a cold one needs dozens of iterations: start from the given u.": [
        lambda K, u: go(K, torch.randn(6)),
        lambda K, u: (unit(K @ (v := unit(torch.randn(27)))).detach(), v),
    ],
    "v must have the length 1, too, before it is multiplied by K.": gone(unit_v=itself),
    "u must have the length 1: in sigma, and as you leave it.": gone(unit_u=itself),
    "More iterations than one. One a call is enough, because u is kept.": [gone(times=n) for n in (2, 3, 10)],
    "`normalize` takes dimension 1 if it isn't told: write normalize(v, dim=0).": gone(unit_v=normalize),
    "The gradient goes through the iteration, too: make u and v under no_grad().": [gone(through=True), gone(way=True)],
}
RESULTS = {
    "That multiplies by sigma. Divide.": torch.mul,
    "That is sigma. Wanted is the kernel divided by it.": lambda weight, sigma: sigma,
    "The kernel's own shape is wanted, not that of the matrix.": lambda weight, sigma: weight.flatten(1) / sigma,
    "Only the kernel is to be returned: u is left in its tensor.": lambda weight, sigma: (weight / sigma, sigma),
    "No gradient goes back to the kernel: only the iteration belongs under no_grad.": lambda w, s: (w / s).detach(),
}
KEEPS = {
    "u is as it was: the next call starts cold. `u = ...` binds a new name; use u.copy_(...).": lambda u, new: None,
    "The u that you leave has not the length 1.": [lambda u, new, n=n: u.copy_(n * new) for n in (3, 0.5)],
}
IN_THE_GRAPH = dict(keep=torch.enable_grad()(torch.Tensor.copy_), go=gone(way=True))
normalised_kernel = Exercise(
    "`normalised_kernel(weight, u)`: one iteration; u is renewed in place; returns the kernel over sigma.",
    right=[kernel],
    noted={
        ONE_ITERATION: [
            dict(sigma=lambda K, old, u, v: (K @ v).norm()),
            dict(sigma=lambda K, old, u, v: torch.einsum("i,ij,j->", u, K, v), keep=lambda u, new: u.data.copy_(new)),
            dict(go=lambda K, u: go(K.detach(), u, unit_v=lambda v: normalize(v, dim=0))),
        ]
    },
    mistakes={
        **one("go", GOES),
        **one("sigma", SIGMAS),
        **one("result", RESULTS),
        **one("keep", KEEPS),
        "`reshape(-1, outputs)` tears kernels apart: weight.flatten(1).": [torn, lambda *a: torn(*a, last=False)],
        "The sizes don't fit: u has a number for each output, so K is (outputs, the rest), weight.flatten(1).": [
            lambda weight, u: weight / (weight.transpose(0, 1).flatten(1).T @ u).norm(),
            lambda weight, u: weight / (weight.flatten(1) @ u).norm(),
        ],
        "An in-place operation on the kernel, which autograd forbids: return weight / sigma.": lambda w, u: w.div_(7.0),
        "The kernel itself was changed, so the next call divides again: return weight / sigma.": [
            in_place,
            lambda weight, u: in_place(weight.data, u) * torch.ones((), requires_grad=True),
        ],
        "You leave the u of one more iteration than sigma has.": lambda *a: (kernel(*a), kernel(*a))[0],
        "u has become part of the graph: do the iteration under torch.no_grad().": IN_THE_GRAPH,
        "The second of two calls overwrites the u that backward needs. Use u.clone() in sigma (u.detach() is no copy).": not_cloned,
        "Of two calls, the first one's gradient is made with the second's u, which `.data` hides. Use u.clone().": (
            lambda *a: not_cloned(*a, write=lambda u, new: u.data.copy_(new))
        ),
    },
    cases=[1, 2],
    observe=look_at_kernel,
    praise=ONE_ITERATION,
    hints={
        "the result": "Of K = weight.flatten(1): v = unit(K^T u), new u = unit(K v), sigma = u^T K v.",
        "u afterwards": "It is not the u of this iteration: v = unit(K^T u), then u = unit(K v).",
        "the gradient": "Its value is right. u and v are constants for the gradient, sigma is not.",
    },
)


# 2. Bounds

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


# 3. Leashes

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


# 4. R1


def r1(d, real, gamma, every, step, *, due=lambda i, k: i % k == 0, strength=lambda g, k: k * g / 2, mean=torch.mean,
       total=torch.sum, graph=True, way=itself, at=lambda x: x.detach().requires_grad_(), rest=0.0):  # fmt: skip
    if not due(step, every):
        return rest
    real = at(real)
    (slope,) = torch.autograd.grad(total(d(real)), real, create_graph=graph)
    return way(strength(gamma, every) * mean(slope.square().flatten(1).sum(dim=1)))


def by_backward(d, real, gamma, every, step):
    if step % every == 0:
        d(real.requires_grad_()).sum().backward(create_graph=True)
        return every * gamma / 2 * real.grad.square().flatten(1).sum(dim=1).mean()
    return 0.0


def look_at_penalty(case, penalty):
    n, gamma, every = case
    d = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(48, 1))
    passes, weights, real = [], list(d.parameters()), torch.randn(n, 1, 4, 4)
    d.register_forward_hook(lambda *_: passes.append(1))
    for step in (0, every, 2 * every):
        value = call(penalty, d, real.clone(), gamma, every, step)
        yield f"the penalty in step {step}", value
        yield "feels D's weights", isinstance(value, torch.Tensor) and value.requires_grad
        gradients = torch.autograd.grad(value, weights, retain_graph=True, allow_unused=True, materialize_grads=True)
        yield "the penalty's gradient", torch.cat([gradient.flatten() for gradient in gradients])
        yield "gradients are left in D", any(weight.grad is not None for weight in weights)
    passes.clear()
    for step in (1, every - 1, every + 1, 2 * every - 1):
        value = penalty(d, real.clone(), gamma, every, step)
        yield f"the penalty in step {step}, where none is due (every = {every})", value
    yield "D's passes where none is due", Clue(len(passes))


LAZY = "k times γ/2 in every k-th step, and a mean over samples of squared slopes."
STRENGTHS = {
    "Twice what is wanted: the strength is γ/2, not γ.": lambda g, k: k * g,
    "The interval is missing: taken in every k-th step only, it has to be k times as large.": lambda g, k: g / 2,
    "The interval is missing, and the strength is γ/2, not γ.": lambda g, k: g,
    "It is divided by the interval; taken more rarely, it has to be multiplied.": lambda g, k: g / 2 / k,
    "The interval counts once, not squared.": lambda g, k: k * k * g / 2,
    "γ is not squared.": lambda g, k: k * g * g / 2,
    "The strength is missing: γ/2 times the interval.": lambda g, k: 1,
    "A penalty is added to D's loss, so it is positive.": lambda g, k: -k * g / 2,
}
MEANS = {
    "That is the mean of the slopes' lengths. The penalty has their squares.": lambda s: s.sqrt().mean(),
    "That squares the mean length; the penalty is the mean of the squared lengths.": lambda s: s.sqrt().mean() ** 2,
    "That sums over the batch. Take a mean over samples, or it depends on the batch size.": torch.sum,
    "That is one norm for all samples. Each sample has its own.": lambda s: s.sum().sqrt(),
    "The mean was taken over the pixels, too. A squared length is a sum over pixels.": lambda s: s.mean() / 16,
    "That penalises how far slopes are from 1. R1 pulls them to 0.": lambda s: (s.sqrt() - 1).square().mean(),
    "One number for each sample; their mean is wanted.": itself,
}
TOTALS = {
    "The logits were averaged before the gradient: each slope is n times too small. Take the sum.": torch.mean,
    "That is the slope of D's probability. R1 is about the logit's.": lambda t: t.sigmoid().sum(),
    "That is the slope of D's loss. R1 is about the logit's.": lambda t: softplus(-t).sum(),
    "autograd wants the gradient of one number: sum the logits.": itself,
    "Under no_grad(), or detached, logits have no slope: D's pass needs gradients.": lambda t: t.detach().sum(),
}
DUE = {
    "There is a penalty in step 0, and in every `every`-th step after it. When is `step % every` 0?": [
        lambda i, k: i % k == k - 1,
        lambda i, k: i and i % k == 0,
        lambda i, k: i % k,
    ],
    "Every `every`-th step has a penalty, not only the first.": lambda i, k: i == 0,
    "A penalty in steps where none is due: only every `every`-th has one.": lambda *_: True,
}
UNFELT = [dict(graph=False), dict(way=torch.Tensor.item), dict(way=torch.Tensor.detach)]
lazy_r1 = Exercise(
    "`lazy_r1(discriminator, real, gamma, every, step)`: what is added to D's loss in this step.",
    right=[r1],
    noted={
        LAZY: [dict(rest=torch.zeros(())), dict(at=lambda x: x.requires_grad_())],
        "Right. But D's slopes are computed in every step, and thrown away in most: being lazy should save that.": (
            lambda *a: r1(*a, due=lambda *_: True) * (a[4] % a[3] == 0)
        ),
    },
    mistakes={
        **one("strength", STRENGTHS),
        **one("mean", MEANS),
        **one("total", TOTALS),
        **one("due", DUE),
        "One norm for the batch, of the averaged logits: n times too small.": dict(total=torch.mean, mean=torch.sum),
        "Autograd doesn't follow `real` yet: real = real.detach().requires_grad_().": dict(at=itself),
        "The value is right, and no weight of D can feel it: create_graph=True, and return the tensor.": UNFELT,
        "The value is right, its gradient isn't: a part of it is detached.": dict(way=lambda x: (x + x.detach()) / 2),
        "backward() leaves gradients in D, which its next step would use: take torch.autograd.grad.": by_backward,
        "None can't be added to a loss. In the steps where no penalty is due, return 0.": dict(rest=None),
    },
    cases={"6 images, every 5": (6, 3.0, 5), "10 images, every 4": (10, 0.7, 4)},
    observe=look_at_penalty,
    hints={"the penalty in step 0": "It is every · γ/2 times the mean, over samples, of the slope's squared length."},
    praise=LAZY,
)


# 5. The best hinge

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


# 6. Six complaints

WORDS = (
    "reading the weight, no create_graph, operator norm, the other function's names, batch norm in D, past both margins"
)
SIX = among(dict(zip("ABCDEF", WORDS.split(", "), strict=True)), "no warm start")
six_complaints = Exercise(
    'What each of the six sees: `{"A": word, ... "F": word}`, no word twice.',
    right=[SIX],
    mistakes={
        "A cold vector makes sigma a little too small. Nobody would see that.": [{p: "no warm start"} for p in SIX],
        "Past its margins D stands still whatever γ is. Does B say that?": {"B": SIX["F"]},
        "A D without batch norm: C says so.": {"C": SIX["E"]},
        "Looking at the weight doesn't make a factor of three.": {"C": SIX["A"]},
        "E's D has no spectral normalisation: looking at its weights changes nothing.": {"E": SIX["A"]},
        "Without create_graph the number itself stays right: it only moves no weight.": {"E": SIX["B"]},
        "F's loss is exactly 0: what is left for a penalty to do?": {"F": SIX["B"]},
    },
    hints={
        "A": "Looking must not change anything. What does a parametrised layer in training mode do when one looks?",
        "B": "Is there a way from the penalty back to any weight? What is constant for autograd moves nothing.",
        "C": "What was normalised, the reshaped kernel or the map from picture to picture? How far apart can they be?",
        "D": "Two functions of the same name keep their tensors under different names. Which one writes `weight_orig`?",
        "E": "What in D makes the logit of one image depend on the other images of its batch?",
        "F": "Where is the hinge flat? What would all the logits have to be for the loss to be exactly 0?",
    },
    praise="Six faults, of which only D's raises an error.",
)
