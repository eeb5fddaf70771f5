"""Probes of what the lesson hands over: what the loss takes for logits, and real and generated pixels.

An activation bounds them, or nothing does, and large weights show which: they drive a sigmoid or a tanh to its limits,
while unbounded values grow with them.
"""

import inspect

import numpy as np

from gan_course.audit import known_errors
from gan_course.audit.sandbox import quietly

SIGMOID_STATES = ((1, 10), (4, 11), (16, 12), (16, 13))  # (scale, seed)
RANGE_SCALES = (16, 64, 256)
TOLERANCE = 0.05  # of the range: resized images overshoot a little


def sigmoid(updates, logits, real):
    """Are the logits never outside [0, 1], whatever the weights are?"""
    seen = []
    for changes in [None, *(updates.shaken(updates.networks, *how) for how in SIGMOID_STATES)]:
        updates.sandbox.reset(changes)
        value, error = quietly(lambda: to_numpy(logits(real)))
        if error:
            return None, [_raised(updates, "logits", error)]
        seen.append(value[np.isfinite(value)].ravel())
    seen = np.concatenate(seen)
    if seen.size and seen.min() >= 0 and seen.max() <= 1:
        message = "what the loss takes for logits never leaves [0, 1], whatever the weights: it went through a sigmoid."
        return None, [updates.verdict("double-sigmoid", message)]
    return "the loss gets logits, not probabilities", []


def pixel_range(updates, fake, real, n):
    """Can generated pixels reach the range of the real ones, and do these use it?"""
    pixels, error = quietly(to_numpy, real)
    if error:
        return None, [_raised(updates, "real", error)]
    drawn = []
    for scale in RANGE_SCALES:
        values = []
        for seed in (20, 21):
            updates.sandbox.reset(updates.shaken(updates.networks, scale, seed))
            value, error = quietly(lambda: to_numpy(_draw(fake, n)))
            if error:
                return None, [_raised(updates, "fake", error)]
            values.append(value[np.isfinite(value)])
        drawn.append(np.concatenate(values))
    bounds = _bounds(drawn)
    if bounds is None:
        return None, []  # nothing bounds them: points of the plane, or a linear last layer
    (low, high), width = bounds, bounds[1] - bounds[0]
    darkest, brightest = float(pixels.min()), float(pixels.max())
    reach = f"{_number(low)} to {_number(high)}"
    spans = f"the real pixels span {_number(darkest)} to {_number(brightest)}, generated ones {reach}."
    if to_numpy(real).dtype.kind in "iu":
        return None, [updates.verdict("whole-number-pixels", f"the batch holds whole numbers: {spans}")]
    outside = darkest < low - TOLERANCE * width or brightest > high + TOLERANCE * width
    one_sided = low < -TOLERANCE * width and darkest >= -TOLERANCE * width
    narrow = brightest - darkest < 0.3 * width
    if outside or one_sided:
        return None, [updates.verdict("pixel-range", spans)]
    if narrow:
        return None, [updates.verdict("pixel-range", spans, level="warning")]
    return f"real and generated pixels share one range, {reach}", []


def _bounds(drawn):
    """Return (low, high) if two scales reach the same ends and most pixels lie at them, else None.

    Without the second condition, a network with normalised weights would seem bounded: it ignores the scale.
    """
    for less, more in zip(drawn, drawn[1:], strict=False):
        if not (less.size and more.size):
            continue
        low, high = more.min(), more.max()
        near = 0.01 * (high - low)
        at_ends = np.mean((more <= low + near) | (more >= high - near))
        if near > 0 and abs(less.min() - low) <= near and abs(less.max() - high) <= near and at_ends > 0.5:
            return float(low), float(high)
    return None


def _draw(fake, n):
    """Call ``fake()`` or ``fake(n)``, whichever it wants."""
    try:
        parameters = inspect.signature(fake).parameters.values()
        wanted = [
            p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        wanted = []
    return fake(n) if wanted else fake()


def to_numpy(value):
    """Return an array or a tensor of any framework as numpy.ndarray."""
    value = value.detach().cpu() if hasattr(value, "detach") else value
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def _raised(updates, name, error):
    return updates.verdict("hand-over-raises", f"{name} raises {known_errors.short(error)}")


def _number(value):
    return f"{round(value, 2) + 0.0:g}"  # + 0.0: no "-0"
