"""Lesson 08's exercises: earth on a line, the gradient penalty, a critic's update, its slope at the best, wrong penalties."""

import numpy as np
import torch
from torch import nn

from gan_course.exercises import Exercise, Number, Wrong, among, call

# The first optimiser imports much of PyTorch, for seconds: here, and not in an answer's limited time.
torch.optim.SGD([torch.zeros(1)], lr=1.0)


def itself(x):
    return x


def one(option, answers):
    """Make known answers (dict of texts to an option's value, or a list of them) of one option of the right function."""
    return {text: [{option: a} for a in (some if isinstance(some, list) else [some])] for text, some in answers.items()}


# 1. Earth on a line


def earth(x, y, *, way=lambda a, b: np.abs(a - b).mean(), order=np.sort):
    return way(order(x), order(y))


def sorted_in_place(x, y):
    x.sort()
    y.sort()
    return np.abs(x - y).mean()


def greedy(x, y):
    free, total = list(y), 0.0
    for a in x:
        nearest = min(free, key=lambda b: abs(a - b))
        free.remove(nearest)
        total += abs(a - nearest)
    return total / len(x)


def look_at_earth(case, work):
    x, y = (np.array(each) for each in case)
    kept = x.copy(), y.copy()
    value = call(work, x, y)
    if np.size(getattr(value, "detach", lambda: value)()) != 1:
        raise Wrong("One number is wanted: the mean distance over all pairs, not a number for each pair.")
    yield "the work", value
    yield "x and y as they were", np.array_equal(x, kept[0]) and np.array_equal(y, kept[1])


WAYS = {
    "Signed distances cancel. Earth that goes left costs as much as earth that goes right.": [
        lambda a, b: (a - b).mean(),
        lambda a, b: abs((a - b).mean()),
        lambda a, b: abs(a.mean() - b.mean()),
        lambda a, b: (b - a).mean(),
        lambda a, b: a.mean() - b.mean(),
    ],
    "That is the sum over points. Each point has the mass 1/n, so it is a mean.": lambda a, b: np.abs(a - b).sum(),
    "Distances are squared here. W1 takes them as they are.": [
        lambda a, b: ((a - b) ** 2).mean(),
        lambda a, b: np.sqrt(((a - b) ** 2).mean()),
        lambda a, b: ((a - b) ** 2).sum(),
        lambda a, b: np.linalg.norm(a - b),
        lambda a, b: np.linalg.norm(a - b) / len(a),
    ],
    "That is the longest way. The work is the mean over all of the earth.": lambda a, b: np.abs(a - b).max(),
    "That is the median way; the work is a mean.": lambda a, b: np.median(np.abs(a - b)),
    "That is half of the work: each grain is moved once.": lambda a, b: np.abs(a - b).mean() / 2,
    "The work is positive: it is a distance.": lambda a, b: -np.abs(a - b).mean(),
    "n points have n ways: the mean divides by n, not by n - 1.": lambda a, b: np.abs(a - b).sum() / (len(a) - 1),
    "All pairs are averaged. In a plan each point is paired with one other.": [
        lambda a, b: np.abs(a[:, None] - b).mean(),
        lambda a, b: np.abs(a[:, None] - b).sum(),
    ],
    "Each point goes to its nearest one here, so some targets get too much earth and others none.": [
        lambda a, b: np.abs(a[:, None] - b).min(axis=1).mean(),
        lambda a, b: np.abs(a[:, None] - b).min(axis=0).mean(),
    ],
}
earth_on_a_line = Exercise(
    "`earth(x, y)`: the Wasserstein distance of two sets of n numbers.",
    right=[earth],
    mistakes={
        **one("way", WAYS),
        "Without sorting, ways cross. Which point of y belongs to the smallest of x?": dict(order=itself),
        "One of the two is sorted, the other isn't. Both have to be.": [
            lambda x, y: np.abs(np.sort(x) - y).mean(),
            lambda x, y: np.abs(x - np.sort(y)).mean(),
        ],
        "The smallest of x goes to the largest of y: that is the dearest plan. Sort both the same way.": (
            lambda x, y: np.abs(np.sort(x) - np.sort(y)[::-1]).mean()
        ),
        "`argsort` gives places. The sorted numbers themselves are wanted, `np.sort`.": dict(order=np.argsort),
        "`x.sort()` sorts the caller's own array. Take a sorted copy, `np.sort(x)`.": sorted_in_place,
        "`x.sort()` returns None, and sorts the caller's own array. Take a sorted copy, `np.sort(x)`.": (
            lambda x, y: np.abs(x.sort() - y.sort()).mean()
        ),
        "Each point takes the nearest target that is still free, and the last ones have to go far. Sort instead.": greedy,
        "Numbers are added up here before they are compared. Compare the sorted numbers themselves.": (
            lambda x, y: np.abs(np.cumsum(np.sort(x)) - np.cumsum(np.sort(y))).mean()
        ),
    },
    cases={
        "already in order": ([0.0, 1.0, 2.0, 5.0], [1.0, 3.0, 4.0, 4.5]),
        "both ways": ([3.0, -1.0, 0.5], [0.2, 2.5, -4.0]),
        "ties": ([2.0, 2.0, -4.0, 1.0, 0.0], [0.0, -4.0, 7.0, 2.0, 2.0]),
    },
    observe=look_at_earth,
    praise="The k-th smallest goes to the k-th smallest, and no ways cross.",
    hints={"the work": "Sort both, take the distances of the pairs, and their mean.",
           "x and y as they were": "The number is right, but the caller's arrays were changed."},
)  # fmt: skip


# 2. The gradient penalty


def column(alpha, real):
    return alpha.view(-1, *[1] * (real.dim() - 1))


def mix(real, fake, alpha):
    return alpha * real + (1 - alpha) * fake


def penalty(critic, real, fake, alpha, *, shape=column, mixed=mix, at=lambda x: x.detach().requires_grad_(),
            total=torch.sum, graph=True, length=lambda g: g.flatten(1).norm(dim=1),
            price=lambda s: ((s - 1) ** 2).mean(), way=itself):  # fmt: skip
    points = at(mixed(real, fake, shape(alpha, real)))
    (gradient,) = torch.autograd.grad(total(critic(points)), points, create_graph=graph)
    return way(price(length(gradient)))


def by_backward(critic, real, fake, alpha):
    points = mix(real, fake, column(alpha, real)).detach().requires_grad_()
    critic(points).sum().backward(create_graph=True)
    return ((points.grad.flatten(1).norm(dim=1) - 1) ** 2).mean()


def at_weights(critic, real, fake, alpha):
    scores = critic(mix(real, fake, column(alpha, real))).sum()
    slopes = torch.autograd.grad(scores, list(critic.parameters()), create_graph=True, allow_unused=True)
    return (torch.cat([s.flatten() for s in slopes if s is not None]).norm() - 1) ** 2


def secant(critic, real, fake, alpha):
    rise = (critic(real) - critic(fake)).flatten().abs()
    return (rise / (real - fake).flatten(1).norm(dim=1) - 1).square().mean()


def look_at_penalty(case, answer):
    n, *shape = case
    pair = torch.rand(n, *shape), torch.rand(n, *shape)
    for steep in (1, 3, 0):
        linear = nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 1))
        with torch.no_grad():
            linear[1].weight.mul_(steep / linear[1].weight.norm())
        yield f"the penalty of slopes {steep}", call(answer, linear, *pair, torch.rand(n))
    critic = nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 5), nn.Tanh(), nn.Linear(5, 1))
    with torch.no_grad():
        critic[1].weight.mul_(3.0)
    real, fake = torch.randn(n, *shape), 2 + torch.randn(n, *shape)
    alpha, weights = torch.rand(n), list(critic.parameters())
    value = call(answer, critic, real, fake, alpha)
    if isinstance(value, tuple | list):
        raise Wrong("One number is wanted, the penalty, as a tensor.")
    yield "the penalty", value
    yield "has a graph", isinstance(value, torch.Tensor) and value.requires_grad
    found = torch.autograd.grad(value, weights, retain_graph=True, allow_unused=True, materialize_grads=True)
    yield "its gradient", torch.cat([g.flatten() for g in found])
    yield "gradients are left in the critic", any(weight.grad is not None for weight in weights)
    flat = nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), 1))
    nn.init.zeros_(flat[1].weight)
    value = call(answer, flat, real, fake, alpha)
    found = torch.autograd.grad(value, flat[1].weight, allow_unused=True, materialize_grads=True)[0]
    yield "the gradient where the critic is flat", bool(found.isfinite().all())


PRICES = {
    "That pulls slopes to 0 (lesson 05's R1). Here they are pulled to 1.": [
        lambda s: (s**2).mean(), lambda s: s.mean(),
    ],
    "The distance from 1 is squared here, not taken as it is.": [
        lambda s: (s - 1).abs().mean(), lambda s: (s - 1).mean(), lambda s: ((s - 1) ** 2).mean().sqrt(),
    ],
    "The slopes were averaged before the 1 was taken off: too steep and too flat samples cancel. Square first.": (
        lambda s: (s.mean() - 1) ** 2
    ),
    "The slope is squared before the 1 is taken off, or the norm's root is missing: (‖·‖ - 1)², not (‖·‖² - 1)².": [
        lambda s: ((s**2 - 1) ** 2).mean(), lambda s: (s**2 - 1).mean(),
    ],
    "A sum over the batch: the penalty would depend on the batch size. Take the mean.": lambda s: ((s - 1) ** 2).sum(),
    "That is the one-sided form, for slopes above 1 only. Here both sides count.": (
        lambda s: ((s - 1).clamp(min=0) ** 2).mean()
    ),
    "The worst sample's penalty; the mean over all is wanted.": lambda s: ((s - 1) ** 2).max(),
    "λ isn't part of this function, and neither is ½: just the mean.": [
        lambda s: 10 * ((s - 1) ** 2).mean(), lambda s: 0.5 * ((s - 1) ** 2).mean(),
    ],
    "One number for each sample; their mean is wanted.": lambda s: (s - 1) ** 2,
    "It is a price, added to the loss: positive.": lambda s: -((s - 1) ** 2).mean(),
    "Those are the slopes. The penalty is made of their distance from 1.": itself,
}  # fmt: skip
LENGTHS = {
    "That is one norm for the whole batch. Each sample has its own slope.": lambda g: g.norm(),
    "The norm runs along the batch (dim=0). It has to run over each sample's own numbers.": (
        lambda g: g.flatten(1).norm(dim=0)
    ),
    "That is the mean square over a sample's numbers. A length takes the sum.": [
        lambda g: g.flatten(1).square().mean(dim=1).sqrt(), lambda g: g.flatten(1).square().mean(dim=1),
    ],
    "A sum of absolute values is another norm. Wanted is the root of the sum of squares.": [
        lambda g: g.flatten(1).abs().sum(dim=1), lambda g: g.flatten(1).norm(1, dim=1),
    ],
    "Components of either sign cancel in a plain sum. Square first.": [
        lambda g: g.flatten(1).sum(dim=1), lambda g: g.flatten(1).sum(dim=1).abs(),
    ],
    "Each number of the gradient is compared with 1. The length of the whole gradient of a sample is wanted.": [
        itself, torch.abs,
    ],
    "The root has an infinite slope at 0: where the critic is flat, its weights become NaN. `.norm()` treats 0 rightly.": (
        lambda g: g.flatten(1).square().sum(dim=1).sqrt()
    ),
    "For pictures that is a norm over one axis only. Flatten each sample first.": lambda g: g.norm(dim=1),
}  # fmt: skip
MIXES = {
    "At real samples only. The penalty belongs on the way between real and fake.": lambda r, f, a: r,
    "At real and fake samples themselves. The penalty belongs on the way between them.": lambda r, f, a: torch.cat([r, f]),
    "At fakes only. The penalty belongs on the way between real and fake.": lambda r, f, a: f,
    "α belongs to the real sample and 1 - α to the fake; yours is the other way round.": (
        lambda r, f, a: a * f + (1 - a) * r
    ),
    "The point isn't on the line: the weights α and 1 - α add up to 1.": [
        lambda r, f, a: a * r + f, lambda r, f, a: r + a * f, lambda r, f, a: a * r + a * f,
        lambda r, f, a: r - a * (r + f), lambda r, f, a: a * (r - f), lambda r, f, a: r + a * (r - f),
    ],
    "Always the middle: α isn't used.": lambda r, f, a: (r + f) / 2,
    "The same α for all: each pair has its own.": [
        lambda r, f, a: a.mean() * r + (1 - a.mean()) * f, lambda r, f, a: a[0] * r + (1 - a[0]) * f,
    ],
    "You draw a new α. Use the one that is given, so that the answer can be compared.": [
        lambda r, f, a: mix(r, f, torch.rand_like(a)), lambda r, f, a: mix(r, f, torch.rand_like(r)),
        lambda r, f, a: mix(r, f, torch.randn_like(r)),
    ],
}  # fmt: skip
TOTALS = {
    "The scores were averaged before the gradient: each slope comes out n times too small. Take the sum.": torch.mean,
    "That is a probability's slope. A critic has no sigmoid.": lambda t: t.sigmoid().sum(),
    "autograd wants the gradient of one number: sum the scores (or hand over grad_outputs of ones).": itself,
    "No gradient can be taken through `no_grad()` or a detached score.": lambda t: t.detach().sum(),
    "The scores were squared before the gradient.": lambda t: t.square().sum(),
}
SHAPES = {
    "α has one number a sample; for samples of several numbers it needs more axes: view(-1, 1, 1, 1) for pictures.": (
        lambda a, r: a
    ),
    "That reshapes for points or for pictures only. Count the axes of `real`: α.view(-1, *[1] * (real.dim() - 1)).": [
        lambda a, r: a.view(-1, 1),
        lambda a, r: a.view(-1, 1, 1, 1),
        lambda a, r: a[:, None],
    ],
}
NO_GRAPH = "No gradient reaches the critic's weights: create_graph=True is missing, or the result is detached."
GP = "One α a pair, one norm a sample, and a graph that reaches the weights."
gradient_penalty = Exercise(
    "`gradient_penalty(critic, real, fake, alpha)`: the mean of (slope - 1)² between real and fake.",
    right=[penalty],
    noted={
        GP: [
            dict(at=lambda x: x.requires_grad_()),
            dict(mixed=lambda r, f, a: f + a * (r - f)),
            dict(length=lambda g: torch.linalg.vector_norm(g.flatten(1), dim=1)),
            dict(length=lambda g: (g.flatten(1).square().sum(dim=1) + 1e-12).sqrt()),
        ]
    },
    mistakes={
        **one("price", PRICES),
        **one("length", LENGTHS),
        **one("mixed", MIXES),
        **one("total", TOTALS),
        **one("shape", SHAPES),
        NO_GRAPH: [dict(graph=False), dict(way=torch.Tensor.detach)],
        "That is a Python number: no gradient can go through it. Return the tensor.": dict(way=torch.Tensor.item),
        "`backward()` leaves gradients in the critic's weights. Use torch.autograd.grad.": by_backward,
        "The gradient in the *weights* was taken. The slope is the gradient in the sample.": at_weights,
        "`torch.autograd.grad` returns a tuple of one gradient: take it out, with `(gradient,) = ...` or `[0]`.": (
            lambda c, r, f, a: penalty(c, r, f, a, length=lambda g: (g,).flatten(1).norm(dim=1))
        ),
        "That is the rise between real and fake over their distance. The slope at the point between is wanted, a gradient.": (
            secant
        ),
        "The point needs requires_grad before the critic sees it.": dict(at=torch.Tensor.detach),
        "That is the penalty times the number of samples, and averaged over none: one norm, of averaged scores.": dict(
            total=torch.mean, length=lambda g: g.norm()
        ),
    },
    cases={"points": (6, 2), "pictures": (5, 1, 4, 3)},
    observe=look_at_penalty,
    praise=GP,
    hints={
        "the penalty of slopes 1": "This critic's slope is 1 everywhere, so each sample's price is (1 - 1)² = 0.",
        "the penalty of slopes 3": "This critic's slope is 3 everywhere, so each sample's price is (3 - 1)² = 4.",
        "the penalty of slopes 0": "This critic is flat, so each sample's price is (0 - 1)² = 1.",
        "the penalty": "Right where the slope is the same everywhere; so look at where and how it is taken. points = α real + (1 - α) fake; gradient of the summed scores there; its length a sample; mean of (length - 1)².",
        "its gradient": "The value is right, but not what the critic's weights get from it.",
        "the gradient where the critic is flat": "Where the critic is flat, the weights' gradient is NaN: a root at 0.",
    },
)


# 3. The critic's update


def sgd_step(opt, loss):
    opt.zero_grad()
    loss.backward()
    opt.step()


def update(critic, opt, real, fake, penalty, weight, *, cut=torch.Tensor.detach, step=sgd_step, price=None,
           loss=lambda real, fake, p, w: fake.mean() - real.mean() + w * p):  # fmt: skip
    fake = cut(fake)
    p = (price or penalty)(critic, real, fake)
    step(opt, loss(critic(real), critic(fake), p, weight))


def clear_late(opt, loss):
    loss.backward()
    opt.step()
    opt.zero_grad()


def halves(critic, opt, real, fake, penalty, weight):
    fake = fake.detach()
    a, b = critic(torch.cat([real, fake])).chunk(2)
    sgd_step(opt, b.mean() - a.mean() + weight * penalty(critic, real, fake))


def clip(_, critic, limit):
    for parameter in critic.parameters():
        parameter.data.clamp_(-limit, limit)


def look_at_update(case, answer):
    n, m, weight = case
    critic = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
    generator = nn.Linear(2, 2)
    opt = torch.optim.SGD(critic.parameters(), lr=0.05)
    for parameter in (*critic.parameters(), *generator.parameters()):
        parameter.grad = torch.ones_like(parameter)  # left over by somebody
    real, z = 1 + torch.randn(n, 2), torch.randn(m, 2)
    seen = []

    def penalty_of(critic, real, fake):
        seen.append((real.detach().clone(), fake.detach().clone()))
        # no detach here: whoever hands over fakes with their graph leaves gradients in G
        at = torch.full((4,), 0.3)
        return priced * penalty(critic, real[:4], fake[:4], at, at=torch.Tensor.requires_grad_)

    for name in ("a step with a penalty of 0", "the first step", "the second step"):
        priced = float(name != "a step with a penalty of 0")
        before = [p.detach().clone() for p in critic.parameters()]
        fake = generator(z)
        answer(critic, opt, real.clone(), fake, penalty_of, weight)
        moved = torch.cat([(p.detach() - b).flatten() for p, b in zip(critic.parameters(), before, strict=True)])
        yield f"{name}: the critic moves", bool(moved.any())
        yield f"{name}", moved
        yield "G's gradients are left alone", all(bool((p.grad == 1).all()) for p in generator.parameters())
    yield "the penalty was asked", len(seen)
    yield "of real, then fake", bool(torch.equal(seen[0][0], real))
    yield "G is left trainable", all(p.requires_grad for p in (*generator.parameters(), *critic.parameters()))


LOSSES = {
    "The sign: the critic's loss is fake minus real, so that real scores rise. Yours rewards fakes.": [
        lambda r, f, p, w: r.mean() - f.mean() + w * p,
        lambda r, f, p, w: r.mean() - f.mean() - w * p,
    ],
    "The penalty is subtracted: the critic would be paid for wrong slopes. Add it.": (
        lambda r, f, p, w: f.mean() - r.mean() - w * p
    ),
    "The penalty is left out, or detached, or made a Python number: nothing holds the critic's slope.": lambda r, f, p, w: f.mean() - r.mean() + 0 * p,
    "The weight is the one that is given, not always 10.": lambda r, f, p, w: f.mean() - r.mean() + 10 * p,
    "The penalty comes in without its weight.": lambda r, f, p, w: f.mean() - r.mean() + p,
    "The penalty is divided by its weight, or its weight is halved or squared.": [
        lambda r, f, p, w: f.mean() - r.mean() + p / w,
        lambda r, f, p, w: f.mean() - r.mean() + w / 2 * p,
        lambda r, f, p, w: f.mean() - r.mean() + w * w * p,
    ],
    "Weight times everything: the weight belongs to the penalty alone.": (
        lambda r, f, p, w: w * (f.mean() - r.mean() + p)
    ),
    "Only the penalty is minimised; the scores are missing.": lambda r, f, p, w: w * p + 0 * f.mean(),
    "Only fakes (or only real samples) are scored. Both belong in.": [
        lambda r, f, p, w: f.mean() + w * p, lambda r, f, p, w: -r.mean() + w * p,
        lambda r, f, p, w: -f.mean() + w * p, lambda r, f, p, w: r.mean() + w * p,
    ],
    "Both means have the same sign: then only the level of all scores changes.": [
        lambda r, f, p, w: f.mean() + r.mean() + w * p, lambda r, f, p, w: -f.mean() - r.mean() + w * p,
    ],
    "That is cross-entropy. A critic's loss takes the scores as they are.": [
        lambda r, f, p, w: nn.functional.softplus(-r).mean() + nn.functional.softplus(f).mean() + w * p,
        lambda r, f, p, w: -torch.log(r.sigmoid()).mean() - torch.log(1 - f.sigmoid()).mean() + w * p,
    ],
    "There is a sigmoid over the scores. A critic has none.": (
        lambda r, f, p, w: f.sigmoid().mean() - r.sigmoid().mean() + w * p
    ),
    "That is the hinge loss of lesson 05.": (
        lambda r, f, p, w: torch.relu(1 - r).mean() + torch.relu(1 + f).mean() + w * p
    ),
    "Sums instead of means: the loss then depends on the batch size.": lambda r, f, p, w: f.sum() - r.sum() + w * p,
    "The difference is squared. The loss is linear in the scores.": lambda r, f, p, w: (f.mean() - r.mean()) ** 2 + w * p,
    "Half of the difference: the loss is fake's mean minus real's.": (
        lambda r, f, p, w: (f.mean() - r.mean()) / 2 + w * p
    ),
    "The batches have different sizes, and samples can't be paired: take two means.": (
        lambda r, f, p, w: (f - r).mean() + w * p
    ),
    "backward() needs one number: take means over the batches.": lambda r, f, p, w: f - r.mean() + w * p,
}  # fmt: skip
STEPS = {
    "Old gradients weren't cleared before backward().": [
        lambda opt, loss: (loss.backward(), opt.step()), clear_late,
    ],
    "The critic doesn't move. Three calls are needed, in this order: zero_grad(), backward(), step().": [
        lambda opt, loss: (opt.zero_grad(), opt.step()), lambda opt, loss: (loss.backward(), opt.zero_grad(), opt.step()),
        lambda opt, loss: (opt.zero_grad(), loss.backward()),
    ],
    "The optimiser takes two steps.": lambda opt, loss: (sgd_step(opt, loss), opt.step()),
    "That is a loss without a way to the weights: it was detached, or turned into a number.": (
        lambda opt, loss: sgd_step(opt, loss.detach())
    ),
}  # fmt: skip
BEST = "Real up, fake down, slopes to 1, and G untouched."
critic_update = Exercise(
    "`critic_update(critic, opt, real, fake, penalty, weight)`: one step of the critic.",
    right=[update],
    noted={
        BEST: [
            dict(loss=lambda r, f, p, w: -(r.mean() - f.mean()) + w * p),
            lambda critic, opt, *rest: (critic.zero_grad(), update(critic, opt, *rest))[0],
        ]
    },
    mistakes={
        **one("loss", LOSSES),
        **one("step", STEPS),
        "The fakes aren't detached, so gradients are left in G, too.": dict(cut=itself),
        "The penalty gets fakes that aren't detached: through it gradients reach G. Detach first, use that everywhere.": (
            lambda c, o, r, f, p, w: sgd_step(o, c(f.detach()).mean() - c(r).mean() + w * p(c, r, f))
        ),
        "One step is wanted. The loop that calls this takes the five.": [
            lambda *given, times=times: [update(*given) for _ in range(times)][0] for times in (2, 5)
        ],
        "One batch is cut in two equal halves, but real and fake differ in number: `split([len(real), len(fake)])`.": halves,
        "Clipping and a penalty are two ways to hold the slope. Here it is the penalty alone.": [
            lambda *given, limit=limit: clip(update(*given), given[0], limit) for limit in (0.01, 0.1)
        ],
        "The penalty is the mean of (slope - 1)² already. It isn't squared again.": [
            lambda c, o, r, f, p, w: update(c, o, r, f, p, w, loss=lambda r, f, q, w: f.mean() - r.mean() + w * (q - 1) ** 2),
            lambda c, o, r, f, p, w: update(c, o, r, f, p, w, loss=lambda r, f, q, w: f.mean() - r.mean() + w * q**2),
        ],
        "The penalty gets fake and real in the wrong order: penalty(critic, real, fake).": (
            lambda c, o, r, f, p, w: sgd_step(o, c(f.detach()).mean() - c(r).mean() + w * p(c, f.detach(), r))
        ),
        "The penalty is computed in one place of all only: it wants both batches, real and fake.": [
            lambda c, o, r, f, p, w: sgd_step(o, c(f.detach()).mean() - c(r).mean() + w * p(c, r, r)),
            lambda c, o, r, f, p, w: sgd_step(o, c(f.detach()).mean() - c(r).mean() + w * p(c, f.detach(), f.detach())),
        ],
        "Two steps, one for the scores and one for the penalty. It is one loss, and one step.": (
            lambda c, o, r, f, p, w: (
                sgd_step(o, c(f.detach()).mean() - c(r).mean()), sgd_step(o, w * p(c, r, f.detach()))
            )
        ),
    },
    cases={"a batch": (8, 8, 10.0), "batches of different sizes, another weight": (9, 5, 3.0)},
    observe=look_at_update,
    praise=BEST,
    hints={
        "a step with a penalty of 0": "Here `penalty` returns 0, so it is a plain step down mean(fake) - mean(real), from cleared gradients.",
        "the first step": "It is a step down mean(fake) - mean(real) + weight * penalty. With a penalty of 0 yours was right: look at its part.",
        "the second step": "The first step was right, the second isn't: are gradients cleared before each?",
        "G's gradients are left alone": "Gradients arrive in G: detach the fakes, and clear the critic's own gradients only.",
    },
)  # fmt: skip


# 4. The slope at the best


def slope_numbers(length, weight):
    s = 1 + length / (2 * weight)
    return Number(s, 3), Number(s * length, 3)


CASES = [(1.5, 10.0), (3.0, 10.0), (0.6, 0.2)]
SLOPES = {
    "Twice the surplus: set the derivative of s W - λ (s - 1)² to 0, and mind its 2.": lambda W, k: 1 + W / k,
    "The slope isn't 1: a little more gap is worth a little penalty.": lambda W, k: 1.0,
    "The sign: the gap pulls the slope above 1, not below.": lambda W, k: 1 - W / (2 * k),
    "That is the surplus over 1. The slope is wanted.": lambda W, k: W / (2 * k),
    "λ divides: a stronger penalty holds the slope nearer to 1.": lambda W, k: 1 + W * k / 2,
    "W belongs above: a longer way pays more for each bit of slope.": lambda W, k: 1 + 1 / (2 * k * W),
    "W is missing: what a steeper critic gains depends on how far apart the two are.": lambda W, k: 1 + 1 / (2 * k),
    "W isn't squared here.": lambda W, k: 1 + W * W / (2 * k),
    "Half of the surplus.": lambda W, k: 1 + W / (4 * k),
}
GAPS = {
    "That is W itself. The critic is steeper than 1, so its gap is larger.": lambda W, k: W,
    "That is the slope. The gap is the slope times the way.": lambda W, k: 1 + W / (2 * k),
    "That is the gap minus the penalty. Only the gap is asked for.": lambda W, k: W + W * W / (4 * k),
    "The gap is s W, with s above 1.": lambda W, k: W * (1 - W / (2 * k)),
    "The penalty at the best, λ (s - 1)², isn't the gap.": lambda W, k: W * W / (4 * k),
    "That is with W / λ for W / (2 λ).": lambda W, k: W * (1 + W / k),
    "The surplus over W isn't the whole gap: add W.": lambda W, k: W * W / (2 * k),
    "Divided instead of multiplied: a rise is slope times way.": lambda W, k: (1 + W / (2 * k)) / W,
}


def wrong_entries(place, formulas):
    return {
        text: [{case: tuple(f(*case) if i == place else ... for i in (0, 1))} for case in CASES]
        for text, f in formulas.items()
    }


slope_at_best = Exercise(
    "`{(W, lambda): (slope, gap)}`: at the best critic of two points that are W apart.",
    right=[{case: slope_numbers(*case) for case in CASES}],
    mistakes=wrong_entries(0, SLOPES)
    | wrong_entries(1, GAPS)
    | {"The slope comes first, then the gap.": [{case: slope_numbers(*case)[::-1]} for case in CASES[:2]]},
    pair=("slope", "gap"),
    hints={
        "slope": "It makes s W - λ (s - 1)² largest: W = 2 λ (s - 1).",
        "gap": "Over a way of W at the slope s the score rises by s W.",
    },
    praise="With λ = 10 the gap is 7.5 % or 15 % too large; with λ = 0.2 it is two and a half times W.",
)


# 5. Six penalties

COMPLAINTS = {
    "A": "one norm for the batch",
    "B": "no create_graph",
    "C": "batch norm in the critic",
    "D": "root at 0",
    "E": "alpha from a normal distribution",
    "F": "alpha a pixel",
}
WHY = {
    "one norm for the batch": "One norm over n samples is about √n times as long as one sample's. Who sees slopes of 1/√n?",
    "no create_graph": "Without a graph the penalty is a constant: its weight changes nothing. Who says so?",
    "batch norm in the critic": "Then a sample has no slope of its own: it depends on the others. Who sees that?",
    "root at 0": "A root has an infinite slope at 0, and 0 times infinity is NaN. Who has a flat critic?",
    "alpha from a normal distribution": "Then two points in three lie beyond both ends of the line. Whose points are still on the line?",
    "alpha a pixel": "Then a point takes each pixel from another place of the line. Whose points are off the line, and inside the box?",
    "no penalty at all": "Each of the six does compute a penalty. So this one fits nobody.",
}
six_penalties = Exercise(
    "`{letter: cause}`: what is wrong with each of six penalties.",
    right=[among(COMPLAINTS, "no penalty at all")],
    mistakes={text: [{key: word} for key in COMPLAINTS if COMPLAINTS[key] != word] for word, text in WHY.items()},
    hints=dict.fromkeys(COMPLAINTS, "Look at what the person measured."),
    praise="Each of the six runs without an error, and five of them without a warning sign in the loss.",
)
