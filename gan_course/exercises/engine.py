"""An exercise as data: a question, right answers, and the wrong answers that people give, each with its hint.

    half = Exercise(
        "`half(x)`: half of each number.",
        right=[lambda x: x / 2, lambda x: 0.5 * x],
        mistakes={
            "That is twice x.": lambda x: 2 * x,
            "`//` rounds down: 3 // 2 is 1.": lambda x: x // 2,
        },
        cases={"even numbers": (np.array([2.0, 4.0]),), "odd numbers": (np.array([3.0, 5.0]),)},
        praise="Also for odd numbers.",
    )

The reader's answer and the known ones are run on the same cases, and all that is observed is compared: values,
gradients, side effects, errors. A right answer does what one of the right ones does. A wrong one gets the hint of the
mistake that it goes along with the furthest, past the place where it first goes wrong. So a mistake is written once,
as a reader would write it, and the tests are made from the same list.
"""

import copy
import functools
import time

import numpy as np

from gan_course.exercises.compare import Between, Clue, Number, Raised, plain, same, show
from gan_course.exercises.guard import TooLong, apart, limited, place

NOTHING = "The function returns nothing. (If it is written already: does it end in `return`?)"
NAN = "There is a NaN in it. Where does a 0/0, or the logarithm of a negative number, come in?"


class Wrong(Exception):
    """Raised by an exercise's ``observe``: the answer can't be right; the message says why."""


class NotAnswered(Exception):
    """Raised by an exercise's ``observe``: a function of the reader's returns nothing."""


class Result:
    """What a check says of an answer: ``passed`` (bool, or None where there is no answer yet) and ``message`` (str)."""

    MARKS = {True: "✓ Right.", False: "✗ Not right yet.", None: "… Not answered yet."}

    def __init__(self, passed, message):
        self.passed, self.message = passed, message

    def __bool__(self):
        return self.passed is True

    def __repr__(self):
        return f"{self.MARKS[self.passed]} {self.message}".rstrip()


class Exercise:
    """A question, and what is known of its answers. Called with an answer it returns a :class:`Result`; it never raises.

    Parameters
    ----------
    question : str
        What an answer is: one line.
    right : list
        Right answers; mistakes are made from the first one.
    mistakes : dict
        Hint to a wrong answer, or to a list of wrong answers. It gives only what is wrong: entries of a dict, places
        of a tuple (``...`` keeps one), some of several ``parts``, or a dict of options to call the right function with.
    noted : dict
        As ``mistakes``, but right answers, each with praise of its own.
    parts : tuple of str, optional
        Where an answer has several parts, their names: the check's arguments. Each answer is a dict of them then.
    cases : dict or list, optional
        What is tried, in this order: name to the function's arguments (tuple), or to whatever ``observe`` takes.
        Each run gets a copy of its own.
    observe : callable, optional
        ``observe(case, answer)``, with one argument for each part: yields pairs (name, value), the most telling
        first; a name can be :class:`Said`. By default: what the function returns for the case; or each entry of an answer that is no function.
    praise : str
    hints : dict, optional
        Last resort where no mistake fits: name of an observation (or a key of the answer) to a hint.
    pair : tuple of str
        Names for the places of a tuple in the answer.
    tolerance : float, optional
        Of arrays, relative to their largest number; 1e-4 for functions. (Entries are exact, but for :class:`Number`
        and :class:`Between`.)
    endless : str
        A hint for an answer that doesn't come to an end.
    seconds : float
        How long an answer may take, all cases together.
    """

    def __init__(self, question, right, mistakes, *, noted=None, parts=None, cases=None, observe=None, praise="",
                 hints=None, pair=(), tolerance=None, endless="Is there a loop whose condition never changes?",
                 seconds=20.0):  # fmt: skip
        self.question, self.parts, self.endless, self.seconds = question, parts or ("",), endless, seconds
        self.pair, self.hints = pair, {str(name): hint for name, hint in (hints or {}).items()}
        cases = {"": ()} if cases is None else cases
        self.cases = list(cases.items()) if isinstance(cases, dict) else [("", case) for case in cases]
        self.reference = self._parts_of(right[0])
        self.of_values = not any(map(callable, self.reference))
        self.tolerance = tolerance or (1e-9 if self.of_values else 1e-4)
        self.observe = observe or (self.entries if self.of_values else self._returned)
        self.rights = [_Known(self, praise, self._parts_of(answer)) for answer in right] + self._known(noted or {})
        self.mistakes = self._known(mistakes)

    def __call__(self, *answers):
        try:
            return self._judge(answers)
        except Exception as error:  # not the reader's fault
            return Result(False, f"The check can't handle this answer: {type(error).__name__}: {error}")

    def _judge(self, answers):
        if len(answers) != len(self.parts):
            return Result(False, f"The check takes {len(self.parts)} answer(s): {', '.join(self.parts)}.")
        if any(map(_is_stub, answers)):
            return Result(None, "Replace the dots by your answer, and run this cell again.")
        for name, answer, right in zip(self.parts, answers, self.reference, strict=True):
            if callable(right) and not callable(answer):
                return Result(False, f"{_called(name, 'function')} is wanted, not this: {type(answer).__name__}.")
        seen, left = [], self.seconds  # one list of observations for each case
        while len(seen) < len(self.cases):
            start = time.monotonic()
            seen.append(self.run(answers, len(seen), left))
            left -= time.monotonic() - start
            agreed = [self._agreement(seen, right) for right in self.rights]
            if max(agreed) < sum(map(len, seen)):
                return self._name(seen, self.rights[int(np.argmax(agreed))], max(agreed))
        whole = [right for right, count in zip(self.rights, agreed, strict=True) if count == max(agreed)]
        return Result(True, max(whole, key=lambda right: self._agreement(seen, right, clues_after=-1)).text)

    def run(self, answers, index, seconds=None):
        """Return what is observed of an answer in a case: pairs (name, value), then their number or an error."""
        seen, case = [], copy.deepcopy(self.cases[index][1])

        def observe():
            with apart(index):
                seen.extend((name, plain(value)) for name, value in self.observe(case, *answers))
                seen.append(("the number of results", plain(len(seen))))

        try:
            observe() if seconds is None else limited(observe, seconds)
        except TooLong as error:
            text = f"It was stopped after {self.seconds:g} seconds{place(error)}. {self.endless}"
            seen.append(("", Raised(error, text)))
        except (Wrong, NotAnswered) as error:
            seen.append(("", Raised(error, str(error))))
        except (Exception, SystemExit) as error:
            seen.append(("", Raised(error, f"It raised {type(error).__name__}: {str(error)[:300]}{place(error)}")))
        return seen

    def _agreement(self, seen, known, clues_after=np.inf):
        """Return how many observations agree before the first that doesn't; earlier clues don't count."""
        count, wrong = 0, known in self.mistakes
        for index, mine in enumerate(seen):
            for (_, value), (_, other) in zip(mine, known.run(index), strict=False):
                left_out = isinstance(value, Clue) and isinstance(other, Clue) and count <= clues_after
                failed = isinstance(other, Raised) and not wrong  # a right answer that raises is a fault of ours
                if failed or not left_out and not same(value, other, self.tolerance, nan=wrong):
                    return count
                count += 1
        return count

    def _name(self, seen, right, first):
        """Return the result for an answer that goes wrong at its observation number ``first``."""
        places = [(self.cases[index][0], *pair) for index, pairs in enumerate(seen) for pair in pairs]
        case, name, mine = places[first]
        wanted = [value for index in range(len(seen)) for _, value in right.run(index)][first]
        denied = f"{name or 'It'} is not {show(mine)}. " if self.of_values else ""
        if isinstance(wanted, Number) and _is_number(mine) and wanted.rounded(float(np.reshape(mine, ()))):
            return Result(False, f"{denied}It is right as far as it goes: {wanted.asked} are wanted.")
        agreed = [self._agreement(seen, mistake, clues_after=first) for mistake in self.mistakes]
        if agreed and max(agreed) > first:
            hint = self.mistakes[int(np.argmax(agreed))].text
            if isinstance(mine, Raised):
                return Result(False, hint if mine.error in (Wrong, NotAnswered) else f"{hint} ({mine.text})")
            return Result(False, denied + hint)
        if isinstance(mine, Raised):
            return Result(None if mine.error is NotAnswered else False, mine.text)
        if mine is None or mine is Ellipsis:
            return Result(None, NOTHING)
        if isinstance(mine, np.ndarray) and np.isnan(mine).any():
            return Result(False, f"{name}: {NAN}" if name else NAN)
        keys = (name, *name.split(", ")[::-1])
        hint = getattr(name, "hint", "") or next((self.hints[key] for key in keys if key in self.hints), "")
        return Result(
            False, denied + hint if self.of_values else f"{hint} {_difference(case, name, mine, wanted)}".strip()
        )

    def _known(self, answers):
        """Make known answers of a dict of texts to answers (or lists of them)."""
        pairs = [(text, a) for text, some in answers.items() for a in (some if isinstance(some, list) else [some])]
        return [_Known(self, text, self._parts_of(answer, self.reference)) for text, answer in pairs]

    def _parts_of(self, answer, right=None):
        """Return an answer's parts (list), filled up from the right one where it gives only what is wrong."""
        if self.parts == ("",):
            return [answer if right is None else _filled(right[0], answer)]
        right = right or [None] * len(self.parts)
        return [_filled(r, answer.get(name, ...)) for name, r in zip(self.parts, right, strict=True)]

    def _returned(self, case, *answers):
        for name, answer, right in zip(self.parts, answers, self.reference, strict=True):
            yield name, answer(*case) if callable(right) else answer

    def entries(self, case, *answers):
        """Yield each entry of the answers with its name; raise :class:`Wrong` where their form is not the reference's."""
        for name, answer, right in zip(self.parts, answers, self.reference, strict=True):
            yield from list(self._leaves(right, answer, (name,) if name else ()))  # its form first, then its values

    def _leaves(self, right, answer, path):
        name = ", ".join(map(str, path))
        if isinstance(right, dict):
            if not isinstance(answer, dict) or set(answer) != set(right):
                raise Wrong(f"{_called(name, 'dict')} with the keys {', '.join(map(repr, right))} is wanted.")
            for key in right:
                yield from self._leaves(right[key], answer[key], (*path, key))
        elif isinstance(right, tuple | list):
            labels = self.pair if len(self.pair) == len(right) else tuple(range(1, len(right) + 1))
            for label, r, a in zip(labels, right, several(answer, *labels, what=_called(name, "tuple")), strict=True):
                yield from self._leaves(r, a, (*path, label))
        else:
            words = getattr(right, "words", None)
            if words and not (isinstance(answer, str) and answer in words):
                raise Wrong(f"{name or 'It'} is not {show(answer)}. The words are: {', '.join(words)}.")
            if isinstance(right, float | int) and not isinstance(right, bool):
                if not _is_number(answer):
                    raise Wrong(f"{name or 'It'} is not {show(answer)}. One number is wanted.")
                answer = float(answer) if isinstance(answer, str) else answer
            yield name, answer


class _Known:
    """A known answer (its parts), what to say of it, and what was observed of it in each case."""

    def __init__(self, exercise, text, answers):
        self.exercise, self.text, self.answers, self.seen = exercise, text, answers, {}

    def run(self, index):
        if index not in self.seen:
            self.seen[index] = self.exercise.run(self.answers, index)
        return self.seen[index]


def of(part, answers):
    """Make known answers (dict of texts to an answer, or a list of them) wrong, or right, in one part (str) only."""
    return {text: [{part: a} for a in (some if isinstance(some, list) else [some])] for text, some in answers.items()}


def call(function, *arguments):
    """Call a function of the reader's; raise :class:`NotAnswered` if it returns nothing."""
    value = function(*arguments)
    if value is None or value is Ellipsis:
        raise NotAnswered(NOTHING)
    return value


def several(value, *names, what="A tuple"):
    """Return a tuple's, list's or array's entries, one for each name; raise :class:`Wrong` for any other number."""
    if value is None or value is Ellipsis:
        raise NotAnswered(NOTHING)
    entries = list(value) if hasattr(value, "__iter__") and not isinstance(value, str | dict) else [value]
    if len(entries) != len(names):
        raise Wrong(f"{what} of {len(names)} is wanted: {', '.join(map(str, names))}.")
    return entries


def _called(name, kind):
    return f"{name}: a {kind}" if name else f"A {kind}"


def _difference(case, name, mine, wanted):
    """Return a sentence on what differs where (str)."""
    what = f"{case}: {name or 'it'}" if case else name or "It"
    if isinstance(wanted, np.ndarray) and isinstance(mine, np.ndarray):
        if mine.shape != wanted.shape:
            return f"{what} should have the shape {wanted.shape}, yours has {mine.shape}."
        if wanted.size > 1 and wanted.any() and np.isfinite(mine).all():
            ratio = np.vdot(mine, wanted) / np.vdot(wanted, wanted)
            if same(mine, ratio * wanted):
                return f"{what} is {ratio:.3g} times what it should be, everywhere."
    return f"{what} should be {show(wanted)}, yours is {show(mine)}."


def _filled(right, wrong):
    """Return a wrong answer in full: what it doesn't say is as in the right one."""
    if wrong is Ellipsis:
        return right
    if callable(right) and isinstance(wrong, dict):
        return functools.partial(right, **wrong)
    if isinstance(right, dict) and isinstance(wrong, dict):
        return right | {key: _filled(right.get(key), value) for key, value in wrong.items()}
    if isinstance(right, tuple | list) and isinstance(wrong, tuple | list) and len(right) == len(wrong):
        return tuple(map(_filled, right, wrong))
    single = isinstance(wrong, int | float) and not isinstance(wrong, Between)
    return right.instead(wrong) if single and isinstance(right, Number) else wrong


def _is_number(value):
    try:
        return not isinstance(value, bool | Raised) and np.asarray(plain(value), float).size == 1
    except (TypeError, ValueError):
        return False


def _is_stub(answer):
    if isinstance(answer, dict):
        return any(map(_is_stub, answer.values()))
    if isinstance(answer, list | tuple | set):
        return any(map(_is_stub, answer))
    if code := getattr(answer, "__code__", None):
        return code.co_code == _unwritten.__code__.co_code
    return answer is Ellipsis or answer is None


def _unwritten(): ...
