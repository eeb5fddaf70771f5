"""Every exercise of every lesson, from its list of answers: right ones pass, each mistake gets its own hint, and nothing
else passes. And the engine's promises: it never raises, never hangs, and names the reader's own line."""

import ast
import importlib
import random
import re
import sys
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

from gan_course import exercises, lessons
from gan_course.exercises import Between, Clue, Exercise, Number, Wrong, among, call, engine
from gan_course.exercises.guard import TooLong

FILES = sorted(Path(exercises.__file__).parent.glob("lesson_*.py"))
ALL = [(f.stem, n) for f in FILES for n in re.findall(r"^(\w+) = Exercise\(", f.read_text("utf-8"), re.MULTILINE)]
each_exercise = pytest.mark.parametrize(("lesson", "name"), ALL)
each_lesson = pytest.mark.parametrize("lesson", [file.stem for file in FILES])


def load(lesson, name):
    return getattr(importlib.import_module(f"gan_course.exercises.{lesson}"), name)


def replaced(answers, index, other):
    return [other if i == index else answer for i, answer in enumerate(answers)]


# Every list


@each_exercise
def test_right_answers_pass_and_every_mistake_gets_its_own_hint(lesson, name):
    check = load(lesson, name)
    for right in check.rights:
        result = check(*right.answers)
        assert result.passed and result.message == right.text
    named = [(mistake.text, check(*mistake.answers)) for mistake in check.mistakes]
    assert [pair for pair in named if pair[1].passed is not False or pair[0] not in pair[1].message] == []


@each_exercise
def test_stubs_and_answers_of_another_kind_never_pass(lesson, name):
    check = load(lesson, name)
    right = check.rights[0].answers

    def stub(*arguments): ...

    for index, part in enumerate(right):
        for nothing in (..., None, stub) if callable(part) else (..., None, {"a": ...}, [1, ...]):
            assert check(*replaced(right, index, nothing)).passed is None
        for other in ("text", 7.125, {}, [], [3.5, 1.5], object(), lambda: 9, lambda *a: "text", lambda *a: None):
            result = check(*replaced(right, index, other))
            assert not result.passed and result.message, (part, other)
    assert not check().passed and not check(*right, 1).passed


def variants(value, others):
    """Yield copies of an answer, each with one leaf replaced by one of ``others(leaf)``; and what was replaced."""
    if isinstance(value, dict):
        yield from (({**value, key: other}, leaf) for key in value for other, leaf in variants(value[key], others))
    elif isinstance(value, tuple | list):
        for place, each in enumerate(value):
            yield from ((tuple(replaced(value, place, other)), leaf) for other, leaf in variants(each, others))
    else:
        yield from ((other, value) for other in others(value))


def spoilt(value, bad):
    """Return copies of an answer, or of an observation, each with one of its numbers replaced (list)."""

    def others(leaf):
        if hasattr(leaf, "clone") or isinstance(leaf, np.ndarray):
            for place in (0, -1):
                other = leaf.clone() if hasattr(leaf, "clone") else leaf.astype(float)
                other.reshape(-1)[place] = bad
                yield other
        elif isinstance(leaf, int | float) and not isinstance(leaf, bool):
            if not (isinstance(leaf, Between) and leaf.holds(bad)):
                yield bad

    return [other for other, _ in variants(value, others)]


@each_exercise
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_inf_never_pass(lesson, name, bad):
    check = load(lesson, name)
    right = check.rights[0].answers
    for index, part in enumerate(right):
        if not callable(part):
            assert not any(check(*replaced(right, index, other)) for other in spoilt(part, bad))
    for index in range(len(check.cases)):  # whatever is observed of a function
        for _, value in check.rights[0].run(index):
            if isinstance(value, np.ndarray):
                assert not any(engine.same(other, value) for other in spoilt(value, bad))
    for index, part in enumerate(right):
        returned = []

        def wrapped(*arguments, part=part, returned=returned):
            returned.append((spoilt(part(*arguments), bad) or [None])[0])
            return returned[-1]

        if callable(part):
            result = check(*replaced(right, index, wrapped))
            assert not result or returned[0] is None, result


@each_exercise
def test_entries_are_held_to_the_decimals_asked_for_and_to_the_words(lesson, name):
    check = load(lesson, name)
    right = tuple(check.rights[0].answers)
    for answer, _ in variants(right, lambda leaf: [round(leaf, leaf.decimals)] if isinstance(leaf, Number) else []):
        assert check(*answer)
    for answer, leaf in variants(
        right, lambda leaf: [round(leaf, leaf.decimals - 1)] if isinstance(leaf, Number) else []
    ):
        coarse = round(leaf, leaf.decimals - 1)
        result = check(*answer)
        assert bool(result) is leaf.holds(coarse) and (result or not coarse or leaf.asked in result.message), result
    for answer, _ in variants(
        right, lambda leaf: {*getattr(leaf, "words", [leaf]), leaf + "?"} - {leaf} if isinstance(leaf, str) else []
    ):
        other_right = list(answer) in [known.answers for known in check.rights]
        assert other_right or re.search(r"is not (['\"]).+?\1\. \S", check(*answer).message), answer


@each_exercise
def test_endless_answers_are_stopped_and_errors_told_with_their_line(lesson, name, monkeypatch):
    check = load(lesson, name)
    right = check.rights[0].answers
    for index, part in enumerate(right):
        if callable(part):
            result = check(*replaced(right, index, lambda *arguments: 1 / 0))
            assert result.passed is False and "ZeroDivisionError" in result.message and "lambda" in result.message
            monkeypatch.setattr(check, "seconds", 0.3)
            result = check(*replaced(right, index, endless))
            monkeypatch.undo()
            assert result.passed is False and "stopped after" in result.message and "while True" in result.message


def endless(*arguments):
    while True:
        pass


# Every lesson


def cells(lesson):
    return nbformat.read(lessons.find(lesson.removeprefix("lesson_")), as_version=4).cells


def tagged(found, tag):
    return [cell for cell in found if tag in cell.metadata.get("tags", [])]


def run(source, names):
    """Run a cell as a kernel would, and return the value of its last expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None


def names_of(found):
    """Return what the cells of exercises may use of a lesson: its imports, functions and constants."""
    names = {}
    for cell in found:
        if cell.cell_type == "code" and not {"exercise", "check", "solution"} & set(cell.metadata.get("tags", [])):
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign):
                    try:
                        literal = not isinstance(node, ast.Assign) or ast.literal_eval(node.value) is not None
                        exec(ast.unparse(node) if literal else "", names)
                    except (ValueError, NameError):
                        pass
    return names


class Solved(ast.NodeTransformer):
    def __init__(self, answers):
        self.answers = answers

    def visit_Name(self, node):
        return ast.Name(f"solution_{node.id}", node.ctx) if node.id in self.answers else node


@each_lesson
def test_a_lessons_stubs_are_unanswered_and_its_solutions_pass(lesson):
    found = cells(lesson)
    names = names_of(found)
    stubs, checks, solutions = (tagged(found, tag) for tag in ("exercise", "check", "solution"))
    solutions = [cell for cell in solutions if cell.cell_type == "code"]
    assert len(stubs) == len(checks) == len(solutions) == len([1 for stem, _ in ALL if stem == lesson])
    for stub, check, solution in zip(stubs, checks, solutions, strict=True):
        before = set(names)
        run(stub.source, names)
        answers = set(names) - before
        assert run(check.source, names).passed is None and "check." not in solution.source
        run(solution.source, names)
        result = run(ast.unparse(Solved(answers).visit(ast.parse(check.source))), names)
        assert result.passed, (solution.id, result)


@each_lesson
def test_a_lessons_exercises_are_headings_with_hints_that_keep_the_answer(lesson):
    found = cells(lesson)
    for at, check in enumerate(found):
        if "check" not in check.metadata.get("tags", []):
            continue
        assert found[at - 2].source.startswith("### Exercise "), found[at - 2].id
        between = found[at + 1 : at + 1 + next(i for i, c in enumerate(found[at + 1 :]) if c.cell_type == "code")]
        hints, solution = tagged(between, "hint"), found[at + 1 + len(between)]
        assert 1 <= len(hints) <= 2 and "solution" in solution.metadata.tags
        lines = {line.strip() for line in solution.source.splitlines() if len(line.strip()) > 25}
        for number, hint in enumerate(hints, 1):
            form = rf"<details><summary>Hint {number}</summary>\n\n.+\n\n</details>"
            assert hint.cell_type == "markdown" and re.fullmatch(form, hint.source, re.DOTALL), hint.id
            assert not [line for line in lines if line in hint.source]


# The engine


def returned(case, *answers):
    yield "value", call(answers[0], *case)


half = Exercise(
    "`half(x)`",
    right=[lambda x, times=0.5: times * x],
    mistakes={"twice": [dict(times=2), lambda x: x + x], "down": lambda x: x // 2},
    cases={"even": (np.array([2.0, 4.0]),), "odd": (np.array([3.0, 5.0]),)},
    praise="Half.",
    observe=returned,
)
table = Exercise(
    "A table",
    right=[{"a": Number(1.2346, 3), "b": (among("red", "blue"), 12), 3: Between(0, 1)}],
    mistakes={"twice": {"a": 2.469}, "both wrong": {"a": 2.469, "b": (..., 6)}},
    hints={"b": "Look at b.", "3": "Look at 3."},
    praise="Good.",
)
GOOD = {"a": 1.235, "b": ("red", 12), 3: 0.2}


def test_an_answer_is_named_by_what_it_does():
    assert repr(half(lambda x: x / 2)) == "✓ Right. Half."
    assert repr(half(lambda x: 2 * x)) == "✗ Not right yet. twice"
    assert half(lambda x: np.floor(x / 2)).message == "down"  # right in the first case
    assert half(lambda x: x / 2 + 1).message == "even: value should be [1. 2.], yours is [2. 3.]."
    assert half(lambda x: 3 * x).message.endswith("is 6 times what it should be, everywhere.")
    assert half(lambda x: x[:1]).message == "even: value should have the shape (2,), yours has (1,)."
    assert "NaN" in half(lambda x: x * np.nan).message
    assert half(7).message == "A function is wanted, not this: int."


def test_entries_in_other_containers_and_types():
    torch = pytest.importorskip("torch")
    for change in (
        {"b": ["red", 12.0]},
        {"a": torch.tensor(1.2346)},
        {"a": [1.2344]},
        {"a": "1.235", 3: np.float32(0.5)},
    ):
        assert table(GOOD | change), change
    assert half(lambda x: list(x / 2)) and half(lambda x: torch.tensor(x / 2, requires_grad=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": 2.469}, "a is not 2.469. twice"),
        ({"a": 2.47}, "a is not 2.47. twice"),
        ({"a": 2.469, "b": ("blue", 6)}, "twice"),
        ({"a": 2.469, "b": ("red", 6)}, "both wrong"),
        ({"a": 1.23}, "3 decimals are wanted"),
        ({"a": np.complex128(1.2346 + 2j)}, "One number is wanted"),
        ({"b": ("blue", 12)}, "b, 1 is not 'blue'. Look at b."),
        ({"b": ("green", 12)}, "The words are: blue, red."),
        ({"b": ("red", 12.5)}, "b, 2 is not 12.5. Look at b."),
        ({"b": "red"}, "b: a tuple of 2 is wanted"),
        ({"a": [1, 2]}, "One number is wanted"),
        ({3: 1.5}, "3 is not 1.5. Look at 3."),
        ({"c": 1}, "A dict with the keys 'a', 'b', 3 is wanted."),
    ],
)
def test_wrong_entries_are_named(change, message):
    assert message in table(GOOD | change).message and table(GOOD | change).passed is False


def test_clues_tell_mistakes_apart_and_are_no_mistakes():
    def look(case, f):
        yield "way", Clue(f(0))
        yield "value", f(1)
        yield "more", Clue(f(2))

    mistakes = {"first": lambda i: 0, "second": lambda i: (0, 0, 5)[i]}
    noted = {"the other way": lambda i: (7, 1, 7)[i]}
    check = Exercise("", [lambda i: 1], mistakes, noted=noted, observe=look, praise="good")
    assert check(lambda i: (3, 1, 3)[i]).message == "good" and check(lambda i: (7, 1, 3)[i]).message == "the other way"
    assert check(lambda i: (9, 0, 5)[i]).message == "second" and check(lambda i: (9, 0, 4)[i]).message == "first"


def test_an_error_is_reported_at_the_readers_own_line():
    torch = pytest.importorskip("torch")

    def helper(x):
        return torch.zeros(3) @ torch.zeros(4)

    message, line = half(lambda x: helper(x)).message, helper.__code__.co_firstlineno + 1
    assert message.startswith("It raised RuntimeError") and f"in line {line}: `return torch.zeros(3) @" in message
    assert half(lambda: 1).message.startswith("It raised TypeError") and half(lambda x: exit()).passed is False


def test_whatever_an_exercise_itself_does_no_check_raises():
    def broken(case, f):
        raise Wrong("so") if f(1) == 2 else KeyError("mine")
        yield

    check = Exercise("", [lambda x: 1], {}, observe=broken)
    assert check(lambda x: 2).message == "so" and check(object).passed is not None
    assert check(check.reference[0]).passed is False and Exercise("", [1], {}, observe=3)(1).passed is False


def swallows(x):
    for _ in range(2):
        try:
            endless()
        except BaseException:  # noqa: B036
            pass
    endless()


@pytest.mark.parametrize("answer", [endless, swallows])
def test_an_endless_answer_is_stopped_and_nothing_comes_after(answer, monkeypatch):
    monkeypatch.setattr(half, "seconds", 0.2)
    before = threading.active_count()
    for _ in range(2):
        start = time.monotonic()
        result = half(answer)
        assert "It was stopped after 0.2 seconds, in line" in result.message and time.monotonic() - start < 30
    end = time.monotonic() + 0.8
    while time.monotonic() < end:  # where it would be raised
        sum(range(100))
    assert threading.active_count() == before


def test_an_answer_that_ends_when_its_time_does_is_stopped_or_not_but_never_afterwards():
    for extra in np.linspace(-0.002, 0.002, 20):
        end = time.monotonic() + 0.1 + extra
        try:
            engine.limited(lambda end=end: [0 for _ in iter(lambda: time.monotonic() < end, False)], 0.1)
        except TooLong:
            pass


def test_an_answer_can_be_watched_by_a_profiler():
    sys.setprofile(lambda *_: None)
    try:
        assert half(lambda x: x / 2) and not half(lambda x: x)
    finally:
        sys.setprofile(None)


def test_an_interrupt_is_not_an_answer():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half(interrupted)


def test_an_answer_can_change_neither_cases_nor_random_states():
    torch = pytest.importorskip("torch")

    def spoils(x):
        random.seed(1), np.random.seed(1), torch.manual_seed(1), torch.set_grad_enabled(False)  # noqa: NPY002
        x += 1
        return (x - 1) / 2

    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002

    before = states()
    assert half(spoils) and half(spoils) and half(lambda x: x / 2)
    assert states() == before and torch.is_grad_enabled()
