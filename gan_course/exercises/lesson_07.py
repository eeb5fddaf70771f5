"""Lesson 07's exercises: a count of modes, a feature of the batch, an inner step, and three slopes of a small game."""

from functools import partial

import numpy as np
import torch

from gan_course.exercises import Exercise, Wrong, call, of, several

# 1. Count

RING = np.stack([np.cos(np.pi / 4 * np.arange(8)), np.sin(np.pi / 4 * np.arange(8))], axis=1)


def far(points, modes):
    return np.linalg.norm(points[:, None] - modes, axis=2)


def divergence(shares, modes):
    shares = shares[shares > 0]
    return np.sum(shares * np.log(shares * len(modes)))


def count(points, modes, sigma, *, measure=far, within=lambda s: 3 * s, inside=np.less_equal, of_all=False,
          kl=divergence, quality=lambda good, counts: good.mean(), covered=lambda counts: int((counts > 0).sum()),
          order=lambda c, q, k: (c, q, k), per_points=False):  # fmt: skip
    distance = measure(points, modes)
    good = inside(distance.min(axis=1), within(sigma))
    nearest = distance.argmin(axis=1)
    counts = np.bincount(nearest[good], minlength=len(modes))
    shown = np.bincount(nearest, minlength=len(modes)) if of_all else counts
    shares = shown / (len(points) if per_points else shown.sum())
    return order(covered(shown), quality(good, counts), kl(shares, modes))


def count_all_then_kl(points, modes, sigma):  # the modes of good points, the divergence of all of them
    return (*count(points, modes, sigma)[:2], count(points, modes, sigma, of_all=True)[2])


def covered_by_all(points, modes, sigma):
    return (count(points, modes, sigma, of_all=True)[0], *count(points, modes, sigma)[1:])


def by_mode(points, modes, sigma):  # each mode's nearest point
    good = far(points, modes).min(axis=0) <= 3 * sigma
    return good.sum(), good.mean(), 0.0


def points_for_modes(points, modes, sigma):
    covered, quality, kl = count(points, modes, sigma)
    return covered, quality, kl + np.log(len(points) / len(modes))


def one_more(points, modes, sigma):
    good = far(points, modes).min(axis=1) <= 3 * sigma
    counts = 1 + np.bincount(far(points, modes).argmin(axis=1)[good], minlength=len(modes))
    return *count(points, modes, sigma)[:2], divergence(counts / counts.sum(), modes)


def toy_points(places, blur, stray):
    rng = np.random.default_rng(7)
    points = np.concatenate([RING[place] + blur * rng.standard_normal((n, 2)) for place, n in places.items()])
    return np.concatenate([points, rng.uniform(-1, 1, (stray, 2))])


def look_at_count(case, answer):
    covered, quality, kl = several(call(answer, *case), "covered", "quality", "reverse_kl")
    yield "covered", covered
    yield "quality", quality
    yield "reverse_kl", kl


counted = Exercise(
    "`count(points, modes, sigma)`: modes covered, share of high quality, reverse KL divergence.",
    right=[
        count,
        lambda p, m, s: (
            len(set(far(p, m).argmin(axis=1)[far(p, m).min(axis=1) <= 3 * s])),
            float((far(p, m).min(axis=1) <= 3 * s).sum() / len(p)),
            count(p, m, s)[2],
        ),
    ],
    mistakes={
        "The order is: modes covered, share of high quality, reverse KL.": [
            dict(order=lambda c, q, k: (q, c, k)),
            dict(order=lambda c, q, k: (k, q, c)),
            dict(order=lambda c, q, k: (c, k, q)),
        ],
        "A distance is the root of the sum of squares, over the two coordinates.": [
            dict(measure=lambda p, m: far(p, m) ** 2),
            dict(measure=lambda p, m: np.abs(p[:, None] - m).sum(axis=2)),
            dict(measure=lambda p, m: np.abs(p[:, None] - m).max(axis=2)),
            dict(measure=lambda p, m: np.abs(p[:, None] - m).min(axis=2)),
        ],
        "Within *three* standard deviations, 3 sigma.": [dict(within=lambda s, n=n: n * s) for n in (1, 2, 4, 5, 10)],
        "The limit is 3 sigma, not its square, and not 3.": [
            dict(within=lambda s: 3 * s**2),
            dict(within=lambda s: 9 * s**2),
            dict(within=lambda s: 3.0),
            dict(within=lambda s: s**2),
        ],  # fmt: skip
        "Those are the points that are *not* of high quality.": dict(inside=np.greater),
        "Every point has a nearest mode, also one in the middle. Only points of high quality cover a mode.": [
            covered_by_all,
            dict(of_all=True),
        ],  # fmt: skip
        "The divergence is of the points of high quality only: strays belong to no mode.": count_all_then_kl,
        "The shares are shares of the points of high quality: they add up to 1.": dict(per_points=True),
        "Those are numbers of points. The quality is a share, between 0 and 1.": dict(
            quality=lambda good, counts: good.sum()
        ),
        "That is the share of the *modes*. The quality is the share of the points: one minimum for each point, axis=1.": [
            by_mode,
            dict(quality=lambda good, counts: (counts > 0).mean()),
        ],
        "One verdict for each point (its nearest mode), not for each pair of point and mode: min over axis=1 first.": dict(
            quality=lambda good, counts: good.mean() / len(counts)
        ),
        "Rounding is for printing: return the number as it is.": [
            dict(quality=lambda good, counts, n=n: round(good.mean(), n)) for n in (1, 2, 3)
        ]
        + [dict(kl=lambda s, m, n=n: round(divergence(s, m), n)) for n in (0, 1, 2, 3)],
        "Upside down: the good points go on top, all points below.": [
            dict(quality=lambda good, counts: len(good) / good.sum()),
            dict(quality=lambda good, counts: (~good).sum() / good.sum()),
        ],
        "That is in per cent. A share lies between 0 and 1.": dict(quality=lambda good, counts: 100 * good.mean()),
        "That is the share of those that are *not* of high quality.": dict(
            quality=lambda good, counts: 1 - good.mean()
        ),
        "The quality is the share of all points, the strays, too.": dict(quality=lambda good, counts: 1.0),
        "The first number is how many modes are covered.": [
            dict(covered=lambda counts: counts > 0),
            dict(covered=lambda counts: counts),
            dict(covered=lambda counts: (counts == 0).sum()),
            dict(covered=lambda counts: (counts > 0).mean()),
            dict(covered=lambda counts: counts.sum()),
            dict(covered=lambda counts: counts.max()),
            dict(covered=lambda counts: counts.nonzero()[0]),
            dict(covered=lambda counts: counts.argmax()),
        ],  # fmt: skip
        "A mode is covered by one point already.": [
            dict(covered=lambda counts, n=n: int((counts > n).sum())) for n in (1, 5, 10, 20)
        ],
        "A share of 0 gives 0 times log 0, which is NaN: leave the empty modes out. Their term is 0.": dict(
            kl=lambda shares, modes: np.sum(shares * np.log(np.where(shares > 0, shares, np.nan) * len(modes)))
        ),
        "The sign: a divergence isn't negative.": dict(kl=lambda s, m: -divergence(s, m)),
        "That is the entropy of the shares. The divergence is log K minus it.": dict(
            kl=lambda s, m: np.log(len(m)) - divergence(s, m)
        ),
        "log K is missing, or in the wrong place: the sum of s log(s / (1/K)) is the sum of s log(K s).": [
            dict(kl=lambda s, m: divergence(s, m) - np.log(len(m))),
            dict(kl=lambda s, m: divergence(s, m) - 2 * np.log(len(m))),
            dict(kl=lambda s, m: divergence(s, m) + np.log(len(m))),
        ],
        "K is the number of all modes, not of those that are covered. (np.bincount needs minlength to count all.)": [
            dict(kl=lambda s, m: np.sum(s[s > 0] * np.log(s[s > 0] * (s > 0).sum()))),
            dict(kl=lambda s, m: np.sum(s[s > 0] * np.log(s[s > 0] * (1 + s.nonzero()[0][-1])))),
        ],
        "Nothing is added inside the logarithm or to the shares: leave the empty modes out instead.": [
            dict(kl=lambda s, m, e=e: np.sum(s * np.log(len(m) * s + e))) for e in (1, 0.1, 0.01, 1e-3)
        ]
        + [dict(kl=lambda s, m, e=e: np.sum(s * np.log(len(m) * (s + e)))) for e in (1, 0.1, 0.01, 1e-3)],
        "In nats, so with the natural logarithm.": [
            dict(kl=lambda s, m, base=base: divergence(s, m) / np.log(base)) for base in (2, 10)
        ],
        "That is the other direction: here the generator's shares stand before the logarithm.": [
            dict(kl=lambda s, m: np.sum(np.log(1 / (len(m) * s[s > 0]))) / len(m)),
            dict(kl=lambda s, m: np.mean(np.log(1 / (len(m) * np.where(s > 0, s, 1))))),
            *[dict(kl=lambda s, m, e=e: -np.mean(np.log(len(m) * (s + e)))) for e in (1e-12, 1e-10, 1e-9, 1e-8)],
        ],
        "The terms are added up: no mean over the modes.": [
            dict(kl=lambda s, m: divergence(s, m) / len(m)),
            dict(kl=lambda s, m: divergence(s, m) / (s > 0).sum()),
        ],  # fmt: skip
        "The share itself is missing before the logarithm.": [
            dict(kl=lambda s, m: np.sum(np.log(s[s > 0] * len(m)))),
            dict(kl=lambda s, m: np.mean(np.log(s[s > 0] * len(m)))),
        ],
        "The sum over the modes is missing: one number is wanted.": dict(
            kl=lambda s, m: s[s > 0] * np.log(s[s > 0] * len(m))
        ),
        "K is the number of modes, 8 here, not the number of points.": points_for_modes,
        "One point more for each mode changes the shares: leave the empty modes out instead.": one_more,
    },
    cases={
        "three modes": (toy_points({0: 60, 1: 30, 5: 1}, 0.008, 40), RING, 0.01),
        "all modes, unevenly": (toy_points({k: 10 + 20 * (k % 3) for k in range(8)}, 0.04, 25), RING, 0.03),
    },
    observe=look_at_count,
    hints={
        "covered": "Of the points of high quality: how many different nearest modes have they?",
        "quality": "The mean of (distance to the nearest mode <= 3 sigma) over all points.",
        "reverse_kl": "Of the points of high quality: s is each mode's share, and the sum of s log(K s) goes over s > 0.",
    },
    praise="Three numbers, and none of them can be left out.",
)


# 2. A feature of the batch


def spread(features, *, way=lambda f: (f.var(dim=0, unbiased=False) + 1e-8).sqrt(), reduce=torch.mean,
           join=lambda f, s: torch.cat([f, s.expand(len(f), 1)], dim=1)):  # fmt: skip
    return join(features, reduce(way(features)))


def each_row(features, way):
    return torch.cat([features, way(features)[:, None]], dim=1)


def look_at_spread(case, answer):
    n, a, scale = case
    base = torch.randn(1, a)
    features = (base + scale * torch.randn(n, a) * torch.arange(1, a + 1)).requires_grad_()
    kept = features.detach().clone()
    value = call(answer, features)
    if isinstance(value, tuple | list):
        raise Wrong("One tensor is wanted, of features and spread: torch.cat.")
    if not isinstance(value, torch.Tensor):
        raise Wrong("One tensor is wanted, in torch: no NumPy and no .item(), which cut the gradient off.")
    yield "the shape", value.shape
    yield "the result", value
    yield "the features as they were", torch.equal(features, kept)
    yield "a way back to the features", value.requires_grad
    yield "the gradient", torch.autograd.grad(value[:, -1].sum(), features)[0]


def written_over(features):
    features[:, -1] = features.std(dim=0, unbiased=False).mean()
    return features


SPREADS = {
    "Each feature has a mean of its own over the batch, f.mean(dim=0): neither one mean of all numbers, nor one a sample.": [
        dict(way=lambda f: (f - f.mean()).square().mean(dim=0).sqrt()),
        dict(way=lambda f: (f - f.mean(dim=1, keepdim=True)).square().mean(dim=0).sqrt()),
    ],
    "Over the batch, dim=0: how much does one feature differ among the *samples*?": [
        dict(way=lambda f: f.std(dim=1, unbiased=False)),
        dict(way=lambda f: f.std(dim=1)),
        dict(way=lambda f: (f.var(dim=1, unbiased=False) + 1e-8).sqrt()),
    ],
    "That is one standard deviation of all numbers together: features that differ from each other raise it even if all samples are alike.": [
        dict(way=lambda f: f.std(unbiased=False)),
        dict(way=lambda f: f.std()),
    ],
    "That is the spread of the samples' means. First each feature's standard deviation, then the mean.": [
        dict(way=lambda f: f.mean(dim=1).std(dim=0, unbiased=False)),
        dict(way=lambda f: f.mean(dim=1).std()),
    ],
    "Distances between samples measure a spread, too, but the standard deviation of each feature is asked for.": [
        dict(way=torch.pdist),
        dict(way=lambda f: torch.cdist(f, f)),
        dict(way=lambda f: (f[:, None] - f).abs()),
    ],
    "The root of the *mean* square: the sum over the batch is not divided by n.": dict(
        way=lambda f: (f - f.mean(dim=0)).square().sum(dim=0).sqrt()
    ),
    "That is the range, not the standard deviation.": dict(way=lambda f: f.amax(dim=0) - f.amin(dim=0)),
    "That is the variance; its root is missing.": [
        dict(way=lambda f: f.var(dim=0, unbiased=False)),
        dict(way=lambda f: f.var(dim=0)),
    ],
    "Divided by n - 1. The text asks for n: unbiased=False.": [
        dict(way=lambda f: f.std(dim=0)),
        dict(way=lambda f: (f.var(dim=0) + 1e-8).sqrt()),
    ],
    "The root of the mean variance is another number: take the root of each feature's variance first.": dict(
        way=lambda f: f.var(dim=0, unbiased=False), reduce=lambda v: v.mean().sqrt()
    ),
    "That is the mean distance from the mean, not the standard deviation.": dict(
        way=lambda f: (f - f.mean(dim=0)).abs().mean(dim=0)
    ),
    "The mean of the batch doesn't tell whether its samples are alike.": [
        dict(way=lambda f: f.mean(dim=0)),
        dict(way=lambda f: f.abs().mean(dim=0)),
        dict(way=lambda f: f.square().mean(dim=0).sqrt()),
    ],
    "The *mean* over the features, not their sum or the largest.": [
        dict(reduce=torch.sum),
        dict(reduce=torch.amax),
        dict(reduce=torch.amin),
        dict(reduce=torch.median),
        dict(reduce=torch.linalg.norm),
    ],
}
JOINS = {
    "One number for the batch, in one more column: the mean over the features is missing.": [
        lambda f: torch.cat([f, f.std(dim=0, unbiased=False).expand(len(f), -1)], dim=1),
        lambda f: torch.cat([f, f.std(dim=0).expand(len(f), -1)], dim=1),
    ],
    "The features themselves are kept, and one column is added: torch.cat([features, ...], dim=1).": [
        dict(join=lambda f, s: s),
        dict(join=lambda f, s: s.expand(len(f), 1)),
        dict(join=lambda f, s: s.expand(len(f))),
        dict(join=lambda f, s: s[None]),
    ],
    "The new column comes last.": dict(join=lambda f, s: torch.cat([s.expand(len(f), 1), f], dim=1)),
    "One more *column*, for each sample: dim=1. That is one more row.": [
        dict(join=lambda f, s: torch.cat([f, s.expand(1, f.shape[1])], dim=0)),
        dict(join=lambda f, s: torch.cat([f, s.expand(1, f.shape[1])])),
    ],
    "The spread is one number and has to become a column, (n, 1): spread.expand(len(features), 1), and torch.cat with dim=1 (by default it adds rows).": [
        dict(join=lambda f, s: torch.cat([f, s.expand(len(f), 1)])),
        dict(join=lambda f, s: torch.cat([f, s.expand(len(f))], dim=1)),
        dict(join=lambda f, s: torch.cat([f, s], dim=1)),
        dict(join=lambda f, s: torch.cat([f, s[None, None]], dim=1)),
    ],
    "The features stay as they are: make a new tensor, with one more column.": written_over,
    "Nothing is added to or multiplied with the features: the spread gets a column of its own.": [
        dict(join=lambda f, s: f + s),
        dict(join=lambda f, s: f * s),
        dict(join=lambda f, s: f / s),
        dict(join=lambda f, s: (f - f.mean(dim=0)) / s),
    ],
    "The spread is cut off from the features (detach, no_grad, .item(), a new tensor): G would learn nothing from it.": [
        dict(join=lambda f, s: torch.cat([f, s.detach().expand(len(f), 1)], dim=1)),
        dict(join=lambda f, s: torch.cat([f.detach(), s.detach().expand(len(f), 1)], dim=1)),
        dict(join=lambda f, s: torch.cat([f, torch.full((len(f), 1), s.item())], dim=1)),
    ],
    "Each sample gets a number of its own there. One number for the whole batch is wanted.": [
        lambda f: each_row(f, lambda f: f.std(dim=1, unbiased=False)),
        lambda f: each_row(f, lambda f: f.std(dim=1)),
        lambda f: each_row(f, lambda f: (f - f.mean(dim=0)).abs().mean(dim=1)),
    ],
    "The sum of the columns, or their norm, is a feature of one sample, not of the batch.": lambda f: each_row(
        f, lambda f: f.norm(dim=1)
    ),
}
with_spread = Exercise(
    "`with_spread(features)`: (n, a) to (n, a + 1); the last column is the mean standard deviation over the batch.",
    right=[spread],
    noted={
        "Every sample now carries a number that a collapsed batch can't fake.": [
            dict(way=lambda f: f.std(dim=0, unbiased=False)),
            dict(way=lambda f: f.std(dim=0, correction=0)),
        ]
    },
    mistakes={**SPREADS, **JOINS},
    cases={"five samples": (5, 3, 1.0), "nine samples": (9, 4, 0.2)},
    observe=look_at_spread,
    hints={
        "the shape": "The features, and one more column.",
        "the result": "Standard deviation of each feature over the batch (dim=0, divided by n), then their mean.",
        "the gradient": "The value is right. Does every step from features to spread stay in the graph?",
        "the features as they were": "The caller's features were changed: make a new tensor.",
    },
    praise="Every sample now carries a number that a collapsed batch can't fake.",
)


# 3. One step ahead


def ahead(weights, loss, lr, *, graph=True, sign=-1, step=lambda lr: lr, result=dict, at=lambda w: w, back=lambda g: g):
    at_weights = {name: at(weight) for name, weight in weights.items()}
    gradients = torch.autograd.grad(loss(at_weights), list(at_weights.values()), create_graph=graph)
    pairs = zip(at_weights.items(), gradients, strict=True)
    return result({name: weight + sign * step(lr) * back(g) for (name, weight), g in pairs})


def in_place_step(weights, loss, lr):
    gradients = torch.autograd.grad(loss(weights), list(weights.values()), create_graph=True)
    with torch.no_grad():
        for weight, gradient in zip(weights.values(), gradients, strict=True):
            weight -= lr * gradient
    return weights


def rebinding(weights, loss, lr):
    for name, weight in ahead(weights, loss, lr).items():
        weights[name] = weight
    return weights


def one_after_the_other(weights, loss, lr):
    new = dict(weights)
    for name in weights:
        (gradient,) = torch.autograd.grad(loss(new), new[name], create_graph=True)
        new[name] = new[name] - lr * gradient
    return new


def by_backward(weights, loss, lr):
    loss(weights).backward()
    return {name: weight - lr * weight.grad for name, weight in weights.items()}


def by_backward_with_graph(weights, loss, lr):
    loss(weights).backward(create_graph=True)
    return {name: weight - lr * weight.grad for name, weight in weights.items()}


def only_first(weights, loss, lr):
    first = next(iter(weights))
    return weights | {first: ahead(weights, loss, lr)[first]}


def swapped(weights, loss, lr):
    gradients = torch.autograd.grad(loss(weights), list(weights.values()), create_graph=True)
    return {name: g - lr * weight for (name, weight), g in zip(weights.items(), gradients, strict=True)}


def by_optimiser(weights, loss, lr):
    optimiser = torch.optim.SGD([weight.requires_grad_() for weight in weights.values()], lr)
    optimiser.zero_grad()
    loss(weights).backward()
    optimiser.step()
    return weights


def one_gradient_for_all(weights, loss, lr, place=0):
    gradients = torch.autograd.grad(loss(weights), list(weights.values()), create_graph=True)
    return {name: weight - lr * gradients[place] for name, weight in weights.items()}


def of_copies(weights, loss, lr):
    copies = {name: weight.clone() for name, weight in weights.items()}
    gradients = torch.autograd.grad(loss(weights), list(copies.values()), create_graph=True)
    return {name: copies[name] - lr * g for name, g in zip(copies, gradients, strict=True)}


def look_ahead_at(case, answer):
    a, lr = case
    fake = torch.tensor(a, dtype=torch.float64, requires_grad=True)
    weights = {name: torch.tensor(w, dtype=torch.float64, requires_grad=True) for name, w in [("w", 0.7), ("b", -0.4)]}
    kept, mine = dict(weights), {name: weight.item() for name, weight in weights.items()}

    def loss(weights):  # of D
        return torch.nn.functional.softplus(weights["w"] * fake**2 + weights["b"] * fake) + weights["w"] ** 2

    new = call(answer, weights, loss, lr)
    if not isinstance(new, dict) or set(new) != set(kept):
        raise Wrong("A dict is wanted with the names of `weights`, each with its new value.")
    if any(not isinstance(weight, torch.Tensor) for weight in new.values()):
        raise Wrong("Tensors are wanted: .item() and NumPy end the graph.")
    for name, weight in new.items():
        yield f"the new {name}", weight
    yield "the given weights are still those", all(kept[n].item() == mine[n] for n in kept)
    yield "the given dict is as it was", all(weights[n] is kept[n] for n in kept)
    yield "gradients left in the weights", any(weight.grad is not None for weight in kept.values())
    yield "a graph", all(weight.requires_grad for weight in new.values())
    yield "the slope of the new w in the fake", torch.autograd.grad(new["w"], fake, retain_graph=True)[0]
    later = call(answer, new, loss, lr)
    yield "the slope after two steps", torch.autograd.grad(later["w"] + later["b"], fake)[0]


CUT = "The number is right, but nothing leads from it back to the fakes: that is the first-order imitation. create_graph=True?"
inner_step = Exercise(
    "`inner_step(weights, loss, lr)`: a dict of new weights, one step down, that gradients can go through.",
    right=[ahead],
    noted={
        "The graph is whole: G's gradient can go through D's step.": [
            lambda weights, loss, lr: {
                name: weight - lr * torch.autograd.grad(loss(weights), weight, create_graph=True)[0]
                for name, weight in weights.items()
            },
        ]
    },  # fmt: skip
    mistakes={
        "That goes up: D goes down its loss.": [dict(sign=1), dict(sign=1, graph=False)],
        CUT: [
            dict(graph=False),
            dict(back=torch.detach),
            dict(result=lambda new: {n: w.detach().requires_grad_() for n, w in new.items()}),
            dict(at=lambda w: w.detach().requires_grad_(), graph=False),
            lambda weights, loss, lr: {
                name: weight - lr * torch.autograd.grad(loss(weights), weight, retain_graph=True)[0]
                for name, weight in weights.items()
            },
        ],
        "Detached: they have no way back to anything. No detach(), no .data, no no_grad() here.": [
            dict(result=lambda new: {n: w.detach() for n, w in new.items()}),
            dict(result=lambda new: {n: w.data for n, w in new.items()}),
            lambda weights, loss, lr: torch.no_grad()(lambda new: {n: w.clone() for n, w in new.items()})(
                ahead(weights, loss, lr)
            ),
        ],
        "The way goes on from the *given* weights. Detached copies of them end the graph of the step before.": dict(
            at=lambda w: w.detach().requires_grad_()
        ),
        "The step lr is missing.": dict(step=lambda lr: 1.0),
        "The step is lr times the gradient, once.": [
            dict(step=lambda lr: lr**2),
            dict(step=lambda lr: lr / 2),
            dict(step=lambda lr: -lr * lr),
            dict(step=lambda lr: 2 * lr),
            dict(step=lambda lr: 1 / lr),
            dict(step=lambda lr: lr**0.5),
        ],  # fmt: skip
        "The gradient itself, not its sign, its size or its square.": [
            dict(back=torch.sign),
            dict(back=torch.abs),
            dict(back=torch.square),
            dict(back=lambda g: g / g.abs()),
        ],  # fmt: skip
        "Those are the changes. Wanted is where the weights are afterwards.": [
            lambda weights, loss, lr: {n: new - weights[n] for n, new in ahead(weights, loss, lr).items()},
            lambda weights, loss, lr: {n: (weights[n] - new) / lr for n, new in ahead(weights, loss, lr).items()},
            lambda weights, loss, lr: {n: weights[n] - new for n, new in ahead(weights, loss, lr).items()},
        ],
        "The weights haven't moved.": [lambda weights, loss, lr: dict(weights), lambda weights, loss, lr: weights],
        "A step is weight minus lr times gradient; these have changed places.": swapped,
        "Each weight has a gradient of its own: zip(weights.items(), gradients).": [
            one_gradient_for_all,
            partial(one_gradient_for_all, place=1),
        ],
        "Down the *gradient* of the loss: that is the loss itself.": lambda weights, loss, lr: {
            name: weight - lr * loss(weights) for name, weight in weights.items()
        },
        "The loss has to be computed from the very tensors that the gradient is asked for.": of_copies,
        "Every weight takes its step: that is one of them only.": only_first,
        "All gradients are taken at the same, old weights; here the second one is taken after the first has moved.": (
            one_after_the_other
        ),
        "The given weights themselves were changed: D really moved, and nobody puts it back. Make new tensors.": [
            in_place_step,
            by_optimiser,
        ],  # fmt: skip
        "The given dict was changed: fill a new one.": rebinding,
        "backward() leaves gradients in D's weights, and has no graph: torch.autograd.grad gives them to you instead.": [
            by_backward,
            by_backward_with_graph,
        ],
        "A dict is wanted, name to new weight.": [
            dict(result=lambda new: list(new.values())),
            dict(result=lambda new: tuple(new.values())),
            dict(result=lambda new: new["w"]),
            dict(result=lambda new: torch.stack(list(new.values()))),
            lambda weights, loss, lr: (ahead(weights, loss, lr), loss(weights)),
            lambda weights, loss, lr: loss(weights),
        ],
        "`loss` is a function: call it with the weights, loss(weights).": lambda weights, loss, lr: torch.autograd.grad(
            loss, list(weights.values()), create_graph=True
        ),
        "torch.autograd.grad returns a tuple, a gradient for each weight: zip it with the weights, or take [0] of one.": (
            lambda weights, loss, lr: {
                n: w - lr * torch.autograd.grad(loss(weights), w, create_graph=True) for n, w in weights.items()
            }
        ),
    },
    cases={"a fake at 1.3": (1.3, 0.4), "a fake at -0.8": (-0.8, 0.1)},
    observe=look_ahead_at,
    endless="One step is wanted: the only loop goes over the weights.",
    hints={
        "the new w": "w minus lr times the slope of loss(weights) in w.",
        "the slope of the new w in the fake": CUT,
        "the slope after two steps": "A second step has to go on from the first one's graph: nothing may be detached.",
    },
    praise="The graph is whole: G's gradient can go through D's step.",
)


# 4. Three slopes

SLOPES = {"k = 0": -1.0, "k = 1": 1.5, "first order": 0.5}
three_slopes = Exercise(
    "`{which: slope}`: the slope of G's loss in g, for a D that stays, one that steps ahead, and the imitation.",
    parts=("slopes", "imitation"),
    right=[dict(slopes=SLOPES, imitation="first order")],
    mistakes={
        **of(
            "slopes",
            {
                "The sign: G's loss is -w g, and its slope in g, with w fixed, is -w.": {"k = 0": 1.0},
                "That is the loss itself, or the slope in w. Wanted is the slope in g.": [
                    {"k = 0": -2.0},
                    {"k = 0": 2.0},
                ],  # fmt: skip
                "Here w stays 1, whatever D would do: -w.": [{"k = 0": n} for n in (0.0, 0.5, -0.5, 1.5, -3.0, 3.0)],
                "w' is 1 - 0.5 (2 + 1) = -0.5, and the slope -w'.": [
                    {"first order": n} for n in (-0.5, -2.5, 2.5, 1.0, -1.0, 0.25, -0.25)
                ],
                "That is the whole slope: the imitation takes w' for a constant.": [{"first order": 1.5}],
                "That is the slope of w alone: 0.5 is right for the other reason only if you took -w'.": [
                    {"first order": 0.0}
                ],
                "So it is if w' is a constant. But w' depends on g: w' = 1 - 0.5 (g + 1).": {"k = 1": 0.5},
                "w' falls as g grows, with the slope -0.5. In -g w' the two minus signs cancel.": [
                    {"k = 1": -0.5},
                    {"k = 1": -1.5},
                ],  # fmt: skip
                "That is the second part alone, -g times the slope of w'. -w' belongs to it.": [
                    {"k = 1": 1.0},
                    {"k = 1": -1.0},
                ],  # fmt: skip
                "The product rule: -w' - g times the slope of w', and that slope is -0.5.": [
                    {"k = 1": n} for n in (2.5, -2.5, 1.25, 1.75, 0.0, 2.0, 3.0)
                ],
                "Before the step w is 1; afterwards it is -0.5. The slope is taken afterwards.": {"k = 1": 0.75},
                "D goes down its loss: w' = w - 0.5 (g + w).": [
                    {"k = 1": 3.5},
                    {"k = 1": -3.5},
                    {"first order": -2.5, "k = 1": -3.5},
                    {"first order": -2.5, "k = 1": -1.5},
                ],  # fmt: skip
            },
        ),
        **of(
            "imitation",
            {
                "With k = 0 D takes no step. The imitation does take it.": "k = 0",
                "Under no_grad the step's gradient knows nothing of g: a part of the slope is missing.": "k = 1",
            },
        ),
    },
    hints={
        "k = 0": "w is 1 and stays: the slope of -w g in g.",
        "k = 1": "Put w' = 1 - 0.5 (g + 1) into -w' g, and then take the slope in g at g = 2.",
        "first order": "Take the number w' at g = 2, and hold it.",
        "imitation": "It is one of the three names: 'k = 0', 'k = 1' or 'first order'.",
    },
    praise="The imitation has w' right and its slope wrong: it knows where D will be, not that D will follow.",
)
