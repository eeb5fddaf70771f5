"""What an exercise observes, and when two observations are the same."""

import math
import re

import numpy as np


class Number(float):
    """A right number, to so many decimals or significant digits: less than one unit in the last place may be off."""

    coarse = False

    def __new__(cls, value, decimals=None, digits=None):
        self = super().__new__(cls, value)
        self.decimals = decimals if digits is None else digits - 1 - math.floor(math.log10(abs(value)))
        self.asked = f"{decimals} decimals" if digits is None else f"{digits} significant digits"
        self.unit = 10.0**-self.decimals
        return self

    def holds(self, value):
        return abs(value - float(self)) < self.unit * (1 + 1e-9) or (self.coarse and self.rounded(value))

    def instead(self, value):
        """Return a wrong number in this one's place (this one, if it isn't wrong): it may be rounded more."""
        other = Number(value, self.decimals)
        other.coarse = True
        return self if self.holds(value) else other

    def rounded(self, value):
        """Say whether a value is this number with one or two decimals fewer than were asked for."""
        fewer = [n for n in (self.decimals - 1, self.decimals - 2) if n or self.decimals > 2]
        return any(value and math.isclose(value, round(float(self), n), rel_tol=1e-9) for n in fewer)


class Between(float):
    """A right number that may lie anywhere from ``low`` to ``high``; as an answer it is ``example``."""

    def __new__(cls, low, high, example=None):
        self = super().__new__(cls, (low + high) / 2 if example is None else example)
        self.low, self.high = low, high
        return self

    def holds(self, value):
        return self.low <= value <= self.high


class Word(str):
    """A right word, and all words that may be chosen (``words``)."""

    words = ()


def among(right, *others):
    """Return a right answer (str, or dict or tuple of them) whose words, and others, are those to choose from."""

    def leaves(value):
        values = value.values() if isinstance(value, dict) else value
        return [value] if isinstance(value, str) else [word for each in values for word in leaves(each)]

    def made(value):
        if isinstance(value, str):
            word = Word(value)
            word.words = words
            return word
        return {k: made(v) for k, v in value.items()} if isinstance(value, dict) else tuple(map(made, value))

    words = sorted({*leaves(right), *others})
    return made(right)


class Said(str):
    """An observation's name that has a hint of its own: what to say of it where no mistake fits."""

    def __new__(cls, name, hint):
        self = super().__new__(cls, name)
        self.hint = hint
        return self


class Clue:
    """An observation that tells mistakes apart, and is never a mistake by itself."""

    def __init__(self, value):
        self.value = plain(value)


class Raised:
    """The end of a run: what was raised (``kind``, which is compared), and what to say of it (``text``)."""

    def __init__(self, error, text):
        self.error, self.text = type(error), text
        self.kind = self.error, re.sub(r"\d+", "#", str(error))[:60]


def plain(value):
    """Return an observation without its framework, as a copy: float64 arrays, bool, str, None, tuples and dicts of them."""
    if value is None or value is Ellipsis or isinstance(value, str | bool | Number | Between | Clue):
        return value
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    value = value.detach().cpu() if hasattr(value, "detach") else value
    value = value.numpy() if hasattr(value, "numpy") else value
    if isinstance(value, list | tuple) and not all(isinstance(each, int | float) for each in value):
        parts = [plain(each) for each in value]
        alike = all(isinstance(part, np.ndarray) and part.shape == parts[0].shape for part in parts)
        return np.array(parts) if parts and alike else tuple(parts)
    if np.iscomplexobj(value):  # or its imaginary part would be dropped in silence
        return str(value)
    if isinstance(value, np.bool_) or (isinstance(value, np.ndarray) and value.dtype.kind == "b" and value.ndim == 0):
        return bool(value)
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        return value


def same(mine, theirs, tolerance=1e-4, nan=False):
    """Say whether two observations (as :func:`plain` makes them) agree: all numbers within a part of the largest one.

    A :class:`Number` or :class:`Between` in ``theirs`` says itself what it agrees with.
    """
    if isinstance(theirs, Clue):
        return isinstance(mine, Clue) and same(mine.value, theirs.value, tolerance, nan)
    if isinstance(theirs, Raised):
        return isinstance(mine, Raised) and mine.kind == theirs.kind
    if isinstance(theirs, str):
        return isinstance(mine, str) and mine == theirs
    if theirs is None or theirs is Ellipsis or isinstance(theirs, bool):
        return mine is theirs
    if isinstance(theirs, dict):
        alike = isinstance(mine, dict) and mine.keys() == theirs.keys()
        return alike and all(same(mine[key], theirs[key], tolerance, nan) for key in theirs)
    if isinstance(theirs, tuple):
        alike = isinstance(mine, tuple) or (isinstance(mine, np.ndarray) and mine.ndim > 0)
        alike = alike and len(mine) == len(theirs)
        return alike and all(same(plain(a), b, tolerance, nan) for a, b in zip(mine, theirs, strict=True))
    if isinstance(theirs, Number | Between):
        single = isinstance(mine, np.ndarray | Number | Between) and np.size(mine) == 1
        return single and bool(theirs.holds(float(np.reshape(mine, ()))))
    if not isinstance(theirs, np.ndarray) or not isinstance(mine, np.ndarray | Number | Between):
        return mine is theirs
    if np.shape(mine) != theirs.shape and not np.size(mine) == theirs.size == 1:
        return False
    mine = np.reshape(mine, theirs.shape)
    scale = np.max(np.abs(theirs[np.isfinite(theirs)]), initial=0.01)
    return bool(np.allclose(mine, theirs, rtol=0, atol=tolerance * scale, equal_nan=nan))


def show(value):
    """Return an observation as short text (str)."""
    if isinstance(value, np.ndarray | float) and np.ndim(value) == 0:
        text = f"{float(value):,.0f}" if float(value).is_integer() else f"{float(value):.5g}"
    else:
        text = np.array2string(value, precision=4, threshold=8) if isinstance(value, np.ndarray) else repr(value)
    return text if len(text) <= 200 else text[:200] + " ..."
