"""Lesson 02's exercises. They play with networks of a few numbers, and plain gradient descent."""

import math

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy, relu, softplus
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from gan_course.exercises import Clue, Exercise, Number, among, call, of

LR = 0.1


def players():
    """Return a generator (3 numbers to 2) and a discriminator (2 numbers to a logit)."""
    generator = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    discriminator = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    for parameter in [*generator.parameters(), *discriminator.parameters()]:
        nn.init.normal_(parameter)
    return generator, discriminator


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def itself(x):
    return x


def rebuilt(loss):
    return torch.tensor(loss.item(), requires_grad=True)


def cost(sign, logits):
    """What the loss takes for logits with the label 1 (``sign`` 1) or 0 (-1); below, what is taken for it."""
    return softplus(-sign * logits)


def of_probabilities(sign, logits):
    return binary_cross_entropy(logits, torch.full_like(logits, max(sign, 0)))


def labelled(*shape):
    """Labels of a shape of their own (0: as many as there are logits)."""
    return lambda sign, x: bce(x, torch.full([n or len(x) for n in shape], max(sign, 0.0)))


# 1. Both updates


def update_d(g, d, opt, real, z, *, terms=(1, 1), attached=False, signs=(1, -1), noise=itself, **options):
    fake = g(noise(z)) if attached else g(noise(z)).detach()
    descend(g, d, opt, [(terms[0], signs[0], d(real)), (terms[1], signs[1], d(fake))], **options)


def update_g(g, d, opt, z, *, detached=False, sign=1, factor=1, freeze=None, noise=itself, **options):
    d.requires_grad_(not freeze)
    fake = g(noise(z)).detach() if detached else g(noise(z))
    descend(g, d, opt, [(factor, sign, d(fake))], **options)
    d.requires_grad_(freeze != "for ever")


def descend(g, d, opt, terms, order="zbs", joint=False, own=False, mean=torch.mean, way=itself, to=itself, of=cost):
    """zero_grad(), backward(), step() in some order, on the sum of (factor, sign of the label, logits)."""
    opt = torch.optim.SGD([*g.parameters(), *d.parameters()], LR) if joint else opt
    opt = torch.optim.Adam(opt.param_groups[0]["params"], 5e-4) if own else opt
    loss = way(sum(factor * mean(of(sign, to(logits))) for factor, sign, logits in terms))
    for letter in order:
        {"z": opt.zero_grad, "b": loss.backward, "s": opt.step}[letter]()


def play(sizes, one_d, one_g):
    """D, G, D, G: what each update does to both networks, beginning with gradients that were left in them."""
    g, d = players()
    opts = {"D": torch.optim.SGD(d.parameters(), LR), "G": torch.optim.SGD(g.parameters(), LR)}
    arrived, steps, weights = set(), [], [*d.parameters(), *g.parameters()]
    for opt in opts.values():
        opt.register_step_post_hook(lambda *_: steps.append(1))
    for index, weight in enumerate(weights):
        weight.grad = torch.ones_like(weight)
        weight.register_hook(lambda _, index=index: arrived.add(index))
    for n in sizes:
        for who, other, network, rest, update in (("D", "G", d, g, one_d), ("G", "D", g, d, one_g)):
            before, still = flat(network.parameters()), flat(rest.parameters())
            arrived.clear(), steps.clear()
            update(g, d, opts[who], *([torch.randn(n, 2)] if who == "D" else []), torch.randn(n, 3))
            yield f"{who}'s update moves {other}", not torch.equal(still, flat(rest.parameters()))
            yield f"calls of opt_{who.lower()}.step()", len(steps)
            yield f"{who}'s step", (before - flat(network.parameters())) / LR
            yield "gradients arrived", Clue(sorted(arrived))
            yield "gradients left", Clue([weight.grad is not None and bool(weight.grad.any()) for weight in weights])
            yield f"{who}'s update leaves a network frozen", not all(weight.requires_grad for weight in weights)
            yield f"{who}'s update leaves a network in eval mode", not (d.training and g.training)


def each(answers):
    """The same mistakes in D's update and in G's: WHO in a hint is D or G."""
    return {k.replace("WHO", p[-1].upper()): v for p in UPDATES for k, v in of(p, answers).items()}


UPDATES = dict(update_d=update_d, update_g=update_g)
ATTACHED, NEVER = dict(update_d=dict(attached=True)), dict(update_g=dict(order="bs"))
EACH = {
    "WHO's update has an optimiser of its own. Take the one that it is given.": dict(own=True),
    "No gradient has arrived at WHO: is backward() called, and on the loss itself? From `.item()` there is no way back.": [
        dict(order="zs"),
        dict(order="z"),
        dict(way=rebuilt),
    ],
    "WHO has its gradients, and stands still: its optimiser's step() is missing.": dict(order="zb"),
    "zero_grad() between backward() and step() throws away what WHO was just told.": dict(order="bzs"),
    "WHO's step uses only old gradients: backward() comes before step().": dict(order="szb"),
    "WHO's zero_grad() after step() is too late for what others left: zero before backward().": dict(order="bsz"),
    "Two sigmoids: WHO's loss takes logits, and has a sigmoid of its own.": dict(to=torch.sigmoid),
    "WHO's step grows with the batch: its loss is made of means, not sums.": dict(mean=torch.sum),
    "WHO's step draws noise of its own; the fakes are those that `z` makes.": dict(noise=torch.randn_like),
    "WHO's loss has no way back to WHO: is it made under no_grad(), or detached?": dict(way=torch.Tensor.detach),
    "WHO's labels must be as many as the samples of this batch.": dict(of=labelled(6, 1)),
    "WHO's labels must have the shape of the logits: torch.ones_like(logits).": [
        dict(of=labelled(0)),
        dict(of=labelled(0, 2)),
    ],
    "WHO's loss must be one number: take the mean over each batch.": dict(mean=itself),
    "WHO's labels are 1 and 0 here: no smoothing.": [
        dict(of=lambda s, x: cost(s, x) + 0.1 * x * (s > 0)),
        dict(of=lambda s, x: cost(s, x) + 0.1 * x * s),
    ],
    "That is another GAN's loss (Wasserstein's, hinge, least squares); WHO's is the cross-entropy on logits.": [
        dict(of=lambda s, x: -s * x),
        dict(of=lambda s, x: relu(1 - s * x)),
        dict(of=lambda s, x: (x - max(s, 0)) ** 2),
    ],
    "WHO's loss takes logarithms of logits; they are for probabilities. softplus takes logits.": dict(
        of=lambda s, x: -torch.log(x if s > 0 else 1 - x)
    ),
    "WHO's cross-entropy takes probabilities; for logits there is binary_cross_entropy_with_logits.": dict(
        of=of_probabilities
    ),
    "In WHO's update a network gets what it can't take: G takes `z` as it is, D takes samples.": dict(
        noise=lambda z: torch.randn(len(z), 100)
    ),
}
IN_D = {
    "D's step uses gradients left over from before: opt_d.zero_grad() is missing.": [
        dict(order="bs"),
        lambda g, *a: (g.zero_grad(), update_d(g, *a, order="bs")),
    ],
    "D goes the wrong way: real samples have the label 1, generated ones 0.": dict(signs=(-1, 1)),
    "D is to tell both kinds apart, but yours have the same label.": [dict(signs=(1, 1)), dict(signs=(-1, -1))],
    "D's two terms are added; with a minus D gains by taking fakes for real, or real samples for fakes.": [
        dict(terms=(1, -1)),
        dict(terms=(-1, 1)),
    ],
    "D climbs its loss: is there a minus too many, or one too few?": dict(terms=(-1, -1)),
    "D takes two whole steps; one is wanted.": lambda *a: (update_d(*a), update_d(*a)),
    "The generated samples have no part in D's step.": dict(terms=(1, 0)),
    "The real samples have no part in D's step.": dict(terms=(0, 1)),
    "D takes two steps, one for each term. Add up both terms, and step once.": lambda *a: (
        update_d(*a, terms=(1, 0)),
        update_d(*a, terms=(0, 1)),
    ),
    "D's update moved G: whose weights does its optimiser hold? Only D's may move.": dict(attached=True, joint=True),
    "D's update leaves a network frozen: its next step will fail. detach() is enough.": lambda g, *a: update_d(
        g.requires_grad_(False), *a
    ),
    "D's update leaves a network in eval mode. Nothing has to be switched.": lambda g, *a: update_d(g.eval(), *a),
}
IN_G = {
    "G goes the wrong way and helps D: its fakes have the label 'real'.": dict(sign=-1),
    "G climbs its loss: is there a minus too many?": dict(factor=-1),
    "G's loss is one term, and not halved.": dict(factor=0.5),
    "That is the slope of log(1 - D), which saturates: label the fakes 'real' instead.": dict(sign=-1, factor=-1),
    "G's update moved D, towards saying 'real' to everything. Is it one optimiser for both?": dict(joint=True),
    "G did not move: the way from its loss through D to G must be open. No detach() here.": dict(detached=True),
    "G's update leaves D frozen: D's next step will fail. Unfreeze it again, or don't freeze.": dict(freeze="for ever"),
    "G's update leaves a network in eval mode. Nothing has to be switched.": lambda g, d, *a: update_g(g, d.eval(), *a),
}
updates = Exercise(
    "`update_d(generator, discriminator, opt_d, real, z)` and `update_g(generator, discriminator, opt_g, z)`.",
    parts=("update_d", "update_g"),
    right=[UPDATES],
    noted={
        "D moves alone, then G moves alone. (D's step is half as long: you average its two terms.)": [
            dict(update_d=dict(terms=(0.5, 0.5), attached=attached)) for attached in (False, True)
        ],
        "Each moves alone. Freezing D costs more than it saves.": dict(update_g=dict(freeze="for a while")),
        "Each moves alone. Zeroed once is enough.": dict.fromkeys(UPDATES, dict(order="zbsz")),
        "D moves alone, then G moves alone, each downhill. D's update leaves gradients in G; yours are zeroed before "
        "use, so this costs time only. detach() saves it.": ATTACHED,
    },
    mistakes={
        **each(EACH),
        "G's step uses gradients left over from before: opt_g.zero_grad() is missing, or comes too early.": [
            NEVER,
            NEVER | ATTACHED,
            NEVER | dict(update_d=lambda g, *a: (g.zero_grad(), update_d(g, *a, attached=True))),  # exercise 3, step 2
        ],
        **of("update_d", IN_D),
        **of("update_g", IN_G),
    },
    cases=[(6, 4)],
    observe=play,
    praise="D moves alone, then G moves alone, each downhill.",
    hints={
        **{f"calls of opt_{who}.step()": "One update takes one step." for who in "dg"},
        "D's step": "It isn't that of softplus(-logit) averaged over real, plus softplus(logit) over generated samples.",
        "G's step": "It isn't that of softplus(-logit), averaged over the fakes that this z makes.",
    },
)


# 2. The losses' values


def price(logit):
    return math.log1p(math.exp(logit))


def losses(d=lambda real, fake: price(-real) + price(fake), g=lambda fake: price(-fake)):
    logits = {"undecided": (0.0, 0.0), "D right": (6.0, -6.0), "D fooled": (6.0, 6.0)}
    return {case: (Number(d(real, fake), 3), Number(g(fake), 3)) for case, (real, fake) in logits.items()}


def alone(mistakes):
    """Add to each mistake the same in one number only, where no earlier one (and no right one) gives that number."""
    taken = {(case, place, round(value, 3)) for case, pair in losses().items() for place, value in enumerate(pair)}
    for text, wrong in mistakes.items():
        single = {(case, i, round(value, 3)): value for case, pair in wrong.items() for i, value in enumerate(pair)}
        new = [(key, value) for key, value in single.items() if key not in taken]
        taken |= single.keys()
        yield text, [wrong, *({case: (..., value) if place else (value, ...)} for (case, place, _), value in new)]


PREDICTIONS = {
    "D's loss is a sum of two terms, not their mean.": losses(lambda r, f: (price(-r) + price(f)) / 2),
    "That is the term of the real samples; the fakes' is missing.": losses(lambda r, f: price(-r)),
    "That is the fakes' term; that of the real samples is missing.": losses(lambda r, f: price(f)),
    "The labels are the wrong way round: real samples have the label 1.": losses(lambda r, f: price(r) + price(-f)),
    "That is V. D's loss is its negative.": losses(lambda r, f: -price(-r) - price(f)),
    "That is log(1 - D), the loss that saturates. Ours is -log D of the fakes.": losses(g=lambda f: -price(f)),
    "That is -log(1 - D): with it G would help D. Ours is -log D of the fakes.": losses(g=price),
    "These are bits; the logarithms are natural ones.": losses(
        lambda r, f: (price(-r) + price(f)) / math.log(2), lambda f: price(-f) / math.log(2)
    ),
    "Two sigmoids: the loss takes the logits, not probabilities.": {
        "undecided": (price(-0.5) + price(0.5), price(-0.5))
    },
}
ENTRIES = {
    "softplus(0) isn't 0, but log 2.": [{"undecided": pair} for pair in ((0, 0), (0, ...), (..., 0))],
    "That is a probability. The loss is minus its logarithm.": [
        {"undecided": pair} for pair in ((0.5, 0.5), (0.5, ...), (..., 0.5))
    ],
    "The two terms are added, not subtracted.": [losses(lambda r, f: price(-r) - price(f)), {"D fooled": (-6, ...)}],
    "Not quite 0: softplus(-6) is 0.00248.": [{"D right": (0, ...)}, {"D fooled": (..., 0)}],
    "A fooled D is right about the real samples, wrong about the fakes: softplus(-6) + softplus(6).": [
        {"D fooled": (2 * price(sign * 6), ...)} for sign in (1, -1)
    ],
    "G's loss has one term, that of the fakes.": [{case: (..., d)} for case, (d, _) in losses().items()],
    "The two are swapped: first D's loss, then G's.": [{case: (g, d)} for case, (d, g) in losses().items()]
    + [{case: (g, d) for case, (d, g) in losses().items()}],
}
loss_values = Exercise(
    'The losses `{"undecided": (d, g), ...}`, and which case is a good end.',
    parts=("prediction", "good_end"),
    right=[dict(prediction=losses(), good_end=among("undecided", "D right", "D fooled"))],
    mistakes={
        **of("prediction", ENTRIES | dict(alone(PREDICTIONS))),
        "Good for D; but G learns nothing any more. Is that a good end?": dict(good_end="D right"),
        "A D that is always fooled is a bad D: it can teach G nothing.": dict(good_end="D fooled"),
    },
    pair=("D's loss", "G's loss"),
    hints={
        "D's loss": "It is softplus(-logit) for real samples plus softplus(logit) for fakes.",
        "G's loss": "It is softplus(-logit) of the fakes.",
    },
    praise="A good end is near the first: D's loss close to 1.386. (A D that has learned nothing is there, too: look "
    "at the samples.) The third is no victory of G: a D that is always fooled is a bad D.",
)


# 3. Six steps

WORDS = "G never moves, left-over gradients, one optimiser for both, only slower, wrong label, two sigmoids"
STEPS = dict(enumerate(WORDS.split(", "), 1))
six_steps = Exercise(
    "What is wrong with each step: `{1: word, ... 6: word}`, each word once.",
    right=[among(STEPS)],
    mistakes={"2 and 4 both leave gradients in G. In one they are zeroed before use.": {2: STEPS[4], 4: STEPS[2]}},
    hints={
        1: "Follow the gradient of its g_loss backwards: does it ever get to G?",
        2: "Which gradients lie in G when its g_loss.backward() adds to them? Nobody zeroed them.",
        3: "Its G part asks D to say 'real', and takes the step with an optimiser that holds D's weights as well.",
        4: "Something needless lands in G's gradients. But read on: what does opt_g.zero_grad() do, and when?",
        5: "What does its g_loss ask D to say about the fakes, and who wants that?",
        6: "What range can the numbers have that its loss takes for logits?",
    },
    praise="Five faults, and one that costs time only.",
)


# 4. A loss at rest

BEST, CAUSE = (price(-1) + price(0)) / 2, among("two sigmoids", "no detach", "pixel range")
loss_at_rest = Exercise(
    "The cause in a word, and where D's loss and G's must come to rest.",
    parts=("diagnosis", "rest_of_d", "rest_of_g"),
    right=[dict(diagnosis=CAUSE, rest_of_d=Number(BEST, 4), rest_of_g=Number(price(0), 4))],
    mistakes={
        "Without detach() D's step costs more time; the losses are the same.": dict(diagnosis="no detach"),
        "With wrong pixels D wins easily: its loss goes to 0, and G's grows.": dict(diagnosis="pixel range"),
        "Both terms of D's loss are right. But this program averages them.": dict(rest_of_d=2 * BEST),
        "That is D's loss at a draw. What is the best that this D can do?": [
            dict(rest_of_d=price(0)),
            dict(rest_of_d=2 * price(0)),
        ],
        "At rest D isn't undecided: of the 'logits' from 0 to 1 it takes the best.": [
            dict(rest_of_d=(price(-0.5) + price(0.5)) / 2),
            dict(rest_of_d=price(-0.5) + price(0.5)),
            dict(rest_of_g=price(-0.5)),
        ],
        "1 and 0 are what D's sigmoid has made already: put them into softplus as they are.": dict(
            rest_of_d=(price(-1 / (1 + math.exp(-1))) + price(0.5)) / 2
        ),
        "No 'logit' from 0 to 1 has a loss of 0.": [dict(rest_of_d=0), dict(rest_of_g=0)],
        "A softplus is never negative.": [dict(rest_of_d=-BEST), dict(rest_of_g=-price(0))],
        "These are bits; the logarithms are natural ones.": [
            dict(rest_of_d=BEST / math.log(2)),
            dict(rest_of_g=1),
        ],
        "That is a probability. G's loss is minus its logarithm.": dict(rest_of_g=0.5),
        "Why should D give the fakes the highest 'logit' that it has?": dict(rest_of_d=(price(-1) + price(1)) / 2),
        "That is its term of the real samples only.": [dict(rest_of_d=price(-1)), dict(rest_of_d=price(-1) / 2)],
        "That is best for somebody who takes fakes for real.": dict(rest_of_d=(price(1) + price(0)) / 2),
        "Is that the 'logit' that the best D gives its fakes?": dict(rest_of_g=price(-1)),
        "G wants D to say 'real': softplus of minus the 'logit'.": dict(rest_of_g=price(1)),
        "G's loss is one term, and not averaged with another.": [dict(rest_of_g=price(0) / 2), dict(rest_of_g=BEST)],
    },
    hints={
        "rest_of_d": "Which numbers can reach the loss? Which is best on real samples, which on fakes? Put these two in.",
        "rest_of_g": "Cause and D's loss are right. G's is softplus(-l) at the 'logit' l that D gives its fakes.",
    },
    praise="The 'logit' can't leave [0, 1], and at its end the first sigmoid is flat: G gets no slope.",
)


# 5. One pass


def d_loss(d, real, fake, *, signs=(1, -1), terms=(1, 1), mean=torch.mean, to=itself, of=cost, way=itself,
           cut=lambda x, n, m: (x[:n], x[n:]), add=lambda r, f: r + f):  # fmt: skip
    of_real, of_fake = cut(to(d(torch.cat([real, fake]))), len(real), len(fake))
    of_real, of_fake = mean(of(signs[0], of_real)), mean(of(signs[1], of_fake))
    return way(add(terms[0] * of_real, terms[1] * of_fake))


def one_sum(d, real, fake, by):
    labels = torch.cat([torch.ones(len(real), 1), torch.zeros(len(fake), 1)])
    return bce(d(torch.cat([real, fake])), labels, reduction="sum") / by(len(real), len(fake))


def divided(*by):
    return [lambda *a, by=each: one_sum(*a, by) for each in by]


def cuts(*ways):
    return [dict(cut=way) for way in ways]


def look_at_loss(sizes, function):
    _, d = players()
    calls = []
    d.register_forward_hook(lambda *_: calls.append(1))
    loss = call(function, d, *(torch.randn(n, 2) for n in sizes))
    yield "the loss", loss
    yield "a way back", isinstance(loss, torch.Tensor) and loss.requires_grad
    yield "a gradient left in D", any(p.grad is not None for p in d.parameters())
    yield (
        "its gradient",
        flat(torch.autograd.grad(loss, list(d.parameters()), allow_unused=True, materialize_grads=True)),
    )
    yield "the number of passes", len(calls)


one_pass = Exercise(
    "`d_loss(discriminator, real, fake)`: D's loss with one pass, as the sum of the two means.",
    right=[d_loss],
    mistakes={
        "A mean over both batches divides by all their logits. Take one over each, and add.": divided(
            lambda n, m: n + m
        ),
        "Right for batches of equal size only: each mean is over its own batch.": divided(
            lambda n, m: (n + m) / 2, lambda n, m: n, lambda n, m: m
        ),
        "The two means are to be added, not averaged.": dict(terms=(0.5, 0.5)),
        "The two means are to be added, not subtracted.": dict(terms=(1, -1)),
        "The two kinds of samples have the same label: real ones are 1, fakes 0.": [
            dict(signs=(1, 1)),
            dict(signs=(-1, -1)),
        ],
        "These are the labels the other way round: real samples have the label 1, fakes 0.": dict(signs=(-1, 1)),
        "Two sigmoids: the loss takes logits, and has a sigmoid of its own.": dict(to=torch.sigmoid),
        "The sign is wrong: the loss has to fall when D gets better.": dict(way=torch.neg),
        "Cut where the real samples end, at len(real): the batches may differ in size.": cuts(
            lambda x, n, m: x.chunk(2), lambda x, n, m: (x[:n], x[m:]), lambda x, n, m: (x[:m], x[m:])
        ),
        "The logits come back as torch.cat was given the batches: yours took the fakes first, and not so afterwards.": (
            lambda d, real, fake: d_loss(d, *torch.cat([fake, real]).split([len(real), len(fake)]))
        ),
        "The cut is off by one: the real samples' logits are the first len(real), the fakes' all others.": cuts(
            lambda x, n, m: (x[: n + 1], x[n + 1 :]),
            lambda x, n, m: (x[: n - 1], x[n - 1 :]),
            lambda x, n, m: (x[:n], x[n + 1 :]),
            lambda x, n, m: (x[: n - 1], x[n:]),
        ),
        "split(n) makes pieces of n logits, perhaps more than two: split([len(real), len(fake)]).": cuts(
            lambda x, n, m: x.split(n), lambda x, n, m: x.split(m)
        ),
        "Make one batch of both, real samples first, then the fakes: torch.cat([real, fake]).": [
            lambda d, real, fake: d(torch.cat([real, fake], dim=1)),
            lambda d, real, fake: d(torch.stack([real, fake])),
            lambda d, real, fake: d(real, fake),
        ],
        "Labels have the shape of the logits: torch.ones_like(logits).": [
            dict(of=labelled(0, 2)),
            dict(of=labelled(0)),
        ],
        "This cross-entropy takes probabilities; for logits there is binary_cross_entropy_with_logits.": dict(
            of=of_probabilities
        ),
        "One number for both batches is wanted, the sum of the two means.": [
            dict(mean=itself, cut=lambda x, n, m: x.chunk(2)),
            dict(add=lambda r, f: (r, f)),
        ],
        "These are sums over the batches; means are wanted.": dict(mean=torch.sum),
        "The generated samples have no part in it.": dict(terms=(1, 0)),
        "The real samples have no part in it.": dict(terms=(0, 1)),
        "The value is right, but backward() can't start there: return the tensor.": dict(way=torch.Tensor.item),
        "The value is right, but a loss rebuilt from `.item()` knows no way back to D.": dict(way=rebuilt),
        "The value is right, but made without gradients: neither no_grad() nor detach() belongs here.": dict(
            way=torch.Tensor.detach
        ),
        "The value is right, its gradient isn't: a part is made without gradients.": [
            dict(add=lambda r, f: r + f.detach()),
            dict(add=lambda r, f: r.detach() + f),
        ],
        "Return the loss; who asked for it calls backward().": dict(way=lambda x: x.backward(retain_graph=True) or x),
        "Right, but from two passes: make one batch with torch.cat.": lambda d, real, fake: (
            softplus(-d(real)).mean() + softplus(d(fake)).mean()
        ),
    },
    cases={"8 real and 4 generated": (8, 4), "4 real and 8 generated": (4, 8)},
    observe=look_at_loss,
    praise="The same loss and the same gradients, with one pass.",
)
