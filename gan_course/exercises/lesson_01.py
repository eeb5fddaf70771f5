"""Lesson 01's exercises, in NumPy only: D's loss, a best D, five numbers, G's losses, two kinds of steps, three logs."""

import math
from functools import partial

import numpy as np

from gan_course.exercises import Exercise, Number, Wrong, among, call, of, several
from gan_course.exercises.compare import plain


def itself(x):
    return x


def softplus(x):
    return np.logaddexp(0, x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# 1. D's loss, and what G's losses share with it: a mean of ``each(y)``, where y is the logit, or minus it, as ``turn`` says.


def loss(x, turn, *, to=itself, each=lambda y: softplus(-y), mean=np.mean, sign=1):
    return turn * sign * mean(each(turn * to(x)))


def of_mean_d(x):
    return -np.log(1 / np.mean(sigmoid(x)) - 1)


CUT = "something is cut off, or added inside the logarithm: that bends the loss and takes its slope away."
CUT_LOSSES = [
    *(dict(each=lambda y, e=10.0**-n: -np.log(sigmoid(y) + e)) for n in range(5, 17)),
    *(dict(each=lambda y, e=10.0**-n: -np.log(1 - sigmoid(-y) + e)) for n in range(5, 17)),
    *(dict(to=lambda x, end=end: np.clip(x, -end, end)) for end in (20, 30, 50, 100, 500)),
    dict(each=lambda y: np.minimum(-np.log(sigmoid(y)), 100)),
]
ROUNDED = (
    "for large logits a sigmoid is rounded, or an exponential overflows: a softplus made with np.logaddexp is safe."
)
ROUNDED_LOSSES = [
    dict(each=lambda y: -np.log(sigmoid(y))),
    dict(each=lambda y: -np.log(sigmoid(y.astype(float)))),
    dict(each=lambda y: -np.log(1 - sigmoid(-y))),
    dict(each=lambda y: -np.log(np.exp(y) / (1 + np.exp(y)))),
    dict(each=lambda y: -np.log(sigmoid(y)) - 0 * np.log(1 - sigmoid(y))),
    dict(each=lambda y: np.log(1 + np.exp(y)) - y),
    *(dict(each=lambda y, one=one: np.nan_to_num(-np.log(one(y)))) for one in (sigmoid, lambda y: 1 - sigmoid(-y))),
]
ONE_BY_ONE = "math.exp and `if` take one number. np.exp, np.where and np.logaddexp take whole batches."
FOR_ONE = [dict(each=lambda y: math.log(1 + math.exp(-y))), dict(each=lambda y: -y if y < -30 else softplus(-y))]
FROM_ONE = "1 - D isn't the sigmoid of 1 - logit, it is that of minus the logit; and log(1 - D) isn't 1 - log D."
CORNER = "max(0, x) is a softplus seen from far away. Near 0 that is round: log(1 + exp(x))."
OTHER_GAN = (
    "a loss of another kind of GAN (Wasserstein, hinge, least squares). Here it is a logarithm of D or of 1 - D."
)
OTHERS = [
    dict(each=lambda y: -y),
    dict(each=lambda y: np.maximum(1 - y, 0)),
    *(dict(each=lambda y, half=half: half * sigmoid(-y) ** 2) for half in (1, 0.5)),
]
FAR = f"Right for small logits, not for large ones. Are large ones treated apart, and wrongly? Or perhaps {CUT}"
FAR_OUT = [(logit, kind) for logit in (100, -100, 1000, -1000) for kind in ("float64", "float32")]


def d_loss(real, fake, *, turns=(1, -1), weights=(1, 1), **options):
    terms = zip(weights, turns, (real, fake), strict=True)
    return sum(weight * turn * loss(x, turn, **options) for weight, turn, x in terms)


def of_both_batches(real, fake, times=1):
    return times * softplus(np.append(-real, fake)).mean()


def textbook(real, fake, clean=itself):
    return clean(-np.log(sigmoid(real))).mean() + clean(-np.log(1 - sigmoid(fake))).mean()


def look_at_d_loss(logits, d_loss):
    far_out = logits[0].size == 1
    yield "L_D, far out" if far_out else "L_D", call(d_loss, *(each.copy() for each in logits))


REAL, FAKE = np.array([2.0, -0.5, 0.3, 3.0]), np.array([-3.0, 1.2, -0.2, -1.5])
discriminator_loss = Exercise(
    "`discriminator_loss(real_logits, fake_logits)`: the mean of -log D plus the mean of -log(1 - D).",
    right=[
        d_loss,
        lambda real, fake: np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean(),
        lambda real, fake: (softplus(real) - real).mean() + softplus(fake).mean(),
    ],
    mistakes={
        "That is the mean of the two terms. L_D is their sum.": dict(weights=(0.5, 0.5)),
        "That is V, which D maximises. L_D is -V.": dict(sign=-1),
        "The labels are swapped: a real sample costs little where its logit is large, a fake where it is very negative.": dict(
            turns=(-1, 1)
        ),
        "The real samples' term has the wrong sign inside: -log D has to fall when the logit rises.": dict(
            turns=(-1, -1)
        ),
        "The fakes' term has the wrong sign inside: -log(1 - D) has to rise with the logit. What you wrote is for G.": dict(
            turns=(1, 1)
        ),
        "The two terms are subtracted. Both are costs: add them.": [dict(weights=(1, -1)), dict(weights=(-1, 1))],
        "That is the real samples' term. That of the fakes is missing.": dict(weights=(1, 0)),
        "That is the fakes' term. That of the real samples is missing.": dict(weights=(0, 1)),
        "One mean over both batches counts the larger batch more. Take the mean of each, and add the two.": partial(
            of_both_batches, times=2
        ),
        "That is one mean over both batches. Take the mean of each, and add the two.": of_both_batches,
        "That is the batches' sum. Take the mean of each batch.": dict(mean=np.sum),
        "One batch's sum is in it. Take the mean of each.": [
            lambda real, fake: softplus(-real).sum() + softplus(fake).mean(),
            lambda real, fake: softplus(-real).mean() + softplus(fake).sum(),
        ],
        "One number for the whole batch is wanted: a mean over the real ones plus a mean over the fakes.": [
            lambda real, fake: softplus(-real).mean() + softplus(fake),
            lambda real, fake: softplus(-real) + softplus(fake).mean(),
        ],
        "The batches may differ in size: take the mean of each first, then the sum of the two.": [
            dict(mean=itself),
            lambda real, fake: (softplus(-real) + softplus(fake)).mean(),
            lambda real, fake: np.mean([softplus(-a) + softplus(b) for a, b in zip(real, fake, strict=False)]),
        ],
        "Divide each batch's sum by its own size.": [
            lambda real, fake, i=i: (softplus(-real).sum() + softplus(fake).sum()) / (real, fake)[i].size
            for i in (0, 1)
        ],
        "These are the two terms. L_D is their sum, one number.": lambda real, fake: (
            softplus(-real).mean(),
            softplus(fake).mean(),
        ),
        "Don't round.": [lambda real, fake, n=n: round(d_loss(real, fake), n) for n in (0, 1, 2, 3)],
        FROM_ONE: [
            lambda real, fake: softplus(-real).mean() + softplus(fake - 1).mean(),
            *(lambda real, fake, a=a: softplus(-real).mean() + a - softplus(-fake).mean() for a in (1, -1)),
        ],
        f"That is {OTHER_GAN}": OTHERS,
        CORNER: dict(each=lambda y: np.maximum(-y, 0)),
        ONE_BY_ONE: FOR_ONE,
        "That is the median. The mean is wanted.": dict(mean=np.median),
        "A sigmoid too many: the logits went through it twice.": dict(to=sigmoid),
        "Take the natural logarithm, not that to the base 2 or 10.": [dict(sign=1 / math.log(b)) for b in (2, 10)],
        "The mean of all losses, not the loss of a mean.": [dict(to=to) for to in (np.mean, of_mean_d)],
        "The logarithm is missing.": dict(each=lambda y: -sigmoid(y)),
        "That is a logarithm of the logit, not of D.": [
            dict(each=lambda y: -np.log(y)),
            dict(each=lambda y: -np.log(1 + y)),
            lambda real, fake: -np.log(real).mean() - np.log(1 - fake).mean(),
        ],
        ROUNDED.capitalize(): [textbook, partial(textbook, clean=np.nan_to_num), *ROUNDED_LOSSES],
        CUT.capitalize(): CUT_LOSSES,
    },
    cases={"four real logits and two fake ones": (REAL, FAKE[:2]), "four of each": (REAL, FAKE)}
    | {
        f"a real logit {logit} and a fake one {-logit}, as {kind}": (np.array([logit], kind), np.array([-logit], kind))
        for logit, kind in FAR_OUT
    },
    observe=look_at_d_loss,
    praise="Also for batches of different sizes, and the right number for every logit.",
    hints={"far out": FAR},
)


# 2. The best D

P, Q = np.array([0.3, 0.05, 1.2, 0.0, 0.7]), np.array([0.1, 0.6, 1.2, 0.4, 0.0])
LABELS = ((0.8, 0.3), (0.9, 0.0), (1.0, 0.0), (0.9, 0.1))  # first those for which 1 - D and swapped densities differ


def best_d(p, q, r, f, *, top=lambda r, f: (r, f), bottom=lambda r, f: (1, 1), to=itself, nobody=0.5):
    """(a p + b q) / (c p + d q): ``top`` gives a and b, ``bottom`` c and d."""
    (a, b), (c, d) = top(r, f), bottom(r, f)
    value = to((a * p + b * q) / np.asarray(c * p + d * q))
    return np.where(np.asarray(p + q) == 0, nobody, value) if nobody is not None else value


SINGLE = "Right for arrays, but not for single numbers p and q. (np.asarray makes arrays of them.)"


def look_at_best_d(labels, best_d):
    yield "D", call(best_d, P.copy(), Q.copy(), *labels)
    try:
        one = call(best_d, 0.3, 0.1, *labels)
    except (TypeError, AttributeError, IndexError) as error:
        raise Wrong(SINGLE) from error
    yield "D for the numbers p = 0.3 and q = 0.1", one
    nobody = plain(call(best_d, np.array([0.0, 0.3]), np.array([0.0, 0.1]), *labels))
    yield "a number where p and q are 0", bool(np.isfinite(nobody[0]))
    yield "a probability where p and q are 0", bool(0 <= nobody[0] <= 1)
    yield "D beside a place where p and q are 0", nobody[1]


best_discriminator = Exercise(
    "`best_d(p, q, r, f)`: the best D where p_data is p and p_g is q, for the labels r (real) and f (fakes).",
    right=[
        best_d,
        lambda p, q, r, f: (r * p + f * q) / (p + q + 1e-12),
        lambda p, q, r, f: f + (r - f) * p / np.maximum(p + q, 1e-30),
        lambda p, q, r, f: sigmoid(np.log(r * p + f * q + 1e-30) - np.log((1 - r) * p + (1 - f) * q + 1e-30)),
    ],
    mistakes={
        "That is the best D for the labels 1 and 0. Where are r and f?": dict(top=lambda r, f: (1, 0)),
        "Labels are left out, and p and q swapped: large p makes D large.": dict(top=lambda r, f: (0, 1)),
        "p and q are swapped: r is the label of real samples, whose density is p.": dict(top=lambda r, f: (f, r)),
        "That is 1 - D: the part that speaks for *generated*.": dict(top=lambda r, f: (1 - r, 1 - f)),
        "That is a logit, log(D / (1 - D)). The probability D is wanted.": [
            dict(bottom=lambda r, f: (1 - r, 1 - f), to=np.log),
            lambda p, q, r, f: np.log(p / q),
        ],
        "That is the numerator. It still has to be divided by p + q.": lambda p, q, r, f: r * p + f * q,
        "That is what speaks for *real* over what speaks for *generated*. D is its share of both.": [
            dict(top=lambda r, f: (1, 0), bottom=lambda r, f: (0, 1)),
            dict(bottom=lambda r, f: (1 - r, 1 - f)),
        ],
        "p or q is missing below. What stands before log D has both of them, and so has what stands before log(1 - D).": [
            dict(top=lambda r, f: (r, 0), bottom=lambda r, f: (r, f)),
            dict(top=lambda r, f: (r, 0), bottom=lambda r, f: (r, 1 - f)),
            dict(bottom=lambda r, f: (r, 1)),
            dict(top=lambda r, f: (r, 0), bottom=lambda r, f: (r, 1)),
        ],
        "D gives a fake its label, f. Here it gives it another one.": [
            dict(top=lambda r, f: (r, 1 - f)),
            dict(top=lambda r, f: (r, 1 - r)),
            dict(top=lambda r, f: (r, -f)),
        ],
        "Divide by p + q. The labels have no part in the sum below: r and 1 - r make 1, f and 1 - f, too.": [
            lambda p, q, r, f: (r * p + f * q) / (r + f),
            dict(bottom=lambda r, f: (r + f, r + f)),
        ],
        "The labels aren't bounds, and D need not decide: between them it may say anything.": [
            lambda p, q, r, f: np.clip(best_d(p, q, 1, 0), f, r),
            *(lambda p, q, r, f, a=a: np.where(p > q, a * r + 1 - a, a * f) for a in (0, 1)),
        ],
        "Brackets are missing: all of the numerator is divided by p + q.": lambda p, q, r, f: (
            r * p + f * best_d(q, p, 1, 0)
        ),
        "Half of it. p + q is the whole sum below.": dict(bottom=lambda r, f: (2, 2)),
        "What is added below makes D smaller everywhere. Treat the place where p and q are 0 alone, with np.where.": [
            lambda p, q, r, f, e=e: (r * p + f * q) / (p + q + e) for e in (1, 0.1, 0.01, 1e-3, 1e-4)
        ],
        "Where only one of p and q is 0 the formula holds. Only where *both* are there is nobody.": [
            lambda p, q, r, f: np.where(np.asarray(p) == 0, 0.5, best_d(p, q, r, f)),
            lambda p, q, r, f: np.where(np.asarray(q) == 0, 0.5, best_d(p, q, r, f)),
            lambda p, q, r, f: np.where(np.asarray(p * q) == 0, 0.5, best_d(p, q, r, f)),
        ],
        "f is left out: the fakes have the label f, and D is to say so.": dict(top=lambda r, f: (r, 0)),
        "Without any fakes this is r + f. The label of all that is there is r.": [
            dict(top=lambda r, f: (r + f, f)),
            dict(top=lambda r, f: (r + f, f), to=lambda d: np.minimum(d, 1)),
        ],
        "p and q may be arrays: `if` and float() take one number. np.where asks about each.": [
            lambda p, q, r, f: best_d(p, q, r, f) if p + q > 0 else 0.5,
            lambda p, q, r, f: float(best_d(p, q, r, f)),
        ],
        SINGLE: [
            lambda p, q, r, f: best_d(p, q, r, f) if np.ndim(p) else 0.5,
            lambda p, q, r, f: best_d(p, q, r, f) + np.zeros(p.shape),
            lambda p, q, r, f: np.array([best_d(*pair, r, f) for pair in zip(p, q, strict=True)]),
        ],
        "0/0 where p and q are both 0: it must be a number there.": [dict(nobody=None), dict(nobody=np.inf)],
        "What stands where p and q are both 0 isn't a probability.": [dict(nobody=-1), dict(nobody=9)],
        "One point where p and q are both 0 spoils its neighbours: treat it alone.": lambda p, q, r, f: (
            np.full_like(p, 0.5) if np.any(p + q == 0) else best_d(p, q, r, f)
        ),
    },
    cases={f"r = {r:g}, f = {f:g}, p = {P.tolist()}, q = {Q.tolist()}": (r, f) for r, f in LABELS},
    observe=look_at_best_d,
    praise="For every pair of labels, and a number where nobody is.",
    hints={"D": "There is another D with a smaller loss."},
)


# 3. Five numbers

LOG2, LOG4, SMOOTHED = math.log(2), math.log(4), -0.9 * math.log(0.45) - 0.1 * math.log(0.55) - math.log(0.55)
FIVE = {"D, draw": LOG4, "G, draw": LOG2, "D, draw, smoothed": SMOOTHED, "JSD, apart": LOG2}
FIVE["JSD, at least"] = (LOG4 - 1) / 2
NEGATIVE = "A divergence is never negative. Mind the sign: L_D is -V, and the sum of two terms."
LARGE = "More than log 2, so it can't be a JSD. Mind the sign: L_D is -V."
LABEL = "For the real samples' label 0.9 the term is -0.9 log D - 0.1 log(1 - D), with the best D of exercise 2."
SAYS = "That is made of what D says, 1/2. Its loss is -log D for the real samples plus -log(1 - D) for the fakes."
BEST = "That is the loss of another D. At a draw the best one says the same of both; exercise 2 says what, with p = q."
PART = "L_D = 1 means V = -1. Put that into V = -log 4 + 2 JSD, which holds for the best D."
WRONG = {
    "D, draw": {
        LOG2: "That is one term, or the mean of both. L_D is their sum.",
        0: "A loss of 0 is that of a D that is always right. At a draw D says 1/2.",
        -LOG4: "That is V. L_D is -V.",
        **dict.fromkeys([0.5, 0.25, 1], SAYS),
        math.log10(2): "That is one term, and to the base 10. L_D is the sum of both, with natural logarithms.",
    },
    "G, draw": {
        -LOG2: "That is the mean of log(1 - D). The mean of -log D is asked for.",
        LOG4: "G's loss has one term only.",
        0: "At a draw D says 1/2, and -log D isn't 0 there.",
        0.5: "1/2 is what D says. What does G pay for that?",
        LOG2 / 2: "That is half of it. G's loss is -log D, and D says 1/2.",
    },
    "D, draw, smoothed": {
        LOG4: "That is what D = 1/2 costs. But with the labels 0.9 and 0 the best D at a draw isn't 1/2.",
        SMOOTHED / 2: "That is the mean of both terms. L_D is their sum.",
        -0.9 * math.log(0.9) - 0.1 * math.log(0.1): "That is what a D pays that can tell real from generated.",
        -math.log(0.45) - math.log(0.55): LABEL,
        -0.9 * math.log(0.45) - math.log(0.55): LABEL,
        SMOOTHED + math.log(0.55): "That is the real samples' term. That of the fakes is missing.",
        -math.log(0.55): "That is the fakes' term. That of the real samples is missing.",
        1.9 * LOG2: LABEL,
        **{-0.9 * math.log(d) - 0.1 * math.log(1 - d) - math.log(1 - d): BEST for d in (0.9, 0.9 / 1.9, 0.55)},
        **dict.fromkeys([-math.log(0.9) - math.log(0.1), -math.log(0.9)], BEST),
        -0.9 * math.log(0.9) - 0.1 * math.log(0.1) + LOG2: BEST,
        0.9 * LOG4: "The label isn't a factor of the loss. It changes what is paid, and which D is best.",
        0.45: "That is what D says. What does it pay for that?",
    },
    "JSD, apart": {
        LOG4: "That is twice the divergence.",
        LOG2 / 2: "That is half of it: each of the two KL is log 2, and so is their mean.",
        0: "0 is the divergence of two that are equal.",
        -LOG2: "A divergence is never negative. Each of the two KL is log 2 here.",
        0.5: "1/2 is a part of the mixture there. The divergence is made of its logarithms.",
        math.inf: "KL would be infinite. JSD compares with the mixture, which is nowhere 0 where p is not.",
    },
    "JSD, at least": {
        LOG4 - 1: "Half of that: V is -log 4 + 2 JSD.",
        **dict.fromkeys([(1 - LOG4) / 2, 1 - LOG4, LOG2 - 1, (LOG2 - 1) / 2], NEGATIVE),
        **dict.fromkeys([(LOG4 + 1) / 2, LOG4 + 1], LARGE),
        **dict.fromkeys([1, 0.5], PART),
        LOG2: "That is the most that it can be, for two that never meet. L_D = 1 proves less.",
        0: "D's loss is below log 4, so there is a difference. Step 7 says how large at least.",
    },
}
BASES = {"That is a logarithm to the base 2. The natural one is meant.": [{k: FIVE[k] / LOG2} for k in FIVE]}
BASES["That is a logarithm to the base 10. The natural one is meant."] = [
    {key: FIVE[key] / math.log(10)} for key in FIVE if key != "D, draw, smoothed"
]
numbers = Exercise(
    "The five numbers of exercise 3, to three decimals.",
    right=[{key: Number(value, 3) for key, value in FIVE.items()}],
    mistakes=BASES
    | {
        hint: [{key: value} for value in wrong if wrong[value] == hint]
        for key, wrong in WRONG.items()
        for hint in wrong.values()
    },
    hints={
        "D, draw": "What does the best D say at a draw, and what does each of its two terms cost then?",
        "G, draw": "It is -log D, for what the best D says at a draw.",
        "D, draw, smoothed": "Exercise 2 says what the best D is. Its loss is two cross-entropies, labels 0.9 and 0.",
        "JSD, apart": "See step 6 of *What remains of the game*.",
        "JSD, at least": "See step 7 of *What remains of the game*.",
    },
    praise="Keep log 2 and log 4 in mind: they come up again and again.",
)


# 4. G's two losses. The minimax loss of x is minus the non-saturating one of -x: one function makes both.

NAMES = dict(minimax="The minimax loss", non_saturating="The non-saturating loss")


def losses(**options):
    return dict(minimax=partial(loss, turn=-1, **options), non_saturating=partial(loss, turn=1, **options))


def look_at_losses(logits, *losses):
    for name, loss in zip(NAMES.values(), losses, strict=True):
        yield name if logits.size > 1 else f"{name}, far out", call(loss, logits.copy())


def in_each(answers, names):
    """The same mistakes in each part: WHICH in a hint is its name."""
    return {k.replace("WHICH", name): v for part, name in names.items() for k, v in of(part, answers).items()}


IN_LOSSES = {
    "WHICH: the sign is wrong. G minimises it, so it has to fall when the logits rise.": dict(sign=-1),
    "WHICH: this is the other of the two. The minimax loss has log(1 - D).": dict(each=lambda y: -softplus(y)),
    "WHICH: that is the other one with its sign turned. With it G would help D.": dict(each=softplus),
    "WHICH: that is the batch's sum, not its mean.": [dict(mean=np.sum), dict(mean=np.sum, sign=-1)],
    "WHICH: one number for the whole batch is wanted, its mean, not one for each sample.": dict(mean=itself),
    "WHICH: a sigmoid too many: the logits went through it twice.": dict(to=sigmoid),
    "WHICH: take the natural logarithm, not that to the base 2 or 10.": [dict(sign=1 / math.log(b)) for b in (2, 10)],
    "WHICH: the mean of all losses, not the loss of a mean.": [dict(to=to) for to in (np.mean, of_mean_d)],
    "WHICH: the logarithm is missing.": dict(each=lambda y: -sigmoid(y)),
    "WHICH: that is a logarithm of the logit, not of D.": [dict(each=lambda y, a=a: -np.log(a + y)) for a in (0, 1)],
    f"WHICH: {ROUNDED}": ROUNDED_LOSSES,
    f"WHICH: {CUT}": CUT_LOSSES,
    f"WHICH: that is {OTHER_GAN}": OTHERS,
    f"WHICH: {CORNER}": dict(each=lambda y: np.maximum(-y, 0)),
    "WHICH: that is the median. The mean is wanted.": dict(mean=np.median),
    f"WHICH: {ONE_BY_ONE}": FOR_ONE,
    "WHICH: the batch may have any size. Divide by its own, or take the mean.": [
        dict(mean=lambda x, n=n: x.sum() / n) for n in (4, 64, 128, 256)
    ],
    "WHICH: that is half of it.": dict(sign=0.5),
    "WHICH: don't round.": [dict(mean=lambda x, n=n: round(x.mean(), n)) for n in (0, 1, 2, 3)],
}
IN_MINIMAX = {
    f"The minimax loss: {FROM_ONE}": [
        lambda logits: -softplus(logits - 1).mean(),
        *(lambda logits, sign=sign: 1 + sign * softplus(-logits).mean() for sign in (1, -1)),
    ]
}
generator_losses = Exercise(
    "`minimax(logits)`: the mean of log(1 - D). `non_saturating(logits)`: the mean of -log D.",
    parts=tuple(NAMES),
    right=[losses(), losses(each=lambda y: np.maximum(-y, 0) + np.log1p(np.exp(-abs(y))))],
    mistakes=in_each(IN_LOSSES, NAMES) | of("minimax", IN_MINIMAX),
    cases={f"the logits {logits}": np.array(logits) for logits in ([-3, -0.5, 0, 2], [1.0, -2.0])}
    | {f"the logit {logit} as {kind}": np.array([logit], kind) for logit, kind in FAR_OUT},
    observe=look_at_losses,
    praise="Two means, with the right sign, and the right number for every logit.",
    hints={"far out": FAR},
)


# 5. Steps. fx and fy are the slopes of f for x and for y.

GAMES = {
    "f = xy + x²/2 - y²": (lambda x, y: y + x, lambda x, y: x - 2 * y),
    "f = xy": (lambda x, y: y, lambda x, y: x),
}
STARTS = (0.6, -0.9, 0.1), (-2.0, 0.7, 0.4)  # x, y, eta


def simultaneous(x, y, eta, fx, fy):
    return x - eta * fx(x, y), y + eta * fy(x, y)


def alternating(x, y, eta, fx, fy):
    new_x = x - eta * fx(x, y)
    return new_x, y + eta * fy(new_x, y)


def y_first(x, y, eta, fx, fy):
    new_y = y + eta * fy(x, y)
    return x - eta * fx(x, new_y), new_y


def extragradient(x, y, eta, fx, fy, *, trial=simultaneous, signs=(-1, 1), old=0, start=lambda o, t: o,
                  at=lambda o, t, x: (t, t)):  # fmt: skip
    """``at`` says where the two slopes are taken: it knows the old point, the trial point and the new x."""
    tried = trial(x, y, eta, fx, fy)
    points = at((x, y), tried, x - eta * fx(*tried))
    slopes = [(1 - old) * slope(*point) + old * slope(x, y) for slope, point in zip((fx, fy), points, strict=True)]
    return tuple(a + sign * eta * b for a, sign, b in zip(start((x, y), tried), signs, slopes, strict=True))


def turned(step, sign_x, sign_y):
    """A step that takes the slopes with other signs."""
    return lambda x, y, eta, fx, fy: step(x, y, eta, lambda *at: sign_x * fx(*at), lambda *at: sign_y * fy(*at))


def repeated(step, times, x, y, *given):
    for _ in range(times):
        x, y = step(x, y, *given)
    return x, y


def of_both(step):
    """The mistakes that can be made in either step; WHICH in a hint is its name."""
    return {
        "WHICH: both go the wrong way: x wants f small, y wants it large.": turned(step, -1, -1),
        "WHICH: y goes down, too. y wants f large, so it goes up.": turned(step, 1, -1),
        "WHICH: x goes up, too. x wants f small.": turned(step, -1, 1),
        "WHICH: x takes the slope for y. It is slope_x(x, y) that is for x.": lambda *a: step(*a[:3], a[4], a[3]),
        "WHICH: the two numbers are swapped: the new x comes first.": lambda *a: step(*a)[::-1],
        "WHICH: x and y are swapped in the slopes: it is slope_x(x, y), x first.": lambda *a: step(
            *a[:3], lambda u, v: a[3](v, u), lambda u, v: a[4](v, u)
        ),
        "WHICH: eta is left out. It is the size of the step.": [
            lambda x, y, eta, *slopes: step(x, y, 1, *slopes),
            lambda x, y, eta, fx, fy: step(x, y, eta, fx, lambda *at: fy(*at) / eta),
            lambda x, y, eta, fx, fy: step(x, y, eta, lambda *at: fx(*at) / eta, fy),
        ],
        "WHICH: all of eta is wanted, and no more.": [
            lambda x, y, eta, *slopes, c=c: step(x, y, c * eta, *slopes) for c in (0.5, 2)
        ],
        "WHICH: that is how far it goes. Return where it ends.": lambda x, y, *a: np.subtract(step(x, y, *a), (x, y)),
        "WHICH: eta comes in once.": lambda x, y, eta, *slopes: step(x, y, eta**2, *slopes),
        "WHICH: x hasn't moved, or the old one is returned.": lambda x, *a: (x, step(x, *a)[1]),
        "WHICH: y hasn't moved, or the old one is returned.": lambda x, y, *a: (step(x, y, *a)[0], y),
        "WHICH: the slopes are functions of a point: slope_x(x, y) is a number.": [
            lambda *a: step(*a[:3], lambda x, y: a[3](x), lambda x, y: a[4](y)),
            lambda *a: step(*a[:3], lambda x, y: a[3], lambda x, y: a[4]),
        ],
        "WHICH: one step is wanted, this is more.": [partial(repeated, step, n) for n in (2, 1000)],
        "WHICH: that is the step for xy. Take the slopes that are handed over.": lambda *a: step(
            *a[:3], *GAMES["f = xy"]
        ),
    }


def look_at_steps(case, *steps):
    for name, step in zip(STEPS.values(), steps, strict=True):
        yield name, several(call(step, *case), "the new x", "the new y", what=f"{name}: a tuple")


STEPS = dict(alternating="Alternating", extragradient="Extragradient")
IN_ALTERNATING = {
    "Alternating: y still looks at the old x: that is the simultaneous step, which runs away.": simultaneous,
    "Alternating: y went first. Here x is to go first.": y_first,
    "Alternating: y goes down, too, and looks at the old x. y wants f large.": turned(simultaneous, 1, -1),
    "Alternating: that is the extragradient step. Here nobody makes a trial.": extragradient,
}
IN_EXTRAGRADIENT = {
    "Extragradient: the last step starts at the old point, not at the trial point. Keep x and y for it.": [
        dict(start=lambda o, t: t),
        dict(start=lambda o, t: (t[0], o[1])),
        dict(start=lambda o, t: (o[0], t[1])),
    ],
    "Extragradient: the last step is a whole one, and no more.": [
        lambda x, y, *a, c=c: np.add((x, y), c * np.subtract(extragradient(x, y, *a), (x, y))) for c in (0.5, 2)
    ],
    "Extragradient: both make a trial step, x and y.": [
        dict(trial=lambda x, y, *a: (x, simultaneous(x, y, *a)[1])),
        dict(trial=lambda x, y, *a: (simultaneous(x, y, *a)[0], y)),
    ],
    "Extragradient: eta is left out of the trial step.": dict(trial=lambda x, y, eta, *s: simultaneous(x, y, 1, *s)),
    "Extragradient: these are two alternating steps.": partial(repeated, alternating, 2),
    "Extragradient: that is only the trial step. Take its slopes, and start again from the old point.": simultaneous,
    "Extragradient: y looks at the new x, not at the trial point's.": [
        dict(at=lambda o, t, x, i=i: (t, (x, (o, t)[i][1]))) for i in (0, 1)
    ],
    "Extragradient: x's slope is still the old point's, not the trial point's.": [
        dict(at=lambda o, t, x: (o, t)),
        alternating,
    ],
    "Extragradient: y's slope is still the old point's, not the trial point's.": dict(at=lambda o, t, x: (t, o)),
    "Extragradient: each slope is taken half at the old point. Both numbers have to be the trial point's.": [
        dict(at=lambda o, t, x: ((o[0], t[1]), (t[0], o[1]))),
        dict(at=lambda o, t, x: ((t[0], o[1]), (o[0], t[1]))),
    ],
    "Extragradient: in the trial y looks at x's trial already. Both look at the old point.": dict(trial=alternating),
    "Extragradient: in the last step y goes down. y wants f large.": dict(signs=(-1, -1)),
    "Extragradient: in the last step x goes up. x wants f small.": dict(signs=(1, 1)),
    "Extragradient: the last step has the wrong sign, for both.": dict(signs=(1, -1)),
    "Extragradient: in the trial one of them goes the wrong way, or both.": [
        dict(trial=turned(simultaneous, *signs)) for signs in ((-1, -1), (1, -1), (-1, 1))
    ],
    "Extragradient: that is halfway between the old slopes and the trial's. The trial's alone are wanted, after a whole "
    "trial step.": dict(old=0.5),
    "Extragradient: the old slopes have a part in the last step. The trial's alone are wanted.": dict(old=-1),
}
steps = Exercise(
    "`alternating(x, y, eta, slope_x, slope_y)` and `extragradient(...)`: one step each, for min_x max_y f(x, y).",
    parts=tuple(STEPS),
    right=[dict(alternating=alternating, extragradient=extragradient)],
    mistakes={
        **in_each(of_both(alternating), {"alternating": STEPS["alternating"]}),
        **of("alternating", IN_ALTERNATING),
        **in_each(of_both(extragradient), {"extragradient": STEPS["extragradient"]}),
        **of("extragradient", IN_EXTRAGRADIENT),
    },
    cases={
        f"{game}, from {start[:2]} with eta = {start[2]}": (*start, *slopes)
        for game, slopes in GAMES.items()
        for start in STARTS
    },
    observe=look_at_steps,
    praise="For any game. On xy the first goes round, the second goes in.",
)


# 6. Three logs

NOTHING, MINIMAX, NON_SATURATING = "D learns nothing", "the minimax loss saturates", "the non-saturating loss saturates"
ADDED, AVERAGED = "a draw, losses added", "a draw, losses averaged"
diagnosis = Exercise(
    '`{"A": cause, "B": cause, "C": cause}`.',
    right=[among({"A": NOTHING, "B": MINIMAX, "C": AVERAGED}, ADDED, NON_SATURATING)],
    mistakes={
        "The losses are those of a draw, but the samples are noise. Who else says 1/2?": {"A": ADDED},
        "At a draw the samples are good. These are noise. And 1.386 is a sum.": {"A": AVERAGED},
        "Where G's loss saturates D is sure of every fake. This D says 1/2.": [{"A": MINIMAX}, {"A": NON_SATURATING}],
        "How large is -log D where D is sure of every fake?": {"B": NON_SATURATING},
        "D's loss is 0: it has learned everything there is. Who gets nothing from that?": {"B": NOTHING},
        "At a draw D says 1/2, and pays for it. Here it pays nothing.": [{"B": ADDED}, {"B": AVERAGED}],
        "A draw, yes. But what would D's loss be if the two terms were added?": {"C": ADDED},
        "With a D that learns nothing the samples wouldn't be good.": {"C": NOTHING},
        "Where a loss saturates the samples stay bad. These are good.": [{"C": MINIMAX}, {"C": NON_SATURATING}],
    },
    praise="Samples first, losses second: that order saves many wrong guesses.",
)
