"""Lesson 02's exercises. They play with networks of a few numbers, and plain gradient descent."""

import math

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy, cross_entropy, relu, softplus
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from gan_course.exercises import Between, Clue, Exercise, Number, among, call, of

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
    return lambda sign, x: bce(x, torch.full([n or len(x) for n in shape], float(sign > 0)))


KINDS = {  # what can be wrong with what a loss tells D, in the order of kind()'s tests, and an example
    "The loss tells the logits of WHAT nothing: are they left out, cut off, or taken for labels?": lambda s, x: 0 * x,
    "Some of WHAT count for nothing, or have another label than the rest.": lambda s, x: cost(s, x) * (x > x.min()),
    "A step moves the logits of WHAT the wrong way: look at label and sign.": lambda s, x: -cost(s, x) / 3,
    "The weight of WHAT isn't that of one mean: is there a factor, or a mean over others?": lambda s, x: cost(s, x) / 3,
    "All of WHAT pull equally: no softplus, a mean before it, or a label taken for a logit?": lambda s, x: -s * x / 3,
    "For WHAT the loss isn't the cross-entropy of their logits with the label 1 or 0.": lambda s, x: cost(s, x) ** 3,
}


def kinds(names):
    """Return examples of each kind, in every batch and in the second only. ``names``: those of samples, to the sign of
    their label and the second batch's size."""

    def made(sign, size, way):
        mine = [lambda s, x, n=n: (way if s == sign and len(x) in n else cost)(s, x) for n in ((6, 4, 8), (size,))]
        return [dict(of=loss) for loss in mine]

    return {k.replace("WHAT", name): made(*which, way) for name, which in names.items() for k, way in KINDS.items()}


def listen(d):
    """Return a list that will hold each pass through D: samples, logits, and the slopes that come back to these."""
    heard = []

    def hook(_, inputs, logits):
        heard.append((inputs[0].detach().clone(), logits.detach().clone(), []))
        if logits.requires_grad:
            logits.register_hook(heard[-1][2].append)

    d.register_forward_hook(hook)
    return heard


def kind(heard, wanted):
    """Say what is wrong with what D was told ("" for nothing). ``wanted``: pairs (samples, sign of their label)."""
    rows = [(x.reshape(-1, 2), y.flatten(), sum(slopes, 0 * y).flatten()) for x, y, slopes in heard]
    x, logits, told = map(torch.cat, zip((torch.empty(0, 2), *[torch.empty(0)] * 2), *rows, strict=True))
    found = []
    for samples, sign in wanted:
        same = torch.isclose(x[:, None], samples, atol=1e-5).all(-1).float()
        slope, logit = len(samples) * told @ same, logits @ same / same.sum(0)
        part = -sign * slope / torch.sigmoid(-sign * logit)  # of the cross-entropy's slope
        tests = [not same.any(0).all(), not slope.any(), part.min() <= 0 < part.max(), part.max() < 0]
        tests += [torch.allclose(each, each[:1], rtol=1e-3) for each in (part, slope)] + [True]
        if not torch.allclose(part, torch.ones(()), rtol=1e-3):
            found.append(f"{tests.index(True)}, {sign}")
    return min(found, default="")


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
    """zero_grad(), backward(), step(), clipping in some order, on the sum of (factor, sign of the label, logits)."""
    opt = torch.optim.SGD([*g.parameters(), *d.parameters()], LR) if joint else opt
    opt = torch.optim.Adam(opt.param_groups[0]["params"], 5e-4) if own else opt
    loss = way(sum(factor * mean(of(sign, to(logits))) for factor, sign, logits in terms))
    ways = {"z": opt.zero_grad, "b": loss.backward, "s": opt.step}
    ways["c"] = lambda: nn.utils.clip_grad_norm_(opt.param_groups[0]["params"], 0.01)
    for letter in order:
        ways[letter]()


def play(sizes, one_d, one_g):
    """D, G, D, G: what each update does to both networks, beginning with gradients that were left in them."""
    g, d = players()
    opts = {"D": torch.optim.SGD(d.parameters(), LR), "G": torch.optim.SGD(g.parameters(), LR)}
    arrived, steps, weights, heard = set(), [], [*d.parameters(), *g.parameters()], listen(d)
    for opt in opts.values():
        opt.register_step_post_hook(lambda *_: steps.append(1))
    for index, weight in enumerate(weights):
        weight.grad = torch.ones_like(weight)
        weight.register_hook(lambda _, index=index: arrived.add(index))
    for n in sizes:
        for who, other, network, rest, update in (("D", "G", d, g, one_d), ("G", "D", g, d, one_g)):
            before, still = flat(network.parameters()), flat(rest.parameters())
            batches = [torch.randn(n, 2), torch.randn(n, 3)][who == "G" :]
            fakes = g(batches[-1])
            wanted = [(batches[0], 1), (fakes, -1)] if who == "D" else [(fakes, 1)]
            due = sum(cost(sign, d(samples)).mean() for samples, sign in wanted)
            due = flat(torch.autograd.grad(due, list(network.parameters())))
            arrived.clear(), steps.clear(), heard.clear()
            update(g, d, opts[who], *[batch.clone() for batch in batches])
            step = (before - flat(network.parameters())) / LR
            yield f"{who}'s update moves {other}", not torch.equal(still, flat(rest.parameters()))
            yield f"calls of opt_{who.lower()}.step()", len(steps)
            right = step.isnan().any() or any(torch.allclose(step, part * due, atol=1e-3) for part in (1, 0.5))
            yield "what D is told", "" if right else kind(heard, wanted) or "all well"
            yield f"{who}'s step", step
            yield "gradients arrived", Clue(sorted(arrived))
            yield "gradients left", Clue([weight.grad is not None and bool(weight.grad.any()) for weight in weights])
            yield f"{who}'s update leaves a network frozen", not all(weight.requires_grad for weight in weights)
            yield f"{who}'s update leaves a network in eval mode", not (d.training and g.training)


def each(answers):
    """The same mistakes in D's update and in G's: WHO in a hint is D or G."""
    return {k.replace("WHO", p[-1].upper()): v for p in UPDATES for k, v in of(p, answers).items()}


UPDATES = dict(update_d=update_d, update_g=update_g)
ATTACHED, NEVER = dict(update_d=dict(attached=True)), dict(update_g=dict(order="bs"))
OTHERS = [dict(of=lambda s, x: relu(1 - s * x)), dict(of=lambda s, x: (x - max(s, 0)) ** 2)]
EACH = {
    "What the loss tells D is right, but WHO's step isn't made of that alone: has its loss another term, are gradients "
    "cut off, left over, thrown away or clipped, are weights changed by hand, or by another optimiser?": [
        dict(order="zbcs"),
        dict(own=True),
    ],
    "No gradient has arrived at WHO: is backward() called, and on the loss itself? From `.item()` there is no way back.": [
        dict(order="zs"),
        dict(order="z"),
        dict(way=rebuilt),
    ],
    "WHO has its gradients, and stands still: its optimiser's step() is missing.": dict(order="zb"),
    "zero_grad() between backward() and step() throws away what WHO was just told.": dict(order="bzs"),
    "WHO's step uses only old gradients: backward() comes before step().": dict(order="szb"),
    "WHO's step uses what others left in its gradients: zero_grad() comes before backward(), not after step().": (
        dict(order="bsz")
    ),
    "Two sigmoids: WHO's loss takes logits, and has a sigmoid of its own.": dict(to=torch.sigmoid),
    "WHO's step grows with the batch: its loss is made of means, not sums.": dict(mean=torch.sum),
    "WHO's update never asks D about the fakes of this `z`, as G makes them. What goes into the loss instead?": (
        dict(noise=torch.randn_like)
    ),
    "WHO's loss has no way back to WHO: is it made under no_grad(), or detached?": dict(way=torch.Tensor.detach),
    "WHO's labels must be as many as the samples of this batch.": dict(of=labelled(6, 1)),
    "WHO's labels must have the shape of the logits: torch.ones_like(logits).": [
        dict(of=labelled(0)),
        dict(of=labelled(0, 2)),
    ],
    "WHO's labels must be floats, as logits are: torch.ones_like(logits), say.": dict(
        of=lambda s, x: bce(x, torch.full(x.shape, int(s > 0)))
    ),
    "WHO's loss leaves torch: NumPy's numbers know no way back.": dict(to=torch.Tensor.numpy),
    "WHO's loss must be one number: take the mean over each batch.": dict(mean=itself),
    "WHO's labels are 1 and 0 here: no smoothing.": [
        dict(of=lambda s, x: cost(s, x) + 0.1 * x * (s > 0)),
        dict(of=lambda s, x: cost(s, x) + 0.1 * x * s),
    ],
    "That is another GAN's loss (hinge, least squares); WHO's is the cross-entropy on logits.": OTHERS,
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
    "D's loss is 0 whatever the logits are: torch's cross_entropy wants a logit for each of several classes.": dict(
        of=lambda s, x: cross_entropy(x, torch.full_like(x, s > 0))
    ),
    "D's update never asks D about `real` as it is.": lambda g, d, opt, real, z: update_d(g, d, opt, real + 1, z),
    "D's step uses gradients left over from before: opt_d.zero_grad() is missing.": [
        dict(order="bs"),
        lambda g, *a: (g.zero_grad(), update_d(g, *a, order="bs")),
    ],
    "D goes the wrong way: real samples have the label 1, generated ones 0.": dict(signs=(-1, 1)),
    "D climbs its loss: is there a minus too many, or one too few?": dict(terms=(-1, -1)),
    "D takes two whole steps; one is wanted.": lambda *a: (update_d(*a), update_d(*a)),
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
        **of("update_d", kinds({"the real samples in D's update": (1, 4), "the fakes in D's update": (-1, 4)})),
        **of("update_g", kinds({"the fakes in G's update": (1, 4)})),
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


class Loss(Number):
    """A right number; a wrong one in its place may be a whole range."""

    def instead(self, value):
        return value if isinstance(value, Between) else super().instead(value)


def chance(logit):
    return 1 / (1 + math.exp(-logit))


def losses(d=lambda real, fake: price(-real) + price(fake), g=lambda fake: price(-fake)):
    logits = {"undecided": (0.0, 0.0), "D right": (6.0, -6.0), "D fooled": (6.0, 6.0)}
    return {case: (Loss(d(real, fake), 3), Loss(g(fake), 3)) for case, (real, fake) in logits.items()}


def alone(mistakes):
    """Add to each mistake the same in one number only, where no earlier one (and no right one) gives that number."""
    taken = {(case, place, round(value, 3)) for case, pair in losses().items() for place, value in enumerate(pair)}
    for text, wrong in mistakes.items():
        single = {(case, i, round(value, 3)): value for case, pair in wrong.items() for i, value in enumerate(pair)}
        new = [(key, value) for key, value in single.items() if key not in taken]
        taken |= single.keys()
        yield text, [wrong, *({case: (..., value) if place else (value, ...)} for (case, place, _), value in new)]


PREDICTIONS = {
    "The minus is missing: a loss is minus a logarithm, and no softplus is negative.": losses(g=lambda f: -price(-f)),
    "D's loss is a sum of two terms, not their mean.": losses(lambda r, f: (price(-r) + price(f)) / 2),
    "That is the term of the real samples; the fakes' is missing.": losses(lambda r, f: price(-r)),
    "That is the fakes' term; that of the real samples is missing.": losses(lambda r, f: price(f)),
    "The labels are the wrong way round: real samples have the label 1.": losses(lambda r, f: price(r) + price(-f)),
    "That is V. D's loss is its negative.": losses(lambda r, f: -price(-r) - price(f)),
    "That is log(1 - D), the loss that saturates. Ours is -log D of the fakes.": losses(g=lambda f: -price(f)),
    "That is -log(1 - D): with it G would help D. Ours is -log D of the fakes.": losses(g=price),
    "That is a probability. The loss is minus its logarithm.": losses(lambda r, f: chance(-f), chance),
    "These are bits; the logarithms are natural ones.": losses(
        lambda r, f: (price(-r) + price(f)) / math.log(2), lambda f: price(-f) / math.log(2)
    ),
    "Two sigmoids: the loss takes the logits, not probabilities.": losses(
        lambda r, f: price(-chance(r)) + price(chance(f)), lambda f: price(-chance(f))
    ),
    "Real samples and fakes both have the label 1 there.": losses(lambda r, f: price(-r) + price(-f)),
    "Real samples and fakes both have the label 0 there.": losses(lambda r, f: price(r) + price(f)),
    "G's loss has one term, and it is not halved.": losses(g=lambda f: price(-f) / 2),
}
ENTRIES = {
    "softplus(0) isn't 0, but log 2.": [{"undecided": pair} for pair in ((0, 0), (0, ...), (..., 0))],
    "The two terms are added, not subtracted.": [losses(lambda r, f: price(-r) - price(f)), {"D fooled": (-6, ...)}],
    "Not quite: softplus(-6) is 0.00248.": [{"D right": (0, ...)}, {"D right": (0.01, ...)}, {"D fooled": (..., 0)}],
    "G's loss has one term, that of the fakes.": [{case: (..., d)} for case, (d, _) in losses().items()],
    "The two cases with 6 are exchanged.": {"D right": losses()["D fooled"], "D fooled": losses()["D right"]},
    "The two are swapped: first D's loss, then G's.": [{case: (g, d)} for case, (d, g) in losses().items()]
    + [{case: (g, d) for case, (d, g) in losses().items()}],
}
NEGATIVE = {  # of any size
    "A softplus is never negative, and a sum of them isn't either.": [
        {case: pair} for case in losses() for pair in ((Between(-99, -0.0005), ...), (..., Between(-99, -0.0005)))
    ]
}
loss_values = Exercise(
    'The losses `{"undecided": (d, g), ...}`, and which case is a good end.',
    parts=("prediction", "good_end"),
    right=[dict(prediction=losses(), good_end=among("undecided", "D right", "D fooled"))],
    mistakes={
        **of("prediction", ENTRIES | dict(alone(PREDICTIONS)) | NEGATIVE),
        "Good for D; but G learns nothing any more. Is that a good end?": dict(good_end="D right"),
        "A D that is always fooled is a bad D: it can teach G nothing.": dict(good_end="D fooled"),
    },
    pair=("D's loss", "G's loss"),
    hints={
        "prediction, undecided, D's loss": "What is softplus at the logit 0, and how many terms has D's loss?",
        "prediction, undecided, G's loss": "What is softplus at the logit 0? G's loss has one such term.",
        "prediction, D right, D's loss": "D is sure and right about both: it pays softplus(-6) for each of them.",
        "prediction, D right, G's loss": "G wants 'real' and gets the logit -6: it pays the softplus of minus that.",
        "prediction, D fooled, D's loss": "D is right about one kind, wrong about the other: which term is near 6?",
        "prediction, D fooled, G's loss": "G wants 'real' and gets the logit 6: it pays the softplus of minus that.",
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
    right=[dict(diagnosis=CAUSE, rest_of_d=Loss(BEST, 4), rest_of_g=Loss(price(0), 4))],
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
        ],
        "1 and 0 are what D's sigmoid has made already: put them into softplus as they are.": [
            dict(rest_of_d=(price(-chance(1)) + price(0.5)) / 2),
            dict(rest_of_d=(price(-chance(1)) + price(0)) / 2),
        ],
        "The two are swapped: first D's loss, then G's.": dict(rest_of_d=price(0), rest_of_g=BEST),
        "That is its term of the fakes only.": [dict(rest_of_d=price(0) / 2), dict(rest_of_d=price(1))],
        "A softplus is never negative.": [
            {part: Between(-math.inf, -1e-9, -0.5)} for part in ("rest_of_d", "rest_of_g")
        ],
        "These are bits; the logarithms are natural ones.": dict(rest_of_d=BEST / math.log(2)),
        "That is a probability. G's loss is minus its logarithm.": dict(rest_of_g=0.5),
        "Why should D give the fakes the highest 'logit' that it has?": dict(rest_of_d=(price(-1) + price(1)) / 2),
        "That is its term of the real samples only.": [dict(rest_of_d=price(-1)), dict(rest_of_d=price(-1) / 2)],
        "That is best for somebody who takes fakes for real.": dict(rest_of_d=(price(1) + price(0)) / 2),
        "G wants D to say 'real': softplus of minus the 'logit'.": dict(rest_of_g=price(1)),
        "G's loss is one term, and not averaged with another, nor added.": [
            dict(rest_of_g=loss) for loss in (price(0) / 2, BEST, 2 * price(0), 2 * BEST)
        ],
        "Less than D can reach. Which of the numbers from 0 to 1 is best on real samples, which on fakes?": dict(
            rest_of_d=Between(0, BEST - 1.01e-4, 0.1)
        ),
        "D can do better: is each 'logit' the best of those from 0 to 1?": dict(
            rest_of_d=Between(BEST + 1.01e-4, math.inf, 5)
        ),
        "So little takes a 'logit' above 1 on the fakes.": dict(rest_of_g=Between(0, price(-1) - 2e-3, 0.1)),
        "That takes a 'logit' above 0 on the fakes. Is that the best that D can give them?": dict(
            rest_of_g=Between(price(-1) - 1e-3, price(0) - 1.01e-4, 0.6)
        ),
        "So much takes a 'logit' below 0 on the fakes. Does a sigmoid give one?": dict(
            rest_of_g=Between(price(0) + 1.01e-4, math.inf, 5)
        ),
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
    batches = [torch.randn(n, 2) for n in sizes]
    due, heard, told = d_loss(d, *batches).item(), listen(d), ""
    loss = call(function, d, *batches)
    passes = len(heard)
    if isinstance(loss, torch.Tensor) and loss.requires_grad and loss.numel() == 1 and abs(loss - due) > 1e-4:
        if d[0].weight.grad is None:
            torch.autograd.grad(loss, list(d.parameters()), retain_graph=True, allow_unused=True)
        told = kind(heard, zip(batches, (1, -1), strict=True))
    yield "what D is told", told
    yield "the loss", loss
    yield "a way back", isinstance(loss, torch.Tensor) and loss.requires_grad
    yield "a gradient left in D", any(p.grad is not None for p in d.parameters())
    yield (
        "its gradient",
        flat(torch.autograd.grad(loss, list(d.parameters()), allow_unused=True, materialize_grads=True)),
    )
    yield "the number of passes", passes


one_pass = Exercise(
    "`d_loss(discriminator, real, fake)`: D's loss with one pass, as the sum of the two means.",
    right=[d_loss],
    mistakes={
        **kinds({"the real samples": (1, 4), "the fakes": (-1, 8)}),
        "D is never asked about the samples in `real` and `fake` as they are.": [
            lambda d, real, fake: d_loss(d, real + 1, fake),
            lambda d, real, fake: d_loss(d, real, fake + 1),
        ],
        "A mean over both batches divides by all their logits. Take one over each, and add.": divided(
            lambda n, m: n + m
        ),
        "Right for batches of equal size only: each mean is over its own batch.": divided(
            lambda n, m: (n + m) / 2, lambda n, m: n, lambda n, m: m
        ),
        "The two means are to be added, not averaged.": dict(terms=(0.5, 0.5)),
        "Two sigmoids: the loss takes logits, and has a sigmoid of its own.": dict(to=torch.sigmoid),
        "Cut where the real samples end, at len(real): the batches may differ in size.": cuts(
            lambda x, n, m: x.chunk(2), lambda x, n, m: (x[:n], x[m:]), lambda x, n, m: (x[:m], x[m:])
        ),
        "The logits come back as torch.cat was given the batches: yours took the fakes first, and not so afterwards.": (
            lambda d, real, fake: d_loss(d, *torch.cat([fake, real]).split([len(real), len(fake)]))
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
        "Stay in torch: NumPy's numbers know no way back to D.": dict(to=torch.Tensor.numpy),
        "These are sums over the batches; means are wanted.": dict(mean=torch.sum),
        "That is another GAN's loss (hinge, least squares); D's is the cross-entropy on logits.": OTHERS,
        "backward() can't start at a plain number: return the tensor as it is.": [
            dict(way=torch.Tensor.item),
            dict(way=lambda x: round(x.item(), 2)),
        ],
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
