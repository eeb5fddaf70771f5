"""Lesson 00's exercises: G's update, hits, sample size, coverage, ranks, five patients.

What they take for granted was measured on MNIST; ``tests/test_exercise_facts_00.py`` measures it again.
"""

import copy
import math
from itertools import permutations, product

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import softplus

from gan_course.exercises import Between, Clue, Exercise, Wrong, among, call, of, several
from gan_course.exercises.compare import plain, same

INF = float("inf")
LR = 0.1


# 1. G's update, with the formula's own term: the mean of log(1 - D) is that of -softplus(logit).


def itself(x):
    return x


def rebuilt(loss):
    return torch.tensor(loss.item(), requires_grad=True)


def update_g(g, d, opt, z, *, term=lambda logits: -softplus(logits), mean=torch.mean, order="zbs", detached=False,
             joint=False, freeze=False, noise=itself, way=itself, gives=itself):  # fmt: skip
    """zero_grad(), backward(), step() in some order; ``way`` is done to the loss before them, ``gives`` after."""
    opt = torch.optim.SGD([*g.parameters(), *d.parameters()], LR) if joint else opt
    d.requires_grad_(not freeze)
    fake = g(noise(z)).detach() if detached else g(noise(z))
    loss = way(mean(term(d(fake))))
    for letter in order:
        {"z": opt.zero_grad, "b": loss.backward, "s": opt.step}[letter]()
    d.requires_grad_(freeze != "for ever")
    return gives(loss)


def labelled(label, number=None):
    """The cross-entropy with one label, for as many logits as there are, or for a fixed number."""
    return lambda logits: bce(logits, torch.full((number or len(logits), 1), label))


def play(bias, update):
    """D, G, D, G: what G's update does to both, beginning with gradients left in them. ``bias`` is added to D's logits."""
    g = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    d = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    for weight in [*g.parameters(), *d.parameters()]:
        nn.init.normal_(weight)
        weight.grad = torch.ones_like(weight)
    d[2].bias.data += bias
    opt_g, opt_d = (torch.optim.SGD(network.parameters(), LR) for network in (g, d))
    arrived, steps, ways = {}, [], {g: [], d: []}  # whose gradients (on old ones?), and what went in and out
    for index, weight in enumerate([*g.parameters(), *d.parameters()]):
        weight.register_hook(
            lambda _, i=index, w=weight: arrived.update({i: w.grad is not None and w.grad.any()} | arrived)
        )
    for network, way in ways.items():
        network.register_forward_hook(lambda _, given, made, way=way: way.append((*given, made)))
    opt_g.register_step_post_hook(lambda *_: steps.append(1))
    for n in (6, 4):
        logits_real, logits_fake = d(torch.randn(n, 2)), d(g(torch.randn(n, 3)).detach())
        opt_d.zero_grad()
        (softplus(-logits_real).mean() + softplus(logits_fake).mean()).backward()
        opt_d.step()
        before, still, z = flat(g.parameters()), flat(d.parameters()), torch.randn(n, 3)
        x = d(g(z))
        right, down = (
            flat(torch.autograd.grad(y.mean(), [*g.parameters()], retain_graph=True)) for y in (-softplus(x), x)
        )
        for notes in (arrived, steps, *ways.values()):
            notes.clear()
        loss = call(update, g, d, opt_g, z)
        step = (before - flat(g.parameters())) / LR
        yield "G's update moves D", not torch.equal(still, flat(d.parameters()))
        old = any(map(arrived.get, range(4)))  # the first four weights are G's
        yield "fault", "" if bias or n < 6 else fault_of(step, right, down, len(steps), old, z, *ways.values())
        yield "G's step", step
        yield "gradients arrived", Clue(sorted(arrived))
        yield "gradients left", Clue([bool(weight.grad is not None and weight.grad.any()) for weight in g.parameters()])
        yield "G's update leaves D frozen", not all(w.requires_grad for w in [*g.parameters(), *d.parameters()])
        yield "G's update leaves a network in eval mode", not (d.training and g.training)
        yield "the loss", loss


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def fault_of(step, right, down, steps, old, z, of_g, of_d):
    """Say what is wrong with a step (str), whatever the loss is; "" where nothing is, or where G stands still."""
    faults = {
        "": same(plain(step), plain(right)) or not (step.any() and step.isfinite().all()),
        "not by opt_g": steps == 0,
        "several steps": steps > 1,
        "old gradients": old,
        "other noise": of_g and not any(torch.equal(way[0], z) for way in of_g),
        "other fakes": of_g and not any(torch.equal(way[0], made) for way in of_d for *_, made in of_g),
        "length": same(plain(step), plain(step @ right / (right @ right) * right)),
        "wrong way": step @ down > 0,
        "strength": True,
    }
    return next(name for name, holds in faults.items() if holds)


g_update = Exercise(
    "`update_generator_by_formula(generator, discriminator, opt_g, z)`: one step of G down the mean of log(1 - D(G(z))).",
    right=[
        update_g,
        lambda *given: update_g(*given, term=lambda logits: -labelled(0.0)(logits)),
        lambda *given: update_g(*given, term=lambda logits: nn.functional.logsigmoid(-logits), gives=torch.Tensor.item),
    ],
    noted={
        "G moves alone, downhill. (D needn't be kept out of it: its own update zeroes its gradients.)": dict(
            freeze="for a while"
        ),
        "G moves alone, downhill. (Zeroed once is enough.)": dict(order="zbsz"),
    },
    mistakes={  # first those that stand for a fault
        "G moved, but not by `opt_g`: take one step of the optimiser that is handed over.": lambda g, d, o, z: update_g(
            g, d, torch.optim.Adam(g.parameters()), z
        ),
        "One step is wanted, this is more.": lambda *given: [update_g(*given) for _ in range(2)][1],
        "G's step uses gradients left over from before: opt_g.zero_grad() is missing, or comes after step(), which is "
        "too late.": [dict(order="bs"), dict(order="bsz")],
        "The fakes are those that `z` makes; draw no noise of your own.": dict(noise=torch.randn_like),
        "D has to judge what G makes, and just that: it is D(G(z)).": [
            lambda g, d, *a, to=to: update_g(g, to(d), *a) for to in (lambda d: lambda x: d(x + 1), nn.Identity)
        ],
        "The way is right, the step's length isn't: is there a factor, a logarithm to another base, or a sum where the mean "
        "over this batch is wanted?": [
            *(dict(way=lambda loss, by=by: by * loss) for by in (3, 0.5, 1 / np.log(2), 1 / np.log(10))),
            *(dict(mean=lambda x, n=n: x.sum() / n) for n in (1, 64, 256)),
        ],
        "G's step pushes D(G(z)) down, and G wants it up. Is there a minus too many, or one too few?": dict(
            term=lambda x: x + torch.sigmoid(x)
        ),
        "G's step pushes D(G(z)) up, but not each sample as hard as the formula does. Is your loss the mean of "
        "log(1 - D), over all samples, with nothing beside it?": dict(term=torch.neg),
        "G's gradient is 0: your loss doesn't depend on D's logits. Which argument is what?": dict(
            way=lambda loss: 0 * loss
        ),
        "bce takes first the logits, then the labels.": [
            dict(term=lambda x, y=y, s=s: s * bce(torch.full_like(x, y), x)) for y in (0.0, 1.0) for s in (-1, 1)
        ],
        "The label of a fake is 0 here, without smoothing.": [
            dict(term=lambda x, y=y, s=s: s * labelled(y)(x)) for y in (0.05, 0.1, 0.2, 0.5, 0.8, 0.9) for s in (-1, 1)
        ],
        "G's part of V is its second term alone: nothing of log D.": [
            dict(term=lambda x, s=s: s * (softplus(-x) + softplus(x))) for s in (-1, 1)
        ],
        "NumPy and `math` know no gradients: take torch's functions, and call backward() on a tensor.": [
            *(dict(term=lambda x, log=log: log(1 - torch.sigmoid(x))) for log in (np.log, math.log)),
            dict(way=torch.Tensor.item),
        ],
        "binary_cross_entropy takes probabilities; `bce`, from the first cell, takes logits.": dict(
            term=lambda x: -nn.functional.binary_cross_entropy(x, 0 * x)
        ),
        "The labels are a tensor of the logits' own shape, and as many as this batch has: torch.zeros_like(logits).": [
            dict(term=lambda x: -bce(x, torch.zeros(len(x)))),
            dict(term=lambda x: -bce(x, 0)),
            *(dict(term=lambda logits, n=n: -labelled(0.0, n)(logits)) for n in (6, 256)),
        ],
        "The sign is wrong: this is -log(1 - D), D's own loss. G would help D.": [
            dict(term=softplus),
            dict(term=labelled(0.0)),
        ],
        "This is -log D, the loss of the first game. It pushes the same way with another strength; the formula has "
        "log(1 - D).": dict(term=labelled(1.0)),
        "D gives logits. Of 1 minus a logit there may be no logarithm: a sigmoid makes the probability.": dict(
            term=lambda logits: torch.log(1 - logits)
        ),
        "Right while D is in doubt. Where D is very sure, the sigmoid is rounded to 1: log 0 is -inf, and what is cut off "
        "or added there takes the slope away. Take bce, softplus or logsigmoid, which begin at the logit.": [
            *(dict(term=lambda x, e=e: torch.log(1 - torch.sigmoid(x) + e)) for e in (0, 1e-8)),
            dict(term=lambda x: -nn.functional.binary_cross_entropy(torch.sigmoid(x), 0 * x)),
        ],
        "The logarithm is missing.": [
            dict(term=lambda x: 1 - torch.sigmoid(x)),
            dict(term=lambda x: -torch.sigmoid(x)),
        ],
        "The mean of the logarithms, not the logarithm of the mean.": dict(
            term=torch.sigmoid, way=lambda mean: torch.log(1 - mean)
        ),
        "One number has to go backward: the mean over the batch, not one loss for each sample.": dict(mean=itself),
        "The shapes don't fit. G takes `z` as it is handed over, and D takes what G makes.": [
            dict(noise=lambda z: torch.randn(256, 2)),
            lambda g, d, *a: update_g(nn.Identity(), d, *a),
        ],
        "Two sigmoids: bce takes logits, and has a sigmoid of its own.": dict(
            term=lambda logits: -labelled(0.0)(torch.sigmoid(logits))
        ),
        "No gradient has arrived at G: is backward() called, and on the loss itself?": [
            dict(order="zs"),
            dict(way=rebuilt),
        ],
        "G has its gradients, and stands still: opt_g.step() is missing.": dict(order="zb"),
        "zero_grad() between backward() and step() throws away what G was just told.": dict(order="bzs"),
        "G's step uses only old gradients: backward() comes before step().": dict(order="szb"),
        "G did not move: the way from its loss through D to G must be open. No detach() here.": dict(detached=True),
        "The loss has no way back to G: is it made under no_grad(), or detached?": dict(way=torch.Tensor.detach),
        "G's update moved D. Only `opt_g` takes a step here.": dict(joint=True),
        "G's update leaves a network frozen: its next step will fail. Unfreeze it again, or don't freeze.": dict(
            freeze="for ever"
        ),
        "G's update leaves a network in eval mode. Nothing has to be switched.": [
            lambda g, d, *a: update_g(g, d.eval(), *a),
            lambda g, *a: update_g(g.eval(), *a),
        ],
    },
    cases={"a D in doubt": 0.0, "a D that is very sure": 60.0},
    observe=play,
    praise="D stands still, and G goes downhill on log(1 - D), also where D is very sure.",
    hints={
        "G's step": "It isn't one step of `opt_g` down the mean of log(1 - D) over the fakes that this z makes.",
        "the loss": "The step is right. Return the mean of log(1 - D) from before the step, and only that: one number.",
    },
)


# 2. Hits


FORM = "One number is wanted, the share. Decide for each point, or image, by itself, and take the mean last."


class Fault:
    """A known answer that stands for all that have a fault in some cases (their sizes), and are right in others."""

    def __init__(self, hint, *sizes):
        self.hint, self.sizes = hint, sizes

    def __call__(self, *case):
        raise Wrong(self.hint)


def shares(right, sizes, stay, hold):
    """Make an ``observe``, which yields a share's fault (str) before it, and the mistakes that stand for these faults.

    ``stay``: a change of what is handed over that a share must not notice, to a hint. ``hold``: an easier case, to a hint.
    """

    def fault(case, answer, mine):
        if not isinstance(mine, np.ndarray) or mine.size != 1:
            return "" if mine is None or mine is Ellipsis else FORM
        for change, hint in {**stay, **hold}.items() if np.isfinite(mine) else ():
            other = change(*case)
            try:
                got = plain(answer(*copy.deepcopy(other)))
            except Exception:  # then perhaps the next one
                continue
            if not same(got, mine if change in stay else plain(right(*other))):
                return hint
        return ""

    def observe(case, answer):
        known, answer = (answer, right) if isinstance(answer, Fault) else (None, answer)
        mine = plain(answer(*copy.deepcopy(case)))
        if known:
            yield "fault", known.hint if len(case[1]) in known.sizes else ""
        else:
            yield "fault", "" if same(mine, plain(right(*case))) else fault(case, answer, mine)
        yield "", mine

    hints = (FORM, *stay.values(), *hold.values())
    return observe, {hint: [Fault(hint, *sizes), Fault(hint, sizes[1])] for hint in hints}


def distances(a, b, order=2):
    return np.linalg.norm(np.asarray(a)[:, None] - b, axis=2, ord=order)


def share_of_hits(points, modes, sigma, *, bound=3, order=2, to=lambda d: d.min(axis=1), count=np.mean):
    return count(to(distances(points, modes, order)) < bound * sigma)


def targets():
    """Points, modes and sigma: in each the known mistakes give other numbers than the truth."""
    rng = np.random.default_rng(0)
    square = np.array([[x, y] for x in (-1.0, 1.0) for y in (-1.0, 1.0)])
    for modes, sigma in ((0.7 * square[:3], 0.5), (square, 0.1)):  # near each other first: no count is 0 then, or all
        points = modes[rng.integers(len(modes) - 1, size=390)] + 1.7 * sigma * rng.standard_normal((390, 2))
        yield points.astype(np.float32), modes, sigma


look_at_hits, FAULTS_OF_HITS = shares(
    share_of_hits,
    sizes=(3, 4),
    stay={
        lambda p, m, s: (np.append(p, p, 0), m, s): "With every point listed twice the share stays the same; yours "
        "doesn't. Is each asked, and what do you divide by?",
        lambda p, m, s: (p + 8, m + 8, s): "Move points and modes together, and their distances stay; your share "
        "doesn't. Do you take differences?",
        lambda p, m, s: (p, m[::-1], s): "The order of the modes matters to you. The nearest of all is meant, "
        "wherever it stands.",
        lambda p, m, s: (p, np.append(m, m, 0), s): "A mode that is listed twice changes your share. Each point "
        "counts once, by the nearest of all modes.",
        lambda p, m, s: (4 * p, 4 * m, 4 * s): "Make points, modes and sigma larger alike, and the share stays; yours "
        "doesn't. Does the bound grow with sigma? Is one side squared, or rounded?",
    },
    hold={
        lambda p, m, s: (p + 50, m, s): "With all points far from all modes the share is 0; yours isn't. What is it "
        "that you count?",
        lambda p, m, s: (100 * m, 100 * m, s): "For points that lie on the modes the share is 1; yours isn't. Which "
        "way round is `<`, what is compared with what, and what do you divide by?",
        lambda p, m, s: (m[[0, 0]] - s, m, s): "If all points are near one mode, all count, and fully: the share is "
        "1; yours isn't. Or do you count modes?",
        lambda p, m, s: (np.append(m, m[:1] - 99, 0), m, s): "One point that is far from all modes is no hit, "
        "whatever the others do. Is a minimum taken over all points?",
        lambda p, m, s: (np.append(m, m[:1] - 2.11 * s, 0), m, s): "For you a point a little nearer than 3 sigma is "
        "no hit. Is the bound too small, or the distance too long (is it the root of both squares)?",
        lambda p, m, s: (np.append(m, m[:1] - 2.13 * s, 0), m, s): "For you a point a little farther than 3 sigma is "
        "a hit. Is the bound too large, or the distance too short (is it the root of both squares)?",
    },
)
hits = Exercise(
    "`share_of_hits(points, modes, sigma)`: the share of points within 3 sigma of their nearest mode.",
    right=[
        share_of_hits,
        lambda p, m, s: (np.square(p[:, None] - m).sum(axis=-1) < 9 * s * s).any(axis=1).mean(),
        lambda p, m, s: sum(any(np.hypot(*(x - a)) <= 3 * s for a in m) for x in p) / len(p),
    ],
    mistakes=FAULTS_OF_HITS
    | {
        "This is the number of hits. The share is that number over the number of points.": dict(count=np.sum),
        "This is in percent. A share lies between 0 and 1.": dict(count=lambda hit: 100 * hit.mean()),
        "This says of each point whether it hits. The share is one number, the mean.": dict(count=lambda hit: hit),
        "You count the points that miss.": dict(count=lambda hit: np.mean(~hit)),
        "This is 0. Does `//` round down? Or has the norm no axis, or another one, so that many points make one length?": [
            dict(count=lambda hit: hit.sum() // len(hit)),
            dict(to=np.linalg.norm),
        ],
        "Don't round the share.": [dict(count=lambda hit, n=n: np.round(hit.mean(), n)) for n in (1, 2, 3)],
        "sigma is handed over. Don't measure it on the points.": [
            lambda p, m, s, axis=axis: share_of_hits(p, m, np.mean(p.std(axis=axis))) for axis in (None, 0)
        ],
        "Hardly a point is counted. Is `return` inside the loop, or does zip() end early?": lambda p, m, s: (
            share_of_hits(p[:1], m, s) / len(p)
        ),
        "This is a mean distance. Count the distances below 3 sigma.": lambda p, m, s: (
            distances(p, m).min(axis=1).mean()
        ),
        "You ask for all modes to be near, or for their mean. The nearest is enough: min.": [
            dict(to=lambda d: d.max(axis=1)),
            dict(to=lambda d: d.mean(axis=1)),
        ],
        "Each point counts once: take the minimum over the modes first.": [
            dict(to=lambda d: d),
            lambda p, m, s: np.sum(distances(p, m) < 3 * s) / len(m),
        ],
        "This is 1. Is it a length of a list, where its True count? Or do you ask of each mode whether some point is near? Ask it "
        "of each point, over axis 1.": [
            dict(to=lambda d: d.min(axis=0)),
            dict(to=np.min),
            lambda p, m, s: 1.0,
        ],
        "The norm is over the coordinates, axis 2 of (n, k, 2); the minimum over the modes, axis 1.": lambda p, m, s: (
            np.mean(np.linalg.norm(p[:, None] - m, axis=1).min(axis=1) < 3 * s)
        ),
        "argmin says which mode is nearest, not how far it is: min.": dict(to=lambda d: d.argmin(axis=1)),
        "The shapes don't fit: points[:, None] - modes has every point and every mode, (n, k, 2).": [
            lambda p, m, s: np.mean(np.linalg.norm(p - m, axis=1) < 3 * s),
        ],
    },
    cases={f"{len(m)} modes, sigma {s}": (p, m, s) for p, m, s in targets()},
    observe=look_at_hits,
    praise="The share of high quality, as judge_toy counts it.",
)


# 3. Sample size. Fréchet distance to the test images, × that of 10,000 real digits, measured with the seeds 0, 1 and 2.

TIMES_REAL = {"itself": 0.0, "1,000": 3.5, "100": 30.0}  # 3.2 to 3.6, and 29 to 36
CLOSER = "Fewer images don't come nearer. Their mean and covariance are off by chance, and the formula squares that."
SAME = "The same for any number? The mean of 100 images is off by chance more than that of 10,000, and so are 2,080 "
WHY = {"A": True, "B": True, "C": False, "D": False, "E": False}
REASONS = {
    "Draw twice: two sets of digits are not the same set. Will their means agree to the last digit, or their "
    "covariances?": {"A": False},
    "The mean of n images has the variance over n as its mean squared error. What does a tenth of n do to it?": {
        "B": False
    },
    "Nothing is added up over the images: a mean and a covariance go into the formula, however many there are.": {
        "C": True
    },
    "The classifier looks at one image at a time: an image has the same features in any company.": {"D": True},
    "Look at your own prediction: real digits, all equally good, score differently at different numbers.": {"E": True},
}
sample_size = Exercise(
    'The distances `{"itself": ..., "1,000": ..., "100": ...}`, × real data\'s; and which sentences are true.',
    parts=("prediction", "why"),
    right=[
        dict(
            prediction={"itself": Between(0, 0.01, 0), "1,000": Between(1.6, 10, 3.5), "100": Between(12, 200, 30)},
            why=why,
        )
        for why in (WHY, {letter: int(true) for letter, true in WHY.items()})
    ],
    mistakes=of(
        "prediction",
        {
            "1 is what *other* real digits score. Put the same mean and covariance on both sides of the formula.": {
                "itself": Between(0.9, 1.1, 1)
            },
            "A Fréchet distance is 0 or more.": [{key: Between(-INF, -1e-9, -3)} for key in TIMES_REAL],
            "The same images have the same mean and the same covariance. What remains of the formula?": {
                "itself": Between(0.01, INF, 0.5)
            },
            CLOSER: [{"1,000": Between(0, 0.99, 0.1)}, {"100": Between(0, 0.99, 0.01)}],
            "You took the root of ten. The Fréchet distance is a square already: no root comes in.": {
                "1,000": Between(3, 3.4, 3.16),
                "100": Between(9, 11, 10),
            },
            f"{SAME}entries of a covariance.": {"1,000": Between(0.99, 1.5, 1), "100": Between(0.99, 1.5, 1)},
            "Too far off. The squared error of a mean over n images is the variance over n: with a "
            "tenth of the images, about ten times as much, or somewhat less.": [
                {"1,000": Between(10, INF, 100)},
                {"1,000": Between(0.99, 1.6, 1.55)},
            ],
            "100 images estimate a mean and a covariance worse than 1,000 do: the distance must be larger.": [
                {"1,000": Between(10, INF, 30), "100": Between(0.99, 10, 3)},
                {"100": Between(0.99, 2, 1.5)},
            ],
            "Too far off. From 1,000 to 100 images the squared error grows about tenfold again.": [
                {"100": Between(2, 12, 6)},
                {"100": Between(200, INF, 1e6)},
            ],
        },
    )
    | of("why", REASONS),
    hints={"why": "True or False is wanted for each sentence, without quotation marks."},
    praise="The right orders of magnitude, and the reasons: chance in mean and covariance. Now run the cell that measures.",
)


# 4. Coverage


def ball(x, k):
    """The distance of each point from its k-th nearest neighbour; number 0 is the point itself."""
    return np.sort(distances(x, x), axis=1)[:, k]


def coverage_of(s, r, k, *, off=0, near=lambda d: d.min(axis=1), power=1, radii=lambda r: r, count=np.mean):
    return count(near(distances(r, s)) ** power < radii(ball(r, k + off)))


def clouds():
    rng = np.random.default_rng(0)
    for n, m, d, k in ((160, 211, 2, 5), (190, 170, 3, 3)):
        reference = rng.standard_normal((m, d))
        yield 0.7 * rng.standard_normal((n, d)) + 0.8, reference, k


LINE = 2.0 ** np.arange(6)[:, None]  # the second neighbour of 32 is 8: its ball ends at 56
look_at_coverage, FAULTS_OF_COVERAGE = shares(
    coverage_of,
    sizes=(211, 170),
    stay={
        lambda s, r, k: (np.append(s, s, 0), r, k): "With every sample listed twice the coverage stays the same; "
        "yours doesn't. Do you count samples, or divide by their number? Are they among the neighbours?",
        lambda s, r, k: (np.append(s, s + 99, 0), r, k): "A sample far from everything covers nothing, and takes "
        "nothing away; it changes your number.",
        lambda s, r, k: (s[::-1], r, k): "The order of the samples matters to you: is each asked?",
        lambda s, r, k: (s, r[::-1], k): "The order of the real images matters to you. Is each asked? Each has a ball "
        "of its own: sort each row (axis=1), and take its k-th number, [:, k].",
        lambda s, r, k: (s + 8, r + 8, k): "Move samples and real images together, and the coverage stays; yours "
        "doesn't. Do you take distances?",
        lambda s, r, k: (4 * s, 4 * r, k): "Make samples and real images larger alike, and the coverage stays; yours "
        "doesn't. Is one side squared, or fixed?",
    },
    hold={
        lambda s, r, k: (s + 99, r, k): "If all samples are far from everything, the coverage is 0; yours isn't.",
        lambda s, r, k: (r, r, k): "If the samples are the real images themselves, all are covered; for you not. "
        "Which way round is `<`, and what do you divide by?",
        lambda *_: (np.full((9, 1), 56.1), LINE, 2): "Your balls are too large: each ends at the k-th neighbour among "
        "the other real images.",
        lambda *_: (np.full((9, 1), 55.9), LINE, 2): "Your balls are too small: each reaches to the k-th neighbour "
        "among the other real images.",
        lambda *_: (np.full((9, 1), 1.4), LINE, 2): "A sample that lies in several balls covers all of their images, "
        "not its nearest one alone.",
    },
)
coverage = Exercise(
    "`coverage(samples, reference, k)`, as Naeem et al. define it, from features (n, d) and (m, d).",
    right=[
        coverage_of,
        lambda s, r, k: np.mean((distances(s, r) <= ball(r, k)).any(axis=0)),
        lambda s, r, k: np.mean(
            [
                np.sort(distances(np.delete(r, i, 0), x[None]), 0)[k - 1, 0] >= distances(s, x[None]).min()
                for i, x in enumerate(r)
            ]
        ),
    ],
    mistakes=FAULTS_OF_COVERAGE
    | {
        "Your balls reach to the neighbour before the k-th. The nearest image to an image is the image itself, at "
        "distance 0: it doesn't count, nor do samples.": dict(off=-1),
        "Your balls reach one neighbour too far. Where the sorted distances begin with the image's own, 0, the k-th "
        "neighbour stands at index k, else at k - 1.": dict(off=1),
        "Each image has a ball of its own. Here all have the same radius.": [
            dict(radii=np.mean),
            dict(radii=np.median),
            dict(radii=np.max),
        ],
        "argsort says which neighbour it is, not how far it is: sort.": lambda s, r, k: np.mean(
            distances(r, s).min(axis=1) < np.argsort(distances(r, r), axis=1)[:, k]
        ),
        "k is handed over. Here it is always the same.": [lambda s, r, k, i=i: coverage_of(s, r, i) for i in (1, 3, 5)],
        "Don't divide by k: a ball counts once.": lambda s, r, k: coverage_of(s, r, k) / k,
        "One sample in the ball is enough; you ask for k of them, or one more.": [
            lambda s, r, k, i=i: np.mean(np.sort(distances(r, s), axis=1)[:, k + i] < ball(r, k)) for i in (-1, 0)
        ],
        "Take the distance, the root of the sum of squares, not the largest coordinate or their sum.": [
            lambda s, r, k, o=o: np.mean(distances(r, s, o).min(axis=1) < np.sort(distances(r, r, o), axis=1)[:, k])
            for o in (INF, 1)
        ],
        "Samples and real images are swapped: this is the share of *samples* whose ball holds a real image.": lambda s, r, k: (
            coverage_of(r, s, k)
        ),
        "This is the share of samples that lie in some ball: precision. Coverage is the share of real images whose "
        "ball holds a sample.": lambda s, r, k: (distances(s, r) < ball(r, k)).any(axis=1).mean(),
        "You drew the balls around the samples: that is recall. Coverage draws them around the real images.": lambda s, r, k: (
            (distances(r, s) < ball(s, k)).any(axis=1).mean()
        ),
        "Every ball counts as hit. Is its radius the k-th smallest distance to the other *real* images? And is that compared "
        "with the image's own distance to the nearest *sample*?": [
            lambda s, r, k: (distances(r, r).min(axis=1) < ball(r, k)).mean(),
            dict(near=np.min),
            lambda s, r, k: coverage_of(s, r, -k),
            lambda s, r, k: (distances(r, s).min(axis=1) < np.sort(distances(r, s), axis=1)[:, k]).mean(),
            lambda s, r, k: (distances(r, s).min(axis=1) < np.sort(distances(r, s), axis=1)[:, k - 1]).mean(),
        ],
        "This is density: it counts a sample once for each ball.": lambda s, r, k: (
            (distances(s, r) < ball(r, k)).sum() / (k * len(s))
        ),
        "This is the number of covered images. The share is that number over all of them.": dict(count=np.sum),
        "This says of each image whether it is covered. The share is one number, the mean.": dict(count=lambda c: c),
        "This is in percent. A share lies between 0 and 1.": dict(count=lambda c: 100 * c.mean()),
        "This is the share that is not covered.": dict(count=lambda c: np.mean(~c)),
        "No ball counts as hit, or hardly any. Each radius is the k-th number of a sorted *row*, and the *nearest* sample "
        "decides: the norm is over the features, axis 2, the minimum over the samples, axis 1.": [
            dict(radii=lambda radii: 0 * radii),
            lambda s, r, k: (np.linalg.norm(r[:, None] - s, axis=1).min(axis=1) < ball(r, k)).mean(),
            dict(near=lambda d: d.max(axis=1)),
            dict(near=lambda d: d.mean(axis=1)),
        ],
        "The axes don't fit. One row for each real image: over the samples its minimum, beside it its own radius.": [
            dict(near=lambda d: d.min(axis=0)),
            lambda s, r, k: (distances(r, s) < ball(r, k)).any(axis=1).mean(),
        ],
    },
    cases={f"{len(s)} samples, {len(r)} real points, k = {k}": (s, r, k) for s, r, k in clouds()},
    observe=look_at_coverage,
    praise="The share of real images with a sample in their ball.",
)


# 5. Ranks. From what a score calls best to what it calls worst; sets in one group differ by chance only.

SETS = ("noise", "sevens", "memoriser", "real")
RANKS = {
    "confidence": (("noise",), ("real", "memoriser", "sevens")),
    "frechet": (("real",), ("memoriser",), ("sevens",), ("noise",)),
    "coverage": (("real",), ("memoriser",), ("sevens",), ("noise",)),
    "nearest": (("noise",), ("real", "memoriser", "sevens")),
}


def look_at_ranks(case, ranking):
    if not isinstance(ranking, dict) or set(ranking) != set(RANKS):
        raise Wrong(f"A dict with the keys {', '.join(RANKS)} is wanted.")
    for score, groups in RANKS.items():
        order = several(ranking[score], *SETS, what=f"{score}: a list")
        for place, name in enumerate(order, 1):
            if name not in SETS or order.count(name) > 1:
                raise Wrong(f"{score}, {place} is not {name!r}. Each of {', '.join(SETS)} stands there once.")
        yield f"{score}, best", order[0]
        yield score, tuple(order if len(groups) == 4 else order[:1])


def out_of_order(score, pairs):
    """Return all wrong orders by hint: that of the first pair (the better set, the worse one) which is turned round."""
    found = {}
    for order in permutations(SETS):
        for (better, worse), hint in pairs.items():
            if order.index(better) > order.index(worse):
                found.setdefault(hint, []).append({score: order})
                break
    return found


def first(name, hint):
    return {(name, other): hint for other in SETS if other != name}


BY_HEART = "You expect it to punish learning by heart. It sees means and covariances only, and 500 images of all ten "
BY_HEART += "digits have nearly those of 60,000. That they are repeated changes neither."
ranks = Exercise(
    "Score to the four sets, from what the score calls best to what it calls worst.",
    right=[{score: sum(groups, ()) for score, groups in RANKS.items()}]
    + [{score: sum((group[::-1] for group in groups), ()) for score, groups in RANKS.items()}],
    mistakes=out_of_order(
        "confidence",
        first(
            "noise",
            "You expect the classifier to doubt the noise. But it must give one of ten answers, and nothing in its "
            "training taught it to doubt noise. Try look(sets['noise'])[1].max(axis=1).",
        ),
    )
    | out_of_order(
        "frechet",
        {
            ("real", "noise"): "Here the lowest stands first. Are noise's mean and covariance those of digits?",
            ("sevens", "noise"): "Sevens are digits, a tenth of the real ones; no real digit has features like noise.",
            ("real", "sevens"): "The mean of all sevens isn't the mean of all digits, however good each seven is.",
            ("memoriser", "sevens"): BY_HEART,
            (
                "real",
                "memoriser",
            ): "The mean and covariance of 500 images are off by chance, more than those of 10,000.",
        },
    )
    | out_of_order(
        "coverage",
        dict.fromkeys(
            [(name, "noise") for name in ("memoriser", "sevens")],
            "Noise lies far from every real image. How many balls does it reach? (Most stands first.)",
        )
        | first(
            "real", "Nothing reaches into as many balls as 10,000 different real digits; a repeated image adds nothing."
        )
        | {
            (
                "memoriser",
                "sevens",
            ): "Thousands of different sevens are near real sevens, and near nothing else: a tenth "
            "of the test images at most. 500 images of all ten digits reach further.",
        },
    )
    | out_of_order(
        "nearest",
        first(
            "noise",
            "Here the farthest stands first, because it looks newest. Three of the four sets are made of training "
            "images; which is the one that isn't? (Far is no merit by itself.)",
        ),
    ),
    observe=look_at_ranks,
    praise="Each single score is fooled by some set, and no set fools all four.",
)


# 6. Five "generators": what each is, and what 10,000 samples of it scored (seed 0). Fréchet distance × real data's; coverage,
# overall and of the worst class, as a fraction of real coverage; the nearest training image as one of the test images'.

SCORES = {"Fréchet": ".1f", "coverage": ".3f", "worst class": ".3f", "rarest class": ".3f", "confidence": ".4f"}
SCORES["nearest"] = ".2f"
PATIENTS = {
    "A": ("memorised", (3.3, 0.368, 0.280, 0.090, 0.9961, 0.0)),
    "B": ("healthy", (12.4, 0.921, 0.750, 0.093, 0.9951, 0.86)),
    "C": ("noise", (2291.9, 0.0, 0.0, 0.0, 1.0, 4.19)),
    "D": ("digit missing", (50.4, 0.846, 0.016, 0.0004, 0.9958, 0.86)),
    "E": ("ten pictures", (106.0, 0.031, 0.008, 0.1, 0.9996, 0.91)),
}
TRUTH = {letter: word for letter, (word, _) in PATIENTS.items()}
# Scores in which a sick one looks as good as the healthy one, or nearly; for the healthy one, another looks better.
MISLEADING = {"A": ("Fréchet", "rarest class"), "B": ("Fréchet", "rarest class", "nearest"), "C": ("nearest",)}
MISLEADING |= {"D": ("coverage", "nearest"), "E": ("rarest class", "nearest")}


def patients():
    """Return the table of the five generators (str)."""
    rows = [" " + "".join(f"{name:>13}" for name in SCORES)]
    for letter, (_, values) in PATIENTS.items():
        rows.append(letter + "".join(f"{value:>13{form}}" for value, form in zip(values, SCORES.values(), strict=True)))
    return "\n".join(rows)


def against(letter, word):
    """Say which score speaks against a diagnosis (str)."""
    scores = dict(zip(SCORES, PATIENTS[letter][1], strict=True))
    if word == "noise":
        return "Its coverage isn't 0, and its nearest training image isn't several times as far as a test image's."
    if word == "memorised":
        return f"What is copied lies at distance 0 from a training image, this at {scores['nearest']:.2f} of the usual."
    if word == "healthy":
        return f"Look at its coverage, {scores['coverage']:.3f} overall and {scores['worst class']:.3f} in its worst class."
    if scores["coverage"] == 0:
        return f"It covers nothing, and its nearest training image is {scores['nearest']:.1f} times as far as usual."
    if word == "digit missing":
        return f"Its rarest class makes up {scores['rarest class']:.3f} of its samples, so every digit comes up."
    copies = ", and they are copies of training images" if scores["nearest"] == 0 else ""
    return f"Ten pictures can't cover {scores['coverage']:.3f} of what real digits cover{copies}."


def wrong_diagnoses():
    found = {}
    for letter, word in product(TRUTH, TRUTH.values()):
        if word != TRUTH[letter]:
            found.setdefault(against(letter, word), []).append({letter: word})
    return found


def wrong_columns():
    """Return what speaks against a score that doesn't mislead, for whatever right answers stand before it."""
    found, healthy = {}, PATIENTS["B"][1]
    for place, letter in enumerate(TRUTH):
        for score, its, usual in zip(SCORES, PATIENTS[letter][1], healthy, strict=True):
            if score in MISLEADING[letter]:
                continue
            hint = f"{score}: {its:g} here and {usual:g} for the healthy one. That shows that something is wrong."
            if score == "confidence":
                hint = "Leave out confidence: it is high for all five."
            elif letter == "B":
                hint = f"In {score} none looks better than the healthy one. In which score does another?"
            for before in product(*list(MISLEADING.values())[:place]):
                found.setdefault(hint, []).append(dict(zip(TRUTH, before, strict=False)) | {letter: score})
    return found


diagnosis = Exercise(
    "What is each: letter to a word; and, letter to score, one that would have misled you.",
    parts=("diagnosis", "misled_by"),
    right=[
        dict(
            diagnosis=among(TRUTH),
            misled_by=among(dict(zip(MISLEADING, some, strict=True)), *SCORES),
        )
        for some in product(*MISLEADING.values())
    ],
    mistakes=of("diagnosis", wrong_diagnoses()) | of("misled_by", wrong_columns()),
    praise="Each of the four sick ones looks good to some score, none of them to all. And confidence is high for all five.",
)
