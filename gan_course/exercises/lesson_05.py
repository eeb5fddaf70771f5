"""Lesson 05's exercises. They play with small matrices and kernels, and with discriminators of a few numbers."""

import torch
from torch import nn
from torch.nn.functional import normalize, softplus

from gan_course.exercises import Clue, Exercise, Wrong, among, call


def itself(x):
    return x


def unit(vector):
    return vector / vector.norm()


def one(option, answers):
    """Make known answers (dict of texts to an option's value, or a list of them) of one option of the right function."""
    return {text: [{option: a} for a in (some if isinstance(some, list) else [some])] for text, some in answers.items()}


# 1. Power iteration


def power(W, v, n, *, first=lambda W, v: W @ v, second=lambda W, u: W.T @ u, unit_u=unit, unit_v=unit,
          rounds=lambda n: n, result=lambda W, u, v, x: u @ W @ v, start=itself):  # fmt: skip
    x = v = start(v)
    for _ in range(rounds(n)):
        x, u = v, unit_u(first(W, v))
        v = unit_v(second(W, u))
    return result(W, u, v, x)


def in_place_power(W, v, n):
    for _ in range(n):
        u = unit(W @ v)
        v.copy_(unit(W.T @ u))
    return u @ W @ v


def lagging(W, v, n):
    u = unit(W @ v)
    for _ in range(n):
        u, v = unit(W @ v), unit(W.T @ u)
    return u @ W @ v


def look_at_power(case, iterate):
    rows, columns, n = case
    W, v = torch.randn(rows, columns), unit(torch.randn(columns))
    kept = W.clone(), v.clone()
    value = call(iterate, W, v, n)
    yield f"the estimate after {n}", value
    yield "W as it was", torch.equal(W, kept[0])
    yield "v as it was", torch.equal(v, kept[1])


RESULTS_OF_POWER = {
    "That is sigma squared: u^T W v has W once.": [
        lambda W, u, v, x: (W.T @ (W @ v)).norm(),
        lambda W, u, v, x: v @ W.T @ W @ v,
    ],
    "That is half an iteration further, |W v| with the last v. Take u^T W v.": lambda W, u, v, x: (W @ v).norm(),
    "That is u^T W v with the v before the last: the last v belongs to it.": lambda W, u, v, x: u @ W @ x,
    "That is the Frobenius norm: never below sigma, usually far above.": lambda W, u, v, x: W.norm(),
    "That is sigma itself, by an SVD or by far more iterations. Wanted is the estimate after n.": (
        lambda W, u, v, x: torch.linalg.norm(W, 2)
    ),
    "W belongs between the two vectors: u @ W @ v.": lambda W, u, v, x: u @ v,
    "The sizes don't fit. W has a row for each output, so u = W @ v, and at the end u @ W @ v, not v @ W @ u.": lambda W, u, v, x: (
        v @ W @ u
    ),
    "The sizes don't fit. Is there a `*`? It multiplies entry by entry; the product of matrix and vector is `@`.": lambda W, u, v, x: (
        u * W * v
    ),
    "That is its root. u^T W v is the estimate itself.": lambda W, u, v, x: (u @ W @ v).sqrt(),
    "One number is wanted, u^T W v; those are the vectors.": lambda W, u, v, x: (u, v),
    "One number is wanted, u^T W v; that is a vector.": [lambda W, u, v, x: v, lambda W, u, v, x: W @ v],
    "The largest number in W is no singular value.": lambda W, u, v, x: W.abs().max(),
}
power_iteration = Exercise(
    "`power_iteration(W, v, n)`: n iterations from v; returns the estimate u^T W v.",
    right=[power],
    noted={
        "u^T W v after n iterations, with two products in each: it comes to sigma from below.": [
            dict(result=lambda W, u, v, x: (W.T @ u).norm()),
            dict(unit_u=lambda u: normalize(u, dim=0)),
            dict(start=torch.clone),
        ]
    },
    mistakes={
        "u has to be divided by its length before it is used: here it isn't.": [
            dict(unit_u=itself),
            dict(unit_u=lambda u: u / u.norm() ** 2),
        ],
        "v has to be divided by its length, too: here it isn't.": dict(unit_v=itself),
        "Neither vector is divided by its length: they grow, or shrink, without end.": dict(
            unit_u=itself, unit_v=itself
        ),
        "The length is the root of the sum of squares, `.norm()`.": [
            dict(unit_u=lambda u: u / u.sum(), unit_v=lambda v: v / v.sum()),
            dict(unit_u=lambda u: u / u.abs().max(), unit_v=lambda v: v / v.abs().max()),
            dict(unit_u=lambda u: u / u.abs().sum(), unit_v=lambda v: v / v.abs().sum()),
        ],
        "The shapes don't fit: u = W v has a number for each output, and v = W^T u one for each input.": [
            dict(first=lambda W, v: W.T @ v),
            dict(second=lambda W, u: W @ u),
        ],
        **one("result", RESULTS_OF_POWER),
        "That is one iteration more than n.": dict(rounds=lambda n: n + 1),
        "u is used before it is made: an iteration begins with u = W v, and there are n of them (range(n)), at least one.": dict(
            rounds=lambda n: n - 1
        ),
        "u is renewed first, and the new v is made of the new u: two lines, one after the other.": lagging,
        "One number is wanted, the last estimate, not all of them.": lambda W, v, n: [
            power(W, v, i + 1) for i in range(n)
        ],
        "The last estimate is wanted, not the mean of all.": lambda W, v, n: (
            sum(power(W, v, i + 1) for i in range(n)) / n
        ),
        "That is one iteration, whatever n is.": dict(rounds=lambda n: 1),
        "A vector of your own was drawn. Start from the given v.": dict(start=lambda v: torch.randn_like(v)),
        "v itself was changed, which belongs to the caller: give the new vector a name, v = ..., and don't write into v.": (
            in_place_power
        ),
    },
    cases={"4 x 6, once": (4, 6, 1), "7 x 5, three times": (7, 5, 3), "6 x 6, forty times": (6, 6, 40)},
    observe=look_at_power,
    hints={
        "the estimate after 1": "u = W v / |W v|, v = W^T u / |W^T u|, n times; then u^T W v.",
        "W as it was": "The number is right, but W itself was changed, which belongs to the caller: don't write into it.",
    },
    praise="u^T W v after n iterations, with two products in each: it comes to sigma from below.",
)


# 2. A normalised kernel


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
    weight, u = (case * torch.randn(6, 3, 3, 3)).requires_grad_(), unit(torch.randn(6))
    kept, start, noise = weight.detach().clone(), u.clone(), torch.randn(weight.shape)
    first, again = (call(normalise, weight.detach().clone().requires_grad_(), u.clone()) for _ in range(2))
    yield "the same call again gives the same", str(first) == str(again)
    value = call(normalise, weight, u)
    if isinstance(value, tuple | list):
        raise Wrong(KERNEL_ONLY)
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


KERNEL_ONLY = "Only the kernel is to be returned: u is left in its tensor."
ONE_ITERATION = "One iteration a call, from a vector that is kept. After many calls the reshaped kernel has the norm 1."
SIGMAS = {
    "That divides by the Frobenius norm: never below sigma, usually far above.": lambda K, old, u, v: K.norm(),
    "That divides by sigma squared. With u of length 1, u^T K v is sigma.": lambda K, old, u, v: (u @ K @ v) ** 2,
    "That divides by the root of sigma: u^T K v is no square.": lambda K, old, u, v: (u @ K @ v).sqrt(),
    "That is |K^T K v|, sigma squared. Take u^T K v.": lambda K, old, u, v: (K.T @ K @ v).norm(),
    "Sigma is computed with the old u, half an iteration behind: take the new one.": lambda K, old, u, v: old @ K @ v,
    "The SVD is right, and what power iteration is there to avoid. Use u.": lambda K, *_: torch.linalg.norm(K, 2),
    "Those are many norms, one for each output or each filter; sigma is one number.": [
        lambda K, *_: K.norm(dim=1)[:, None, None, None],
        lambda K, *_: torch.linalg.matrix_norm(K.unflatten(1, (3, 3, 3)), 2)[..., None, None],
    ],
    "That is |K^T u| with the new u, half an iteration further: sigma is u^T K v, and v is made of the old u.": (
        lambda K, old, u, v: (K.T @ u).norm()
    ),
    "Divide by sigma, whether it is above 1 or below.": [
        lambda *a: sigma_of(*a).clamp(min=1),
        lambda *a: sigma_of(*a).clamp(max=1),
    ],
    "That is the largest number in K; sigma is its largest stretch.": lambda K, *_: K.abs().max(),
    "The value is right, its gradient isn't: u and v are the constants, sigma isn't.": lambda *a: sigma_of(*a).detach(),
}
GOES = {
    "A vector is drawn in each call, and a cold one needs dozens of iterations: start from the given u.": [
        lambda K, u: go(K, torch.randn(6)),
        lambda K, u: (unit(K @ (v := unit(torch.randn(27)))).detach(), v),
    ],
    "v must have the length 1, too, before it is multiplied by K.": gone(unit_v=itself),
    "u must have the length 1: in sigma, and as you leave it.": [
        gone(unit_u=itself),
        gone(unit_u=lambda u: u / u.sum()),
        gone(unit_u=lambda u: u / u.abs().max()),
    ],
    "More iterations than one. One a call is enough, because u is kept.": [gone(times=n) for n in (2, 3, 10, 200)],
    "`normalize` takes dimension 1 if it isn't told: write normalize(v, dim=0).": gone(unit_v=normalize),
    "The gradient goes through the iteration, too: make u and v under no_grad().": [gone(through=True), gone(way=True)],
}
RESULTS = {
    "That multiplies by sigma. Divide.": torch.mul,
    "That is sigma. Wanted is the kernel divided by it.": lambda weight, sigma: sigma,
    "The kernel's own shape is wanted, not that of the matrix.": lambda weight, sigma: weight.flatten(1) / sigma,
    KERNEL_ONLY: lambda weight, sigma: (weight / sigma, sigma),
    "A new Parameter, or a tensor that is detached, has no way back to the kernel: return weight / sigma.": (
        lambda weight, sigma: nn.Parameter(weight / sigma)
    ),
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
            lambda weight, u: weight / (weight.flatten() @ u).norm(),
        ],
        "The sizes don't fit: the new u, a number for each output, is to be copied into u, not v; and sigma is one number.": (
            lambda weight, u: u.copy_(weight.detach().flatten(1).T @ u)
        ),
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
    cases={"a kernel": 1.0, "a small kernel": 0.05},
    observe=look_at_kernel,
    praise=ONE_ITERATION,
    hints={
        "the result": "Of K = weight.flatten(1): v = unit(K^T u), new u = unit(K v), sigma = u^T K v.",
        "u afterwards": "It is not the u of this iteration: v = unit(K^T u), then u = unit(K v).",
        "the gradient": "Its value is right. u and v are constants for the gradient, sigma is not.",
    },
)


# 3. R1


def r1(d, real, gamma, every, step, *, due=lambda i, k: i % k == 0, strength=lambda g, k: k * g / 2, mean=torch.mean,
       total=torch.sum, graph=True, way=itself, at=lambda x: x.detach().requires_grad_(), rest=0.0,
       squares=lambda slope: slope.square().flatten(1).sum(dim=1)):  # fmt: skip
    if not due(step, every):
        return rest
    real = at(real)
    (slope,) = torch.autograd.grad(total(d(real)), real, create_graph=graph)
    return way(strength(gamma, every) * mean(squares(slope)))


def by_backward(d, real, gamma, every, step):
    if step % every == 0:
        d(real.requires_grad_()).sum().backward(create_graph=True)
        return every * gamma / 2 * real.grad.square().flatten(1).sum(dim=1).mean()
    return 0.0


def by_weights(d, real, gamma, every, step):
    slopes = torch.autograd.grad(d(real).sum(), list(d.parameters()), create_graph=True)
    return every * gamma / 2 * sum(slope.square().sum() for slope in slopes)


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
    "It is k times as strong, not k - 1 times: one step stands for k.": lambda g, k: (k - 1) * g / 2,
    "γ is not squared.": [lambda g, k: k * g * g / 2, lambda g, k: k * (g / 2) ** 2],
    "The strength is missing: γ/2 times the interval.": lambda g, k: 1,
    "A penalty is added to D's loss, so it is positive.": lambda g, k: -k * g / 2,
}
MEANS = {
    "That is the mean of the slopes' lengths. The penalty has their squares.": lambda s: s.sqrt().mean(),
    "That squares the mean length; the penalty is the mean of the squared lengths.": lambda s: s.sqrt().mean() ** 2,
    "That sums over the batch. Take a mean over samples, or it depends on the batch size.": torch.sum,
    "The mean over samples is wanted, not the largest one.": torch.max,
    "That is one norm for all samples. Each sample has its own.": lambda s: s.sum().sqrt(),
    "The mean was taken over the pixels, too. A squared length is a sum over pixels.": lambda s: s.mean() / 16,
    "That penalises how far slopes are from 1. R1 pulls them to 0.": lambda s: (s.sqrt() - 1).square().mean(),
    "One number for each sample; their mean is wanted.": itself,
}
SQUARES = {
    "Absolute values were summed. The penalty has squares.": lambda slope: slope.abs().flatten(1).sum(dim=1),
    "First the squares, then the sum over pixels: the other way round slopes cancel.": (
        lambda slope: slope.flatten(1).sum(dim=1).square()
    ),
    "The sum is over pixels (dim=1) and the mean over samples; yours is the other way round.": (
        lambda slope: slope.square().flatten(1).sum(dim=0)
    ),
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
    "The remainder is that of the step: step % every.": lambda i, k: k % i == 0,
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
        **one("squares", SQUARES),
        **one("due", DUE),
        "That is R1 in every step. Lazily it comes in every `every`-th only, and `every` times as strong.": dict(
            due=lambda *_: True, strength=lambda g, k: g / 2
        ),
        "One norm for the batch, of the averaged logits: n times too small.": dict(total=torch.mean, mean=torch.sum),
        "Autograd doesn't follow `real` yet: real = real.detach().requires_grad_().": dict(at=itself),
        "The value is right, and no weight of D can feel it: create_graph=True, and return the tensor.": UNFELT,
        "The value is right, its gradient isn't: a part of it is detached.": dict(way=lambda x: (x + x.detach()) / 2),
        "backward() leaves gradients in D, which its next step would use: take torch.autograd.grad.": by_backward,
        "autograd.grad returns a tuple, here of one tensor: (slope,) = ..., or ...[0].": [
            *(lambda *_, name=name: getattr((), name) for name in "square pow norm abs flatten reshape view".split()),
            lambda *_: () ** 2,
        ],
        "R1 is taken at the real images, not at noise.": dict(at=lambda x: torch.randn_like(x).requires_grad_()),
        "That is the gradient by D's weights. R1's slope is the one by the images.": by_weights,
        "Only the penalty is wanted; D's loss is in it, too.": lambda *a: r1(*a) + softplus(-a[0](a[1])).mean(),
        "None can't be added to a loss. In the steps where no penalty is due, return 0.": dict(rest=None),
    },
    cases={"6 images, every 5": (6, 3.0, 5), "10 images, every 4": (10, 0.7, 4)},
    observe=look_at_penalty,
    hints={"the penalty in step 0": "It is every · γ/2 times the mean, over samples, of the slope's squared length."},
    praise=LAZY,
)


# 4. Six complaints

WORDS = (
    "reading the weight, no create_graph, operator norm, the other function's names, batch norm in D, past both margins"
)
SIX = among(dict(zip("ABCDEF", WORDS.split(", "), strict=True)), "no warm start")
six_complaints = Exercise(
    'What each of the six sees: `{"A": word, ... "F": word}`, no word twice.',
    right=[SIX],
    mistakes={
        "Without a warm start sigma comes out too small, and the norms above 1. Who of the six says so?": [
            {p: "no warm start"} for p in SIX
        ],
        "Past both margins the hinge loss is exactly 0. Does B say that?": {"B": SIX["F"]},
        "A D without batch norm: C says so.": {"C": SIX["E"]},
        "Looking at the weight doesn't make a factor of three.": {"C": SIX["A"]},
        "E's D has no spectral normalisation: looking at its weights changes nothing.": {"E": SIX["A"]},
        "Without create_graph the number itself stays right: it only moves no weight.": {"E": SIX["B"]},
        "A's two runs differ in the log alone: no file, no penalty, no other D comes into it.": [
            {"A": SIX[p]} for p in "BCDEF"
        ],
        "B's penalty grows as it should; it only has no effect on D. Is there a way from it to the weights?": [
            {"B": SIX[p]} for p in "ACDE"
        ],
        "C says nothing of a penalty, a file or a flat loss: it has norms of 1, and a steeper logit.": [
            {"C": SIX[p]} for p in "BDF"
        ],
        "D is the only one with an error, and that is about names.": [{"D": SIX[p]} for p in "ABCEF"],
        "E's D has no spectral normalisation, so there is no norm in it, and no name of its function.": [
            {"E": SIX[p]} for p in "CD"
        ],
        "E speaks of no hinge loss. What differs is the rest of the batch.": {"E": SIX["F"]},
        "F speaks of its loss alone, which is exactly 0. Which loss can be?": [{"F": SIX[p]} for p in "ABCDE"],
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
