"""Lesson 01's exercises, in NumPy only: D's loss, a best D, five numbers, G's losses, two kinds of steps, three logs."""

import copy
import inspect
import math
from functools import partial

import numpy as np

from gan_course.exercises import Between, Exercise, Number, Wrong, among, call, of, several
from gan_course.exercises.compare import plain, same


def ask(function, *arguments):
    """Call a function of the reader's; refuse one that takes other arguments."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        raise Wrong(f"The check calls it with the arguments in the stub, in their order ({error}).") from None
    except ValueError:  # some of NumPy's have no signature
        pass
    return call(function, *arguments)


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


SLOPES = {  # what may be wrong with the slopes of WHICH, and an example
    "WHICH: a small change of the logits changes nothing. Are they left out, or is the loss rounded?": dict(sign=0),
    "WHICH: some logits have no part in it, or are cut off.": dict(mean=lambda x: x[:-1].mean()),
    "WHICH: that is the cross-entropy with another label, or the logits themselves are added.": dict(
        each=lambda y: softplus(-y) + y / 5
    ),
    "WHICH: a step down this loss moves logits the wrong way. Look at the signs.": dict(sign=-1 / 3),
    "WHICH: the right form, but not the right weight. Is there a factor too many, a sum for a mean, or the size of "
    "something else?": dict(sign=3),
    "WHICH: all logits get one and the same slope. Is the mean taken before the logarithm, or is that missing?": dict(
        to=np.mean
    ),
    "WHICH: D and 1 - D are exchanged in it.": dict(each=lambda y: -softplus(y) / 3),
    "WHICH: that isn't the mean of the one logarithm that is asked for.": dict(each=lambda y: softplus(-2 * y)),
}
CONSTANT = "the slopes are right, the value isn't: a constant is added or taken away."
NO_NUMBER = "one number for the whole batch is wanted, not an array, a tuple or a text."
NOT_FINITE = "not finite, even for small logits: is there the logarithm of a logit, or of 0?"
SPOILT = "the value is right, but the logits that were handed over have changed: `x *= -1` does that, `-x` doesn't."
CUT = (
    "right for small logits only: something is cut off, replaced, or added inside the logarithm, which bends the loss and "
    "takes its slope away."
)
CUT_LOSSES = [dict(each=lambda y: -np.log(sigmoid(y) + 1e-8)), dict(to=lambda x: np.clip(x, -20, 20))]
ROUNDED = (
    "for large logits a sigmoid is rounded, or an exponential overflows: a softplus made with np.logaddexp is safe."
)
ROUNDED_LOSSES = [
    dict(each=lambda y: -np.log(sigmoid(y))),
    dict(each=lambda y: -np.log(sigmoid(y.astype(float)))),
    dict(each=lambda y: -np.log(1 - sigmoid(-y))),
    dict(each=lambda y: np.log(1 + np.exp(y)) - y),
]
ROUNDED_LOSSES.append(dict(each=np.vectorize(lambda y: math.log(1 + math.exp(-y)))))
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
FAR_OUT = [np.array([logit], kind) for logit in (100, -100, 1000, -1000) for kind in ("float64", "float32")]


def d_loss(real, fake, *, turns=(1, -1), weights=(1, 1), only=({}, {}), **options):
    terms = zip(weights, turns, (real, fake), only, strict=True)
    return sum(weight * turn * loss(x, turn, **options, **own) for weight, turn, x, own in terms)


def of_both_batches(real, fake, times=1):
    return times * softplus(np.append(-real, fake)).mean()


def slopes(f, batches, i, h=1e-3):
    """Return the slopes of a loss for the logits of batch number ``i``."""
    ends = [
        [f(*batches[:i], batches[i] + way * step, *batches[i + 1 :]) for way in (h, -h)]
        for step in np.eye(batches[i].size)
    ]
    return (np.array(ends, float).reshape(-1, 2) @ (1, -1)) / (2 * h)


def kind(value, loss, right, batches):
    """Say what is wrong with a loss that has this value (str; "" if nothing is)."""
    if not isinstance(value, np.ndarray) or value.size != 1:
        return "no number"
    if same(value, plain(right(*batches))):
        return ""
    if not np.isfinite(value).all() or batches[0].size == 1:
        return f"finite: {np.isfinite(value).all()}"
    for i in range(len(batches)):
        mine, wanted = slopes(loss, batches, i), slopes(right, batches, i)
        mirrored = slopes(right, [-each for each in batches], i)
        tests = [not mine.any(), not mine.all(), np.ptp(mine - wanted) < 1e-5, min(mine / wanted) < 0]
        tests += [np.ptp(each) < 1e-4 for each in (mine / wanted, mine, mine / mirrored)]
        if abs(mine - wanted).max() > 1e-4:
            return f"{[*tests, True].index(True)} in batch {i}"
    return "a constant"


def look_at_loss(name, function, right, case):
    given = copy.deepcopy(case)
    values = [plain(ask(function, *batches)) for batches in given]
    kinds = [kind(value, function, right, batches) for value, batches in zip(values, case, strict=True)]
    yield f"{name}, what is wrong", next(filter(None, kinds), "")
    yield name, [np.squeeze(value) if np.size(value) == 1 else value for value in values]
    yield f"{name}: the logits stay", all(map(np.array_equal, sum(given, ()), sum(case, ())))


def spoils(right):
    """Return a loss that is right, and changes its logits."""
    return lambda *batches: (right(*batches), [np.negative(each, each) for each in batches])[0]


REAL, FAKE = np.array([2.0, -0.5, 0.3, 3.0]), np.array([-3.0, 1.2, -0.2, -1.5])
discriminator_loss = Exercise(
    "`discriminator_loss(real_logits, fake_logits)`: the mean of -log D plus the mean of -log(1 - D).",
    right=[
        d_loss,
        lambda real, fake: np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean(),
        lambda real, fake: (softplus(real) - real).mean() + softplus(fake).mean(),
    ],
    mistakes={
        NO_NUMBER.capitalize(): lambda real, fake: [d_loss(real, fake), 0],
        CONSTANT.capitalize(): lambda real, fake: d_loss(real, fake) + 5,
        NOT_FINITE.capitalize(): dict(each=lambda y: -np.log(y)),
        **{k.replace("WHICH", "The real samples"): dict(only=(own, {})) for k, own in SLOPES.items()},
        **{k.replace("WHICH", "The fakes"): dict(only=({}, own)) for k, own in SLOPES.items()},
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
        "One mean over both batches counts the larger batch more. Take the mean of each, and add the two.": partial(
            of_both_batches, times=2
        ),
        "That is one mean over both batches. Take the mean of each, and add the two.": of_both_batches,
        "That is the batches' sum. Take the mean of each batch.": dict(mean=np.sum),
        "The batches may differ in size: take the mean of each first, then the sum of the two.": [
            dict(mean=itself),
            lambda real, fake: (softplus(-real) + softplus(fake)).mean(),
            lambda real, fake: np.mean([softplus(-a) + softplus(b) for a, b in zip(real, fake, strict=False)]),
        ],
        "Don't round.": [lambda real, fake, n=n: round(d_loss(real, fake), n) for n in (0, 1, 2, 3)],
        FROM_ONE: [
            lambda real, fake: softplus(-real).mean() + softplus(fake - 1).mean(),
            *(lambda real, fake, a=a: softplus(-real).mean() + a - softplus(-fake).mean() for a in (1, -1)),
        ],
        f"That is {OTHER_GAN}": OTHERS,
        CORNER: dict(each=lambda y: np.maximum(-y, 0)),
        ONE_BY_ONE: FOR_ONE,
        "A sigmoid too many: the logits went through it twice.": dict(to=sigmoid),
        "Take the natural logarithm, not that to the base 2 or 10.": [dict(sign=1 / math.log(b)) for b in (2, 10)],
        "The mean of all losses, not the loss of a mean.": [dict(to=to) for to in (np.mean, of_mean_d)],
        "The logarithm is missing.": dict(each=lambda y: -sigmoid(y)),
        ROUNDED.capitalize(): ROUNDED_LOSSES,
        CUT.capitalize(): CUT_LOSSES,
        SPOILT.capitalize(): spoils(d_loss),
    },
    cases=[[(REAL, FAKE[:2]), (REAL, FAKE)], [(logit, -logit) for logit in FAR_OUT]],
    observe=lambda case, function: look_at_loss("L_D", function, d_loss, case),
    praise="Also for batches of different sizes, and the right number for every logit.",
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


def kind_of_d(said, function, r, f):
    """Say what a D doesn't know that says this of P and Q (str; "" if it is right), by asking it about five more pairs."""
    if not (isinstance(said, np.ndarray) and said.shape == P.shape):
        return "shape"
    off = abs(said - best_d(P, Q, r, f)).max()
    if off < 1e-4:
        return ""
    p, q = np.array([1.0, 0, 1, 2, 3]), np.array([0, 1.0, 1, 1, 6])
    d, of_r, of_f, less = (
        np.asarray(call(function, part * p, part * q, *labels), float)
        for part, *labels in ((1, r, f), (1, r - 0.1, f), (1, r, f + 0.05), (0.01, r, f))
    )
    tests = {"not finite": not np.isfinite(d[2:]).all(), "r": same(d, of_r, nan=True), "f": same(d, of_f, nan=True)}
    tests |= {"less": not same(d[2:], less[2:]), "nearly": off < 0.01}
    tests |= {"q = 0": not abs(d[0] - r) < 1e-3, "p = 0": not abs(d[1] - f) < 1e-3, "between": True}
    return next(name for name in tests if tests[name])


def look_at_best_d(case, function):
    given = [(P.copy(), Q.copy()) for _ in case]
    said = [plain(ask(function, *pair, *labels)) for pair, labels in zip(given, case, strict=True)]
    kinds = [kind_of_d(d, function, *labels) for d, labels in zip(said, case, strict=True)]
    yield "what D doesn't know", next(filter(None, kinds), "")
    yield "D", said
    yield "p and q stay", all(np.array_equal(pair, [P, Q]) for pair in given)
    for labels in case:
        try:
            one = plain(call(function, 0.3, 0.1, *labels))
        except (TypeError, AttributeError, IndexError) as error:
            raise Wrong(SINGLE) from error
        yield "right for the numbers p = 0.3 and q = 0.1", same(one, plain(best_d(0.3, 0.1, *labels)))
        nobody = plain(call(function, np.array([0.0, 0.3]), np.array([0.0, 0.1]), *labels))
        yield "a number where p and q are 0", bool(np.isfinite(nobody[0]))
        yield "a probability where p and q are 0", bool(0 <= nobody[0] <= 1)
        yield "right beside a place where p and q are 0", same(plain(nobody[1]), plain(best_d(0.3, 0.1, *labels)))


best_discriminator = Exercise(
    "`best_d(p, q, r, f)`: the best D where p_data is p and p_g is q, for the labels r (real) and f (fakes).",
    right=[
        best_d,
        lambda p, q, r, f: (r * p + f * q) / (p + q + 1e-12),
        lambda p, q, r, f: f + (r - f) * p / np.maximum(p + q, 1e-30),
        lambda p, q, r, f: sigmoid(np.log(r * p + f * q + 1e-30) - np.log((1 - r) * p + (1 - f) * q + 1e-30)),
    ],
    mistakes={
        "One D for each x is wanted: p and q may be arrays, and D has their shape.": lambda *a: best_d(*a).mean(),
        "Not a finite number, even where both p and q are there. Which logarithm, or which division, does it?": (
            lambda *a: np.log(-best_d(*a))
        ),
        "D stays as it is when r changes, the label of the real samples.": lambda p, q, r, f: best_d(q, p, f, 1),
        "D stays as it is when f changes, the label of the fakes.": dict(top=lambda r, f: (r, 0)),
        "A hundred times less of both p and q must leave D as it is. Is all of it divided by p + q, and by nothing more?": [
            lambda p, q, r, f, e=e: (r * p + f * q) / (p + q + e) for e in (1, 0.1, 0.01, 1e-3, 1e-4)
        ],
        "Nearly right. Is D rounded, or found on a grid?": lambda *a: best_d(*a) + 0.006,
        "Where q = 0 all are real, with the label r. What is the best answer to one label? Yours is another one.": dict(
            top=lambda r, f: (r / 2, f)
        ),
        "Where p = 0 all are fakes, with the label f. What is the best answer to one label? Yours is another one.": dict(
            top=lambda r, f: (r, f / 2)
        ),
        "Right where there are only data, or only fakes. Between, it isn't the d that costs least.": (
            lambda p, q, r, f: best_d(p**2, q**2, r, f)
        ),
        "That is the best D for the labels 1 and 0. Where are r and f?": dict(top=lambda r, f: (1, 0)),
        "p and q are swapped: r is the label of real samples, whose density is p.": dict(top=lambda r, f: (f, r)),
        "That is 1 - D: the part that speaks for *generated*.": dict(top=lambda r, f: (1 - r, 1 - f)),
        "That is a logit, log(D / (1 - D)). The probability D is wanted.": [
            dict(bottom=lambda r, f: (1 - r, 1 - f), to=np.log),
            lambda p, q, r, f: np.log(p / q),
        ],
        "Where only one of p and q is 0 the formula holds. Only where *both* are there is nobody.": [
            lambda p, q, r, f: np.where(np.asarray(p) == 0, 0.5, best_d(p, q, r, f)),
            lambda p, q, r, f: np.where(np.asarray(q) == 0, 0.5, best_d(p, q, r, f)),
            lambda p, q, r, f: np.where(np.asarray(p * q) == 0, 0.5, best_d(p, q, r, f)),
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
        "D is right. But p or q has changed in the caller's hands: `p += q` does that, `p = p + q` doesn't.": (
            lambda p, q, r, f: (best_d(p, q, r, f), np.add(p, q, p) if np.ndim(p) else 0)[0]
        ),
    },
    cases=[LABELS],
    observe=look_at_best_d,
    praise="For every pair of labels, and a number where nobody is.",
)


# 3. Five numbers

LOG2, LOG4, SMOOTHED = math.log(2), math.log(4), -0.9 * math.log(0.45) - 0.1 * math.log(0.55) - math.log(0.55)


class Asked(Number):
    """A number whose place a whole range of wrong ones may take."""

    def instead(self, value):
        return value if isinstance(value, Between) else super().instead(value)


def within(low, high):
    """Return anything between the two; as an example something that isn't known as a mistake."""
    return Between(low, high, high - 7 if low == -math.inf else low + (7 if high == math.inf else 0.8 * (high - low)))


FIVE = {"D, draw": LOG4, "G, draw": LOG2, "D, draw, smoothed": SMOOTHED, "JSD, apart": LOG2}
FIVE["JSD, at least"] = (LOG4 - 1) / 2
CLOSE = "Close. Keep more digits on the way, and round only at the end."
PAID = "Each term is minus the logarithm of a probability. That is never negative."
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
        0.5: "1/2 is a part of the mixture there. The divergence is made of its logarithms.",
        math.inf: "KL would be infinite. JSD compares with the mixture, which is nowhere 0 where p is not.",
    },
    "JSD, at least": {
        LOG4 - 1: "Half of that: V is -log 4 + 2 JSD.",
        **dict.fromkeys([1, 0.5], PART),
        LOG2: "That is the most that it can be, for two that never meet. L_D = 1 proves less.",
        0: "D's loss is below log 4, so there is a difference. Step 7 says how large at least.",
    },
}
RANGES = [  # key, from, to, hint
    *((key, value - 0.012, value + 0.012, CLOSE) for key, value in FIVE.items()),
    *((key, -math.inf, 0, PAID) for key in ("D, draw", "G, draw", "D, draw, smoothed")),
    ("D, draw", 0, LOG4, "Too little: a D that has to guess pays more, for the two terms together."),
    ("D, draw", LOG4, math.inf, "Too much: a D that always says 1/2 pays less."),
    ("G, draw", 0, LOG2, "Too little: G pays that where D takes the fakes for real, rather than not."),
    ("G, draw", LOG2, math.inf, "Too much: G pays that where D takes the fakes for fakes, rather than not."),
    ("D, draw, smoothed", 0, SMOOTHED, "Too little even for the best D. Are all three logarithms in it?"),
    ("D, draw, smoothed", SMOOTHED, math.inf, "Too much for the best D. Which one is it, and is nothing paid twice?"),
    ("JSD, apart", -math.inf, 0, "A divergence is never negative, and 0 only for two that are equal."),
    ("JSD, apart", 0, LOG2, "Too little: two that never meet are as far apart as can be. See step 6."),
    ("JSD, apart", LOG2, math.inf, "Too much: step 6 says how large a JSD can be."),
    ("JSD, at least", -math.inf, 0, "A divergence is never negative. Mind the sign: L_D is -V."),
    ("JSD, at least", 0, (LOG4 - 1) / 2, "L_D = 1 proves more than that. See step 7."),
    ("JSD, at least", (LOG4 - 1) / 2, LOG2, "L_D = 1 proves less than that. See step 7."),
    ("JSD, at least", LOG2, math.inf, "More than log 2, so it can't be a JSD. Mind the sign: L_D is -V."),
]
BASES = {"That is a logarithm to the base 2. The natural one is meant.": [{k: FIVE[k] / LOG2} for k in FIVE]}
BASES["That is a logarithm to the base 10. The natural one is meant."] = [
    {key: FIVE[key] / math.log(10)} for key in FIVE if key != "D, draw, smoothed"
]
numbers = Exercise(
    "The five numbers of exercise 3, to three decimals.",
    right=[{key: Asked(value, 3) for key, value in FIVE.items()}],
    mistakes=BASES
    | {
        hint: [{key: value} for value in wrong if wrong[value] == hint]
        for key, wrong in WRONG.items()
        for hint in wrong.values()
    }
    | {text: [{key: within(a, b)} for key, a, b, hint in RANGES if hint == text] for *_, text in RANGES},
    praise="Keep log 2 and log 4 in mind: they come up again and again.",
)


# 4. G's two losses. The minimax loss of x is minus the non-saturating one of -x: one function makes both.

NAMES = dict(minimax="The minimax loss", non_saturating="The non-saturating loss")


def losses(**options):
    return dict(minimax=partial(loss, turn=-1, **options), non_saturating=partial(loss, turn=1, **options))


def look_at_losses(case, *functions):
    for name, function, right in zip(NAMES.values(), functions, losses().values(), strict=True):
        yield from look_at_loss(name, function, right, case)


def in_each(answers, names):
    """The same mistakes in each part: WHICH in a hint is its name."""
    return {k.replace("WHICH", name): v for part, name in names.items() for k, v in of(part, answers).items()}


IN_LOSSES = {
    f"WHICH: {NO_NUMBER}": dict(mean=itself),
    f"WHICH: {CONSTANT}": dict(mean=lambda x: x.mean() + 5),
    f"WHICH: {NOT_FINITE}": dict(each=lambda y: -np.log(y)),
    **SLOPES,
    "WHICH: the sign is wrong. G minimises it, so it has to fall when the logits rise.": dict(sign=-1),
    "WHICH: this is the other of the two. The minimax loss has log(1 - D).": dict(each=lambda y: -softplus(y)),
    "WHICH: that is the other one with its sign turned. With it G would help D.": dict(each=softplus),
    "WHICH: that is the batch's sum, not its mean.": [dict(mean=np.sum), dict(mean=np.sum, sign=-1)],
    "WHICH: a sigmoid too many: the logits went through it twice.": dict(to=sigmoid),
    "WHICH: take the natural logarithm, not that to the base 2 or 10.": [dict(sign=1 / math.log(b)) for b in (2, 10)],
    "WHICH: the mean of all losses, not the loss of a mean.": dict(to=of_mean_d),
    "WHICH: the logarithm is missing.": dict(each=lambda y: -sigmoid(y)),
    f"WHICH: {ROUNDED}": ROUNDED_LOSSES,
    f"WHICH: {CUT}": CUT_LOSSES,
    "WHICH: that is its slope.": [dict(each=lambda y, sign=sign: sign * sigmoid(-y)) for sign in (1, -1)],
    f"WHICH: that is {OTHER_GAN}": OTHERS,
    f"WHICH: {CORNER}": dict(each=lambda y: np.maximum(-y, 0)),
    f"WHICH: {ONE_BY_ONE}": FOR_ONE,
    "WHICH: don't round.": [dict(mean=lambda x, n=n: round(x.mean(), n)) for n in (0, 1, 2, 3)],
}
IN_MINIMAX = {
    f"The minimax loss: {FROM_ONE}": [
        lambda logits: -softplus(logits - 1).mean(),
        *(lambda logits, sign=sign: 1 + sign * softplus(-logits).mean() for sign in (1, -1)),
    ]
}
SPOILING = {f"{NAMES[part]}: {SPOILT}": {part: spoils(f)} for part, f in losses().items()}
generator_losses = Exercise(
    "`minimax(logits)`: the mean of log(1 - D). `non_saturating(logits)`: the mean of -log D.",
    parts=tuple(NAMES),
    right=[losses(), losses(each=lambda y: np.maximum(-y, 0) + np.log1p(np.exp(-abs(y))))],
    mistakes=in_each(IN_LOSSES, NAMES) | of("minimax", IN_MINIMAX) | SPOILING,
    cases=[[(np.array(each),) for each in ([-3, -0.5, 0.25, 2], [1.0, -2.0])], [(logit,) for logit in FAR_OUT]],
    observe=look_at_losses,
    praise="Two means, with the right sign, and the right number for every logit.",
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


def extragradient(x, y, eta, fx, fy, *, trial=simultaneous, start=lambda o, t: o, at=lambda o, t, x: (t, t)):
    """``at`` says where the two slopes are taken: it knows the old point, the trial point and how to get the new x."""
    tried = trial(x, y, eta, fx, fy)
    for_x, for_y = at((x, y), tried, lambda: x - eta * fx(*tried))
    x, y = start((x, y), tried)
    return x - eta * fx(*for_x), y + eta * fy(*for_y)


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
        "WHICH: eta is left out. It is the size of the step.": lambda x, y, eta, *slopes: step(x, y, 1, *slopes),
        "WHICH: that is how far it goes. Return where it ends.": lambda x, y, *a: np.subtract(step(x, y, *a), (x, y)),
        "WHICH: the slopes are functions of a point: slope_x(x, y) is a number.": [
            lambda *a: step(*a[:3], lambda x, y: a[3](x), lambda x, y: a[4](y)),
            lambda *a: step(*a[:3], lambda x, y: a[3], lambda x, y: a[4]),
        ],
        "WHICH: one step is wanted, this is more.": [partial(repeated, step, n) for n in (2, 1000)],
        "WHICH: that is the step for xy. Take the slopes that are handed over.": lambda *a: step(
            *a[:3], *GAMES["f = xy"]
        ),
    }


def follow(name, step, x, y, eta, *slopes):
    """Return where a step ends, and where it asks for which slope."""
    asked = []

    def slope(i, x, y):
        asked.append((i, float(x), float(y)))
        return slopes[i](x, y)

    ends = ask(step, x, y, eta, partial(slope, 0), partial(slope, 1))
    return several(ends, "the new x", "the new y", what=f"{name}: a tuple"), np.reshape(asked, (-1, 3))


def look_at_steps(case, *steps):
    for name, step, right in zip(STEPS.values(), steps, (alternating, extragradient), strict=True):
        mistakes, reached = [], []
        for start, slopes in case:
            (ends, asked), (due, places) = (follow(name, each, *start, *slopes) for each in (step, right))
            *well, last = [np.isclose(asked, place).all(1).any() for place in places]
            x, y = (same(plain(a), plain(b)) for a, b in zip(ends, due, strict=True))
            if not (x and y):
                mistakes.append("steps" if len(asked) > 12 else str([*well, x, last, y].index(False)))
            reached.append(tuple(ends))
        yield f"{name}: what goes wrong first", mistakes[0] if mistakes else ""
        yield name, reached


STEPS = dict(alternating="Alternating", extragradient="Extragradient")
ENDS = {  # two kinds of mistakes, for each step
    f"WHICH: slope_{end} is asked where it should be, but {end} doesn't end where it should. Where does it start, which way "
    "does it go, how far, and along which slope?": factors
    for end, factors in (("x", (3, 1)), ("y", (1, 3)))
}
PLACES = {
    "alternating": {
        "Alternating: slope_x is never asked at the old point.": lambda x, y, *a: alternating(x, 3 * y, *a),
        "Alternating: slope_y is never asked at the new x and the old y.": turned(simultaneous, 1, 3),
    },
    "extragradient": {
        "Extragradient: not both slopes are asked at the old point. That is where the trial step takes them.": [
            lambda x, y, *a: extragradient(3 * x, 3 * y, *a),
            dict(trial=y_first),
            dict(trial=alternating),
        ],
        "Extragradient: not both slopes are asked at the trial point, which both reach by a whole step from the old one.": [
            dict(at=lambda o, t, x: (o, t)),
            dict(at=lambda o, t, x: (t, o)),
        ],
    },
}
IN_ALTERNATING = {
    "Alternating: y still looks at the old x: that is the simultaneous step, which runs away.": simultaneous,
    "Alternating: y went first. Here x is to go first.": y_first,
    "Alternating: that is the extragradient step. Here nobody makes a trial.": extragradient,
}
IN_EXTRAGRADIENT = {
    "Extragradient: the last step starts at the old point, not at the trial point. Keep x and y for it.": [
        dict(start=lambda o, t: t),
        dict(start=lambda o, t: (t[0], o[1])),
        dict(start=lambda o, t: (o[0], t[1])),
    ],
    "Extragradient: these are two alternating steps.": partial(repeated, alternating, 2),
    "Extragradient: that is only the trial step. Take its slopes, and start again from the old point.": simultaneous,
    "Extragradient: y looks at the new x, not at the trial point's.": [
        dict(at=lambda o, t, x, i=i: (t, (x(), (o, t)[i][1]))) for i in (0, 1)
    ],
}
steps = Exercise(
    "`alternating(x, y, eta, slope_x, slope_y)` and `extragradient(...)`: one step each, for min_x max_y f(x, y).",
    parts=tuple(STEPS),
    right=[dict(alternating=alternating, extragradient=extragradient)],
    mistakes={
        **{
            hint.replace("WHICH", name): {part: lambda *a, step=step, factors=factors: np.multiply(step(*a), factors)}
            for (part, name), step in zip(STEPS.items(), (alternating, extragradient), strict=True)
            for hint, factors in ENDS.items()
        },
        **of("alternating", PLACES["alternating"]),
        **of("extragradient", PLACES["extragradient"]),
        **in_each(of_both(alternating), {"alternating": STEPS["alternating"]}),
        **of("alternating", IN_ALTERNATING),
        **in_each(of_both(extragradient), {"extragradient": STEPS["extragradient"]}),
        **of("extragradient", IN_EXTRAGRADIENT),
    },
    cases=[[(start, slopes) for slopes in GAMES.values() for start in STARTS]],
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
