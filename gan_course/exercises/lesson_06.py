"""Lesson 06's exercises. They play with tables and layers of a few numbers, and with two tiny networks."""

import math

import torch
from torch import nn
from torch.nn.functional import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    normalize,
    one_hot,
    relu,
    softplus,
)

from gan_course.exercises import Exercise, Number, Wrong, among, call, of, several


def itself(x):
    return x


def one(option, answers):
    """Make known answers (dict of texts to an option's value, or a list of them) of one option of the right function."""
    return {text: [{option: a} for a in (some if isinstance(some, list) else [some])] for text, some in answers.items()}


# 1. The projection by itself


def projected(way):
    """Make an answer of way(linear(phi), the inner products (n, 1), table(y), phi, the table, y)."""
    return lambda phi, y, linear, table: way(
        linear(phi), (table(y) * phi).sum(1, keepdim=True), table(y), phi, table.weight, y
    )


class Last(nn.Linear):
    def forward(self, x):
        if x.shape[-1:] != (self.in_features,):
            raise Wrong("linear takes d numbers a picture, its features: nothing is joined to them.")
        return super().forward(x)


def look_at_projection(n, project):
    phi, y = torch.randn(n, 3, requires_grad=True), torch.tensor([2, 0, 2, 4])[:n]
    linear, table = Last(3, 1), nn.Embedding(5, 3)
    logits = call(project, phi, y, linear, table)
    yield "the logits", logits
    yield "a way back", isinstance(logits, torch.Tensor) and logits.requires_grad
    tensors = {"the features": phi, "the linear layer": linear.weight, "the table": table.weight}
    found = torch.autograd.grad(logits.square().sum(), [*tensors.values()], allow_unused=True, materialize_grads=True)
    yield from zip((f"the gradient of {name}" for name in tensors), found, strict=True)


PROJECTIONS = {
    "(n, 1) plus (n,) is broadcast to (n, n), without an error: keepdim=True.": lambda p, s, *_: p + s[:, 0],
    "That multiplies every picture's features by every label's row.": [
        lambda p, s, r, f, *_: p + f @ r.T,
        lambda p, s, r, f, *_: p + r @ f.T,
        lambda p, s, r, f, *_: p + (f @ r.T).sum(1, keepdim=True),
        lambda p, s, r, f, *_: p + (r @ f.T).sum(1, keepdim=True),
    ],
    "bmm gives (n, 1, 1), and with (n, 1) that is broadcast to (n, n, 1): squeeze(2) it first.": lambda p, s, *_: (
        p + s[:, None]
    ),
    "torch.dot takes two vectors. Here multiply number by number, and sum over dim=1.": lambda p, s, r, f, *_: (
        torch.dot(r, f)
    ),
    "The shapes don't fit: phi and table(y) are both (n, d). (table.weight has a row for each class instead.)": lambda p, s, r, f, t, y: (
        t * f
    ),
    "The table is called, table(y), or its rows are picked from table.weight.": lambda *_: nn.Embedding(5, 3)[0],
    "Labels are whole numbers: the table takes no floats.": lambda p, s, r, f, t, y: nn.Embedding(5, 3)(y.float()),
    "The labels count from 0, as the table's rows do: y as it is.": lambda p, s, r, f, t, y: nn.Embedding(5, 3)(y - 9),
    "one_hot(y) has as many columns as the largest label needs: one_hot(y, table.num_embeddings).": lambda p, s, r, f, t, y: (
        p + (one_hot(y).float() @ t * f).sum(1, keepdim=True)
    ),
    "These are logits for all classes. Pick each picture's own: table(y).": lambda p, s, r, f, t, y: p + f @ t.T,
    "`@` multiplies matrices. (n, d) by (n, d) goes number by number; one-hot labels need a column for each row of the table.": (
        lambda p, s, r, f, *_: p + torch.mm(f, r)
    ),
    "The product is not summed over the features yet.": lambda p, s, r, f, *_: p + r * f,
    "One number for the whole batch: each picture has its own, dim=1.": [
        lambda p, s, *_: s.sum(),
        lambda p, s, *_: (p + s).mean(),
    ],
    "The values are right, the shape is (n,). Beside labels (n, 1) it would be broadcast.": lambda p, s, *_: (p + s)[
        :, 0
    ],
    "The part without a label is missing: linear(phi).": lambda p, s, *_: s,
    "The projection is missing.": lambda p, *_: p,
    "An inner product is a sum over the features, not a mean.": lambda p, s, *_: p + s / 3,
    "The sum is of the products alone: linear(phi) is added once, behind it.": lambda p, s, r, f, *_: (p + r * f).sum(
        1, keepdim=True
    ),
    "A layer of your own has other weights: call the one that is given, linear(phi).": lambda p, s, r, f, *_: (
        nn.Linear(3, 1)(f) + s
    ),
    "An inner product isn't divided by the root of d.": lambda p, s, *_: p + s / math.sqrt(3),
    "The label's row and the features are multiplied, not added, before the sum.": lambda p, s, r, f, *_: (
        p + (r + f).sum(1, keepdim=True)
    ),
    "The projection is summed over all pictures: each has its own, dim=1.": lambda p, s, *_: p + s.sum(),
    "The sum is over pictures: features are dimension 1.": lambda p, s, r, f, *_: p + (r * f).sum(0, keepdim=True),
    "The label's row is not multiplied by the features: so it's a bias.": lambda p, s, r, *_: p + r.sum(1, True),
    "The projection is added, not subtracted.": lambda p, s, *_: p - s,
    "The two parts are added, not multiplied.": lambda p, s, *_: p * s,
    "The product isn't divided by lengths.": [
        lambda p, s, r, f, *_: p + (normalize(r) * normalize(f)).sum(1, keepdim=True),
        lambda p, s, r, f, *_: p + (normalize(r) * f).sum(1, keepdim=True),
        lambda p, s, r, f, *_: p + (r * normalize(f)).sum(1, keepdim=True),
    ],
    "A logit goes out: no sigmoid here.": lambda p, s, *_: (p + s).sigmoid(),
    "The values are right; the table gets no gradient.": lambda p, s, r, f, *_: p + (r.detach() * f).sum(1, True),
    "The values are right; the features get a gradient by one of two ways only.": [
        lambda p, s, r, f, *_: p + (r * f.detach()).sum(1, keepdim=True),
        lambda p, s, *_: p.detach() + s,
    ],
    "The values are right, but nothing can learn from them: no detach(), float() or torch.tensor().": lambda p, s, *_: (
        p + s
    ).detach(),
    "squeeze() also takes away a batch of one: use keepdim=True.": lambda p, s, *_: (p + s).squeeze()[:, None],
}
WAYS = [
    lambda p, s, *_: p + s,
    lambda p, s, r, f, *_: p + torch.einsum("nd,nd->n", r, f)[:, None],
    lambda p, s, r, f, t, y: p + (f @ t.T).gather(1, y[:, None]),
    lambda p, s, r, f, *_: p + torch.diag(f @ r.T)[:, None],
]
projection_logits = Exercise(
    "`projection_logits(phi, y, linear, table)`: logits (n, 1).",
    right=[projected(way) for way in WAYS],
    mistakes={
        **{t: [projected(w) for w in (some if isinstance(some, list) else [some])] for t, some in PROJECTIONS.items()},
        "linear goes from the features; the label's row is not its input.": [
            *(lambda phi, y, linear, table, mix=mix: linear(mix(phi, table(y))) for mix in (torch.add, torch.mul)),
            lambda phi, y, linear, table: linear(phi) + linear(table(y)),
            lambda phi, y, linear, table: linear(phi) + linear(table(y) * phi),
        ],
        "linear's own bias is missing: call the layer, linear(phi).": lambda phi, y, linear, table: (
            phi @ linear.weight.T + (table(y) * phi).sum(1, keepdim=True)
        ),
    },
    cases={"4 pictures": 4, "one picture": 1},
    observe=look_at_projection,
    praise="One inner product a picture, and its logit beside it.",
    hints={"the logits": "Each is linear(phi) plus the sum over features of table(y) times phi, in the shape (n, 1)."},
)


# 2. Which label goes where?


def both_losses(g, d, real, y, z, y_fake, *, labels=(1, 0, 1, 1), cut=torch.Tensor.detach, signs=(-1, 1), mean=torch.mean,
                terms=(1, 1), to=itself, of_g=lambda t: softplus(-t), way=itself, out=itself, noise=itself,
                price=softplus, keep=itself):  # fmt: skip
    asked, beside, judged, g_judged = ((y, y_fake)[which] for which in labels)
    fake = g(noise(z), asked)
    of_real, of_fake = to(d(real, beside)), keep(to(d(cut(fake), judged)))
    d_loss = terms[0] * mean(price(signs[0] * of_real)) + terms[1] * mean(price(signs[1] * of_fake))
    return out((d_loss, mean(of_g(to(d(way(fake), g_judged))))))


def in_one_pass(g, d, real, y, z, y_fake, cut=None, halves=False):
    fake = g(z, y_fake)
    pictures, labels = torch.cat([real, fake.detach()]), torch.cat([y, y_fake[:cut]])
    logits = d(pictures, labels)
    of_real, of_fake = logits.chunk(2) if halves else logits.tensor_split([len(real)])
    return softplus(-of_real).mean() + softplus(of_fake).mean(), softplus(-d(fake, y_fake)).mean()


def asked_twice(g, d, real, y, z, y_fake):
    with torch.no_grad():
        fake = g(z, y_fake)
    return softplus(-d(real, y)).mean() + softplus(d(fake, y_fake)).mean(), softplus(-d(g(z, y_fake), y_fake)).mean()


def over(n):
    """Make an answer whose D's loss is the sum over all pictures, divided by n(real, fakes)."""

    def losses(g, d, real, y, z, y_fake):
        fake = g(z, y_fake)
        d_loss = softplus(-d(real, y)).sum() + softplus(d(fake.detach(), y_fake)).sum()
        return d_loss / n(len(y), len(y_fake)), softplus(-d(fake, y_fake)).mean()

    return losses


def of_other_logits(wrong):
    """Make an answer whose D's loss is wrong(the real pictures' logits, the fakes')."""

    def losses(g, d, real, y, z, y_fake):
        fake = g(z, y_fake)
        return wrong(d(real, y), d(fake.detach(), y_fake)), softplus(-d(fake, y_fake)).mean()

    return losses


class Pair(nn.Module):
    """A layer and a table: the generator tanh(layer(z) table(y)), or the discriminator layer(x) + x table(y)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer, self.table, self.labels = nn.Linear(inputs, outputs), nn.Embedding(3, 2), []

    def forward(self, x, y):
        self.labels.append(y.tolist())
        if self.layer.out_features == 2:
            return torch.tanh(self.layer(x) * self.table(y))
        return self.layer(x) + (2 * self.table(y) * x).sum(dim=1, keepdim=True)


def look_at_losses(sizes, function):
    (n, m), g, d = sizes, Pair(3, 2), Pair(2, 1)
    y, y_fake, weights = torch.arange(n) % 3, (2 * torch.arange(m) + 1) % 3, [*g.parameters(), *d.parameters()]
    losses = call(function, g, d, torch.randn(n, 2), y, torch.randn(m, 3), y_fake)
    d_loss, g_loss = several(losses, "D's loss", "G's loss")
    names = {str(y_fake.tolist()): "y_fake", str(y.tolist()): "y"}
    yield "the generator is asked for", " and ".join(sorted({names.get(str(each), "others") for each in g.labels}))
    yield "D's loss", d_loss
    yield "G's loss", g_loss
    for name, loss in (("D's loss", d_loss), ("G's loss", g_loss)):
        yield f"{name} has a way back", isinstance(loss, torch.Tensor) and loss.requires_grad
    yield "gradients are left in the networks", any(weight.grad is not None for weight in weights)
    for name, loss, of_whom in (("D's", d_loss, d), ("G's", g_loss, g), ("D's", d_loss, g)):
        weights = list(of_whom.parameters())
        found = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True, materialize_grads=True)
        yield f"the gradient of {name} loss in {'DG'[of_whom is g]}", torch.cat([each.flatten() for each in found])


LABELS = {  # asked for; in D's loss beside real and fake pictures, in G's beside fakes: 0 is y, 1 is y_fake
    "The generator is asked for y, the labels of the real pictures. Ask it for y_fake.": [(0, 0, 1, 1), (0, 0, 0, 0)],
    "In D's loss the real pictures stand beside y_fake. Their own labels are y.": (1, 1, 1, 1),
    "In D's loss the fakes are judged beside y. They were asked for y_fake.": (1, 0, 0, 1),
    "In D's loss the two labels have changed places.": (1, 1, 0, 1),
    "In G's loss the fakes are judged beside y: G would be punished for drawing what it was asked for.": (1, 0, 1, 0),
    "All fakes are judged beside y. They were asked for y_fake, and are judged by it.": (1, 0, 0, 0),
}
TERMS = {
    "D's loss is the sum of the two means, not their mean.": (0.5, 0.5),
    "D's loss has two terms; that of the generated pictures is missing.": (1, 0),
    "D's loss has two terms; that of the real pictures is missing.": (0, 1),
    "In D's loss real and fake pictures both cost something: add them.": [(1, -1), (-1, -1), (-1, 1)],
}
OF_G = {
    "That is log(1 - D), the loss that saturates. G's is softplus(-logit) of the fakes.": lambda t: -softplus(t),
    "With this loss G helps D: in G's loss the fakes count as real, softplus(-logit).": softplus,
    "G's loss is softplus(-logit), not the logit alone.": torch.neg,
}
PAIRS = {
    "The two losses come back in the wrong order: D's first.": lambda pair: pair[::-1],
    "Two losses are wanted: D's, then G's.": [lambda pair: pair[0], sum],
    "G's loss isn't the negative of D's: real pictures have no part in it.": lambda pair: (pair[0], -pair[0]),
    "The values are right, but backward() can't start there: return tensors.": lambda pair: [x.item() for x in pair],
    "D's loss has no way back to D: is it made without gradients?": lambda pair: (pair[0].detach(), pair[1]),
    "Neither loss has a way back: no no_grad() here.": lambda pair: [x.detach() for x in pair],
    "Return the losses; who asked for them calls backward().": [
        lambda pair, n=n: (pair[n].backward(retain_graph=True), pair)[1] for n in (0, 1)
    ],
}
conditional_losses = Exercise(
    "`conditional_losses(generator, discriminator, real, y, z, y_fake)`: D's loss and G's, as tensors.",
    right=[both_losses, in_one_pass, asked_twice],
    mistakes={
        **one("labels", LABELS),
        **one("terms", TERMS),
        **one("of_g", OF_G),
        **one("out", PAIRS),
        "Pictures or noise come first, then labels: generator(z, y_fake), discriminator(real, y).": lambda g, d, *a: g(
            a[3], a[2]
        ),
        "Both networks take a label: generator(z, y_fake), discriminator(real, y).": lambda g, d, real, *_: d(real),
        "The generator is asked twice, once for y. All its fakes are made for y_fake.": lambda g, d, real, y, z, y_fake: (
            g(z, y_fake),
            g(z, y),
        ),
        "Those are squares, as in a least-squares GAN. Here each logit costs a softplus.": of_other_logits(
            lambda of_real, of_fake: (of_real - 1).square().mean() + of_fake.square().mean()
        ),
        "The generator is asked for something else than y_fake.": lambda *a: both_losses(*a[:5], a[5].roll(1)),
        "The generator is never called: the fakes are generator(z, y_fake).": lambda g, d, real, y, *_: (
            softplus(sign * d(real, y)).mean() for sign in (-1, 1)
        ),
        "D goes the wrong way: softplus(-logit) for real pictures, softplus(logit) for generated ones.": dict(
            signs=(1, -1)
        ),
        "This D would call everything generated: real pictures cost softplus(-logit), with a minus.": dict(
            signs=(1, 1)
        ),
        "This D would call everything real: fakes cost softplus(logit), without a minus.": dict(signs=(-1, -1)),
        "That is the hinge. Here each logit costs a softplus.": dict(price=lambda t: relu(1 + t), of_g=torch.neg),
        "These are logits without a softplus, as in a Wasserstein GAN.": dict(price=itself, of_g=torch.neg),
        "A logit may be negative, and has no logarithm then. softplus takes it as it is.": of_other_logits(
            lambda of_real, of_fake: -of_real.log().mean() - (1 - of_fake).log().mean()
        ),
        "binary_cross_entropy takes probabilities. Logits go into softplus, or ..._with_logits.": of_other_logits(
            lambda of_real, of_fake: binary_cross_entropy(of_real, torch.ones_like(of_real))
        ),
        "Cut off the fakes, not their logits: D is to learn from these.": dict(keep=torch.Tensor.detach),
        "chunk(2) cuts in the middle. Cut behind the real pictures: split([len(real), len(fake)]).": lambda *a: (
            in_one_pass(*a, halves=True)
        ),
        "All real pictures count, not only as many as there are fakes.": lambda g, d, real, y, z, y_fake: both_losses(
            g, d, real[: len(z)], y[: len(z)], z, y_fake
        ),
        "The losses are made of means over the pictures, not of sums.": dict(mean=torch.sum),
        "Each loss is one number, a mean.": dict(mean=itself),
        "Two sigmoids: softplus takes logits, no probabilities.": dict(to=torch.sigmoid),
        "These fakes are made from other noise than z.": dict(noise=torch.randn_like),
        "G's loss has no way back to G: no detach() and no no_grad() there.": [
            dict(way=torch.Tensor.detach),
            dict(out=lambda pair: (pair[0], pair[1].detach())),
        ],
        "Each label is right. But D's loss has a way into G, where it leaves gradients: detach().": dict(cut=itself),
        "Real pictures and fakes need not be equally many: each kind has its own labels, and a mean of its own.": [
            lambda *a: in_one_pass(*a, cut=6 if len(a[3]) == len(a[5]) else 3),
            of_other_logits(lambda of_real, of_fake: (softplus(-of_real) + softplus(of_fake)).mean()),
            *(
                over(n)
                for n in (lambda real, fake: (real + fake) / 2, lambda real, fake: real, lambda real, fake: fake)
            ),
            of_other_logits(
                lambda of_real, of_fake: (
                    softplus(-of_real).mean() + binary_cross_entropy_with_logits(of_fake, torch.zeros_like(of_real))
                )
            ),
        ],
    },
    cases={"6 real and 6 generated": (6, 6), "7 real and 4 generated": (7, 4)},
    observe=look_at_losses,
    praise="Each label in its place: what was asked for is what is judged.",
    hints={
        "D's loss": "It is the mean softplus(-logit) of real pictures beside y, plus softplus(logit) of fakes beside y_fake.",
        "G's loss": "It is the mean of softplus(-logit) over the fakes, beside y_fake.",
    },
)


# 3. Labels drawn evenly

REAL = {"cat": 0.8, "dog": 0.2}
BEST = {"cat": 0.8 / 1.3, "dog": 0.2 / 0.7}
LOSS = -sum(p * math.log(BEST[name]) + 0.5 * math.log(1 - BEST[name]) for name, p in REAL.items())
GUESSES = {  # for cat and dog
    "1/2 is right where all labels are equally frequent. Here D sees more real cats than generated ones.": (0.5, 0.5),
    "That is the share among the *real* pictures. D compares them with the generated ones.": (0.8, 0.2),
    "The two needn't add up to 1: each is the probability of 'real', for another picture.": (..., 0.5 / 1.3),
    "That is D's probability of 'generated'. Wanted is that of 'real'.": [
        (0.5 / 1.3, 0.5 / 0.7),
        (0.5 / 1.3, ...),
        (..., 0.5 / 0.7),
    ],
    "That is the share of this label among all pictures, real and generated.": (0.65, 0.35),
    "Per cent? A probability lies between 0 and 1.": [(61.54, 28.57), (62, 29), (61.5, 28.6)],
    "That is p(y) - q(y). The probability is p / (p + q).": (0.3, -0.3),
    "That is q(y) / p(y). The probability is p / (p + q).": (..., 2.5),
    "That is p(y) / q(y), the odds. The probability is p / (p + q).": (1.6, 0.4),
    "That is D's logit. Wanted is its probability.": (math.log(1.6), math.log(0.4)),
    "That is p(y) q(y). The probability is p / (p + q).": (0.4, 0.1),
    "D isn't that sure: half of the fakes are cats, too.": (1.0, 0.0),
    "Cats are right. Dogs are rarer among the real ones: what does D say then?": [(..., 0.5), (..., 0.2)],
    "You have exchanged the two: cats are frequent among the real ones.": (0.2 / 0.7, 0.8 / 1.3),
}
PRICES = {
    "2 log 2 is D's loss where it is undecided. Put your two probabilities into the loss.": 2 * math.log(2),
    "Half of it, or one term of two: the loss is the sum of the two means.": LOSS / 2,
    "That is V. D minimises its negative.": -LOSS,
    "Among the real pictures cats count 0.8, dogs 0.2; only the fakes are half and half.": 1.515,
    "Among the fakes both count 0.5; only the real pictures are 0.8 and 0.2.": 1.471,
    "Logarithms to another base. Take natural ones.": [LOSS / math.log(2), LOSS / math.log(10)],
    "Weigh each class by how often it comes; don't just add up four logarithms.": [3.030, 3.030 / 4],
    "Logarithms of the shares, 0.8 and 0.2. Put in D's probabilities.": 1.4167,
    "That is log 2: of one of two terms, and of a D that is undecided.": math.log(2),
    "That is how far the loss lies below 2 log 2, or half of it.": [2 * math.log(2) - LOSS, math.log(2) - LOSS / 2],
    "D knows something: its loss lies below 2 log 2, not above.": 4 * math.log(2) - LOSS,
    "-log D counts for real pictures, -log(1 - D) for fakes: here they have changed places.": 1.7009,
}
even_labels = Exercise(
    "D's probabilities for cat and dog, its loss, and whether its logit has a slope in x.",
    parts=("probability", "loss", "slope"),
    right=[dict(probability={n: Number(d, 2) for n, d in BEST.items()}, loss=Number(LOSS, 2), slope=False)],
    mistakes={
        **of(
            "probability",
            {
                text: [dict(zip(REAL, pair, strict=True)) for pair in (some if isinstance(some, list) else [some])]
                for text, some in GUESSES.items()
            },
        ),
        **of("loss", PRICES),
        "The logit is log(p(y) / q(y)) here. Does it change if a picture does, but not its label?": dict(slope=True),
    },
    hints={
        **dict.fromkeys(REAL, "It is p(y) p(x|y) over p(y) p(x|y) + q(y) p_g(x|y), where p(x|y) and p_g(x|y) cancel."),
        "loss": "It is the mean of -log D over real pictures, plus the mean of -log(1 - D) over the fakes, half cats.",
        "slope": "True or False is wanted.",
    },
    praise="D knows which label is asked for too often. That pushes G nowhere: the logit is the same for all of a class.",
)


# 4. Six complaints

NAMES = "shuffled apart, collapsed class, label out of range, other label frequencies, not flattened, nothing is wrong"
SIX = among(dict(zip("ABCDEF", NAMES.split(", "), strict=True)), "one-hot labels")
STOPS = "label out of range", "not flattened", "one-hot labels"
six_complaints = Exercise(
    'What each of the six sees: `{"A": word, ... "F": word}`, no word twice.',
    right=[SIX],
    mistakes={
        "A gets every digit, B gets the right one. In which of them do labels do nothing?": {"A": SIX["B"]},
        "In D every class is as it should be; so its labels are learned. In A none are.": [
            {"A": SIX["D"]},
            {"D": SIX["A"]},
        ],
        "An accuracy of 10 % is chance. That isn't how it should be.": {"A": SIX["F"]},
        "Better than real digits, and nothing is wrong? Look at the ones, too.": {"B": SIX["F"]},
        "One-hot labels stop where tensors are joined ('got 2 and 3'). Which lookup says 'self'?": {
            "C": "one-hot labels"
        },
        "With one-hot labels the message says 'got 2 and 3'.": {"E": "one-hot labels"},
        "C's message comes from a lookup, E's from joining.": [{"C": SIX["E"]}, {"E": SIX["C"]}],
        "D's samples are as good as real ones, in every class: so none has collapsed.": {"D": SIX["B"]},
        "The loss isn't where it should be. Who sees a difference between real and generated *labels*?": {
            "D": SIX["F"]
        },
        "It hasn't been trained yet: what can have collapsed, or been shuffled, or come too often?": [
            {"F": SIX[letter]} for letter in "ABD"
        ],
        "That would stop the program with an error. This one runs.": [{n: w} for n in "ABDF" for w in STOPS],
        "That stops no program. This one stops, with a message.": [{n: SIX[w]} for n in "CE" for w in "ABDF"],
        "With such an accuracy the labels are learned, and drawn right. What do these ones lack?": [
            {"B": SIX["A"]},
            {"B": SIX["D"]},
        ],
    },
    hints={
        "A": "The digits are learned, the labels aren't. What must the discriminator see, and does it in this program?",
        "B": "Which number of a class can be perfect, even better than real, when all its pictures are one?",
        "C": "Where does PyTorch say 'self'? What is indexed with a label, and how many rows has it?",
        "D": "By the formula for the best logit, what can be left of it when the pictures of every class are right?",
        "E": "Which of the tensors that are joined has four dimensions, and which has two?",
        "F": "Through which numbers does a label act in that generator, and what are they before training?",
    },
    praise="Two that stop the program, three that don't, and one that is as it should be.",
)


# 5. A bias for each class


def class_split(layer, table, *, bias=1, first=False, label_first=False, turned=False, out=None):
    k = table.embedding_dim
    weight = layer.weight[:, k:] if first else layer.weight[:, :-k]
    label = layer.weight[:, :k] if label_first else layer.weight[:, -k:]
    biases = table.weight @ (label if turned else label.T) + bias * layer.bias
    return out(weight, biases, layer, table) if out else (weight, biases)


def by_trying(layer, table):
    latent = layer.in_features - table.embedding_dim
    biases = layer(torch.cat([torch.zeros(table.num_embeddings, latent), table.weight], dim=1))
    return layer.weight[:, :latent].detach().numpy(), biases


def look_at_split(sizes, split):
    latent, label, outputs, classes = sizes
    layer, table = nn.Linear(latent + label, outputs), nn.Embedding(classes, label)
    before = [tensor.detach().clone() for tensor in (*layer.parameters(), table.weight)]
    weight, biases = several(call(split, layer, table), "the weights for z", "the biases of all classes")
    yield "the weights for z", weight
    yield "the biases", biases
    yield "layer and table stay as they are", list(map(torch.equal, before, (*layer.parameters(), table.weight)))


SPLITS = {  # of the weights, the biases, layer and table
    "The weights for z are transposed: one row for each output, as in the layer itself.": lambda w, b, *_: (w.T, b),
    "The biases are right and transposed: one row for each class.": lambda w, b, *_: (w, b.T),
    "Transposed before the layer's bias was added: one row for each class.": lambda w, b, c, t: (
        (w, (b - c.bias).T + c.bias) if b.shape[0] == b.shape[1] else (w, b.T)
    ),
    "Both are transposed: a row for each output, then a row for each class.": lambda w, b, *_: (w.T, b.T),
    "The two come back in the wrong order: the weights first.": lambda w, b, *_: (b, w),
    "These biases are one class's only.": lambda w, b, *_: (w, b[0]),
    "That is the mean over all classes: each has biases of its own.": lambda w, b, *_: (w, b.mean(0).expand_as(b)),
    "The table has no part in these biases.": [
        lambda w, b, c, t: (w, c.weight[:, -t.embedding_dim :].T + c.bias),
        lambda w, b, c, t: (w, c.bias.expand_as(b)),
        lambda w, b, c, t: (w, c.bias),
    ],
    "A row of the table is no bias yet: the layer multiplies it by its weights for the label.": [
        lambda w, b, layer, table: (w, table.weight),
        lambda w, b, layer, table: (w, table.weight + layer.bias[: table.embedding_dim]),
    ],
    "A row has embedding_dim numbers; num_embeddings is the classes.": lambda w, b, c, t: (c.weight[:, : -len(b)], b),
    "The shapes don't fit: cut columns of layer.weight, not rows; the last embedding_dim of them act on a row of the table.": (
        lambda w, b, c, t: (w, c(t.weight))
    ),
    "Read the sizes off, from layer and table: those of the lesson don't fit here.": lambda w, b, c, t: c.weight.split(
        [6, 4], dim=1
    ),
    "The table is a layer: its rows are table.weight.": lambda w, b, c, t: (w, t @ c.weight[:, -3:].T),
    "The table has num_embeddings rows, which may be fewer than 10. All of them are table.weight.": lambda w, b, c, t: (
        w,
        t(torch.arange(10)),
    ),
    "One row a class: there are num_embeddings classes; embedding_dim is the length of a row.": lambda w, b, c, t: (
        w,
        b[: t.embedding_dim],
    ),
    "`*` goes number by number. The layer's weights for the label act as a matrix.": lambda w, b, c, t: (
        w,
        t.weight * c.weight[:, -t.embedding_dim :] + c.bias,
    ),
    "Summed over the wrong dimension: over the numbers of a row, not over the outputs.": lambda w, b, c, t: (
        w,
        (t.weight[:, None] * c.weight[:, -t.embedding_dim :]).sum(1) + c.bias,
    ),
    "One column too few, or too many.": [
        lambda w, b, c, t: (w[:, :-1], b),
        lambda w, b, c, t: (c.weight[:, : w.shape[1] + 1], b),
        lambda w, b, c, t: (w[:, 1:], b),
    ],
    "These biases belong to a z of ones. Without z they are those of a z of zeros.": lambda w, b, *_: (w, b + w.sum(1)),
    "The layer's bias has a number for each output, so for each column: added as it is, without [:, None].": (
        lambda w, b, c, t: (w, b - c.bias + c.bias[:, None])
    ),
    "That is the whole weight: z's columns only.": lambda w, b, layer, table: (layer.weight, b),
    "Read the sizes off: z has in_features - embedding_dim numbers.": [
        lambda w, b, c, t: (c.weight[:, :3], b),
        lambda w, b, c, t: (w, t.weight @ c.weight.chunk(2, dim=1)[1].T + c.bias),
    ],
    "Layer and table stay as they are: no adding in place.": lambda w, b, c, t: (w, b, t.weight.data.add_(0.5))[:2],
}
class_biases = Exercise(
    "`class_biases(layer, table)`: the weights that act on z, and the biases of all classes, one row a class.",
    right=[class_split, by_trying],
    mistakes={
        **one("out", SPLITS),
        "z comes first in the joined input, the label's row last: take the weights in that order.": [
            dict(first=True, label_first=label_first) for label_first in (False, True)
        ],
        "The label's row is multiplied by the wrong columns: in the joined input it comes last.": dict(
            label_first=True
        ),
        "The layer's own bias is missing: it belongs to every class.": dict(bias=0),
        "The layer's own bias is added, once.": [dict(bias=2), dict(bias=-1)],
        "The label's weights act the other way round: a layer computes W e, in rows that is e Wᵀ.": [
            dict(turned=True),
            dict(out=lambda w, b, c, t: (w, c.weight[:, -t.embedding_dim :] @ t.weight + c.bias)),
            dict(out=lambda w, b, c, t: (w, (c.weight[:, -t.embedding_dim :] @ t.weight).T + c.bias)),
        ],
    },
    cases={"all sizes 3": (3, 3, 3, 3), "z of 6, rows of 3, 4 outputs, 5 classes": (6, 3, 4, 5)},
    observe=look_at_split,
    hints={
        "the weights for z": "They are the layer's first columns, as many as z has numbers.",
        "the biases": "Each is a row of the table times W_e, the layer's last columns turned, plus the layer's bias.",
    },
    praise="A joined label is a bias for each class, and nothing more.",
)


# 6. A truncated normal distribution


def outside(z, t):
    return ~(z.abs() <= t)  # NaN, too


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def redrawn(n, dim, t, noise, *, times=10_000, bell=torch.randn, again=None, mask=outside, out=lambda z, t: z):
    z = bell(n, dim, generator=noise)
    for _ in range(times):
        if not (found := mask(z, t)).any():
            break
        z[found] = (again or bell)(int(found.sum()), generator=noise)
    return out(z, t)


def inverted(n, dim, t, noise):  # no loop at all
    low = torch.special.ndtr(torch.tensor(-t))
    return torch.special.ndtri(low + (1 - 2 * low) * torch.rand(n, dim, generator=noise)).clamp(-t + 1e-6, t - 1e-6)


def ambient(*shape, generator):
    return torch.randn(shape)


def wide(t):
    return lambda *shape, generator: t * torch.randn(shape, generator=generator)


def evenly(t):
    return lambda *shape, generator: t * (2 * torch.rand(shape, generator=generator) - 1)


def mirrored(z, t, side):
    return torch.where(side * z > t, side * 2 * t - z, z)


WHOLE = {
    "whole rows": lambda z, t: outside(z, t).any(dim=1, keepdim=True).expand_as(z),
    "all of z": lambda z, t: outside(z, t).any().expand_as(z),
    "long rows": lambda z, t: (z.norm(dim=1, keepdim=True) > t).expand_as(z),
}


def look_at_truncated(case, draw):
    n, dim, t = case

    def numbers(n, seed):
        z = call(draw, n, dim, t, seeded(seed))
        if not isinstance(z, torch.Tensor):
            raise Wrong("A tensor is wanted: z, with the shape (n, dim).")
        if not z.isfinite().all():
            raise Wrong("There is a NaN or an infinite number in z.")
        return z

    state, z = torch.get_rng_state(), numbers(n, 1)
    for seed in range(2, 20 if n < 20 else 2):  # chance must not decide whether it works
        numbers(n, seed)
    yield "the shape", str(tuple(z.shape))
    if n < 20:  # so small that whoever draws too much again comes to an end
        found = [what for what, mask in WHOLE.items() if torch.equal(z, redrawn(*case, seeded(1), mask=mask))]
        yield "what is drawn again", (*found, "what lies outside")[0]
        return
    few = [numbers(20, seed) for seed in (2, 2, 3)]
    yield "the number of coordinates outside", int(outside(z, t).sum())
    yield "many lie on the border", (z.abs() == t).float().mean().item() > 0.01
    yield "many are 0", (z == 0).float().mean().item() > 0.01
    yield "numbers are repeated", z[:50].unique().numel() < 0.9 * z[:50].numel()
    shares, exact = torch.histc(z.float(), 8, -t, t) / z.numel(), torch.special.ndtr(torch.linspace(-t, t, 9)).diff()
    exact = exact / exact.sum()
    near = torch.allclose(shares, exact, atol=1.8 / z.numel() ** 0.5)  # chance: at most 0.4 / root of n
    yield "the shares in eight parts of [-t, t]", exact if near else shares
    yield "the same generator gives the same numbers", torch.equal(few[0], few[1])
    yield "another generator gives others", (few[0] == few[2]).float().mean().item() < 0.1
    yield "numbers come from elsewhere", not torch.equal(state, torch.get_rng_state())


AGAIN = "Draw again only what lies outside, z[mask] = ...: with many coordinates this would hardly ever end."
MASKS = {
    f"That draws whole rows again. {AGAIN}": WHOLE["whole rows"],
    f"That draws all of z again. {AGAIN}": WHOLE["all of z"],
    "That looks at the length of a row. Each coordinate by itself lies within [-t, t] or doesn't.": WHOLE["long rows"],
    "`|` binds more closely than `>`: put each comparison in parentheses.": lambda z, t: z > t | z < -t,
    "A mask is neither true nor false: a condition needs mask.any(), and masks are joined by `|`, not `or`.": lambda z, t: (
        z > t or z < -t
    ),
    "One end is left as it was: outside is where |z| > t.": [lambda z, t: z > t, lambda z, t: z < -t],
    "The wrong way round: what lies *inside* was drawn again.": lambda z, t: z.abs() < t,
    "The border is t: |z| > t, not its square.": lambda z, t: z.square() > t,
    "The border is t, which is given.": [lambda z, t: z.abs() > 2, lambda z, t: z.abs() > 1],
}
OUTS = {
    "Clipped: many lie exactly on the border. They are to be drawn again.": lambda z, t: z.clamp(-t, t),
    "What lies outside is to be drawn again, not set to 0.": lambda z, t: torch.where(outside(z, t), 0.0, z),
    "Don't squeeze the numbers: draw again what lies outside.": [
        lambda z, t: t * torch.tanh(z),
        lambda z, t: t * torch.tanh(z / t),
        lambda z, t: t * z / z.abs().max(),
        lambda z, t: t * z,
        lambda z, t: z / 2 ** (z.abs() / t).log2().ceil().clamp(min=0),
    ],
    "That gives every row the length t. Each coordinate by itself has to lie within [-t, t].": lambda z, t: (
        t * z / z.norm(dim=1, keepdim=True)
    ),
    "Don't fold the ends back in: draw again what lies outside.": [
        lambda z, t: z.fmod(t),
        lambda z, t: 2 * z.clamp(-t, t) - z,
        lambda z, t: mirrored(mirrored(z, t, 1), t, -1),
        lambda z, t: mirrored(mirrored(z, t, -1), t, 1),
    ],
    "How many lie inside is chance: of a fixed number there may be too few.": lambda z, t: z.flatten()[:-1].reshape(
        z.shape
    ),
    "Rows are thrown away. n are wanted: draw coordinates again.": lambda z, t: z[~outside(z, t).any(dim=1)],
    "Coordinates are thrown away. Draw them again: z[mask] = ...": lambda z, t: z[~outside(z, t)],
}
truncated_normal = Exercise(
    "`truncated_normal(n, dim, t, noise)`: z (n, dim) from N(0, 1), every coordinate within [-t, t].",
    right=[
        redrawn,
        inverted,
        lambda n, dim, t, noise: nn.init.trunc_normal_(torch.empty(n, dim), 0, 1, -t, t, generator=noise),
    ],
    mistakes={
        **one("mask", MASKS),
        "As many lie outside as without any truncation. (Joined by `&` no mask is ever true, and `all()` hardly ever is.)": dict(
            times=0
        ),
        "Don't rescale what is drawn: then some lie outside again.": dict(out=lambda z, t: (z - z.mean()) / z.std()),
        "All get the same new number. As many are wanted as lie outside: int(mask.sum()).": dict(
            again=lambda k, generator: torch.randn(1, generator=generator).expand(k)
        ),
        "Too many new numbers: as many are wanted as lie outside, int(mask.sum()).": dict(
            again=lambda k, generator: torch.randn(3, 2, generator=generator)
        ),
        "Not as many new numbers as lie outside: int(mask.sum()), not n.": dict(
            again=lambda k, generator: torch.randn(3, generator=generator)
        ),
        "What is drawn again comes from N(0, 1), with both signs: torch.randn, not rand.": dict(
            again=lambda k, generator: torch.rand(k, generator=generator)
        ),
        "The generator goes in by its name, generator=noise.": lambda n, dim, t, noise: torch.randn(n, dim, noise),
        "A generator draws nothing itself: torch.randn(..., generator=noise).": lambda n, dim, t, noise: noise.randn(n),
        "torch.rand is even, from 0 to 1. N(0, 1) is torch.randn.": dict(
            bell=lambda *shape, generator: torch.rand(shape, generator=generator)
        ),
        "The bell is N(0, 1) whatever t is: t cuts it off, and isn't its standard deviation.": lambda *a: redrawn(
            *a, bell=wide(a[2])
        ),
        "What is drawn again may lie outside, too. Repeat until none does.": [dict(times=n) for n in (1, 2, 3)],
        **{text: [a | dict(times=0) for a in some] for text, some in one("out", OUTS).items()},
        "Both signs are equally likely: no absolute value.": dict(out=lambda z, t: z.abs()),
        "Rows repeat each other: every coordinate is drawn by itself.": dict(out=lambda z, t: z[:1].expand_as(z)),
        "What is drawn again comes from N(0, 1), too, not evenly from [-t, t].": lambda *a: redrawn(
            *a, again=evenly(a[2])
        ),
        "These are evenly distributed. N(0, 1) without its ends is still a bell.": lambda *a: redrawn(
            *a, bell=evenly(a[2])
        ),
        "The shape is (n, dim).": [dict(out=lambda z, t: z.T), dict(out=lambda z, t: z.flatten())],
        "A tensor is wanted: z itself.": dict(out=lambda z, t: z.tolist()),
        "The same generator gives other numbers: every draw needs generator=noise, the second one, too.": [
            dict(bell=ambient),
            dict(again=ambient),
        ],
        "Another generator gives the same numbers: draw from `noise` as it is, and seed nothing.": [
            lambda n, dim, t, noise: redrawn(n, dim, t, seeded(0)),
            lambda n, dim, t, noise: redrawn(n, dim, t, noise.manual_seed(0)),
            lambda n, dim, t, noise: redrawn(n, dim, t, torch.manual_seed(0)),
            dict(bell=lambda *shape, generator: torch.randn(shape, generator=seeded(0)), again=torch.randn),
        ],
    },
    cases={
        "3 × 2, t = 0.5": (3, 2, 0.5),
        "2000 × 100, t = 1.25": (2000, 100, 1.25),
        "400 × 100, t = 2": (400, 100, 2.0),
    },
    observe=look_at_truncated,
    tolerance=0.03,
    endless="Is the mask made again in the loop? Do new numbers stand in z itself afterwards, z[mask] = ... (not +=)? And is "
    "only drawn again what lies outside? (A row of many coordinates hardly ever lies inside as a whole.)",
    hints={
        "the number of coordinates outside": "At the end every coordinate has to lie within [-t, t].",
        "the shares in eight parts of [-t, t]": "That is of another shape than the middle of the bell.",
        "numbers are repeated": "Every coordinate is drawn by itself.",
        "numbers come from elsewhere": "Draw from `noise` itself: the global generator stays as it is.",
    },
    praise="Each coordinate from the middle of the bell, its shape kept.",
)
