"""Checks of lesson 01's exercises. Each recognises an answer by its values, never by how it is written."""

import math

import numpy as np

from gan_course.checks.core import Wrong, array, call, close, dictionary, exercise, number

CAUSES = (
    "a draw, losses added",
    "a draw, losses averaged",
    "D learns nothing",
    "the minimax loss saturates",
    "the non-saturating loss saturates",
)


@exercise
def best_discriminator(best_d):
    """``best_d(p, q, r, f)``: the best D where p_data is p and p_g is q, for the labels r (real) and f (fakes)."""
    p, q = np.array([0.3, 0.05, 1.2, 0.0, 0.7]), np.array([0.1, 0.6, 1.2, 0.4, 0.0])
    # (0.9, 0) first: for r + f = 1 a swap of p and q and 1 - D are the same
    for r, f in ((0.9, 0.0), (0.8, 0.3), (1.0, 0.0), (0.9, 0.1)):
        value = array(call(best_d, p, q, r, f))
        expected = (r * p + f * q) / (p + q)
        if value.shape != p.shape:
            raise Wrong(f"For arrays p and q of the shape {p.shape} it returns the shape {value.shape}.")
        if close(value, expected):
            continue
        _known_best_d(value, p, q, r, f)
        i = int(np.argmax(~np.isclose(value, expected)))
        raise Wrong(
            f"For p = {p[i]:g}, q = {q[i]:g}, r = {r:g}, f = {f:g} yours is {value[i]:.4g}, "
            f"and D = {expected[i]:.4g} has a smaller loss."
        )
    if not close(number(call(best_d, 0.3, 0.1, 0.9, 0.0)), 0.675):
        raise Wrong("Right for arrays, but not for single numbers p and q.")
    nobody = array(call(best_d, np.array([0.0, 0.3]), np.array([0.0, 0.1]), 0.9, 0.0))
    if not np.isfinite(nobody).all():
        raise Wrong("Where p and q are both 0 yours is 0/0, not a number. Any probability will do there.")
    if not ((0 <= nobody) & (nobody <= 1)).all():
        raise Wrong(f"Where p and q are both 0 yours is {nobody[0]:.4g}, which is no probability.")
    if not close(nobody[1], 0.675):
        raise Wrong("One point where p and q are both 0 spoils its neighbours: treat it alone.")
    return "For every pair of labels, and a number where nobody is."


def _known_best_d(value, p, q, r, f):
    """Name the mistake, if it is a known one."""
    on_fakes, on_real = (1 - r) * p + (1 - f) * q, r * p + f * q
    with np.errstate(all="ignore"):
        known = (
            (p / (p + q), f"That is the best D for the labels 1 and 0. With r = {r:g} and f = {f:g} it is another."),
            (
                q / (p + q),
                "p and q are swapped, or it is 1 - D: D is the probability of *real*, so large p makes it large. "
                "And the labels are left out.",
            ),
            ((r * q + f * p) / (p + q), "p and q are swapped: r is the label of the real samples, whose density is p."),
            (on_fakes / (p + q), "That is 1 - D: the part that speaks for *generated*."),
            (np.log(on_real / on_fakes), "That is a logit, log(D / (1 - D)). The probability D is wanted."),
            (np.log(p / q), "That is a logit, and for the labels 1 and 0. The probability D is wanted."),
            (on_real, "That is the numerator. It still has to be divided by p + q."),
            (
                r * p / on_real,
                "Divided by r p + f q. Collect what stands before log D and what before log(1 - D): p and q are in both.",
            ),
            (r * p / (p + q), f"f is left out: the fakes have the label {f:g}, and D is to say so."),
        )
    for wrong, hint in known:
        usable = np.isfinite(wrong)
        if np.allclose(value[usable], wrong[usable], atol=1e-6):
            raise Wrong(hint)


@exercise
def generator_losses(minimax, non_saturating):
    """``minimax(logits)``: the mean of log(1 - D). ``non_saturating(logits)``: the mean of -log D."""
    moderate, names = np.array([-3.0, -0.5, 0.0, 2.0]), ("the minimax loss", "the non-saturating loss")
    right = (lambda x: -np.logaddexp(0, x), lambda x: np.logaddexp(0, -x))
    values = [array(call(loss, moderate)) for loss in (minimax, non_saturating)]
    for value, name, mine in zip(values, names, right, strict=True):
        if value.size != 1:
            raise Wrong(f"{name}: one number for the whole batch is wanted, its mean, not one for each sample.")
        value, each = float(value.reshape(())), mine(moderate)
        if not close(value, each.mean(), 1e-5):
            _known_loss(value, name, each, moderate, right)
            raise Wrong(f"{name}: for the logits {moderate.tolist()} it is {each.mean():.4f}, yours is {value:.4f}.")
    for loss, name, mine in zip((minimax, non_saturating), names, right, strict=True):
        for logit in (100.0, -100.0, 1000.0, -1000.0):
            for kind in (np.float64, np.float32):
                value = number(call(loss, np.array([logit], kind)))
                expected = float(mine(logit))
                if close(value, expected, 1e-4):
                    continue
                if not math.isfinite(value):
                    raise Wrong(
                        f"{name}: for the logit {logit:g} it is {expected:g}, yours is {value}. A sigmoid rounds to 0 "
                        "or 1 there, or an exponential overflows; softplus of the logit does neither."
                    )
                raise Wrong(
                    f"{name}: for the logit {logit:g} it is {expected:g}, yours is {value:.4g}. Is something cut off "
                    "or added inside the logarithm? That bends the loss and takes its slope away."
                )
    return "Two means, with the right sign, and the right number for every logit."


def _known_loss(value, name, each, logits, right):
    others = [mine(logits).mean() for mine in right]
    twice = [mine(1 / (1 + np.exp(-logits))).mean() for mine in right]
    if close(value, -each.mean(), 1e-5):
        raise Wrong(f"{name}: the sign is wrong. G minimises it, so it has to fall when the logits rise.")
    if name == "the non-saturating loss" and close(value, -others[0], 1e-5):
        raise Wrong(f"{name}: that is -log(1 - D), the minimax loss with the sign turned: G would help D.")
    if name == "the minimax loss" and close(value, -others[1], 1e-5):
        raise Wrong(f"{name}: that is log D, the non-saturating loss with the sign turned: G would help D.")
    if close(value, each.sum(), 1e-5) or close(value, -each.sum(), 1e-5):
        raise Wrong(f"{name}: that is the sum over the batch, not the mean: its size would depend on the batch's.")
    if any(close(value, other, 1e-5) for other in twice):
        raise Wrong(f"{name}: a sigmoid too many: the logits went through it twice.")
    if any(close(value, other, 1e-5) for other in others):
        raise Wrong(f"{name}: this is the other one of the two. The minimax loss is the mean of log(1 - D).")
    if not math.isfinite(value):
        raise Wrong(f"{name}: not a number already for small logits. Is a logarithm taken of the logit itself?")


@exercise
def numbers(prediction):
    """The five numbers of exercise 3 (dict), to three decimals."""
    smoothed = -0.9 * math.log(0.45) - 0.1 * math.log(0.55) - math.log(0.55)
    expected = {
        "D, draw": math.log(4),
        "G, draw": math.log(2),
        "D, draw, smoothed": smoothed,
        "JSD, apart": math.log(2),
        "JSD, at least": (math.log(4) - 1) / 2,
    }
    known = {
        "D, draw": {
            math.log(2): "That is one term, or the mean of both. L_D is their sum.",
            0.0: "A loss of 0 is that of a D that is always right. At a draw D says 1/2.",
            -math.log(4): "That is V. L_D is -V.",
        },
        "G, draw": {
            -math.log(2): "That is the minimax loss, log(1 - D). The non-saturating one is -log D.",
            math.log(4): "G's loss has one term only.",
            0.0: "At a draw D says 1/2, and -log D isn't 0 there.",
        },
        "D, draw, smoothed": {
            math.log(4): "That is what D = 1/2 costs. But with the labels 0.9 and 0 the best D at a draw isn't 1/2.",
            smoothed / 2: "That is the mean of both terms. L_D is their sum.",
            -0.9 * math.log(0.9) - 0.1 * math.log(0.1): "That is what D pays if it can tell real from generated. "
            "At a draw it can't.",
            -math.log(0.45) - math.log(0.55): "D = 0.45 is right. But the real samples' label is 0.9: their term is "
            "-0.9 log D - 0.1 log(1 - D).",
        },
        "JSD, apart": {
            1.0: "That is in bits. With natural logarithms it is another number.",
            math.log(4): "That is twice the divergence.",
            0.0: "0 is the divergence of two that are equal.",
            math.inf: "KL would be infinite. JSD compares with the mixture, which is nowhere 0 where p is not.",
        },
        "JSD, at least": {
            math.log(4) - 1: "Half of that: V is -log 4 + 2 JSD.",
            (1 - math.log(4)) / 2: "A divergence is never negative. Mind the sign: L_D is -V.",
            (math.log(4) + 1) / 2: "More than log 2, so it can't be a JSD. Mind the sign: L_D is -V.",
            0.0: "D's loss is below log 4, so there is a difference. Step 7 says how large at least.",
        },
    }
    dictionary(prediction, expected)
    for name, right in expected.items():
        value = number(prediction[name])
        if abs(value - right) <= 0.002:
            continue
        for wrong, hint in known[name].items():
            if value == wrong or abs(value - wrong) <= 0.002:
                raise Wrong(f'"{name}": {hint}')
        raise Wrong(f'"{name}": it is not {value:g}.')
    return "Keep log 2 and log 4 in mind: they come up again and again."


GAMES = {  # f, which x minimises and y maximises: its slopes for x and for y
    "xy": (lambda x, y: y, lambda x, y: x),
    "xy + x²/2 - y²": (lambda x, y: y + x, lambda x, y: x - 2 * y),
}


@exercise
def steps(alternating, extragradient):
    """``alternating(x, y, eta, slope_x, slope_y)``, ``extragradient(...)``: one step each, for min_x max_y f(x, y)."""
    for game, slopes in GAMES.items():
        for x, y, eta in ((0.6, -0.9, 0.1), (-2.0, 0.7, 0.4)):
            for name, step, known in (
                ("The alternating step", alternating, _known_alternating),
                ("The extragradient step", extragradient, _known_extragradient),
            ):
                value = _pair(step, name, x, y, eta, *slopes)
                right, wrongs = known(x, y, eta, *slopes)
                if close(value, right):
                    continue
                for wrong, hint in wrongs:
                    if close(value, wrong) and not close(wrong, right):
                        raise Wrong(f"{name}: {hint}")
                shown = [", ".join(f"{each:.4g}" for each in point) for point in (right, value)]
                raise Wrong(
                    f"{name}: for f = {game}, from {(x, y)} with eta = {eta}, it leads to ({shown[0]}), "
                    f"yours to ({shown[1]})."
                )
    return "For any game. On xy the first goes round, the second goes in."


XY_ONLY = "that is the step for xy. Here f is another: take the slopes that are handed over."
OTHER_SLOPE = "x takes the slope for y, or the two numbers are swapped: it is slope_x(x, y) that is for x."


def _known_alternating(x, y, eta, slope_x, slope_y):
    """Return the right point, and wrong ones with their hints."""
    down, up, first = x - eta * slope_x(x, y), x + eta * slope_x(x, y), y + eta * slope_y(x, y)
    crossed = x - eta * slope_y(x, y)
    right = down, y + eta * slope_y(down, y)
    return right, (
        ((down, first), "y still looks at the old x: that is the simultaneous step, which runs away."),
        ((x - eta * slope_x(x, first), first), "y went first. Here x is to go first."),
        ((down, y - eta * slope_y(down, y)), "y goes down, too. y wants f large."),
        ((down, y - eta * slope_y(x, y)), "y goes down, too, and looks at the old x. y wants f large."),
        ((up, y + eta * slope_y(up, y)), "x goes up, too. x wants f small."),
        ((up, y - eta * slope_y(up, y)), "both go the wrong way: x wants f small, y wants it large."),
        ((crossed, y + eta * slope_x(crossed, y)), OTHER_SLOPE),
        ((x - eta * y, y + eta * (x - eta * y)), XY_ONLY),
    )


def _known_extragradient(x, y, eta, slope_x, slope_y):
    """Return the right point, and wrong ones with their hints."""
    trial = down, up = x - eta * slope_x(x, y), y + eta * slope_y(x, y)
    lower = down, y - eta * slope_y(x, y)
    turned = x + eta * slope_x(x, y), lower[1]
    crossed = x - eta * slope_y(x, y), y + eta * slope_x(x, y)
    right = new_x, new_y = x - eta * slope_x(*trial), y + eta * slope_y(*trial)
    return right, (
        (
            (down - eta * slope_x(*trial), up + eta * slope_y(*trial)),
            "the last step starts at the trial point. The slopes are the trial point's, the start is the old one.",
        ),
        (trial, "that is only the trial step. Now take its slopes, and start again from the old point."),
        ((new_x, y + eta * slope_y(new_x, up)), "y looks at the new x, not at the trial point's."),
        ((new_x, y + eta * slope_y(new_x, y)), "y looks at the new x, not at the trial point's."),
        ((down, new_y), "x's slope is still that of the old point, not of the trial point."),
        ((down, y + eta * slope_y(down, y)), "x's slope is still that of the old point, not of the trial point."),
        (
            (x - eta * slope_x(x, up), y + eta * slope_y(down, y)),
            "each slope is taken half at the old point. Both numbers have to be the trial point's.",
        ),
        ((x - eta * slope_x(*lower), y - eta * slope_y(*lower)), "both go down. y wants f large, so it goes up."),
        ((new_x, y - eta * slope_y(*trial)), "in the last step y goes down. y wants f large."),
        ((x + eta * slope_x(*trial), y - eta * slope_y(*trial)), "the last step has the wrong sign, for both."),
        (
            (x + eta * slope_x(*turned), y - eta * slope_y(*turned)),
            "both go the wrong way: x wants f small, y wants it large.",
        ),
        ((x - eta * slope_y(*crossed), y + eta * slope_x(*crossed)), OTHER_SLOPE),
        ((x - eta * (y + eta * x), y + eta * (x - eta * y)), XY_ONLY),
    )


def _pair(step, name, *arguments):
    value = call(step, *arguments)
    try:
        value = np.array([number(each) for each in value])
    except TypeError:
        raise Wrong(f"{name}: it has to return two numbers, the new x and the new y.") from None
    if value.shape != (2,):
        raise Wrong(f"{name}: it has to return two numbers, the new x and the new y, not {value.size}.")
    return value


@exercise
def diagnosis(answer):
    """``{"A": cause, "B": cause, "C": cause}``."""
    right = {"A": "D learns nothing", "B": "the minimax loss saturates", "C": "a draw, losses averaged"}
    hints = {
        ("A", "a draw, losses added"): "The losses are those of a draw, but the samples are noise. Who else says 1/2?",
        ("A", "a draw, losses averaged"): "At a draw the samples are good. These are noise. And 1.386 is a sum.",
        ("B", "the non-saturating loss saturates"): "How large is -log D where D is sure of every fake?",
        ("B", "D learns nothing"): "D's loss is 0: it has learned everything there is. Who gets nothing from that?",
        ("C", "a draw, losses added"): "A draw, yes. But what would D's loss be if the two terms were added?",
        ("C", "D learns nothing"): "With a D that learns nothing the samples wouldn't be good.",
    }
    general = {
        "A": "From the first step to the last, exactly: what does a D say before it has learned anything?",
        "B": "D is sure of every fake. Which loss is near 0 there, and flat?",
        "C": "The samples are good, so D can't do better than 1/2. What does that cost, and how is it counted?",
    }
    dictionary(answer, right, CAUSES)
    for log, cause in right.items():
        if answer[log] != cause:
            raise Wrong(f"{log}: {hints.get((log, answer[log]), general[log])}")
    return "Samples first, losses second: that order saves many wrong guesses."
