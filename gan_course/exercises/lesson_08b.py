"""Lesson 08b's exercises: the kernel distance, the losses of pairs, lazy steps, and both penalties."""

import torch
from torch import nn
from torch.nn.functional import relu, softplus

from gan_course.exercises import Exercise, Number, Wrong, among, call, several


def one(option, answers):
    """Make known answers (dict of texts to an option's value, or a list of them) of one option of the right function."""
    return {text: [{option: a} for a in (some if isinstance(some, list) else [some])] for text, some in answers.items()}


def itself(x):
    return x


# 1. The kernel distance


def off_diagonal(K):
    n = len(K)
    return (K.sum() - K.diagonal().sum()) / (n * (n - 1))


def mmd(kernel, real, fake, *, real_part=off_diagonal, fake_part=off_diagonal, cross=torch.mean,
        join=lambda r, f, c: r + f - 2 * c, way=itself, at=itself, pairs=lambda x, y: (x, y)):  # fmt: skip
    fake = at(fake)
    parts = real_part(kernel(real, real)), fake_part(kernel(fake, fake)), cross(kernel(*pairs(real, fake)))
    return way(join(*parts))


def without_diagonal(K):
    return (K - torch.diag(K.diagonal())).mean()


def plain_sum(K):
    return K.sum() - K.diagonal().sum()


def upper(K):
    return K.triu(1).sum() / (len(K) * (len(K) - 1))


def by_loops(kernel, real, fake):
    n, m = len(real), len(fake)
    x, y, xy = kernel(real, real), kernel(fake, fake), kernel(real, fake)
    return (
        sum(x[i, j] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        + sum(y[i, j] for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
        - 2 * sum(xy[i, j] for i in range(n) for j in range(m)) / (n * m)
    )


def gaussian(a, b):
    return torch.exp(-(a[:, None] - b).square().sum(dim=2) / 2)


def doubled(a, b):  # its diagonal is not 1
    return 3 * gaussian(a, b) + a @ b.T


def look_at_mmd(case, distance):
    n, m, shift, kernel = case
    real, fake = torch.randn(n, 2), (torch.randn(m, 2) + shift).requires_grad_()
    value = call(distance, kernel, real, fake)
    if isinstance(value, tuple | list):
        raise Wrong("One number is wanted, not its parts.")
    yield "the estimate", value
    yield "a way back to the fakes", isinstance(value, torch.Tensor) and value.requires_grad
    yield "the gradient at the fakes", torch.autograd.grad(value, fake)[0]


BOTH_DIAGONALS = "The diagonals are in it: a sample beside itself always has the largest value. Leave i = j out, of real and of fake."
DIVIDE = "The diagonal is left out, but the sum is divided by n² all the same: there are n (n - 1) pairs left."
UNBIASED = "Unbiased: the diagonals are left out, and their places aren't counted."
mmd_squared = Exercise(
    "`mmd_squared(kernel, real, fake)`: the unbiased estimate of the squared distance.",
    right=[mmd],
    noted={UNBIASED: by_loops},
    mistakes={
        BOTH_DIAGONALS: dict(real_part=torch.mean, fake_part=torch.mean),
        "One of the two diagonals is still in it.": [dict(real_part=torch.mean), dict(fake_part=torch.mean)],
        DIVIDE: dict(real_part=without_diagonal, fake_part=without_diagonal),
        "Sums are wanted as means: divide each by its number of pairs.": [
            dict(real_part=plain_sum, fake_part=plain_sum, cross=torch.sum),
            dict(real_part=torch.sum, fake_part=torch.sum, cross=torch.sum),
            dict(cross=torch.sum),
            dict(real_part=plain_sum),
            dict(fake_part=plain_sum),
        ],
        "Half of the pairs: (i, j) and (j, i) both count among the n (n - 1).": [
            dict(real_part=upper, fake_part=upper),
            dict(real_part=upper),
            dict(fake_part=upper),
        ],
        "The diagonals are subtracted as if they were 1. This kernel's are something else.": [
            dict(
                real_part=lambda K: (K.sum() - len(K)) / (len(K) * (len(K) - 1)),
                fake_part=lambda K: (K.sum() - len(K)) / (len(K) * (len(K) - 1)),
            ),
        ],
        "n (n - 1), not (n - 1)².": dict(
            real_part=lambda K: plain_sum(K) / (len(K) - 1) ** 2, fake_part=lambda K: plain_sum(K) / (len(K) - 1) ** 2
        ),
        "Real and fake have their own numbers of samples: n for one, m for the other.": [
            lambda k, x, y: mmd(k, x, y, fake_part=lambda K: plain_sum(K) / (len(x) * (len(x) - 1))),
            lambda k, x, y: mmd(k, x, y, cross=lambda K: K.sum() / len(x) ** 2),
            lambda k, x, y: mmd(k, x, y, cross=lambda K: K.sum() / (len(x) * (len(x) - 1))),
            lambda k, x, y: mmd(
                k,
                x,
                y,
                fake_part=lambda K: plain_sum(K) / (len(x) * (len(x) - 1)),
                cross=lambda K: K.sum() / len(x) ** 2,
            ),
            lambda k, x, y: mmd(k, x, y, real_part=lambda K: plain_sum(K) / (len(y) * (len(y) - 1))),
        ],
        "Between real and fake no pair is a sample beside itself: all n m of them count.": [
            dict(cross=lambda K: plain_sum(K) / (K.numel() - min(K.shape))),
            dict(cross=lambda K: plain_sum(K) / K.numel()),
            dict(cross=lambda K: K.diagonal().mean()),
        ],
        "The mixed term counts twice.": dict(join=lambda r, f, c: r + f - c),
        "The mixed term is a mean over all n m pairs.": [
            dict(cross=lambda K: K.sum() / len(K)),
            dict(cross=lambda K: K.sum() / K.shape[1]),
            dict(cross=lambda K: K.max()),
            dict(cross=lambda K: K.sum() / (len(K) + K.shape[1])),
        ],
        "Each kind has a part of its own: real with real once, fake with fake once.": [
            dict(join=lambda r, f, c: 2 * r - 2 * c),
            dict(join=lambda r, f, c: 2 * f - 2 * c),
            lambda k, x, y: off_diagonal(k(torch.cat([x, y]), torch.cat([x, y]))) - 2 * k(x, y).mean(),
            lambda k, x, y: off_diagonal(k(torch.cat([x, y]), torch.cat([x, y]))),
        ],
        "No logarithm: the kernel's values themselves are averaged.": [
            lambda k, x, y: -k(x, y).mean().log(),
            lambda k, x, y: mmd(lambda a, b: k(a, b).log(), x, y),
        ],
        "It is divided once too often: three means, added and subtracted, and that is all.": [
            lambda k, x, y: mmd(k, x, y) / (len(x) + len(y)),
            lambda k, x, y: mmd(k, x, y) / len(x),
            lambda k, x, y: mmd(k, x, y) / 3,
        ],
        "The mixed term is subtracted: real and fake alike make the distance small.": [
            dict(join=lambda r, f, c: r + f + 2 * c),
            dict(join=lambda r, f, c: r + f + c),
        ],
        "The sign: that is the negative of it, which G would make as large as it can.": [
            dict(join=lambda r, f, c: 2 * c - r - f)
        ],
        "One of the three parts is missing: real with real, fake with fake, and twice the mixed one.": [
            dict(join=lambda r, f, c: f - 2 * c),
            dict(join=lambda r, f, c: r - 2 * c),
            dict(join=lambda r, f, c: -2 * c),
            dict(join=lambda r, f, c: r + f),
            dict(join=lambda r, f, c: r - c),
            dict(join=lambda r, f, c: f - c),
            dict(join=lambda r, f, c: c - r),
            dict(join=lambda r, f, c: c - f),
            lambda k, x, y: k(x, y).mean() - k(x, x).mean(),
            lambda k, x, y: k(x, x).mean() - k(x, y).mean(),
        ],
        "That is real against fake alone: no mixed pairs in it.": dict(join=lambda r, f, c: r - f),
        "That is half of it.": dict(join=lambda r, f, c: (r + f) / 2 - c),
        "The squared distance is wanted; an estimate may be below 0, and has no root then.": [
            dict(way=torch.sqrt),
            dict(way=lambda x: x.abs().sqrt()),
            dict(way=lambda x: x.clamp(min=0).sqrt()),
            dict(way=torch.square),
        ],
        "It was cut off at 0. An unbiased estimate must be allowed below.": [
            dict(way=lambda x: x.clamp(min=0)),
            dict(way=relu),
            dict(way=torch.abs),
        ],
        "The value is right, and G can't feel it: no `detach`, no `item`, no `no_grad`.": [
            dict(at=torch.Tensor.detach),
            dict(way=torch.Tensor.detach),
            dict(way=torch.Tensor.item),
            torch.no_grad()(mmd),
        ],
        "The value is right, its gradient isn't: a part of it is cut off from the fakes.": [
            lambda k, x, y: mmd(k, x, y, fake_part=lambda K: off_diagonal(K.detach())),
            lambda k, x, y: mmd(k, x, y, cross=lambda K: K.detach().mean()),
        ],
        "kernel(a, b) takes two sets of samples: real and real, fake and fake, real and fake.": [
            dict(pairs=lambda x, y: (x, x)),
            dict(pairs=lambda x, y: (y, y)),
            lambda k, x, y: k(x) + k(y),
        ],
        "That is the distance of the two means, which any two clouds around one centre share.": [
            lambda k, x, y: (x.mean(dim=0) - y.mean(dim=0)).square().sum(),
            lambda k, x, y: (x.mean() - y.mean()).square(),
        ],
        "Real and fake can't be subtracted sample by sample: they may differ in number.": lambda k, x, y: (
            (x - y).square().mean()
        ),
        "Matrices are wanted as one number each: a mean over their entries.": [
            lambda k, x, y: k(x, x) + k(y, y) - 2 * k(x, y),
            lambda k, x, y: k(x, x).mean(dim=1) + k(y, y).mean(dim=1) - 2 * k(x, y).mean(dim=1),
        ],
    },
    cases={
        "6 real, 6 fake, far apart": (6, 6, 3.0, gaussian),
        "5 real, 8 fake, of the same kind": (5, 8, 0.0, gaussian),
        "7 real, 4 fake, another kernel": (7, 4, 1.0, doubled),
    },
    observe=look_at_mmd,
    hints={
        "the estimate": "Mean over i ≠ j of k(x_i, x_j), plus that of the fakes, minus twice the mean of all k(x_i, y_j)."
    },
    praise=UNBIASED,
)


# 2. Pairs


def pairs(real, fake, *, d=lambda r, f: softplus(f - r), g=lambda r, f: softplus(r - f), mean=torch.mean,
          order=lambda d, g: (d, g), way=itself):  # fmt: skip
    return order(way(mean(d(real, fake))), way(mean(g(real, fake))))


def average(logits):
    return logits.mean()


def look_at_pairs(case, losses):
    n, shift = case
    real, fake = (torch.randn(n, 1) + shift).requires_grad_(), torch.randn(n, 1).requires_grad_()
    value = call(losses, real, fake)
    if isinstance(value, torch.Tensor) and value.ndim == 0:
        raise Wrong("Two losses are wanted, (d_loss, g_loss): here is one.")
    d_loss, g_loss = several(value, "d_loss", "g_loss")
    for name, loss in [("D's loss", d_loss), ("G's loss", g_loss)]:
        yield name, loss
    for name, loss in [("D's loss", d_loss), ("G's loss", g_loss)]:
        if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
            raise Wrong(f"{name} has the right value, and no way back to the logits: no `detach`, no `item`.")
        slopes = torch.autograd.grad(loss, [real, fake], retain_graph=True, allow_unused=True, materialize_grads=True)
        yield f"{name}: its slope at the fake logits", slopes[1]
        if name == "D's loss":
            yield f"{name}: its slope at the real logits", slopes[0]


PAIRED = "Each fake is judged beside one real sample. Only the difference counts, so a constant in all logits changes nothing."
pair_losses = Exercise(
    "`pair_losses(real_logits, fake_logits)`: D's loss and G's, of pairs.",
    right=[pairs],
    noted={
        PAIRED: [
            dict(d=lambda r, f: -nn.functional.logsigmoid(r - f), g=lambda r, f: -nn.functional.logsigmoid(f - r)),
            lambda r, f: pairs(r.squeeze(1), f.squeeze(1)),
        ]
    },
    mistakes={
        "D's loss and G's have changed places: D wants real above fake, so softplus(fake - real) is D's.": [
            dict(order=lambda d, g: (g, d)),
        ],
        "Both are D's loss. G wants the opposite: its fake above the real one.": dict(g=lambda r, f: softplus(f - r)),
        "Both are G's loss. D wants the opposite: the real one above the fake.": dict(d=lambda r, f: softplus(r - f)),
        "G's loss is only D's with a minus, the minimax form. The lesson's is softplus(real - fake).": [
            dict(g=lambda r, f: -softplus(f - r)),
            lambda r, f: (softplus(f - r).mean(), -softplus(f - r).mean()),
        ],
        "Losses go down: that is the logarithm of a probability, without its minus.": [
            dict(d=lambda r, f: -softplus(f - r), g=lambda r, f: -softplus(r - f)),
            dict(d=lambda r, f: (r - f).sigmoid().log(), g=lambda r, f: (f - r).sigmoid().log()),
        ],
        "That is the plain loss, which judges each sample alone. Take the difference of the two logits first.": [
            dict(d=lambda r, f: softplus(-r) + softplus(f), g=lambda r, f: softplus(-f)),
            dict(d=lambda r, f: softplus(-r) + softplus(f)),
            dict(d=lambda r, f: (softplus(-r) + softplus(f)) / 2, g=lambda r, f: softplus(-f)),
        ],
        "G's loss has the fake logits alone. G's fake is judged beside the real one, too.": [
            dict(g=lambda r, f: softplus(-f)),
            dict(g=lambda r, f: softplus(f)),
        ],
        "The real logits, and the fake ones, are compared with the other kind's *mean*: that is the relativistic average. Pair them by place.": [
            dict(
                d=lambda r, f: softplus(average(f) - r) + softplus(f - average(r)),
                g=lambda r, f: softplus(average(r) - f) + softplus(r - average(f)),
            ),
            dict(d=lambda r, f: softplus(f - average(r)), g=lambda r, f: softplus(average(r) - f)),
            dict(d=lambda r, f: softplus(average(f) - r), g=lambda r, f: softplus(r - average(f))),
        ],
        "Every real logit met every fake one: n by n pairs. The i-th belongs to the i-th.": [
            dict(d=lambda r, f: softplus(f.T - r), g=lambda r, f: softplus(r - f.T)),
            dict(d=lambda r, f: softplus(f.squeeze(1) - r), g=lambda r, f: softplus(r - f.squeeze(1))),
            dict(d=lambda r, f: softplus(f - r.squeeze(1)), g=lambda r, f: softplus(r.squeeze(1) - f)),
        ],
        "The i-th real belongs to the i-th fake. These pairs are others.": [
            dict(d=lambda r, f: softplus(f.roll(1, 0) - r), g=lambda r, f: softplus(r - f.roll(1, 0))),
            dict(d=lambda r, f: softplus(f.flip(0) - r), g=lambda r, f: softplus(r - f.flip(0))),
            lambda r, f: pairs(r.sort(dim=0).values, f.sort(dim=0).values),
        ],
        "That is a sum over the pairs. Take the mean, or the loss depends on the batch size.": dict(mean=torch.sum),
        "One number each is wanted: the mean over the pairs.": [dict(mean=itself), dict(mean=torch.squeeze)],
        "That is half of it: one softplus for each pair, and a mean.": dict(mean=lambda x: x.mean() / 2),
        "That is twice as much: one softplus for each pair, and a mean.": dict(mean=lambda x: 2 * x.mean()),
        "The difference itself, without softplus: a loss that has no end, as lesson 08's critic's.": [
            dict(d=lambda r, f: f - r, g=lambda r, f: r - f),
            dict(d=lambda r, f: f - r),
            dict(g=lambda r, f: r - f),
            dict(d=lambda r, f: f - r, g=lambda r, f: -f),
        ],
        "That is softplus's slope, the sigmoid. The loss is softplus itself.": [
            dict(d=lambda r, f: (f - r).sigmoid(), g=lambda r, f: (r - f).sigmoid()),
            dict(d=lambda r, f: 1 - (f - r).sigmoid(), g=lambda r, f: 1 - (r - f).sigmoid()),
        ],
        "A sigmoid before the difference: logits are compared, not probabilities.": [
            dict(
                d=lambda r, f: softplus(f.sigmoid() - r.sigmoid()), g=lambda r, f: softplus(r.sigmoid() - f.sigmoid())
            ),
        ],
        "Two sigmoids: softplus has one of them inside, and takes the difference of logits.": [
            dict(d=lambda r, f: softplus((f - r).sigmoid()), g=lambda r, f: softplus((r - f).sigmoid()))
        ],
        "The mean is taken first, and softplus of it: each pair has a softplus of its own.": [
            lambda r, f: (softplus((f - r).mean()), softplus((r - f).mean())),
        ],
        "That is the hinge; the pair's loss here is softplus.": [
            dict(d=lambda r, f: relu(1 - (r - f)), g=lambda r, f: relu(1 + (r - f))),
            dict(d=lambda r, f: relu(f - r), g=lambda r, f: relu(r - f)),
        ],
        "That is the squared difference; the pair's loss here is softplus.": [
            dict(d=lambda r, f: (r - f - 1).square(), g=lambda r, f: (f - r - 1).square()),
            dict(d=lambda r, f: (r - f).square(), g=lambda r, f: (r - f).square()),
        ],
        "The logits are added. A pair is judged by their difference.": [
            dict(d=lambda r, f: softplus(f + r), g=lambda r, f: softplus(r + f)),
            dict(d=lambda r, f: softplus(-f - r), g=lambda r, f: softplus(-r - f)),
        ],
        "Both orders of the pair are in it. Each player pays for one of them.": [
            dict(d=lambda r, f: softplus(f - r) + softplus(r - f)),
            dict(g=lambda r, f: softplus(f - r) + softplus(r - f)),
        ],
        "A mean over the pairs is wanted, neither the largest one nor the median.": [
            dict(mean=torch.max),
            dict(mean=torch.median),
        ],
        "No absolute value: which of the two is above is all that matters.": [
            dict(d=lambda r, f: softplus((f - r).abs()), g=lambda r, f: softplus((r - f).abs())),
            dict(d=lambda r, f: (f - r).abs(), g=lambda r, f: (r - f).abs()),
        ],
        "That is another function of the difference; the pair's loss is softplus, log(1 + e^t).": [
            dict(d=lambda r, f: (f - r).exp(), g=lambda r, f: (r - f).exp()),
            dict(d=lambda r, f: nn.functional.leaky_relu(f - r), g=lambda r, f: nn.functional.leaky_relu(r - f)),
            dict(
                d=lambda r, f: nn.functional.leaky_relu(f - r, 0.2), g=lambda r, f: nn.functional.leaky_relu(r - f, 0.2)
            ),
            dict(d=lambda r, f: (f - r).tanh(), g=lambda r, f: (r - f).tanh()),
            dict(d=lambda r, f: softplus(f - r, beta=2), g=lambda r, f: softplus(r - f, beta=2)),
        ],
        "Two terms are multiplied: a pair has one softplus, of the difference.": dict(
            d=lambda r, f: softplus(-r) * softplus(f)
        ),
        "The values are right, the slopes aren't: one of the two logits is cut off.": [
            dict(d=lambda r, f: softplus(f.detach() - r)),
            dict(g=lambda r, f: softplus(r - f.detach())),
            dict(d=lambda r, f: softplus(f - r.detach())),
        ],
    },
    cases={"6 pairs": (6, 1.0), "9 pairs, D ahead": (9, 3.0)},
    observe=look_at_pairs,
    hints={
        "D's loss": "The mean over pairs of softplus(fake - real): small where the real one is above.",
        "G's loss": "The mean over pairs of softplus(real - fake): small where the fake is above.",
    },
    praise=PAIRED,
)


# 3. Lazy steps

FATES = among({1: "shrinks", 5: "is wiped out", 8: "changes sides, shrinks", 16: "changes sides, grows"}, "grows")
FACTORS = {1: 0.8, 5: 0.0, 8: -0.6, 16: -2.2}
lazy_steps = Exercise(
    "`{k: (by what a lazy step multiplies psi, what psi does)}` with eta = 0.2 and gamma = 1.",
    right=[{k: (Number(FACTORS[k], 2), FATES[k]) for k in FACTORS}],
    mistakes={
        "That is what is taken away. What is left of psi is 1 minus it.": [
            {1: (0.2, ...)}, {5: (1.0, ...)}, {8: (1.6, ...)}, {16: (3.2, ...)}
        ],
        "Down the penalty's slope, not up: the penalty makes psi smaller.": [
            {1: (1.2, ...)}, {5: (2.0, ...)}, {8: (2.6, ...)}, {16: (4.2, ...)}
        ],
        "The penalty is (γ/2) psi²: its slope is γ psi, not half of it.": [
            {1: (0.9, ...)}, {5: (0.5, ...)}, {16: (-0.6, ...)}
        ],
        "A step every k-th time, with k times the weight: the k is missing.": [
            {k: (0.8, ...)} for k in (5, 8, 16)
        ],
        "k times the weight in one step is not k steps one after the other.": [
            {5: (0.33, ...)}, {8: (0.17, ...)}, {8: (0.2, ...)}, {16: (0.03, ...)}
        ],
        "The weight is multiplied by k, not divided.": [{8: (0.98, ...)}, {16: (0.99, ...)}, {8: (0.975, ...)}, {16: (0.9875, ...)}],
        "The step size η is missing.": [{5: (-4.0, ...)}, {8: (-7.0, ...)}, {16: (-15.0, ...)}, {1: (0.0, ...)}],
        "The size is right. Which sign does 1 - ηkγ have here?": [
            {1: (-0.8, ...)}, {8: (0.6, ...)}, {16: (2.2, ...)}
        ],
        "A negative factor turns psi's sign.": [
            {8: (..., "shrinks")}, {16: (..., "grows")}, {8: (..., "grows")}, {16: (..., "shrinks")}
        ],
        "Its size is below 1: does psi come nearer to 0 or not?": [{8: (..., "changes sides, grows")}, {1: (..., "grows")}],
        "Its size is above 1: does psi come nearer to 0 or not?": {16: (..., "changes sides, shrinks")},
        "The factor is positive: psi keeps its sign.": [
            {1: (..., "changes sides, shrinks")}, {1: (..., "changes sides, grows")}
        ],
        "That factor is taken twice, or squared: one step, once.": [{1: (0.64, ...)}, {8: (0.36, ...)}, {16: (4.84, ...)}],
        "Something is left of psi: the factor isn't 0.": [{k: (..., "is wiped out")} for k in (1, 8, 16)],
        "Times 0: what is left?": [{5: (..., word)} for word in FATES[1].words if word != "is wiped out"],
    },
    pair=("the factor", "what psi does"),
    hints={
        "the factor": "psi - η k γ psi = (1 - ηkγ) psi.",
        "what psi does": "Two questions: is the factor below 0, and is its size above 1?",
    },
    praise="As long as ηkγ stays below 1, k steps' worth of penalty fits into one step; from 2 on, the cure throws psi out.",
)  # fmt: skip


# 4. Both penalties


def slopes(d, x, total=torch.sum, graph=True):
    return torch.autograd.grad(total(d(x)), x, create_graph=graph)[0]


def lengths(slope):
    return slope.square().flatten(1).sum(dim=1)


def both(d, real, fake, gamma, *, at_real=lambda x: x.detach().requires_grad_(),
         at_fake=lambda x: x.detach().requires_grad_(), squares=lengths, mean=torch.mean, total=torch.sum, graph=True,
         join=lambda r1, r2, gamma: gamma / 2 * (r1 + r2), way=itself):  # fmt: skip
    r1, r2 = (mean(squares(slopes(d, x, total, graph))) for x in (at_real(real), at_fake(fake)))
    return way(join(r1, r2, gamma))


def in_one_pass(d, real, fake, gamma):
    x = torch.cat([real, fake]).detach().requires_grad_()
    each = lengths(slopes(d, x))
    return gamma / 2 * (each[: len(real)].mean() + each[len(real) :].mean())


def one_mean(d, real, fake, gamma, factor=0.5):
    x = torch.cat([real, fake]).detach().requires_grad_()
    return gamma * factor * lengths(slopes(d, x)).mean()


def between(d, real, fake, gamma):
    n = min(len(real), len(fake))
    x = (real[:n] / 2 + fake[:n].detach() / 2).requires_grad_()
    return gamma / 2 * lengths(slopes(d, x)).mean()


def by_backward(d, real, fake, gamma):
    x = [each.detach().requires_grad_() for each in (real, fake)]
    (d(x[0]).sum() + d(x[1]).sum()).backward(create_graph=True)
    return gamma / 2 * sum(lengths(each.grad).mean() for each in x)


def by_weights(d, real, fake, gamma):
    found = torch.autograd.grad(d(real).sum() + d(fake).sum(), list(d.parameters()), create_graph=True)
    return gamma / 2 * sum(each.square().sum() for each in found)


def of_difference(d, real, fake, gamma):
    x, y = (each.detach().requires_grad_() for each in (real, fake))
    n = min(len(x), len(y))
    found = torch.autograd.grad(softplus(d(y)[:n] - d(x)[:n]).sum(), [x, y], create_graph=True)
    return gamma / 2 * sum(lengths(each).mean() for each in found)


def look_at_both(case, penalty):
    n, m, gamma = case
    d = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(48, 1))
    g = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Unflatten(1, (1, 4, 4)))
    weights, real, fake = list(d.parameters()), torch.randn(n, 1, 4, 4), 2 * g(torch.randn(m, 3))
    value = call(penalty, d, real, fake, gamma)
    if isinstance(value, tuple | list):
        raise Wrong("One number is wanted: what is added to D's loss.")
    yield "the penalty", value
    yield "feels D's weights", isinstance(value, torch.Tensor) and value.requires_grad
    options = dict(retain_graph=True, allow_unused=True, materialize_grads=True)
    found = torch.autograd.grad(value, weights, **options)
    yield "the penalty's gradient", torch.cat([each.flatten() for each in found])
    left = torch.autograd.grad(value, list(g.parameters()), **options)
    yield "reaches G", any(bool(each.any()) for each in left)
    yield "gradients are left in D", any(weight.grad is not None for weight in weights)


TWO = "A mean at the real samples, a mean at the fakes, and γ/2 for both; D feels it, G doesn't."
both_penalties = Exercise(
    "`both_penalties(discriminator, real, fake, gamma)`: γ/2 times R1 + R2.",
    right=[both],
    noted={TWO: [in_one_pass, dict(at_real=lambda x: x.requires_grad_())]},
    mistakes={
        **one(
            "join",
            {
                "R2 is missing: squared slopes at the fakes, too.": lambda r1, r2, g: g / 2 * r1,
                "R1 is missing: squared slopes at the real samples, too.": lambda r1, r2, g: g / 2 * r2,
                "The strength is γ/2 for each, not γ.": lambda r1, r2, g: g * (r1 + r2),
                "The strength is γ/2 for each, not γ/4: the two are added, not averaged.": lambda r1, r2, g: (
                    g / 4 * (r1 + r2)
                ),
                "R2 is subtracted; both are costs.": lambda r1, r2, g: g / 2 * (r1 - r2),
                "γ/2 belongs to both parts.": [
                    lambda r1, r2, g: g / 2 * r1 + r2,
                    lambda r1, r2, g: r1 + g / 2 * r2,
                ],
                "A penalty is added to D's loss, so it is positive.": lambda r1, r2, g: -g / 2 * (r1 + r2),
                "γ/2 is missing.": lambda r1, r2, g: r1 + r2,
                "γ is not squared.": lambda r1, r2, g: g**2 / 2 * (r1 + r2),
                "It is twice as strong still: γ/2 for each, and no more.": lambda r1, r2, g: 2 * g * (r1 + r2),
                "The two are multiplied; they are added.": lambda r1, r2, g: g / 2 * r1 * r2,
                "Half is missing: the strength is γ/2.": lambda r1, r2, g: r1 / 2 + r2 / 2,
            },
        ),
        **one(
            "mean",
            {
                "That sums over the batch: a mean over samples, or it depends on the batch size.": torch.sum,
                "The mean length, not squared: the penalty is the mean of the *squared* lengths.": lambda s: (
                    s.sqrt().mean()
                ),
                "That squares the mean length; the penalty is the mean of the squared lengths.": lambda s: (
                    s.sqrt().mean() ** 2
                ),
                "That pulls slopes to 1, as lesson 08's penalty does. R1 and R2 pull them to 0.": lambda s: (
                    (s.sqrt() - 1).square().mean()
                ),
                "The mean over samples is wanted, not the largest one, nor the median.": [torch.max, torch.median],
                "The mean was taken over the pixels, too: a squared length is a sum over pixels.": lambda s: (
                    s.mean() / 16
                ),
                "One norm for all samples: each sample has its own.": lambda s: s.sum().sqrt(),
            },
        ),
        **one(
            "squares",
            {
                "Absolute values were summed. The penalty has squares.": lambda s: s.abs().flatten(1).sum(dim=1),
                "All pixels count, not the largest slope alone.": lambda s: s.square().flatten(1).amax(dim=1),
                "First the squares, then the sum over pixels: the other way round slopes cancel.": lambda s: (
                    s.flatten(1).sum(dim=1).square()
                ),
                "The sum is over pixels (dim=1) and the mean over samples; yours is the other way round.": lambda s: (
                    s.square().flatten(1).sum(dim=0)
                ),
            },
        ),
        **one(
            "total",
            {
                "The logits were averaged before the gradient: each slope is n times too small. Take the sum.": torch.mean,
                "That is the slope of D's probability. The penalties are about the logit's.": lambda t: (
                    t.sigmoid().sum()
                ),
                "That is the slope of a loss. The penalties are about the logit's.": [
                    lambda t: softplus(-t).sum(),
                    lambda t: softplus(t).sum(),
                ],
                "autograd wants the gradient of one number: sum the logits.": itself,
            },
        ),
        "One mean over real and fake together: where they differ in number, each kind needs its own; and two means are added.": [
            lambda *a: one_mean(*a, factor=1.0),
        ],
        "Each R is a mean over its own samples, divided by their own number.": lambda d, x, y, g: both(
            d, x, y, g, mean=lambda s: s.sum() / len(x)
        ),
        "Under no_grad() there are no slopes: this is one place that needs gradients.": torch.no_grad()(both),
        "There is nothing in .grad, and backward() would leave something in D: take torch.autograd.grad.": (
            lambda d, x, y, g: g / 2 * (x.grad.square().sum() + y.grad.square().sum())
        ),
        "Squared slopes half-way between real and fake: that is lesson 08's place. Here it is at them.": between,
        "The pair's loss has another slope: penalise the logit's, at each kind of sample.": of_difference,
        "The value is right, and no weight of D can feel it: create_graph=True, and return the tensor.": [
            dict(graph=False),
            dict(way=torch.Tensor.item),
            dict(way=torch.Tensor.detach),
        ],
        "The value is right, its gradient isn't: one of the two parts is detached, so D never feels it.": [
            dict(join=lambda r1, r2, g: g / 2 * (r1.detach() + r2)),
            dict(join=lambda r1, r2, g: g / 2 * (r1 + r2.detach())),
        ],
        "It reaches G: the fakes still hang on the generator. Cut them off with detach() first.": [
            dict(at_fake=itself),
            dict(at_fake=lambda x: x.requires_grad_()),
            dict(at_fake=lambda x: x.clone()),
        ],
        "Autograd doesn't follow these samples: it has to be told, x.detach().requires_grad_(), for real and for fake.": [
            dict(at_real=itself),
            dict(at_fake=torch.Tensor.detach),
            dict(at_real=itself, at_fake=torch.Tensor.detach),
        ],
        "R2 is taken at the real samples again: there it is R1.": lambda d, x, y, g: both(d, x, x, g),
        "R1 is taken at the fakes: there it is R2.": lambda d, x, y, g: both(d, y, y, g),
        "Noise is no sample: R1 is taken at the real ones, R2 at the fakes.": dict(
            at_fake=lambda x: torch.randn_like(x).requires_grad_()
        ),
        "backward() leaves gradients in D, which its next step would use: take torch.autograd.grad.": by_backward,
        "That is the gradient by D's weights. The slopes are those by the samples.": by_weights,
        "autograd.grad returns a tuple, here of one tensor: (slope,) = ..., or ...[0].": [
            *(
                lambda *_, name=name: getattr((), name)
                for name in "square pow norm abs flatten reshape view sum".split()
            ),
            lambda *_: () ** 2,
        ],
        "Only the penalty is wanted; D's loss is in it, too.": [
            lambda d, x, y, g: both(d, x, y, g) + softplus(d(y).mean() - d(x).mean()),
            lambda d, x, y, g: both(d, x, y, g) + d(x).mean(),
            lambda d, x, y, g: both(d, x, y, g) + softplus(-d(x)).mean() + softplus(d(y)).mean(),
        ],
        "That is the size of the logits, not of their slopes.": lambda d, x, y, g: (
            g / 2 * (d(x).square().mean() + d(y.detach()).square().mean())
        ),
    },
    cases={"6 real, 6 fake": (6, 6, 3.0), "4 real, 9 fake": (4, 9, 0.7)},
    observe=look_at_both,
    hints={
        "the penalty": "γ/2 times the sum of two means, of squared slope lengths at the real samples and at the fakes."
    },
    praise=TWO,
)
