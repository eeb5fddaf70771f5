"""How a check is written: a function that returns praise, or raises :class:`Wrong` with a hint.

    @exercise
    def square(answer):
        \"\"\"``answer(x)``: the square of a number.\"\"\"
        for x in (0.0, 3.0, -2.0):
            value = number(call(answer, x))
            if value == 2 * x:
                raise Wrong("This doubles x. Its square is x times x.")
            if not close(value, x * x):
                raise Wrong(f"At x = {x} the square is {x * x}, yours is {value}.")
        return "x times x, also for negative x."

Hints name the mistake where it is a known one, and otherwise a case that the reader can try.
"""

import functools
import traceback
import warnings
from pathlib import Path

import numpy as np

PACKAGE = str(Path(__file__).parents[1])


class Wrong(Exception):
    """The answer is wrong; the message says what is wrong with it, and what to look at."""


class NotAnswered(Exception):
    """The stub is as it was, or a function of the reader's returns nothing."""


class Result:
    """What a check says of an answer.

    Attributes
    ----------
    passed : bool or None
        None where there is no answer yet.
    message : str
    """

    MARKS = {True: "✓ Right.", False: "✗ Not right yet.", None: "… Not answered yet."}

    def __init__(self, passed, message):
        self.passed, self.message = passed, message

    def __bool__(self):
        return self.passed is True

    def __repr__(self):
        return f"{self.MARKS[self.passed]} {self.message}".rstrip()


def exercise(check):
    """Make a check of a function that returns praise (str), or raises :class:`Wrong`: it never raises."""

    @functools.wraps(check)
    def checked(*answers):
        try:
            if any(_is_stub(answer) for answer in answers):
                raise NotAnswered("Replace the dots by your answer, and run this cell again.")
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # an answer that divides by 0 gets a hint instead
                return Result(True, check(*answers))
        except NotAnswered as nothing:
            return Result(None, str(nothing))
        except Wrong as wrong:
            return Result(False, str(wrong))
        except (Exception, SystemExit) as error:  # the reader's own code
            return Result(False, _where(error))

    return checked


def call(function, *arguments):
    """Call a function of the reader's, with copies of the arrays, and return what it returns."""
    if not callable(function):
        raise Wrong(f"A function is wanted; this is a {type(function).__name__}.")
    value = function(*[a.copy() if isinstance(a, np.ndarray) else a for a in arguments])
    if value is None or value is Ellipsis:
        raise NotAnswered("The function returns nothing. (If it is written already: does it end in `return`?)")
    return value


def array(value):
    """Return numbers, an array or a tensor of any framework as float64 (numpy.ndarray)."""
    value = value.detach().cpu() if hasattr(value, "detach") else value
    value = value.numpy() if hasattr(value, "numpy") else value
    try:
        value = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise Wrong(f"Numbers are wanted; this is {_short(value)}.") from None
    if np.isnan(value).any():  # no comparison with NaN is true, so it could pass where a mistake is looked for
        raise Wrong("There is a NaN in it. Where does a 0/0, or the logarithm of a negative number, come in?")
    return value


def number(value):
    """Return a single number as float."""
    value = array(value)
    if value.size != 1:
        raise Wrong(f"One number is wanted; this has the shape {value.shape}.")
    return float(value.reshape(()))


def dictionary(answer, keys, words=None):
    """Raise :class:`Wrong` unless an answer is a dict with these keys and, where ``words`` are given, with such values."""
    if not isinstance(answer, dict) or set(answer) != set(keys):
        raise Wrong(f"A dict with the keys {', '.join(map(str, keys))} is wanted.")
    for key, word in answer.items():
        if words is not None and word not in list(words):
            raise Wrong(f"{key}: {word!r} is none of the words: {', '.join(sorted(words))}.")


def agree(answer, right, hints):
    """Raise :class:`Wrong`, with the hint for its key, at the first word of a dict that is not the right one's."""
    for key, word in right.items():
        if answer[key] != word:
            raise Wrong(f"{key} is not {answer[key]!r}. {hints[key]}")


def close(value, expected, tolerance=1e-6):
    """Say whether all numbers agree, relative to their size (absolute below 1). NaN never agrees."""
    value, expected = np.asarray(value, np.float64), np.asarray(expected, np.float64)
    return value.shape == expected.shape and bool(np.allclose(value, expected, rtol=tolerance, atol=tolerance))


def _is_stub(answer):
    if isinstance(answer, dict):
        return any(map(_is_stub, answer.values()))
    if isinstance(answer, list | tuple | set):
        return any(map(_is_stub, answer))
    if code := getattr(answer, "__code__", None):
        return code.co_code == _unwritten.__code__.co_code
    return answer is Ellipsis or answer is None


def _unwritten(): ...


def _where(error):
    """Say what the reader's code raised, and in which of its lines."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(PACKAGE)]
    place = f" in line {own[-1].lineno}: `{own[-1].line}`" if own and own[-1].line else ""
    return f"It raised {type(error).__name__}: {_short(str(error))}{place}"


def _short(value):
    text = str(value)
    return text if len(text) <= 200 else text[:200] + " ..."
